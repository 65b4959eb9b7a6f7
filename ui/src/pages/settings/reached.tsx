// How one wants to be told: by which channels besides the app, and in which zone messages have their times.

import { useEffect, useMemo, useState } from "preact/hooks";
import { type Sent, Source, send } from "../../data/loading.ts";
import type { HowTold } from "../../data/types.ts";
import { settings, you as words } from "../../words-settings.ts";
import { Check, Field, Told } from "./form.tsx";
import { Card, Skeleton, TroubleNote } from "./loaded.tsx";

const PATH = "/api/v1/me/notification-preferences";

export function Reached() {
  const source = useMemo(() => new Source<HowTold>(PATH), []);
  useEffect(() => void source.read(), []);
  const it = source.data.value;
  const trouble = source.trouble.value;
  return (
    <Card title={words.reached}>
      {trouble && <TroubleNote trouble={trouble} stale={it !== null} again={() => void source.read()} />}
      {it ? <Form it={it} onSaved={(now) => (source.data.value = now)} /> : !trouble && <Skeleton rows={2} />}
    </Card>
  );
}

type Failed = Extract<Sent<HowTold>, { ok: false }>;

const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

function Form({ it, onSaved }: { it: HowTold; onSaved: (now: HowTold) => void }) {
  const [failed, setFailed] = useState<Failed | null>(null);
  const [saved, setSaved] = useState(false);
  const zones = useMemo(() => [...new Set(["UTC", here, it.timezone, ...Intl.supportedValuesOf("timeZone")])].sort(), [it.timezone]);
  // What isn't shown here is sent back as it came.
  const save = async (wanted: HowTold) => {
    setSaved(false);
    const sent = await send<HowTold>("PUT", PATH, wanted);
    setFailed(sent.ok ? null : sent);
    if (sent.ok && sent.body) onSaved(sent.body);
    setSaved(sent.ok);
  };
  return (
    <div class="card-b set-f">
      <Check
        label={words.byMail}
        hint={words.byMailHint}
        checked={it.channels.email !== "off"}
        onChange={(on) => void save({ ...it, channels: { ...it.channels, email: on ? "immediate" : "off" } })}
      />
      <Field label={words.zone} hint={words.zoneHint(here)}>
        {(its) => (
          <select class="sel set-in" value={it.timezone} onChange={(event) => void save({ ...it, timezone: event.currentTarget.value })} {...its}>
            {zones.map((zone) => (
              <option key={zone}>{zone}</option>
            ))}
          </select>
        )}
      </Field>
      <Told failed={failed} />
      <p class="hint" role="status">
        {saved && <b>{settings.saved}</b>} {words.reachedHolds}
      </p>
    </div>
  );
}

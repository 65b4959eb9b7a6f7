// The workspace's settings, each with what it means. Only what was changed is sent.

import { useEffect, useMemo, useState } from "preact/hooks";
import { type Sent, send, Source } from "../../data/loading.ts";
import { load } from "../../data/session.ts";
import type { Workspace } from "../../data/types.ts";
import { byLine, changed, wholeNumber } from "../../logic/forms.ts";
import { plain } from "../../logic/hidden.ts";
import { settings, workspace as words } from "../../words-settings.ts";
import { Check, Field, FormDialog, Told } from "./form.tsx";
import { Card, Skeleton, TroubleNote } from "./loaded.tsx";

const PATH = "/api/v1/workspace";

interface Draft {
  timeout: boolean;
  delegation: string;
  days: string;
  reasons: string;
}

const draftOf = (it: Workspace): Draft => ({
  timeout: it.allow_timeout_approve,
  delegation: it.delegation,
  days: it.history_retention_days ? String(it.history_retention_days) : "",
  reasons: it.reject_reasons.join("\n"),
});

const asSent = (draft: Draft) => ({
  allow_timeout_approve: draft.timeout,
  delegation: draft.delegation,
  history_retention_days: wholeNumber(draft.days),
  reject_reasons: byLine(draft.reasons),
});

export function WorkspaceSettings() {
  const source = useMemo(() => new Source<Workspace>(PATH), []);
  useEffect(() => void source.read(), []);
  const it = source.data.value;
  const trouble = source.trouble.value;
  return (
    <div class="set-narrow">
      <Card title={words.title} hint={words.hint}>
        {trouble && <TroubleNote trouble={trouble} stale={it !== null} again={() => void source.read()} />}
        {it ? <Form key={it.updated_at} it={it} onSaved={(now) => (source.data.value = now)} /> : !trouble && <Skeleton rows={4} />}
      </Card>
    </div>
  );
}

type Failed = Extract<Sent<Workspace>, { ok: false }>;

let savedAt: string | null = null;

function Form({ it, onSaved }: { it: Workspace; onSaved: (now: Workspace) => void }) {
  const [draft, setDraft] = useState(() => draftOf(it));
  const [failed, setFailed] = useState<Failed | null>(null);
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState<number | null>(null);
  const set = (some: Partial<Draft>) => setDraft({ ...draft, ...some });
  const changes = changed<object>(it, asSent(draft));
  const some = Object.keys(changes).length > 0;
  const save = async () => {
    const sent = await send<Workspace>("PATCH", PATH, changes);
    if (sent.ok && sent.body) {
      savedAt = sent.body.updated_at;
      onSaved(sent.body);
      void load();
    }
    return sent;
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy || !some) return;
    const days = wholeNumber(draft.days);
    const shorter = typeof days === "number" && days > 0 && days < (it.history_retention_days ?? Number.POSITIVE_INFINITY);
    if (shorter) return setAsking(days);
    setBusy(true);
    const sent = await save();
    setBusy(false);
    setFailed(sent.ok ? null : sent);
  };
  return (
    <form class="card-b set-f" onSubmit={(event) => void submit(event)} noValidate>
      <Fields draft={draft} set={set} failed={failed} />
      <Told failed={failed} />
      <div class="set-foot">
        <button type="submit" class="b b-ink" aria-disabled={busy || !some}>
          {busy ? settings.saving : settings.save}
        </button>
        <span role="status" class="soft">
          {savedAt === it.updated_at && !some ? <span class="set-saved">{settings.saved}</span> : !some && words.same}
        </span>
      </div>
      {asking !== null && (
        <FormDialog title={words.shorter(asking)} button={words.shorterButton} danger typed={plain(it.name)} send={save} onDone={() => setAsking(null)} onClose={() => setAsking(null)}>
          <p>{words.shorterHint}</p>
        </FormDialog>
      )}
    </form>
  );
}

function Fields({ draft, set, failed }: { draft: Draft; set: (some: Partial<Draft>) => void; failed: Failed | null }) {
  const said = (name: string) => failed?.errors.find((one) => one.pointer.startsWith(`/${name}`))?.message;
  return (
    <>
      <Check label={<b class="set-lab">{words.timeout}</b>} hint={words.timeoutHint} checked={draft.timeout} onChange={(timeout) => set({ timeout })} />
      <fieldset class="set-opts">
        <legend class="set-lab">{words.delegation}</legend>
        <p class="hint">{words.delegationHint}</p>
        {Object.entries(words.delegations).map(([name, [word, means]]) => (
          <label key={name} class="check">
            <input type="radio" name="delegation" checked={draft.delegation === name} onChange={() => set({ delegation: name })} />
            <span>
              {word} <span class="hint">{means}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <Field label={words.retention} hint={words.retentionHint} error={said("history_retention_days")}>
        {(its) => <input class="in set-in" inputMode="numeric" autocomplete="off" value={draft.days} onInput={(event) => set({ days: event.currentTarget.value })} {...its} />}
      </Field>
      <Field label={words.reasons} hint={words.reasonsHint} error={said("reject_reasons")}>
        {(its) => <textarea rows={5} value={draft.reasons} onInput={(event) => set({ reasons: event.currentTarget.value })} {...its} />}
      </Field>
    </>
  );
}

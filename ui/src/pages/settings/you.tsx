// Of everybody: how it looks, who one is and what one may do, how one is told, where one is signed in, who sits in
// whose seat.

import { useMemo, useState } from "preact/hooks";
import { type Preferences, prefer, preferences, preferencesKept } from "../../data/preferences.ts";
import { may, session } from "../../data/session.ts";
import { Listing } from "../../data/loading.ts";
import type { BrowserSession } from "../../data/types.ts";
import { allows } from "../../logic/permissions.ts";
import { Icon, Plain, Time } from "../../parts/small.tsx";
import { permissions, you as words } from "../../words-settings.ts";
import { Delegations } from "./delegations.tsx";
import { Check } from "./form.tsx";
import { Card } from "./loaded.tsx";
import { Reached } from "./reached.tsx";
import { Sessions } from "./sessions.tsx";

export function You() {
  const sessions = useMemo(() => new Listing<BrowserSession>("/api/v1/browser-sessions"), []);
  return (
    <div class="set-cols">
      <Look />
      <Who sessions={sessions} />
      <div class="set-wide">
        <Reached />
      </div>
      <div class="set-wide">
        <Sessions of={sessions} />
      </div>
      {(may("approval:approve") || may("principal:manage")) && (
        <div class="set-wide">
          <Delegations />
        </div>
      )}
    </div>
  );
}

function Look() {
  const { keys, theme, density } = preferences.value;
  return (
    <Card title={words.look}>
      <div class="card-b set-f">
        <Choice label={words.theme} of={words.themes} value={theme} onChange={(to) => prefer({ theme: to as Preferences["theme"] })} />
        <Choice label={words.density} of={words.densities} value={density} onChange={(to) => prefer({ density: to as Preferences["density"] })} />
        <div>
          <Check label={words.singleKeys} hint={words.singleKeysHint} checked={keys} onChange={(to) => prefer({ keys: to })} />
          <Notify />
        </div>
        <p class={preferencesKept.value ? "hint" : "err"} role="status">
          {preferencesKept.value ? words.kept : words.keptHere}
        </p>
      </div>
    </Card>
  );
}

function Choice({ label, of, value, onChange }: { label: string; of: Record<string, string>; value: string; onChange: (to: string) => void }) {
  return (
    <div class="field">
      <span class="lab">{label}</span>
      <div>
        <div class="seg" role="group" aria-label={label}>
          {Object.entries(of).map(([name, word]) => (
            <button key={name} type="button" aria-pressed={value === name} onClick={() => onChange(name)}>
              {word}
            </button>
          ))}
        </div>
      </div>
    </div>
  );
}

/** The browser is asked on this click, and never before. */
function Notify() {
  const [denied, setDenied] = useState("Notification" in globalThis && Notification.permission === "denied");
  if (!("Notification" in globalThis)) return null;
  const on = preferences.value.notify && Notification.permission === "granted";
  const change = async (to: boolean) => {
    const answer = to ? await Notification.requestPermission() : "granted";
    setDenied(answer === "denied");
    prefer({ notify: to && answer === "granted" });
  };
  return (
    <>
      <Check label={words.notify} hint={words.notifyHint} checked={on} onChange={(to) => void change(to)} />
      <p class="hint" role="status" hidden={!denied}>
        {words.notifyDenied}
      </p>
    </>
  );
}

function Who({ sessions }: { sessions: Listing<BrowserSession> }) {
  const who = session.value;
  if (!who) return null;
  const own = sessions.items.value?.find((one) => who.credential.endsWith(one.id));
  const granted = Object.keys(permissions).filter((one) => allows(who.permissions, one));
  return (
    <Card title={words.who}>
      <div class="card-b set-f">
        <dl class="facts">
          <dt>{words.name}</dt>
          <dd>
            <Plain text={who.principal.name} />
          </dd>
          <dt>{words.workspace}</dt>
          <dd>
            <Plain text={who.workspace.name} />
          </dd>
          {own && (
            <>
              <dt>{words.signedWith}</dt>
              <dd>{own.key ? words.byKey(own.key) : words.byIssuer}</dd>
            </>
          )}
          {who.expires_at && (
            <>
              <dt>{words.ends}</dt>
              <dd>
                <Time at={who.expires_at} />
              </dd>
            </>
          )}
        </dl>
        <div class="set-grid">
          <h3>{words.may}</h3>
          {granted.length === 0 && <p>{words.mayNothing}</p>}
          {who.permissions.includes("workspace:admin") && <p>{words.adminMay}</p>}
          <details class="set-fold" open={granted.length < 12}>
            <summary>{words.mayCount(granted.length, Object.keys(permissions).length)}</summary>
            <ul class="set-opts">
              {granted.map((one) => (
                <li key={one} class="st">
                  <Icon name="check" class="i-sm" /> {permissions[one]}
                </li>
              ))}
            </ul>
          </details>
        </div>
      </div>
    </Card>
  );
}

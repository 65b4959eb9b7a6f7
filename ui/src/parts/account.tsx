// Who I am here: theme, other workspaces, sign out.

import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { goToWorkspace, lookForWorkspaces, otherWorkspaces } from "../data/account.ts";
import { type Preferences, prefer, preferences } from "../data/preferences.ts";
import { signOut } from "../data/session.ts";
import type { WhoAmI } from "../data/types.ts";
import { plain } from "../logic/hidden.ts";
import { app } from "../words.ts";
import { Dialog } from "./dialog.tsx";
import { Icon, Mark, Plain } from "./small.tsx";

const open = signal(false);
const labelOf = (who: WhoAmI) => app.account(plain(who.principal.name), plain(who.workspace.name));

export function Account({ who, tab = false }: { who: WhoAmI; tab?: boolean }) {
  return (
    <button type="button" class={tab ? "tab-b" : "rail-a"} title={labelOf(who)} aria-haspopup="dialog" onClick={() => (open.value = true)}>
      {tab ? <Icon name="person" /> : <Mark name={who.principal.name} />}
      {tab ? (
        <Plain text={who.principal.name} />
      ) : (
        <span class="clip">
          <Plain text={who.principal.name} /> <span class="muted">{who.workspace.name}</span>
        </span>
      )}
    </button>
  );
}

/** Outside of rail and tabs: one of them is hidden when a phone is turned. */
export function AccountOpen({ who }: { who: WhoAmI }) {
  return open.value ? <AccountDialog label={labelOf(who)} onClose={() => (open.value = false)} /> : null;
}

function AccountDialog({ label, onClose }: { label: string; onClose: () => void }) {
  useEffect(() => onClose, []);
  const [stayed, setStayed] = useState(false);
  const leave = async () => setStayed(!(await signOut()));
  return (
    <Dialog
      title={label}
      onClose={onClose}
      foot={
        <>
          <button type="button" class="b" onClick={() => void leave()}>
            {app.signOut}
          </button>
          <span class="grow" />
          <button type="button" class="b b-ink" onClick={onClose}>
            {app.close}
          </button>
        </>
      }
    >
      <Theme />
      <OtherWorkspaces />
      <p>
        <a class="b" href="/settings/you" onClick={onClose}>
          <Icon name="gear" /> {app.yourSettings}
        </a>
      </p>
      <p class="err" role="alert" hidden={!stayed}>
        {app.signOutFailed}
      </p>
    </Dialog>
  );
}

function Theme() {
  const { theme } = preferences.value;
  return (
    <div class="field">
      <span class="lab" id="theme">
        {app.theme}
      </span>
      <div>
        <div class="seg" role="group" aria-labelledby="theme">
          {Object.entries(app.themes).map(([name, word]) => (
            <button key={name} type="button" aria-pressed={theme === name} onClick={() => prefer({ theme: name as Preferences["theme"] })}>
              {word}
            </button>
          ))}
        </div>
      </div>
    </div>
  );
}

/** Shown where there is more than one. */
function OtherWorkspaces() {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState(false);
  useEffect(() => void lookForWorkspaces(), []);
  if (otherWorkspaces.value.length === 0) return null;
  const work = async (name: string) => {
    if (busy) return;
    setBusy(true);
    setFailed(false);
    if (await goToWorkspace(name)) return;
    setBusy(false);
    setFailed(true);
  };
  return (
    <div class="field">
      <span class="lab">{app.otherWorkspaces}</span>
      <div class="acc-list">
        {otherWorkspaces.value.map((one) => (
          <button key={one.id} type="button" class="b" aria-disabled={busy} onClick={() => void work(one.name)}>
            <Icon name="right" /> {app.goThere(plain(one.name), plain(one.principal.name))}
          </button>
        ))}
      </div>
      <p class="err" role="alert" hidden={!failed}>
        {app.notGone}
      </p>
    </div>
  );
}

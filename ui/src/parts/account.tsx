// Who I am here: theme, single keys, sign out.

import { useState } from "preact/hooks";
import { type Preferences, prefer, preferences } from "../data/preferences.ts";
import { signOut } from "../data/session.ts";
import type { WhoAmI } from "../data/types.ts";
import { app } from "../words.ts";
import { Dialog } from "./dialog.tsx";
import { Icon, Mark, Plain } from "./small.tsx";

export function Account({ who, tab = false }: { who: WhoAmI; tab?: boolean }) {
  const [open, setOpen] = useState(false);
  const label = app.account(who.principal.name, who.workspace.name);
  return (
    <>
      <button type="button" class={tab ? "tab-b" : "rail-a"} title={label} aria-haspopup="dialog" onClick={() => setOpen(true)}>
        {tab ? <Icon name="person" /> : <Mark name={who.principal.name} />}
        {tab ? (
          <Plain text={who.principal.name} />
        ) : (
          <span class="clip">
            <Plain text={who.principal.name} /> <span class="muted">{who.workspace.name}</span>
          </span>
        )}
      </button>
      {open && <AccountDialog who={who} onClose={() => setOpen(false)} />}
    </>
  );
}

function AccountDialog({ who, onClose }: { who: WhoAmI; onClose: () => void }) {
  const { theme, keys } = preferences.value;
  return (
    <Dialog
      title={app.account(who.principal.name, who.workspace.name)}
      onClose={onClose}
      foot={
        <>
          <button type="button" class="b" onClick={() => void signOut()}>
            {app.signOut}
          </button>
          <span class="grow" />
          <button type="button" class="b b-ink" onClick={onClose}>
            {app.close}
          </button>
        </>
      }
    >
      <div class="field">
        <span class="lab" id="theme">
          {app.theme}
        </span>
        <div class="seg" role="group" aria-labelledby="theme">
          {Object.entries(app.themes).map(([name, word]) => (
            <button key={name} type="button" aria-pressed={theme === name} onClick={() => prefer({ theme: name as Preferences["theme"] })}>
              {word}
            </button>
          ))}
        </div>
      </div>
      <label class="check">
        <input type="checkbox" checked={keys} onChange={(event) => prefer({ keys: event.currentTarget.checked })} />
        <span>
          {app.singleKeys} <span class="hint">{app.singleKeysHint}</span>
        </span>
      </label>
    </Dialog>
  );
}

// Making a key, giving it a successor, revoking it.

import { useEffect, useMemo, useState } from "preact/hooks";
import { Listing, send } from "../../data/loading.ts";
import { may, session } from "../../data/session.ts";
import type { Key, MadeKey, Role } from "../../data/types.ts";
import { plain } from "../../logic/hidden.ts";
import { BUILT_IN, PERMISSIONS, within } from "../../logic/permissions.ts";
import { Plain } from "../../parts/small.tsx";
import { keys as words, permissions } from "../../words-settings.ts";
import { Check, Choose, Field, FormDialog } from "./form.tsx";

const PATH = "/api/v1/keys";
const at = (key: Key) => `${PATH}/${encodeURIComponent(key.prefix)}`;

/** Roles of the workspace where they may be read, else the built-in ones. */
function useRoles(): readonly { name: string; permissions: readonly string[] }[] {
  const list = useMemo(() => new Listing<Role>("/api/v1/roles"), []);
  useEffect(() => void (may("principal:manage") && list.read()), []);
  return list.items.value ?? Object.entries(BUILT_IN).map(([name, granted]) => ({ name, permissions: granted }));
}

const toggled = (list: readonly string[], one: string, on: boolean) => (on ? [...list, one] : list.filter((it) => it !== one));

export function MakeKey({ onDone, onClose }: { onDone: (made: MadeKey, name: string) => void; onClose: () => void }) {
  const [name, setName] = useState("");
  const [label, setLabel] = useState("");
  const [roles, setRoles] = useState<readonly string[]>([]);
  const [single, setSingle] = useState<readonly string[]>([]);
  const [seconds, setSeconds] = useState(words.lifetimes[0]?.[0] ?? "");
  const [kind, setKind] = useState("");
  const [nothing, setNothing] = useState(false);
  const make = () => {
    const none = roles.length + single.length === 0;
    setNothing(none);
    if (none) return null;
    return send<MadeKey>("POST", PATH, {
      principal: name.trim(),
      roles,
      permissions: single,
      ...(label.trim() && { label: label.trim() }),
      ...(seconds && { expires_in_seconds: Number(seconds) }),
      ...(kind && { kind }),
    });
  };
  return (
    <FormDialog title={words.makeTitle} button={words.makeIt} send={make} onDone={(made) => made && onDone(made, name.trim())} onClose={onClose}>
      <div class="set-2">
        <Field label={words.actsAs} hint={words.actsAsHint} pointer="/principal">
          {(its) => <input class="in" required autocomplete="off" spellcheck={false} value={name} onInput={(event) => setName(event.currentTarget.value)} {...its} />}
        </Field>
        <Field label={words.label} hint={words.labelHint} pointer="/label">
          {(its) => <input class="in" maxLength={200} autocomplete="off" value={label} onInput={(event) => setLabel(event.currentTarget.value)} {...its} />}
        </Field>
      </div>
      <Granting roles={roles} setRoles={setRoles} single={single} setSingle={setSingle} missing={nothing} />
      <div class="set-2">
        <Choose label={words.ends} of={words.lifetimes} value={seconds} onChange={setSeconds} pointer="/expires_in_seconds" />
        {may("workspace:admin") && <Choose label={words.kind} of={Object.entries(words.kinds)} value={kind} onChange={setKind} pointer="/kind" />}
      </div>
    </FormDialog>
  );
}

interface GrantingProps {
  roles: readonly string[];
  setRoles: (now: readonly string[]) => void;
  single: readonly string[];
  setSingle: (now: readonly string[]) => void;
  missing: boolean;
}

/** Nobody gives what they don't have: those are shown, and can't be chosen. */
function Granting({ roles, setRoles, single, setSingle, missing }: GrantingProps) {
  const mine = session.value?.permissions ?? [];
  const known = useRoles();
  return (
    <div class="set-grid">
      <fieldset class="set-opts">
        <legend class="set-lab">{words.mayDo}</legend>
        <div class="set-perms">
          {known.map((role) => {
            const allowed = within(role.permissions, mine);
            return (
              <Check
                key={role.name}
                label={<Plain text={role.name} />}
                hint={allowed ? undefined : words.tooMuch}
                disabled={!allowed}
                checked={roles.includes(role.name)}
                onChange={(on) => setRoles(toggled(roles, role.name, on))}
              />
            );
          })}
        </div>
      </fieldset>
      <details class="set-fold">
        <summary>{words.single}</summary>
        <Permissions chosen={single} onChange={setSingle} />
      </details>
      <p class="err" role="alert" hidden={!missing || roles.length + single.length > 0}>
        {words.nothingChosen}
      </p>
    </div>
  );
}

export function Permissions({ chosen, onChange }: { chosen: readonly string[]; onChange: (now: readonly string[]) => void }) {
  const mine = session.value?.permissions ?? [];
  return (
    <div class="set-perms">
      {PERMISSIONS.map((one) => (
        <Check
          key={one}
          label={permissions[one]}
          hint={<code>{one}</code>}
          disabled={!within([one], mine) && !chosen.includes(one)}
          checked={chosen.includes(one)}
          onChange={(on) => onChange(toggled(chosen, one, on))}
        />
      ))}
    </div>
  );
}

export function RotateKey({ it, onDone, onClose }: { it: Key; onDone: (made: MadeKey) => void; onClose: () => void }) {
  const [seconds, setSeconds] = useState(words.overlaps[0]?.[0] ?? "");
  return (
    <FormDialog
      title={words.rotateTitle(it.prefix)}
      button={words.rotateButton}
      send={() => send<MadeKey>("POST", `${at(it)}/rotate`, { overlap_seconds: Number(seconds) })}
      onDone={(made) => made && onDone(made)}
      onClose={onClose}
    >
      <p class="soft">{words.rotateHint}</p>
      <Choose label={words.overlap} of={words.overlaps} value={seconds} onChange={setSeconds} pointer="/overlap_seconds" />
    </FormDialog>
  );
}

/** Nothing brings it back, so its name is typed. */
export function RevokeKey({ it, onDone, onClose }: { it: Key; onDone: () => void; onClose: () => void }) {
  return (
    <FormDialog title={words.revokeTitle(it.prefix)} button={words.revokeButton} danger typed={it.prefix} send={() => send("DELETE", at(it))} onDone={onDone} onClose={onClose}>
      <p>{words.revokeHint(plain(it.principal))}</p>
    </FormDialog>
  );
}

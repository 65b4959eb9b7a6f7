// Adding a person or a service, changing one, disabling one.

import { useState } from "preact/hooks";
import { type Listing, send } from "../../data/loading.ts";
import { may, session } from "../../data/session.ts";
import type { Principal, Role } from "../../data/types.ts";
import { byComma, changed } from "../../logic/forms.ts";
import { plain } from "../../logic/hidden.ts";
import { within } from "../../logic/permissions.ts";
import { Plain } from "../../parts/small.tsx";
import { keys, people as words, settings } from "../../words-settings.ts";
import { Check, Choose, Field, FormDialog } from "./form.tsx";

const PATH = "/api/v1/principals";

interface DialogProps {
  onDone: () => void;
  onClose: () => void;
}

interface Draft {
  display: string;
  email: string;
  groups: string;
  roles: readonly string[];
}

type Setting = (some: Partial<Draft>) => void;

const asSent = (draft: Draft) => ({
  display_name: draft.display.trim() || null,
  email: draft.email.trim() || null,
  groups: byComma(draft.groups),
  roles: [...draft.roles],
});

export function AddPerson({ service, roles, onDone, onClose }: DialogProps & { service: boolean; roles: Listing<Role> }) {
  const [name, setName] = useState("");
  const [draft, setDraft] = useState<Draft>({ display: "", email: "", groups: "", roles: [] });
  return (
    <FormDialog
      title={words.addTitle(service)}
      button={words.addIt}
      send={() => send<Principal>("POST", PATH, { name: name.trim(), kind: service ? "service" : "person", ...asSent(draft) })}
      onDone={onDone}
      onClose={onClose}
    >
      <Field label={words.name} hint={words.nameHint} pointer="/name">
        {(its) => <input class="in" required autocomplete="off" spellcheck={false} value={name} onInput={(event) => setName(event.currentTarget.value)} {...its} />}
      </Field>
      <Fields draft={draft} set={(some) => setDraft({ ...draft, ...some })} roles={roles.items.value ?? []} />
    </FormDialog>
  );
}

export function EditPerson({ it, roles, onDone, onClose }: DialogProps & { it: Principal; roles: Listing<Role> }) {
  const [draft, setDraft] = useState<Draft>({ display: it.display_name ?? "", email: it.email ?? "", groups: it.groups.join(", "), roles: it.roles });
  const [kind, setKind] = useState<string>(it.kind);
  const [slack, setSlack] = useState(it.slack ?? "");
  const claimed = [...it.claimed_roles, ...it.claimed_groups];
  // Only what was changed here is sent: what another has changed meanwhile stays.
  const save = () => send<Principal>("PATCH", `${PATH}/${it.id}`, changed<object>(it, { ...asSent(draft), kind, slack: slack.trim() || null }));
  return (
    <FormDialog title={words.editTitle(plain(it.name))} button={settings.save} send={save} onDone={onDone} onClose={onClose}>
      <Fields draft={draft} set={(some) => setDraft({ ...draft, ...some })} roles={roles.items.value ?? []} />
      {claimed.length > 0 && <p class="hint">{words.claimedHint(plain(claimed.join(", ")))}</p>}
      {may("workspace:admin") && (
        <>
          <Choose label={words.kind} of={Object.entries(words.kinds)} value={kind} onChange={setKind} pointer="/kind" />
          <Field label={words.slack} hint={words.slackHint} pointer="/slack">
            {(its) => <input class="in mono" autocomplete="off" spellcheck={false} value={slack} onInput={(event) => setSlack(event.currentTarget.value)} {...its} />}
          </Field>
        </>
      )}
    </FormDialog>
  );
}

function Fields({ draft, set, roles }: { draft: Draft; set: Setting; roles: readonly Role[] }) {
  const mine = session.value?.permissions ?? [];
  const unknown = draft.roles.filter((one) => !roles.some((role) => role.name === one));
  const toggle = (name: string, on: boolean) => set({ roles: on ? [...draft.roles, name] : draft.roles.filter((one) => one !== name) });
  return (
    <>
      <fieldset class="set-opts">
        <legend class="set-lab">{words.roles}</legend>
        <div class="set-perms">
          {roles.map((role) => {
            const allowed = within(role.permissions, mine) || draft.roles.includes(role.name);
            return (
              <Check
                key={role.name}
                label={<Plain text={role.name} />}
                hint={allowed ? role.description && <Plain text={role.description} /> : keys.tooMuch}
                disabled={!allowed}
                checked={draft.roles.includes(role.name)}
                onChange={(on) => toggle(role.name, on)}
              />
            );
          })}
          {unknown.map((name) => (
            <Check key={name} label={<Plain text={name} />} hint={words.unknownRole} checked onChange={() => toggle(name, false)} />
          ))}
        </div>
      </fieldset>
      <Field label={words.groups} hint={words.groupsHint} pointer="/groups">
        {(its) => <input class="in" autocomplete="off" spellcheck={false} value={draft.groups} onInput={(event) => set({ groups: event.currentTarget.value })} {...its} />}
      </Field>
      <div class="set-2">
        <Field label={words.display} pointer="/display_name">
          {(its) => <input class="in" autocomplete="off" value={draft.display} onInput={(event) => set({ display: event.currentTarget.value })} {...its} />}
        </Field>
        <Field label={words.email} pointer="/email">
          {(its) => <input class="in" type="email" autocomplete="off" value={draft.email} onInput={(event) => set({ email: event.currentTarget.value })} {...its} />}
        </Field>
      </div>
    </>
  );
}

/** It can be enabled again, so nothing is typed. */
export function DisablePerson({ it, onDone, onClose }: DialogProps & { it: Principal }) {
  return (
    <FormDialog
      title={words.disableTitle(plain(it.name))}
      button={words.disableButton}
      danger
      send={() => send<Principal>("PATCH", `${PATH}/${it.id}`, { disabled: true })}
      onDone={onDone}
      onClose={onClose}
    >
      <p>{words.disableHint}</p>
    </FormDialog>
  );
}

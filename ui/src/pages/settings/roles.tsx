// What roles allow, as one table, and the workspace's own roles.

import { useEffect, useMemo, useState } from "preact/hooks";
import { Listing, send } from "../../data/loading.ts";
import type { Role } from "../../data/types.ts";
import { plain } from "../../logic/hidden.ts";
import { allows, PERMISSIONS } from "../../logic/permissions.ts";
import { Icon, Plain } from "../../parts/small.tsx";
import { permissions, roles as words, settings } from "../../words-settings.ts";
import { Field, FormDialog } from "./form.tsx";
import { Permissions } from "./key-dialogs.tsx";
import { Card, Listed, Scrolls } from "./loaded.tsx";

type Asked = { what: "make" } | { what: "edit" | "delete"; it: Role };
const at = (name: string) => `/api/v1/roles/${encodeURIComponent(name)}`;

export function Roles() {
  const list = useMemo(() => new Listing<Role>("/api/v1/roles", {}, 200), []);
  const [asked, setAsked] = useState<Asked | null>(null);
  useEffect(() => void list.read(), []);
  const close = () => setAsked(null);
  const done = () => {
    close();
    void list.read();
  };
  const make = (
    <button type="button" class="b b-ink b-sm" onClick={() => setAsked({ what: "make" })}>
      <Icon name="plus" /> {words.make}
    </button>
  );
  return (
    <>
      <Card title={words.own} hint={words.ownHint} actions={make}>
        <Listed of={list} empty={words.none} rows={1}>
          {(items) => <Own items={items.filter((one) => !one.built_in)} onAsk={setAsked} />}
        </Listed>
      </Card>
      {list.items.value && (
        <Card title={words.title}>
          <Matrix roles={list.items.value} />
        </Card>
      )}
      {asked?.what === "make" && <RoleForm onDone={done} onClose={close} />}
      {asked?.what === "edit" && <RoleForm it={asked.it} onDone={done} onClose={close} />}
      {asked?.what === "delete" && (
        <FormDialog title={words.deleteTitle(plain(asked.it.name))} button={words.deleteButton} danger send={() => send("DELETE", at(asked.it.name))} onDone={done} onClose={close}>
          <p>{words.deleteHint}</p>
        </FormDialog>
      )}
    </>
  );
}

function Own({ items, onAsk }: { items: readonly Role[]; onAsk: (asked: Asked) => void }) {
  if (items.length === 0) return <p class="card-b soft">{words.none}</p>;
  return (
    <Scrolls name={words.own}>
      <table class="tbl stk">
        <thead>
          <tr>
            <th scope="col">{words.name}</th>
            <th scope="col">{words.description}</th>
            <th scope="col">{words.allows}</th>
            <th>
              <span class="vh">{settings.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((role) => (
            <tr key={role.name}>
              <th scope="row" class="t-main">
                <Plain text={role.name} />
              </th>
              <td class="soft set-full">{role.description && <Plain text={role.description} />}</td>
              <td class="soft set-full">{words.counts(role.permissions.length)}</td>
              <td class="num nowrap last">
                <button type="button" class="b b-plain b-sm" aria-label={words.edit(plain(role.name))} onClick={() => onAsk({ what: "edit", it: role })}>
                  {settings.edit}
                </button>
                <button type="button" class="b b-plain b-sm set-danger" aria-label={words.deleteIt(plain(role.name))} onClick={() => onAsk({ what: "delete", it: role })}>
                  {words.delete}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolls>
  );
}

function Matrix({ roles }: { roles: readonly Role[] }) {
  return (
    <Scrolls name={words.title}>
      <table class="tbl matrix">
        <thead>
          <tr>
            <th scope="col">{words.permission}</th>
            {roles.map((role) => (
              <th key={role.name} scope="col" title={role.description ? plain(role.description) : undefined}>
                <Plain text={role.name} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {PERMISSIONS.map((one) => (
            <tr key={one}>
              <th scope="row">
                <span class="set-who">
                  <span>{permissions[one]}</span>
                  <code class="muted set-x">{one}</code>
                </span>
              </th>
              {roles.map((role) => (
                <td key={role.name}>
                  {allows(role.permissions, one) ? (
                    <span class="st st-ok">
                      <Icon name="check" />
                      <span class="vh">{settings.yes}</span>
                    </span>
                  ) : (
                    <span class="muted">
                      <span aria-hidden="true">–</span>
                      <span class="vh">{settings.no}</span>
                    </span>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolls>
  );
}

function RoleForm({ it, onDone, onClose }: { it?: Role; onDone: () => void; onClose: () => void }) {
  const [name, setName] = useState(it?.name ?? "");
  const [description, setDescription] = useState(it?.description ?? "");
  const [chosen, setChosen] = useState<readonly string[]>(it?.permissions ?? []);
  const save = () => send<Role>("PUT", at(name.trim() || " "), { permissions: chosen, description: description.trim() || null });
  return (
    <FormDialog title={it ? words.editTitle(plain(it.name)) : words.makeTitle} button={settings.save} send={save} onDone={onDone} onClose={onClose}>
      {!it && (
        <Field label={words.name} hint={words.nameHint} pointer="/name">
          {(its) => <input class="in" required autocomplete="off" spellcheck={false} value={name} onInput={(event) => setName(event.currentTarget.value)} {...its} />}
        </Field>
      )}
      <Field label={words.description} pointer="/description">
        {(its) => <input class="in" autocomplete="off" value={description} onInput={(event) => setDescription(event.currentTarget.value)} {...its} />}
      </Field>
      <fieldset class="set-opts">
        <legend class="set-lab">{words.allows}</legend>
        <Permissions chosen={chosen} onChange={setChosen} />
      </fieldset>
      {it && <p class="hint">{words.atOnce}</p>}
    </FormDialog>
  );
}

// People and services: their roles and groups, those given here and those from sign-in.

import { useEffect, useMemo, useState } from "preact/hooks";
import { Listing, type Sent, send } from "../../data/loading.ts";
import { me } from "../../data/session.ts";
import type { Principal, Role } from "../../data/types.ts";
import { plain } from "../../logic/hidden.ts";
import { Icon, Mark, Plain } from "../../parts/small.tsx";
import { people as words, settings } from "../../words-settings.ts";
import { Told } from "./form.tsx";
import { Card, Listed, Scrolls } from "./loaded.tsx";
import { AddPerson, DisablePerson, EditPerson } from "./person-dialogs.tsx";

type Asked = { what: "add" } | { what: "edit" | "disable"; it: Principal };

export function People() {
  const list = useMemo(() => new Listing<Principal>("/api/v1/principals", {}, 200), []);
  const roles = useMemo(() => new Listing<Role>("/api/v1/roles", {}, 200), []);
  const [services, setServices] = useState(false);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [failed, setFailed] = useState<Extract<Sent<Principal>, { ok: false }> | null>(null);
  useEffect(() => void Promise.all([list.read(), roles.read()]), []);
  const close = () => setAsked(null);
  const done = () => {
    close();
    setFailed(null);
    void list.read();
  };
  const enable = async (it: Principal) => {
    const sent = await send<Principal>("PATCH", `/api/v1/principals/${it.id}`, { disabled: false });
    if (sent.ok) done();
    else setFailed(sent);
  };
  const kind = services ? "service" : "person";
  const all = list.items.value ?? [];
  const amount = all.filter((one) => one.kind === "service").length;
  return (
    <Card
      title={words.title}
      {...(list.items.value ? { hint: words.count(all.length - amount, amount) } : {})}
      actions={
        <>
          <Segments services={services} onChange={setServices} />
          <button type="button" class="b b-ink b-sm" onClick={() => setAsked({ what: "add" })}>
            <Icon name="plus" /> {words.add}
          </button>
        </>
      }
    >
      <Told failed={failed} />
      <Listed of={list} empty={words.noPeople}>
        {(items) => <Table items={items.filter((one) => one.kind === kind)} services={services} roles={roles.items.value} onAsk={setAsked} onEnable={enable} />}
      </Listed>
      {asked?.what === "add" && <AddPerson service={services} roles={roles} onDone={done} onClose={close} />}
      {asked?.what === "edit" && <EditPerson it={asked.it} roles={roles} onDone={done} onClose={close} />}
      {asked?.what === "disable" && <DisablePerson it={asked.it} onDone={done} onClose={close} />}
    </Card>
  );
}

const Segments = ({ services, onChange }: { services: boolean; onChange: (to: boolean) => void }) => (
  <div class="seg" role="group" aria-label={words.show}>
    <button type="button" aria-pressed={!services} onClick={() => onChange(false)}>
      {words.persons}
    </button>
    <button type="button" aria-pressed={services} onClick={() => onChange(true)}>
      {words.services}
    </button>
  </div>
);

interface TableProps {
  items: readonly Principal[];
  services: boolean;
  roles: readonly Role[] | null;
  onAsk: (asked: Asked) => void;
  onEnable: (it: Principal) => Promise<void>;
}

function Table({ items, services, roles, onAsk, onEnable }: TableProps) {
  if (items.length === 0) return <p class="card-b soft">{services ? words.noServices : words.noPeople}</p>;
  return (
    <Scrolls name={services ? words.services : words.persons}>
      <table class="tbl stk">
        <thead>
          <tr>
            <th scope="col">{words.name}</th>
            <th scope="col">{words.roles}</th>
            <th scope="col">{words.groups}</th>
            <th scope="col">{words.note}</th>
            <th>
              <span class="vh">{settings.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <Row key={one.id} it={one} roles={roles} onAsk={onAsk} onEnable={onEnable} />
          ))}
        </tbody>
      </table>
    </Scrolls>
  );
}

function Row({ it, roles, onAsk, onEnable }: Omit<TableProps, "items" | "services"> & { it: Principal }) {
  const name = plain(it.name);
  const under = [it.display_name, it.email, it.slack && words.slackIs(it.slack)].filter(Boolean).join(" · ");
  const none = it.roles.length + it.claimed_roles.length === 0;
  return (
    <tr class={it.disabled_at ? "set-off" : ""}>
      <th scope="row">
        <span class="who">
          <Mark name={it.name} service={it.kind === "service"} />
          <span class="set-who">
            <span class="t-main">
              <Plain text={it.name} />
            </span>
            {under && (
              <span class="muted set-x">
                <Plain text={under} />
              </span>
            )}
          </span>
        </span>
      </th>
      <td class="set-full">
        {none ? <span class="muted">{settings.none}</span> : <Names here={it.roles} claimed={it.claimed_roles} known={roles} />}
      </td>
      <td class="soft set-full">
        {it.groups.length + it.claimed_groups.length === 0 ? <span class="muted not-phone">{settings.none}</span> : <Names here={it.groups} claimed={it.claimed_groups} known={null} />}
      </td>
      <td class="set-full">
        <Note it={it} none={none} />
      </td>
      <td class="num nowrap last">
        <button type="button" class="b b-plain b-sm" aria-label={words.edit(name)} onClick={() => onAsk({ what: "edit", it })}>
          {settings.edit}
        </button>
        {it.disabled_at ? (
          <button type="button" class="b b-plain b-sm" aria-label={words.enableIt(name)} onClick={() => void onEnable(it)}>
            {words.enable}
          </button>
        ) : (
          <button type="button" class="b b-plain b-sm set-danger" aria-label={words.disableIt(name)} onClick={() => onAsk({ what: "disable", it })}>
            {words.disable}
          </button>
        )}
      </td>
    </tr>
  );
}

/** Those given here, then those that the issuer said. */
function Names({ here, claimed, known }: { here: readonly string[]; claimed: readonly string[]; known: readonly Role[] | null }) {
  const there = (one: string) => !known || known.some((role) => role.name === one);
  return (
    <span class="set-chips">
      {here.map((one) => (
        <span key={one} class="chip" title={there(one) ? undefined : words.unknownRole}>
          {!there(one) && <Icon name="warn" class="i-sm" />} <Plain text={one} />
        </span>
      ))}
      {claimed.map((one) => (
        <span key={`c ${one}`} class="chip">
          <Icon name="link" class="i-sm" /> <Plain text={one} /> <span class="muted">{words.claimed}</span>
        </span>
      ))}
    </span>
  );
}

function Note({ it, none }: { it: Principal; none: boolean }) {
  if (it.disabled_at) {
    return (
      <span class="st st-off">
        <Icon name="slash" /> {words.disabled}
      </span>
    );
  }
  if (none && it.kind === "person") {
    return (
      <span class="st st-late">
        <Icon name="warn" /> {words.noRole}
      </span>
    );
  }
  return it.name === me.value ? <span class="soft">{words.isYou}</span> : null;
}

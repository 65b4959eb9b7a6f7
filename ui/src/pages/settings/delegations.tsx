// Who sits in my seat, and in whose seat I sit. A delegation is never changed: it is revoked, and another one made.

import { useEffect, useMemo, useState } from "preact/hooks";
import { Listing, send } from "../../data/loading.ts";
import { may, me } from "../../data/session.ts";
import type { Delegation } from "../../data/types.ts";
import { byComma, fromLocal, localMinute } from "../../logic/forms.ts";
import { plain } from "../../logic/hidden.ts";
import { Icon, Name, Plain, Time } from "../../parts/small.tsx";
import { delegations as words, settings } from "../../words-settings.ts";
import { Check, Field, FormDialog } from "./form.tsx";
import { Card, Listed, Scrolls } from "./loaded.tsx";

const PATH = "/api/v1/delegations";
const WEEK = 7 * 86_400_000;

export function Delegations() {
  const given = useMemo(() => new Listing<Delegation>(PATH, { from: me.value }), []);
  const taken = useMemo(() => new Listing<Delegation>(PATH, { to: me.value }), []);
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<Delegation | null>(null);
  const read = () => void Promise.all([given.read(), taken.read()]);
  useEffect(read, []);
  const done = () => {
    setMaking(false);
    setRevoking(null);
    read();
  };
  const make = may("approval:approve") && (
    <button type="button" class="b b-sm" onClick={() => setMaking(true)}>
      <Icon name="plus" /> {words.make}
    </button>
  );
  return (
    <Card title={words.title} hint={words.hint} actions={make}>
      <Listed of={given} empty="" rows={1}>
        {() => null}
      </Listed>
      <Both given={given.items.value} taken={taken.items.value} onRevoke={setRevoking} />
      {making && <Make onDone={done} onClose={() => setMaking(false)} />}
      {revoking && <Revoke it={revoking} onDone={done} onClose={() => setRevoking(null)} />}
    </Card>
  );
}

function Both({ given, taken, onRevoke }: { given: readonly Delegation[] | null; taken: readonly Delegation[] | null; onRevoke: (it: Delegation) => void }) {
  const [past, setPast] = useState(false);
  if (!given || !taken) return null;
  const all = [...given, ...taken];
  const open = all.filter((one) => one.state === "active" || one.state === "scheduled");
  const shown = past ? all : open;
  return (
    <>
      {shown.length === 0 ? <p class="card-b soft">{words.none}</p> : <Table items={shown} onRevoke={onRevoke} />}
      {!past && all.length > open.length && (
        <p class="card-b">
          <button type="button" class="b b-sm" onClick={() => setPast(true)}>
            {words.past(all.length - open.length)}
          </button>
        </p>
      )}
    </>
  );
}

function Table({ items, onRevoke }: { items: readonly Delegation[]; onRevoke: (it: Delegation) => void }) {
  return (
    <Scrolls name={words.title}>
      <table class="tbl stk">
        <thead>
          <tr>
            <th scope="col">{words.seat}</th>
            <th scope="col">{words.sits}</th>
            <th scope="col">{words.about}</th>
            <th scope="col">{words.time}</th>
            <th scope="col">{words.state}</th>
            <th>
              <span class="vh">{settings.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <tr key={one.id}>
              <th scope="row" class="t-main">
                <Name name={one.from} me={me.value} />
              </th>
              <td data-l={words.sits.toLowerCase()}>
                <Name name={one.to} me={me.value} />
              </td>
              <td class="soft">{one.approval_types ? <Plain text={one.approval_types.join(", ")} /> : words.all}</td>
              <td class="soft">
                <Time at={one.starts_at} as="day" /> – <Time at={one.ends_at} as="day" />
              </td>
              <td>
                <span class={`st ${one.state === "active" ? "st-ok" : "st-off"}`}>
                  <Icon name={one.state === "active" ? "check" : one.state === "scheduled" ? "ring" : "slash"} /> {words.states[one.state] ?? one.state}
                </span>
              </td>
              <td class="num last">
                {(one.state === "active" || one.state === "scheduled") && (
                  <button type="button" class="b b-plain b-sm set-danger" aria-label={words.revokeIt(plain(one.from), plain(one.to))} onClick={() => onRevoke(one)}>
                    {words.revoke}
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolls>
  );
}

interface DialogProps {
  onDone: () => void;
  onClose: () => void;
}

function Revoke({ it, onDone, onClose }: DialogProps & { it: Delegation }) {
  return (
    <FormDialog
      title={words.revokeTitle}
      button={words.revokeButton}
      danger
      send={() => send("DELETE", `${PATH}/${encodeURIComponent(it.id)}`)}
      onDone={onDone}
      onClose={onClose}
    >
      <p>{words.revokeHint(plain(it.from), plain(it.to))}</p>
    </FormDialog>
  );
}

function Make({ onDone, onClose }: DialogProps) {
  const [to, setTo] = useState("");
  const [starts, setStarts] = useState("");
  const [ends, setEnds] = useState(() => localMinute(Date.now() + WEEK));
  const [types, setTypes] = useState("");
  const [reason, setReason] = useState("");
  const [redelegable, setRedelegable] = useState(false);
  const [missing, setMissing] = useState(false);
  const make = () => {
    const ends_at = fromLocal(ends);
    setMissing(ends_at === null);
    if (ends_at === null) return null;
    const only = byComma(types);
    const starts_at = fromLocal(starts);
    return send("POST", PATH, { to: to.trim(), ends_at, redelegable, ...(starts_at && { starts_at }), ...(only.length > 0 && { approval_types: only }), ...(reason.trim() && { reason: reason.trim() }) });
  };
  return (
    <FormDialog title={words.makeTitle} button={words.makeIt} send={make} onDone={onDone} onClose={onClose}>
      <p class="soft">{words.makeHint}</p>
      <Field label={words.to} hint={words.toHint} pointer="/to">
        {(its) => <input class="in" required value={to} onInput={(event) => setTo(event.currentTarget.value)} autocomplete="off" {...its} />}
      </Field>
      <div class="set-2">
        <Field label={words.starts} hint={words.startsHint} pointer="/starts_at">
          {(its) => <input class="in" type="datetime-local" value={starts} onInput={(event) => setStarts(event.currentTarget.value)} {...its} />}
        </Field>
        <Field label={words.ends} pointer="/ends_at" error={missing ? words.timeMissing : undefined}>
          {(its) => <input class="in" type="datetime-local" required value={ends} onInput={(event) => setEnds(event.currentTarget.value)} {...its} />}
        </Field>
      </div>
      <Field label={words.types} hint={words.typesHint} pointer="/approval_types">
        {(its) => <input class="in" value={types} onInput={(event) => setTypes(event.currentTarget.value)} {...its} />}
      </Field>
      <Field label={words.reason} pointer="/reason">
        {(its) => <input class="in" maxLength={1000} value={reason} onInput={(event) => setReason(event.currentTarget.value)} {...its} />}
      </Field>
      <Check label={words.redelegable} checked={redelegable} onChange={setRedelegable} />
    </FormDialog>
  );
}

// The latest records, with filters in the address. A page may come back short: it is read on by itself.

import { useEffect, useMemo, useState } from "preact/hooks";
import { Listing } from "../../data/loading.ts";
import type { AuditRecord } from "../../data/types.ts";
import { number } from "../../logic/durations.ts";
import { dayHere } from "../../logic/forms.ts";
import { plain } from "../../logic/hidden.ts";
import { query, setQuery } from "../../router.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Plain, Time } from "../../parts/small.tsx";
import { app } from "../../words.ts";
import { ACTIONS, audit as words, settings } from "../../words-settings.ts";
import { Field } from "./form.tsx";
import { Card, Listed, Scrolls } from "./loaded.tsx";

const NAMES = ["action", "actor", "subject", "from", "to"] as const;

export function Records() {
  const list = useMemo(() => new Listing<AuditRecord>("/api/v1/audit", {}, 50), []);
  const [open, setOpen] = useState<AuditRecord | null>(null);
  const given = Object.fromEntries(NAMES.map((name) => [name, query.value.get(name) ?? ""]));
  const text = JSON.stringify(given);
  useEffect(() => {
    const filters = { ...given, from: dayHere(given.from ?? "", "begin") ?? "", to: dayHere(given.to ?? "", "end") ?? "" };
    // What is typed is waited for.
    const timer = setTimeout(() => void list.read(filters), list.items.peek() === null ? 0 : 300);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <Card title={words.records}>
      <Filters given={given} />
      <Listed of={list} empty={words.none}>
        {(items) => <Table items={items} onOpen={setOpen} />}
      </Listed>
      {open && <Details it={open} onClose={() => setOpen(null)} />}
    </Card>
  );
}

function Filters({ given }: { given: Record<string, string> }) {
  const set = (name: string) => (event: { currentTarget: { value: string } }) => setQuery({ [name]: event.currentTarget.value });
  const any = Object.values(given).some(Boolean);
  return (
    <div class="set-fil" role="search" aria-label={words.filters}>
      <Field label={words.action}>
        {(its) => (
          <select class="sel" value={given.action} onChange={set("action")} {...its}>
            <option value="">{words.anyAction}</option>
            {ACTIONS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        )}
      </Field>
      <Field label={words.actor}>{(its) => <input class="in" value={given.actor} autocomplete="off" onInput={set("actor")} {...its} />}</Field>
      <Field label={words.subject}>{(its) => <input class="in" value={given.subject} autocomplete="off" onInput={set("subject")} {...its} />}</Field>
      <Field label={words.from}>{(its) => <input class="in" type="date" value={given.from} onChange={set("from")} {...its} />}</Field>
      <Field label={words.to}>{(its) => <input class="in" type="date" value={given.to} onChange={set("to")} {...its} />}</Field>
      {any && (
        <button type="button" class="b" onClick={() => setQuery(Object.fromEntries(NAMES.map((name) => [name, ""])))}>
          {words.clear}
        </button>
      )}
    </div>
  );
}

const positionOf = (it: AuditRecord): string => (typeof it.position === "number" ? number(it.position) : "–");

function Table({ items, onOpen }: { items: readonly AuditRecord[]; onOpen: (it: AuditRecord) => void }) {
  return (
    <Scrolls name={words.records}>
      <table class="tbl stk">
        <thead>
          <tr>
            <th scope="col" class="num">
              {words.number}
            </th>
            <th scope="col">{words.time}</th>
            <th scope="col">{words.action}</th>
            <th scope="col">{words.who}</th>
            <th scope="col">{words.subject}</th>
            <th>
              <span class="vh">{settings.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <tr key={one.position ?? one.at}>
              <td class="num soft not-phone">{positionOf(one)}</td>
              <td class="soft nowrap set-full">
                <Time at={one.at} />
              </td>
              <th scope="row" class="mono set-first">
                {one.action}
              </th>
              <td class="set-full">
                <Actor it={one} />
              </td>
              <td class="set-full">
                <About it={one} />
              </td>
              <td class="num last">
                <button type="button" class="b b-plain b-sm" aria-label={words.showIt(positionOf(one))} onClick={() => onOpen(one)}>
                  {words.details}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolls>
  );
}

function Actor({ it }: { it: AuditRecord }) {
  if (!it.actor) return <span class="muted">{words.byItself}</span>;
  return (
    <>
      <Plain text={it.actor} /> {it.on_behalf_of && <span class="soft">{words.forSeat(plain(it.on_behalf_of))}</span>}
    </>
  );
}

function About({ it }: { it: AuditRecord }) {
  if (it.subject) return <Plain text={it.subject} />;
  if (it.approval_id) return <code class="soft">{it.approval_id}</code>;
  return it.run_id ? <Plain text={it.run_id} /> : null;
}

function Details({ it, onClose }: { it: AuditRecord; onClose: () => void }) {
  const foot = (
    <button type="button" class="b b-ink" onClick={onClose}>
      {app.close}
    </button>
  );
  const fields = Object.entries(words.fields).filter(([name]) => it[name as keyof AuditRecord]);
  const parts: [string, unknown][] = [
    [words.before, it.before],
    [words.after, it.after],
    [words.detail, it.detail],
  ];
  return (
    <Dialog title={words.detailsOf(positionOf(it))} onClose={onClose} foot={foot}>
      <div class="set-rec">
        <p class="mono">{it.action}</p>
        <dl class="facts">
          {fields.map(([name, word]) => (
            <>
              <dt>{word}</dt>
              <dd>{name === "at" ? <Time at={it.at} /> : <Plain text={String(it[name as keyof AuditRecord])} />}</dd>
            </>
          ))}
        </dl>
        {parts.map(([word, value]) =>
          value && Object.keys(value).length > 0 ? (
            <div key={word} class="set-grid">
              <h3>{word}</h3>
              <pre class="body" tabIndex={0}>
                <Plain text={JSON.stringify(value, null, 2)} lines />
              </pre>
            </div>
          ) : null,
        )}
      </div>
    </Dialog>
  );
}

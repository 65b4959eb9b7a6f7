// What was sent in the workspace, the newest first. Its filters are in the address; a row opens its tries.

import { useEffect, useMemo, useState } from "preact/hooks";
import { Listing } from "../../data/loading.ts";
import { type Again, SENT, sendAllAgain } from "../../data/sent.ts";
import { may } from "../../data/session.ts";
import type { Sent as Item } from "../../data/types.ts";
import { plain } from "../../logic/hidden.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Icon, Plain, Time } from "../../parts/small.tsx";
import { query, setQuery } from "../../router.ts";
import { app } from "../../words.ts";
import { sent as words } from "../../words-told.ts";
import { Card } from "../operations/pieces.tsx";
import { Read } from "./read.tsx";
import { State, Told, Tries, Why, causeOf, channelOf, timeOf, whoOf } from "./tries.tsx";

const NAMES = ["status", "channel", "recipient"] as const;

export function Sent() {
  const list = useMemo(() => new Listing<Item>(SENT, {}, 50), []);
  const [open, setOpen] = useState<Item | null>(null);
  const [asked, setAsked] = useState(false);
  const [told, setTold] = useState<Again | null>(null);
  const given = Object.fromEntries(NAMES.map((name) => [name, query.value.get(name) ?? ""])) as Record<(typeof NAMES)[number], string>;
  const text = JSON.stringify(given);
  useEffect(() => {
    // What is typed is waited for.
    const timer = setTimeout(() => void list.read(given), list.items.peek() === null ? 0 : 300);
    return () => clearTimeout(timer);
  }, [text]);
  const again = may("notification:manage") && (
    <button type="button" class="b b-sm" onClick={() => setAsked(true)}>
      <Icon name="again" /> {words.againAll}
    </button>
  );
  return (
    <Card title={words.title} note={<span class="not-phone">{words.hint}</span>} tools={again}>
      <Filters given={given} />
      <div class={told ? "card-m" : ""}>
        <Told it={told} />
      </div>
      <Read of={list} lines={6} none={<p class="card-m muted">{words.none}</p>}>
        {(items) => <Table items={items} onOpen={setOpen} />}
      </Read>
      {open && <Tries of={open} onClose={() => setOpen(null)} onAgain={() => void list.read()} />}
      {asked && (
        <AllAgain
          given={given}
          onClose={() => setAsked(false)}
          onDone={(it) => {
            setAsked(false);
            setTold(it);
            void list.read();
          }}
        />
      )}
    </Card>
  );
}

function Filters({ given }: { given: Record<(typeof NAMES)[number], string> }) {
  const set = (name: string) => (event: { currentTarget: { value: string } }) => setQuery({ [name]: event.currentTarget.value });
  const choice = (name: "status" | "channel", of: Record<string, string>) => (
    <label class="field">
      <span class="lab">{words[name]}</span>
      <select class="sel" value={given[name]} onChange={set(name)}>
        <option value="">{words.any}</option>
        {Object.entries(of).map(([value, word]) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <div class="set-fil" role="search" aria-label={words.filters}>
      <label class="field">
        <span class="lab">{words.recipient}</span>
        <input class="in" placeholder={words.recipientHint} value={given.recipient} autocomplete="off" spellcheck={false} onInput={set("recipient")} />
      </label>
      {choice("status", words.statuses)}
      {choice("channel", words.channels)}
      {NAMES.some((name) => given[name]) && (
        <button type="button" class="b" onClick={() => setQuery(Object.fromEntries(NAMES.map((name) => [name, ""])))}>
          {words.clear}
        </button>
      )}
    </div>
  );
}

function Table({ items, onOpen }: { items: readonly Item[]; onOpen: (it: Item) => void }) {
  return (
    <div class="wrap-x" tabIndex={0} role="region" aria-label={`${words.title}, ${app.scrolls}`}>
      <table class="tbl stk">
        <thead>
          <tr>
            {words.columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            <th>
              <span class="vh">{words.details}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((it) => (
            <tr key={it.id}>
              <th scope="row" class="t-main">
                <Plain text={whoOf(it)} />
              </th>
              <td class="soft">{channelOf(it.channel)}</td>
              <td class="soft">{causeOf(it)}</td>
              <td class="set-full">
                <State it={it} /> <Why it={it} />
              </td>
              <td class="soft nowrap set-full">
                <Time at={timeOf(it)} />
              </td>
              <td class="num last">
                <button type="button" class="b b-plain b-sm" aria-label={words.detailsOf(`${plain(whoOf(it))}, ${channelOf(it.channel)}`)} onClick={() => onOpen(it)}>
                  {words.details}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function AllAgain({ given, onClose, onDone }: { given: { channel: string; recipient: string }; onClose: () => void; onDone: (it: Again) => void }) {
  const [busy, setBusy] = useState(false);
  const channel = given.channel || null;
  const recipient = given.recipient || null;
  const work = async () => {
    if (busy) return;
    setBusy(true);
    onDone(await sendAllAgain({ channel, recipient }));
  };
  const foot = (
    <>
      <button type="button" class="b" onClick={onClose}>
        {app.back}
      </button>
      <button type="button" class="b b-ink" aria-disabled={busy} onClick={() => void work()}>
        {busy ? words.sending : words.againNow}
      </button>
    </>
  );
  return (
    <Dialog title={words.againTitle} onClose={busy ? () => {} : onClose} foot={foot}>
      <p>
        <Plain text={words.againText(channel && channelOf(channel), recipient)} />
      </p>
    </Dialog>
  );
}

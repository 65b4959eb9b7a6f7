// What has ended: how it lies in time, and one by one, as a table or a timeline. Its filters are in the address.

import { useEffect, useMemo } from "preact/hooks";
import { mine } from "../../data/approvals.ts";
import { now } from "../../data/clock.ts";
import { anew, csv, keepCount, more, newer, past, show } from "../../data/past.ts";
import { may } from "../../data/session.ts";
import { number } from "../../logic/durations.ts";
import { isWanted, wanted } from "../../logic/past.ts";
import { BarEnd } from "../../parts/shell.tsx";
import { Icon } from "../../parts/small.tsx";
import { query, setQuery } from "../../router.ts";
import { app, pages } from "../../words.ts";
import { dayOf, past as words } from "../../words-past.ts";
import { Forbidden } from "../plain.tsx";
import { Filters, noFilter } from "./filters.tsx";
import { Rows } from "./rows.tsx";
import { Strip } from "./strip.tsx";

export function History() {
  useEffect(() => {
    document.title = `${mine.value > 0 ? `(${number(mine.value)}) ` : ""}${words.title} · ${app.name}`;
  }, [mine.value]);
  if (!may("approval:view:history")) return <Forbidden what={words.what} permission="approval:view:history" />;
  return <Page />;
}

function Page() {
  // What the table is called in the address is no filter.
  const given = query.value.toString();
  const filters = useMemo(() => wanted(new URLSearchParams(given)), [given]);
  const key = JSON.stringify(filters);
  useEffect(() => show(filters), [key]);
  useEffect(() => keepCount(), []);
  const view = query.value.get("view") === "timeline" ? "timeline" : "table";
  return (
    <>
      <div class="bar">
        <h1>{words.title}</h1>
        <span class="grow" />
        <div class="seg not-phone" role="group" aria-label={words.showAs}>
          <button type="button" aria-pressed={view === "table"} onClick={() => setQuery({ view: "" })}>
            {words.table}
          </button>
          <button type="button" aria-pressed={view === "timeline"} onClick={() => setQuery({ view: "timeline" })}>
            {words.timeline}
          </button>
        </div>
        <a class="b b-sm" href={csv(filters)} download title={words.csvTitle}>
          <Icon name="save" /> {words.csv}
        </a>
        <BarEnd />
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label={words.scroll}>
        <div class="page">
          <Filters now={filters} />
          <Body filtered={isWanted(filters)} view={view} from={filters.from} to={filters.to} />
        </div>
      </div>
    </>
  );
}

interface BodyProps {
  filtered: boolean;
  view: "table" | "timeline";
  from: string;
  to: string;
}

function Body({ filtered, view, from, to }: BodyProps) {
  const { items, reading, done, trouble } = past.value;
  if (trouble && items.length === 0) return <Trouble />;
  if (items.length === 0 && done) return <Empty filtered={filtered} />;
  return (
    <>
      {items.length > 0 || (filtered && !reading) ? <Strip from={from} to={to} /> : <StripSkeleton />}
      {newer.value.size > 0 && (
        <p class="newer" role="status">
          <button type="button" class="b b-sm" onClick={() => void anew()}>
            <Icon name="upc" class="i-sm" /> {words.newer(newer.value.size)}
          </button>
        </p>
      )}
      {items.length > 0 && <Rows items={items} view={view} />}
      {items.length === 0 && reading && <RowsSkeleton />}
      <Foot />
    </>
  );
}

/** How far it was searched, and what is left. */
function Foot() {
  const { items, back, reading, done, trouble } = past.value;
  const to = back === null ? null : dayOf(back, now.peek());
  return (
    <div class="foot">
      <p class="muted" role="status">
        {trouble ? words.brokeOff : reading ? words.searching(to) : done ? words.end(items.length) : to ? words.searched(to) : ""}
      </p>
      {!reading && !done && (
        <button type="button" class="b b-sm" onClick={() => void more()}>
          {trouble ? app.again : words.further}
        </button>
      )}
    </div>
  );
}

function Trouble() {
  const { trouble } = past.value;
  const reply = trouble === "broken" ? null : trouble;
  const bad = reply?.status === 422;
  const lines = bad ? reply.errors.map((one) => `${one.pointer.replace(/^\?/, "")} ${one.message}`) : [reply?.detail ?? pages.unavailable];
  return (
    <div class="empty" role="alert">
      <h2>{bad ? words.bad : pages.failed}</h2>
      {lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
      {reply?.requestId && !bad && <p class="hint">{pages.request(reply.requestId)}</p>}
      <button type="button" class="b b-ink" onClick={() => (bad ? noFilter() : void anew())}>
        {bad ? words.noFilter : app.again}
      </button>
    </div>
  );
}

function Empty({ filtered }: { filtered: boolean }) {
  return (
    <div class="empty">
      <h2>{filtered ? words.nothing : words.empty}</h2>
      <p>{filtered ? words.nothingHint : words.emptyHint}</p>
      {filtered && (
        <button type="button" class="b" onClick={noFilter}>
          {words.noFilter}
        </button>
      )}
    </div>
  );
}

const StripSkeleton = () => (
  <div class="card strip-sk" aria-hidden="true">
    <span class="sk sk-a1" />
    <span class="sk sk-strip" />
  </div>
);

const RowsSkeleton = () => (
  <div class="card" aria-busy="true">
    {Array.from({ length: 8 }, (_, index) => (
      <div key={index} class="row-sk" aria-hidden="true">
        <span class={`sk sk-t sk-b${index % 4}`} />
      </div>
    ))}
  </div>
);

// A task's events, the latest at the end. It follows the end while one is there, and stays where one reads.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { now } from "../data/clock.ts";
import { phase } from "../data/feed.ts";
import { FURTHEST, type Following, following, readEarlier, readNew } from "../data/task-log.ts";
import { bytes, utc, when } from "../logic/durations.ts";
import { type Event, MOST, only, text } from "../logic/events.ts";
import { write } from "../logic/json.ts";
import { Icon, Plain } from "../parts/small.tsx";
import { app, pages } from "../words.ts";
import { log as words } from "../words-log.ts";

const LONG = 400;

/** From when on it is, and whether it is live. */
export function Reach() {
  const here = following.value;
  if (here?.state !== "live") return null;
  return (
    <>
      {words.since[here.back]}, {phase.value === "open" ? words.live : words.notLive}
    </>
  );
}

export function Log() {
  const here = following.value;
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [below, setBelow] = useState(0);
  const events = here?.log.events ?? [];
  const last = events.at(-1)?.cursor;
  const before = useRef({ last, amount: events.length });
  useLayoutEffect(() => {
    const own = box.current;
    if (!own || before.current.last === last) return;
    if (atEnd.current) own.scrollTop = own.scrollHeight;
    else setBelow((amount) => amount + Math.max(1, events.length - before.current.amount));
    before.current = { last, amount: events.length };
  }, [last]);
  useLayoutEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, []);
  if (!here) return null;
  if (here.state === "forbidden") return <p class="muted">{words.forbidden}</p>;
  if (here.state === "failed" && events.length === 0) return <Failed here={here} />;
  const toEnd = () => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  };
  return (
    <div class="card ev-w">
      <div
        ref={box}
        class="ev-b"
        tabIndex={0}
        role="region"
        aria-label={words.scroll}
        onScroll={(event) => {
          const own = event.currentTarget;
          atEnd.current = own.scrollHeight - own.scrollTop - own.clientHeight < 24;
          if (atEnd.current && below > 0) setBelow(0);
        }}
      >
        <p class="ev-t muted">
          {here.log.cut ? (
            words.latest(MOST)
          ) : here.back < FURTHEST ? (
            <button type="button" class="b b-sm" onClick={() => void readEarlier()}>
              <Icon name="upc" class="i-sm" /> {words.earlier}
            </button>
          ) : null}
        </p>
        {here.lost && <p class="ev-t muted">{words.lost}</p>}
        {events.length === 0 && <p class="ev-t muted">{here.state === "reading" ? words.reading : words.none[here.back]}</p>}
        <ol>
          {events.map((event) => (
            <Line key={event.cursor} event={event} />
          ))}
        </ol>
      </div>
      {below > 0 && (
        <button type="button" class="b b-sm fresh" onClick={toEnd}>
          <Icon name="down" class="i-sm" /> {words.newEvents(below)}
        </button>
      )}
      {here.state === "failed" && <Failed here={here} />}
    </div>
  );
}

function Failed({ here }: { here: Following }) {
  return (
    <p class="err ev-t" role="status">
      <Icon name="warn" class="i-sm" /> {words.failed} {here.trouble?.detail ?? pages.unavailable} {here.trouble?.requestId && pages.request(here.trouble.requestId)}{" "}
      <button type="button" class="b b-sm" onClick={() => void readNew(here.task)}>
        {app.again}
      </button>
    </p>
  );
}

function Line({ event }: { event: Event }) {
  const time = Date.parse(event.at);
  const known = words.types[event.type];
  const about = event.type.startsWith("approval_") ? text(event.data, "approval_id") : null;
  return (
    <li class="ev">
      <time dateTime={event.at} title={utc(time)}>
        {when(time, now.peek(), true)}
      </time>
      <span class={`ev-k ${known ? "" : "mono"}`}>
        <Plain text={known ?? event.type} />
      </span>
      <span class="ev-d">{about ? <About id={about} event={event} /> : known && isPause(event.type) ? null : <Data event={event} />}</span>
    </li>
  );
}

const isPause = (type: string): boolean => type === "workflow_paused" || type === "workflow_resumed";

/** The record is on the approval's own page; here is what it was about, and how it went. */
function About({ id, event }: { id: string; event: Event }) {
  const title = text(event.data, "title") ?? text(event.data, "approval_type") ?? id;
  const parts = [text(event.data, "resolution"), text(event.data, "resolved_by") ?? text(event.data, "by"), text(event.data, "feedback") ?? text(event.data, "reason")].filter((it): it is string => Boolean(it));
  return (
    <>
      <a href={`/approvals/${id}`}>
        <Plain text={title} />
      </a>
      {parts.length > 0 && (
        <span class="muted">
          {" "}
          <Plain text={parts.join(", ")} />
        </span>
      )}
    </>
  );
}

function Data({ event }: { event: Event }) {
  const [open, setOpen] = useState(false);
  const said = only(event.data);
  const whole = said ?? write(event.data);
  if (whole === "{}" || whole === "null") return null;
  const long = whole.length > LONG;
  return (
    <span class={said === null ? "mono" : ""}>
      <Plain text={open ? (said ?? write(event.data, 2)) : long ? whole.slice(0, LONG) : whole} lines />
      {long && (
        <>
          {open ? " " : "… "}
          <button type="button" class="b b-sm" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? words.less : words.showAll(bytes(whole.length))}
          </button>
        </>
      )}
    </span>
  );
}

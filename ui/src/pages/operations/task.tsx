// What a task tells, as it comes. It is read from the task's log: its own socket belongs to its agent.

import { useEffect, useState } from "preact/hooks";
import { type Closed, connectionOf } from "../../data/connections.ts";
import { may } from "../../data/session.ts";
import { whileSeen } from "../../data/seen.ts";
import { MOST_EVENTS, type TaskEvent, fromTheBeginning, keepLog, log, logTrouble } from "../../data/task-log.ts";
import type { Connection } from "../../logic/connections.ts";
import { count, isScalar, write } from "../../logic/json.ts";
import { LiveMark } from "../../parts/shell.tsx";
import { Icon, Plain, Time } from "../../parts/small.tsx";
import { app, operations } from "../../words.ts";
import { CloseDialog } from "./close.tsx";
import { Told } from "./connections.tsx";
import { Failed, Loading } from "./pieces.tsx";

const words = operations.task;

export function TaskPage({ task }: { task: string }) {
  useEffect(() => keepLog(task), [task]);
  useEffect(() => {
    document.title = `${task} · ${app.name}`;
  }, [task]);
  return (
    <>
      <div class="bar">
        {(may("connection:view") || may("cluster:view")) && (
          <a class="b b-plain b-icon b-sm" href="/operations" aria-label={words.back} title={words.back}>
            <Icon name="left" />
          </a>
        )}
        <h1 class="clip">
          <span class="muted">{words.title}</span>{" "}
          <span class="mono clip">
            <Plain text={task} />
          </span>
        </h1>
        <span class="grow" />
        <LiveMark phone />
      </div>
      {may("connection:view") && <Connected task={task} />}
      <Events />
    </>
  );
}

function Connected({ task }: { task: string }) {
  const [it, setIt] = useState<Connection | "none" | null>(null);
  const [closing, setClosing] = useState(false);
  const [told, setTold] = useState<Closed | null>(null);
  useEffect(() => whileSeen(10_000, async () => setIt((await connectionOf(task)) ?? null)), [task, told]);
  return (
    <>
      <div class="task-c">
        <span class={`st st-${it === null || it === "none" ? "off" : "ok"}`}>
          <Icon name={it === null || it === "none" ? "ring" : "plug"} />
          {it === null ? operations.partUnknown : it === "none" ? words.notConnected : <Plain text={words.connected(it.principal, it.instance_id)} />}
        </span>
        <span class="grow" />
        {it !== null && it !== "none" && may("connection:close") && (
          <button type="button" class="b b-plain b-sm" aria-label={operations.connections.closeLabel(task)} onClick={() => setClosing(true)}>
            {operations.connections.close}
          </button>
        )}
      </div>
      <div aria-live="polite">{told && <Told task={task} it={told} onClose={() => setTold(null)} />}</div>
      {closing && (
        <CloseDialog
          task={task}
          onKeep={() => setClosing(false)}
          onDone={(how) => {
            setClosing(false);
            setTold(how);
          }}
        />
      )}
    </>
  );
}

function Events() {
  const it = log.value;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={words.scroll}>
      <div class="page">
        <section class="card" aria-label={words.events}>
          <div class="card-h">
            <h2>{words.events}</h2>
            <span class="muted card-n">{it?.whole ? words.fromStart : words.lastHour}</span>
            <span class="grow" />
            {it && !it.whole && (
              <button type="button" class="b b-plain b-sm" onClick={fromTheBeginning}>
                {words.older}
              </button>
            )}
          </div>
          {logTrouble.value && <Failed it={logTrouble.value} />}
          {it === null ? !logTrouble.value && <Loading lines={4} /> : <List items={it.items} />}
          {it?.cut && <p class="card-m muted">{words.cut(MOST_EVENTS)}</p>}
          {it?.gap && <p class="card-m muted">{words.gap}</p>}
        </section>
      </div>
    </div>
  );
}

/** The newest on top: what comes is seen, and where one reads nothing is lost, for the page keeps its place. */
function List({ items }: { items: readonly TaskEvent[] }) {
  if (items.length === 0) {
    return (
      <p class="card-m">
        {words.none}. <span class="muted">{words.noneHint}</span>
      </p>
    );
  }
  return (
    <ol class="evs">
      {items.toReversed().map((it) => (
        <Event key={it.cursor} it={it} />
      ))}
    </ol>
  );
}

const SHORT = 160;

function Event({ it }: { it: TaskEvent }) {
  const [open, setOpen] = useState(false);
  const brief = write(it.data);
  const small = isScalar(it.data) || (brief.length <= SHORT && count(it.data) <= 8);
  const head = (
    <>
      <Time at={it.timestamp} />
      <b class="mono">
        <Plain text={it.event_type} />
      </b>
      <code class="ev-d clip">{brief === "{}" ? "" : <Plain text={brief.slice(0, SHORT)} />}</code>
    </>
  );
  if (small) return <li class="ev">{head}</li>;
  return (
    <li>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary class="ev">
          {head}
          <Icon name="right" />
        </summary>
        {open && (
          <pre class="code" tabIndex={0} aria-label={words.data(it.event_type)}>
            <Plain text={write(it.data, 2)} lines />
          </pre>
        )}
      </details>
    </li>
  );
}

// What a task tells, as it comes. It is read from the task's log: its own socket belongs to its agent.

import { useEffect, useState } from "preact/hooks";
import { type Closed, connectionOf } from "../../data/connections.ts";
import { may } from "../../data/session.ts";
import { whileSeen } from "../../data/seen.ts";
import { following, followTask } from "../../data/task-log.ts";
import type { Connection } from "../../logic/connections.ts";
import { BarEnd } from "../../parts/shell.tsx";
import { Icon, Plain } from "../../parts/small.tsx";
import { app } from "../../words.ts";
import { operations } from "../../words-operations.ts";
import { CloseDialog } from "./close.tsx";
import { Told } from "./connections.tsx";
import { Log, Reach } from "../task-log.tsx";

const words = operations.task;

export function TaskPage({ task }: { task: string }) {
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
        <BarEnd />
      </div>
      {may("connection:view") && <Connected task={task} />}
      <Events task={task} />
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

function Events({ task }: { task: string }) {
  useEffect(() => followTask(task), [task]);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={words.scroll}>
      <div class="page">
        <section class="run-s" aria-label={words.events}>
          <div class="sec-h">
            <h2>{words.events}</h2>
            <span class="muted grow">
              <Reach />
            </span>
          </div>
          {following.value?.task === task && <Log key={task} />}
        </section>
      </div>
    </div>
  );
}

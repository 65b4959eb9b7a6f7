// The service, for those who run it: a sentence first, then each part of it, each card by its own permission.

import { useEffect } from "preact/hooks";
import { RANGES, type Range, expected, keepCluster, keepRange, served } from "../data/operations.ts";
import { may } from "../data/session.ts";
import { useKeys } from "../parts/keys.ts";
import { BarEnd } from "../parts/shell.tsx";
import { Icon, Kbd } from "../parts/small.tsx";
import { go, query, setQuery } from "../router.ts";
import { app } from "../words.ts";
import { operations as words } from "../words-operations.ts";
import { Connections } from "./operations/connections.tsx";
import { Happened } from "./operations/happened.tsx";
import { Instances } from "./operations/instances.tsx";
import { OutboxCard } from "./operations/outbox.tsx";
import { Outcomes, TimeTaken } from "./operations/outcomes.tsx";
import { Commits, Latency, Sources } from "./operations/samples.tsx";
import { Silent } from "./operations/silent.tsx";
import { StateCard } from "./operations/state.tsx";
import { TaskPage } from "./operations/task.tsx";
import { Wall } from "./operations/wall.tsx";
import { Forbidden } from "./plain.tsx";

export function Operations({ task }: { task: string | null }) {
  const cluster = may("cluster:view");
  if (task !== null) {
    if (!may("event:subscribe")) return <Forbidden what={words.task.forbidden} permission="event:subscribe" />;
    return <TaskPage key={task} task={task} />;
  }
  if (!cluster && !may("connection:view")) return <Forbidden what={words.what} permission={["cluster:view", "connection:view"]} />;
  return <Service cluster={cluster} wall={cluster && query.value.has("wall")} />;
}

const rangeOf = (text: string | null): Range => (text !== null && text in RANGES ? (text as Range) : "1h");

function Service({ cluster, wall }: { cluster: boolean; wall: boolean }) {
  const range = rangeOf(query.value.get("range"));
  useEffect(keepCluster, [cluster]);
  useEffect(() => keepRange(range), [range, cluster]);
  const [serve, all] = [served.value, expected.value];
  useEffect(() => {
    document.title = `${all > 0 ? words.heading(serve, all) : words.title} · ${app.name}`;
  }, [serve, all]);
  useKeys(cluster ? { w: () => toggleWall(!wall), ...(wall ? { Escape: () => toggleWall(false) } : {}) } : {});
  if (wall) return <Wall range={range} onLeave={() => toggleWall(false)} />;
  return (
    <>
      <div class="bar ops-bar">
        <h1>{words.title}</h1>
        <span class="grow" />
        {(cluster || may("approval:view:history")) && <RangeChoice range={range} />}
        {cluster && (
          <a class="b b-sm not-phone" href={wallPath()} aria-keyshortcuts="w">
            <Icon name="wall" /> {words.wall} <Kbd>w</Kbd>
          </a>
        )}
        <BarEnd />
      </div>
      <Silent />
      <div class="scroll" tabIndex={0} role="region" aria-label={words.scroll}>
        <div class="page">
          <div class="ops">
            {cluster && <StateCard />}
            {cluster && <Instances />}
            {cluster && <Latency range={range} />}
            {cluster && <Sources range={range} />}
            {cluster && <Commits range={range} />}
            {cluster && <Happened />}
            {cluster && <OutboxCard />}
            {may("approval:view:history") && <Outcomes range={range} />}
            {may("approval:view:history") && <TimeTaken />}
            {may("connection:view") && <Connections />}
          </div>
        </div>
      </div>
    </>
  );
}

function RangeChoice({ range }: { range: Range }) {
  return (
    <div class="seg" role="group" aria-label={words.range}>
      {Object.keys(RANGES).map((name) => (
        <button key={name} type="button" aria-pressed={name === range} onClick={() => setQuery({ range: name === "1h" ? "" : name })}>
          {words.ranges[name]}
        </button>
      ))}
    </div>
  );
}

function wallPath(): string {
  const next = new URLSearchParams(query.value);
  next.set("wall", "1");
  return `/operations?${next}`;
}

function toggleWall(on: boolean): void {
  if (on) return go(wallPath());
  const next = new URLSearchParams(query.peek());
  next.delete("wall");
  const text = next.toString();
  go(`/operations${text && `?${text}`}`);
}

// The words of operations. They come with these pages, not with the first view.

import { long, number } from "./logic/durations.ts";
import type { Finding, State as InstanceState } from "./logic/operations.ts";
import type { Kind } from "./logic/outcomes.ts";
import { listed, operationsTitle } from "./words.ts";

const plural = (amount: number, one: string, many: string) => `${number(amount)} ${amount === 1 ? one : many}`;

/** Bold text is what it is about. */
export type Piece = string | { bold: string };
const behind = (words: string) => words && ` ${words}`;
const several = (names: readonly string[], one: string, many: string): Piece[] =>
  names.length <= 3
    ? [...names.flatMap((name, index): Piece[] => [index === 0 ? "" : index === names.length - 1 ? " and " : ", ", { bold: name }]), behind(names.length === 1 ? one : many)]
    : [{ bold: `${number(names.length)} instances` }, behind(many)];
const seconds = (value = 0): string => (value < 1 ? milliseconds(value) : value < 10 ? `${value.toFixed(1)} s` : `${number(Math.round(value))} s`);
/** From seconds, three digits at most. */
export const milliseconds = (value: number): string => {
  const ms = value * 1000;
  return ms >= 1000 ? `${ms / 1000 >= 10 ? number(Math.round(ms / 1000)) : (ms / 1000).toFixed(1)} s` : `${ms >= 100 ? Math.round(ms) : ms >= 10 ? Number(ms.toFixed(1)) : Number(ms.toFixed(2))} ms`;
};
/** Parts of 1: `0.4 %`, `61 %`. */
export const percent = (part: number): string => {
  const value = part * 100;
  if (value === 0 || value === 100) return `${value} %`;
  return value < 0.1 ? "under 0.1 %" : `${value < 10 || value > 99 ? Number(value.toFixed(1)) : Math.round(value)} %`;
};

export const operations = {
  title: operationsTitle,
  scroll: "Operations, scrolls",
  heading: (serve: number, all: number) => `Operations: ${number(serve)} of ${number(all)} serve`,
  range: "Range",
  ranges: { "15m": "15 min", "1h": "1 h", "24h": "24 h" } as Record<string, string>,
  rangeWords: { "15m": "the last 15 minutes", "1h": "the last hour", "24h": "the last 24 hours" } as Record<string, string>,
  wall: "Wall",
  leaveWall: "Leave the wall",
  state: "State",
  allWell: (serve: number, all: number) => `All is well: ${number(serve)} of ${plural(all, "instance serves", "instances serve")}.`,
  someServe: (serve: number, all: number) => `${number(serve)} of ${plural(all, "instance serves", "instances serve")}.`,
  rest: "All else is well.",
  finding: (it: Finding): Piece[] => {
    switch (it.what) {
      case "postgres":
        return ["Postgres doesn't answer ", ...several(it.names, "", ""), ": nothing can be decided there."];
      case "nothing_serves":
        return [{ bold: "No instance serves." }];
      case "lost":
        return [...several(it.names, "is lost", "are lost"), "."];
      case "deadlines":
        return [{ bold: "Deadlines are late" }, " at ", ...several(it.names, "", ""), ": what is due isn't ended there."];
      case "sweep":
        return it.names.length > 0
          ? ["The sweep is late at ", ...several(it.names, "", ""), ": what hints have missed is found later."]
          : ["The sweep was ", { bold: `${seconds(it.seconds)} behind` }, " in the last minutes."];
      case "late":
        return [...several(it.names, "hasn't been heard of", "haven't been heard of"), " for longer than a heartbeat."];
      case "redis":
        return [...several(it.names, "is", "are"), " without Redis: who waits there is woken by the sweep, seconds later."];
      case "slow":
        return ["Who waits was told late: ", { bold: `p99 ${milliseconds(it.seconds ?? 0)}` }, " in the last minutes."];
      case "connections":
        return [...several(it.names, "is", "are"), " short of connections to Postgres."];
      case "draining":
        return [...several(it.names, "is draining", "are draining"), "."];
      case "audit":
        return ["The audit chain is behind at ", ...several(it.names, "", ""), "."];
      case "replaced":
        return [...several(it.names, "was lost, and has been replaced", "were lost, and have been replaced"), "."];
      case "versions":
        return ["Several versions run: ", { bold: listed(it.names, "and") }, "."];
    }
  },
  parts: { postgres: "Postgres", redis: "Redis", bus: "Hints", sweep: "Sweep", deadlines: "Deadlines", audit: "Audit chain", connections: "Pools" } as Record<string, string>,
  partUp: { postgres: "answers", redis: "answers", bus: "arrive", sweep: "works", deadlines: "kept", audit: "linked", connections: "enough" } as Record<string, string>,
  partDown: { postgres: "doesn't answer", redis: "doesn't answer", bus: "don't arrive", sweep: "late", deadlines: "late", audit: "behind", connections: "short" } as Record<string, string>,
  partUnknown: "unknown",
  wakes: "Wake-ups",
  wakesOf: (p99: string) => `p99 ${p99}`,
  bySweep: (part: string) => `${part} by the sweep`,
  noWakes: "none lately",
  commitTime: (mean: string) => `${mean} to commit`,
  behind: (lag: string) => `${lag} behind at most`,
  viewOf: (names: string, age: string) => `Parts as ${names} ${names.includes(" and ") ? "see" : "sees"} them, ${age} ago. Another instance may see them otherwise.`,
  noView: "No instance has said how its parts are.",
  instances: "Instances",
  beats: (due: string, lost: string) => `a heartbeat every ${due}, lost after ${lost}`,
  instanceColumns: ["Instance", "State", "Version", "Up", "Sockets", "Waiters", "Last heartbeat"],
  states: { serving: "serving", degraded: "without Redis", late: "late", draining: "draining", lost: "lost" } satisfies Record<InstanceState, string>,
  upUntil: (time: string) => `until ${time}`,
  upFor: (time: string) => `up ${time}`,
  sockets: (amount: number) => plural(amount, "socket", "sockets"),
  waiters: (amount: number) => plural(amount, "waiter", "waiters"),
  beat: (age: number, due: number, lost: number) => `last heartbeat ${long(age)} ago; one is due every ${long(due)}; lost after ${long(lost)}`,
  moreInstances: (amount: number) => `${plural(amount, "other instance", "other instances")}, no worse`,
  asTable: "As table",
  at: "At",
  none: "none",
  requestId: (id: string) => `Request ${id}`,
  dismiss: "Put this away",
  left: "Too many instances had samples: the oldest are left out.",
  latency: {
    title: "Decision to waiting caller",
    what: "From a decision to the answer of who waited for it",
    none: (range: string) => `Nobody who waited had to be woken in ${range}.`,
    now: (p99: string, at: string) => `p99 ${p99} at ${at}`,
    most: (p99: string, at: string) => `; ${p99} at ${at}`,
    slowest: "Of the slowest instance.",
    columns: ["p50", "p99"],
  },
  sources: {
    title: "Who woke them",
    what: "Wake-ups a second, by source",
    none: (range: string) => `Nobody was woken in ${range}.`,
    all: (amount: number, range: string) => `${number(amount)} woken in ${range}`,
    fine: "; the sweep has next to nothing to do, as it should be",
    missed: (part: string) => `; the sweep had to find ${part}: hints get lost, or Redis is away`,
    names: { local: "same instance", redis: "Redis", sweep: "sweep" } as Record<string, string>,
  },
  commits: {
    title: "Commits",
    what: "Time to commit creates, votes and events",
    none: (range: string) => `Nothing was written in ${range}.`,
    finding: (mean: string, longest: string, at: string) => `${mean} a commit on average, the longest ${longest} at ${at}`,
    queued: (amount: number, at: string) => `; at most ${number(amount)} waited in line, at ${at}`,
    columns: ["Mean", "Longest", "Commits", "Most in line"],
    mean: "mean",
    longest: "longest",
  },
  outcomes: {
    title: "How they end",
    what: "Outcomes over time",
    none: (range: string) => `Nothing has ended in ${range}.`,
    all: (amount: number, range: string) => `${number(amount)} in ${range}`,
    some: (amount: number) => `Of the last ${number(amount)}`,
    names: { approved: "approved", edited: "edited", rejected: "rejected", expired: "expired", cancelled: "cancelled" } satisfies Record<Kind, string>,
  },
  took: {
    title: "How long people take",
    by: "By",
    type: "Type",
    person: "Person",
    finding: "Half decide before the mark, nine of ten within the bar",
    some: (amount: number) => `, of the last ${number(amount)} outcomes`,
    none: "Nobody has decided anything in this time.",
    row: (name: string, half: string, most: string, amount: number) => `${name}: half within ${half}, nine of ten within ${most}, of ${plural(amount, "decision", "decisions")}`,
    columns: ["Half within", "Nine of ten within", "Decisions"],
  },
  happened: {
    title: "What happened",
    none: "Nothing is on record.",
    earlier: "Earlier",
    kinds: {
      started: "started",
      draining: "began to drain",
      stopped: "stopped in good order",
      lost: "was found lost",
      returned: "came back, after it was lost",
      redis_away: "lost Redis",
      redis_back: "has Redis again",
      database_away: "lost Postgres",
      database_back: "has Postgres again",
    } as Record<string, string>,
  },
  outbox: {
    title: "Waiting to be sent",
    what: "all workspaces together",
    columns: ["Channel", "Messages", "Destinations", "Held", "Failing", "Oldest due"],
    channels: { email: "mail", slack: "Slack", webhook: "webhooks" } as Record<string, string>,
    waiting: (amount: number) => (amount > 10_000 ? "over 10,000" : number(amount)),
    states: { ok: "well", late: "some fail", no: "not sent" } as Record<string, string>,
    stuck: (amount: number) => `${amount > 999 ? "over 999" : number(amount)} can't be routed`,
    routed: "all is routed",
    oldest: (time: string) => `the oldest waits for ${time}`,
  },
  connections: {
    title: "Connections",
    live: (amount: number, all: boolean) => (all ? `${number(amount)} live` : `the first ${number(amount)}`),
    search: "Task, session, name, instance",
    searchLabel: "Search connections",
    columns: { task: "Task", session: "Session", who: "Who", instance: "Instance", since: "Since", sign: "Last sign" } as Record<string, string>,
    scroll: "Connections, scrolls",
    none: "Nobody is connected",
    noneHint: "A task's socket stands here for as long as it is open.",
    nothing: "No connection matches.",
    unread: "These are the first by name. A task's whole name finds it, too.",
    more: (amount: number) => `Show ${number(amount)} more`,
    noSession: "none",
    signHint: "Written down about once a minute",
    close: "Close…",
    closeLabel: (task: string) => `Close the connection of ${task}`,
    closeTitle: "Close this connection?",
    closeText: (task: Piece): Piece[] => ["The client of ", task, " is told not to come back, but it may come back. What it works on is not stopped, and its events are kept."],
    keep: "Keep it open",
    closeIt: "Close it",
    closing: "Closing…",
    closed: (task: string): Piece[] => ["The connection of ", { bold: task }, " is being closed. It may come back."],
    gone: (task: string): Piece[] => ["The connection of ", { bold: task }, " was gone already."],
    unknown: (task: string): Piece[] => ["No answer came. Whether the connection of ", { bold: task }, " was closed is unknown."],
    refused: (task: string): Piece[] => ["The connection of ", { bold: task }, " was not closed."],
  },
  task: {
    title: "Task",
    back: "Back to operations",
    events: "Events",
    scroll: "Task, scrolls",
    connected: (name: string, instance: string) => `connected as ${name}, at ${instance}`,
    notConnected: "not connected now",
    forbidden: "a task's events",
  },
  wait: {
    title: "Waiting now",
    amount: (amount: number) => (amount === 0 ? "none" : `${number(amount)}, soonest first`),
    none: "Nothing is pending.",
  },
  stale: (since: string) => `Nothing heard of the instances since ${since}.`,
  mayGoDark: "This screen may go dark: the browser doesn't keep it on.",
  what: "operations",
};

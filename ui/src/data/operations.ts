// What an operator looks at: instances by the feed, the rest by asking, and only while it is shown and seen.

import { computed, signal } from "@preact/signals";
import { type Instance, type Limits, type Readiness, judgeAll, readiness, serving } from "../logic/operations.ts";
import type { Outcome } from "../logic/outcomes.ts";
import type { Samples } from "../logic/series.ts";
import { now, serverNow } from "./clock.ts";
import { follow, isAway, listen, onCatchUp, phase } from "./feed.ts";
import { type Reply, type Trouble, ask, query, troubleOf } from "./http.ts";
import { whileSeen } from "./seen.ts";
import { may } from "./session.ts";
import type { Outbox, Page } from "./types.ts";

// --- instances ---

interface Told {
  instances: readonly Instance[];
  heartbeat_seconds: number;
  lease_seconds: number;
}
export const cluster = signal<Told | null>(null);
export const clusterTrouble = signal<Trouble | null>(null);
/** When it was told last, by this machine's clock and by the server's. */
const toldHere = signal(0);
const toldThere = signal(0);
/** What is shown is old: nothing was told for longer than a wall may be silent about. */
export const isOld = signal(false);

const SILENCE = 4500;
/** How long after the last word an age still runs on: beyond it, only what was known is shown. */
const RUNS_ON = 5000;
let silent: ReturnType<typeof setTimeout> | undefined;

export const limits = computed<Limits>(() => ({ due: (cluster.value?.heartbeat_seconds ?? 10) * 1000, lost: (cluster.value?.lease_seconds ?? 30) * 1000 }));
/** The moment that what is shown is about: now, or when it was last known. */
export const asOf = computed(() => Math.min(now.value, toldThere.value + RUNS_ON));
export const instances = computed(() => judgeAll(cluster.value?.instances ?? [], asOf.value, limits.value));
/** How many serve, of how many: ages tick, these rarely change. */
export const served = computed(() => serving(instances.value).serve);
export const expected = computed(() => serving(instances.value).all);
export const lastTold = computed(() => toldHere.value);

function heard(told: Told): void {
  cluster.value = told;
  clusterTrouble.value = null;
  toldHere.value = Date.now();
  toldThere.value = serverNow();
  isOld.value = false;
  clearTimeout(silent);
  // Asked every 5 s while there is no feed: an answer may take its time.
  silent = setTimeout(() => (isOld.value = true), phase.peek() === "polling" ? 3 * SILENCE : SILENCE);
}

async function readCluster(): Promise<void> {
  const reply = await ask<Told>("/api/v1/cluster");
  if (reply?.ok && reply.body) return heard(reply.body);
  if (cluster.peek() === null) clusterTrouble.value = troubleOf(reply);
}
export const readClusterAgain = (): void => void readCluster();

// --- parts: the view of whichever instance answers ---

/** The last word of each instance that answered, by its id. */
export const parts = signal<ReadonlyMap<string, { it: Readiness; at: number }>>(new Map());
const FORGOTTEN = 45_000;

async function readParts(): Promise<void> {
  const reply = await ask("/readyz", { patience: 5000 });
  const it = reply && readiness(reply.text);
  const time = Date.now();
  const kept = [...parts.peek()].filter(([, one]) => time - one.at < FORGOTTEN);
  if (it) kept.push([it.instance_id, { it, at: time }]);
  parts.value = new Map(kept);
}

// --- samples and events ---

export const RANGES = { "15m": { seconds: 900, step: 15 }, "1h": { seconds: 3600, step: 60 }, "24h": { seconds: 86_400, step: 1800 } } as const;
export type Range = keyof typeof RANGES;

export const samples = signal<Samples | null>(null);
export const samplesTrouble = signal<Trouble | null>(null);
export const events = signal<ClusterEvent[] | null>(null);
export const eventsTrouble = signal<Trouble | null>(null);
export const eventsMore = signal<string | null>(null);

export interface ClusterEvent {
  id: string;
  at: string;
  instance_id: string;
  kind: string;
}

async function readSamples(range: Range): Promise<void> {
  const { seconds, step } = RANGES[range];
  const from = new Date(serverNow() - seconds * 1000).toISOString();
  const reply = await ask<Samples>(`/api/v1/cluster/samples${query({ from, step })}`);
  if (reply?.ok) samples.value = reply.body;
  samplesTrouble.value = reply?.ok ? null : troubleOf(reply);
}

/** What waits to be sent, in all workspaces. */
export const outbox = signal<Outbox | null>(null);
export const outboxTrouble = signal<Trouble | null>(null);

async function readOutbox(): Promise<void> {
  const reply = await ask<Outbox>("/api/v1/cluster/outbox");
  if (reply?.ok) outbox.value = reply.body;
  outboxTrouble.value = reply?.ok ? null : troubleOf(reply);
}

const PAGE = 12;
async function readEvents(): Promise<void> {
  const reply = await ask<Page<ClusterEvent>>(`/api/v1/cluster/events${query({ limit: PAGE })}`);
  eventsTrouble.value = reply?.ok ? null : troubleOf(reply);
  if (!reply?.ok || !reply.body) return;
  const before = events.peek() ?? [];
  const known = new Set(before.map((it) => it.id));
  const fresh = reply.body.items.filter((it) => !known.has(it.id));
  if (before.length > 0 && fresh.length === 0) return;
  // What was read further back stays, unless there is a gap now.
  const joins = before.length > 0 && fresh.length < reply.body.items.length;
  events.value = joins ? [...fresh, ...before] : reply.body.items;
  if (!joins) eventsMore.value = reply.body.next_cursor;
}

export async function readEarlier(): Promise<void> {
  const cursor = eventsMore.peek();
  if (cursor === null) return;
  const reply = await ask<Page<ClusterEvent>>(`/api/v1/cluster/events${query({ limit: 50, cursor })}`);
  if (!reply?.ok || !reply.body) return void (eventsTrouble.value = troubleOf(reply));
  events.value = [...(events.peek() ?? []), ...reply.body.items];
  eventsMore.value = reply.body.next_cursor;
}

// --- outcomes: there is no sum of them to ask for, so the newest are read ---

export const MOST_OUTCOMES = 1000;
export const outcomes = signal<{ items: Outcome[]; from: number; to: number; all: boolean } | null>(null);
export const outcomesTrouble = signal<Trouble | null>(null);

async function readOutcomes(range: Range): Promise<void> {
  const to = serverNow();
  const from = to - RANGES[range].seconds * 1000;
  const items: Outcome[] = [];
  let cursor: string | null = null;
  do {
    const search = query({ view: "summary", from: new Date(from).toISOString(), limit: 200, cursor });
    const reply: Reply<Page<Outcome>> | null = await ask<Page<Outcome>>(`/api/v1/approvals/history${search}`);
    outcomesTrouble.value = reply?.ok ? null : troubleOf(reply);
    if (!reply?.ok || !reply.body) return;
    items.push(...reply.body.items);
    cursor = reply.body.next_cursor;
  } while (cursor !== null && items.length < MOST_OUTCOMES);
  outcomes.value = { items, from, to, all: cursor === null };
}

// --- for as long as the page is shown ---

/** Instances, parts and what happened. */
export function keepCluster(): () => void {
  if (!may("cluster:view")) return () => {};
  const ends = [
    follow("cluster"),
    listen((message) => {
      if (message.event_type === "cluster") heard(message.data as Told);
    }),
    onCatchUp(readClusterAgain),
    whileSeen(5000, readParts),
    whileSeen(10_000, readEvents),
    whileSeen(10_000, readOutbox),
  ];
  // Who comes back sees what was known, in its place, until more is told.
  silent = setTimeout(() => (isOld.value = true), SILENCE);
  void readCluster();
  return () => {
    ends.forEach((end) => end());
    clearTimeout(silent);
    isOld.value = false;
  };
}

let read: Range | null = null;

/** Samples and outcomes of a range. */
export function keepRange(range: Range): () => void {
  if (range !== read) samples.value = outcomes.value = null;
  read = range;
  const often = { "15m": 15_000, "1h": 30_000, "24h": 120_000 }[range];
  const ends = [
    may("cluster:view") && whileSeen(often, () => readSamples(range)),
    may("approval:view:history") && whileSeen(Math.max(30_000, often), () => readOutcomes(range)),
  ];
  return () => {
    for (const end of ends) if (end) end();
  };
}

/** No word by the feed, or none of the instances. */
export const stale = computed(() => isAway.value || isOld.value);

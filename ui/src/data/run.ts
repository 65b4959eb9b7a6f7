// A run: its approvals, read anew when one of them changes, and its task's events as they come. The events are read;
// the task's own socket is never opened, for that would take the task from its agent.

import { batch, computed, signal } from "@preact/signals";
import { EMPTY, type Event, type Log, events, join } from "../logic/events.ts";
import { parse } from "../logic/json.ts";
import type { components } from "./api.d.ts";
import { approval, watch } from "./approvals.ts";
import { serverNow } from "./clock.ts";
import { follow, listen, onCatchUp } from "./feed.ts";
import { type Reply, ask, query } from "./http.ts";
import { may } from "./session.ts";
import type { HistoryPage, Page, Summary } from "./types.ts";

export type Run = components["schemas"]["Run"];

export interface Shown {
  run: Run;
  pending: readonly Summary[];
  /** The latest of those that have ended; null where they may not be seen. */
  ended: readonly Summary[] | null;
  more: boolean;
}

export type Looking = { at: "loading" } | { at: "there"; shown: Shown; stale: boolean } | { at: "not-found" } | { at: "failed"; reply: Reply<unknown> | null };

export const looking = signal<Looking>({ at: "loading" });
let open = "";
let turn = 0;

const ENDED = 50;

export function show(id: string): () => void {
  open = id;
  looking.value = { at: "loading" };
  void read();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ends = [
    watch((changed) => {
      if (![...changed].some((one) => approval(one)?.run_id === id)) return;
      clearTimeout(timer);
      timer = setTimeout(() => void read(), 100);
    }),
    onCatchUp(() => void read()),
  ];
  return () => {
    clearTimeout(timer);
    ends.forEach((end) => end());
    open = "";
  };
}

export async function read(): Promise<void> {
  const [id, mine] = [open, ++turn];
  const search = (limit: number) => query({ view: "summary", run_id: id, limit });
  const [run, pending, ended] = await Promise.all([
    ask<Run>(`/api/v1/runs/${encodeURIComponent(id)}`),
    ask<Page<Summary>>(`/api/v1/approvals/pending${search(200)}`),
    may("approval:view:history") ? ask<HistoryPage>(`/api/v1/approvals/history${search(ENDED)}`) : null,
  ]);
  if (open !== id || turn !== mine) return;
  const before = looking.value;
  const failed = [run, pending].find((it) => !it?.ok);
  if (run?.status === 404 || run?.status === 422) looking.value = { at: "not-found" };
  else if (run?.ok && run.body && pending?.ok && pending.body) {
    const shown = { run: run.body, pending: pending.body.items, ended: ended?.body?.items ?? null, more: Boolean(ended?.body?.next_cursor) };
    looking.value = { at: "there", shown, stale: false };
  } else if (before.at === "there") looking.value = { ...before, stale: true };
  else looking.value = { at: "failed", reply: failed ?? null };
}

/** Its tasks: mostly one, by the run's own name. */
export const tasks = computed<readonly string[]>(() => {
  const here = looking.value;
  if (here.at !== "there") return [];
  const { run, pending, ended } = here.shown;
  const named = [...pending, ...(ended ?? [])].map((it) => it.task_id);
  return [...new Set(named.length > 0 ? named : [run.run_id])];
});

// --- events ---

export interface Following {
  task: string;
  log: Log;
  /** "failed" with what was read before still shown. */
  state: "reading" | "live" | "failed" | "forbidden";
  /** Whether older ones may be there. */
  older: boolean;
  /** Whether older ones aren't kept any more. */
  lost: boolean;
}

export const following = signal<Following | null>(null);

const PAGE = 200;
const HOUR = 3_600_000;
/** How far back is read at first, and by each step further. Beyond, there is what is kept. */
const SPANS = [HOUR, 24 * HOUR, null] as const;
let span = 0;
let cursor: string | null = null;
let running = false;
let wanted = false;

interface EventPage {
  cursor: string;
  next_cursor: string | null;
  recovered: boolean | null;
}

export function followTask(task: string): () => void {
  following.value = { task, log: EMPTY, state: "reading", older: true, lost: false };
  [span, cursor, running, wanted] = [0, null, false, false];
  if (!may("event:subscribe")) {
    following.value = { ...following.value, state: "forbidden", older: false };
    return () => {};
  }
  const ends = [
    listen((message) => {
      if (message.event_type === "task" && (message.data as { task_id: string }).task_id === task) void readNew(task);
    }),
    follow(`task:${task}`),
    onCatchUp(() => void readNew(task)),
  ];
  void begin(task);
  return () => {
    ends.forEach((end) => end());
    if (following.value?.task === task) following.value = null;
  };
}

/** What came lately; where that is nothing, further back. */
async function begin(task: string): Promise<void> {
  running = true;
  for (; following.value?.task === task; span += 1) {
    const read = await readFrom(task, since());
    if (read === null || following.value?.task !== task) break;
    const all = span >= SPANS.length - 1;
    set(task, { log: join(EMPTY, read, "after"), state: "live", older: !all });
    if (read.length > 0 || all) break;
  }
  running = false;
  if (wanted) await readNew(task);
}

const since = (): string | null => {
  const back = SPANS[span];
  return back ? new Date(serverNow() - back).toISOString() : null;
};

function set(task: string, some: Partial<Following>): void {
  const now = following.value;
  if (now?.task === task) following.value = { ...now, ...some };
}

const address = (task: string, search: string) => `/api/v1/tasks/${encodeURIComponent(task)}/events${search}`;

/** All from a time on, to the end of the log; null where it broke off. */
async function readFrom(task: string, from: string | null): Promise<Event[] | null> {
  const found: Event[] = [];
  let search = query({ since: from, limit: PAGE });
  for (;;) {
    const reply = await ask<EventPage>(address(task, search));
    if (following.value?.task !== task) return null;
    if (!reply?.ok || !reply.body) {
      set(task, { state: "failed" });
      return null;
    }
    found.push(...events(parse(reply.text)));
    cursor = reply.body.cursor;
    if (!reply.body.next_cursor) return found;
    search = query({ after: cursor, limit: PAGE });
  }
}

/** What follows the last one that was read. One reading at a time; what is told of meanwhile is read after it. */
export async function readNew(task: string): Promise<void> {
  wanted = true;
  if (running || following.value?.task !== task) return;
  if (cursor === null) return begin(task);
  running = true;
  while (wanted && following.value?.task === task) {
    wanted = false;
    const reply: Reply<EventPage> | null = await ask<EventPage>(address(task, query({ after: cursor, limit: PAGE })));
    const now = following.value;
    if (now?.task !== task) break;
    if (!reply?.ok || !reply.body) {
      set(task, { state: "failed" });
      break;
    }
    const { text } = reply;
    const body: EventPage = reply.body;
    if (body.next_cursor) wanted = true;
    cursor = body.cursor;
    batch(() => set(task, { log: join(now.log, events(parse(text)), "after"), state: "live", lost: now.lost || body.recovered === false }));
  }
  running = false;
}

/** Further back than what is shown. */
export async function readEarlier(): Promise<void> {
  const now = following.value;
  if (!now || running || !now.older) return;
  running = true;
  const kept = cursor;
  span = Math.min(span + 1, SPANS.length - 1);
  const read = await readFrom(now.task, since());
  // The end of the log is where it was: what came meanwhile is read by what follows it.
  cursor = kept ?? cursor;
  const here = following.value;
  if (read !== null && here?.task === now.task) set(now.task, { log: join(here.log, read, "before"), older: span < SPANS.length - 1 });
  running = false;
  await readNew(now.task);
}

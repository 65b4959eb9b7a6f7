// A task's events as they come: read by cursor whenever the feed says that there is more. Never by the task's own socket,
// which would take the task from its agent.

import { batch, signal } from "@preact/signals";
import { EMPTY, type Event, type Log, events, join } from "../logic/events.ts";
import { parse } from "../logic/json.ts";
import { serverNow } from "./clock.ts";
import { follow, listen, onCatchUp } from "./feed.ts";
import { type Reply, type Trouble, ask, query, troubleOf } from "./http.ts";
import { may } from "./session.ts";

export interface Following {
  task: string;
  log: Log;
  /** "failed" with what was read before still shown. */
  state: "reading" | "live" | "failed" | "forbidden";
  /** What went wrong, where it failed. */
  trouble: Trouble | null;
  /** How far back was read: an hour, a day, all that is kept. */
  back: number;
  /** Whether events in between aren't kept any more. */
  lost: boolean;
}

export const following = signal<Following | null>(null);

const PAGE = 200;
const HOUR = 3_600_000;
/** How far back is read at first, and by each step further. Beyond, there is what is kept. */
const SPANS = [HOUR, 24 * HOUR, null] as const;
export const FURTHEST = SPANS.length - 1;
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
  following.value = { task, log: EMPTY, state: "reading", trouble: null, back: 0, lost: false };
  [span, cursor, running, wanted] = [0, null, false, false];
  if (!may("event:subscribe")) {
    following.value = { ...following.value, state: "forbidden" };
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
    set(task, { log: join(EMPTY, read, "after"), state: "live", back: span });
    if (read.length > 0 || span >= FURTHEST) break;
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
  // The place in the log counts once all up to it was read.
  let search = query({ since: from, limit: PAGE });
  for (;;) {
    const reply = await ask<EventPage>(address(task, search));
    if (following.value?.task !== task) return null;
    if (!reply?.ok || !reply.body) {
      set(task, { state: "failed", trouble: troubleOf(reply) });
      return null;
    }
    found.push(...events(parse(reply.text)));
    if (!reply.body.next_cursor) {
      cursor = reply.body.cursor;
      return found;
    }
    search = query({ after: reply.body.cursor, limit: PAGE });
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
      set(task, { state: "failed", trouble: troubleOf(reply) });
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
  if (!now || running || now.back >= FURTHEST) return;
  running = true;
  const kept = cursor;
  span = Math.min(span + 1, FURTHEST);
  const read = await readFrom(now.task, since());
  // The end of the log is where it was: what came meanwhile is read by what follows it.
  cursor = kept ?? cursor;
  const here = following.value;
  if (read !== null && here?.task === now.task) set(now.task, { log: join(here.log, read, "before"), back: span });
  running = false;
  await readNew(now.task);
}

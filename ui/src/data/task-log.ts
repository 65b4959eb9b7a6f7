// The log of a task, as it comes: read by cursor whenever the feed says that there is more. Never by the task's own
// socket, which would take the task from its agent.

import { signal } from "@preact/signals";
import { type Json, at, parse } from "../logic/json.ts";
import { serverNow } from "./clock.ts";
import { follow, listen, onCatchUp } from "./feed.ts";
import { type Reply, ask, query } from "./http.ts";
import type { Trouble } from "./operations.ts";

export interface TaskEvent {
  event_type: string;
  timestamp: string;
  run_id?: string | null;
  session_id?: string | null;
  /** Digits kept. */
  data: Json;
  cursor: string;
}
interface LogPage {
  items: TaskEvent[];
  next_cursor?: string | null;
  cursor: string;
  recovered?: boolean | null;
}

export const MOST_EVENTS = 500;
/** What was just before one came to look. */
const BEFORE = 3_600_000;

export interface Log {
  items: TaskEvent[];
  /** From the oldest that is kept, or from an hour ago. */
  whole: boolean;
  /** Older ones were left out here. */
  cut: boolean;
  /** Events in between are no longer kept. */
  gap: boolean;
}
export const log = signal<Log | null>(null);
export const logTrouble = signal<Trouble | null>(null);

let task = "";
let after: string | null = null;
let reading = false;
let again = false;
let turn = 0;

export function keepLog(name: string): () => void {
  task = name;
  begin(false);
  const ends = [
    follow(`task:${name}`),
    listen((message) => {
      if (message.event_type === "task" && (message.data as { task_id: string }).task_id === name) void more();
    }),
    onCatchUp(() => void more()),
  ];
  return () => {
    ends.forEach((end) => end());
    turn += 1;
    log.value = null;
    logTrouble.value = null;
  };
}

export const fromTheBeginning = (): void => begin(true);

function begin(whole: boolean): void {
  turn += 1;
  after = null;
  reading = false;
  log.value = null;
  void more(whole);
}

/** Reads on from what was seen last. One reading at a time. */
async function more(whole = log.peek()?.whole ?? false): Promise<void> {
  if (reading) return void (again = true);
  reading = true;
  const mine = turn;
  let next: string | null | undefined;
  do {
    again = false;
    const since = after === null && !whole ? new Date(serverNow() - BEFORE).toISOString() : null;
    const reply: Reply<LogPage> | null = await ask<LogPage>(`/api/v1/tasks/${encodeURIComponent(task)}/events${query({ after, since, limit: 200 })}`);
    if (mine !== turn) return;
    if (!reply?.ok || !reply.body) {
      logTrouble.value = { status: reply?.status ?? 0, detail: reply?.detail ?? null, requestId: reply?.requestId ?? null };
      break;
    }
    logTrouble.value = null;
    const text = parse(reply.text);
    reply.body.items.forEach((it, index) => (it.data = at(text, ["items", String(index), "data"]) ?? null));
    add(reply.body, whole);
    next = reply.body.next_cursor;
  } while (next || again);
  reading = false;
}

function add(page: LogPage, whole: boolean): void {
  const before = log.peek();
  const items = [...(before?.items ?? []), ...page.items];
  after = page.cursor;
  if (before && page.items.length === 0) return;
  log.value = {
    items: items.slice(-MOST_EVENTS),
    whole,
    cut: (before?.cut ?? false) || items.length > MOST_EVENTS,
    gap: (before?.gap ?? false) || (before !== null && page.recovered === false),
  };
}

// What has ended, page by page, as the address wants it. Pages that are short, or empty, are read on without being
// asked: what counts is how far back was searched.

import { signal } from "@preact/signals";
import { type Wanted, params } from "../logic/past.ts";
import { listen } from "./feed.ts";
import { type Reply, ask, query } from "./http.ts";
import type { HistoryPage, Summary } from "./types.ts";

/** The first page is drawn at once; then as many as the strip needs to say something. */
const FIRST = 50;
const PAGE = 200;
const ENOUGH = 600;
/** A search for what is rare stops after so many, and says how far it came. */
const PAGES = 20;

export interface Past {
  items: readonly Summary[];
  /** How far back was searched; null where nothing was yet. */
  back: number | null;
  /** Whether that is all there is. */
  done: boolean;
  reading: boolean;
  trouble: Reply<unknown> | "broken" | null;
}

const NONE: Past = { items: [], back: null, done: false, reading: false, trouble: null };

export const past = signal<Past>(NONE);
/** What has ended since this was read: it isn't put in under the pointer. */
export const newer = signal<ReadonlySet<string>>(new Set());

let asked: Wanted | null = null;
let cursor: string | null = null;
let goal = ENOUGH;
let stop: AbortController | null = null;

/** Shows what these filters find. Returns what to call when it isn't shown any more. */
export function show(filters: Wanted): () => void {
  asked = filters;
  void anew();
  return () => {
    stop?.abort();
    stop = null;
  };
}

export async function anew(): Promise<void> {
  stop?.abort();
  cursor = null;
  goal = ENOUGH;
  newer.value = new Set();
  past.value = { ...NONE, reading: true };
  await readOn();
}

/** More of it, because the end of the list is in view, or because a page broke off. */
export async function more(): Promise<void> {
  const { reading, done, items } = past.value;
  if (reading || done) return;
  goal = Math.max(goal, items.length + PAGE);
  await readOn();
}

async function readOn(): Promise<void> {
  if (!asked) return;
  const mine = new AbortController();
  stop = mine;
  past.value = { ...past.value, reading: true, trouble: null };
  for (let page = 0; page < PAGES && !past.value.done && past.value.items.length < goal; page += 1) {
    const { items } = past.value;
    const search = query({ ...params(asked), view: "summary", limit: items.length === 0 && !cursor ? FIRST : PAGE, cursor });
    const reply = await ask<HistoryPage>(`/api/v1/approvals/history${search}`, { signal: mine.signal, patience: 30_000 });
    if (stop !== mine) return;
    if (!reply?.ok || !reply.body) {
      past.value = { ...past.value, reading: false, trouble: reply ?? "broken" };
      return;
    }
    cursor = reply.body.next_cursor;
    const back = reply.body.searched_back_to;
    past.value = { ...past.value, items: [...items, ...reply.body.items], back: back ? Date.parse(back) : past.value.back, done: cursor === null };
  }
  past.value = { ...past.value, reading: false };
}

/** Counts what ends while this is shown. */
export function keepCount(): () => void {
  const end = listen((message) => {
    const it = message.data as Summary;
    if (message.event_type !== "approval" || it.status === "pending" || newer.value.has(it.id)) return;
    if (past.value.items.some((one) => one.id === it.id)) return;
    newer.value = new Set([...newer.value, it.id]);
  });
  return end;
}

/** All that matches, as a file: a plain link, for a browser saves while it comes. */
export const csv = (filters: Wanted): string => `/api/v1/approvals/history${query({ ...params(filters), format: "csv", spreadsheet: true })}`;

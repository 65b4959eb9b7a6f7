// Every approval that this tab knows of, by id: the newest version wins, wherever it came from.

import { batch, computed, signal } from "@preact/signals";
import { decidable } from "../logic/groups.ts";
import { apply, missing } from "../logic/merge.ts";
import { beginAnew, follow, listen, onCatchUp, phase } from "./feed.ts";
import { ask, query } from "./http.ts";
import type { Approval, Changes, Counts, Page, Summary } from "./types.ts";

const known = new Map<string, Summary>();
/** Raised whenever one has changed: who shows them looks again. */
export const changes = signal(0);
/** "loading" until the first page is there; "part" while more come behind. */
export const loaded = signal<"no" | "loading" | "part" | "all" | "failed">("no");
export const trouble = signal<{ status: number; detail: string | null; requestId: string | null } | null>(null);
const counted = signal<Counts | null>(null);

export const approvals = (): ReadonlyMap<string, Summary> => known;
export const approval = (id: string): Summary | undefined => known.get(id);

/** Until all are here the server's number; then exactly the first group's length. */
export const mine = computed(() => {
  void changes.value;
  return loaded.value === "all" ? decidable(known) : (counted.value?.mine ?? decidable(known));
});
export const pending = computed(() => {
  void changes.value;
  if (loaded.value !== "all") return counted.value?.all ?? 0;
  let sum = 0;
  for (const it of known.values()) if (it.status === "pending") sum += 1;
  return sum;
});

type Told = (changed: ReadonlySet<string>, before: ReadonlyMap<string, Summary | undefined>) => void;
const watchers = new Set<Told>();
/** Told of each approval that has changed, before it is drawn. */
export function watch(told: Told): () => void {
  watchers.add(told);
  return () => watchers.delete(told);
}

let waiting: Summary[] = [];
let frame = 0;
/** Told of by the feed while a list was being read. */
let since = new Set<string>();

/** Takes what came, at once or with the next frame: a hundred changes a second make sixty drawings at most. */
export function take(items: readonly Summary[], at: "once" | "frame" = "once"): void {
  for (const item of items) since.add(item.id);
  waiting.push(...items);
  if (at === "once" || document.hidden) flush();
  else if (!frame) frame = requestAnimationFrame(flush);
}

function flush(): void {
  cancelAnimationFrame(frame);
  frame = 0;
  const items = waiting;
  waiting = [];
  const before = new Map(items.map((item) => [item.id, known.get(item.id)]));
  const changed = apply(known, items);
  if (changed.size === 0) return;
  batch(() => {
    for (const told of watchers) told(changed, before);
    changes.value += 1;
  });
}

/** Forgets what has ended and isn't shown any more. */
export function forget(ids: Iterable<string>): void {
  let any = false;
  for (const id of ids) if (known.get(id)?.status !== "pending") any = known.delete(id) || any;
  if (any) changes.value += 1;
}

// --- reading ---

const PAGE = 200;
let cursor: string | null = null;
let reading = false;
/** Asked for while a list was being read: done once that is there. */
let again: "no" | "changes" | "all" = "no";

/** Reads all that is pending, the soonest first, page by page: the first one is drawn at once. */
export async function readAll(): Promise<void> {
  if (reading) {
    again = "all";
    return;
  }
  reading = true;
  if (loaded.value === "no" || loaded.value === "failed") loaded.value = "loading";
  since = new Set();
  const begun = await ask<Changes>("/api/v1/approvals/changes");
  const listed = new Set<string>();
  let next: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof readPage>> = await readPage(next, loaded.value === "loading" ? 50 : PAGE);
    if (!page) {
      reading = false;
      again = "no";
      return tryLater(trouble.value?.status);
    }
    for (const item of page.items) listed.add(item.id);
    const told = since;
    take(page.items);
    since = told;
    next = page.next_cursor;
    if (next && loaded.value !== "all") loaded.value = "part";
  } while (next);
  reading = false;
  if (begun?.ok && begun.body) cursor = begun.body.cursor;
  const seen = new Set([...since].filter((id) => !listed.has(id)));
  await Promise.all(missing(known, listed, seen).slice(0, 50).map(readOne));
  loaded.value = "all";
  trouble.value = null;
  const wanted = again;
  again = "no";
  if (wanted !== "no") await (wanted === "all" ? readAll() : catchUp());
}

async function readPage(next: string | null, limit: number): Promise<Page<Summary> | null> {
  const search = query({ view: "summary", limit, cursor: next });
  const reply = await ask<Page<Summary>>(`/api/v1/approvals/pending${search}`);
  if (reply?.ok) return reply.body;
  if (loaded.value === "loading") loaded.value = "failed";
  trouble.value = { status: reply?.status ?? 0, detail: reply?.detail ?? null, requestId: reply?.requestId ?? null };
  return null;
}

/** What ended behind our back: asked about by itself, and told as it is. */
async function readOne(id: string): Promise<void> {
  const reply = await ask<Approval>(`/api/v1/approvals/${id}`);
  if (reply?.ok && reply.body) tell(reply.body);
  else if (reply?.status === 404) {
    known.delete(id);
    changes.value += 1;
  }
}

/** An approval that was read in full: its row knows at once how it stands. What I may do there is told by summaries. */
export function tell(it: Approval): void {
  const row = known.get(it.id);
  if (!row || it.version <= row.version) return;
  const over = it.status !== "pending";
  take([
    {
      ...row,
      status: it.status as Summary["status"],
      resolution: (it.resolution ?? null) as Summary["resolution"],
      resolved_via: it.resolved_via ?? null,
      resolved_by: it.resolved_by ?? null,
      resolved_for: it.resolved_for ?? null,
      resolved_at: it.resolved_at ?? null,
      updated_at: it.updated_at,
      expires_at: it.expires_at,
      version: it.version,
      ...(over ? { can_decide: false, can: [], why_not: "ended" as const, progress: null } : {}),
    },
  ]);
}

/** What was missed since the last time; all anew where that can't be told. */
export async function catchUp(): Promise<void> {
  if (reading) {
    if (again === "no") again = "changes";
    return;
  }
  if (loaded.value !== "all" || cursor === null) return readAll();
  const reply = await ask<Changes>(`/api/v1/approvals/changes${query({ after: cursor })}`);
  if (!reply?.ok || !reply.body) return reply?.status === 422 ? readAll() : tryLater(reply?.status);
  if (reply.body.restored) return beginAnew();
  take(reply.body.items);
  if (!reply.body.complete) return readAll();
  cursor = reply.body.cursor;
}

/** What could not be read is missed, though the feed is there: asked for once more. Without a feed that comes with the next one. */
let timer: ReturnType<typeof setTimeout> | undefined;
function tryLater(status = 0): void {
  clearTimeout(timer);
  if (status === 0 || status >= 429) timer = setTimeout(() => phase.value === "open" && void catchUp(), 2000);
}

/** Keeps the map true for as long as the app is open: subscribe, then read, then take what came meanwhile. */
export function keep(): () => void {
  const ends = [
    follow("approvals"),
    follow("counts"),
    listen((message) => {
      if (message.event_type === "approval") take([message.data as Summary], "frame");
      else if (message.event_type === "counts") counted.value = message.data as Counts;
    }),
    onCatchUp((anew) => void (anew ? readAll() : catchUp())),
  ];
  void readAll();
  return () => {
    ends.forEach((end) => end());
    clearTimeout(timer);
  };
}

export async function found(q: string, signal: AbortSignal): Promise<Set<string> | null> {
  const search = query({ view: "summary", q, limit: PAGE });
  const reply = await ask<Page<Summary>>(`/api/v1/approvals/pending${search}`, { signal });
  if (!reply?.ok || !reply.body) return null;
  take(reply.body.items);
  return new Set(reply.body.items.map((item) => item.id));
}

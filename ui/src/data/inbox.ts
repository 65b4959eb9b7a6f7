// The inbox's list as it is shown: what is held back, what stays though it has ended, what is selected and current.

import { computed, effect, signal } from "@preact/signals";
import { type Filters, type Groups, NO_FILTERS, groups, isFiltered, passes } from "../logic/groups.ts";
import { range, still } from "../logic/bulk.ts";
import { query, route, setQuery } from "../router.ts";
import { approvals, changes, forget, found as ask, loaded, watch } from "./approvals.ts";
import { answering } from "./answering.ts";

/** How long a row that has ended can be read at least. */
const LINGER = 4000;

export const filters = computed<Filters>(() => {
  const given = query.value;
  return { q: given.get("q") ?? "", workflow: given.getAll("workflow"), type: given.getAll("type"), by: given.getAll("by") };
});
export const filtered = computed(() => isFiltered(filters.value));

export function filter(some: Partial<Filters>): void {
  setQuery(some as Record<string, string | readonly string[]>);
}
export const noFilter = (): void => filter(NO_FILTERS);

// --- what the server finds by words that summaries don't have ---

const found = signal<Set<string> | null>(null);
effect(() => {
  const { q } = filters.value;
  found.value = null;
  if (!q) return;
  const stop = new AbortController();
  const timer = setTimeout(() => void ask(q, stop.signal).then((ids) => {
    if (!stop.signal.aborted) found.value = ids;
  }), 250);
  return () => {
    clearTimeout(timer);
    stop.abort();
  };
});

// --- held back, and staying ---

/** Whether the list is being used, pointed at or scrolled: then nothing moves in it. */
const busy = signal(false);
export const selecting = signal(false);
export const selected = signal<ReadonlySet<string>>(new Set());
/** While selecting: whether one of them is being looked at. */
export const opening = signal(false);
/** The places of the rows when it began to be used, or selecting began: the list stands still. */
const stood = signal<ReadonlyMap<string, number> | null>(null);
/** The row that had the focus or the pointer last: keys mean it. */
export const touched = signal<string | null>(null);
/** The row with the focus, and the one under the pointer. */
export const focused = signal<string | null>(null);
export const pointed = signal<string | null>(null);

const held = signal<ReadonlySet<string>>(new Set());
const stays = signal<ReadonlyMap<string, "mine" | "others">>(new Map());
const until = new Map<string, number>();

export const current = computed(() => {
  const here = route.value;
  return here.page === "inbox" || here.page === "approval" ? here.id : null;
});

export const heldBack = computed(() => {
  void changes.value;
  let sum = 0;
  for (const id of held.value) {
    const item = approvals().get(id);
    if (item?.status === "pending" && passes(item, filters.value, found.value)) sum += 1;
  }
  return sum;
});

export function release(): void {
  if (held.value.size > 0) held.value = new Set();
}

export function use(): void {
  if (busy.value) return;
  busy.value = true;
  if (!selecting.value) stand();
}

export function rest(): void {
  busy.value = false;
  if (selecting.value) return;
  stood.value = null;
  release();
}

function stand(): void {
  stood.value = new Map(rows.value.map((id, place) => [id, place]));
}

/** Stays where it was: it has ended, or has become another's, while it could be seen. */
watch((changed, before) => {
  const [hold, stay] = [new Set(held.value), new Map(stays.value)];
  for (const id of changed) {
    const [now, then] = [approvals().get(id), before.get(id)];
    if (!now) continue;
    if (!then && now.status === "pending" && (busy.value || selecting.value) && loaded.value === "all") hold.add(id);
    if (then?.status === "pending" && !hold.has(id) && !stay.has(id)) {
      const moved = now.status !== "pending" || now.can_decide !== then.can_decide;
      if (moved) {
        stay.set(id, then.can_decide ? "mine" : "others");
        until.set(id, Date.now() + LINGER);
      }
    }
    if (now.status !== "pending") hold.delete(id);
  }
  held.value = hold;
  stays.value = stay;
  sweepLater();
});

let timer: ReturnType<typeof setTimeout> | undefined;
function sweepLater(): void {
  clearTimeout(timer);
  if (stays.value.size > 0) timer = setTimeout(sweep, LINGER + 50);
}

/** Lets go of what has stood long enough and isn't looked at. */
function sweep(): void {
  const left = new Map(stays.value);
  const gone: string[] = [];
  for (const id of left.keys()) {
    const looked = id === current.value || id === touched.value || id === focused.value || selected.value.has(id) || answering(id);
    if (looked || (until.get(id) ?? 0) > Date.now() || selecting.value || busy.value) continue;
    left.delete(id);
    until.delete(id);
    gone.push(id);
  }
  if (gone.length > 0) stays.value = left;
  forget(gone);
  sweepLater();
}
effect(() => {
  void current.value;
  void touched.value;
  sweepLater();
});

// --- the rows ---

export const shown = computed<Groups>(() => {
  void changes.value;
  const { mine, others } = groups(approvals(), filters.value, found.value, held.value, stays.value);
  return { mine: still(mine, stood.value), others: still(others, stood.value) };
});
export const rows = computed(() => [...shown.value.mine, ...shown.value.others]);

/** How many of the first group's rows are still mine. */
export const mineShown = computed(() => {
  void changes.value;
  return shown.value.mine.filter((id) => isMine(id)).length;
});
export const isMine = (id: string): boolean => {
  const item = approvals().get(id);
  return item?.status === "pending" && item.can_decide;
};

// --- selecting ---

/** The one that was selected last: a range begins there. */
let last: string | null = null;

export function startSelecting(): void {
  if (selecting.value) return;
  stand();
  selecting.value = true;
}

export function pick(id: string): void {
  startSelecting();
  opening.value = false;
  last = id;
  const next = new Set(selected.value);
  if (next.has(id)) next.delete(id);
  else if (isMine(id)) next.add(id);
  selected.value = next;
}

/** All between the one before and this. */
export function pickTo(id: string): void {
  startSelecting();
  opening.value = false;
  const more = range(rows.value, last, id, isMine);
  if (isMine(id)) last = id;
  selected.value = new Set([...selected.value, ...more]);
}

/** All that are loaded, shown, and mine to decide. */
export function pickAll(): void {
  startSelecting();
  opening.value = false;
  selected.value = new Set([...selected.value, ...shown.value.mine.filter(isMine)]);
}

export function pickOnly(ids: readonly string[]): void {
  selected.value = new Set(ids);
}

export function stopSelecting(): void {
  selecting.value = false;
  opening.value = false;
  selected.value = new Set();
  stood.value = null;
  last = null;
  release();
  if (busy.value) stand();
}

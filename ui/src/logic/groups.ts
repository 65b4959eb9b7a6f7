// The inbox's list: which rows there are, in which order, which wait outside. Pure.

import type { Versioned } from "./merge.ts";

export interface Listed extends Versioned {
  created_at: string;
  expires_at: string;
  can_decide: boolean;
  title: string | null;
  workflow: string | null;
  approval_type: string;
  run_id: string;
  requested_by: string;
}

export interface Filters {
  q: string;
  workflow: readonly string[];
  type: readonly string[];
  by: readonly string[];
}

export const NO_FILTERS: Filters = { q: "", workflow: [], type: [], by: [] };
export const isFiltered = (filters: Filters): boolean =>
  filters.q !== "" || filters.workflow.length + filters.type.length + filters.by.length > 0;

/** `found` has ids that the server found by words that a summary doesn't have. */
export function passes(item: Listed, filters: Filters, found: ReadonlySet<string> | null): boolean {
  const one = (wanted: readonly string[], value: string | null) =>
    wanted.length === 0 || (value !== null && wanted.includes(value));
  if (!one(filters.workflow, item.workflow) || !one(filters.type, item.approval_type) || !one(filters.by, item.requested_by)) {
    return false;
  }
  if (!filters.q || found?.has(item.id)) return true;
  const words = filters.q.toLowerCase();
  return [item.title, item.approval_type, item.run_id, item.requested_by, item.workflow].some(
    (text) => text?.toLowerCase().includes(words),
  );
}

/** Soonest first; then the older one. */
export function order(a: Listed, b: Listed): number {
  if (a.expires_at !== b.expires_at) return a.expires_at < b.expires_at ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

export interface Groups {
  mine: string[];
  others: string[];
}

/**
 * The rows to show. What is `held` isn't shown yet; what `stays` is shown though it has ended, or isn't mine any more,
 * in the group and at the place where it was. `before` is what is shown now.
 */
export function groups(
  items: ReadonlyMap<string, Listed>,
  filters: Filters,
  found: ReadonlySet<string> | null,
  held: ReadonlySet<string>,
  stays: ReadonlyMap<string, "mine" | "others">,
): Groups {
  const sides: { mine: Listed[]; others: Listed[] } = { mine: [], others: [] };
  for (const item of items.values()) {
    const kept = stays.get(item.id);
    if (kept !== undefined) sides[kept].push(item);
    else if (item.status === "pending" && !held.has(item.id) && passes(item, filters, found)) {
      sides[item.can_decide ? "mine" : "others"].push(item);
    }
  }
  const ids = (list: Listed[]) => list.sort(order).map((item) => item.id);
  return { mine: ids(sides.mine), others: ids(sides.others) };
}

/** How many I can decide: the badge, the title, and the first group's own number. */
export function decidable(items: ReadonlyMap<string, Listed>): number {
  let sum = 0;
  for (const item of items.values()) if (item.status === "pending" && item.can_decide) sum += 1;
  return sum;
}

/** After an answer: the row that takes its position, else the one above; null where there is none. */
export function nextAfter(rows: readonly string[], current: string, gone: (id: string) => boolean): string | null {
  const index = rows.indexOf(current);
  if (index < 0) return rows.find((id) => !gone(id)) ?? null;
  const below = rows.slice(index + 1).find((id) => !gone(id));
  return below ?? rows.slice(0, index).findLast((id) => !gone(id)) ?? null;
}

/** Where `by` leads from `current` in `rows`, held at both ends; without a current one, from outside of them. */
export function step(rows: readonly string[], current: string | null, by: number): string | null {
  if (rows.length === 0) return null;
  const found = current === null ? -1 : rows.indexOf(current);
  const index = found < 0 && by < 0 ? rows.length : found;
  return rows[Math.max(0, Math.min(rows.length - 1, index + by))] ?? null;
}

// A task's events as they are shown: each once, in the order of the log, and not without end. Pure.

import { type Dict, type Json, isDict } from "./json.ts";

export interface Event {
  cursor: string;
  type: string;
  at: string;
  data: Json;
}

/** As it came, so that digits stay. What isn't an event is left out. */
export function events(page: Json): Event[] {
  const items = isDict(page) ? page.get("items") : null;
  if (!Array.isArray(items)) return [];
  return items.filter(isDict).flatMap((it) => {
    const [cursor, type, at] = [text(it, "cursor"), text(it, "event_type"), text(it, "timestamp")];
    return cursor && type && at ? [{ cursor, type, at, data: it.get("data") ?? null }] : [];
  });
}

export function text(it: Json, name: string): string | null {
  const value = isDict(it) ? (it as Dict).get(name) : null;
  return typeof value === "string" ? value : null;
}

export interface Log {
  events: readonly Event[];
  /** Whether some were left out, because there are too many. */
  cut: boolean;
}

export const EMPTY: Log = { events: [], cut: false };
export const MOST = 1000;

/** Puts what was read behind what is there, or before it. What is there already is not put in twice. */
export function join(log: Log, more: readonly Event[], where: "after" | "before"): Log {
  const known = new Set(log.events.map((it) => it.cursor));
  const fresh = more.filter((it) => !known.has(it.cursor) && known.add(it.cursor));
  if (fresh.length === 0) return log;
  const all = where === "after" ? [...log.events, ...fresh] : [...fresh, ...log.events];
  return { events: all.slice(-MOST), cut: log.cut || all.length > MOST };
}

/** One string by itself is shown as text; all else as what it is. */
export function only(data: Json): string | null {
  if (typeof data === "string") return data;
  if (!isDict(data) || data.size !== 1) return null;
  const [value] = data.values();
  return typeof value === "string" ? value : null;
}

// One answer to many: which calls are sent, what became of each approval, what may be asked again. A machine without a
// clock or a socket. Nothing is recorded before the server has said so.

import { BREATH, type Ended, type Reply } from "./answer.ts";

export type Verdict = "approve" | "reject";

/** Most approvals in one call. */
export const MOST = 200;

export interface Said {
  verdict: Verdict;
  comment: string;
  reason: string;
}

/** An approval after the call, as far as a line about it needs. */
export interface Told extends Ended {
  /** Who must still sign, where it is pending. */
  needs: string | null;
  feedback: string | null;
}

export type Fate =
  | { at: "sending" }
  /** `told` is left out by the server where an answer would be too large. */
  | { at: "recorded"; changed: boolean; told: Told | null }
  | { at: "late"; told: Told | null }
  | { at: "cancelled"; told: Told | null }
  | { at: "expired"; told: Told | null }
  | { at: "refused"; code: string | null; detail: string | null }
  | { at: "unknown"; status: number | null; request: string | null }
  /** The server says that nothing was begun, or the call was never made. */
  | { at: "unsent"; code: string | null };

export type Fates = ReadonlyMap<string, Fate>;

export type Stage =
  | { at: "choosing" }
  | { at: "asking"; verdict: Verdict; ids: readonly string[]; since: number }
  | { at: "sending"; said: Said; ids: readonly string[]; fates: Fates; sentAt: number }
  | { at: "told"; said: Said; ids: readonly string[]; fates: Fates; sentAt: number; took: number; until: number };

export const CHOOSING: Stage = { at: "choosing" };

/** The confirmation has its ids from here: none comes or goes under the pointer. */
export const ask = (verdict: Verdict, ids: readonly string[], now: number): Stage =>
  ids.length === 0 ? CHOOSING : { at: "asking", verdict, ids: [...ids], since: now };

/** A second click, and a key that is held, confirm nothing. A rejection says why. */
export const maySend = (stage: Stage, said: Said, now: number): boolean =>
  stage.at === "asking" && now - stage.since >= BREATH && (said.verdict === "approve" || said.reason.trim() !== "");

const sending: Fate = { at: "sending" };

export function begin(stage: Stage, said: Said, sentAt: number): Stage {
  if (stage.at !== "asking") return stage;
  return { at: "sending", said, ids: stage.ids, fates: new Map(stage.ids.map((id) => [id, sending])), sentAt };
}

/** Once more for those of which nothing is known, and those that were not begun: with the same words. */
export function again(stage: Stage, sentAt: number): Stage {
  if (stage.at !== "told" || sentAt < stage.until) return stage;
  const open = openOf(stage);
  if (open.length === 0) return stage;
  const fates = new Map(stage.fates);
  for (const id of open) fates.set(id, sending);
  return { at: "sending", said: stage.said, ids: stage.ids, fates, sentAt };
}

export function heard(stage: Stage, fates: Fates): Stage {
  return stage.at === "sending" ? { ...stage, fates: new Map([...stage.fates, ...fates]) } : stage;
}

/** All calls are over: what was never sent says so. `until`: before it, asking again would be too soon. */
export function finish(stage: Stage, now: number, until: number): Stage {
  if (stage.at !== "sending") return stage;
  const fates = new Map([...stage.fates].map(([id, fate]) => [id, fate.at === "sending" ? ({ at: "unsent", code: null } as Fate) : fate]));
  return { ...stage, at: "told", fates, took: now - stage.sentAt, until };
}

// --- calls ---

/** The ids that are to be sent, in calls of at most 200. */
export function calls(stage: Stage): string[][] {
  if (stage.at !== "sending") return [];
  const ids = stage.ids.filter((id) => stage.fates.get(id)?.at === "sending");
  const parts: string[][] = [];
  for (let from = 0; from < ids.length; from += MOST) parts.push(ids.slice(from, from + MOST));
  return parts;
}

/** The same words and ids make the same bytes. `digests`: of what the list shows. */
export function body({ verdict, comment, reason }: Said, ids: readonly string[], digests: (id: string) => string | null): string {
  const words = { ...(verdict === "reject" ? { reason: reason.trim() } : {}), ...(comment.trim() ? { comment: comment.trim() } : {}) };
  const items = ids.map((id) => {
    const digest = digests(id);
    return digest === null ? id : { id, digest };
  });
  return JSON.stringify({ ids: items, action: verdict, ...words });
}

/** What the server says of one approval. */
export interface Result {
  id: string;
  status: number;
  code: string | null;
  changed: boolean;
  told: Told | null;
}

const NOT_BEGUN = new Set(["overloaded", "draining", "rate_limited", "unauthenticated"]);

export function fate({ status, code, changed, told }: Result): Fate {
  if (status >= 200 && status < 300) return { at: "recorded", changed, told };
  if (code !== null && NOT_BEGUN.has(code)) return { at: "unsent", code };
  if (status >= 500) return { at: "unknown", status, request: null };
  if (status === 410) return { at: "expired", told };
  if (status === 409 && code === "cancelled") return { at: "cancelled", told };
  if (status === 409 && code === "already_decided") return { at: "late", told };
  return { at: "refused", code, detail: null };
}

/** What became of the ids of one call. A reply of null: it broke off. Results of null: the answer can't be read. */
export function fates(ids: readonly string[], reply: Reply | null, results: readonly Result[] | null): Map<string, Fate> {
  const all = (one: Fate) => new Map(ids.map((id) => [id, one]));
  if (reply === null) return all({ at: "unknown", status: null, request: null });
  const { status, code, detail, requestId: request } = reply;
  if (status >= 200 && status < 300) {
    const told = new Map((results ?? []).map((result) => [result.id, fate(result)]));
    return new Map(ids.map((id) => [id, told.get(id) ?? { at: "unknown", status, request }]));
  }
  if (status === 401 || status === 429 || (code !== null && NOT_BEGUN.has(code))) return all({ at: "unsent", code });
  if (status >= 500) return all({ at: "unknown", status, request });
  return all({ at: "refused", code, detail });
}

/** After one of these the calls that are left are not made: the same would become of them. */
export const stops = (reply: Reply | null): boolean => reply === null || reply.status >= 400;

// --- what it comes to ---

const isOpen = (it: Fate | undefined): boolean => it?.at === "unknown" || it?.at === "unsent";

/** Those that may be asked again; they stay selected. */
export const openOf = (stage: Stage): string[] => (stage.at === "told" ? stage.ids.filter((id) => isOpen(stage.fates.get(id))) : []);

export interface Sum {
  all: number;
  recorded: number;
  unknown: number;
  unsent: number;
  refused: number;
  sending: number;
}

export function sum(fates: Fates): Sum {
  const sum: Sum = { all: fates.size, recorded: 0, unknown: 0, unsent: 0, refused: 0, sending: 0 };
  for (const { at } of fates.values()) {
    if (at === "recorded" || at === "unknown" || at === "unsent" || at === "sending") sum[at] += 1;
    else sum.refused += 1;
  }
  return sum;
}

// --- selecting ---

/** With Shift: all that may be selected between the last one and this. */
export function range(rows: readonly string[], from: string | null, to: string, may: (id: string) => boolean): string[] {
  const [a, b] = [from === null ? -1 : rows.indexOf(from), rows.indexOf(to)];
  if (b < 0) return [];
  const [first, last] = a < 0 ? [b, b] : [Math.min(a, b), Math.max(a, b)];
  return rows.slice(first, last + 1).filter(may);
}

/** The rows as they stood when selecting began; what came since is behind them. */
export function still(ids: readonly string[], stood: ReadonlyMap<string, number> | null): string[] {
  if (stood === null) return [...ids];
  const place = (id: string) => stood.get(id) ?? Number.MAX_SAFE_INTEGER;
  return ids.map((id, index) => ({ id, index })).sort((a, b) => place(a.id) - place(b.id) || a.index - b.index).map(({ id }) => id);
}

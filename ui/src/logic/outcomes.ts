// How approvals ended and how long people took, from what the history lists. Pure.

export interface Outcome {
  status: string;
  resolution: string | null;
  resolved_via: string | null;
  resolved_by: string | null;
  approval_type: string;
  created_at: string;
  resolved_at: string | null;
}

export const KINDS = ["approved", "edited", "rejected", "expired", "cancelled"] as const;
export type Kind = (typeof KINDS)[number];

/** A timeout is no person's word, whichever way it went. */
export function kind(it: Outcome): Kind {
  if (it.status === "cancelled") return "cancelled";
  if (it.status === "expired") return "expired";
  if (it.resolution === "rejected") return "rejected";
  return it.resolution === "modified" ? "edited" : "approved";
}

export interface Buckets {
  /** The beginning of each, in seconds. */
  at: number[];
  counts: Record<Kind, number[]>;
  sums: Record<Kind, number>;
  all: number;
}

export function buckets(items: readonly Outcome[], from: number, to: number, step: number): Buckets {
  const first = Math.floor(from / step) * step;
  const length = Math.max(1, Math.floor(to / step) - first / step + 1);
  const at = Array.from({ length }, (_, index) => first + index * step);
  const counts = Object.fromEntries(KINDS.map((name) => [name, at.map(() => 0)])) as Record<Kind, number[]>;
  const sums = Object.fromEntries(KINDS.map((name) => [name, 0])) as Record<Kind, number>;
  let all = 0;
  for (const it of items) {
    if (!it.resolved_at) continue;
    const index = Math.floor((Date.parse(it.resolved_at) / 1000 - first) / step);
    if (index < 0 || index >= length) continue;
    const row = counts[kind(it)];
    row[index] = (row[index] ?? 0) + 1;
    sums[kind(it)] += 1;
    all += 1;
  }
  return { at, counts, sums, all };
}

export interface Took {
  name: string;
  count: number;
  /** Seconds: half were no slower, nine of ten were no slower. */
  half: number;
  most: number;
}

/** The nearest rank: a time that somebody really took. */
export function rank(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}

/** What people decided, by type or by person, the most frequent first. */
export function took(items: readonly Outcome[], by: "type" | "person", most = 6): Took[] {
  const groups = new Map<string, number[]>();
  for (const it of items) {
    if (it.status !== "resolved" || it.resolved_via !== "human" || !it.resolved_at) continue;
    const name = by === "type" ? it.approval_type : it.resolved_by;
    if (name === null) continue;
    const seconds = Math.max(0, (Date.parse(it.resolved_at) - Date.parse(it.created_at)) / 1000);
    const group = groups.get(name);
    if (group) group.push(seconds);
    else groups.set(name, [seconds]);
  }
  return [...groups]
    .map(([name, all]) => {
      const sorted = all.toSorted((a, b) => a - b);
      return { name, count: sorted.length, half: rank(sorted, 0.5), most: rank(sorted, 0.9) };
    })
    .toSorted((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
    .slice(0, most);
}

const AXIS: readonly [number, number] = [1, 36_000];

/** On a log axis from a second to ten hours, 0 to 100. */
export function onAxis(seconds: number): number {
  const [low, high] = AXIS;
  const within = Math.min(high, Math.max(low, seconds));
  return Math.round((Math.log(within / low) / Math.log(high / low)) * 1e4) / 100;
}
export const TICKS: readonly [number, string][] = [[1, "1 s"], [60, "1 min"], [3600, "1 h"]];

// What has ended: what is asked for, how it adds up, and how it lies in time. Pure.

export type Kind = "approved" | "modified" | "rejected" | "expired" | "cancelled";
export const KINDS: readonly Kind[] = ["approved", "modified", "rejected", "expired", "cancelled"];

export interface Ended {
  status: string;
  resolution: string | null;
  resolved_via: string | null;
  created_at: string;
  resolved_at: string | null;
}

/** A timeout is no answer, whichever way it went. */
export function kind(it: Pick<Ended, "status" | "resolution">): Kind {
  if (it.status === "cancelled" || it.status === "expired") return it.status;
  return it.resolution === "modified" || it.resolution === "rejected" ? it.resolution : "approved";
}

// --- what is asked for ---

/** As it stands in the address, by the API's own names but for `by`. */
export interface Wanted {
  q: string;
  workflow: string;
  by: string;
  status: string;
  resolution: string;
  decided_by: string;
  from: string;
  to: string;
}

const NAMES: readonly (keyof Wanted)[] = ["q", "workflow", "by", "status", "resolution", "decided_by", "from", "to"];

export function wanted(query: URLSearchParams): Wanted {
  return Object.fromEntries(NAMES.map((name) => [name, query.get(name)?.trim() ?? ""])) as unknown as Wanted;
}

export const NOTHING: Wanted = wanted(new URLSearchParams());

export const isWanted = (it: Wanted): boolean => NAMES.some((name) => it[name] !== "");

/** The API's query; `by` is its `requested_by`. */
export function params({ by, ...rest }: Wanted): Record<string, string> {
  return { ...rest, requested_by: by };
}

/** Two of the API's filters are one choice for people. */
export const OUTCOMES: Record<Kind, Pick<Wanted, "status" | "resolution">> = {
  approved: { status: "resolved", resolution: "approved" },
  modified: { status: "resolved", resolution: "modified" },
  rejected: { status: "resolved", resolution: "rejected" },
  expired: { status: "expired", resolution: "" },
  cancelled: { status: "cancelled", resolution: "" },
};

/** Which choice the address means; "other" for a pair that no choice makes. */
export function outcomeOf({ status, resolution }: Wanted): Kind | "" | "other" {
  if (!status && !resolution) return "";
  return KINDS.find((one) => OUTCOMES[one].status === status && OUTCOMES[one].resolution === resolution) ?? "other";
}

/** A field of a form has no zone: it means the reader's own time. */
export function toField(iso: string): string {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) return "";
  const date = new Date(time);
  const pad = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}T${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

export function fromField(text: string): string {
  const time = Date.parse(text);
  return text && !Number.isNaN(time) ? new Date(time).toISOString() : "";
}

// --- how it adds up ---

export type Totals = Record<Kind, number> & { all: number; median: number | null };

/** `median`: how long people took, of those that people answered. */
export function totals(items: Iterable<Ended>): Totals {
  const sum: Totals = { approved: 0, modified: 0, rejected: 0, expired: 0, cancelled: 0, all: 0, median: null };
  const took: number[] = [];
  for (const it of items) {
    sum[kind(it)] += 1;
    sum.all += 1;
    if (it.resolved_via === "human" && it.resolved_at) took.push(Date.parse(it.resolved_at) - Date.parse(it.created_at));
  }
  took.sort((a, b) => a - b);
  const middle = took.length >> 1;
  if (took.length > 0) sum.median = took.length % 2 === 1 ? (took[middle] as number) : ((took[middle - 1] as number) + (took[middle] as number)) / 2;
  return sum;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 7 * DAY, 28 * DAY, 364 * DAY];
const MOST = 60;

export type Bucket = { at: number } & Record<Kind, number>;

export interface Strip {
  from: number;
  to: number;
  step: number;
  buckets: Bucket[];
  /** The most in one bucket. */
  most: number;
}

/** At most 60 bars, of a length that has a name; they end at `to`. */
export function strip(items: Iterable<Ended>, from: number, to: number): Strip {
  const span = Math.max(MINUTE, to - from);
  const step = STEPS.find((one) => span / one <= MOST) ?? Math.ceil(span / MOST);
  const amount = Math.max(1, Math.ceil(span / step));
  const first = to - amount * step;
  const buckets: Bucket[] = Array.from({ length: amount }, (_, index) => ({ at: first + index * step, approved: 0, modified: 0, rejected: 0, expired: 0, cancelled: 0 }));
  let most = 0;
  for (const it of items) {
    if (!it.resolved_at) continue;
    const time = Date.parse(it.resolved_at);
    // What ended since `to` was looked at belongs to the last one.
    const index = Math.min(amount - 1, Math.floor((time - first) / step));
    const bucket = buckets[index];
    if (!bucket || index < 0) continue;
    bucket[kind(it)] += 1;
    most = Math.max(most, height(bucket));
  }
  return { from: first, to, step, buckets, most };
}

export const height = (bucket: Bucket): number => KINDS.reduce((sum, one) => sum + bucket[one], 0);

/** The part of the strip between two places of it, 0 to 1, to whole minutes; null where it is too short to mean it. */
export function brushed({ from, to }: Pick<Strip, "from" | "to">, a: number, b: number): { from: string; to: string } | null {
  const [low, high] = [Math.max(0, Math.min(a, b)), Math.min(1, Math.max(a, b))];
  if (high - low < 0.01) return null;
  const at = (part: number, round: (value: number) => number) => new Date(round((from + part * (to - from)) / MINUTE) * MINUTE).toISOString();
  const ends = { from: at(low, Math.floor), to: at(high, Math.ceil) };
  return ends.from < ends.to ? ends : null;
}

/** `3 ms`, `41 s`, `4 min 10 s`, `1 h 12 min`, `2 d 3 h`. */
export function took(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  const two = (big: number, bigWord: string, small: number, smallWord: string) => {
    const rest = Math.floor((ms % big) / small);
    return `${Math.floor(ms / big)} ${bigWord}${rest > 0 ? ` ${rest} ${smallWord}` : ""}`;
  };
  if (ms < HOUR) return two(MINUTE, "min", SECOND, "s");
  return ms < DAY ? two(HOUR, "h", MINUTE, "min") : two(DAY, "d", HOUR, "h");
}

/** In groups by the reader's own days, in the order given. */
export function days<T extends { resolved_at: string | null; created_at: string }>(items: readonly T[]): { day: number; items: T[] }[] {
  const groups: { day: number; items: T[] }[] = [];
  for (const it of items) {
    const day = new Date(Date.parse(it.resolved_at ?? it.created_at)).setHours(0, 0, 0, 0);
    const last = groups.at(-1);
    if (last?.day === day) last.items.push(it);
    else groups.push({ day, items: [it] });
  }
  return groups;
}

// Samples of several instances, put together for a plot, and what the plot says in words. Pure.

export interface Point {
  at: string;
  sockets: number;
  waiters: number;
  queued: { writes: number; reads: number };
  wakes: { local: number; redis: number; sweep: number };
  wake_delay: { count: number; p50_seconds?: number | null; p99_seconds?: number | null };
  decisions: number;
  commits: { count: number; mean_seconds?: number | null; longest_seconds: number };
  sweep_lag_seconds: number;
  bus_up: boolean;
}

export interface Samples {
  from: string;
  to: string;
  step_seconds: number;
  complete: boolean;
  instances: readonly { instance_id: string; points: readonly Point[] }[];
}

/** One moment of the whole service. Times in seconds. */
export interface Moment {
  at: number;
  p50: number | null;
  p99: number | null;
  /** A second. */
  local: number;
  redis: number;
  sweep: number;
  commits: number;
  mean: number | null;
  longest: number | null;
  queued: number;
  sweepLag: number;
  busUp: boolean;
}

const highest = (a: number | null, b: number | null | undefined): number | null => (b === null || b === undefined ? a : a === null ? b : Math.max(a, b));

/**
 * One row for each step in which an instance had something to tell. Percentiles can't be added up: that of the slowest
 * instance stands for all.
 */
export function moments(samples: Samples): Moment[] {
  const step = samples.step_seconds;
  const rows = new Map<number, Moment & { took: number }>();
  for (const { points } of samples.instances) {
    for (const it of points) {
      const at = Math.round(Date.parse(it.at) / 1000);
      const row = rows.get(at) ?? { at, p50: null, p99: null, local: 0, redis: 0, sweep: 0, commits: 0, mean: null, longest: null, queued: 0, sweepLag: 0, busUp: true, took: 0 };
      row.p50 = highest(row.p50, it.wake_delay.p50_seconds);
      row.p99 = highest(row.p99, it.wake_delay.p99_seconds);
      row.local += it.wakes.local / step;
      row.redis += it.wakes.redis / step;
      row.sweep += it.wakes.sweep / step;
      row.commits += it.commits.count;
      row.took += it.commits.count * (it.commits.mean_seconds ?? 0);
      row.mean = row.commits > 0 ? row.took / row.commits : null;
      if (it.commits.count > 0) row.longest = highest(row.longest, it.commits.longest_seconds);
      row.queued += it.queued.writes + it.queued.reads;
      row.sweepLag = Math.max(row.sweepLag, it.sweep_lag_seconds);
      row.busUp &&= it.bus_up;
      rows.set(at, row);
    }
  }
  return [...rows.values()].toSorted((a, b) => a.at - b.at).map(({ took: _, ...row }) => row);
}

/** Every step from the first to the last: where nothing was told there is a gap, not a line. */
export function evenly<T>(samples: Samples, rows: readonly Moment[], value: (row: Moment) => T): { at: number[]; values: (T | null)[] } {
  const step = samples.step_seconds;
  const by = new Map(rows.map((row) => [row.at, row]));
  const first = Math.ceil(Date.parse(samples.from) / 1000 / step) * step;
  const last = Math.floor(Date.parse(samples.to) / 1000 / step) * step;
  const offset = rows[0] ? ((rows[0].at % step) + step) % step : 0;
  const at: number[] = [];
  const values: (T | null)[] = [];
  for (let time = first - step + offset; time <= last; time += step) {
    const row = by.get(time);
    at.push(time);
    values.push(row ? value(row) : null);
  }
  return { at, values };
}

export interface Shares {
  local: number;
  redis: number;
  sweep: number;
  all: number;
}

/** By whom, as parts of 1. */
export function shares(samples: Samples, rows: readonly Moment[]): Shares {
  const sum = { local: 0, redis: 0, sweep: 0 };
  for (const row of rows) for (const key of ["local", "redis", "sweep"] as const) sum[key] += row[key];
  const all = sum.local + sum.redis + sum.sweep;
  const part = (value: number) => (all > 0 ? value / all : 0);
  return {
    local: part(sum.local),
    redis: part(sum.redis),
    sweep: part(sum.sweep),
    all: Math.round(all * samples.step_seconds),
  };
}

export interface Peak {
  /** The last value there is. */
  last: number;
  lastAt: number;
  /** The highest one. */
  most: number;
  mostAt: number;
  /** Far enough above what is usual to be told. */
  stands: boolean;
}

export function peak(rows: readonly Moment[], value: (row: Moment) => number | null): Peak | null {
  const known = rows.flatMap((row) => {
    const it = value(row);
    return it === null ? [] : [{ at: row.at, it }];
  });
  const last = known.at(-1);
  if (!last) return null;
  const most = known.reduce((found, one) => (one.it > found.it ? one : found), last);
  const middle = known.map((one) => one.it).toSorted((a, b) => a - b)[Math.floor(known.length / 2)] ?? 0;
  return { last: last.it, lastAt: last.at, most: most.it, mostAt: most.at, stands: most !== last && most.it > 2 * middle && most.it > 1.25 * last.it };
}

/** Decades around the values, two at least. */
export function decades(values: readonly (number | null)[], least: number): [number, number] {
  const known = values.filter((it): it is number => it !== null && it > 0);
  if (known.length === 0) return [least, least * 100];
  const low = Math.max(least, 10 ** Math.floor(Math.log10(Math.min(...known)) + 1e-9));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...known)) - 1e-9);
  return [low, Math.max(high, low * 100)];
}

/** A round number above all values: 1, 2, 3, 4, 5 or 8 times a power of ten. */
export function roof(most: number, least: number): number {
  if (most <= least) return least;
  const power = 10 ** Math.floor(Math.log10(most));
  return power * ([1, 2, 3, 4, 5, 8, 10].find((it) => it * power >= most - 1e-9) ?? 10);
}

/** The last minutes of it, for the sentence on top. */
export function recent(rows: readonly Moment[], since: number): { wakeP99: number | null; sweepLag: number | null } {
  let [wakeP99, sweepLag]: [number | null, number | null] = [null, null];
  for (const row of rows) {
    if (row.at * 1000 < since) continue;
    wakeP99 = highest(wakeP99, row.p99);
    sweepLag = highest(sweepLag, row.sweepLag);
  }
  return { wakeP99, sweepLag };
}

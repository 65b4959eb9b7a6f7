// Where the things of a plot lie: marks of time and of value, lines with gaps, bars on each other, labels apart. Pure.

export interface Line {
  values: (number | null)[];
  /** A variable of the style sheet. */
  color: string;
  /** Stands at the line's end, with its last value. */
  label: string;
}

export interface Spec {
  /** Bars are stacked, the first at the bottom. */
  kind: "lines" | "bars";
  /** In seconds, each a step after the one before. */
  at: number[];
  step: number;
  lines: Line[];
  log: boolean;
  range: [number, number];
  format: (value: number) => string;
  /** For the axis, where it is shorter. */
  tick: (value: number) => string;
}

/** Between two marks of time, in seconds: minutes, hours, a day. */
const ROUND = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440].map((minutes) => minutes * 60);
const DAY = 86_400;

/** Round times, by a clock that is `ahead` seconds of UTC. No two are nearer to each other than `least`. */
export function timeMarks(from: number, to: number, least: number, ahead: number): number[] {
  const step = ROUND.find((it) => it >= least) ?? Math.ceil(least / DAY) * DAY;
  const marks: number[] = [];
  for (let at = Math.ceil((from + ahead) / step) * step - ahead; at <= to; at += step) marks.push(at);
  return marks;
}

/** Each decade, or the bottom, the middle and the top. */
export function valueMarks({ log, range: [low, high] }: Pick<Spec, "log" | "range">): number[] {
  if (!log) return [low, (low + high) / 2, high];
  const marks: number[] = [];
  for (let value = low; value <= high * 1.001; value *= 10) marks.push(value);
  return marks;
}

/** From 0, the bottom, to 1, the top. */
export const height = (value: number, { log, range: [low, high] }: Pick<Spec, "log" | "range">): number =>
  log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);

export type Place = readonly [x: number, y: number] | null;
const pair = ([x, y]: readonly [number, number]) => `${x.toFixed(1)} ${y.toFixed(1)}`;

/** A path through all places. It breaks off where there is none. */
export const through = (places: readonly Place[]): string =>
  places.map((it, index) => (it ? `${places[index - 1] ? "L" : "M"}${pair(it)}` : "")).join("");

/** A dot for each place that has none beside it: no line would show it. */
export const alone = (places: readonly Place[]): string =>
  places.map((it, index) => (it && !places[index - 1] && !places[index + 1] ? `M${pair(it)}h0` : "")).join("");

/** From where to where each value goes that stands on those of the lines before; null where there is nothing to draw. */
export function stacked(lines: readonly Pick<Line, "values">[]): (readonly [from: number, to: number] | null)[][] {
  const sums: number[] = [];
  return lines.map(({ values }) =>
    values.map((value, index) => {
      if (!value) return null;
      const from = sums[index] ?? 0;
      sums[index] = from + value;
      return [from, from + value] as const;
    }),
  );
}

/** Moved down as far as it takes that no two are nearer than `least`; in the order they came. */
export function apart(places: readonly number[], least: number): number[] {
  const moved = [...places];
  let above = Number.NEGATIVE_INFINITY;
  for (const [index, y] of [...places.entries()].toSorted((a, b) => a[1] - b[1])) {
    above = Math.max(y, above + least);
    moved[index] = above;
  }
  return moved;
}

/** The one that is pointed at, from 0, the left edge, to 1, the right one. */
export function pointed({ at, kind }: Pick<Spec, "at" | "kind">, part: number): number {
  const index = kind === "bars" ? Math.floor(part * at.length) : Math.round(part * (at.length - 1));
  return Math.min(at.length - 1, Math.max(0, index));
}

export const lastOf = (values: readonly (number | null)[]): number | null => values.findLast((it) => it !== null) ?? null;

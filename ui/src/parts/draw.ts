// Draws plots with uPlot; a chunk of its own. Colours are the page's, read when they change; nothing is drawn unless the
// values, the size or the theme have changed.

import UPlot from "uplot";
import { clock } from "../logic/durations.ts";

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
  /** In seconds. */
  at: number[];
  step: number;
  lines: Line[];
  log: boolean;
  range: [number, number];
  format: (value: number) => string;
  /** For the axis, where it is shorter. */
  tick: (value: number) => string;
}

interface Looks {
  font: string;
  size: number;
  line: string;
  text: string;
  surface: string;
  colors: string[];
}

function looks(place: HTMLElement, spec: Spec): Looks {
  const probe = document.createElement("span");
  place.append(probe);
  const color = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const { fontFamily } = getComputedStyle(place);
  const size = 0.75 * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  const it = { font: `${size}px ${fontFamily}`, size, line: color("--line"), text: color("--text-3"), surface: color("--surface"), colors: spec.lines.map((line) => color(line.color)) };
  probe.remove();
  return it;
}

const stack = (lines: readonly Line[]): (number | null)[][] => {
  const sums: number[][] = [];
  for (const { values } of lines) {
    const below = sums.at(-1);
    sums.push(values.map((value, index) => (value ?? 0) + (below?.[index] ?? 0)));
  }
  // Nothing is drawn where there is nothing: not even an edge.
  return sums.map((sum, index) => sum.map((value, at) => (lines[index]?.values[at] ? value : null)));
};

/** The highest sum is drawn first, and the next ones over it. */
const data = (spec: Spec): UPlot.AlignedData => [spec.at, ...(spec.kind === "bars" ? stack(spec.lines).toReversed() : spec.lines.map((line) => line.values))];

function options(spec: Spec, look: Looks, size: { width: number; height: number }, hover: (text: string | null) => void): UPlot.Options {
  const bars = spec.kind === "bars";
  const order = bars ? look.colors.toReversed() : look.colors;
  const rem = look.size / 0.75;
  const paths = bars ? UPlot.paths.bars?.({ size: [0.86, 64], align: 1 }) : undefined;
  const axis = { stroke: look.text, font: look.font, ticks: { show: false } };
  return {
    ...size,
    padding: [rem * 0.5, bars ? rem * 0.5 : longest(spec, look) + 10, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: true, range: (_, low, high) => (low === null ? [0, 1] : [low, bars ? high + spec.step : high]) as [number, number] },
      y: { distr: spec.log ? 3 : 1, range: spec.range },
    },
    axes: [
      { ...axis, grid: { show: false }, size: rem * 1.375, gap: rem * 0.25, space: rem * 5, values: (_, at) => at.map((time) => (nearEnd(spec, time) ? "" : clock(time * 1000))) },
      { ...axis, grid: { stroke: look.line, width: 1 }, size: rem * 3.25, gap: rem * 0.375, splits: () => splits(spec), values: (_, at) => at.map((value) => (value === null ? "" : spec.tick(value))), filter: (_, at) => at },
    ],
    series: [
      {},
      ...order.map((color) =>
        bars
          ? { stroke: look.surface, width: 1, fill: color, points: { show: false }, ...(paths ? { paths } : {}) }
          : { stroke: color, width: 2, points: { show: lonely(spec), size: 5, fill: color }, spanGaps: false },
      ),
    ],
    hooks: {
      draw: bars ? [] : [(plot) => ends(plot, spec, look)],
      setCursor: [(plot) => hover(told(spec, plot.cursor.idx))],
    },
  };
}

/** Where gaps leave a value by itself, no line would show it. */
const lonely = (spec: Spec) => spec.lines.some(({ values }) => values.some((it, index) => it !== null && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null));

/** Would run into the axis beside it, or out of the picture. */
const nearEnd = (spec: Spec, time: number): boolean => {
  const [first = 0, last = 0] = [spec.at[0], spec.at.at(-1)];
  const edge = (last - first) * 0.05;
  return time - first < edge || (spec.kind === "bars" && last + spec.step - time < edge);
};

const atEnd = ({ label, values }: Line, spec: Spec): string => {
  const value = values.findLast((it) => it !== null);
  return value === null || value === undefined ? "" : `${label} ${spec.format(value)}`;
};

/** How wide the longest of the labels is that stand at the ends of lines. */
function longest(spec: Spec, look: Looks): number {
  const pen = document.createElement("canvas").getContext("2d");
  if (!pen) return look.size * 6;
  pen.font = `600 ${look.font}`;
  return Math.ceil(Math.max(0, ...spec.lines.map((line) => pen.measureText(atEnd(line, spec)).width)));
}

function splits(spec: Spec): number[] {
  const [low, high] = spec.range;
  if (!spec.log) return [0, high / 2, high];
  const at: number[] = [];
  for (let value = low; value <= high * 1.001; value *= 10) at.push(value);
  return at;
}

function told(spec: Spec, index: number | null | undefined): string | null {
  const time = index === null || index === undefined ? undefined : spec.at[index];
  if (time === undefined) return null;
  const values = spec.lines.flatMap((line) => {
    const value = line.values[index ?? 0];
    return value === null || value === undefined ? [] : [`${line.label} ${spec.format(value)}`];
  });
  return [clock(time * 1000), ...values].join("  ");
}

/** The last value at each line's end; no two over each other. */
function ends(plot: UPlot, spec: Spec, look: Looks): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const labels = spec.lines.flatMap((line, index) => {
    const at = line.values.findLastIndex((it) => it !== null);
    const value = line.values[at];
    if (value === null || value === undefined) return [];
    return [{ text: atEnd(line, spec), color: look.colors[index] ?? "", y: plot.valToPos(value, "y", true) }];
  });
  labels.sort((a, b) => a.y - b.y);
  const apart = look.size * 1.4 * ratio;
  labels.forEach((label, index) => {
    const above = labels[index - 1];
    if (above) label.y = Math.max(label.y, above.y + apart);
  });
  ctx.save();
  ctx.font = `600 ${look.size * ratio}px ${look.font.slice(look.font.indexOf("px ") + 3)}`;
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  for (const label of labels) {
    ctx.fillStyle = label.color;
    ctx.fillText(label.text, bbox.left + bbox.width + 6 * ratio, label.y);
  }
  ctx.restore();
}

export interface Drawn {
  update(spec: Spec): void;
  /** Colours or type have changed. */
  again(): void;
  end(): void;
}

/** Draws into a place that has a size by itself. */
export function draw(place: HTMLElement, first: Spec, hover: (text: string | null) => void): Drawn {
  let spec = first;
  let plot: UPlot | null = null;
  const size = () => ({ width: Math.max(80, Math.floor(place.clientWidth)), height: Math.max(60, Math.floor(place.clientHeight)) });
  const make = () => {
    plot?.destroy();
    plot = new UPlot(options(spec, looks(place, spec), size(), hover), data(spec), place);
  };
  make();
  let frame = 0;
  const watch = new ResizeObserver(() => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => {
      const { width, height } = size();
      if (plot && (plot.width !== width || plot.height !== height)) plot.setSize({ width, height });
    });
  });
  watch.observe(place);
  return {
    update(next) {
      spec = next;
      make();
    },
    again: make,
    end() {
      cancelAnimationFrame(frame);
      watch.disconnect();
      plot?.destroy();
      plot = null;
    },
  };
}

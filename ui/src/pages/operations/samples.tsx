// Plots of the samples: how long who waited was kept waiting, who woke them, how long a commit takes.

import { useMemo } from "preact/hooks";
import { type Range, samples, samplesTrouble } from "../../data/operations.ts";
import { clock, number } from "../../logic/durations.ts";
import type { Spec } from "../../logic/plot.ts";
import { type Moment, type Samples, decades, evenly, moments, peak, roof, shares } from "../../logic/series.ts";
import { type Cells, PlotCard } from "../../parts/plot.tsx";
import { milliseconds, operations as words, percent } from "../../words-operations.ts";
import { Card, Failed, Loading } from "./pieces.tsx";

interface CardProps {
  range: Range;
  wide?: 4 | 6;
}

const time = (seconds: number) => clock(seconds * 1000);
const maybe = (value: number | null, format: (value: number) => string) => (value === null ? words.none : format(value));
const rangeWords = (range: Range) => words.rangeWords[range] ?? "";

/** Told once for each answer, however often the page is drawn. */
function useRows(): { it: Samples; rows: Moment[] } | null {
  const it = samples.value;
  return useMemo(() => it && { it, rows: moments(it) }, [it]);
}

function Waiting({ title, wide }: { title: string; wide: 4 | 6 }) {
  return (
    <Card title={title} wide={wide}>
      {samplesTrouble.value ? <Failed it={samplesTrouble.value} /> : <Loading lines={5} />}
    </Card>
  );
}

const table = (rows: readonly Moment[], columns: readonly string[], cells: (row: Moment) => string[]): Cells => ({
  columns: [words.at, ...columns],
  rows: rows.toReversed().map((row) => [time(row.at), ...cells(row)]),
});

const logSpec = (it: Samples, rows: readonly Moment[], lines: readonly { value: (row: Moment) => number | null; color: string; label: string }[], least: number): Spec => {
  const made = lines.map(({ value, ...line }) => ({ ...line, values: evenly(it, rows, value).values }));
  const range = decades(made.flatMap((line) => line.values), least);
  // Nothing lies below the axis: what was faster than that stands on it.
  for (const line of made) line.values = line.values.map((value) => (value === null ? null : Math.max(range[0], value)));
  return { kind: "lines", at: evenly(it, rows, (row) => row.at).at, step: it.step_seconds, lines: made, log: true, range, format: milliseconds, tick: milliseconds };
};

export function Latency({ range, wide = 6 }: CardProps) {
  const known = useRows();
  const spec = useMemo(
    () => known && logSpec(known.it, known.rows, [{ value: (row) => row.p99, color: "--p2", label: "p99" }, { value: (row) => row.p50, color: "--p1", label: "p50" }], 0.0001),
    [known],
  );
  const own = words.latency;
  if (!known || !spec) return <Waiting title={own.title} wide={wide} />;
  const high = peak(known.rows, (row) => row.p99);
  const several = known.it.instances.length > 1 ? ` ${own.slowest}` : "";
  const finding = high
    ? `${own.now(milliseconds(high.last), time(high.lastAt))}${high.stands ? own.most(milliseconds(high.most), time(high.mostAt)) : ""}.${several}`
    : own.none(rangeWords(range));
  const cells = () => table(known.rows.filter((row) => row.p99 !== null), own.columns, (row) => [maybe(row.p50, milliseconds), maybe(row.p99, milliseconds)]);
  return <PlotCard title={own.title} what={own.what} finding={finding} spec={high && spec} table={cells} wide={wide} />;
}

const SOURCES = [["local", "--p1"], ["redis", "--p3"], ["sweep", "--p2"]] as const;
const rate = (value: number) => (value === 0 ? "0" : value < 10 ? value.toFixed(2) : number(Math.round(value)));

export function Sources({ range, wide = 6 }: CardProps) {
  const known = useRows();
  const own = words.sources;
  const spec = useMemo((): Spec | null => {
    if (!known) return null;
    const { it, rows } = known;
    const most = Math.max(0, ...rows.map((row) => row.local + row.redis + row.sweep));
    const high = roof(most, 0.1);
    return {
      kind: "bars",
      at: evenly(it, rows, (row) => row.at).at,
      step: it.step_seconds,
      lines: SOURCES.map(([key, color]) => ({ color, label: own.names[key] ?? key, values: evenly(it, rows, (row) => row[key]).values })),
      log: false,
      range: [0, high],
      format: (value) => `${rate(value)}/s`,
      tick: (value) => (value === 0 ? "0" : `${Number(value.toPrecision(3))}/s`),
    };
  }, [known]);
  if (!known || !spec) return <Waiting title={own.title} wide={wide} />;
  const part = shares(known.it, known.rows);
  const finding = part.all === 0 ? own.none(rangeWords(range)) : `${own.all(part.all, rangeWords(range))}${part.sweep < 0.02 ? own.fine : own.missed(percent(part.sweep))}.`;
  const cells = () => table(known.rows, SOURCES.map(([key]) => own.names[key] ?? key), (row) => SOURCES.map(([key]) => `${rate(row[key])}/s`));
  const legend = SOURCES.map(([key, color]) => ({ color: `is${color}`, text: `${own.names[key] ?? key} ${percent(part[key])}` }));
  return <PlotCard title={own.title} what={own.what} finding={finding} spec={part.all > 0 ? spec : null} table={cells} wide={wide} legend={legend} />;
}

export function Commits({ range, wide = 6 }: CardProps) {
  const known = useRows();
  const own = words.commits;
  const spec = useMemo(
    () => known && logSpec(known.it, known.rows, [{ value: (row) => row.longest, color: "--p2", label: own.longest }, { value: (row) => row.mean, color: "--p1", label: own.mean }], 0.0001),
    [known],
  );
  if (!known || !spec) return <Waiting title={own.title} wide={wide} />;
  const high = peak(known.rows, (row) => row.longest);
  const all = known.rows.reduce((sum, row) => sum + row.commits, 0);
  const mean = known.rows.reduce((sum, row) => sum + row.commits * (row.mean ?? 0), 0) / Math.max(1, all);
  const line = peak(known.rows, (row) => row.queued);
  const queued = line && line.most > 0 ? own.queued(line.most, time(line.mostAt)) : "";
  const finding = high ? `${own.finding(milliseconds(mean), milliseconds(high.most), time(high.mostAt))}${queued}.` : own.none(rangeWords(range));
  const cells = () =>
    table(known.rows.filter((row) => row.commits > 0), own.columns, (row) => [maybe(row.mean, milliseconds), maybe(row.longest, milliseconds), number(row.commits), number(row.queued)]);
  return <PlotCard title={own.title} what={own.what} finding={finding} spec={high && spec} table={cells} wide={wide} />;
}

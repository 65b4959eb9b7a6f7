// How approvals ended, and how long people took: from the newest of the history, and it says so where they aren't all.

import { useMemo, useState } from "preact/hooks";
import { MOST_OUTCOMES, type Range, outcomes, outcomesTrouble } from "../../data/operations.ts";
import { clock, number, short } from "../../logic/durations.ts";
import { KINDS, type Kind, TICKS, type Took, buckets, onAxis, took } from "../../logic/outcomes.ts";
import type { Spec } from "../../logic/plot.ts";
import { roof } from "../../logic/series.ts";
import { PlotCard } from "../../parts/plot.tsx";
import { Plain } from "../../parts/small.tsx";
import { operations as words, percent } from "../../words-operations.ts";
import { Card, Failed, Loading } from "./pieces.tsx";

const COLOR: Record<Kind, string> = { approved: "--ok-plot", edited: "--edit", rejected: "--no", expired: "--late", cancelled: "--off" };
const STEP: Record<Range, number> = { "15m": 60, "1h": 300, "24h": 3600 };

export function Outcomes({ range, wide = 7 }: { range: Range; wide?: 4 | 7 }) {
  const it = outcomes.value;
  const own = words.outcomes;
  const sums = useMemo(() => {
    if (!it) return null;
    // Where not all were read, the plot begins with the oldest of them.
    const oldest = it.all ? it.from : Math.min(it.to, ...it.items.map((one) => Date.parse(one.resolved_at ?? "")).filter((at) => !Number.isNaN(at)));
    return buckets(it.items, oldest / 1000, it.to / 1000, STEP[range]);
  }, [it]);
  const spec = useMemo((): Spec | null => {
    if (!sums) return null;
    const most = Math.max(0, ...sums.at.map((_, index) => KINDS.reduce((sum, kind) => sum + (sums.counts[kind][index] ?? 0), 0)));
    const lines = KINDS.filter((kind) => sums.sums[kind] > 0).map((kind) => ({ color: COLOR[kind], label: own.names[kind], values: sums.counts[kind] as (number | null)[] }));
    return { kind: "bars", at: sums.at, step: STEP[range], lines, log: false, range: [0, roof(most, 4)], format: number, tick: number };
  }, [sums]);
  if (!it || !sums || !spec) {
    return (
      <Card title={own.title} wide={wide}>
        {outcomesTrouble.value ? <Failed it={outcomesTrouble.value} /> : <Loading lines={5} />}
      </Card>
    );
  }
  const there = KINDS.filter((kind) => sums.sums[kind] > 0);
  const parts = there.map((kind) => `${percent(sums.sums[kind] / sums.all)} ${own.names[kind]}`).join(", ");
  const head = it.all ? own.all(sums.all, words.rangeWords[range] ?? "") : own.some(it.items.length);
  const finding = sums.all === 0 ? own.none(words.rangeWords[range] ?? "") : `${head}: ${parts}.`;
  const rows = () => sums.at.map((at, index) => [clock(at * 1000), ...KINDS.map((kind) => number(sums.counts[kind][index] ?? 0))]).toReversed();
  return (
    <PlotCard
      title={own.title}
      what={own.what}
      finding={finding}
      spec={sums.all > 0 ? spec : null}
      table={() => ({ columns: [words.at, ...KINDS.map((kind) => own.names[kind])], rows: rows() })}
      wide={wide}
      legend={there.map((kind) => ({ color: `is${COLOR[kind]}`, text: own.names[kind] }))}
    />
  );
}

export function TimeTaken() {
  const [by, setBy] = useState<"type" | "person">("type");
  const it = outcomes.value;
  const own = words.took;
  const groups = useMemo(() => (it ? took(it.items, by) : []), [it, by]);
  const choice = (
    <div class="seg" role="group" aria-label={own.by}>
      {(["type", "person"] as const).map((name) => (
        <button key={name} type="button" aria-pressed={by === name} onClick={() => setBy(name)}>
          {own[name]}
        </button>
      ))}
    </div>
  );
  return (
    <Card title={own.title} wide={5} tools={choice}>
      {!it ? (
        outcomesTrouble.value ? <Failed it={outcomesTrouble.value} /> : <Loading lines={4} />
      ) : groups.length === 0 ? (
        <p class="plot-s">{own.none}</p>
      ) : (
        <>
          <p class="plot-s">
            {own.finding}
            {it.all ? "" : own.some(Math.min(MOST_OUTCOMES, it.items.length))}.
          </p>
          <Rows groups={groups} mono={by === "type"} />
        </>
      )}
    </Card>
  );
}

function Rows({ groups, mono }: { groups: readonly Took[]; mono: boolean }) {
  return (
    <div class="plot-b ttd">
      {groups.map((it) => {
        const [half, most] = [onAxis(it.half), onAxis(it.most)];
        return (
          <div key={it.name} class="ttd-r">
            <span class={`clip ${mono ? "mono" : ""}`}>
              <Plain text={it.name} />
            </span>
            <svg viewBox="0 0 100 16" preserveAspectRatio="none" role="img" aria-label={words.took.row(it.name, short(it.half * 1000), short(it.most * 1000), it.count)}>
              <path class="grid-l" d="M0 8H100" vector-effect="non-scaling-stroke" />
              <path class="ttd-bar" d={`M0 8H${most}`} vector-effect="non-scaling-stroke" />
              <path class="ttd-half" d={`M${half} 3V13`} vector-effect="non-scaling-stroke" />
            </svg>
            <span class="num soft nowrap">
              {short(it.half * 1000)} <span class="muted">/ {short(it.most * 1000)}</span>
            </span>
          </div>
        );
      })}
      <div class="ttd-r" aria-hidden="true">
        <span />
        <div class="ttd-x">
          {TICKS.map(([seconds, text]) => (
            <span key={text} style={{ "--x": `${onAxis(seconds)}%` }}>
              {text}
            </span>
          ))}
        </div>
        <span />
      </div>
    </div>
  );
}

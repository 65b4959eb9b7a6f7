// Draws a plot. Its colours and its type are the style sheet's, so that only values and size make it be drawn anew.

import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { clock } from "../logic/durations.ts";
import { type Place, type Spec, alone, apart, height, lastOf, pointed, stacked, through, timeMarks, valueMarks } from "../logic/plot.ts";

interface Size {
  width: number;
  height: number;
  rem: number;
}

/** Of the picture: the plot's own edges, and where a moment and a value lie. */
function frame(spec: Spec, { width, height: tall, rem }: Size) {
  const bars = spec.kind === "bars";
  const longest = Math.max(0, ...spec.lines.map((line) => atEnd(spec, line).length));
  const left = rem * 3.25;
  // A letter of this size is some .46 of the root's wide.
  const right = Math.max(left + 1, width - (bars ? rem * 0.5 : longest * rem * 0.46 + 10));
  const [top, bottom] = [rem * 0.5, Math.max(rem, tall - rem * 1.375)];
  const first = spec.at[0] ?? 0;
  const last = (spec.at.at(-1) ?? 0) + (bars ? spec.step : 0);
  const x = (time: number) => left + ((time - first) / (last - first || 1)) * (right - left);
  const y = (value: number) => bottom - height(value, spec) * (bottom - top);
  return { rem, left, right, top, bottom, first, last, x, y };
}
type Frame = ReturnType<typeof frame>;

function atEnd(spec: Spec, { label, values }: Spec["lines"][number]): string {
  const value = lastOf(values);
  return value === null ? "" : `${label} ${spec.format(value)}`;
}

export function Drawing({ spec, label }: { spec: Spec; label: string }) {
  const place = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size | null>(null);
  const [under, setUnder] = useState<number | null>(null);
  useLayoutEffect(() => {
    const it = place.current;
    if (!it) return undefined;
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    const watch = new ResizeObserver(() => setSize({ width: it.clientWidth, height: it.clientHeight, rem }));
    watch.observe(it);
    return () => watch.disconnect();
  }, []);
  const where = useMemo(() => size && frame(spec, size), [spec, size]);
  const picture = useMemo(() => where && <Picture spec={spec} where={where} />, [where]);
  const point = (event: PointerEvent) => {
    if (!where || !place.current) return;
    const part = (event.clientX - place.current.getBoundingClientRect().left - where.left) / (where.right - where.left);
    setUnder(part < 0 || part > 1 ? null : pointed(spec, part));
  };
  const time = under === null ? undefined : spec.at[under];
  const line = time === undefined ? null : where?.x(time + (spec.kind === "bars" ? spec.step / 2 : 0));
  return (
    <div class="plot-b">
      <div ref={place} class="pl-c" role="img" aria-label={label} onPointerMove={point} onPointerLeave={() => setUnder(null)}>
        {where && (
          <svg aria-hidden="true">
            {line && <path class="pl-x" d={`M${line} ${where.top}V${where.bottom}`} />}
            {picture}
          </svg>
        )}
      </div>
      <p class="pl-hover" aria-hidden="true">
        {time !== undefined && told(spec, time, under ?? 0)}
      </p>
    </div>
  );
}

function told(spec: Spec, time: number, index: number): string {
  const values = spec.lines.flatMap(({ label, values }) => {
    const value = values[index] ?? null;
    return value === null ? [] : [`${label} ${spec.format(value)}`];
  });
  return [clock(time * 1000), ...values].join("  ");
}

function Picture({ spec, where }: { spec: Spec; where: Frame }) {
  return (
    <>
      <Axes spec={spec} where={where} />
      {spec.kind === "bars" ? <Bars spec={spec} where={where} /> : <Lines spec={spec} where={where} />}
    </>
  );
}

function Axes({ spec, where: { rem, left, right, bottom, first, last, x, y } }: { spec: Spec; where: Frame }) {
  const least = ((last - first) / (right - left)) * rem * 5;
  const edge = (last - first) * 0.05;
  // One at the very edge would run into the axis beside it, or out of the picture.
  const times = timeMarks(first, last, least, -60 * new Date(first * 1000).getTimezoneOffset()).filter((at) => at - first >= edge && last - at >= (spec.kind === "bars" ? edge : 0));
  return (
    <>
      {valueMarks(spec).map((value) => (
        <>
          <path class="pl-g" d={`M${left} ${y(value)}H${right}`} />
          <text x={left - rem * 0.375} y={y(value)} text-anchor="end">
            {spec.tick(value)}
          </text>
        </>
      ))}
      {times.map((at) => (
        <text x={x(at)} y={bottom + rem * 0.75} text-anchor="middle">
          {clock(at * 1000)}
        </text>
      ))}
    </>
  );
}

function Bars({ spec, where: { x, y } }: { spec: Spec; where: Frame }) {
  const step = x(spec.step) - x(0);
  const wide = Math.min(64, step * 0.86);
  return (
    <>
      {stacked(spec.lines).map((values, index) => {
        const path = values.map((it, at) => it && `M${(x(spec.at[at] ?? 0) + (step - wide) / 2).toFixed(1)} ${y(it[0]).toFixed(1)}V${y(it[1]).toFixed(1)}h${wide.toFixed(1)}V${y(it[0]).toFixed(1)}z`);
        return <path class="pl-bar" fill={`var(${spec.lines[index]?.color})`} d={path.join("")} />;
      })}
    </>
  );
}

function Lines({ spec, where: { rem, right, x, y } }: { spec: Spec; where: Frame }) {
  const last = spec.lines.map((line) => lastOf(line.values));
  const beside = apart(last.map((it) => (it === null ? 0 : y(it))), rem * 1.05);
  return (
    <>
      {spec.lines.map((line, index) => {
        const color = `var(${line.color})`;
        const places = line.values.map((it, at): Place => (it === null ? null : [x(spec.at[at] ?? 0), y(it)]));
        return (
          <>
            <path class="pl-l" stroke={color} d={through(places)} />
            <path class="pl-l pl-d" stroke={color} d={alone(places)} />
            <text class="pl-e" fill={color} x={right + 6} y={beside[index]}>
              {atEnd(spec, line)}
            </text>
          </>
        );
      })}
    </>
  );
}

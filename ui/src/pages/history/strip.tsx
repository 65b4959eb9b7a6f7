// Outcomes over time, of what was read: each bar a part of the time, its colours the outcomes. Dragging sets from and to.

import { useMemo, useRef, useState } from "preact/hooks";
import { now, serverNow } from "../../data/clock.ts";
import { past } from "../../data/past.ts";
import { number, when } from "../../logic/durations.ts";
import { type Bucket, KINDS, type Kind, type Strip as Made, brushed, height, strip, totals } from "../../logic/past.ts";
import { Icon } from "../../parts/small.tsx";
import { look } from "../../parts/status.tsx";
import { setQuery } from "../../router.ts";
import { past as words } from "../../words-past.ts";

const LOOK: Record<Kind, { status: string; resolution: string | null }> = {
  approved: { status: "resolved", resolution: "approved" },
  modified: { status: "resolved", resolution: "modified" },
  rejected: { status: "resolved", resolution: "rejected" },
  expired: { status: "expired", resolution: null },
  cancelled: { status: "cancelled", resolution: null },
};

export function Strip({ from, to }: { from: string; to: string }) {
  const { items, done, back } = past.value;
  const [asTable, setTable] = useState(false);
  const sum = useMemo(() => totals(items), [items]);
  const end = to ? Date.parse(to) : serverNow();
  const oldest = items.at(-1)?.resolved_at;
  const begin = from ? Date.parse(from) : oldest ? Date.parse(oldest) : end;
  const made = useMemo(() => strip(items, begin, end), [items, begin, to]);
  const legend = KINDS.filter((kind) => sum[kind] > 0);
  const day = made.to - made.from > 20 * 3_600_000;
  return (
    <figure class="card strip-c">
      <figcaption class="card-h">
        <h2>{words.stripTitle(Boolean(from || to))}</h2>
        <span class="muted">{words.ended(sum, done)}</span>
        <span class="grow" />
        <span class="leg">
          {legend.map((kind) => {
            const { icon, tone } = look({ ...LOOK[kind], resolved_via: null });
            return (
              <span key={kind} class={`st st-${tone}`}>
                <Icon name={icon} />
                {`${number(sum[kind])} ${words.counted[kind]}`}
              </span>
            );
          })}
        </span>
        <button type="button" class="b b-plain b-sm" aria-pressed={asTable} onClick={() => setTable(!asTable)}>
          {asTable ? words.asStrip : words.asTable}
        </button>
      </figcaption>
      {asTable ? <AsTable made={made} /> : <Bars made={made} unread={done ? null : back} label={finding(made, sum, legend)} day={day} />}
    </figure>
  );
}

function finding(made: Made, sum: ReturnType<typeof totals>, legend: readonly Kind[]): string {
  const peak = made.buckets.find((bucket) => height(bucket) === made.most && made.most > 0);
  const counted = legend.map((kind) => `${number(sum[kind])} ${words.counted[kind]}`).join(", ");
  return words.finding(sum, counted, words.step(made.step), peak && made.most > 1 ? words.peak(when(peak.at, now.peek()), made.most) : "");
}

const WIDE = 10;

interface BarsProps {
  made: Made;
  /** Before it nothing was searched. */
  unread: number | null;
  label: string;
  day: boolean;
}

function Bars({ made, unread, label, day }: BarsProps) {
  const own = useRef<HTMLDivElement>(null);
  const [brush, setBrush] = useState<{ a: number; b: number } | null>(null);
  const place = (event: PointerEvent): number => {
    const box = own.current?.getBoundingClientRect();
    return box ? (event.clientX - box.left) / box.width : 0;
  };
  const width = made.buckets.length * WIDE;
  const hidden = unread === null ? 0 : Math.max(0, Math.min(1, (unread - made.from) / (made.to - made.from)));
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => made.from + part * (made.to - made.from));
  return (
    <div class="strip-b">
      <div class="pl" title={words.brushHint}>
        <div
          ref={own}
          class="pl-c strip-p"
          onPointerDown={(event) => {
            if (event.button !== 0) return;
            own.current?.setPointerCapture(event.pointerId);
            setBrush({ a: place(event), b: place(event) });
          }}
          onPointerMove={(event) => {
            if (brush) setBrush({ ...brush, b: place(event) });
          }}
          onPointerUp={() => {
            const ends = brush && brushed(made, brush.a, brush.b);
            setBrush(null);
            if (ends) setQuery(ends);
          }}
          onPointerCancel={() => setBrush(null)}
        >
          <svg viewBox={`0 0 ${width} 100`} preserveAspectRatio="none" role="img" aria-label={label}>
            {hidden > 0 && (
              <rect class="strip-un" x="0" y="0" width={hidden * width} height="100">
                <title>{words.unread}</title>
              </rect>
            )}
            {made.buckets.map((bucket, index) => (
              <Bar key={bucket.at} bucket={bucket} x={index * WIDE} most={made.most} />
            ))}
            {brush && <rect class="strip-br" x={Math.min(brush.a, brush.b) * width} y="0" width={Math.abs(brush.b - brush.a) * width} height="100" />}
          </svg>
        </div>
        <div class="pl-x" aria-hidden="true">
          {ticks.map((tick) => (
            <span key={tick}>{words.axis(tick, day)}</span>
          ))}
        </div>
      </div>
    </div>
  );
}

/** The usual outcome stands at the bottom, the others on it. */
function Bar({ bucket, x, most }: { bucket: Bucket; x: number; most: number }) {
  let top = 100;
  return (
    <>
      {KINDS.map((kind) => {
        const tall = most > 0 ? (bucket[kind] / most) * 96 : 0;
        top -= tall;
        return tall > 0 ? <rect key={kind} class={`bar-${kind}`} x={x + 1} y={top} width={WIDE - 2} height={tall} /> : null;
      })}
    </>
  );
}

function AsTable({ made }: { made: Made }) {
  const rows = made.buckets.filter((bucket) => height(bucket) > 0).reverse();
  return (
    <div class="wrap-x strip-t" tabIndex={0} role="region" aria-label={words.tableLabel}>
      <table class="tbl">
        <thead>
          <tr>
            <th scope="col">{words.begins}</th>
            {KINDS.map((kind) => (
              <th key={kind} scope="col" class="num">
                {words.kinds[kind]}
              </th>
            ))}
            <th scope="col" class="num">
              {words.all}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((bucket) => (
            <tr key={bucket.at}>
              <th scope="row">{when(bucket.at, now.peek())}</th>
              {KINDS.map((kind) => (
                <td key={kind} class="num">
                  {number(bucket[kind])}
                </td>
              ))}
              <td class="num">{number(height(bucket))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

// The time axis: how much is left, who is asked next, and what comes at the end.

import { useEffect, useRef } from "preact/hooks";
import { now } from "../../data/clock.ts";
import { read } from "../../data/detail.ts";
import type { Approval } from "../../data/types.ts";
import { clock, long, pressing, short, when } from "../../logic/durations.ts";
import { fuse } from "../../logic/fuse.ts";
import { plain } from "../../logic/hidden.ts";
import { Plain } from "../../parts/small.tsx";
import { approval as words, fuse as text } from "../../words.ts";

const WIDE = 600;

export const levelLabel = (it: Approval, level: number): string => {
  const given = level > 0 ? it.escalation?.[level - 1] : undefined;
  return given?.label || words.levelName(level);
};

export function FuseAxis({ it }: { it: Approval }) {
  const time = now.value;
  const axis = fuse(it, time);
  const how = pressing(axis.left);
  const over = axis.left <= 0;
  useAskAtTheEnd(over);
  const next = axis.segments.find((segment) => segment.at === "ahead");
  const x = (at: number) => ((at - axis.begin) / Math.max(1, axis.end - axis.begin)) * WIDE;
  const here = Math.min(WIDE - 3, axis.passed * WIDE);
  const then = next ? text.beforeGoes(plain(levelLabel(it, next.level))) : words.thenExpires[it.timeout_action];
  return (
    <div class={`fuse ${how === "soon" ? "is-soon" : how === "last" ? "is-last" : ""}`}>
      <div class="fuse-l">
        {over ? (
          <span>
            <b>{text.timeUp}</b> {text.asking}
          </span>
        ) : (
          <span>
            <b>{short(axis.left)}</b> {text.left}
          </span>
        )}
        <span>{next ? <Plain text={text.beforeGoes(levelLabel(it, next.level))} /> : it.timeout_action === "expire" ? "" : words.thenExpires[it.timeout_action]}</span>
      </div>
      <svg viewBox={`0 0 ${WIDE} 10`} preserveAspectRatio="none" role="img" aria-label={text.label(long(Math.max(0, axis.left)), long(axis.end - axis.begin), then ?? "")}>
        {axis.segments.map((segment) => (
          <rect key={segment.from} class="fuse-track" x={x(segment.from)} y="3.5" width={Math.max(0, x(segment.to) - x(segment.from) - 2)} height="3" rx="1.5" />
        ))}
        {axis.segments
          .filter((segment) => segment.at === "now")
          .map((segment) => (
            <rect key="left" class="fuse-left" x={here} y="3.5" width={Math.max(0, x(segment.to) - here - 2)} height="3" rx="1.5" />
          ))}
        <rect class="fuse-here" x={here} y="0" width="3" height="10" rx="1.5" />
      </svg>
      <p class="vh" role="status">
        {announced(axis.left)}
      </p>
      <div class="fuse-t" aria-hidden="true">
        <span class="a">
          {clock(axis.begin)} {text.asked}
        </span>
        {axis.segments.filter((segment) => segment === next).map((segment) => (
          <span key={segment.from} class="m" style={{ "--x": `${(x(segment.from) / WIDE) * 100}%` }}>
            {clock(segment.from)} <Plain text={levelLabel(it, segment.level)} />
          </span>
        ))}
        <span class="z">
          {when(axis.end, time)} {text.expires}
        </span>
      </div>
    </div>
  );
}

/** Said at five minutes and at one, and not each second. */
function announced(left: number): string {
  for (const minutes of [1, 5]) {
    const over = minutes * 60_000 - left;
    if (over >= 0 && over < 20_000) return text.announce(long(minutes * 60_000));
  }
  return "";
}

/** At zero the server is asked how it ended: nothing here declares it. Asked again while the answer is still "pending". */
function useAskAtTheEnd(over: boolean): void {
  const asked = useRef(0);
  useEffect(() => {
    if (!over) return;
    const timer = setTimeout(() => {
      asked.current += 1;
      void read();
    }, asked.current === 0 ? 300 : Math.min(5000, 1000 * asked.current));
    return () => clearTimeout(timer);
  }, [over, over ? Math.floor(now.value / 1000) : 0]);
}

// A word with a shape: how an approval stands, how much time is left, how many have signed.

import { now } from "../data/clock.ts";
import type { Ended } from "../logic/answer.ts";
import { pressing, short } from "../logic/durations.ts";
import { inbox, outcome } from "../words.ts";
import { Icon } from "./small.tsx";

export interface Look {
  word: string;
  icon: string;
  tone: "ok" | "no" | "late" | "edit" | "off";
}

/** A timeout, a rule and a person have different words; each outcome its own shape. */
export function look(it: Pick<Ended, "status" | "resolution" | "resolved_via">): Look {
  switch (it.status) {
    case "pending":
      return { word: outcome.pending, icon: "ring", tone: "off" };
    case "cancelled":
      return { word: outcome.cancelled, icon: "slash", tone: "off" };
    case "expired":
      if (it.resolution === "approved") return { word: outcome.expiredApproved, icon: "glass", tone: "late" };
      if (it.resolution === "rejected") return { word: outcome.expiredRejected, icon: "glass", tone: "late" };
      return { word: outcome.expired, icon: "glass", tone: "late" };
    default: {
      const rule = it.resolved_via === "rule" ? ` ${outcome.rule}` : "";
      if (it.resolution === "modified") return { word: outcome.modified + rule, icon: "pencil", tone: "edit" };
      if (it.resolution === "rejected") return { word: outcome.rejected + rule, icon: "no-o", tone: "no" };
      return { word: outcome.approved + rule, icon: rule ? "diamond" : "ok-c", tone: "ok" };
    }
  }
}

export function Status({ of }: { of: Pick<Ended, "status" | "resolution" | "resolved_via"> }) {
  const { word, icon, tone } = look(of);
  return (
    <span class={`st st-${tone}`}>
      <Icon name={icon} />
      {word}
    </span>
  );
}

const RADIUS = 2.5;
const ROUND = 2 * Math.PI * RADIUS;

/** Time left: shape, weight and colour change together. Local text; it decides nothing. */
export function Due({ at }: { at: string }) {
  const left = Date.parse(at) - now.value;
  const how = pressing(left);
  return (
    <span class={`due ${how === "soon" ? "due-soon" : how === "last" ? "due-last" : ""}`}>
      {how === "last" ? <Alarm /> : how === "calm" ? null : <Pie part={Math.min(1, left / 3_600_000)} />}
      <span class="vh">{inbox.timeLeft} </span>
      {short(left)}
    </span>
  );
}

function Pie({ part }: { part: number }) {
  return (
    <svg viewBox="0 0 14 14" aria-hidden="true" fill="none" stroke="currentColor">
      <circle cx="7" cy="7" r="5" stroke-width="1.2" opacity=".45" />
      <circle cx="7" cy="7" r={RADIUS} stroke-width="5" stroke-dasharray={`${(part * ROUND).toFixed(2)} 40`} transform="rotate(-90 7 7)" />
    </svg>
  );
}

function Alarm() {
  return (
    <svg class="alarm" viewBox="0 0 14 14" aria-hidden="true" fill="none">
      <circle cx="7" cy="7" r="6.5" fill="currentColor" />
      <path d="M7 3.6v4M7 10.3h.01" />
    </svg>
  );
}

/** A ring for each signature that is needed, where it is more than one. */
export function Rings({ given, missing }: { given: number; missing: number }) {
  const all = given + missing;
  if (all < 2) return null;
  const most = 6;
  return (
    <span class="slots" role="img" aria-label={inbox.signed(given, all)}>
      {all > most ? (
        <span class="muted">{`${given}/${all}`}</span>
      ) : (
        Array.from({ length: all }, (_, index) => (
          <svg key={index} viewBox="0 0 12 12" class={index < given ? "slot-on" : "slot-off"}>
            <circle cx="6" cy="6" r={index < given ? 5.5 : 4.8} />
            {index < given && <path d="m3.6 6.2 1.7 1.7 3.1-3.6" />}
          </svg>
        ))
      )}
    </span>
  );
}

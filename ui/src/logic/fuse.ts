// The time axis of one approval: from asked to expiry, with the levels as segments. Pure.

export interface Segment {
  from: number;
  to: number;
  level: number;
  /** Who is asked at this level; null: the request's own policy. */
  label: string | null;
  at: "past" | "now" | "ahead";
}

export interface Fuse {
  begin: number;
  end: number;
  segments: Segment[];
  /** Part of the whole that has passed, 0 to 1. */
  passed: number;
  left: number;
}

export interface Timed {
  created_at: string;
  expires_at: string;
  escalation_level: number;
  timeout_action: string;
  escalations: readonly { from_level: number; at: string }[];
  escalation?: readonly { after_seconds: number; label?: string | null }[] | null;
}

const ms = (time: string) => Date.parse(time);

/** With what is planned only where a timeout leads there. */
export function fuse(it: Timed, now: number): Fuse {
  const begin = ms(it.created_at);
  const deadline = ms(it.expires_at);
  const levels = it.escalation ?? [];
  const label = (level: number) => (level === 0 ? null : (levels[level - 1]?.label ?? null));
  const segments: Segment[] = [];
  let from = begin;
  for (const hop of it.escalations) {
    segments.push({ from, to: ms(hop.at), level: hop.from_level, label: label(hop.from_level), at: "past" });
    from = ms(hop.at);
  }
  segments.push({ from, to: deadline, level: it.escalation_level, label: label(it.escalation_level), at: "now" });
  let end = deadline;
  if (it.timeout_action === "escalate") {
    levels.slice(it.escalation_level).forEach((level, index) => {
      const next = it.escalation_level + index + 1;
      segments.push({ from: end, to: end + level.after_seconds * 1000, level: next, label: label(next), at: "ahead" });
      end += level.after_seconds * 1000;
    });
  }
  const whole = Math.max(1, end - begin);
  return { begin, end, segments, passed: Math.max(0, Math.min(1, (now - begin) / whole)), left: deadline - now };
}

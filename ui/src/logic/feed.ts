// How the feed's connection is kept: when to try again, when a silent one is dead, when to be quiet. Pure.

export type Phase = "off" | "connecting" | "open" | "waiting" | "polling" | "refused";

/** What to do after a close, as its code says. */
export type Next = { act: "again"; after: number } | { act: "sign-in" } | { act: "stop" };

const FIRST = 500;
const MOST = 15_000;

/** Spread over the upper half, so that a crowd doesn't come back at once. */
export function backOff(attempt: number, random: number): number {
  const most = Math.min(MOST, FIRST * 2 ** Math.min(attempt, 10));
  return most / 2 + (most / 2) * random;
}

/** `told` is what the server said before it closed (reconnect {after_ms}). */
export function afterClose(code: number, attempt: number, random: number, told: number | null): Next {
  if (code === 4401) return { act: "sign-in" };
  if (code === 1008) return { act: "stop" };
  if (code === 1012 && told !== null) return { act: "again", after: told };
  // Full: no hurry. Too slow: at once, but not in a circle.
  if (code === 1013) return { act: "again", after: Math.max(5000, backOff(attempt + 3, random)) };
  return { act: "again", after: backOff(attempt, random) };
}

/** An open socket proves nothing after sleep: what counts is that something came. */
export const isDead = (now: number, lastMessage: number, heartbeatSeconds: number): boolean =>
  now - lastMessage >= 2 * heartbeatSeconds * 1000 - LENIENT;

/** Looks are taken at whole shares of that time, and a timer is never exact: no look is wasted by a millisecond. */
const LENIENT = 250;

/** Pings often enough that one answer may be lost. */
export const pingEvery = (heartbeatSeconds: number): number => (heartbeatSeconds * 1000) / 2;

export const BANNER_AFTER = 2000;
export const POLL_AFTER = 10_000;
export const HIDDEN_CLOSE = 300_000;
export const HIDDEN_PROBE = 20_000;
export const pollEvery = (random: number): number => 5000 + (random - 0.5) * 1000;

// --- the server's clock ---

export interface Sample {
  offset: number;
  trip: number;
}

/** From one question: what the server's clock says, when it was asked and when it came. */
export const sample = (serverNow: number, asked: number, came: number): Sample => ({
  offset: serverNow - (asked + came) / 2,
  trip: came - asked,
});

/** The last five; the one with the shortest trip is the least wrong. */
export function best(samples: readonly Sample[]): number {
  const last = samples.slice(-5);
  const first = last[0];
  if (!first) return 0;
  return last.reduce((found, it) => (it.trip < found.trip ? it : found), first).offset;
}

/** A correction may make time leap forward, but never run backwards by more than a breath: a countdown doesn't rise. */
export function steadied(shown: number, wanted: number, sinceLast: number): number {
  if (wanted >= shown) return wanted;
  // Catch up by running at half speed.
  return Math.max(wanted, shown - sinceLast / 2);
}

// Times in words: how much is left, how long ago, when. Pure: what the time is now is always told.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `1:52`, `26 min`, `2 h 05`, `1 d 3 h`. Never below zero; whole seconds, rounded up, so that 0:00 means it is over. */
export function short(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < 15 * 60) return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 ? `${hours} h ${String(minutes % 60).padStart(2, "0")}` : `${hours} h`;
  const days = Math.floor(hours / 24);
  return hours % 24 ? `${days} d ${hours % 24} h` : `${days} d`;
}

/** A length of time in full: `2 hours 5 minutes`. */
export function long(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), "day"],
    [Math.floor(seconds / 3600) % 24, "hour"],
    [Math.floor(seconds / 60) % 60, "minute"],
    [seconds % 60, "second"],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  if (first < 0) return "0 seconds";
  const shown = parts.slice(first, first + 2).filter(([amount]) => amount > 0);
  return shown.map(([amount, unit]) => `${amount} ${unit}${amount === 1 ? "" : "s"}`).join(" ");
}

/** How long ago, under a day; null beyond. */
export function ago(ms: number): string | null {
  if (ms >= DAY) return null;
  if (ms < 5000) return "now";
  if (ms < MINUTE) return `${Math.floor(ms / 1000)} s ago`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ago`;
  return `${Math.floor(ms / HOUR)} h ago`;
}

export const age = (ms: number): string => (ms < MINUTE ? `${Math.max(0, Math.floor(ms / 1000))} s` : short(ms));

const pad = (value: number, digits = 2) => String(value).padStart(digits, "0");

/** The clock's time here: `14:02`, with seconds `14:02:11`. */
export function clock(time: number, seconds = false): string {
  const date = new Date(time);
  const text = `${pad(date.getHours())}:${pad(date.getMinutes())}`;
  return seconds ? `${text}:${pad(date.getSeconds())}` : text;
}

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dayOfYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** The time, and the day where it is another than today's. */
export function when(time: number, now: number, seconds = false): string {
  const [date, today] = [new Date(time), new Date(now)];
  if (date.toDateString() === today.toDateString()) return clock(time, seconds);
  const format = date.getFullYear() === today.getFullYear() ? day : dayOfYear;
  return `${format.format(date)}, ${clock(time, seconds)}`;
}

/** UTC to the second, for hovering. */
export const utc = (time: number): string => new Date(time).toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC");

/** How pressing it is. */
export type Pressing = "calm" | "near" | "soon" | "last";

export function pressing(left: number): Pressing {
  if (left < 2 * MINUTE) return "last";
  if (left < 15 * MINUTE) return "soon";
  return left < HOUR ? "near" : "calm";
}

const kilo = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
export const number = (value: number): string => kilo.format(value);

export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  return size < 1_000_000 ? `${kilo.format(size / 1000)} KB` : `${(size / 1_000_000).toFixed(1)} MB`;
}

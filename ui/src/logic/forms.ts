// What people type into the settings, read as the API wants it.

/** Each once, in their order; empty ones left out. */
const once = (texts: readonly string[]): string[] => [...new Set(texts.map((text) => text.trim()).filter(Boolean))];

export const byComma = (text: string): string[] => once(text.split(","));
export const byLine = (text: string): string[] => once(text.split("\n"));

/** null: empty. A whole number, else what was typed, so that the server says what is wrong with it. */
export function wholeNumber(text: string): number | string | null {
  const typed = text.trim();
  if (!typed) return null;
  return /^\d{1,9}$/.test(typed) ? Number(typed) : typed;
}

/** What differs from what was: nothing else is sent. */
export function changed<T extends object>(before: Partial<T>, now: T): Partial<T> {
  const differing = Object.entries(now).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name as keyof T] ?? null));
  return Object.fromEntries(differing) as Partial<T>;
}

/** A local date and time, as its field wants it: to the minute. */
export function localMinute(time: number): string {
  const date = new Date(time);
  return new Date(time - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** null: no time. */
export function fromLocal(text: string): string | null {
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

/** A day here, as its field has it: its beginning, or its end. Null: no day. */
export function dayHere(text: string, edge: "begin" | "end"): string | null {
  const date = new Date(`${text}T00:00`);
  if (Number.isNaN(date.getTime())) return null;
  if (edge === "end") date.setDate(date.getDate() + 1);
  return date.toISOString();
}

/** A browser and its system, from what it says of itself; the text itself where neither is known. */
export function browserOf(agent: string): string {
  const browsers: [RegExp, string][] = [
    [/Edg\//, "Edge"],
    [/Firefox\//, "Firefox"],
    [/Chrom(e|ium)\//, "Chrome"],
    [/Safari\//, "Safari"],
  ];
  const systems: [RegExp, string][] = [
    [/iPhone|iPad/, "iOS"],
    [/Android/, "Android"],
    [/Windows/, "Windows"],
    [/Mac OS X/, "macOS"],
    [/Linux/, "Linux"],
  ];
  const found = (list: [RegExp, string][]) => list.find(([pattern]) => pattern.test(agent))?.[1];
  const [browser, system] = [found(browsers), found(systems)];
  if (!browser) return agent.slice(0, 60);
  return system ? `${browser} on ${system}` : browser;
}

const DAY = 86_400_000;

/** How an end stands: over, near (a week), far, or none. */
export function ending(at: string | null | undefined, now: number): { how: "never" | "over" | "near" | "far"; left: number } {
  if (!at) return { how: "never", left: Number.POSITIVE_INFINITY };
  const left = Date.parse(at) - now;
  return { how: left <= 0 ? "over" : left < 7 * DAY ? "near" : "far", left };
}

/** Links of the chain as the picture shows them: at most `most`, each with how it stands. */
export function chainLinks(records: number, brokenAt: number | null, checkpoints: readonly number[], most = 60) {
  const count = Math.min(most, Math.max(records, 0));
  const per = count === 0 ? 1 : records / count;
  const last = Math.max(0, ...checkpoints);
  return Array.from({ length: count }, (_, index) => {
    const [from, to] = [Math.floor(index * per) + 1, Math.floor((index + 1) * per)];
    const broken = brokenAt !== null && brokenAt >= from && (brokenAt <= to || index === count - 1);
    return {
      state: broken ? ("broken" as const) : to <= last ? ("sealed" as const) : ("open" as const),
      mark: checkpoints.some((position) => position >= from && position <= to),
    };
  });
}

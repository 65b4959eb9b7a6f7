// How the service stands, and what is wrong with it, in order of harm. Pure: what the time is now is always told.

export interface Instance {
  id: string;
  version: string;
  started_at: string;
  last_heartbeat: string;
  connections: number;
  waiters: number;
  state: string;
}

export interface Limits {
  /** A heartbeat is due after that long. */
  due: number;
  /** An instance is lost after that long without one. */
  lost: number;
}

export type State = "serving" | "degraded" | "late" | "draining" | "lost";

export interface Judged {
  it: Instance;
  state: State;
  /** Since its last heartbeat, in milliseconds. */
  age: number;
  /** Lost, but one of the same name came after it. */
  replaced: boolean;
}

/** What an instance is called, without what is new at each start. */
export const nameOf = (id: string): string => id.replace(/-[0-9a-f]{8}$/, "");

/** From what its lease says and from how old that is: the older one wins. */
export function judge(it: Instance, now: number, limits: Limits): Judged {
  const age = Math.max(0, now - Date.parse(it.last_heartbeat));
  const said = it.state === "draining" || it.state === "degraded" || it.state === "lost" ? it.state : "serving";
  // Told every two seconds: half a beat more than is due is no breath of the network's.
  const late = age > limits.due * 1.5;
  const state = age > limits.lost || said === "lost" ? "lost" : said === "draining" ? said : late ? "late" : said;
  return { it, state, age, replaced: false };
}

export function judgeAll(instances: readonly Instance[], now: number, limits: Limits): Judged[] {
  const all = instances.map((it) => judge(it, now, limits));
  for (const one of all) {
    const after = (other: Judged) => other.state !== "lost" && nameOf(other.it.id) === nameOf(one.it.id) && other.it.started_at > one.it.last_heartbeat;
    one.replaced = one.state === "lost" && all.some(after);
  }
  return all;
}

/** Takes calls, as far as one can tell. */
export const serves = (it: Judged): boolean => it.state !== "lost" && it.state !== "draining";

// --- the beat track ---

export interface Track {
  /** 0 to 100. */
  age: number;
  lost: number;
  due: number[];
}

/** An axis from the last heartbeat to a little more than what is lost. */
export function track(age: number, limits: Limits): Track {
  const end = (limits.lost * 16) / 15;
  const at = (ms: number) => Math.round((Math.min(ms, end) / end) * 1e4) / 100;
  const due: number[] = [];
  for (let beat = limits.due; beat < limits.lost && due.length < 12; beat += limits.due) due.push(at(beat));
  return { age: at(age), lost: at(limits.lost), due };
}

// --- parts, as one instance sees them ---

export const PARTS = ["postgres", "redis", "bus", "sweep", "deadlines", "audit", "connections"] as const;
export type Part = (typeof PARTS)[number];

export interface Readiness {
  status: string;
  instance_id: string;
  parts: Partial<Record<Part, string>>;
}

/** `/readyz`, also where it answers 503. */
export function readiness(text: string): Readiness | null {
  try {
    const it = JSON.parse(text) as Partial<Readiness> | null;
    if (typeof it?.instance_id !== "string" || typeof it.parts !== "object" || it.parts === null) return null;
    return { status: String(it.status), instance_id: it.instance_id, parts: it.parts };
  } catch {
    return null;
  }
}

// --- what is wrong ---

export type Tone = "ok" | "late" | "no";

export interface Finding {
  what:
    | "postgres"
    | "nothing_serves"
    | "lost"
    | "deadlines"
    | "sweep"
    | "late"
    | "redis"
    | "slow"
    | "connections"
    | "draining"
    | "audit"
    | "replaced"
    | "versions";
  tone: Tone;
  /** Instances, or versions. */
  names: string[];
  /** Seconds, where it is about a time. */
  seconds?: number;
}

export interface View {
  instances: readonly Judged[];
  /** What the last of them said of its parts. */
  parts: readonly Readiness[];
  /** From the samples of the last minutes; null where there are none. */
  recent: Recent | null;
}

export interface Recent {
  wakeP99: number | null;
  sweepLag: number | null;
}

/** Slower than this is worth a word while hints arrive. */
export const SLOW_WAKE = 0.1;
export const LATE_SWEEP = 15;

const ORDER: readonly Finding["what"][] = [
  "postgres", "nothing_serves", "lost", "deadlines", "sweep", "late", "redis", "slow", "connections", "draining", "audit", "replaced", "versions",
];

/** The worst first. */
export function findings(view: View): Finding[] {
  const found: Finding[] = [];
  const add = (what: Finding["what"], tone: Tone, names: string[], seconds?: number) => {
    if (names.length > 0) found.push({ what, tone, names, ...(seconds === undefined ? {} : { seconds }) });
  };
  const which = (test: (it: Judged) => boolean) => view.instances.filter(test).map((it) => it.it.id);
  const down = (part: Part) => view.parts.filter((it) => it.parts[part] === "down").map((it) => it.instance_id);
  add("postgres", "no", down("postgres"));
  if (view.instances.length > 0 && !view.instances.some(serves)) found.push({ what: "nothing_serves", tone: "no", names: [] });
  add("lost", "no", which((it) => it.state === "lost" && !it.replaced));
  add("deadlines", "no", down("deadlines"));
  const lag = view.recent?.sweepLag ?? 0;
  if (down("sweep").length > 0) add("sweep", "late", down("sweep"));
  else if (lag > LATE_SWEEP && down("deadlines").length === 0) found.push({ what: "sweep", tone: "late", names: [], seconds: lag });
  add("late", "late", which((it) => it.state === "late"));
  const without = new Set([...down("redis"), ...down("bus"), ...which((it) => it.state === "degraded")]);
  add("redis", "late", [...without]);
  const p99 = view.recent?.wakeP99 ?? 0;
  if (p99 > SLOW_WAKE && without.size === 0) found.push({ what: "slow", tone: "late", names: [], seconds: p99 });
  add("connections", "late", down("connections"));
  add("draining", "late", which((it) => it.state === "draining"));
  add("audit", "late", down("audit"));
  add("replaced", "ok", which((it) => it.replaced));
  const versions = [...new Set(view.instances.filter((it) => it.state !== "lost").map((it) => it.it.version))].toSorted();
  if (versions.length > 1) add("versions", "late", versions);
  return found.toSorted((a, b) => ORDER.indexOf(a.what) - ORDER.indexOf(b.what));
}

/** How many serve, of how many there should be: who was replaced isn't missed. */
export function serving(instances: readonly Judged[]): { serve: number; all: number } {
  const there = instances.filter((it) => !it.replaced);
  return { serve: there.filter(serves).length, all: there.length };
}

export const worst = (found: readonly Finding[]): Tone => (found.some((it) => it.tone === "no") ? "no" : found.some((it) => it.tone === "late") ? "late" : "ok");

/** On a wall there is room for some: those in trouble first, then in the order they stand. */
export function roomFor(instances: readonly Judged[], most: number): { shown: Judged[]; left: number } {
  if (instances.length <= most) return { shown: [...instances], left: 0 };
  const harm = { lost: 0, late: 1, degraded: 2, draining: 3, serving: 4 };
  const kept = new Set(instances.toSorted((a, b) => harm[a.state] - harm[b.state]).slice(0, most));
  return { shown: instances.filter((it) => kept.has(it)), left: instances.length - most };
}

// --- the outbox ---

export interface Channel {
  channel: string;
  waiting: number;
  destinations: number;
  held: number;
  failing: number;
  oldest_seconds: number;
  /** The same of those that nothing holds. */
  late_seconds: number;
}

/** Something is due for that long, and nothing holds it: no instance sends it. */
const LATE_OUTBOX = 60;

/** Red: it isn't sent, though nothing holds it. Amber: a destination fails. */
export const channelTone = (it: Channel): Tone => (it.late_seconds > LATE_OUTBOX ? "no" : it.failing > 0 ? "late" : "ok");

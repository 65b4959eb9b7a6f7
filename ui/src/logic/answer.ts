// What became of an answer, and what the bar may offer: a machine without a clock, a socket or a button.
// An outcome is never guessed: `recorded` comes from a 200 alone.

export type Verb = "approve" | "edit" | "reject" | "cancel" | "escalate";

/** One call, exactly as it is sent, so that asking again sends the very same. */
export interface Call {
  verb: Verb;
  id: string;
  /** The version that was on the screen. */
  version: number;
  body: string;
  /** What was typed, to be kept where the call came too late. */
  words: string;
}

export interface Reply {
  status: number;
  code: string | null;
  detail: string | null;
  requestId: string | null;
  retryAfter: number | null;
  errors: readonly { pointer: string; rule: string; message: string }[];
}

/** Who ended it, as far as the bar needs it. */
export interface Ended {
  status: string;
  resolution: string | null;
  resolved_via: string | null;
  resolved_by: string | null;
  resolved_at: string | null;
  version: number;
}

export type State =
  | { at: "ready" }
  | { at: "asking"; verb: Verb; since: number }
  | { at: "rejecting" }
  | { at: "editing" }
  | { at: "sending"; call: Call; since: number }
  | { at: "unknown"; call: Call; reply: Reply | null; since: number; until: number }
  | { at: "limited"; call: Call; until: number }
  | { at: "recorded"; call: Call; changed: boolean; ended: boolean }
  | { at: "lost"; call: Call; since: number }
  | { at: "expired"; call: Call }
  | { at: "cancelled"; call: Call }
  | { at: "changed"; call: Call }
  | { at: "refused"; call: Call; reply: Reply };

export const READY: State = { at: "ready" };

/** A second click, and a key that is held, are no confirmation. */
export const BREATH = 400;
export const maySend = (state: State, now: number): boolean =>
  state.at === "asking" ? now - state.since >= BREATH : state.at === "rejecting" || state.at === "editing";

/** While one of these is shown nothing else may be answered, and the approval's own changes don't take its place. */
export const isBusy = (state: State): boolean => state.at === "sending" || state.at === "unknown" || state.at === "limited";

/** Told of how a call ended that was sent from `state`. A reply of null: it broke off. */
export function after(call: Call, reply: Reply | null, told: Ended | null, changed: boolean, now: number): State {
  if (reply === null) return { at: "unknown", call, reply, since: now, until: now };
  const { status, code } = reply;
  if (status >= 200 && status < 300) return { at: "recorded", call, changed, ended: told !== null && told.status !== "pending" };
  if (status === 409) return code === "cancelled" ? { at: "cancelled", call } : raced(call, reply, told, now);
  if (status === 410) return { at: "expired", call };
  if (status === 412) return { at: "changed", call };
  if (status === 429) return { at: "limited", call, until: now + 1000 * (reply.retryAfter ?? 1) };
  if (status >= 500) return { at: "unknown", call, reply, since: now, until: now + 1000 * (reply.retryAfter ?? 0) };
  return { at: "refused", call, reply };
}

/** 409: ended by another, or my own vote stands, or the edits aren't those of the first. */
function raced(call: Call, reply: Reply, told: Ended | null, now: number): State {
  const ended = told !== null && told.status !== "pending";
  return ended || reply.code === "already_decided" ? { at: "lost", call, since: now } : { at: "refused", call, reply };
}

/** What the server says that I may do. */
export interface May {
  allowed: boolean;
  code?: string | null;
  reason?: string | null;
  effect?: "resolves" | "counts" | null;
  /** In one of whose seats, and it must be said in which. */
  seats?: readonly string[];
}

export type Mode = "ended" | "away" | "voted" | "ready" | "not-yours" | "only-looking";

/** What the bar shows where no answer is under way. */
export function mode(pending: boolean, away: boolean, voted: boolean, approve: May | null, reject: May | null): Mode {
  if (!pending) return "ended";
  if (away) return "away";
  if (voted) return "voted";
  if (approve?.allowed || reject?.allowed) return "ready";
  return approve?.code === "no_permission" && reject?.code === "no_permission" ? "only-looking" : "not-yours";
}

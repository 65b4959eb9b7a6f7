// Sending an answer, and what became of it, for each approval. The outcome is what the server says; until it has said
// something the answer is "sending", or "unknown".

import { batch, signal } from "@preact/signals";
import { type Call, type Ended, READY, type Reply, type State, type Verb, after, isBusy, maySend } from "../logic/answer.ts";
import { tell } from "./approvals.ts";
import { keepDraft, dropDraft } from "./drafts.ts";
import { type Reply as Raw, ask } from "./http.ts";
import type { Approval, Decided, Summary } from "./types.ts";

const PATIENCE = 20_000;

const states = signal<ReadonlyMap<string, State>>(new Map());
/** Told when an approval has changed by an answer, or was found changed by one. */
export const onAnswered = new Set<(id: string, approval: Approval | null, state: State) => void>();

export const stateOf = (id: string): State => states.value.get(id) ?? READY;

/** Whether an answer to it is under way or its outcome is still being read. */
export const answering = (id: string): boolean => states.peek().has(id);

export function set(id: string, state: State): void {
  const next = new Map(states.peek());
  if (state.at === "ready") next.delete(id);
  else next.set(id, state);
  states.value = next;
}

export const askBack = (id: string, verb: Verb): void => set(id, { at: "asking", verb, since: performance.now() });
export const openReject = (id: string): void => set(id, { at: "rejecting" });
export const openEdit = (id: string): void => set(id, { at: "editing" });

/** Back to the buttons; what was typed stays. */
export function back(id: string): void {
  if (!isBusy(stateOf(id))) set(id, READY);
}

export interface Words {
  comment?: string;
  reason?: string;
  /** As JSON, so that numbers stay as they are. */
  modifications?: string;
  seat?: string | null;
  /** Of what was shown. */
  digest?: string | null;
}

/** Builds the call once: asking again sends these very bytes. */
function call(id: string, verb: Verb, version: number, words: Words): Call {
  const parts: string[] = [];
  const add = (name: string, text: string | null | undefined) => {
    if (text) parts.push(`${JSON.stringify(name)}:${JSON.stringify(text)}`);
  };
  if (verb !== "approve" && verb !== "edit") add("reason", words.reason?.trim());
  add("comment", words.comment?.trim());
  if (verb === "approve" || verb === "edit" || verb === "reject") {
    add("for", words.seat);
    add("digest", words.digest);
  }
  if (verb === "edit" && words.modifications) parts.push(`"modifications":${words.modifications}`);
  return { verb, id, version, body: `{${parts.join(",")}}`, words: (words.reason ?? "").trim() || (words.comment ?? "").trim() };
}

/**
 * Sends what was confirmed. Does nothing where the confirmation is too young, or an answer is under way. `since`: when
 * it was asked back, where a dialog did that and not the bar.
 */
export async function answer(id: string, verb: Verb, version: number, words: Words, since?: number): Promise<void> {
  const state = stateOf(id);
  const confirmed: State = since === undefined ? state : { at: "asking", verb, since };
  if (isBusy(state) || !maySend(confirmed, performance.now())) return;
  await send(call(id, verb, version, words));
}

/** The very same call once more: it counts once. */
export async function askAgain(id: string): Promise<void> {
  const state = stateOf(id);
  if ((state.at === "unknown" || state.at === "limited") && Date.now() >= state.until) await send(state.call);
}

async function send(it: Call): Promise<void> {
  set(it.id, { at: "sending", call: it, since: Date.now() });
  const verb = it.verb === "edit" ? "approve" : it.verb;
  const raw = await ask<Decided>(`/api/v1/approvals/${it.id}/${verb}`, {
    method: "POST",
    body: it.body,
    version: it.version,
    patience: PATIENCE,
  });
  const approval = (raw?.ok ? raw.body?.approval : raw?.approval) as Approval | null | undefined;
  if (raw?.status === 401) {
    // Not recorded: the credential was refused. The sign-in comes over the page, the words stay.
    set(it.id, READY);
    return;
  }
  const next = after(it, raw && replied(raw), approval ? ended(approval) : null, raw?.body?.changed ?? false, Date.now());
  if (next.at === "recorded") dropDraft(it.id);
  else if (next.at !== "unknown" && next.at !== "limited") keepDraft(it.id, {});
  // All at once: no state is drawn that another part of the page contradicts.
  batch(() => {
    if (approval) tell(approval);
    set(it.id, next);
    for (const told of onAnswered) told(it.id, approval ?? null, next);
  });
}

const replied = (raw: Raw<unknown>): Reply => ({
  status: raw.status,
  code: raw.code,
  detail: raw.detail,
  requestId: raw.requestId,
  retryAfter: raw.retryAfter,
  errors: raw.errors,
});

export const ended = (it: Approval | Summary): Ended => ({
  status: it.status,
  resolution: it.resolution ?? null,
  resolved_via: it.resolved_via ?? null,
  resolved_by: it.resolved_by ?? null,
  resolved_at: it.resolved_at ?? null,
  version: it.version,
});

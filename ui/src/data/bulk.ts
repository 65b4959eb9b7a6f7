// The same answer to many: what is chosen, the calls that are made, and what became of each.

import { batch, computed, signal } from "@preact/signals";
import { CHOOSING, type Result, type Said, type Stage, type Told, type Verdict, again, ask as asking, begin, body, calls, fates, finish, heard, maySend, openOf, stops } from "../logic/bulk.ts";
import { ended } from "./answering.ts";
import { approval, approvals, catchUp, changes, tell } from "./approvals.ts";
import { serverNow } from "./clock.ts";
import { ask } from "./http.ts";
import { isMine, opening, pickOnly, rows, selected, selecting, stopSelecting } from "./inbox.ts";
import type { Approval, Eligible } from "./types.ts";

const PATIENCE = 60_000;

export const stage = signal<Stage>(CHOOSING);

/** What is selected, as the list has it; what a filter hides comes behind. */
export const chosen = computed(() => {
  const listed = rows.value.filter((id) => selected.value.has(id));
  return [...listed, ...[...selected.value].filter((id) => !listed.includes(id))];
});

/** Those of them that can still be answered. */
export const answerable = computed(() => {
  void changes.value;
  return chosen.value.filter(isMine);
});

/** And by this verdict: permissions may allow the one and not the other. */
export const answerableBy = (verdict: Verdict): string[] => answerable.value.filter((id) => approvals().get(id)?.can.includes(verdict));

export function askBack(verdict: Verdict): void {
  if (stage.value.at === "choosing") stage.value = asking(verdict, answerableBy(verdict), performance.now());
}

export function back(): void {
  if (stage.value.at === "asking") stage.value = CHOOSING;
}

/** Puts the outcome away. What can be asked again stays selected. */
export function dismiss(): void {
  if (stage.value.at !== "told") return;
  stage.value = CHOOSING;
  if (![...selected.value].some(isMine)) stopSelecting();
}

export async function send(said: Said): Promise<void> {
  if (!maySend(stage.value, said, performance.now())) return;
  stage.value = begin(stage.value, said, serverNow());
  await run();
}

/** The very same call for those of which nothing is known. */
export async function sendAgain(): Promise<void> {
  const next = again(stage.value, serverNow());
  if (next === stage.value) return;
  stage.value = next;
  await run();
}

/** What is asked never changes, so asking again sends the same. */
const digests = (id: string): string | null => approval(id)?.digest ?? null;

interface Bulk {
  results: { id: string; status: number; code: string | null; changed: boolean; approval?: Approval }[];
}

async function run(): Promise<void> {
  const now = stage.value;
  if (now.at !== "sending") return;
  let until = 0;
  for (const ids of calls(now)) {
    const reply = await ask<Bulk>("/api/v1/approvals/bulk", { method: "POST", body: body(now.said, ids, digests), patience: PATIENCE });
    const results = reply?.body?.results ?? null;
    const told = fates(ids, reply, results?.map(result) ?? null);
    if (reply?.retryAfter) until = serverNow() + 1000 * reply.retryAfter;
    // All at once: no row says anything else than the outcome's line.
    batch(() => {
      for (const { approval } of results ?? []) if (approval) tell(approval);
      stage.value = heard(stage.value, told);
    });
    if (stops(reply)) break;
  }
  batch(() => {
    stage.value = finish(stage.value, serverNow(), until);
    pickOnly(openOf(stage.value));
  });
  // What I may still do with those that stay open.
  void catchUp();
}

const result = (it: Bulk["results"][number]): Result => ({ id: it.id, status: it.status, code: it.code, changed: it.changed, told: it.approval ? told(it.approval) : null });

const told = (it: Approval): Told => ({ ...ended(it), needs: it.progress?.summary ?? null, feedback: it.result?.feedback ?? it.result?.comment ?? null });

// --- what a vote would do ---

export type Effect = "resolves" | "counts" | null;
const known = signal<ReadonlyMap<string, Record<Verdict, Effect>>>(new Map());
const asked = new Set<string>();
/** More than these are not asked about one by one. */
const MOST = 50;

const key = (id: string): string => `${id} ${approval(id)?.version ?? 0}`;

/** As the server says; until it has said so, what the number of missing signatures allows to say. */
export function effect(id: string, verdict: Verdict): Effect {
  const said = known.value.get(key(id));
  if (said) return said[verdict];
  const missing = approval(id)?.progress?.missing ?? 0;
  return verdict === "approve" && missing > 1 ? "counts" : null;
}

/** Asks for those that are selected, one after the other, each version once. */
export async function readEffects(ids: readonly string[]): Promise<void> {
  for (const id of ids.slice(0, MOST)) {
    const it = key(id);
    if (asked.has(it)) continue;
    asked.add(it);
    const reply = await ask<Eligible>(`/api/v1/approvals/${encodeURIComponent(id)}/eligible`);
    if (!reply?.ok || !reply.body) {
      asked.delete(it);
      continue;
    }
    const { approve, reject } = reply.body.you;
    const next = new Map(known.peek());
    next.set(it, { approve: (approve.effect ?? null) as Effect, reject: (reject.effect ?? null) as Effect });
    known.value = next;
  }
}

/** An answer is under way, or its outcome is being read. */
export const isTold = computed(() => stage.value.at === "sending" || stage.value.at === "told");
/** Whether the detail side may show the selected ones. */
export const showsMany = computed(() => isTold.value || (selecting.value && selected.value.size > 0 && !opening.value));

// What was sent in the workspace: one with its tries, and sending again what has failed.

import { type Reply, type Trouble, ask, troubleOf } from "./http.ts";
import type { SentWithTries } from "./types.ts";

export const SENT = "/api/v1/notifications";

export const readTries = (id: string): Promise<Reply<SentWithTries> | null> => ask<SentWithTries>(`${SENT}/${id}`);

/** What fits all that is given; null fits all. */
export interface Which {
  channel?: string | null;
  recipient?: string | null;
  approval_id?: string | null;
}

/** `unknown`: no answer, or one that doesn't say whether it was done. */
export type Again = { at: "done"; amount: number; more: boolean } | { at: "unknown" } | { at: "refused"; trouble: Trouble };

const told = (reply: Reply<unknown> | null): Again => (reply === null || reply.status >= 500 ? { at: "unknown" } : { at: "refused", trouble: troubleOf(reply) });

export async function sendAgain(id: string): Promise<Again> {
  const reply = await ask(`${SENT}/${id}/redrive`, { method: "POST" });
  return reply?.ok ? { at: "done", amount: 1, more: false } : told(reply);
}

export async function sendAllAgain(which: Which): Promise<Again> {
  const reply = await ask<{ redriven: number; more: boolean }>(`${SENT}/redrive`, { method: "POST", body: JSON.stringify(which) });
  return reply?.ok && reply.body ? { at: "done", amount: reply.body.redriven, more: reply.body.more } : told(reply);
}

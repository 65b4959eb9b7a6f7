// Who is signed in, and what they may do.

import { computed, signal } from "@preact/signals";
import { ask, signedOut } from "./http.ts";
import type { SignInOptions, WhoAmI } from "./types.ts";

/** null: nobody; undefined: not known yet. */
export const session = signal<WhoAmI | null | undefined>(undefined);
/** Whether the last look at it broke off. */
export const sessionTrouble = signal(false);

const granted = computed(() => new Set(session.value?.permissions ?? []));

export function may(permission: string): boolean {
  return granted.value.has(permission) || granted.value.has("workspace:admin") && !permission.startsWith("cluster:");
}

export const me = computed(() => session.value?.principal.name ?? "");

export async function load(): Promise<void> {
  const reply = await ask<WhoAmI>("/auth/session");
  sessionTrouble.value = reply === null || (!reply.ok && reply.status !== 401);
  if (reply?.ok) session.value = reply.body;
  else if (reply?.status === 401) session.value = null;
}

/** Looks whether the session still stands; where it doesn't, the sign-in comes over the page. */
export async function check(): Promise<void> {
  const reply = await ask<WhoAmI>("/auth/session");
  if (reply?.status === 401) signedOut.value = true;
}

export type SignInTrouble = { words: string; again: number | null };

/** null: signed in. */
export async function signIn(key: string): Promise<SignInTrouble | null> {
  const body = JSON.stringify({ api_key: key.trim() });
  const reply = await ask<WhoAmI>("/auth/session", { method: "POST", body });
  if (reply?.ok && reply.body) {
    const [before, who] = [session.peek(), reply.body];
    if (before && `${before.workspace.id} ${before.principal.id}` !== `${who.workspace.id} ${who.principal.id}`) return leave();
    session.value = reply.body;
    signedOut.value = false;
    return null;
  }
  if (reply === null) return { words: "no_answer", again: null };
  if (reply.status === 401) return { words: "wrong_key", again: null };
  if (reply.status === 429) return { words: "too_many", again: reply.retryAfter };
  return { words: reply.detail ?? "no_answer", again: null };
}

export async function signOut(): Promise<boolean> {
  const reply = await ask("/auth/session", { method: "DELETE" });
  if (reply?.ok) leave();
  return reply?.ok ?? false;
}

/** Nothing of one person is left for the next: neither what was read nor what was typed. */
function leave(): null {
  sessionStorage.clear();
  location.reload();
  return null;
}

export async function signInOptions(): Promise<SignInOptions | null> {
  return (await ask<SignInOptions>("/auth/configuration"))?.body ?? null;
}

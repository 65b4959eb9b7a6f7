// What I was told in the app: how much of it is unread, as the feed says it, and what is marked as read.

import { effect, signal } from "@preact/signals";
import { looking } from "./detail.ts";
import { follow, listen, onCatchUp, phase } from "./feed.ts";
import { ask, type Trouble, troubleOf } from "./http.ts";
import type { Own, Page } from "./types.ts";

export const OWN = "/api/v1/me/notifications";
/** null: not known yet. The server counts 1,000 at most. */
export const unread = signal<number | null>(null);
/** Raised whenever the list may have changed: who shows it reads it anew. */
export const news = signal(0);

type Told = (it: Own) => void;
const watchers = new Set<Told>();
/** Told of each new one, or of the newest of several. */
export function onTold(told: Told): () => void {
  watchers.add(told);
  return () => watchers.delete(told);
}

/** After what could not be marked. */
const AGAIN = 2_000;

/** Whether what is about the approval on the screen has still to be marked. */
let due = false;

function counted(amount: number | null | undefined): void {
  if (typeof amount !== "number" || amount === unread.peek()) return;
  if (unread.peek() !== null) news.value += 1;
  unread.value = amount;
  // Perhaps by something about what is on the screen.
  due = true;
}

/** `before`: all that came before this moment; more than one call marks is marked by further ones. null: it is done. */
export async function markRead(which: { ids: readonly string[] } | { before: string }): Promise<Trouble | null> {
  for (;;) {
    const reply = await ask<{ read: number; unread: number }>(`${OWN}/read`, { method: "POST", body: JSON.stringify(which) });
    if (!reply?.ok || !reply.body) return troubleOf(reply);
    counted(reply.body.unread);
    if ("ids" in which || reply.body.read < 10_000) return null;
  }
}

// --- what is on the screen while one does something there has been read ---

let shown: string | null = null;

function touched(): void {
  if (!due || shown === null || unread.peek() === 0) return;
  due = false;
  void readAbout(shown);
}

async function readAbout(approval: string, tries = 3): Promise<void> {
  const reply = await ask<Page<Own>>(`${OWN}?unread=true&limit=200`);
  const ids = (reply?.body?.items ?? []).filter((it) => it.approval_id === approval).map((it) => it.id);
  const trouble = reply?.ok ? ids.length > 0 && (await markRead({ ids })) : true;
  if (!trouble) return;
  due = true;
  // One has done something there: it is owed, also where nothing more is done.
  if (tries > 1) setTimeout(() => shown === approval && void readAbout(approval, tries - 1), AGAIN);
}

const DOES = ["pointerdown", "keydown", "wheel"] as const;

/** For as long as somebody is signed in. */
export function keepUnread(): () => void {
  const ends = [
    follow("notifications"),
    listen(({ event_type: type, data }) => {
      if (type === "notification") {
        const { unread: amount, ...it } = data as Own & { unread: number };
        // Also where as many were read meanwhile as came.
        if (amount === unread.peek()) news.value += 1;
        counted(amount);
        for (const told of watchers) told(it);
      } else if (type === "hello" || type === "unread") counted((data as { unread: number | null }).unread);
    }),
    onCatchUp(async () => {
      news.value += 1;
      if (phase.peek() !== "open") counted((await ask<{ unread: number }>(`${OWN}/unread-count`))?.body?.unread);
    }),
    effect(() => {
      const here = looking.value;
      const id = here.at === "there" ? here.detail.approval.id : null;
      if (id === shown) return;
      shown = id;
      due = true;
    }),
  ];
  for (const name of DOES) addEventListener(name, touched, { passive: true });
  return () => {
    for (const end of ends) end();
    for (const name of DOES) removeEventListener(name, touched);
    unread.value = null;
  };
}

// Live connections of the workspace, and closing one.

import { signal } from "@preact/signals";
import type { Connection } from "../logic/connections.ts";
import { type Reply, type Trouble, ask, query } from "./http.ts";
import { whileSeen } from "./seen.ts";
import type { Page } from "./types.ts";

const PAGE = 200;
const MOST = 2000;

export const connections = signal<{ items: Connection[]; all: boolean } | null>(null);
export const connectionsTrouble = signal<Trouble | null>(null);
/** While one points at them or has the focus among them, they stand still. */
export const held = signal(false);

/** Of two readings the one that was begun later counts, whichever is answered first. */
let turn = 0;

export async function readConnections(): Promise<void> {
  const mine = ++turn;
  const items: Connection[] = [];
  let cursor: string | null = null;
  do {
    const reply: Reply<Page<Connection>> | null = await ask<Page<Connection>>(`/api/v1/connections${query({ limit: PAGE, cursor })}`);
    if (mine !== turn) return;
    if (!reply?.ok || !reply.body) {
      connectionsTrouble.value = { status: reply?.status ?? 0, detail: reply?.detail ?? null, requestId: reply?.requestId ?? null };
      return;
    }
    items.push(...reply.body.items);
    cursor = reply.body.next_cursor;
  } while (cursor !== null && items.length < MOST);
  connectionsTrouble.value = null;
  connections.value = { items, all: cursor === null };
}

export const keepConnections = (): (() => void) => whileSeen(10_000, () => (held.peek() && connections.peek() ? undefined : readConnections()));

/** A closed one leaves the list as soon as its instance has let go of it, also while the others stand still. */
export async function readUntilGone(id: string | undefined): Promise<void> {
  for (const wait of [0, 500, 1000, 2000, 4000]) {
    await new Promise((done) => setTimeout(done, wait));
    await readConnections();
    if (!connections.peek()?.items.some((it) => it.connection_id === id)) return;
  }
}

/** Beyond those that were read: one task, by its whole name. */
export async function connectionOf(task: string): Promise<Connection | "none" | null> {
  const reply = await ask<Connection>(`/api/v1/connections/${encodeURIComponent(task)}`);
  if (reply?.ok && reply.body) return reply.body;
  return reply?.status === 404 ? "none" : null;
}

export type Closed = { at: "closed" } | { at: "gone" } | { at: "unknown" } | { at: "refused"; detail: string | null; requestId: string | null };

/** No answer: whether it was closed is unknown. */
export async function close(task: string): Promise<Closed> {
  const reply = await ask(`/api/v1/connections/${encodeURIComponent(task)}`, { method: "DELETE" });
  if (reply === null || reply.status >= 500) return { at: "unknown" };
  if (reply.ok) return { at: "closed" };
  if (reply.status === 404) return { at: "gone" };
  return { at: "refused", detail: reply.detail, requestId: reply.requestId };
}

// What the settings read and send. A page keeps its own; what was read stays while it is read anew.

import { signal } from "@preact/signals";
import { ask, query, type Reply, type Trouble, troubleOf, type Violation } from "./http.ts";
import { load } from "./session.ts";
import type { Page } from "./types.ts";

/** A permission that was lost shows itself: who one is is looked at again. */
function lookAgain(reply: Reply<unknown> | null): void {
  if (reply?.status === 403) void load();
}

/** One thing. `none`: the server has none (404). */
export class Source<T> {
  readonly data = signal<T | null>(null);
  readonly none = signal(false);
  readonly trouble = signal<Trouble | null>(null);
  private turn = 0;

  constructor(private readonly path: string) {}

  async read(): Promise<void> {
    const turn = ++this.turn;
    const reply = await ask<T>(this.path);
    if (turn !== this.turn) return;
    lookAgain(reply);
    this.none.value = reply?.status === 404;
    this.trouble.value = reply?.ok || reply?.status === 404 ? null : troubleOf(reply);
    if (reply?.ok) this.data.value = reply.body;
  }
}

const PAGE = 100;

/** A list, page by page. */
export class Listing<T> {
  readonly items = signal<readonly T[] | null>(null);
  readonly more = signal(false);
  readonly busy = signal(false);
  readonly trouble = signal<Trouble | null>(null);
  private cursor: string | null = null;
  private turn = 0;

  constructor(
    private readonly path: string,
    private filters: Record<string, string> = {},
    private readonly size = PAGE,
  ) {}

  read(filters?: Record<string, string>): Promise<void> {
    if (filters) {
      this.filters = filters;
      this.items.value = null;
    }
    this.cursor = null;
    return this.next([], this.items.peek()?.length ?? 0);
  }

  readMore(): Promise<void> {
    return this.next(this.items.peek() ?? [], (this.items.peek()?.length ?? 0) + 1);
  }

  /** On until there are as many as wanted, or no more: a page may be short, or empty, and have a next one. */
  private async next(start: readonly T[], wanted: number): Promise<void> {
    const turn = ++this.turn;
    this.busy.value = true;
    let items = start;
    do {
      const reply = await ask<Page<T>>(this.path + query({ ...this.filters, limit: this.size, cursor: this.cursor }));
      if (turn !== this.turn) return;
      lookAgain(reply);
      this.trouble.value = reply?.ok ? null : troubleOf(reply);
      if (!reply?.ok || !reply.body) break;
      items = [...items, ...reply.body.items];
      this.cursor = reply.body.next_cursor ?? null;
      // What is shown doesn't shrink while it is read anew.
      if (this.cursor === null || items.length >= (this.items.peek()?.length ?? 0)) this.items.value = items;
      this.more.value = this.cursor !== null;
    } while (this.cursor !== null && items.length < Math.max(wanted, 1));
    this.busy.value = false;
  }
}

/** `unknown`: no answer, or one that doesn't say whether it was done. */
export type Sent<T> =
  | { ok: true; body: T | null; status: number }
  | { ok: false; unknown: boolean; errors: readonly Violation[]; trouble: Trouble };

const NOT_BEGUN = new Set(["overloaded", "draining"]);

export async function send<T>(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<Sent<T>> {
  const reply = await ask<T>(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  if (reply?.ok) return { ok: true, body: reply.body, status: reply.status };
  lookAgain(reply);
  const unknown = reply === null || (reply.status >= 500 && !NOT_BEGUN.has(reply.code ?? ""));
  return { ok: false, unknown, errors: reply?.errors ?? [], trouble: troubleOf(reply) };
}

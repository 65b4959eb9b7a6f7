// A look over the record: begun by a call, followed until it has ended.

import { signal } from "@preact/signals";
import { ask } from "./http.ts";
import type { Trouble } from "./http.ts";
import { type Sent, send } from "./loading.ts";
import type { Verification } from "./types.ts";

const PATH = "/api/v1/audit/verifications";
const EVERY = 700;

export class Verifying {
  /** null: there was none yet; undefined: not known yet. */
  readonly latest = signal<Verification | null | undefined>(undefined);
  readonly trouble = signal<Trouble | null>(null);
  readonly failed = signal<Extract<Sent<Verification>, { ok: false }> | null>(null);
  private timer = 0;
  private ended = false;

  async read(): Promise<void> {
    const now = this.latest.peek();
    const reply = await ask<Verification>(`${PATH}/${now?.state === "running" ? now.id : "latest"}`);
    if (this.ended) return;
    const none = reply?.status === 404;
    this.trouble.value = reply?.ok || none ? null : { status: reply?.status ?? null, detail: reply?.detail ?? null, requestId: reply?.requestId ?? null };
    if (reply?.ok) this.latest.value = reply.body;
    else if (none) this.latest.value = null;
    this.follow();
  }

  async begin(): Promise<void> {
    const sent = await send<Verification>("POST", PATH);
    this.failed.value = sent.ok ? null : sent;
    if (sent.ok && !this.ended) this.latest.value = sent.body;
    this.follow();
  }

  stop(): void {
    this.ended = true;
    clearTimeout(this.timer);
  }

  /** Also over a call that broke off: it goes on there. */
  private follow(): void {
    clearTimeout(this.timer);
    if (!this.ended && this.latest.peek()?.state === "running") this.timer = window.setTimeout(() => void this.read(), EVERY);
  }
}

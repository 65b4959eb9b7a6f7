// A run: its approvals, read anew when one of them changes. Its task's events are in task-log.ts.

import { computed, signal } from "@preact/signals";
import type { components } from "./api.d.ts";
import { approval, watch } from "./approvals.ts";
import { onCatchUp } from "./feed.ts";
import { type Reply, ask, query } from "./http.ts";
import { may } from "./session.ts";
import type { HistoryPage, Page, Summary } from "./types.ts";

export type Run = components["schemas"]["Run"];

export interface Shown {
  run: Run;
  pending: readonly Summary[];
  /** The latest of those that have ended; null where they may not be seen. */
  ended: readonly Summary[] | null;
  more: boolean;
}

export type Looking = { at: "loading" } | { at: "there"; shown: Shown; stale: boolean } | { at: "not-found" } | { at: "failed"; reply: Reply<unknown> | null };

export const looking = signal<Looking>({ at: "loading" });
let open = "";
let turn = 0;

const ENDED = 50;

export function show(id: string): () => void {
  open = id;
  looking.value = { at: "loading" };
  void read();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ends = [
    watch((changed) => {
      if (![...changed].some((one) => approval(one)?.run_id === id)) return;
      clearTimeout(timer);
      timer = setTimeout(() => void read(), 100);
    }),
    onCatchUp(() => void read()),
  ];
  return () => {
    clearTimeout(timer);
    ends.forEach((end) => end());
    open = "";
  };
}

export async function read(): Promise<void> {
  const [id, mine] = [open, ++turn];
  const search = (limit: number) => query({ view: "summary", run_id: id, limit });
  const [run, pending, ended] = await Promise.all([
    ask<Run>(`/api/v1/runs/${encodeURIComponent(id)}`),
    ask<Page<Summary>>(`/api/v1/approvals/pending${search(200)}`),
    may("approval:view:history") ? ask<HistoryPage>(`/api/v1/approvals/history${search(ENDED)}`) : null,
  ]);
  if (open !== id || turn !== mine) return;
  const before = looking.value;
  const failed = [run, pending].find((it) => !it?.ok);
  if (run?.status === 404 || run?.status === 422) looking.value = { at: "not-found" };
  else if (run?.ok && run.body && pending?.ok && pending.body) {
    const shown = { run: run.body, pending: pending.body.items, ended: ended?.body?.items ?? null, more: Boolean(ended?.body?.next_cursor) };
    looking.value = { at: "there", shown, stale: false };
  } else if (before.at === "there") looking.value = { ...before, stale: true };
  else looking.value = { at: "failed", reply: failed ?? null };
}

/** Its tasks: mostly one, by the run's own name. */
export const tasks = computed<readonly string[]>(() => {
  const here = looking.value;
  if (here.at !== "there") return [];
  const { run, pending, ended } = here.shown;
  const named = [...pending, ...(ended ?? [])].map((it) => it.task_id);
  return [...new Set(named.length > 0 ? named : [run.run_id])];
});

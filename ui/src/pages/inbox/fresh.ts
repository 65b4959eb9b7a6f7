// Which rows have come since the list was first read and were not looked at yet.

import { signal } from "@preact/signals";
import { loaded, watch } from "../../data/approvals.ts";

const fresh = signal<ReadonlySet<string>>(new Set());

watch((changed, before) => {
  if (loaded.peek() !== "all") return;
  const next = new Set(fresh.peek());
  for (const id of changed) if (!before.get(id)) next.add(id);
  if (next.size !== fresh.peek().size) fresh.value = next;
});

export const isFresh = (id: string): boolean => fresh.value.has(id);

export function seen(id: string): void {
  if (!fresh.peek().has(id)) return;
  const next = new Set(fresh.peek());
  next.delete(id);
  fresh.value = next;
}

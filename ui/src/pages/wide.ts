// Whether list and detail stand side by side, and how the list's focus is moved.

import { signal } from "@preact/signals";
import { touched } from "../data/inbox.ts";

const query = matchMedia("(min-width: 60rem)");
export const wide = signal(query.matches);
query.addEventListener("change", () => {
  wide.value = query.matches;
});

export function focusRow(id: string | null): void {
  if (id === null) return;
  touched.value = id;
  requestAnimationFrame(() => document.querySelector<HTMLElement>(`.row-a[data-id="${CSS.escape(id)}"]`)?.focus());
}

// Which approvals were opened in this browser: what a confirmation for many says about those that never were.

import { effect, signal } from "@preact/signals";
import { looking } from "./detail.ts";
import { session } from "./session.ts";

const KEY = "signoff.opened.";
const MOST = 2000;

const opened = signal<ReadonlySet<string>>(new Set());
let owner = "";

function stored(key: string): Set<string> {
  try {
    return new Set(JSON.parse(localStorage.getItem(key) ?? "[]") as string[]);
  } catch {
    return new Set();
  }
}

effect(() => {
  owner = session.value ? `${KEY}${session.value.principal.id}` : "";
  opened.value = owner ? stored(owner) : new Set();
});

effect(() => {
  const here = looking.value;
  if (here.at !== "there" || !owner || opened.peek().has(here.detail.approval.id)) return;
  // Other tabs have opened others.
  const next = [...stored(owner), here.detail.approval.id].slice(-MOST);
  opened.value = new Set(next);
  try {
    localStorage.setItem(owner, JSON.stringify(next));
  } catch {
    // A browser that keeps nothing: it holds for this tab.
  }
});

export const wasOpened = (id: string): boolean => opened.value.has(id);

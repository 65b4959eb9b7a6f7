// What one person typed and has not sent yet, for each approval. It survives a reload and a sign-in, in this tab alone.

import { session } from "./session.ts";

const key = (id: string): string => `signoff.draft.${session.peek()?.principal.id}.${id}`;

export interface Draft {
  comment: string;
  reason: string;
  /** The edited proposal, as JSON. */
  edits: string | null;
}

export const EMPTY: Draft = { comment: "", reason: "", edits: null };

export function draft(id: string): Draft {
  try {
    const text = sessionStorage.getItem(key(id));
    return text ? { ...EMPTY, ...(JSON.parse(text) as Partial<Draft>) } : EMPTY;
  } catch {
    return EMPTY;
  }
}

export function keepDraft(id: string, some: Partial<Draft>): void {
  const next = { ...draft(id), ...some };
  try {
    if (next.comment || next.reason || next.edits) sessionStorage.setItem(key(id), JSON.stringify(next));
    else sessionStorage.removeItem(key(id));
  } catch {
    // Full, or forbidden: the fields themselves still have it.
  }
}

export const dropDraft = (id: string): void => keepDraft(id, EMPTY);

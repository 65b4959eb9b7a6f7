// What was typed and not sent yet, for each approval. It survives a reload and a sign-in, in this tab alone.

const KEY = "signoff.draft.";

export interface Draft {
  comment: string;
  reason: string;
  /** The edited proposal, as JSON. */
  edits: string | null;
}

export const EMPTY: Draft = { comment: "", reason: "", edits: null };

export function draft(id: string): Draft {
  try {
    const text = sessionStorage.getItem(KEY + id);
    return text ? { ...EMPTY, ...(JSON.parse(text) as Partial<Draft>) } : EMPTY;
  } catch {
    return EMPTY;
  }
}

export function keepDraft(id: string, some: Partial<Draft>): void {
  const next = { ...draft(id), ...some };
  try {
    if (next.comment || next.reason || next.edits) sessionStorage.setItem(KEY + id, JSON.stringify(next));
    else sessionStorage.removeItem(KEY + id);
  } catch {
    // Full, or forbidden: the fields themselves still have it.
  }
}

export const dropDraft = (id: string): void => keepDraft(id, EMPTY);

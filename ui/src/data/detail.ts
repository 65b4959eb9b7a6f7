// One approval in full, read anew whenever a newer version is told of.

import { effect, signal } from "@preact/signals";
import { asked, digest } from "../logic/digest.ts";
import { type Dict, type Json, Num, isDict, parse } from "../logic/json.ts";
import { approval as summary, changes } from "./approvals.ts";
import { onAnswered, stateOf } from "./answering.ts";
import { onCatchUp, phase } from "./feed.ts";
import { type Reply, ask, query } from "./http.ts";
import { may } from "./session.ts";
import type { Approval, Claim, Decision, Eligible, Page, Summary } from "./types.ts";

export interface Detail {
  approval: Approval;
  /** Parts that people read, as they came: digits kept, keys without a meaning of their own. */
  context: Dict;
  metadata: Dict;
  modifications: Json | null;
  schema: Json | null;
  /** Of what is asked, computed from what is shown; what the server says where the browser can't. */
  digest: string | null;
  /** How long the context is, as it came. */
  size: number;
  eligible: Eligible | null;
  decisions: Decision[];
  /** Who acts on it, where it was approved. */
  claim: Claim | null;
  /** The edits of the first approver at this level: the next one signs the same. */
  agreed: Json | null;
  earlier: Summary[];
}

export type Looking =
  | { at: "loading" }
  | { at: "there"; detail: Detail; stale: boolean }
  | { at: "not-found" }
  | { at: "forbidden" }
  | { at: "failed"; reply: Reply<unknown> | null };

export const looking = signal<Looking>({ at: "loading" });
let open: string | null = null;
let turn = 0;

/** How it ends is told by the answer to my own call first: until that is there, nothing else takes its place. */
const sending = (id: string): boolean => stateOf(id).at === "sending";

/** Shows another one; null shows none. Returns what to call when it isn't shown any more. */
export function look(id: string): () => void {
  open = id;
  looking.value = { at: "loading" };
  void read();
  const ends = [
    effect(() => {
      void changes.value;
      const row = summary(id);
      const here = looking.peek();
      if (row && !sending(id) && here.at === "there" && row.version > here.detail.approval.version) void read();
    }),
    onCatchUp(() => void read()),
  ];
  return () => {
    ends.forEach((end) => end());
    if (open === id) open = null;
  };
}

onAnswered.add((id, approval) => {
  if (id !== open) return;
  const here = looking.peek();
  if (approval && here.at === "there" && approval.version >= here.detail.approval.version) {
    looking.value = { ...here, detail: { ...here.detail, approval } };
  }
  void read();
});

/** A GET applies a deadline that has passed: so this is also how the end of the time is asked about. */
export async function read(): Promise<void> {
  const id = open;
  if (!id) return;
  const mine = ++turn;
  const base = `/api/v1/approvals/${encodeURIComponent(id)}`;
  const votes = () => ask<Page<Decision>>(`${base}/decisions`);
  const past = may("approval:view:history");
  const [reply, eligible, early] = await Promise.all([ask<Approval>(base), ask<Eligible>(`${base}/eligible`), past ? votes() : null]);
  // Without that permission only those of what is pending may be seen.
  const decisions = past || reply?.body?.status !== "pending" ? early : await votes();
  const claim = isApproved(reply?.body) ? await ask<{ claim: Claim | null }>(`${base}/claim`) : null;
  // A proxy may answer 200 with a page of its own.
  const whole = reply?.ok && reply.body ? parse(reply.text) : null;
  const shown = (await digest(asked(whole))) ?? reply?.body?.digest ?? null;
  const before = looking.peek();
  if (open !== id || mine !== turn || (before.at === "there" && sending(id))) return;
  if (!reply?.ok || !reply.body) {
    if (reply?.status === 404 || reply?.code === "invalid") looking.value = { at: "not-found" };
    else if (reply?.status === 403) looking.value = { at: "forbidden" };
    else if (before.at === "there" && before.detail.approval.id === id) looking.value = { ...before, stale: true };
    else looking.value = { at: "failed", reply };
    // Without a feed it is read with the next one.
    if (!reply || reply.status >= 429) setTimeout(() => mine === turn && phase.value === "open" && void read(), 2000);
    return;
  }
  const detail: Detail = {
    ...parts(whole, reply.text),
    approval: reply.body,
    digest: shown,
    eligible: eligible?.body ?? null,
    decisions: decisions?.body?.items ?? [],
    claim: claim?.body?.claim ?? null,
    agreed: decisions?.ok ? agreedIn(decisions.text, reply.body.escalation_level) : null,
    earlier: before.at === "there" && before.detail.approval.id === id ? before.detail.earlier : [],
  };
  looking.value = { at: "there", detail, stale: false };
  if (detail.earlier.length === 0) void readEarlier(detail.approval, mine);
}

const isApproved = (it: Approval | null | undefined): boolean => it?.resolution === "approved" || it?.resolution === "modified";

function parts(whole: Json, text: string): Pick<Detail, "context" | "metadata" | "modifications" | "schema" | "size"> {
  const part = (name: string): Json => (isDict(whole) ? (whole.get(name) ?? null) : null);
  const dict = (value: Json): Dict => (isDict(value) ? value : new Map());
  const context = dict(part("context"));
  const result = part("result");
  return {
    context,
    metadata: dict(part("metadata")),
    modifications: isDict(result) ? (result.get("modifications") ?? null) : null,
    schema: part("response_schema"),
    size: sizeIn(text, "context"),
  };
}

function agreedIn(text: string, level: number): Json | null {
  const whole = parse(text);
  const items = isDict(whole) ? whole.get("items") : null;
  if (!Array.isArray(items)) return null;
  const is = (it: Json, name: string, wanted: string) => {
    const value = isDict(it) ? it.get(name) : undefined;
    return (value instanceof Num ? value.raw : value) === wanted;
  };
  const first = items.find((it) => is(it, "verdict", "approved") && is(it, "level", String(level)));
  return first && isDict(first) ? (first.get("modifications") ?? null) : null;
}

/** The length of a member's text without writing it again: from its name to what follows. */
function sizeIn(text: string, name: string): number {
  const from = text.indexOf(`"${name}":`);
  if (from < 0) return 0;
  let [depth, quoted] = [0, false];
  for (let at = from + name.length + 3; at < text.length; at += 1) {
    const character = text[at];
    if (quoted) {
      if (character === "\\") at += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") {
      depth -= 1;
      if (depth === 0) return at - from - name.length - 2;
    }
  }
  return 0;
}

/** The last ones of the same workflow, or of the same type where there is no workflow. */
async function readEarlier(it: Approval, mine: number): Promise<void> {
  if (!it.workflow || !may("approval:view:history")) return;
  const search = query({ view: "summary", workflow: it.workflow, limit: 6 });
  const reply = await ask<Page<Summary>>(`/api/v1/approvals/history${search}`);
  const here = looking.peek();
  if (mine !== turn || here.at !== "there" || !reply?.body) return;
  const earlier = reply.body.items.filter((other) => other.id !== it.id).slice(0, 5);
  looking.value = { ...here, detail: { ...here.detail, earlier } };
}


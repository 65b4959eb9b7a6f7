// The digest of what an approval asks, from what is shown of it: SHA-256 over canonical JSON (RFC 8785). The server keeps
// the same; docs/digests.md says which fields are in it.

import { type Json, Num, isDict } from "./json.ts";

/** Keys in the order of their UTF-16 units, numbers and texts as JSON.stringify writes them. */
export function canonical(value: Json): string {
  if (value instanceof Num) return JSON.stringify(Number(value.raw));
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isDict(value)) return JSON.stringify(value);
  const members = [...value].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${members.map(([key, it]) => `${JSON.stringify(key)}:${canonical(it)}`).join(",")}}`;
}

const SAME = ["workspace_id", "id", "run_id", "task_id", "job_id", "approval_type", "title", "description", "context", "response_schema", "on_behalf_of"];

/** What the digest of an approval is of. null: this is no approval. */
export function asked(approval: Json): Json | null {
  if (!isDict(approval) || !isDict(approval.get("context"))) return null;
  const field = (name: string): Json => approval.get(name) ?? null;
  const requester = new Map([["id", field("requested_by_id")], ["name", field("requested_by")]]);
  return new Map<string, Json>([["v", new Num("1")], ["requested_by", requester], ...SAME.map((name): [string, Json] => [name, field(name)])]);
}

/** null where the browser doesn't compute any: on a page that came over plain HTTP, other than from this machine. */
export async function digest(value: Json | null): Promise<string | null> {
  if (value === null || !globalThis.crypto?.subtle) return null;
  const sum = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonical(value)));
  return `sha256:${[...new Uint8Array(sum)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

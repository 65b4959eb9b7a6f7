/**
 * A server for your own tests: in memory, in this process, without a network.
 *
 *     const fake = new FakeSignoff();
 *     fake.approves();
 *     const client = fake.client();
 *
 * It speaks the API's words for asking, waiting, deciding and events, and passes the same tests as the real server. It has no
 * roles, no groups and no policy trees: who is named in `allowed_approvers` may decide, or anyone but the requester.
 */

import { Signoff, type SignoffOptions } from "./client.js";
import { LONGEST_TIMER_MS } from "./http.js";
import type { Approval, JsonObject } from "./types.js";

const LONGEST_WAIT_SECONDS = 55;
const DEFAULT_WAIT_SECONDS = 30;
const DEFAULT_TIMEOUT_SECONDS = 3600;
const FIELDS: ReadonlySet<string> = new Set(
  (
    "run_id approval_type context title description session_id task_id job_id workflow policy timeout_seconds " +
    "timeout_action metadata checkpoint view escalation remind_before_seconds notify"
  ).split(" "),
);
const STATUS = {
  unauthenticated: 401,
  not_eligible: 403,
  not_found: 404,
  already_decided: 409,
  already_voted: 409,
  cancelled: 409,
  expired: 410,
  version_conflict: 412,
  invalid: 422,
  idempotency_mismatch: 422,
} as const;
/** What an approval that has ended says to who comes too late. */
const ENDED: Readonly<Record<string, keyof typeof STATUS>> = {
  resolved: "already_decided",
  cancelled: "cancelled",
  expired: "expired",
};

type Body = Record<string, unknown>;

/** A rule that is broken: where, which, and in words. */
type Broken = readonly [pointer: string, rule: string, message: string];

class Refused extends Error {
  constructor(
    readonly code: keyof typeof STATUS,
    readonly detail: string,
    readonly approval?: Approval,
    readonly errors: readonly Broken[] = [],
  ) {
    super(detail);
  }

  response(): Response {
    const status = STATUS[this.code];
    const errors = this.errors.map(([pointer, rule, message]) => ({ pointer, rule, message }));
    const problem = {
      type: `urn:signoff:problem:${this.code}`,
      title: this.code,
      status,
      code: this.code,
      detail: this.detail,
      ...(errors.length > 0 && { errors }),
      ...(this.approval && { approval: this.approval }),
    };
    return answer(status, problem, { "content-type": "application/problem+json" });
  }
}

/** An approval, and who has voted for it. */
interface Kept {
  view: Approval;
  /** By the monotonic clock. */
  deadline: number;
  readonly votes: Map<string, string>;
  cancelledBy?: string;
}

/** An event that was sent: the task, and the event. */
export interface SentEvent {
  readonly taskId: string;
  readonly event: { readonly event_type: string; readonly data?: unknown };
}

/** A client's `fetch`, whose keys are the names of principals. Without a script, what is asked stays pending until decided. */
export class FakeSignoff {
  /** What clients are given for the server's address. */
  readonly url = "http://signoff.test";
  /** The bodies of what was asked, the first one first; a repetition is not asked anew. */
  readonly requests: Body[] = [];
  /** Events that were sent. */
  readonly events: SentEvent[] = [];
  readonly #kept = new Map<string, Kept>();
  readonly #keys = new Map<string, { readonly id: string; readonly meaning: string }>();
  readonly #logs = new Map<string, Body[]>();
  readonly #waiting = new Set<() => void>();
  #script: ((id: string) => void) | undefined;

  /** A client of this server. */
  client(principal = "agent", options: SignoffOptions = {}): Signoff {
    return new Signoff({ ...options, url: this.url, apiKey: principal, fetch: this.fetch });
  }

  // --- what will become of requests ---

  /** From now on each request is approved at once. */
  approves(comment?: string, by = "approver"): void {
    this.#script = (id) => void this.#decide(id, by, "approve", { comment });
  }

  /** From now on each request is rejected at once. */
  rejects(reason = "no", by = "approver"): void {
    this.#script = (id) => void this.#decide(id, by, "reject", { reason });
  }

  /** From now on each request is approved with these arguments in place of its own. */
  edits(args: JsonObject, by = "approver"): void {
    this.#script = (id) => void this.#decide(id, by, "approve", { modifications: { arguments: args } });
  }

  /** From now on each request is answered in the tool's place. */
  responds(response: string, by = "approver"): void {
    this.#script = (id) => void this.#decide(id, by, "approve", { modifications: { response } });
  }

  /** From now on nobody answers, and each request expires at once. */
  lapses(): void {
    this.#script = (id) => {
      this.#get(id).deadline = 0;
    };
  }

  /** From now on each request is cancelled at once. */
  cancels(reason = "not needed any more", by = "approver"): void {
    this.#script = (id) => void this.#cancel(id, by, { reason });
  }

  /** From now on nothing happens by itself. */
  leavesPending(): void {
    this.#script = undefined;
  }

  // --- the server ---

  /** Stands for the global one. */
  readonly fetch = async (input: string | URL | globalThis.Request, init?: RequestInit): Promise<Response> => {
    const request = new globalThis.Request(input, init);
    const text = await request.text();
    try {
      return await this.#route(request, text ? (JSON.parse(text) as Body) : {});
    } catch (error) {
      if (error instanceof Refused) return error.response();
      throw error;
    }
  };

  async #route(request: globalThis.Request, body: Body): Promise<Response> {
    const caller = (request.headers.get("authorization") ?? "").replace(/^Bearer /, "").trim();
    if (!caller) throw new Refused("unauthenticated", "no credential");
    const url = new URL(request.url);
    const query = url.searchParams;
    const ifMatch = request.headers.get("if-match");
    // Split before it is decoded: a name may hold an encoded slash.
    const [kind, id = "", verb = ""] = url.pathname.replace("/api/v1/", "").split("/").map(decodeURIComponent);
    const called = `${request.method} ${kind}/${verb}`;
    if (kind === "approvals" && request.method === "POST" && id === "") {
      return this.#create(caller, body, request.headers.get("idempotency-key"));
    }
    if (called === "POST approvals/" && id === "bulk") return answer(200, { results: this.#bulk(caller, body) });
    if (called === "GET approvals/" && (id === "pending" || id === "history")) {
      return answer(200, { items: this.#list(id === "pending", query), next_cursor: null });
    }
    switch (called) {
      case "GET approvals/":
        return answer(200, this.#get(id).view);
      case "GET approvals/wait":
        return this.#wait(id, Number(query.get("timeout") ?? DEFAULT_WAIT_SECONDS), request.signal);
      case "POST approvals/approve":
      case "POST approvals/reject": {
        const changed = this.#decide(id, caller, verb, body, ifMatch);
        return answer(200, { changed, approval: this.#get(id).view });
      }
      case "POST approvals/cancel": {
        const changed = this.#cancel(id, caller, body, ifMatch);
        return answer(200, { changed, approval: this.#get(id).view });
      }
      case "POST tasks/events": {
        const sent = (body["events"] ?? [body]) as SentEvent["event"][];
        for (const event of sent) {
          this.events.push({ taskId: id, event });
          this.#tell(id, event.event_type, event.data ?? {});
        }
        return answer(202, { cursor: String(this.#log(id).length), connected: false });
      }
      case "GET tasks/events": {
        const after = query.get("after");
        const log = this.#log(id);
        const items = log.slice(Number(after ?? 0));
        return answer(200, { items, cursor: String(log.length), next_cursor: null, recovered: after === null ? null : true });
      }
      default:
        throw new Refused("not_found", `the fake has no ${request.method} ${url.pathname}`);
    }
  }

  #create(caller: string, body: Body, key: string | null): Response {
    const meaning = canonical(body);
    const slot = JSON.stringify([caller, key]);
    const before = key === null ? undefined : this.#keys.get(slot);
    if (before !== undefined) {
      if (before.meaning !== meaning) throw new Refused("idempotency_mismatch", "the key stands for another body");
      return answer(200, this.#get(before.id).view, { "idempotency-replayed": "true" });
    }
    const wrong = brokenRules(body);
    if (wrong.length > 0) throw new Refused("invalid", "fields break rules", undefined, wrong);
    const { timeout_seconds: asked, ...fields } = body;
    const seconds = Number(asked ?? DEFAULT_TIMEOUT_SECONDS);
    const now = Date.now();
    const view = {
      task_id: body["run_id"],
      metadata: {},
      policy: {},
      timeout_action: "expire",
      escalation_level: 0,
      escalations: [],
      remind_before_seconds: [],
      extended_seconds: 0,
      ...fields,
      id: crypto.randomUUID(),
      status: "pending",
      resolution: null,
      requested_by: caller,
      requested_by_id: caller,
      version: 1,
      created_at: new Date(now).toISOString(),
      updated_at: new Date(now).toISOString(),
      expires_at: new Date(now + seconds * 1000).toISOString(),
    } as unknown as Approval;
    const { id } = view;
    this.#kept.set(id, { view, deadline: performance.now() + seconds * 1000, votes: new Map() });
    if (key !== null) this.#keys.set(slot, { id, meaning });
    this.requests.push(body);
    this.#tell(view.task_id, "approval_requested", { approval_id: id });
    this.#script?.(id);
    // As it was asked: what the script did is learnt by waiting.
    return answer(201, view);
  }

  #get(id: string): Kept {
    const kept = this.#kept.get(id);
    if (kept === undefined) throw new Refused("not_found", "no such approval");
    if (kept.view.status === "pending" && performance.now() >= kept.deadline) {
      const way = { approve: "approved", reject: "rejected" }[kept.view.timeout_action as string] ?? null;
      this.#end(kept, "expired", way, "timeout", null, {});
    }
    return kept;
  }

  async #wait(id: string, seconds: number, signal: AbortSignal): Promise<Response> {
    const until = performance.now() + Math.min(LONGEST_WAIT_SECONDS, seconds) * 1000;
    for (;;) {
      const { view, deadline } = this.#get(id);
      if (view.status !== "pending") return answer(200, view);
      const left = Math.min(until, deadline) - performance.now();
      if (left <= 0 && until <= deadline) return answer(200, view, { "retry-after": "0" });
      await this.#changed(left, signal);
    }
  }

  /** Waits until some approval has changed, or for so long. */
  #changed(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const over = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(over);
        signal.removeEventListener("abort", aborted);
        resolve();
      };
      const aborted = (): void => {
        over();
        reject(signal.reason);
      };
      const timer = setTimeout(over, Math.min(Math.max(0, Math.ceil(ms)), LONGEST_TIMER_MS));
      this.#waiting.add(over);
      signal.addEventListener("abort", aborted);
    });
  }

  #end(kept: Kept, status: string, resolution: string | null, via: string, by: string | null, result: Body): void {
    const now = new Date().toISOString();
    kept.view = {
      ...kept.view,
      status,
      resolution,
      resolved_via: via,
      resolved_by: by,
      resolved_at: now,
      updated_at: now,
      version: kept.view.version + 1,
      result: { resolution, feedback: null, modifications: null, comment: null, ...result },
    } as Approval;
    this.#tell(kept.view.task_id, `approval_${status}`, { approval_id: kept.view.id, status, resolution });
    for (const wake of [...this.#waiting]) wake();
  }

  #log(taskId: string): Body[] {
    const log = this.#logs.get(taskId) ?? [];
    this.#logs.set(taskId, log);
    return log;
  }

  #tell(taskId: string, eventType: string, data: unknown): void {
    const log = this.#log(taskId);
    const timestamp = new Date().toISOString();
    log.push({ event_type: eventType, timestamp, task_id: taskId, data, cursor: String(log.length + 1) });
  }

  #list(pending: boolean, filters: URLSearchParams): Approval[] {
    const views = [...this.#kept.keys()].map((id) => this.#get(id).view).filter((it) => (it.status === "pending") === pending);
    if (!pending) views.reverse();
    const names = ["run_id", "task_id", "approval_type", "status", "resolution"] as const;
    return views.filter((it) => names.every((name) => !filters.has(name) || filters.getAll(name).includes(String(it[name]))));
  }

  #bulk(caller: string, body: Body): Body[] {
    const { ids, action, comment, reason } = body;
    return [...new Set(ids as string[])].map((id) => {
      try {
        const changed = this.#decide(id, caller, String(action), { comment, reason });
        return { id, status: 200, code: null, changed, approval: this.#get(id).view };
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        return { id, status: STATUS[error.code], code: error.code, changed: false };
      }
    });
  }

  #decide(id: string, caller: string, verb: string, said: Body, ifMatch: string | null = null): boolean {
    const kept = this.#get(id);
    const { view } = kept;
    const edits = said["modifications"] ?? null;
    if (verb === "reject") needsReason(said);
    if (edits !== null && view.approval_type === "tool_call" && !isEdit(edits)) {
      const form = 'must be {"arguments": {…}} or {"response": "…"}';
      throw new Refused("invalid", "fields break rules", undefined, [["/modifications", "form", form]]);
    }
    const vote = canonical([verb, edits]);
    if (kept.votes.get(caller) === vote) return false;
    stillOpen(view, ifMatch);
    const policy = view.policy as { allowed_approvers?: string[] | null; min_approvers?: number | null };
    if (caller === view.requested_by || (policy.allowed_approvers && !policy.allowed_approvers.includes(caller))) {
      throw new Refused("not_eligible", "the policy doesn't admit you");
    }
    if (kept.votes.has(caller)) throw new Refused("already_voted", "you have voted otherwise", view);
    kept.votes.set(caller, vote);
    const comment = said["comment"] ?? null;
    if (verb === "reject") {
      this.#end(kept, "resolved", "rejected", "human", caller, { feedback: said["reason"], comment });
    } else if ([...kept.votes.values()].filter((it) => it.startsWith('["approve"')).length >= (policy.min_approvers ?? 1)) {
      const resolution = edits === null ? "approved" : "modified";
      this.#end(kept, "resolved", resolution, "human", caller, { feedback: comment, modifications: edits });
    } else {
      kept.view = { ...view, version: view.version + 1 };
    }
    return true;
  }

  #cancel(id: string, caller: string, said: Body, ifMatch: string | null = null): boolean {
    const kept = this.#get(id);
    needsReason(said);
    if (kept.cancelledBy === caller) return false;
    stillOpen(kept.view, ifMatch);
    kept.cancelledBy = caller;
    this.#end(kept, "cancelled", null, "human", caller, { feedback: said["reason"] });
    return true;
  }
}

function answer(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
}

/** One text for all bodies that say the same. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, it: unknown) =>
    typeof it === "object" && it !== null && !Array.isArray(it)
      ? Object.fromEntries(Object.entries(it).sort(([one], [other]) => (one < other ? -1 : 1)))
      : it,
  );
}

function brokenRules(body: Body): Broken[] {
  const { context } = body;
  const wrong: Broken[] = [];
  for (const name of ["run_id", "approval_type"]) if (!body[name]) wrong.push([`/${name}`, "required", "must be given"]);
  if (typeof context !== "object" || context === null || Array.isArray(context)) {
    wrong.push(["/context", "required", "must be an object"]);
  }
  for (const name of Object.keys(body)) if (!FIELDS.has(name)) wrong.push([`/${name}`, "unknown_field", "is no field"]);
  return wrong;
}

function needsReason(said: Body): void {
  if (said["reason"]) return;
  throw new Refused("invalid", "fields break rules", undefined, [["/reason", "required", "must be given"]]);
}

function isEdit(edits: unknown): boolean {
  if (typeof edits !== "object" || edits === null || Object.keys(edits).length !== 1) return false;
  const { arguments: args, response } = edits as Body;
  return typeof response === "string" || (typeof args === "object" && args !== null && !Array.isArray(args));
}

function stillOpen(view: Approval, ifMatch: string | null): void {
  const code = ENDED[view.status];
  if (code !== undefined) throw new Refused(code, `it is ${view.status}`, view);
  if (ifMatch !== null && ifMatch !== `"${view.version}"`) throw new Refused("version_conflict", "it has changed", view);
}

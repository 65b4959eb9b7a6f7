/** Approvals: asking, waiting, deciding and looking. */

import { APPROVAL, type Caller, call, newKey, pages, persist, untilOf, wait } from "./calls.js";
import { type Request, segment } from "./http.js";
import { Outcome } from "./outcome.js";
import type {
  Approval,
  BulkAction,
  BulkDone,
  BulkResult,
  Checkpoint,
  CreatedApproval,
  Decided,
  JsonObject,
  LevelBody,
  Notify,
  PendingApproval,
  PolicyBody,
  TimeoutAction,
  View,
} from "./types.js";

/** What a request says; `docs/api.md` has what each field means. Objects within them are as the API has them. */
export interface ApprovalRequest {
  readonly runId: string;
  readonly approvalType: string;
  readonly context: JsonObject;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly taskId?: string | undefined;
  readonly jobId?: string | undefined;
  readonly workflow?: string | undefined;
  readonly policy?: PolicyBody | undefined;
  /** How long people have, in whole seconds. */
  readonly timeoutSeconds?: number | undefined;
  readonly timeoutAction?: TimeoutAction | undefined;
  readonly metadata?: JsonObject | undefined;
  readonly checkpoint?: Checkpoint | undefined;
  readonly view?: View | undefined;
  readonly escalation?: readonly LevelBody[] | undefined;
  readonly remindBeforeSeconds?: readonly number[] | undefined;
  readonly notify?: Notify | undefined;
}

/** How it is asked. */
export interface CreateOptions {
  /** The same for each repetition of the same request, also by a process that starts again. One is made where none is given. */
  readonly idempotencyKey?: string | undefined;
  /** Ends the call; the approval stays. */
  readonly signal?: AbortSignal | undefined;
}

/** How long a call waits. */
export interface WaitOptions {
  /** How long this call waits, not how long people have: that is `timeoutSeconds`. Without it: until it has ended. */
  readonly timeoutMs?: number | undefined;
  /** Ends the call; the approval stays. */
  readonly signal?: AbortSignal | undefined;
}

/** What a list of pending approvals may be narrowed to. Lists mean: one of them. */
export interface PendingFilters {
  readonly runId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly taskId?: string | undefined;
  readonly approvalType?: string | readonly string[] | undefined;
  readonly workflow?: string | readonly string[] | undefined;
  readonly requestedBy?: string | readonly string[] | undefined;
  readonly q?: string | undefined;
  readonly approver?: string | undefined;
  readonly sort?: string | undefined;
  /** How many come with each page; all pages are read. */
  readonly limit?: number | undefined;
}

/** What the history may be narrowed to. */
export interface HistoryFilters {
  readonly runId?: string | undefined;
  readonly workflow?: string | undefined;
  readonly status?: string | undefined;
  readonly resolution?: string | undefined;
  readonly requestedBy?: string | undefined;
  readonly decidedBy?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly q?: string | undefined;
  /** How many come with each page; all pages are read. */
  readonly limit?: number | undefined;
}

/** What goes with a vote or a cancellation. */
export interface DecisionOptions {
  /** The version that was looked at. */
  readonly ifMatch?: number | undefined;
}

/** What goes with a vote. */
export interface VoteOptions extends DecisionOptions {
  readonly comment?: string | undefined;
  /** Whose seat the vote is for, where the caller has several. */
  readonly onBehalfOf?: string | undefined;
}

/** Fields in the API's names; what is not given is not sent. */
function wire(fields: object): Record<string, unknown> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(given.map(([name, value]) => [name.replace(/[A-Z]/g, (it) => `_${it.toLowerCase()}`), value]));
}

function pathOf(approvalId: string): string {
  return `/api/v1/approvals/${segment(approvalId)}`;
}

/** With a key always: a repetition must not ask a person twice. */
function creation(asked: ApprovalRequest & CreateOptions & WaitOptions): Request {
  const { idempotencyKey, timeoutMs: _, signal, ...body } = asked;
  const headers = { "idempotency-key": idempotencyKey || newKey() };
  return { method: "POST", path: "/api/v1/approvals", body: wire(body), headers, expects: APPROVAL, signal };
}

function decision(approvalId: string, verb: string, said: object, ifMatch: number | undefined): Request {
  const headers: Record<string, string> = ifMatch === undefined ? {} : { "if-match": `"${ifMatch}"` };
  return { method: "POST", path: `${pathOf(approvalId)}/${verb}`, body: wire(said), headers, expects: ["changed", "approval"] };
}

/** The filters go with each page: its cursor doesn't hold them. */
function listed<T>(path: string, filters: object, caller: Caller): AsyncGenerator<T, void, undefined> {
  const query = wire(filters);
  return pages(path, query, (cursor) => ({ ...query, cursor }), caller);
}

/** Asking, waiting, deciding and looking. */
export class Approvals {
  readonly #caller: Caller;

  /** @internal */
  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * Asks, and waits for the outcome.
   *
   * With an `idempotencyKey` of your own, a process that was killed meanwhile asks again with the same key and body, and gets
   * the outcome of the same approval. Throws `StillPendingError` when `timeoutMs` is over.
   */
  async ask(request: ApprovalRequest & CreateOptions & WaitOptions): Promise<Outcome> {
    const until = untilOf(request.timeoutMs);
    const approval = await persist<Approval>(creation(request), this.#caller, until);
    if (approval.status !== "pending") return new Outcome(approval);
    return wait(approval.id, this.#caller, until, request.signal);
  }

  /** Asks, and doesn't wait. */
  async create(request: ApprovalRequest & CreateOptions): Promise<CreatedApproval> {
    return call(creation(request), this.#caller);
  }

  /** Waits until it has ended. Any process may that knows the id. Throws `StillPendingError` after `timeoutMs`. */
  async wait(approvalId: string, options: WaitOptions = {}): Promise<Outcome> {
    return wait(approvalId, this.#caller, untilOf(options.timeoutMs), options.signal);
  }

  /** One approval as it stands. */
  async get(approvalId: string): Promise<Approval> {
    return call({ method: "GET", path: pathOf(approvalId), expects: APPROVAL }, this.#caller);
  }

  /** What is pending, page by page as it is read. */
  pending(filters: PendingFilters = {}): AsyncGenerator<PendingApproval, void, undefined> {
    return listed("/api/v1/approvals/pending", filters, this.#caller);
  }

  /** What has ended, the newest first. */
  history(filters: HistoryFilters = {}): AsyncGenerator<Approval, void, undefined> {
    return listed("/api/v1/approvals/history", filters, this.#caller);
  }

  /** Votes for it. */
  async approve(
    approvalId: string,
    options: VoteOptions & { readonly modifications?: JsonObject | undefined } = {},
  ): Promise<Decided> {
    const { comment, modifications, onBehalfOf, ifMatch } = options;
    return call(decision(approvalId, "approve", { comment, modifications, for: onBehalfOf }, ifMatch), this.#caller);
  }

  /** Votes against it. */
  async reject(approvalId: string, reason: string, options: VoteOptions = {}): Promise<Decided> {
    const { comment, onBehalfOf, ifMatch } = options;
    return call(decision(approvalId, "reject", { reason, comment, for: onBehalfOf }, ifMatch), this.#caller);
  }

  /** Withdraws it. */
  async cancel(approvalId: string, reason: string, options: DecisionOptions = {}): Promise<Decided> {
    return call(decision(approvalId, "cancel", { reason }, options.ifMatch), this.#caller);
  }

  /** Says the same to up to 200. Look at each `status`: one that failed says nothing of the others. */
  async bulk(
    ids: readonly string[],
    action: BulkAction,
    options: { readonly comment?: string | undefined; readonly reason?: string | undefined } = {},
  ): Promise<BulkResult[]> {
    const body = wire({ ids, action, comment: options.comment, reason: options.reason });
    const request: Request = { method: "POST", path: "/api/v1/approvals/bulk", body, expects: ["results"] };
    const done = await call<BulkDone>(request, this.#caller);
    return done.results;
  }
}

/**
 * What can go wrong, one class for each way that a caller would handle differently.
 *
 * Every class here is a `SignoffError`. What the server answers is an `ApiError` with the problem's `code`. A call that was
 * not approved is a `NotApprovedError`: code that ignores the outcome stops there instead of going on.
 */

import type { Outcome } from "./outcome.js";
import type { Approval, Violation } from "./types.js";

/** All errors of this package. */
export class SignoffError extends Error {
  /** A word for programs: the server's code, or one of this package's. */
  readonly code: string = "signoff";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** What an `ApiError` holds besides its status, code and detail. */
export interface ApiErrorFields {
  readonly violations?: readonly Violation[] | undefined;
  readonly requestId?: string | undefined;
  readonly approval?: Approval | undefined;
  readonly retryAfter?: number | undefined;
}

/** The server refused. `code` is the problem's code; `docs/api.md` lists them all. */
export class ApiError extends SignoffError {
  override readonly code: string;
  readonly status: number;
  readonly detail: string;
  /** Which fields break which rules. */
  readonly violations: readonly Violation[];
  readonly requestId: string | undefined;
  /** The approval as it stands, where that is why. */
  readonly approval: Approval | undefined;
  /** Seconds. */
  readonly retryAfter: number | undefined;

  constructor(status: number, code: string, detail: string, fields: ApiErrorFields = {}) {
    const violations = fields.violations ?? [];
    const rules = violations.map((it) => `; ${it.pointer}: ${it.message}`).join("");
    const where = fields.requestId === undefined ? "" : ` (request ${fields.requestId})`;
    super(`${status} ${code}: ${detail}${rules}${where}`);
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.violations = violations;
    this.requestId = fields.requestId;
    this.approval = fields.approval;
    this.retryAfter = fields.retryAfter;
  }
}

/** No credential, or one that is malformed, unknown, expired or revoked. */
export class UnauthenticatedError extends ApiError {}

/** The credential lacks the permission that `detail` names. */
export class ForbiddenError extends ApiError {}

/** The policy doesn't admit the caller. */
export class NotEligibleError extends ApiError {}

/** No such approval, run or path; what belongs to another workspace looks the same. */
export class NotFoundError extends ApiError {}

/** It was decided before; `approval` has the outcome. */
export class AlreadyDecidedError extends ApiError {}

/** The caller has voted otherwise, or the seat was used. */
export class AlreadyVotedError extends ApiError {}

/** It was cancelled before; `approval` has the outcome. */
export class CancelledAlreadyError extends ApiError {}

/** Its deadline has passed; `approval` has the outcome. */
export class ExpiredError extends ApiError {}

/** It has changed since the version in `ifMatch`; `approval` is how it stands. */
export class VersionConflictError extends ApiError {}

/** The edits aren't those of the first approver. */
export class ModificationsDifferError extends ApiError {}

/** There are as many as may be. */
export class LimitReachedError extends ApiError {}

/** The body has more bytes than the server takes. */
export class TooLargeError extends ApiError {}

/** Fields break rules: see `violations`. */
export class InvalidError extends ApiError {}

/** The idempotency key stands for another body. */
export class IdempotencyMismatchError extends ApiError {}

/** No votes could ever meet the policy. */
export class UnsatisfiablePolicyError extends ApiError {}

/** The server doesn't have this feature yet. */
export class NotSupportedError extends ApiError {}

/** A limit on requests was reached. Nothing was begun. */
export class RateLimitedError extends ApiError {}

/** The instance is full, or is going away. Nothing was begun. */
export class OverloadedError extends ApiError {}

/** The server could not do it now. Whether it was done is unknown, unless `detail` says otherwise. */
export class UnavailableError extends ApiError {}

/** No answer of Signoff's came. Whether the request was done is unknown. */
export class ConnectionFailedError extends SignoffError {
  override readonly code = "connection_failed";
}

/** Nobody has decided within the time that the caller gave. The approval goes on waiting. */
export class StillPendingError extends SignoffError {
  override readonly code = "still_pending";
  readonly approval: Approval;

  constructor(approval: Approval) {
    super(`approval ${approval.id} is still pending`);
    this.approval = approval;
  }
}

/** The outcome doesn't allow to go on. */
export class NotApprovedError extends SignoffError {
  override readonly code: string = "not_approved";
  readonly outcome: Outcome;

  constructor(outcome: Outcome, message: string) {
    super(message);
    this.outcome = outcome;
  }
}

/** A person, or the deadline by its `timeout_action`, said no. */
export class RejectedError extends NotApprovedError {
  override readonly code = "rejected";
}

/** Nobody answered in time. That is no "no". */
export class LapsedError extends NotApprovedError {
  override readonly code = "lapsed";
}

/** The request was cancelled. */
export class WithdrawnError extends NotApprovedError {
  override readonly code = "withdrawn";
}

/** A call without an id can't be told from an equal one. */
export class MissingCallIdError extends SignoffError {
  override readonly code = "missing_call_id";
}

/** A person could not be shown all of it, so nobody is asked. */
export class TooLargeToShowError extends SignoffError {
  override readonly code = "too_large_to_show";
}

/** The edits have no form that can be carried out. Nothing ran. */
export class ModificationRefusedError extends SignoffError {
  override readonly code = "modification_refused";
}

/** A webhook that Signoff has not sent, or not now. */
export class InvalidSignatureError extends SignoffError {
  override readonly code = "invalid_signature";
}

const BY_CODE: ReadonlyMap<string, typeof ApiError> = new Map([
  ["already_decided", AlreadyDecidedError],
  ["already_voted", AlreadyVotedError],
  ["cancelled", CancelledAlreadyError],
  ["draining", OverloadedError],
  ["expired", ExpiredError],
  ["forbidden", ForbiddenError],
  ["idempotency_mismatch", IdempotencyMismatchError],
  ["invalid", InvalidError],
  ["limit_reached", LimitReachedError],
  ["malformed", InvalidError],
  ["modifications_differ", ModificationsDifferError],
  ["not_eligible", NotEligibleError],
  ["not_found", NotFoundError],
  ["not_supported", NotSupportedError],
  ["overloaded", OverloadedError],
  ["rate_limited", RateLimitedError],
  ["too_large", TooLargeError],
  ["unauthenticated", UnauthenticatedError],
  ["unavailable", UnavailableError],
  ["unsatisfiable_policy", UnsatisfiablePolicyError],
  ["version_conflict", VersionConflictError],
]);

/** A problem document, as far as it is known to be one. */
export interface ProblemLike {
  readonly code: string;
  readonly detail?: unknown;
  readonly title?: unknown;
  readonly errors?: unknown;
  readonly approval?: unknown;
}

/** The error for a problem document. A code that this version doesn't know makes a plain `ApiError`. */
export function apiError(
  status: number,
  problem: ProblemLike,
  requestId: string | undefined,
  retryAfter: number | undefined,
): ApiError {
  const kind = BY_CODE.get(problem.code) ?? ApiError;
  return new kind(status, problem.code, String(problem.detail ?? problem.title ?? ""), {
    violations: Array.isArray(problem.errors) ? (problem.errors as Violation[]) : [],
    requestId,
    approval: (problem.approval as Approval | null | undefined) ?? undefined,
    retryAfter,
  });
}

/**
 * Signoff: human sign-off for agents and workflows.
 *
 *     import { Signoff } from "signoff";
 *
 *     const client = new Signoff();           // SIGNOFF_URL, SIGNOFF_API_KEY
 *     const outcome = await client.approvals.ask({
 *       runId: "deploy-812", approvalType: "step_approval", context: { build: 812 },
 *       title: "Ship build 812?", idempotencyKey: "deploy-812/ship" });
 *     if (outcome.approved) …
 *
 * Whatever goes wrong, the call that was asked about has not run.
 */

export type {
  ApprovalRequest,
  Approvals,
  CreateOptions,
  DecisionOptions,
  HistoryFilters,
  PendingFilters,
  VoteOptions,
  WaitOptions,
} from "./approvals.js";
export { Signoff, type SignoffOptions } from "./client.js";
export {
  AlreadyDecidedError, AlreadyVotedError, ApiError, type ApiErrorFields, CancelledAlreadyError, ConnectionFailedError, ExpiredError,
  ForbiddenError, IdempotencyMismatchError, InvalidError, InvalidSignatureError, LapsedError, LimitReachedError, MissingCallIdError,
  ModificationRefusedError, ModificationsDifferError, NotApprovedError, NotEligibleError, NotFoundError, NotSupportedError,
  OverloadedError, RateLimitedError, RejectedError, SignoffError, StillPendingError, TooLargeError, TooLargeToShowError,
  UnauthenticatedError, UnavailableError, UnsatisfiablePolicyError, VersionConflictError, WithdrawnError,
} from "./errors.js";
export type { SocketConstructor, SocketLike } from "./follow.js";
export { type Check, type Duration, Gate, type PassOptions, Rule, type RuleFields, type Verdict, verdict } from "./gate.js";
export type { ApiKey } from "./http.js";
export { Outcome } from "./outcome.js";
export { requireApproval, type RequireOptions, RunScope, withRun } from "./require.js";
export type { Runs, Tasks } from "./tasks.js";
export { Call, type CallFields, runName, shown } from "./toolcall.js";
export type * from "./types.js";

/**
 * What was decided about a call, for all adapters: by waiting, or, where a framework has paused and goes on, by reading it.
 *
 * What a framework was resumed with is never looked at. The same key and body find the approval of this call, and no other.
 */

import type { ApprovalRequest, CreateOptions } from "../approvals.js";
import type { Signoff } from "../client.js";
import { StillPendingError, WithdrawnError } from "../errors.js";
import { type Check, type Rule, settle, type Verdict } from "../gate.js";
import { Outcome } from "../outcome.js";
import type { Call } from "../toolcall.js";

/** What the model is told of a withdrawn request, where the run is not ended by it. */
export const WITHDRAWN = "The request was withdrawn.";

/** A call, and how it is asked about. */
export interface Question {
  readonly client: Signoff;
  readonly call: Call;
  readonly rule: Rule;
  /** In place of the key that the call has by itself. */
  readonly key?: string | undefined;
  readonly check: Check;
  readonly signal?: AbortSignal | undefined;
}

/** Asks, and waits. Throws `WithdrawnError` where the request was withdrawn. */
export async function waited({ client, call, rule, key, check, signal }: Question): Promise<Verdict> {
  const outcome = await client.approvals.ask({ ...rule.request(call, key), signal });
  return settle(client, call, rule, outcome, check);
}

/** What was decided meanwhile. Throws `StillPendingError` where that is nothing. */
export async function read({ client, call, rule, key, check, signal }: Question): Promise<Verdict> {
  const outcome = await ended(client, { ...rule.request(call, key), signal });
  return orWithdrawn(outcome, () => settle(client, call, rule, outcome, check));
}

/** A withdrawn request is told like a rejection. */
export async function orWithdrawn(outcome: Outcome, settled: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await settled();
  } catch (error) {
    if (!(error instanceof WithdrawnError)) throw error;
    return { runs: false, arguments: {}, text: WITHDRAWN, response: null, outcome };
  }
}

/** The outcome, which must be there. */
export async function ended(client: Signoff, asked: ApprovalRequest & CreateOptions): Promise<Outcome> {
  const approval = await client.approvals.create(asked);
  if (approval.status === "pending") throw new StillPendingError(approval);
  return new Outcome(approval);
}

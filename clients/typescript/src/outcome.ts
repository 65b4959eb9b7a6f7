/** What became of a request: the approval, read once it is final. */

import { copy } from "./copy.js";
import { editedEntries } from "./edits.js";
import { LapsedError, ModificationRefusedError, NotApprovedError, RejectedError, WithdrawnError } from "./errors.js";
import { shownArguments } from "./toolcall.js";
import type { Approval, JsonObject } from "./types.js";

/** How an approval ended. Nothing but `approved` says that a call may run. */
export class Outcome {
  readonly approval: Approval;

  constructor(approval: Approval) {
    this.approval = approval;
  }

  get id(): string {
    return this.approval.id;
  }

  /** `resolved`, `expired` or `cancelled`. */
  get status(): string {
    return this.approval.status;
  }

  /** `approved`, `modified`, `rejected`, or null where neither people nor the deadline said any of it. */
  get resolution(): string | null {
    return this.approval.resolution ?? null;
  }

  /** Whether people, or the deadline, have answered it in a way that this version knows. */
  get #ended(): boolean {
    return this.status === "resolved" || this.status === "expired";
  }

  /** Whether to go on: approved as asked, or with edits. */
  get approved(): boolean {
    return this.#ended && (this.resolution === "approved" || this.resolution === "modified");
  }

  /** The approver's comment, or the reason of who rejected or cancelled. */
  get feedback(): string | null {
    return this.approval.result?.feedback ?? null;
  }

  /** The approver's edits. */
  get modifications(): JsonObject | null {
    return (this.approval.result?.modifications as JsonObject | null | undefined) ?? null;
  }

  /** What an approver answered in the tool's place. The tool is not to be called then. */
  get response(): string | null {
    const response = this.modifications?.["response"];
    return typeof response === "string" ? response : null;
  }

  /** Who ended it, by name; null for a deadline. */
  get decidedBy(): string | null {
    return this.approval.resolved_by ?? null;
  }

  /** What ended it: `human`, `timeout` or `run_deleted`. */
  get via(): string | null {
    return this.approval.resolved_via ?? null;
  }

  /** Itself if it is approved; throws `RejectedError`, `LapsedError`, `WithdrawnError` or another `NotApprovedError` otherwise. */
  unwrap(): this {
    if (this.approved) return this;
    const who = this.decidedBy ? ` by ${this.decidedBy}` : "";
    const why = this.feedback ? `: ${this.feedback}` : "";
    if (this.#ended && this.resolution === "rejected") throw new RejectedError(this, `approval ${this.id} was rejected${who}${why}`);
    if (this.status === "expired") throw new LapsedError(this, `nobody decided approval ${this.id} in time`);
    if (this.status === "cancelled") throw new WithdrawnError(this, `approval ${this.id} was cancelled${who}${why}`);
    throw new NotApprovedError(this, `approval ${this.id} is ${this.status}, not approved`);
  }

  /**
   * The arguments to run with: the approver's where there are edits, the original ones elsewhere. An argument that is named
   * in the edits is replaced as a whole, but what in it is as it was shown stays the original: bytes, for one. `redact` are
   * the arguments that nobody was shown.
   *
   * Throws where the outcome is not approved, and `ModificationRefusedError` where the edits are no edits of arguments.
   */
  arguments<A extends object>(original: A, redact: readonly string[] = []): A {
    this.unwrap();
    const merged = copy(original);
    const edits = this.modifications;
    if (edits === null) {
      if (this.resolution !== "modified") return merged;
      throw new ModificationRefusedError(`approval ${this.id} was approved with edits, and they are missing`);
    }
    const changed = edits["arguments"];
    const named = Object.keys(edits);
    if (named.length !== 1 || typeof changed !== "object" || changed === null || Array.isArray(changed)) {
      throw new ModificationRefusedError(`the edits of approval ${this.id} have another form than {"arguments": {…}}`);
    }
    const edited = editedEntries(merged as JsonObject, shownArguments(merged, redact), copy(changed) as JsonObject);
    return Object.fromEntries([...Object.entries(merged), ...edited]) as A;
  }
}

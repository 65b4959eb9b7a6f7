/** What the model is told of calls: results with what a person has changed, or why there are none. */

import { SignoffError } from "../errors.js";
import type { Verdict } from "../gate.js";
import type { Outcome } from "../outcome.js";
import type { AnyTool, Given, Told } from "./ai-tools.js";

export const NOT_EXECUTED = "The call was not executed.";

/** A call that a person, or the lack of one, has kept from running. The model reads its text. */
export class NotExecutedError extends SignoffError {
  override readonly code = "not_executed";
  readonly outcome: Outcome | null;

  constructor(text: string, outcome: Outcome | null) {
    super(text);
    this.outcome = outcome;
  }

  /** The SDK makes the model's text of it. */
  override toString(): string {
    return this.message;
  }
}

/**
 * Ends the run, with the error that is its cause. The SDK tells the model of what tools throw, but of an error that it can't
 * put in words it doesn't, and fails itself.
 */
export class StoppedError extends SignoffError {
  override readonly code = "stopped";

  constructor(cause: unknown) {
    super(`the run ends: ${cause instanceof Error ? cause.message : "it was ended"}`, { cause });
  }

  override toString(): string {
    throw this.cause;
  }
}

/** A failure of a tool whose call a person has changed. */
class ChangedCallError extends Error {
  override toString(): string {
    return this.message;
  }
}

/** What is to be told of calls besides their results, by their inputs. */
export class Notes {
  readonly #kept = new WeakMap<object, Map<string, Verdict>>();

  keep(input: unknown, callId: string, decided: Verdict): void {
    if (decided.text === null && decided.response === null) return;
    const known = this.#kept.get(input as object) ?? new Map<string, Verdict>();
    this.#kept.set(input as object, known.set(callId, decided));
  }

  /** A tool's result as the model reads it. */
  async told(given: Given, { toModelOutput }: AnyTool): Promise<Told> {
    const decided = typeof given.input === "object" && given.input !== null ? this.#kept.get(given.input)?.get(given.toolCallId) : undefined;
    if (decided !== undefined && decided.response !== null) return { type: "text", value: decided.response };
    const told = toModelOutput === undefined ? plain(given.output) : await toModelOutput(given);
    return decided === undefined || decided.text === null ? told : noted(decided.text, told);
  }
}

/** As the SDK tells it. */
function plain(output: unknown): Told {
  if (typeof output === "string") return { type: "text", value: output };
  const text = JSON.stringify(output) as string | undefined;
  return { type: "json", value: text === undefined ? null : (JSON.parse(text) as unknown) };
}

function noted(note: string, told: Told): Told {
  const { type, value, reason } = told;
  switch (type) {
    case "text":
    case "error-text":
      return { ...told, value: value ? `${note}\n${String(value)}` : note };
    case "json":
      return { ...told, type: "text", value: `${note}\n${JSON.stringify(value)}` };
    case "error-json":
      return { ...told, type: "error-text", value: `${note}\n${JSON.stringify(value)}` };
    case "content":
      return { ...told, value: [{ type: "text", text: note }, ...(value as readonly unknown[])] };
    case "execution-denied":
      return { ...told, reason: reason ? `${note}\n${reason}` : note };
    default:
      console.warn(`signoff: the model was not told that a person changed a call: its result is a ${type}`);
      return told;
  }
}

/** A tool's own failure. The model hears of edits also then. */
export function failed(error: unknown, note: string | null): unknown {
  if (note === null || error instanceof StoppedError) return error;
  const text = error instanceof Error ? error.toString() : typeof error === "string" ? error : JSON.stringify(error);
  return new ChangedCallError(`${note}\n${text}`, { cause: error });
}

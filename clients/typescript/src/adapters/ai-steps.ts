/** The calls that one answer of the model has made: what ends one of them ends the waits of all. */

import type { Verdict } from "../gate.js";
import { type CallOptions, failures, type Message, type Place, placeOf, twice } from "./ai-calls.js";

/** The calls that one answer of the model has made. The SDK gives all of them the same list of messages. */
interface Step {
  readonly ending: AbortController;
  readonly keys: Set<string>;
  running: number;
}

export type Signalled = CallOptions & { readonly abortSignal: AbortSignal };

const steps = new WeakMap<readonly Message[], Step>();

function stepOf(messages: readonly Message[]): Step {
  const known = steps.get(messages) ?? { ending: new AbortController(), keys: new Set(), running: 0 };
  steps.set(messages, known);
  return known;
}

/** What fails in one call ends the waits of the others: the run is over. */
export async function inStep(options: CallOptions, asks: (signal: AbortSignal) => Promise<Verdict>): Promise<Verdict> {
  const { messages, toolCallId, abortSignal } = options;
  const step = stepOf(messages);
  const { signal } = step.ending;
  step.running++;
  try {
    return await asks(abortSignal === undefined ? signal : AbortSignal.any([abortSignal, signal]));
  } catch (error) {
    step.ending.abort(error);
    failures.set(messages, error);
    throw error;
  } finally {
    step.running--;
    // A list of the caller's own may come again.
    if (step.running === 0 && placeOf(messages, toolCallId).resumed) steps.delete(messages);
  }
}

/** Refuses a second call that nothing tells from the first one. Those that are gone on with are told apart by the SDK. */
export function once(messages: readonly Message[], { resumed }: Place, key: string, callId: string): void {
  if (resumed) return;
  const { keys } = stepOf(messages);
  if (keys.has(key)) throw twice(callId);
  keys.add(key);
}

/**
 * The AI SDK's runs that pause, and go on in any process once people have decided.
 *
 * A run that is parked is its messages. They say what is asked about and decide nothing: responses that stand in them are left
 * out, and are made anew of what the server says.
 */

import type { ApprovalRequest, CreateOptions } from "../approvals.js";
import type { Signoff } from "../client.js";
import { SignoffError } from "../errors.js";
import { type Gate, verdict } from "../gate.js";
import type { Outcome } from "../outcome.js";
import { withRun } from "../require.js";
import type { Approval } from "../types.js";
import { type AskedCall, askedOf, asksItself, failures, type Message, partsOf, placeOf, snapshot } from "./ai-calls.js";
import { ended, orWithdrawn } from "./decided.js";
import type { Store } from "./file-store.js";

const REQUEST = "tool-approval-request";
const RESPONSE = "tool-approval-response";

// The SDK's own messages are of a type that is known where they are made.
type Messages = any[];

/** Whose questions they are. */
export interface ParkOptions {
  /** The run's name: one execution, which only one process at a time may have. */
  readonly run: string;
  /** Ends the call. */
  readonly signal?: AbortSignal | undefined;
}

/** How a parked run is kept, and gone on with. */
export interface RunOptions extends ParkOptions {
  readonly store: Store;
}

/** What `generateText`, `streamText` or an agent answers: the part that is needed here. */
export interface Generated {
  readonly responseMessages: readonly unknown[] | PromiseLike<readonly unknown[]>;
}

/** An approval request of the messages that is not done with. */
interface Waiting extends AskedCall {
  readonly approvalId: string;
}

/** Asks about what the messages wait for, and doesn't wait. The process may end then. */
export async function ask(messages: readonly unknown[], client: Signoff, gate: Gate, { run, signal }: ParkOptions): Promise<Approval[]> {
  const { waiting } = look(messages as readonly Message[], gate, run);
  return Promise.all(waiting.map((it) => client.approvals.create(requestOf(it, signal))));
}

/**
 * The messages to go on with: all that they wait for is answered by what people have decided. Throws `StillPendingError`
 * where they have not decided all of it.
 */
export async function answer(messages: readonly unknown[], client: Signoff, gate: Gate, { run, signal }: ParkOptions): Promise<Messages> {
  const { history, waiting } = look(messages as readonly Message[], gate, run);
  const outcomes = await Promise.all(waiting.map((it) => ended(client, requestOf(it, signal))));
  return answered(history, waiting, outcomes);
}

/**
 * Runs until it has ended, and waits meanwhile. Called again after a restart, it goes on from where the store has it, and asks
 * nobody twice. `generate` is one call of the SDK with the messages that it is given.
 */
export async function run<R extends Generated>(
  generate: (messages: Messages) => R | PromiseLike<R>, input: string | readonly unknown[], client: Signoff, gate: Gate, options: RunOptions,
): Promise<R> {
  const { store, run: name, signal } = options;
  const kept = await store.load(name);
  let messages = kept === undefined ? begun(input) : parsed(kept);
  for (;;) {
    const { history, waiting } = look(messages, gate, name);
    const asked = await answered(history, waiting, await outcomesOf(client, waiting, signal));
    signal?.throwIfAborted();
    const given = [...asked];
    const [result, made] = await withRun(name, () => generatedBy(generate, given)).catch((error: unknown) => {
      throw failures.get(given) ?? error;
    });
    messages = [...asked, ...made];
    if (look(messages, gate, name).waiting.length === 0) {
      await store.delete(name);
      return result;
    }
    const text = JSON.stringify(messages, keepable);
    await store.save(name, text);
    // As another process would have it.
    messages = parsed(text);
  }
}

async function generatedBy<R extends Generated>(generate: (messages: Messages) => R | PromiseLike<R>, messages: Messages): Promise<readonly [R, readonly Message[]]> {
  const result = await generate(messages);
  return [result, (await result.responseMessages) as readonly Message[]];
}

function begun(input: string | readonly unknown[]): readonly Message[] {
  return typeof input === "string" ? [{ role: "user", content: input }] : (input as readonly Message[]);
}

function parsed(text: string): readonly Message[] {
  const messages: unknown = JSON.parse(text);
  if (!Array.isArray(messages)) throw new SignoffError("what the store has are no messages");
  return messages as readonly Message[];
}

/** Bytes as the SDK takes them from JSON. */
function keepable(this: Readonly<Record<string, unknown>>, name: string, value: unknown): unknown {
  const original = this[name];
  if (original instanceof ArrayBuffer) return base64(new Uint8Array(original));
  if (ArrayBuffer.isView(original)) return base64(new Uint8Array(original.buffer, original.byteOffset, original.byteLength));
  return value;
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (it) => String.fromCharCode(it)).join(""));
}

/** What waits for people, and the messages without what they say of it. */
function look(messages: readonly Message[], gate: Gate, run: string): { readonly history: readonly Message[]; readonly waiting: readonly Waiting[] } {
  const waiting = messages.flatMap((message, at) => {
    const done = new Set(messages.slice(at).flatMap(partsOf).filter((it) => it.type === "tool-result").map((it) => it.toolCallId));
    const open = partsOf(message).filter((it) => message.role === "assistant" && it.type === REQUEST && !done.has(it.toolCallId));
    return open.map(({ approvalId = "", toolCallId = "" }) => {
      const { toolName = "", input } = partsOf(message).find((it) => it.type === "tool-call" && it.toolCallId === toolCallId) ?? {};
      const args = snapshot(toolName, input);
      const rule = gate.rule(toolName, args);
      if (rule === null) throw new SignoffError(`the run has paused for ${toolName}, and no rule says who is to be asked`);
      if (!asksItself(gate, toolName)) throw new SignoffError(`${toolName} would run without asking: it is not made by gated, with this gate`);
      return { ...askedOf(toolName, args, rule, run, toolCallId, placeOf(messages, toolCallId)), approvalId };
    });
  });
  const ids = new Set(waiting.map((it) => it.approvalId));
  const history = messages.flatMap((message) => {
    const content = partsOf(message).filter((it) => it.type !== RESPONSE || !ids.has(it.approvalId ?? ""));
    if (content.length === partsOf(message).length) return [message];
    return content.length === 0 ? [] : [{ ...message, content }];
  });
  return { history, waiting };
}

function requestOf({ call, rule, key }: AskedCall, signal: AbortSignal | undefined): ApprovalRequest & CreateOptions {
  return { ...rule.request(call, key), signal };
}

/** Waits until all of them are decided: the SDK goes on with none, or with all. */
async function outcomesOf(client: Signoff, waiting: readonly Waiting[], signal: AbortSignal | undefined): Promise<Outcome[]> {
  const ending = new AbortController();
  const either = signal === undefined ? ending.signal : AbortSignal.any([ending.signal, signal]);
  const waits = waiting.map((it) => client.approvals.ask(requestOf(it, either)));
  try {
    return await Promise.all(waits);
  } finally {
    ending.abort();
    await Promise.allSettled(waits);
  }
}

/** The messages with the responses. An approved call goes to the tool, which reads the decision itself. */
async function answered(history: readonly Message[], waiting: readonly Waiting[], outcomes: readonly Outcome[]): Promise<Message[]> {
  if (waiting.length === 0) return [...history];
  const content = await Promise.all(
    waiting.map(async ({ approvalId, call, rule }, n) => {
      const outcome = outcomes[n] as Outcome;
      if (outcome.approved) return { type: RESPONSE, approvalId, approved: true };
      const { text } = await orWithdrawn(outcome, () => verdict(call, rule, outcome));
      return { type: RESPONSE, approvalId, approved: false, reason: text ?? "The call was not executed." };
    }),
  );
  return [...history, { role: "tool", content }];
}

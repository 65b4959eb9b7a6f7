/**
 * Vercel's AI SDK: tools that run once a person has agreed.
 *
 *     const tools = gated({ refund, search }, client, gate, { run: "ticket-812" });
 *     await generateText({ model, tools, prompt, stopWhen: isStepCount(20) });
 *
 * The gate stands inside of the tool: it is the last step before it. In park mode the run ends where it would wait, and `run`
 * of this module goes on in any process. What messages say of approvals is not believed: the tool asks the server itself, by
 * the key of this very call. No failure of ours becomes a text for the model.
 */

import type { Signoff } from "../client.js";
import { SignoffError } from "../errors.js";
import type { Gate, Verdict } from "../gate.js";
import type { JsonObject } from "../types.js";
import { asksFromNowOn, askedOf, type CallOptions, checkOf, type Door, placeOf, type RunOption, runOf, snapshot } from "./ai-calls.js";
import { inStep, once, type Signalled } from "./ai-steps.js";
import { failed, NOT_EXECUTED, NotExecutedError, Notes, StoppedError } from "./ai-told.js";
import { type AnyTool, type Execute, GATED, type Given, isRunHere, type OwnTool } from "./ai-tools.js";
import { read, waited } from "./decided.js";

export type { CallOptions, Message, RunOption } from "./ai-calls.js";
export { type ToolApproval, toolApproval, type ToolApprovalInput, type ToolApprovalOptions } from "./ai-door.js";
export { answer, ask, type Generated, type ParkOptions, run, type RunOptions } from "./ai-park.js";
export { NotExecutedError } from "./ai-told.js";
export { FileStore, type Store } from "./file-store.js";

/** How people are asked. */
export interface GatedOptions {
  /** `wait`: the process holds the wait. `park`: the run ends with approval requests; use it with `run` of this module. */
  readonly mode?: "wait" | "park" | undefined;
  /** The run's name, where no `withRun` gives one. It is the same after a restart, and another for each execution. */
  readonly run?: RunOption | undefined;
}

/** The tools, asking by the gate before they run. Those that no rule names stay as they are. */
export function gated<T extends Readonly<Record<string, object>>>(tools: T, client: Signoff, gate: Gate, options: GatedOptions = {}): T {
  const { mode = "wait", run } = options;
  const door: Door = { client, gate, run };
  const all = Object.entries(tools).map(([name, it]) => {
    if (!gate.names(name)) return [name, it];
    const tool = it as AnyTool | undefined;
    if (tool?.[GATED] !== undefined) throw new TypeError(`${name} is gated already`);
    if (!isRunHere(tool)) throw new TypeError(`${name} does not run here, and can't be gated: leave it out of the rules`);
    asksFromNowOn(gate, name);
    return [name, guarded(name, tool, mode, door)];
  });
  return Object.fromEntries(all) as T;
}

function guarded(name: string, tool: OwnTool, mode: "wait" | "park", door: Door): AnyTool {
  const { execute } = tool;
  const notes = new Notes();

  const passed = async (input: unknown, options: CallOptions): Promise<Verdict> => {
    let decided: Verdict;
    try {
      decided = await inStep(options, (signal) => decide(name, tool, mode, door, input, { ...options, abortSignal: signal }));
    } catch (error) {
      throw new StoppedError(error);
    }
    const { runs, text, response, outcome } = decided;
    if (!runs && response === null) throw new NotExecutedError(text ?? NOT_EXECUTED, outcome);
    notes.keep(input, options.toolCallId, decided);
    return decided;
  };

  // What gives its results one by one is known by its form: it can't be called to find that out.
  const streamed = async function* (input: unknown, options: CallOptions): AsyncGenerator<unknown> {
    const { runs, arguments: args, text, response } = await passed(input, options);
    try {
      if (runs) yield* execute.call(tool, args, options) as AsyncIterable<unknown>;
      else yield response;
    } catch (error) {
      throw failed(error, text);
    }
  };
  const whole = async (input: unknown, options: CallOptions): Promise<unknown> => {
    const { runs, arguments: args, text, response } = await passed(input, options);
    if (!runs) return response;
    try {
      const made = execute.call(tool, args, options);
      return isIterable(made) ? await last(made) : await made;
    } catch (error) {
      throw failed(error, text);
    }
  };

  const parks = async (input: unknown, options: CallOptions): Promise<boolean> =>
    door.gate.rule(name, snapshot(name, input)) !== null || wantsApproval(tool, input, options);
  // Also a tool that is an object of a class keeps what it is.
  return Object.assign(Object.create(Object.getPrototypeOf(tool) as object | null) as AnyTool, tool, {
    [GATED]: { gate: door.gate, mode },
    execute: isGenerator(execute) ? streamed : whole,
    toModelOutput: async (given: Given) => notes.told(given, tool),
    ...(mode === "park" && { needsApproval: parks }),
  });
}

async function decide(name: string, tool: AnyTool, mode: "wait" | "park", door: Door, input: unknown, options: Signalled): Promise<Verdict> {
  const { toolCallId, messages, abortSignal: signal } = options;
  const args = snapshot(name, input);
  const rule = door.gate.rule(name, args);
  const place = placeOf(messages, toolCallId);
  if (rule === null) {
    if (mode === "park" && place.resumed && !(await wantsApproval(tool, input, options))) throw changed(name);
    return { runs: true, arguments: args, text: null, response: null, outcome: null };
  }
  const asked = askedOf(name, args, rule, runOf(door.run, options), toolCallId, place);
  once(messages, place, `tool ${asked.key}`, toolCallId);
  let edited: JsonObject | undefined;
  const check = checkOf(name, tool.inputSchema, asked.call.arguments, (it) => (edited = it));
  const decided = await (mode === "park" ? read : waited)({ client: door.client, ...asked, check, signal });
  // Another call of this step may have ended the run meanwhile.
  signal.throwIfAborted();
  return decided.runs && edited !== undefined ? { ...decided, arguments: edited } : decided;
}

async function wantsApproval({ needsApproval = false }: AnyTool, input: unknown, options: CallOptions): Promise<boolean> {
  return typeof needsApproval === "function" ? needsApproval(input, options) : needsApproval;
}

function changed(tool: string): SignoffError {
  return new SignoffError(`the rule for ${tool} has changed its mind: it must depend on the arguments alone`);
}

function isGenerator(execute: Execute): boolean {
  return Object.prototype.toString.call(execute) === "[object AsyncGeneratorFunction]";
}

function isIterable(made: unknown): made is AsyncIterable<unknown> {
  return typeof made === "object" && made !== null && Symbol.asyncIterator in made;
}

async function last(results: AsyncIterable<unknown>): Promise<unknown> {
  let result: unknown;
  for await (const one of results) result = one;
  return result;
}

/**
 * OpenAI's Agents SDK: function tools that run once a person has agreed.
 *
 *     const agent = new Agent({ name: "Support", tools: gated([refund], client, gate) });
 *     await withRun("ticket-812", () => run(agent, "…"));
 *
 * The gate stands inside of the tool: it sees every call, and is the last step before the tool. In park mode the run ends
 * where it would wait, and `run` of this module goes on in any process. What a saved state says of approvals is not believed:
 * the tool asks the server itself, by the key of this very call. No failure of ours becomes a text for the model.
 */

import {
  type Agent, type AgentInputItem, type FunctionTool, invokeFunctionTool, RunContext, Runner, type RunResult, RunState,
  type RunToolApprovalItem, type Tool, ToolCallError,
} from "@openai/agents-core";
import { toolQualifiedName, toSmartString } from "@openai/agents-core/utils";
import { prepareFunctionToolInput } from "@openai/agents-core/utils/internal";
import * as z from "zod";
import type { Signoff } from "../client.js";
import { SignoffError } from "../errors.js";
import { type Check, type Gate, type Rule, verdict } from "../gate.js";
import type { Outcome } from "../outcome.js";
import { currentRun, withRun } from "../require.js";
import { Call } from "../toolcall.js";
import type { JsonObject } from "../types.js";
import { orWithdrawn, read, waited } from "./decided.js";
import type { Store } from "./file-store.js";
import { onlyTaken, said } from "./schema.js";

export { FileStore, type Store } from "./file-store.js";

const DIALECT = "openai-agents";

// The SDK's types are told apart by contexts and outputs; here they make no difference.
type AnyTool = FunctionTool<any, any, any>;
type AnyAgent = Agent<any, any>;
type AnyContext = RunContext<any>;
type Name = string | ((context: AnyContext) => string);

/** How people are asked. */
export interface GatedOptions {
  /** `wait`: the process holds the wait. `park`: the run ends with interruptions; use it with `run` of this module. */
  readonly mode?: "wait" | "park" | undefined;
  /** The run's name, where no `withRun` gives one. It is the same after a restart, and another for each execution. */
  readonly run?: Name | undefined;
}

/** The tools, asking by the gate before they run. */
export function gated<T extends Tool<any>>(tools: readonly T[], client: Signoff, gate: Gate, options: GatedOptions = {}): T[] {
  return tools.map((it) => {
    if (it.type === "function") return guarded(it as unknown as AnyTool, client, gate, options) as unknown as T;
    if (gate.names(it.name)) throw new TypeError(`${it.name} is no function tool, and can't be gated: leave it out of the rules`);
    return it;
  });
}

/** Which agent the SDK has last asked for its tools, in the context of a run. */
const current = new WeakMap<AnyContext, string>();
/** Which agent has made a call that a parked run waits for: another context may go on with it. */
const parked = new Map<string, string>();

function parkedCall(run: string, callId: string | undefined): string {
  return JSON.stringify([run, callId]);
}

function guarded(tool: AnyTool, client: Signoff, gate: Gate, { mode = "wait", run: named }: GatedOptions): AnyTool {
  if (tool.outputSchema !== undefined) {
    throw new TypeError(`${tool.name} has a schema for its output, which no rejection fits: it can't be gated`);
  }
  const park = mode === "park";

  const invoke: AnyTool["invoke"] = async (context, input, details) => {
    const runs = (args: string): Promise<unknown> => invokeFunctionTool({ tool, runContext: context, input: args, ...(details && { details }) });
    const args = parsed(input);
    if (typeof args === "string") return args;
    const callId = details?.toolCall?.callId;
    const name = nameOf(details?.toolCall ?? tool);
    const rule = gate.rule(name, args);
    if (rule === null) {
      if (park && callId !== undefined && context.isToolApproved({ toolName: name, callId }) === true) {
        if (!(await tool.needsApproval(context, args, callId))) throw changed(name);
      }
      return runs(input);
    }
    const run = runOf(named, context);
    const agent = parked.get(parkedCall(run, callId)) ?? current.get(context);
    const call = new Call({ dialect: DIALECT, run, tool: name, arguments: args, callId, agent });
    const signal = details?.signal;
    const decided = await (park ? read : waited)({ client, call, rule, check: checkOf(tool, call), signal });
    // Another call of this turn may have ended the run meanwhile.
    signal?.throwIfAborted();
    if (!decided.runs) return decided.response ?? decided.text ?? "The call was not executed.";
    const output = await runs(JSON.stringify(decided.arguments));
    return decided.text === null ? output : noted(decided.text, output);
  };

  return {
    ...tool,
    invoke,
    isEnabled: (context, agent) => {
      current.set(context, agent.name);
      return tool.isEnabled(context, agent);
    },
    needsApproval: !park
      ? tool.needsApproval
      : async (context, args, callId) =>
          gate.rule(nameOf(tool), args as JsonObject) !== null || tool.needsApproval(context, args, callId),
    // The tool's own time is for the tool: people take longer. It counts where the tool is invoked.
    timeoutMs: undefined as never,
  };
}

function changed(tool: string): SignoffError {
  return new SignoffError(`the rule for ${tool} has changed its mind: it must depend on the arguments alone`);
}

function nameOf({ name, namespace }: { readonly name: string; readonly namespace?: string | undefined }): string {
  return toolQualifiedName(name, namespace) ?? name;
}

function runOf(named: Name | undefined, context: AnyContext): string {
  const name = currentRun() ?? (typeof named === "function" ? named(context) : named);
  if (!name) throw new SignoffError("the run has no name that a restart would find again: run it in withRun, or give gated a run");
  return name;
}

/** The arguments, or what the model is told of such as can't be shown as they would run. */
function parsed(input: string): JsonObject | string {
  const unreadable = (why: string): string => `The arguments of this call can't be read: ${why}. The call was not executed.`;
  let infinite = false;
  let value: unknown;
  try {
    value = JSON.parse(input || "{}", (_, it: unknown) => {
      infinite ||= typeof it === "number" && !Number.isFinite(it);
      return it;
    });
  } catch {
    return unreadable("they are no JSON");
  }
  if (infinite) return unreadable("a number is too large");
  if (typeof value !== "object" || value === null || Array.isArray(value)) return unreadable("they are no object");
  return value as JsonObject;
}

/** Looks at edits as the tool itself would, and by its JSON schema: not every tool looks at that. */
function checkOf(tool: AnyTool, call: Call): Check {
  return (args) => {
    const prepared = prepareFunctionToolInput(tool, JSON.stringify(args))?.result;
    if (prepared?.success === false) throw refusal(prepared.error);
    const { properties, additionalProperties } = tool.parameters as JsonObject;
    if (!additionalProperties) onlyTaken(call.tool, call.arguments, args, properties ?? {});
    const { error } = z.fromJSONSchema(tool.parameters as Parameters<typeof z.fromJSONSchema>[0]).safeParse(args);
    if (error) throw refusal(error);
  };
}

function refusal(error: unknown): unknown {
  const { issues } = error as { readonly issues?: unknown };
  return Array.isArray(issues) ? new TypeError(said(issues as Parameters<typeof said>[0])) : error;
}

/** A tool's output, with a note before it. */
function noted(note: string, output: unknown): unknown {
  const parts: unknown[] = Array.isArray(output) ? output : [output];
  if (parts.length > 0 && parts.every(isStructured)) return [{ type: "text", text: note }, ...parts];
  return `${note}\n${toSmartString(output)}`;
}

function isStructured(part: unknown): boolean {
  const { type } = (part ?? {}) as { readonly type?: unknown };
  return type === "text" || type === "image" || type === "file";
}

// --- Parked runs ---

/** How a parked run is kept, and gone on with. */
export interface ParkOptions {
  readonly store: Store;
  /** The run's name: one execution, which only one process at a time may have. */
  readonly run: string;
  /** What the tools get as their context. It is not kept: give it again. */
  readonly context?: unknown;
  /** Ends the call; the run stays parked. */
  readonly signal?: AbortSignal | undefined;
  /** In place of a new one. */
  readonly runner?: Runner | undefined;
}

/**
 * Runs until it has ended. Called again after a restart, it goes on from where the store has it, and asks nobody twice. What
 * is decided goes on, while the rest waits.
 */
export async function run<A extends AnyAgent>(
  agent: A, input: string | AgentInputItem[], client: Signoff, gate: Gate, options: ParkOptions,
): Promise<RunResult<any, A>> {
  const { store, run: name, context, signal, runner = new Runner() } = options;
  const text = await store.load(name);
  let state = text === undefined ? undefined : await RunState.fromStringWithContext<unknown, A>(agent, text, new RunContext(context));
  for (;;) {
    const items = state?.getInterruptions() ?? [];
    if (state !== undefined && items.length > 0) await answerOne(state, items, { client, gate, name, signal });
    const calls = items.map(({ rawItem, agent: { name: by } }) => [parkedCall(name, "callId" in rawItem ? (rawItem.callId ?? undefined) : undefined), by] as const);
    let result: RunResult<any, A>;
    try {
      for (const [call, by] of calls) parked.set(call, by);
      result = await withRun(name, () => runner.run(agent, state ?? input, { context, ...(signal && { signal }) }));
    } catch (error) {
      // The SDK hides what a tool throws in an error of its own.
      throw error instanceof ToolCallError && error.error instanceof SignoffError ? error.error : error;
    } finally {
      for (const [call] of calls) parked.delete(call);
    }
    if (result.interruptions.length === 0) {
      await store.delete(name);
      return result;
    }
    state = result.state;
    await store.save(name, withoutContext(state.toString()));
  }
}

function withoutContext(state: string): string {
  const { context, ...rest } = JSON.parse(state) as { readonly context: object };
  return JSON.stringify({ ...rest, context: { ...context, context: {} } });
}

interface Parking {
  readonly client: Signoff;
  readonly gate: Gate;
  readonly name: string;
  readonly signal: AbortSignal | undefined;
}

/** Waits until one of them is decided, and tells the state. An approved one goes to the tool, which reads the decision itself. */
async function answerOne(
  state: RunState<any, AnyAgent>, items: readonly RunToolApprovalItem[], { client, gate, name, signal }: Parking,
): Promise<void> {
  const ending = new AbortController();
  const either = signal === undefined ? ending.signal : AbortSignal.any([ending.signal, signal]);
  const waits = items.map(async (item) => {
    const asked = askedBy(item, name, gate);
    const outcome = await client.approvals.ask({ ...asked.rule.request(asked.call), signal: either });
    return { item, text: await textFor(asked.call, asked.rule, outcome) };
  });
  try {
    const { item, text } = await Promise.race(waits);
    if (text === null) state.approve(item);
    else state.reject(item, { message: text });
  } finally {
    ending.abort();
    await Promise.allSettled(waits);
  }
}

/** What people are asked about an interruption. */
function askedBy(item: RunToolApprovalItem, run: string, gate: Gate): { readonly call: Call; readonly rule: Rule } {
  const { rawItem } = item;
  if (rawItem.type !== "function_call") throw new SignoffError(`the run has paused for a ${rawItem.type}, which no rule can be about`);
  const args = parsed(rawItem.arguments);
  const tool = nameOf(rawItem);
  const rule = typeof args === "string" ? null : gate.rule(tool, args);
  if (typeof args === "string" || rule === null) {
    throw new SignoffError(`the run has paused for ${tool}, and no rule says who is to be asked`);
  }
  return { call: new Call({ dialect: DIALECT, run, tool, arguments: args, callId: rawItem.callId, agent: item.agent.name }), rule };
}

/** What the model is told instead of a result; null: the tool is called. */
async function textFor(call: Call, rule: Rule, outcome: Outcome): Promise<string | null> {
  if (outcome.approved) return null;
  const { text } = await orWithdrawn(outcome, () => verdict(call, rule, outcome));
  return text ?? "The call was not executed.";
}

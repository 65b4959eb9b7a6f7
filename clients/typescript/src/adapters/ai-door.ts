/** The AI SDK's own door: its `toolApproval`, for tools that can't be wrapped. */

import type { Signoff } from "../client.js";
import { SignoffError } from "../errors.js";
import { type Gate, settle } from "../gate.js";
import { alike, askedOf, type AskedCall, type CallOptions, type Message, placeOf, type RunOption, runOf, snapshot } from "./ai-calls.js";
import { once } from "./ai-steps.js";
import { NOT_EXECUTED } from "./ai-told.js";
import { type AnyTool, GATED, isRunHere } from "./ai-tools.js";

/** How people are asked. */
export interface ToolApprovalOptions {
  /** As of `gated`. */
  readonly run?: RunOption | undefined;
  /** Ends the wait: the SDK does not say when a run is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** What the SDK asks about. */
export interface ToolApprovalInput {
  readonly toolCall: { readonly toolCallId: string; readonly toolName: string; readonly input: unknown; readonly providerExecuted?: boolean | undefined };
  readonly tools: Readonly<Record<string, unknown>> | undefined;
  readonly messages: readonly unknown[];
}

/** What it is answered. */
export type ToolApproval = undefined | { type: "approved" } | { type: "denied"; reason: string } | { type: "user-approval" };

/**
 * For the SDK's `toolApproval`: asks about tools as they are, one call after the other. An approval with edits does not run
 * here. What `gated` has made is left to it, so that nobody is asked twice.
 */
export function toolApproval(client: Signoff, gate: Gate, options: ToolApprovalOptions = {}): (about: ToolApprovalInput) => Promise<ToolApproval> {
  return async ({ toolCall, tools, messages }) => {
    const { toolCallId, toolName: name, input, providerExecuted } = toolCall;
    const tool = tools !== undefined && Object.hasOwn(tools, name) ? (tools[name] as AnyTool) : undefined;
    if (!gate.names(name)) return undefined;
    if (providerExecuted === true || !isRunHere(tool)) throw new SignoffError(`${name} does not run here, and can't be gated: leave it out of the rules`);
    const args = snapshot(name, input);
    const rule = gate.rule(name, args);
    if (rule === null) return undefined;
    if (tool[GATED]?.gate === gate) return tool[GATED].mode === "park" ? { type: "user-approval" } : undefined;
    const call: CallOptions = { toolCallId, messages: messages as readonly Message[], abortSignal: options.signal };
    const place = placeOf(call.messages, toolCallId);
    const asked = askedOf(name, args, rule, runOf(options.run, call), toolCallId, place);
    once(call.messages, place, `approval ${asked.key}`, toolCallId);
    const status = await waitedHere(client, asked, options.signal);
    // The SDK runs the input that it holds.
    if (status.type === "approved" && !alike(input, args)) throw new SignoffError(`the input of ${name} was changed while people were asked`);
    return status;
  };
}

async function waitedHere(client: Signoff, { call, rule, key }: AskedCall, signal: AbortSignal | undefined): Promise<{ type: "approved" } | { type: "denied"; reason: string }> {
  const outcome = await client.approvals.ask({ ...rule.request(call, key), signal });
  const { runs, text, response } = await settle(client, call, rule, outcome, () => {
    throw new TypeError("calls can't be changed by this door");
  });
  signal?.throwIfAborted();
  if (runs) return { type: "approved" };
  if (response !== null) return { type: "denied", reason: `${NOT_EXECUTED} A person answered in its place: ${response}` };
  return { type: "denied", reason: text ?? NOT_EXECUTED };
}

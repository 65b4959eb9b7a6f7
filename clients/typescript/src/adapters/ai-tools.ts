/** The AI SDK's tools, as far as they are needed here, and which of them ask by themselves. */

import type { Gate } from "../gate.js";
import type { CallOptions } from "./ai-calls.js";

/** On a tool that asks by itself: the gate, and in which mode. */
export const GATED = Symbol.for("signoff.gated");

export interface AnyTool {
  readonly type?: string;
  readonly isProviderExecuted?: boolean;
  readonly inputSchema?: unknown;
  readonly execute?: Execute;
  readonly needsApproval?: boolean | ((input: unknown, options: CallOptions) => boolean | PromiseLike<boolean>);
  readonly toModelOutput?: (given: Given) => Told | PromiseLike<Told>;
  readonly [GATED]?: Gated;
}

/** Of a tool that `gated` has made. */
export interface Gated {
  readonly gate: Gate;
  readonly mode: "wait" | "park";
}

export type Execute = (input: unknown, options: CallOptions) => unknown;

/** What a tool has answered, and to what. */
export interface Given {
  readonly toolCallId: string;
  readonly input: unknown;
  readonly output: unknown;
}

/** What the model is told of it, in one of the SDK's forms. */
export interface Told {
  readonly type: string;
  readonly value?: unknown;
  readonly reason?: string;
}

export type OwnTool = AnyTool & { readonly execute: Execute };

/** A tool of the provider's runs there, and one without `execute` in the browser, whatever is decided here. */
export function isRunHere(tool: AnyTool | undefined): tool is OwnTool {
  return tool !== undefined && typeof tool.execute === "function" && tool.isProviderExecuted !== true;
}

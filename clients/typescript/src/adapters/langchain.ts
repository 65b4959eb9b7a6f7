/**
 * LangChain: an agent's tool calls wait for people.
 *
 *     createAgent({ model, tools, middleware: [signoffMiddleware(client, gate)], checkpointer });
 *
 * In the mode `wait` the process waits where the tool would run. In the mode `park` the graph pauses, and `resume` goes on in
 * any process. The middleware believes nothing that a pause is resumed with: it asks the server, by the call's own key.
 * Nothing here turns a failure of ours into a text for the model.
 */

import { type JSONSchema, Validator } from "@langchain/core/utils/json_schema";
import { Command, getConfig, getCurrentTaskInput, interrupt } from "@langchain/langgraph";
import { AIMessage, type AgentMiddleware, createMiddleware, ToolMessage } from "langchain";
import type { Signoff } from "../client.js";
import { MissingCallIdError, SignoffError } from "../errors.js";
import type { Check, Gate } from "../gate.js";
import { Call } from "../toolcall.js";
import type { JsonObject } from "../types.js";
import { type Question, read, waited } from "./decided.js";
import { pauseOf, threadOf } from "./langgraph.js";
import { isStandardSchema, onlyTaken, validated } from "./schema.js";

export {
  ask, type Asked, type Graph, type Progress, type QuestionFields, resume, runUntilDone, runUntilParked, signOff, type ThreadConfig,
} from "./langgraph.js";

const DIALECT = "langchain";

/** How people are asked. */
export interface MiddlewareOptions {
  /** `wait`: the process holds the wait. `park`: the graph is interrupted; that needs a checkpointer. */
  readonly mode?: "wait" | "park" | undefined;
  /** The run's name; the `thread_id` of the config where nothing is said. */
  readonly runId?: string | undefined;
}

/** Asks people before tools run. It stands last among the middleware, so that what it shows is what runs. */
export function signoffMiddleware(client: Signoff, gate: Gate, options: MiddlewareOptions = {}): AgentMiddleware {
  const { mode = "wait", runId } = options;
  return createMiddleware({
    name: "Signoff",
    wrapToolCall: async (request, handler) => {
      const { id = "", name, args } = request.toolCall;
      const { configurable, signal } = request.runtime;
      const metadata = getConfig()?.metadata as { readonly lc_agent_name?: string } | undefined;
      const run = runId ?? threadOf(configurable) ?? "";
      const call = new Call({ dialect: DIALECT, run, tool: name, arguments: args, callId: id, agent: metadata?.lc_agent_name });
      const rule = gate.rule(name, call.arguments);
      if (rule === null) return handler(request);
      if (!run) throw new SignoffError("the run has no name: give the config a thread_id, or the middleware a runId");
      const key = keyOf(call, request.state.messages, mode === "park");
      const question: Question = { client, call, rule, key, check: checkOf(request.tool, call), signal };
      if (mode === "park") interrupt(pauseOf(rule.request(call, key)));
      const decided = await (mode === "park" ? read : waited)(question);
      // Another call of this turn may have ended the run meanwhile.
      signal?.throwIfAborted();
      if (!decided.runs) {
        const [content, status] = decided.response === null ? [decided.text, "error" as const] : [decided.response, "success" as const];
        return new ToolMessage({ content: content ?? "The call was not executed.", status, name, tool_call_id: id });
      }
      const result = await handler({ ...request, toolCall: { ...request.toolCall, args: decided.arguments } });
      if (decided.text === null) return result;
      const told = noted(result, id, decided.text);
      if (told === undefined) console.warn(`signoff: the model was not told that a person changed the call ${id}: its result has no message of it`);
      return (told ?? result) as ToolMessage | Command;
    },
  });
}

/** By the message that the call came with: some models count their calls' ids anew in each turn. */
function keyOf(call: Call, messages: readonly unknown[], parks: boolean): string {
  const { dialect, run, tool, arguments: args, callId } = call;
  // Refused where the call has no id.
  call.key();
  const last = messages.filter((it): it is AIMessage => AIMessage.isInstance(it)).at(-1);
  const calls = last?.tool_calls ?? [];
  if (calls.filter((it) => it.id === callId).length > 1) {
    throw new MissingCallIdError(`two calls have the id ${callId}: they could not be told apart`);
  }
  if (parks && calls.length > 1 && !("lg_tool_call" in (getCurrentTaskInput() as object))) {
    // The node would run again for each answer, with every tool of it that has run.
    throw new SignoffError('an agent of the version "v1" can\'t park several calls of one turn: leave the version out');
  }
  return new Call({ dialect, run, tool, arguments: args, callId: `${last?.id ?? ""}/${callId}` }).key();
}

/** Looks at edits as the tool itself would. A tool that doesn't say what it takes can't be called with edits. */
function checkOf(tool: unknown, call: Call): Check {
  return async (args) => {
    const { schema } = (tool ?? {}) as { readonly schema?: unknown };
    if (isStandardSchema(schema)) return onlyTaken(call.tool, call.arguments, args, await validated(schema, args));
    if (typeof schema !== "object" || schema === null) throw new TypeError(`${call.tool} doesn't say what it takes`);
    const { valid, errors } = new Validator(schema as JSONSchema as object).validate(args);
    if (!valid) throw new TypeError(errors.at(-1)?.error ?? "its schema refuses them");
    const { properties, additionalProperties, patternProperties } = schema as JsonObject;
    if (properties && !additionalProperties && !patternProperties) onlyTaken(call.tool, call.arguments, args, properties);
  };
}

/** A tool's result with the note before its content; undefined where it has no message of this call. */
function noted(result: unknown, callId: string, note: string): unknown {
  if (ToolMessage.isInstance(result)) return result.tool_call_id === callId ? withNote(result, note) : undefined;
  if (result instanceof Command) {
    const { graph, goto, resume, update } = result as Command;
    const told = Array.isArray(update) ? noted(update, callId, note) : notedUpdate(update as JsonObject | undefined, callId, note);
    if (told === undefined) return undefined;
    return new Command({ ...(graph !== undefined && { graph }), ...(goto && { goto }), ...(resume !== undefined && { resume }), update: told as JsonObject });
  }
  if (!Array.isArray(result)) return undefined;
  const told = result.map((it) => noted(it, callId, note));
  return told.every((it) => it === undefined) ? undefined : told.map((it, n) => it ?? (result[n] as unknown));
}

function notedUpdate(update: JsonObject | undefined, callId: string, note: string): JsonObject | undefined {
  const messages = noted(update?.["messages"], callId, note);
  return messages === undefined ? undefined : { ...update, messages };
}

function withNote(message: ToolMessage, note: string): ToolMessage {
  const { content, tool_call_id, name, status, artifact, metadata, id, additional_kwargs, response_metadata } = message;
  const told = typeof content === "string" ? (content ? `${note}\n${content}` : note) : [{ type: "text" as const, text: note }, ...content];
  return new ToolMessage({
    content: told as string, tool_call_id, additional_kwargs, response_metadata, artifact,
    ...(name !== undefined && { name }), ...(status && { status }), ...(metadata && { metadata }), ...(id !== undefined && { id }),
  });
}

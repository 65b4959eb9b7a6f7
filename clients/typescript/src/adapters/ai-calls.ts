/**
 * The AI SDK's calls, as questions to people: what they are known by, and what edits they take.
 *
 * The types are those parts of the SDK's that are needed here: it exists as ESM alone, and nothing of it is imported.
 */

import * as z from "zod";
import type { Signoff } from "../client.js";
import { copy } from "../copy.js";
import { MissingCallIdError, SignoffError } from "../errors.js";
import type { Check, Gate, Rule } from "../gate.js";
import { currentRun } from "../require.js";
import { Call, canonical, shown } from "../toolcall.js";
import type { JsonObject } from "../types.js";
import { isStandardSchema, onlyTaken, said, validated } from "./schema.js";

const DIALECT = "ai-sdk";
/** Marks what the SDK's `jsonSchema` makes. */
const SCHEMA = Symbol.for("vercel.ai.schema");

/** A message of the model's conversation. */
export interface Message {
  readonly role: string;
  readonly content: string | readonly Part[];
}

/** A part of a message. */
export interface Part {
  readonly type: string;
  readonly toolCallId?: string;
  readonly toolName?: string;
  readonly input?: unknown;
  readonly approvalId?: string;
}

/** What a tool is called with, besides its input. */
export interface CallOptions {
  readonly toolCallId: string;
  readonly messages: readonly Message[];
  readonly abortSignal?: AbortSignal | undefined;
  readonly context?: unknown;
}

/** The run's name, or what makes it of a call. */
export type RunOption = string | ((options: CallOptions) => string);

/** Who asks, and by which rules. */
export interface Door {
  readonly client: Signoff;
  readonly gate: Gate;
  readonly run: RunOption | undefined;
}

/** A call that people are asked about. */
export interface AskedCall {
  readonly call: Call;
  readonly rule: Rule;
  readonly key: string;
}

/** The tools that ask by themselves before they run, by the gate that they ask by. */
const asking = new WeakMap<Gate, Set<string>>();

export function asksFromNowOn(gate: Gate, tool: string): void {
  const names = asking.get(gate) ?? new Set<string>();
  asking.set(gate, names.add(tool));
}

export function asksItself(gate: Gate, tool: string): boolean {
  return asking.get(gate)?.has(tool) ?? false;
}

/** What has ended a run, by the messages that it was gone on with: `streamText` tells it to its `onError` alone. */
export const failures = new WeakMap<readonly Message[], unknown>();

/** The call as it is now: nothing changes it while people are asked. */
export function snapshot(tool: string, input: unknown): JsonObject {
  if (typeof input !== "object" || input === null || Array.isArray(input)) throw new TypeError(`the input of ${tool} is no object`);
  return copy(input as JsonObject);
}

/** What is asked about the call. */
export function askedOf(tool: string, args: JsonObject, rule: Rule, run: string, callId: string, place: Place): AskedCall {
  const call = new Call({ dialect: DIALECT, run, tool, arguments: args, callId });
  // Refused where the call has no id.
  const key = call.key();
  if (place.earlier === 0) return { call, rule, key };
  return { call, rule, key: new Call({ dialect: `${DIALECT}/${place.earlier}`, run, tool, arguments: args, callId }).key() };
}

export function runOf(named: RunOption | undefined, options: CallOptions): string {
  const name = currentRun() ?? (typeof named === "function" ? named(options) : named);
  if (!name) throw new SignoffError("the run has no name that a restart would find again: say it in withRun, or give a run");
  return name;
}

/** Where a call stands in its conversation. */
export interface Place {
  /** How many calls of this id have had a result before: some models count their ids anew in each turn. */
  readonly earlier: number;
  /** Whether the call is in the conversation: the run had paused for it. */
  readonly resumed: boolean;
}

export function placeOf(messages: readonly Message[], callId: string): Place {
  const all = messages.flatMap((it) => partsOf(it)).filter((it) => it.toolCallId === callId);
  const earlier = all.filter((it) => it.type === "tool-result").length;
  const open = all.filter((it) => it.type === "tool-call").length - earlier;
  if (open > 1) throw twice(callId);
  return { earlier, resumed: open === 1 };
}

export function twice(callId: string): MissingCallIdError {
  return new MissingCallIdError(`two calls have the id ${callId}: they could not be told apart`);
}

export function partsOf({ content }: Message): readonly Part[] {
  return typeof content === "string" ? [] : content;
}

/** Whether both would be shown alike. */
export function alike(one: unknown, other: unknown): boolean {
  return canonical(shown(one)) === canonical(shown(other));
}

/** Looks at edits as the SDK looks at a model's input. `parsed` gets what the tool's schema makes of them. */
export function checkOf(tool: string, inputSchema: unknown, original: JsonObject, parsed: (args: JsonObject) => void): Check {
  return async (args) => {
    const lazy = typeof inputSchema === "function" && !isStandardSchema(inputSchema);
    const schema: unknown = lazy ? (inputSchema as () => unknown)() : inputSchema;
    const value = isOwn(schema) ? await heldTo(schema, tool, original, args) : await fromStandard(schema, tool, original, args);
    // What a person has written is what runs: a schema may read it otherwise, and nobody would have seen that.
    if (!alike(value, args)) throw new TypeError(`${tool} would read them otherwise than they are written`);
    parsed(value as JsonObject);
  };
}

/** A schema of the SDK's own. */
interface OwnSchema {
  readonly jsonSchema: JsonObject | PromiseLike<JsonObject>;
  readonly validate?: (value: unknown) => Result | PromiseLike<Result>;
}

type Result = { readonly success: true; readonly value: unknown } | { readonly success: false; readonly error: unknown };

function isOwn(schema: unknown): schema is OwnSchema {
  return typeof schema === "object" && schema !== null && SCHEMA in schema;
}

async function fromStandard(schema: unknown, tool: string, original: JsonObject, args: JsonObject): Promise<unknown> {
  if (!isStandardSchema(schema)) throw new TypeError(`${tool} doesn't say what it takes`);
  const value = await validated(schema, args);
  onlyTaken(tool, original, args, value);
  return value;
}

/** By its JSON schema, too: without a `validate` the SDK itself doesn't look at it. */
async function heldTo({ jsonSchema, validate }: OwnSchema, tool: string, original: JsonObject, args: JsonObject): Promise<unknown> {
  const schema = await jsonSchema;
  const { properties, additionalProperties, patternProperties } = schema;
  if (properties && !additionalProperties && !patternProperties) onlyTaken(tool, original, args, properties);
  if (validate === undefined) {
    const { error } = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(args);
    if (error) throw new TypeError(said(error.issues));
    return args;
  }
  const result = await validate(args);
  if (result.success) return result.value;
  throw refusal(result.error);
}

function refusal(error: unknown): unknown {
  const { issues } = (error ?? {}) as { readonly issues?: unknown };
  return Array.isArray(issues) ? new TypeError(said(issues as Parameters<typeof said>[0])) : error;
}

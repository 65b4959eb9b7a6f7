/**
 * A function that runs once a person has agreed.
 *
 *     const refund = requireApproval(async function refund({ order, amount }: Refund) { … }, {
 *       title: "Refund {order}", approvers: ["ana"], timeout: "1h" });
 *
 *     await withRun("nightly-2026-11-28", () => refund({ order: "1042", amount: 49.9 }));
 *
 * Within `withRun`, the n-th call with the same arguments is always the same request. A process that starts again and makes
 * the same calls gets the outcomes of the same approvals. Outside of it each call asks anew.
 */

import { newKey } from "./calls.js";
import { Signoff } from "./client.js";
import { ModificationRefusedError, SignoffError } from "./errors.js";
import { type Check, Gate, Rule, type RuleFields, type Verdict } from "./gate.js";
import { Call } from "./toolcall.js";
import type { JsonObject } from "./types.js";

const DIALECT = "function";

/** A run's name, and how often each call was made in it. */
export class RunScope {
  readonly id: string;
  readonly #made = new Map<string, number>();

  constructor(id: string) {
    this.id = id;
  }

  /** The call as the n-th one like it. @internal */
  call(tool: string, args: JsonObject): Call {
    const fields = { dialect: DIALECT, run: this.id, tool, arguments: args };
    const same = new Call({ ...fields, callId: "0" }).key();
    const number = (this.#made.get(same) ?? 0) + 1;
    this.#made.set(same, number);
    return new Call({ ...fields, callId: String(number) });
  }
}

/** What of Node's AsyncLocalStorage is needed. */
interface Storage {
  run<R>(scope: RunScope, inside: () => R): R;
  getStore(): RunScope | undefined;
}

interface Host {
  readonly process?: { readonly getBuiltinModule?: (name: string) => { readonly AsyncLocalStorage: new () => Storage } | undefined };
  [STORAGE]?: Storage | undefined;
}

/** One for all copies of this package in the process. */
const STORAGE = Symbol.for("signoff.run");

/** Asked for when it is needed, and not imported: browsers have none. */
function storage(): Storage | undefined {
  const host = globalThis as Host;
  if (host[STORAGE] === undefined) {
    const hooks = host.process?.getBuiltinModule?.("node:async_hooks");
    if (hooks !== undefined) host[STORAGE] = new hooks.AsyncLocalStorage();
  }
  return host[STORAGE];
}

/** Names the run of all that is asked inside. Needs Node 20.16 or newer; elsewhere give `run` to `requireApproval`. */
export async function withRun<R>(runId: string, inside: () => R | Promise<R>): Promise<R> {
  const found = storage();
  if (found === undefined) {
    throw new SignoffError("withRun needs AsyncLocalStorage, as Node has it from 20.16 on: give run to requireApproval instead");
  }
  return found.run(new RunScope(runId), inside);
}

/** How a function is guarded: a rule's fields, and what follows. */
export interface RequireOptions extends Omit<RuleFields, "allowResponse"> {
  /** What the call is named; the function's own name where nothing is said. */
  readonly name?: string | undefined;
  /** The run, where `withRun` can't be had. One scope may be given to several functions. */
  readonly run?: RunScope | undefined;
  /**
   * Throws where the function would refuse edited arguments. Where nothing is said, edits may name only arguments that the
   * call has.
   */
  readonly check?: Check | undefined;
  /** By default one from the environment, made at the first call. */
  readonly client?: Signoff | undefined;
  /** Where it is not approved: `throw` a `NotApprovedError`, or `return` its text for a model to read. */
  readonly onDenied?: "throw" | "return" | undefined;
}

/**
 * Makes a function wait for people before each call. It takes one object of arguments, which is plain data; an approver's
 * edits take the place of the arguments that they name.
 */
export function requireApproval<A extends object, R>(
  fn: (args: A) => R | Promise<R>,
  options?: RequireOptions & { readonly onDenied?: "throw" | undefined },
): (args: A) => Promise<R>;
export function requireApproval<A extends object, R>(
  fn: (args: A) => R | Promise<R>,
  options: RequireOptions,
): (args: A) => Promise<R | string>;
export function requireApproval<A extends object, R>(
  fn: (args: A) => R | Promise<R>,
  options: RequireOptions = {},
): (args: A) => Promise<R | string> {
  const { name, run, check, client, onDenied, ...fields } = options;
  const tool = name || fn.name;
  if (!tool) throw new TypeError("a function without a name needs one: requireApproval(fn, {name})");
  const gate = new Gate({}, { default: new Rule(fields) });
  let made = client;

  return async (args: A): Promise<R | string> => {
    if (Object.prototype.toString.call(args) !== "[object Object]") throw new TypeError(`${tool} takes one object of arguments`);
    const scope = run ?? storage()?.getStore() ?? new RunScope(`${tool}-${newKey()}`);
    // It holds a copy: what the caller changes while it is asked about, changes nothing.
    const call = scope.call(tool, args as A & JsonObject);
    made ??= new Signoff();
    const decided = await gate.passThrough(made, call, { check: check ?? onlyNamed(tool, call.arguments) });
    if (!decided.runs) return denied(decided, onDenied);
    return fn(decided.arguments as A);
  };
}

function onlyNamed(tool: string, original: JsonObject): Check {
  return (args) => {
    const unknown = Object.keys(args).filter((name) => !Object.hasOwn(original, name));
    if (unknown.length > 0) throw new TypeError(`the call of ${tool} has no argument ${unknown.sort().join(", ")}`);
  };
}

function denied(decided: Verdict, onDenied: RequireOptions["onDenied"]): string {
  const text = decided.text ?? "The call was not executed.";
  if (onDenied === "return") return text;
  decided.outcome?.unwrap();
  throw new ModificationRefusedError(text);
}

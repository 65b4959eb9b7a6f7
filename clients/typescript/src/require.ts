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
 *
 * A run that is started again must make the same calls from its start, also those that ran: which one is the n-th is counted.
 * What already ran runs again then, by the same approval. So a run's id stands for one execution of the work; or give
 * `callId`, by which calls are told apart in place of counting.
 */

import { newKey } from "./calls.js";
import { Signoff } from "./client.js";
import { copy } from "./copy.js";
import { ModificationRefusedError, SignoffError } from "./errors.js";
import { type Check, Gate, Rule, type RuleFields, settle, unasked, type Verdict } from "./gate.js";
import type { Outcome } from "./outcome.js";
import { Call } from "./toolcall.js";
import type { JsonObject } from "./types.js";

const DIALECT = "function";

/** A call of a run, and what is done where asking about it has led to nothing. */
interface Taken {
  readonly call: Call;
  readonly giveBack: () => void;
}

/** A run's name, and which calls were made in it. */
export class RunScope {
  readonly id: string;
  /** By a call's key without a number: the numbers that are taken. */
  readonly #taken = new Map<string, Set<number>>();
  readonly #outer: RunScope | undefined;

  constructor(id: string, outer?: RunScope) {
    this.id = id;
    this.#outer = outer;
  }

  /** This scope, or the one around it, that has the id. @internal */
  named(id: string): RunScope | undefined {
    return this.id === id ? this : this.#outer?.named(id);
  }

  /** The call as the n-th one like it: by the smallest number that is free, until that is given back. @internal */
  take(tool: string, args: JsonObject): Taken {
    const fields = { dialect: DIALECT, run: this.id, tool, arguments: args };
    const same = new Call({ ...fields, callId: "0" }).key();
    const taken = this.#taken.get(same) ?? new Set();
    this.#taken.set(same, taken);
    let number = 1;
    while (taken.has(number)) number++;
    const call = new Call({ ...fields, callId: String(number) });
    taken.add(number);
    return { call, giveBack: () => void taken.delete(number) };
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
  [FUNCTIONS]?: Map<string, string>;
}

/** One for all copies of this package in the process. */
const STORAGE = Symbol.for("signoff.run");
/** The source of each function that is guarded, by its name: another one would have its approvals. */
const FUNCTIONS = Symbol.for("signoff.functions");

/** Asked for when it is needed, and not imported: browsers have none. */
function storage(): Storage | undefined {
  const host = globalThis as Host;
  if (host[STORAGE] === undefined) {
    const hooks = host.process?.getBuiltinModule?.("node:async_hooks");
    if (hooks !== undefined) host[STORAGE] = new hooks.AsyncLocalStorage();
  }
  return host[STORAGE];
}

/**
 * Names the run of all that is asked inside. Within a run of the same id, that one goes on. Needs Node 20.16 or newer;
 * elsewhere give `run` to `requireApproval`.
 */
export async function withRun<R>(runId: string, inside: () => R | Promise<R>): Promise<R> {
  const found = storage();
  if (found === undefined) {
    throw new SignoffError("withRun needs AsyncLocalStorage, as Node has it from 20.16 on: give run to requireApproval instead");
  }
  const outer = found.getStore();
  return found.run(outer?.named(runId) ?? new RunScope(runId, outer), inside);
}

/** How a function is guarded: a rule's fields, and what follows. */
export interface RequireOptions extends Omit<RuleFields, "allowResponse"> {
  /** What the call is named; the function's own name where nothing is said. */
  readonly name?: string | undefined;
  /** The run, where `withRun` can't be had. One scope may be given to several functions. */
  readonly run?: RunScope | undefined;
  /**
   * What tells this call from the others of its run, in place of counting: a text that is the same for the same piece of work,
   * whatever was called before. Two calls with the same one and the same arguments are the same request.
   */
  readonly callId?: ((args: JsonObject) => string) | undefined;
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
  const { name, run, callId, check, client, onDenied, ...fields } = options;
  const tool = name || fn.name;
  if (!tool) throw new TypeError("a function without a name needs one: requireApproval(fn, {name})");
  const gate = new Gate({}, { default: new Rule(fields) });
  onlyOne(tool, fn.toString());
  let made = client;

  return async (args: A): Promise<R | string> => {
    if (Object.prototype.toString.call(args) !== "[object Object]") throw new TypeError(`${tool} takes one object of arguments`);
    const scope = run ?? storage()?.getStore() ?? new RunScope(`${tool}-${newKey()}`);
    // It holds a copy: what the caller changes while it is asked about, changes nothing.
    const { call, giveBack } = callId ? named(scope, tool, args as A & JsonObject, callId) : scope.take(tool, args as A & JsonObject);
    let rule: Rule | null;
    let outcome: Outcome | null;
    try {
      made ??= new Signoff();
      rule = gate.rule(tool, call.arguments);
      outcome = rule && (await made.approvals.ask(rule.request(call)));
    } catch (error) {
      // The next call like it is this one again.
      giveBack();
      throw error;
    }
    const decided =
      rule === null || outcome === null
        ? unasked(call)
        : await settle(made, call, rule, outcome, check ?? onlyNamed(tool, call.arguments));
    if (!decided.runs) return denied(decided, onDenied);
    return fn(decided.arguments as A);
  };
}

/** The run that `withRun` has named, if any. @internal */
export function currentRun(): string | undefined {
  return storage()?.getStore()?.id;
}

function named(scope: RunScope, tool: string, args: JsonObject, callId: (args: JsonObject) => string): Taken {
  const id: unknown = callId(copy(args));
  if (typeof id !== "string" || id === "") throw new TypeError(`callId of ${tool} must answer a text that is not empty`);
  return { call: new Call({ dialect: DIALECT, run: scope.id, tool, arguments: args, callId: id }), giveBack: () => undefined };
}

/** Refuses a second function of the same name: one would run by what was approved for the other. */
function onlyOne(tool: string, source: string): void {
  const known = ((globalThis as Host)[FUNCTIONS] ??= new Map());
  if ((known.get(tool) ?? source) !== source) {
    throw new TypeError(`two functions are called ${tool}: give one of them a name`);
  }
  known.set(tool, source);
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

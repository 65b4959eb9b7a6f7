/**
 * LangGraph: graphs that pause, and go on in any process once people have decided.
 *
 *     const answer = interrupt(ask({ title: "Ship build {build}?", context: { build: 812 } }));   // in a node
 *     const values = await runUntilDone(graph, { build: 812 }, config, client);                   // around the graph
 *
 * A node that must not believe whoever resumes the graph says `await signOff(client, ask({…}))` instead of `interrupt`.
 * Outcomes are read from the server, by keys that the pauses hold, so nothing is kept here between two processes.
 */

import { Command, getConfig, interrupt } from "@langchain/langgraph";
import type { ApprovalRequest, CreateOptions } from "../approvals.js";
import type { Signoff } from "../client.js";
import { SignoffError } from "../errors.js";
import { Rule, type RuleFields } from "../gate.js";
import type { Outcome } from "../outcome.js";
import { Call } from "../toolcall.js";
import type { Approval, JsonObject } from "../types.js";
import { ended } from "./decided.js";

type Request = ApprovalRequest & CreateOptions;

/** What a graph is interrupted with: plain JSON, and the request in the API's names. */
export interface Asked {
  readonly type: "signoff";
  readonly idempotency_key: string;
  readonly request: JsonObject;
}

/** What a node asks, and whom. */
export interface QuestionFields extends Omit<RuleFields, "when" | "redact" | "allowResponse"> {
  /** Such as `Ship build {build}?`, with names of the context. */
  readonly title: string;
  readonly context: JsonObject;
  /** `step_approval` where nothing is said. */
  readonly approvalType?: string | undefined;
  /** The run's name; the `thread_id` of the config where nothing is said. */
  readonly run?: string | undefined;
}

/**
 * The value for `interrupt` in a node. It must depend on the state alone: a node runs again from its beginning when it is
 * resumed. Two equal questions of one node are one.
 */
export function ask({ title, context, approvalType = "step_approval", run, ...fields }: QuestionFields): Asked {
  const { configurable } = getConfig() ?? {};
  const name = run ?? threadOf(configurable);
  if (!name) throw new SignoffError("the question belongs to no run: give the config a thread_id, or the question a run");
  const callId = (configurable as { readonly checkpoint_ns?: string } | undefined)?.checkpoint_ns;
  const question = new Call({ dialect: "langgraph", run: name, tool: title, arguments: context, callId });
  return pauseOf({ ...new Rule({ ...fields, title }).request(question), approvalType, context: question.shown() });
}

/** Pauses with the question. Once resumed, it reads what was decided; throws `StillPendingError` where that is nothing yet. */
export async function signOff(client: Signoff, question: Asked): Promise<Outcome> {
  interrupt(question);
  return ended(client, requestOf(question));
}

/** @internal */
export function threadOf(configurable: unknown): string | undefined {
  const { thread_id: id } = (configurable ?? {}) as { readonly thread_id?: unknown };
  return typeof id === "string" || typeof id === "number" ? String(id) : undefined;
}

/** @internal */
export function pauseOf({ idempotencyKey = "", ...request }: Request): Asked {
  const named = Object.entries(request).map(([name, value]) => [name.replace(/[A-Z]/g, (it) => `_${it.toLowerCase()}`), value]);
  const body = JSON.parse(JSON.stringify(Object.fromEntries(named))) as JsonObject;
  return { type: "signoff", idempotency_key: idempotencyKey, request: body };
}

/** @internal */
export function requestOf({ idempotency_key: idempotencyKey, request }: Asked): Request {
  const named = Object.entries(request).map(([name, value]) => [name.replace(/_([a-z])/g, (_, it: string) => it.toUpperCase()), value]);
  return { ...(Object.fromEntries(named) as unknown as Request), idempotencyKey };
}

/** An outcome, as a node gets it from `interrupt`. It says what whoever resumes the graph wants it to say. @internal */
export function told(outcome: Outcome): JsonObject {
  const { id, approved, status, resolution, feedback, decidedBy, modifications } = outcome;
  return { approval_id: id, approved, status, resolution, feedback, decided_by: decidedBy, modifications };
}

function isAsked(value: unknown): value is Asked {
  const { type, idempotency_key: key, request } = (value ?? {}) as Partial<Asked>;
  return type === "signoff" && typeof key === "string" && key !== "" && typeof request === "object" && request !== null;
}

/** A compiled graph, or an agent of `createAgent`, with a checkpointer. */
export interface Graph {
  invoke(input: any, config: any): Promise<any>;
  getState(config: any): any;
}

/** Of a graph's config, what is needed here; all of it is passed on. */
export interface ThreadConfig {
  readonly configurable: { readonly thread_id: string };
  readonly signal?: AbortSignal | undefined;
}

/** Where a graph stands: it is done, or people are asked. */
export type Progress<V = JsonObject> =
  | { readonly done: true; readonly values: V }
  | { readonly done: false; readonly approvals: readonly Approval[] };

/**
 * Runs until the graph is done, or pauses; then people are asked, and the process may end.
 *
 * The input begins a new thread, or a new turn of one that is done. A thread that was left in the middle goes on from there,
 * and its input is not looked at. So a process that starts again may say the same once more, as long as the run is not done.
 * With `null`, a thread that is done answers what it has.
 */
export async function runUntilParked<V = JsonObject>(graph: Graph, input: unknown, config: ThreadConfig, client: Signoff): Promise<Progress<V>> {
  const { tasks, createdAt } = await look(graph, config);
  if (tasks.length > 0 && !tasks.some(isWaiting)) await invoke(graph, null, config);
  else if (tasks.length === 0 && (input !== null || createdAt === undefined)) await invoke(graph, input, config);
  return stands(graph, config, client);
}

/**
 * Waits until one of the thread's pauses is decided, and goes on until the graph is done or pauses again. Any process may that
 * has the graph, its checkpointer and the key of the same agent.
 */
export async function resume<V = JsonObject>(graph: Graph, config: ThreadConfig, client: Signoff): Promise<Progress<V>> {
  const pauses = pausesOf(await look(graph, config));
  if (pauses.length === 0) throw new SignoffError("nothing is parked here");
  const ending = new AbortController();
  const signal = config.signal === undefined ? ending.signal : AbortSignal.any([ending.signal, config.signal]);
  const waits = pauses.map(async ({ asked, ...pause }) => ({ ...pause, outcome: await client.approvals.ask({ ...requestOf(asked), signal }) }));
  try {
    const { id, failed, outcome } = await Promise.race(waits);
    // One that has failed since was resumed before, and has its answer: a second one would reach the tool's own interrupts.
    if (failed) await invoke(graph, null, config);
    if (!failed || pausesOf(await look(graph, config)).some((it) => it.id === id)) {
      await invoke(graph, new Command({ resume: { [id]: told(outcome) } }), config);
    }
  } finally {
    ending.abort();
    await Promise.allSettled(waits);
  }
  return stands(graph, config, client);
}

/** Runs, asks and waits until the graph is done; answers its values. See `runUntilParked` for starting again. */
export async function runUntilDone<V = JsonObject>(graph: Graph, input: unknown, config: ThreadConfig, client: Signoff): Promise<V> {
  let progress = await runUntilParked<V>(graph, input, config, client);
  while (!progress.done) progress = await resume<V>(graph, config, client);
  return progress.values;
}

/** What was asked about must be kept before anybody is asked: a process that starts again asks about the same. */
async function invoke(graph: Graph, input: unknown, config: ThreadConfig): Promise<void> {
  await graph.invoke(input, { ...config, durability: "sync" });
}

async function stands<V>(graph: Graph, config: ThreadConfig, client: Signoff): Promise<Progress<V>> {
  const snapshot = await look(graph, config);
  const { tasks, values } = snapshot;
  if (tasks.length === 0) return { done: true, values: values as V };
  const pauses = pausesOf(snapshot);
  if (pauses.length === 0) throw new SignoffError("the graph has stopped, and asks nothing");
  return { done: false, approvals: await Promise.all(pauses.map((it) => client.approvals.create(requestOf(it.asked)))) };
}

/** What LangGraph says of a thread: its values, and what is begun and not done. */
interface Snapshot {
  readonly values: unknown;
  readonly createdAt?: string;
  readonly tasks: readonly Task[];
}

interface Task {
  readonly interrupts: readonly { readonly id?: string; readonly value?: unknown }[];
  readonly result?: unknown;
  readonly error?: unknown;
}

interface Pause {
  readonly id: string;
  readonly asked: Asked;
  readonly failed: boolean;
}

async function look(graph: Graph, config: ThreadConfig): Promise<Snapshot> {
  return (await graph.getState(config)) as Snapshot;
}

/** One that has ended keeps its interrupts. */
function isWaiting({ interrupts, result }: Task): boolean {
  return interrupts.length > 0 && result === undefined;
}

function pausesOf({ tasks }: Snapshot): Pause[] {
  return tasks.filter(isWaiting).flatMap(({ interrupts, error }) =>
    interrupts.map(({ id, value }) => {
      if (id === undefined || !isAsked(value)) {
        throw new SignoffError(`the graph pauses with what is no question to Signoff: resume ${id} by yourself first`);
      }
      return { id, asked: value, failed: error !== undefined };
    }),
  );
}

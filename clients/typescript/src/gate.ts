/**
 * The gate: which calls people are asked about, and what each outcome means for the call.
 *
 * A `Rule` says who is asked and for how long, and a `Gate` says which rule a call falls under. Every adapter asks through a
 * gate, and so does `requireApproval`. A call that can't be asked about does not run.
 */

import type { ApprovalRequest, CreateOptions } from "./approvals.js";
import type { Signoff } from "./client.js";
import { copy } from "./copy.js";
import { SignoffError } from "./errors.js";
import type { Outcome } from "./outcome.js";
import { Call, runName } from "./toolcall.js";
import type { JsonObject, Notify, PolicyBody } from "./types.js";

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const LAPSED = "Nobody answered in time. The call was not executed.";
const NOT_AGAIN = "Don't try this call again unless you are asked to.";

/** Throws, saying why, where the tool would refuse these arguments. */
export type Check = (args: JsonObject) => void | Promise<void>;

/** `"90s"`, `"15m"`, `"24h"`, `"7d"`, or seconds. */
export type Duration = string | number;

/** A duration in seconds. */
export function wholeSeconds(duration: Duration): number {
  if (typeof duration === "string") {
    const found = /^([0-9]+)([smhd])$/.exec(duration);
    if (found === null) throw new RangeError(`"${duration}" is no duration: say 90s, 15m, 24h or 7d`);
    return Number(found[1]) * (UNITS[found[2] ?? ""] ?? Number.NaN);
  }
  if (!Number.isSafeInteger(duration) || duration < 1) {
    throw new RangeError(`${duration} is no duration: at least a second, and whole ones`);
  }
  return duration;
}

/** What a rule is made of. `when` and `title` must depend on the arguments alone: they are looked at again after a restart. */
export interface RuleFields {
  /** Names of those who may decide; with `roles` and `groups` besides. None of the three: anyone with the permission. */
  readonly approvers?: readonly string[] | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly minApprovers?: number | undefined;
  /** Instead of the four above: a whole policy, as `docs/policies.md` has it. */
  readonly policy?: PolicyBody | undefined;
  /** How long people have, such as `24h`, or in seconds; the server's default where nothing is said. */
  readonly timeout?: Duration | undefined;
  /** Such as `Refund {order}`; the call itself where nothing is said. */
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly workflow?: string | undefined;
  readonly notify?: Notify | undefined;
  /** Whether to ask, by the arguments; always where nothing is said. */
  readonly when?: ((args: JsonObject) => boolean) | undefined;
  /** Arguments that nobody is shown. */
  readonly redact?: readonly string[] | undefined;
  /** Whether an approver may answer in the tool's place. */
  readonly allowResponse?: boolean | undefined;
}

/** Who is asked about a call, and how. */
export class Rule {
  readonly fields: RuleFields;

  constructor(fields: RuleFields = {}) {
    const { approvers, roles, groups, minApprovers, policy, redact, timeout } = fields;
    if (policy !== undefined && [approvers, roles, groups, minApprovers].some((it) => it !== undefined)) {
      throw new TypeError("give a policy, or approvers, roles, groups and minApprovers");
    }
    for (const [name, list] of Object.entries({ approvers, roles, groups, redact })) {
      if (list !== undefined && !Array.isArray(list)) throw new TypeError(`${name} is a list of names`);
    }
    if (timeout !== undefined) wholeSeconds(timeout);
    this.fields = { ...fields };
  }

  #policy(): PolicyBody | undefined {
    const { approvers, roles, groups, minApprovers, policy } = this.fields;
    if (policy !== undefined) return policy;
    const said = {
      ...(approvers && { allowed_approvers: [...approvers] }),
      ...(roles && { allowed_roles: [...roles] }),
      ...(groups && { allowed_groups: [...groups] }),
      ...(minApprovers !== undefined && { min_approvers: minApprovers }),
    };
    return Object.keys(said).length > 0 ? said : undefined;
  }

  /** What `approvals.ask` and `approvals.create` are called with. */
  request(call: Call, key?: string): ApprovalRequest & CreateOptions {
    const { title, description, workflow, notify, timeout, redact } = this.fields;
    return {
      runId: runName(call.run),
      approvalType: "tool_call",
      context: call.context(redact),
      idempotencyKey: key || call.key(),
      title: call.title(title, redact),
      description,
      workflow,
      policy: this.#policy(),
      timeoutSeconds: timeout === undefined ? undefined : wholeSeconds(timeout),
      notify,
      metadata: { dialect: call.dialect },
    };
  }
}

/** What to do with a call. */
export interface Verdict {
  /** Whether the tool is called, with `arguments`. */
  readonly runs: boolean;
  readonly arguments: JsonObject;
  /** What the model is told: instead of a result where the tool is not called, before it where it is. May be null. */
  readonly text: string | null;
  /** What a person answered in the tool's place: the call's result. */
  readonly response: string | null;
  /** Why; null for a call that nobody was asked about. */
  readonly outcome: Outcome | null;
}

function runs(args: JsonObject, outcome: Outcome | null, text: string | null = null): Verdict {
  return { runs: true, arguments: args, text, response: null, outcome };
}

function stays(outcome: Outcome, text: string | null, response: string | null = null): Verdict {
  return { runs: false, arguments: {}, text, response, outcome };
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

function refusal(why: string, outcome: Outcome): Verdict {
  const text = `The edits of ${outcome.decidedBy} could not be carried out: ${sentence(why)} The call was not executed.`;
  return stays(outcome, text);
}

/** What an outcome means for the call. Throws `WithdrawnError` where the request was cancelled. */
export async function verdict(call: Call, rule: Rule, outcome: Outcome, check?: Check): Promise<Verdict> {
  if (!outcome.approved) {
    if (outcome.status !== "resolved" && outcome.status !== "expired") outcome.unwrap();
    if (outcome.via === "timeout") return stays(outcome, LAPSED);
    if (outcome.resolution === "rejected") {
      const why = outcome.feedback ? `: ${sentence(outcome.feedback)}` : ".";
      return stays(outcome, `Rejected by ${outcome.decidedBy}${why} ${NOT_AGAIN}`);
    }
    outcome.unwrap();
  }
  if (outcome.resolution !== "modified") return runs(call.arguments, outcome);
  if (outcome.response !== null) {
    if (!rule.fields.allowResponse) return refusal("an answer in the tool's place is not allowed here", outcome);
    return stays(outcome, null, outcome.response);
  }
  const { dialect, run, tool } = call;
  const { redact } = rule.fields;
  let args: JsonObject;
  let title: string;
  try {
    args = outcome.arguments(call.arguments, redact);
    title = new Call({ dialect, run, tool, arguments: args }).title(null, redact);
    await check?.(copy(args));
  } catch (error) {
    // Whatever a tool's own check throws: these arguments are not run.
    return refusal(error instanceof Error ? error.message || error.name : String(error), outcome);
  }
  return runs(args, outcome, `A person changed this call before it ran. Executed with: ${title}.`);
}

/** What the task hears of edits that were not carried out; undefined where they were, or where there are none. */
function refusedEdits(decided: Verdict): Outcome | undefined {
  const { outcome } = decided;
  if (outcome === null || outcome.resolution !== "modified" || decided.runs || decided.response !== null) return undefined;
  return outcome;
}

/** How a call is asked about. */
export interface PassOptions {
  /** In place of the key that the call has by itself. */
  readonly key?: string | undefined;
  /** Looks at edited arguments before they are run. */
  readonly check?: Check | undefined;
  /** Ends the wait; nothing runs then. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Rules by the names of tools: the first pattern that matches counts. A call without a rule is not asked about, unless there
 * is a `default`.
 */
export class Gate {
  readonly #rules: readonly (readonly [(tool: string) => boolean, Rule])[];
  readonly #default: Rule | null;

  constructor(
    rules: Readonly<Record<string, Rule | RuleFields>> = {},
    options: { readonly default?: Rule | RuleFields | undefined } = {},
  ) {
    this.#rules = Object.entries(rules).map(([pattern, rule]) => [matcher(pattern), made(rule)]);
    this.#default = options.default === undefined ? null : made(options.default);
  }

  /** Whether a rule could be about that tool, whatever its arguments are. @internal */
  names(tool: string): boolean {
    return this.#default !== null || this.#rules.some(([matches]) => matches(tool));
  }

  /** The rule by which people are asked; null: they are not. */
  rule(tool: string, args: JsonObject): Rule | null {
    const named = this.#rules.find(([matches]) => matches(tool))?.[1] ?? this.#default;
    const when = named?.fields.when;
    if (named === null || when === undefined) return named;
    const asks: unknown = when(copy(args));
    // A promise is always true: a condition that makes one would never say no.
    if (typeof asks !== "boolean") throw new TypeError(`when must answer true or false, not ${typeof asks}`);
    return asks ? named : null;
  }

  /** Asks about the call if a rule says so, and waits. Throws where nobody could be asked: then nothing runs. */
  async passThrough(client: Signoff, call: Call, options: PassOptions = {}): Promise<Verdict> {
    const rule = this.rule(call.tool, call.arguments);
    if (rule === null) return unasked(call);
    const { key, check, signal } = options;
    const outcome = await client.approvals.ask({ ...rule.request(call, key), signal });
    return settle(client, call, rule, outcome, check);
  }
}

/** What an outcome means for the call; the task hears of edits that were refused. @internal */
export async function settle(client: Signoff, call: Call, rule: Rule, outcome: Outcome, check?: Check): Promise<Verdict> {
  const decided = await verdict(call, rule, outcome, check);
  const refused = refusedEdits(decided);
  if (refused !== undefined) await tell(client, refused, decided.text);
  return decided;
}

/** What becomes of a call that nobody is asked about. @internal */
export function unasked(call: Call): Verdict {
  return runs(call.arguments, null);
}

function made(rule: Rule | RuleFields): Rule {
  return rule instanceof Rule ? rule : new Rule(rule);
}

async function tell(client: Signoff, outcome: Outcome, message: string | null): Promise<void> {
  try {
    await client.tasks.publish(outcome.approval.task_id, "modification_refused", { approval_id: outcome.id, message });
  } catch (error) {
    if (!(error instanceof SignoffError)) throw error;
    console.warn(`signoff: the task was not told of edits that were refused: ${error.message}`);
  }
}

/** A pattern of names: `*` any text, `?` one character, `[ab]`, `[a-z]` and `[!ab]` one of them, or none of them. */
function matcher(pattern: string): (name: string) => boolean {
  let source = "";
  const characters = Array.from(pattern);
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] as string;
    const end = character === "[" ? endOfSet(characters, at) : -1;
    if (end > 0) {
      source += setOf(characters.slice(at + 1, end));
      at = end;
    } else if (character === "*") source += ".*";
    else if (character === "?") source += ".";
    else source += quoted(character);
  }
  const expression = new RegExp(`^${source}$`, "su");
  return (name) => expression.test(name);
}

function quoted(character: string): string {
  return /[\^$\\.*+?()[\]{}|/-]/.test(character) ? `\\u{${(character.codePointAt(0) as number).toString(16)}}` : character;
}

/** Where the set that begins here ends; a bracket that nothing closes is a character like any other. */
function endOfSet(characters: readonly string[], start: number): number {
  const first = characters[start + 1] === "!" ? start + 2 : start + 1;
  // A bracket right at the beginning is one of the set.
  return characters.indexOf("]", first + 1);
}

function setOf(inside: readonly string[]): string {
  const negated = inside[0] === "!";
  const items = negated ? inside.slice(1) : inside;
  let source = "";
  for (let at = 0; at < items.length; at++) {
    const [from, dash, to] = [items[at] as string, items[at + 1], items[at + 2]];
    if (dash === "-" && to !== undefined) {
      // A range that goes down holds nothing.
      if (from.codePointAt(0)! <= to.codePointAt(0)!) source += `${quoted(from)}-${quoted(to)}`;
      at += 2;
    } else source += quoted(from);
  }
  return `[${negated ? "^" : ""}${source}]`;
}

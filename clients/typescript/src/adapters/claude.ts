/**
 * Claude's Agent SDK: tool calls that run once a person has agreed.
 *
 *     query({ prompt, options: { hooks: hooks(client, gate) } });
 *
 * A hook before each tool call asks, and holds the wait. It sees every call: subagents' too, and under `bypassPermissions`.
 * It must never leave a decision to Claude Code where a rule names the call: whatever goes wrong, the call does not run.
 */

import type { Signoff } from "../client.js";
import { SignoffError, WithdrawnError } from "../errors.js";
import { type Check, type Duration, type Gate, type Rule, settle, type Verdict, wholeSeconds } from "../gate.js";
import { setting } from "../http.js";
import { Call, canonical, runName } from "../toolcall.js";
import type { JsonObject } from "../types.js";
import { isStandardSchema, onlyTaken, validated } from "./schema.js";

const EVENT = "PreToolUse";
const WITHDRAWN = "The request was withdrawn.";
const UNASKED = "Nobody could be asked. The call was not executed.";
const NOT_EXECUTED = "The call was not executed.";

/** How people are asked. */
export interface HookOptions {
  /** The run's name; the session where nothing is said. */
  readonly runId?: string | undefined;
  /** How long Claude Code lets the hook wait; `7d` where nothing is said. What is not decided by then does not run. */
  readonly timeout?: Duration | undefined;
  /** The tools of in-process servers, by the server's name: edits are then checked before Claude Code is told of them. */
  readonly tools?: Readonly<Record<string, readonly ClaudeTool[]>> | undefined;
}

/** A tool as the SDK's `tool` makes it: the part that is needed here. */
export interface ClaudeTool {
  readonly name: string;
  readonly inputSchema: object;
}

/** What a hook is given; of a tool call, what it is. */
export interface HookInput {
  readonly session_id: string;
  readonly agent_id?: string;
  readonly agent_type?: string;
  readonly tool_name?: unknown;
  readonly tool_input?: unknown;
  readonly tool_use_id?: unknown;
}

/** What it answers. Without a decision Claude Code goes on by its own permissions. */
export interface HookAnswer {
  continue?: boolean;
  stopReason?: string;
  hookSpecificOutput?: {
    hookEventName: typeof EVENT;
    permissionDecision: "allow" | "deny";
    permissionDecisionReason?: string;
    updatedInput?: Record<string, unknown>;
    additionalContext?: string;
  };
}

/** Hooks, as the SDK's options take them. */
export interface Hooks {
  PreToolUse: {
    hooks: ((input: HookInput, toolUseId: string | undefined, options: { signal: AbortSignal }) => Promise<HookAnswer>)[];
    timeout: number;
    onFailure: "block";
  }[];
}

/** For the SDK's option `hooks`. Rules name tools as Claude Code does: `Bash`, `mcp__shop__refund`. */
export function hooks(client: Signoff, gate: Gate, options: HookOptions = {}): Hooks {
  if (!/^(0|false|no|off)?$/i.test(setting("CLAUDE_CODE_SIMPLE") ?? "")) {
    // It says so to nobody, and every call would run.
    throw new SignoffError("Claude Code asks no hooks where CLAUDE_CODE_SIMPLE is set: unset it");
  }
  const asking = new Asking(client, gate, options);
  const before = async (input: HookInput, _: string | undefined, { signal }: { signal: AbortSignal }): Promise<HookAnswer> => {
    try {
      return await asking.about(input, signal);
    } catch (error) {
      if (error instanceof WithdrawnError) {
        console.warn(`signoff: the run ends: ${error.message}`);
        return ended(WITHDRAWN);
      }
      if (!signal.aborted) console.error("signoff: the run ends, because nobody could be asked about a call:", error);
      return ended(UNASKED);
    }
  };
  return { PreToolUse: [{ hooks: [before], timeout: wholeSeconds(options.timeout ?? "7d"), onFailure: "block" }] };
}

function callOf(input: HookInput, runId: string | undefined): Call {
  const { session_id, tool_name, tool_input, tool_use_id, agent_type, agent_id } = input;
  if (typeof tool_name !== "string" || typeof tool_input !== "object" || tool_input === null) {
    throw new TypeError("the hook was given no tool call");
  }
  return new Call({
    dialect: "claude",
    run: runId ?? session_id,
    tool: tool_name,
    arguments: tool_input as JsonObject,
    callId: typeof tool_use_id === "string" ? tool_use_id : null,
    agent: agent_type ?? agent_id,
  });
}

/** The arguments go along even where nobody changed them: what was shown is what runs, whatever another hook makes of them. */
function answer({ runs, arguments: args, text, response }: Verdict): HookAnswer {
  if (runs) {
    const note = text === null ? {} : { additionalContext: text };
    return { hookSpecificOutput: { hookEventName: EVENT, permissionDecision: "allow", updatedInput: { ...args }, ...note } };
  }
  // Claude Code shows it to the model as an error of the hook: so it has to say what it is.
  if (response !== null) return refused(`${NOT_EXECUTED} A person answered in its place: ${response}`);
  return refused(text ?? NOT_EXECUTED);
}

function refused(text: string): HookAnswer {
  return { hookSpecificOutput: { hookEventName: EVENT, permissionDecision: "deny", permissionDecisionReason: text } };
}

/** The call does not run, and the run ends. It takes both: alone, the end of the run lets the call run first. */
function ended(text: string): HookAnswer {
  return { continue: false, stopReason: text, ...refused(text) };
}

/** One run's questions. */
class Asking {
  readonly #client: Signoff;
  readonly #gate: Gate;
  readonly #options: HookOptions;
  /** The ids that calls of this process wait under. */
  readonly #held = new Set<string>();

  constructor(client: Signoff, gate: Gate, options: HookOptions) {
    this.#client = client;
    this.#gate = gate;
    this.#options = options;
  }

  async about(input: HookInput, signal: AbortSignal): Promise<HookAnswer> {
    const call = callOf(input, this.#options.runId);
    const rule = this.#gate.rule(call.tool, call.arguments);
    if (rule === null) return {};
    const held: string[] = [];
    try {
      const earlier = this.#options.runId === undefined ? await this.#earlier(call, rule, held) : null;
      return answer(await this.#ask(earlier ?? call, rule, signal));
    } finally {
      for (const id of held) this.#held.delete(id);
    }
  }

  async #ask(call: Call, rule: Rule, signal: AbortSignal): Promise<Verdict> {
    const outcome = await this.#client.approvals.ask({ ...rule.request(call), signal });
    return settle(this.#client, call, rule, outcome, checkOf(this.#options.tools, call));
  }

  /**
   * The equal call of this session that is still pending, and that nobody here waits for.
   *
   * A session that was killed meanwhile makes its call under a new id. The list only says where to look, and is not believed:
   * the request is made again under the earlier id, and must be answered with the very approval that is listed. Another one
   * may be an old approval, by which the call has run already.
   */
  async #earlier(call: Call, rule: Rule, held: string[]): Promise<Call | null> {
    if (call.callId === null) return null;
    const hold = (id: string): void => {
      held.push(id);
      this.#held.add(id);
    };
    hold(call.callId);
    const { dialect, run, tool, arguments: args, agent } = call;
    const shown = canonical(call.shown(rule.fields.redact));
    try {
      for await (const { id, context } of this.#client.approvals.pending({ runId: runName(run), approvalType: "tool_call" })) {
        const asked = context as JsonObject;
        const callId = asked["call_id"];
        if (asked["tool"] !== tool || canonical(asked["arguments"]) !== shown) continue;
        if (typeof callId !== "string" || this.#held.has(callId)) continue;
        hold(callId);
        const again = new Call({ dialect, run, tool, arguments: args, callId, agent });
        if ((await this.#client.approvals.create(rule.request(again))).id === id) return again;
      }
    } catch (error) {
      if (!(error instanceof SignoffError)) throw error;
      console.warn(`signoff: what was asked before could not be looked up: ${error.message}`);
    }
    return null;
  }
}

/** Throws where the tool would refuse edits, or overlook them; undefined where nothing is known of the tool. */
function checkOf(tools: HookOptions["tools"], call: Call): Check | undefined {
  const all = Object.entries(tools ?? {}).flatMap(([server, its]) => its.map((it) => ({ server, ...it })));
  const schema = all.find(({ server, name }) => named(server, name) === call.tool)?.inputSchema;
  if (schema === undefined) return undefined;
  return async (args) => {
    onlyTaken(call.tool, call.arguments, args, schema);
    for (const [name, one] of Object.entries(schema)) {
      if (!isStandardSchema(one)) throw new TypeError(`what ${call.tool} takes as ${name} can't be checked`);
      await validated(one, args[name] as JsonObject).catch((error: Error) => {
        throw new TypeError(`${name}: ${error.message}`);
      });
    }
  };
}

/** As Claude Code names it. */
function named(server: string, tool: string): string {
  return `mcp__${[server, tool].map((it) => it.replace(/[^A-Za-z0-9_-]/g, "_")).join("__")}`;
}

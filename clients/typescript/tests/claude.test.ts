/** Claude Code's hook, by its transcripts: what it is given, what is asked, and what it answers. Without the SDK. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Gate, Outcome, Rule, type RuleFields, type Signoff } from "signoff";
import { type HookAnswer, type HookInput, hooks } from "signoff/claude";
import { FakeSignoff } from "signoff/testing";
import { all } from "./world.js";

const FOLDER = new URL("../../transcripts/claude/", import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
const REFUND = "mcp__shop__refund";
const UNASKED = "Nobody could be asked. The call was not executed.";

type Fields = Record<string, unknown>;

interface Case {
  readonly rules: Record<string, Fields>;
  readonly run?: string;
  readonly pause: HookInput;
  readonly key: string | null;
  readonly create: Fields | null;
  readonly outcome: object | null;
  readonly resume?: HookAnswer;
  readonly error?: string;
}

function renamed(fields: Fields, name: (name: string) => string): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, it]) => it !== undefined).map(([key, it]) => [name(key), it]));
}

function camel(fields: Fields): RuleFields {
  return renamed(fields, (name) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));
}

function snake(fields: Fields): Fields {
  return renamed(fields, (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

/** As the wire has it. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function ask(client: Signoff, gate: Gate, input: HookInput, options = {}): Promise<HookAnswer> {
  const [matcher] = hooks(client, gate, options).PreToolUse;
  const hook = matcher?.hooks[0];
  assert.ok(hook !== undefined && matcher?.onFailure === "block");
  return hook(input, undefined, { signal: new AbortController().signal });
}

for (const file of files) {
  test(`a hook answers as it is written in ${file}`, async () => {
    const it = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Case;
    const asked: Fields[] = [];
    const client = {
      approvals: {
        pending: async function* () {},
        ask: async ({ signal: _, ...request }: Fields) => {
          asked.push(request);
          return new Outcome(it.outcome as never);
        },
      },
      tasks: { publish: async () => undefined },
    } as unknown as Signoff;
    const gate = new Gate(Object.fromEntries(Object.entries(it.rules).map(([tool, rule]) => [tool, new Rule(camel(rule))])));
    const said = await ask(client, gate, it.pause, { runId: it.run });
    if (it.create === null) assert.deepEqual(asked, []);
    else {
      const [{ idempotencyKey, ...request } = {}] = asked;
      assert.equal(idempotencyKey, it.key);
      assert.deepEqual(plain(snake(request)), it.create);
    }
    assert.deepEqual(plain(said), it.error === undefined ? it.resume : ended(UNASKED));
  });
}

test("there are some", () => {
  assert.ok(files.length > 15);
});

function ended(text: string): unknown {
  const said = { hookEventName: "PreToolUse", permissionDecision: "deny", permissionDecisionReason: text };
  return { continue: false, stopReason: text, hookSpecificOutput: said };
}

function pause(id = "toolu_1"): HookInput {
  return { session_id: "s", tool_name: REFUND, tool_input: { order: "1" }, tool_use_id: id };
}

for (const named of ["toolu_0", "forged"]) {
  test(`what is listed as asked before is never believed: ${named}`, async () => {
    const fake = new FakeSignoff();
    const gate = new Gate({ [REFUND]: {} });
    fake.approves();
    const first = await ask(fake.client(), gate, pause("toolu_0"));
    assert.equal(first.hookSpecificOutput?.permissionDecision, "allow");
    fake.leavesPending();
    const context = { tool: REFUND, arguments: { order: "1" }, call_id: named };
    await fake.client("stranger").approvals.create({ runId: "s", approvalType: "tool_call", context });
    fake.rejects("no");
    const second = await ask(fake.client(), gate, pause("toolu_1"));
    assert.match(second.hookSpecificOutput?.permissionDecisionReason ?? "", /^Rejected by approver: no\./);
    assert.equal((fake.requests.at(-1)?.["context"] as Fields)["call_id"], "toolu_1");
  });
}

test("a call that is made again goes on with the request that is still pending", async () => {
  const fake = new FakeSignoff();
  const client = fake.client();
  const keys: unknown[] = [];
  const asking = client.approvals.ask.bind(client.approvals);
  client.approvals.ask = (request) => {
    keys.push(request.idempotencyKey);
    return asking(request);
  };
  const [matcher] = hooks(client, new Gate({ [REFUND]: {} })).PreToolUse;
  const call = (id: string, signal: AbortSignal): Promise<HookAnswer> | undefined =>
    matcher?.hooks[0]?.(pause(id), id, { signal });
  const left = new AbortController();
  const first = call("toolu_1", left.signal);
  await until(() => fake.requests.length === 1);
  left.abort();
  await first;
  const again = call("toolu_2", new AbortController().signal);
  await until(() => keys.length === 2);
  for (const { id } of await all(client.approvals.pending())) await fake.client("approver").approvals.approve(id);
  assert.equal((await again)?.hookSpecificOutput?.permissionDecision, "allow");
  assert.equal(keys[0], keys[1]);
  assert.equal(fake.requests.length, 1);
});

async function until(there: () => boolean): Promise<void> {
  for (let n = 0; !there(); n++) {
    assert.ok(n < 3_000, "it did not come to that");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("what has no id, or is no call, is not asked about and does not run", async () => {
  const fake = new FakeSignoff();
  const gate = new Gate({}, { default: {} });
  const { tool_use_id: _, ...without } = pause();
  for (const input of [without, { session_id: "s" }, { ...pause(), tool_input: null }]) {
    assert.deepEqual(await ask(fake.client(), gate, input), ended(UNASKED));
  }
  assert.deepEqual(fake.requests, []);
});

test("where Claude Code asks no hooks there are none", () => {
  const make = (): unknown => hooks(new FakeSignoff().client(), new Gate());
  try {
    process.env["CLAUDE_CODE_SIMPLE"] = "1";
    assert.throws(make, /CLAUDE_CODE_SIMPLE/);
    process.env["CLAUDE_CODE_SIMPLE"] = "0";
    assert.ok(make());
  } finally {
    delete process.env["CLAUDE_CODE_SIMPLE"];
  }
});

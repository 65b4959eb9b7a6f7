/** Which calls are asked about, and what each outcome means for them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Call,
  type CallFields,
  Gate,
  MissingCallIdError,
  NotApprovedError,
  Outcome,
  type PassOptions,
  Rule,
  type RuleFields,
  TooLargeToShowError,
  type Verdict,
  verdict as verdictOf,
  WithdrawnError,
} from "signoff";
import { FakeSignoff } from "signoff/testing";
import { wholeSeconds } from "../dist/esm/gate.js";

const RULE: RuleFields = { approvers: ["ana", "bo"], timeout: "24h", title: "Refund {order}" };

function call(more: Partial<CallFields> = {}): Call {
  return new Call({ dialect: "langchain", run: "thread/7", tool: "refund", callId: "call_1", arguments: { order: "1042", amount: 49.9 }, ...more });
}

function passed(fake: FakeSignoff, made = call(), rule = RULE, options: PassOptions = {}): Promise<Verdict> {
  return new Gate({ refund: rule }).passThrough(fake.client(), made, options);
}

test("the first pattern that matches counts", () => {
  const [strict, lax, rest] = [new Rule({ minApprovers: 2 }), new Rule(), new Rule({ roles: ["ops"] })];
  const gate = new Gate({ delete_tmp: lax, "delete_*": strict }, { default: rest });
  assert.equal(gate.rule("delete_tmp", {}), lax);
  assert.equal(gate.rule("delete_all", {}), strict);
  assert.equal(gate.rule("Delete_all", {}), rest);
  assert.equal(new Gate({ "delete_*": strict }).rule("read", {}), null);
});

// As fnmatch.fnmatchcase of Python has them.
const PATTERNS: readonly (readonly [pattern: string, matching: readonly string[], others: readonly string[]])[] = [
  ["*", ["", "a", "a\nb"], []],
  ["a?c", ["abc", "a\nc", "a😀c"], ["ac", "abbc"]],
  ["[ab]x", ["ax", "bx"], ["cx", "x", "Ax"]],
  ["[a-c]x", ["bx"], ["dx", "-x"]],
  ["[!a-c]x", ["dx", "!x"], ["bx", "x"]],
  ["[]]x", ["]x"], ["x", "[x"]],
  ["[!]]x", ["ax"], ["]x"]],
  ["[a-]", ["a", "-"], ["b"]],
  ["[c-a]", [], ["a", "b", "c", "-"]],
  ["[a^]", ["a", "^"], ["b"]],
  ["[^a]", ["a", "^"], ["b"]],
  ["[ab", ["[ab"], ["a", "b"]],
  ["a.b", ["a.b"], ["axb"]],
  ["a+(b)|c\\d{1}$", ["a+(b)|c\\d{1}$"], ["aab"]],
  ["mcp__*__delete-*", ["mcp__files__delete-all"], ["mcp__files__read"]],
];
for (const [pattern, matching, others] of PATTERNS) {
  test(`the pattern ${pattern}`, () => {
    const rule = new Rule();
    const gate = new Gate({ [pattern]: rule });
    for (const name of matching) assert.equal(gate.rule(name, {}), rule, name);
    for (const name of others) assert.equal(gate.rule(name, {}), null, name);
  });
}

test("when looks at the arguments", () => {
  const large = (args: Record<string, unknown>): boolean => {
    const { amount } = args;
    delete args["amount"];
    if (typeof amount !== "number") throw new TypeError("no amount");
    return amount > 10;
  };
  const gate = new Gate({ refund: { when: large } }, { default: {} });
  const args = { amount: 11 };
  assert.notEqual(gate.rule("refund", args), null);
  assert.deepEqual(args, { amount: 11 });
  assert.equal(gate.rule("refund", { amount: 10 }), null);
  assert.throws(() => gate.rule("refund", {}), /no amount/);
  const sloppy = new Gate({ refund: { when: (async () => false) as never } });
  assert.throws(() => sloppy.rule("refund", {}), /true or false/);
});

test("a call without a rule asks nobody", async () => {
  const fake = new FakeSignoff();
  const verdict = await new Gate().passThrough(fake.client(), call());
  assert.deepEqual([verdict.runs, verdict.arguments, verdict.outcome], [true, { order: "1042", amount: 49.9 }, null]);
  assert.deepEqual(fake.requests, []);
});

test("what is asked", async () => {
  const fake = new FakeSignoff();
  fake.approves(undefined, "ana");
  assert.equal((await passed(fake, call({ agent: "Support" }))).runs, true);
  assert.deepEqual(fake.requests, [
    {
      run_id: "thread-7.6e167797",
      approval_type: "tool_call",
      title: "Refund 1042",
      context: { tool: "refund", arguments: { order: "1042", amount: 49.9 }, call_id: "call_1", agent: "Support" },
      policy: { allowed_approvers: ["ana", "bo"] },
      timeout_seconds: 86400,
      metadata: { dialect: "langchain" },
    },
  ]);
});

test("all of a rule is asked", async () => {
  const fake = new FakeSignoff();
  fake.leavesPending();
  const rule: RuleFields = {
    roles: ["ops"], groups: ["g"], minApprovers: 2, description: "why", workflow: "w", notify: { users: ["ana"] }, redact: ["order"],
  };
  const ending = new AbortController();
  const passing = passed(fake, call(), rule, { signal: ending.signal, key: "mine" });
  while (fake.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
  ending.abort(new Error("enough"));
  await assert.rejects(passing, /enough/);
  const { policy, description, workflow, notify, title, timeout_seconds } = fake.requests[0] ?? {};
  assert.deepEqual(
    { policy, description, workflow, notify, title, timeout_seconds },
    {
      policy: { allowed_roles: ["ops"], allowed_groups: ["g"], min_approvers: 2 },
      description: "why", workflow: "w", notify: { users: ["ana"] }, title: 'refund(amount=49.9, order="…")', timeout_seconds: undefined,
    },
  );
});

test("approved", async () => {
  const fake = new FakeSignoff();
  fake.approves(undefined, "ana");
  const verdict = await passed(fake);
  assert.deepEqual([verdict.runs, verdict.text, verdict.arguments], [true, null, { order: "1042", amount: 49.9 }]);
});

test("edited", async () => {
  const fake = new FakeSignoff();
  fake.edits({ amount: 10 }, "ana");
  const verdict = await passed(fake);
  assert.deepEqual([verdict.runs, verdict.arguments], [true, { order: "1042", amount: 10 }]);
  assert.equal(verdict.text, 'A person changed this call before it ran. Executed with: refund(amount=10, order="1042").');
});

for (const reason of ["too much", "too much."]) {
  test(`rejected with "${reason}"`, async () => {
    const fake = new FakeSignoff();
    fake.rejects(reason, "ana");
    const verdict = await passed(fake);
    assert.deepEqual([verdict.runs, verdict.response], [false, null]);
    assert.equal(verdict.text, "Rejected by ana: too much. Don't try this call again unless you are asked to.");
  });
}

test("silence is no denial", async () => {
  const fake = new FakeSignoff();
  fake.lapses();
  const verdict = await passed(fake);
  assert.deepEqual([verdict.runs, verdict.text], [false, "Nobody answered in time. The call was not executed."]);
});

test("withdrawn ends the run", async () => {
  const fake = new FakeSignoff();
  fake.cancels();
  await assert.rejects(passed(fake), WithdrawnError);
});

test("an answer in the tool's place", async () => {
  const fake = new FakeSignoff();
  fake.responds("done by hand", "ana");
  const verdict = await passed(fake, call(), { allowResponse: true });
  assert.deepEqual([verdict.runs, verdict.response, verdict.text], [false, "done by hand", null]);
  const refused = await passed(fake, call({ callId: "call_2" }));
  assert.deepEqual([refused.runs, refused.response], [false, null]);
  assert.match(refused.text ?? "", /is not allowed here/);
  assert.deepEqual(fake.events.map((it) => it.event.event_type), ["modification_refused"]);
});

test("edits that the tool refuses are not run, and the task hears of it", async () => {
  const fake = new FakeSignoff();
  fake.edits({ amount: -1 }, "ana");
  for (const check of [
    (args: Record<string, unknown>) => {
      if (Number(args["amount"]) < 0) throw new RangeError("amount must not be negative");
    },
    async () => Promise.reject(new RangeError("amount must not be negative")),
  ]) {
    const verdict = await passed(fake, call(), RULE, { check });
    assert.equal(verdict.runs, false);
    assert.equal(verdict.text, "The edits of ana could not be carried out: amount must not be negative. The call was not executed.");
    const { taskId, event } = fake.events.pop() ?? {};
    assert.deepEqual([taskId, event?.event_type], ["thread-7.6e167797", "modification_refused"]);
    assert.equal((event?.data as { message: string }).message, verdict.text);
  }
});

test("a task that can't be told changes nothing", async (t) => {
  const warned = t.mock.method(console, "warn", () => undefined);
  const fake = new FakeSignoff();
  fake.responds("done by hand", "ana");
  const { approvals } = fake.client();
  const tasks = { publish: () => Promise.reject(new TooLargeToShowError("no room")) };
  const verdict = await new Gate({}, { default: {} }).passThrough({ approvals, tasks } as never, call());
  assert.equal(verdict.runs, false);
  assert.equal(warned.mock.callCount(), 1);
});

test("a restart asks nobody twice", async () => {
  const fake = new FakeSignoff();
  fake.approves(undefined, "ana");
  const [first, second] = [await passed(fake), await passed(fake)];
  assert.ok(first.outcome);
  assert.equal(first.outcome.id, second.outcome?.id);
  assert.equal(fake.requests.length, 1);
});

test("what can't be asked does not run", async () => {
  const fake = new FakeSignoff();
  await assert.rejects(passed(fake, call({ callId: null })), MissingCallIdError);
  await assert.rejects(passed(fake, call({ arguments: { text: "x".repeat(300_000) } })), TooLargeToShowError);
  assert.deepEqual(fake.requests, []);
});

test("a key of one's own stands for a missing id", async () => {
  const fake = new FakeSignoff();
  fake.approves(undefined, "ana");
  assert.equal((await passed(fake, call({ callId: null }), RULE, { key: "refund-1042" })).runs, true);
});

test("durations", () => {
  const seconds = { "90s": 90, "15m": 900, "24h": 86400, "7d": 604800 };
  for (const [text, value] of Object.entries(seconds)) assert.equal(wholeSeconds(text), value);
  assert.equal(wholeSeconds(5), 5);
});

test("what is no duration is refused at once", () => {
  for (const timeout of ["", "1", "1w", "-1s", "1h ", 0, 0.5, -3, Number.NaN]) assert.throws(() => new Rule({ timeout }), RangeError);
});

test("rules that contradict themselves are refused at once", () => {
  for (const fields of [{ policy: { min_approvers: 2 }, approvers: ["ana"] }, { approvers: "ana" }, { redact: "card" }]) {
    assert.throws(() => new Rule(fields as RuleFields), TypeError);
    assert.throws(() => new Gate({ refund: fields as RuleFields }), TypeError);
  }
});

test("an approval that has not ended runs nothing", async () => {
  for (const resolution of ["approved", "modified", "rejected", null]) {
    for (const [status, error] of [["cancelled", WithdrawnError], ["postponed", NotApprovedError], ["pending", NotApprovedError]] as const) {
      for (const via of ["human", "timeout"]) {
        const outcome = new Outcome({ id: "a", status, resolution, resolved_via: via, task_id: "t", result: null } as never);
        assert.equal(outcome.approved, false);
        assert.throws(() => outcome.unwrap(), (it) => (it as object).constructor === error);
        assert.throws(() => outcome.arguments({}), error);
        await assert.rejects(verdictOf(call(), new Rule(), outcome), error);
      }
    }
  }
});

test("edits leave what was redacted", async () => {
  const fake = new FakeSignoff();
  fake.edits({ order: "…", amount: 10 }, "ana");
  const verdict = await passed(fake, call(), { redact: ["order"] });
  assert.deepEqual(verdict.arguments, { order: "1042", amount: 10 });
  assert.equal(verdict.text, 'A person changed this call before it ran. Executed with: refund(amount=10, order="…").');
});

test("edits that can't be shown are not run", async () => {
  const fake = new FakeSignoff();
  fake.edits({ order: { "a\0": 1, "a\\u0000": 2 } }, "ana");
  const verdict = await passed(fake);
  assert.equal(verdict.runs, false);
  assert.match(verdict.text ?? "", /^The edits of ana could not be carried out: two keys/);
});

test("edits may be larger than what a person is shown", async () => {
  const fake = new FakeSignoff();
  fake.edits({ amount: "9".repeat(300_000) }, "ana");
  assert.equal((await passed(fake)).runs, true);
});

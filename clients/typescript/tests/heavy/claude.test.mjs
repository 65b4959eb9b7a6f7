// Claude's Agent SDK with its real command line, against a model that says what it is told to, and the real server. The
// package and the tests have to be built: `npm test` does so.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Gate } from "signoff";
import { hooks } from "signoff/claude";
import { Instance } from "../../.tests/instance.js";
import { all, pending, realWorld } from "../../.tests/world.js";
import { BASH, DONE, go, REFUND, refund, scripted, shop } from "./claude-agent.mjs";

const LIMIT = { timeout: 90_000 };
const RULE = { approvers: ["ana"] };
const ASKED = { order: "1042", amount: 49.9 };
const REJECTED = "Rejected by ana: too much. Don't try this call again unless you are asked to.";
const NOTE = 'A person changed this call before it ran. Executed with: mcp__shop__refund(amount=10, order="1042").';

/** As Claude Code shows a hook's refusal to the model. */
const denied = (text, tool = REFUND) => `PreToolUse:${tool} hook error: ${text}`;

async function until(there) {
  for (let n = 0; !there(); n++) {
    assert.ok(n < 6_000, "it did not come to that");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A run on the real server; `does` is what a person does meanwhile. */
async function run({ turns = [[refund()], DONE], rules = { Bash: RULE, [REFUND]: RULE }, gate, client, does, readOnly, checked = false, hook = {}, ...options }) {
  const folder = await mkdtemp(join(tmpdir(), "signoff-"));
  const home = join(folder, "home");
  await mkdir(home);
  const session = randomUUID();
  const model = await scripted(folder, turns);
  const world = realWorld();
  const ana = world.ana();
  const ran = [];
  const { tools, servers } = shop((args) => ran.push(args), { readOnly });
  const given = { ...hook, ...(checked ? { tools } : {}) };
  const made = hooks(client ?? world.agent(), gate ?? new Gate(rules), given);
  try {
    const running = go(model.url, home, session, { hooks: made, mcpServers: servers, ...options });
    const [result] = await Promise.all([running, does?.({ ana, session, world })]);
    const file = join(home, "ran.txt");
    const bash = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").length : 0;
    const asked = [...(await all(ana.approvals.pending({ runId: session }))), ...(await all(ana.approvals.history({ runId: session })))];
    return { result, ran, bash, asked, told: model.told(), notes: model.notes(), turns: model.turns(), model, world, session };
  } finally {
    model.end();
  }
}

async function only({ ana, session }) {
  const [id] = await pending(ana, session);
  return id;
}

const approve = (options) => async (it) => it.ana.approvals.approve(await only(it), options);
const reject = (reason) => async (it) => it.ana.approvals.reject(await only(it), reason);
const cancel = async (it) => it.world.agent().approvals.cancel(await only(it), "not needed any more");

describe("what each outcome means", LIMIT, () => {
  test("an approved call runs as it was shown", LIMIT, async () => {
    const { ran, told, asked, notes } = await run({ does: approve() });
    assert.deepEqual([ran, told, notes], [[ASKED], { toolu_1: "paid 49.9" }, []]);
    assert.deepEqual(asked.map((it) => it.context), [{ tool: REFUND, arguments: ASKED, call_id: "toolu_1" }]);
  });

  test("a built-in tool waits also where permissions are bypassed", LIMIT, async () => {
    assert.equal((await run({ turns: [[BASH], DONE], does: approve() })).bash, 1);
    assert.equal((await run({ turns: [[BASH], DONE], does: reject("no") })).bash, 0);
  });

  test("an edited call runs as it was edited, and the model hears of it", LIMIT, async () => {
    const { ran, told, notes } = await run({ does: approve({ modifications: { arguments: { amount: 10 } } }) });
    assert.deepEqual([ran, told], [[{ order: "1042", amount: 10 }], { toolu_1: "paid 10" }]);
    assert.deepEqual(notes, [`PreToolUse:${REFUND} hook additional context: ${NOTE}`]);
  });

  for (const [edits, why] of [
    [{ amount: "ten" }, "amount: Invalid input: expected number, received string."],
    [{ to: "me" }, "mcp__shop__refund has no argument to."],
  ]) {
    test(`edits that the tool refuses are not run: ${Object.keys(edits)}`, LIMIT, async () => {
      const { ran, told, notes } = await run({ checked: true, does: approve({ modifications: { arguments: edits } }) });
      const text = `The edits of ana could not be carried out: ${why} The call was not executed.`;
      assert.deepEqual([ran, told, notes], [[], { toolu_1: denied(text) }, []]);
    });
  }

  test("edits that nobody here could check are refused by the server of the tool", LIMIT, async () => {
    const { ran, told } = await run({ does: approve({ modifications: { arguments: { amount: "ten" } } }) });
    assert.deepEqual(ran, []);
    assert.match(told.toolu_1, /expected number/);
  });

  test("a rejected call does not run, and the model hears why", LIMIT, async () => {
    const { ran, told, result } = await run({ does: reject("too much") });
    assert.deepEqual([ran, told, result.result], [[], { toolu_1: denied(REJECTED) }, "Done."]);
  });

  test("silence is no denial", LIMIT, async () => {
    const { ran, told } = await run({ rules: { [REFUND]: { ...RULE, timeout: 1 } } });
    assert.deepEqual([ran, told], [[], { toolu_1: denied("Nobody answered in time. The call was not executed.") }]);
  });

  test("a withdrawn request ends the run", LIMIT, async () => {
    const { ran, turns, result } = await run({ does: cancel });
    assert.deepEqual([ran, turns, result.terminal_reason], [[], [0], "hook_stopped"]);
  });

  test("a person may answer in the tool's place", LIMIT, async () => {
    const rules = { [REFUND]: { ...RULE, allowResponse: true } };
    const { ran, told } = await run({ rules, does: approve({ modifications: { response: "Paid by hand." } }) });
    const text = "The call was not executed. A person answered in its place: Paid by hand.";
    assert.deepEqual([ran, told], [[], { toolu_1: denied(text) }]);
  });

  test("a call that no rule names is left to Claude Code's own permissions", LIMIT, async () => {
    const rules = { other: RULE };
    assert.equal((await run({ rules })).ran.length, 1);
    const { bash, asked } = await run({ rules, turns: [[BASH], DONE], permissionMode: "default", allowDangerouslySkipPermissions: false });
    assert.deepEqual([bash, asked], [0, []]);
  });
});

describe("several calls", LIMIT, () => {
  test("parallel calls are decided apart", LIMIT, async () => {
    const turns = [[refund(), refund("toolu_2", { order: "7" })], DONE];
    const does = async ({ ana, session }) => {
      const ids = await pending(ana, session, 2);
      const asked = await Promise.all(ids.map((id) => ana.approvals.get(id)));
      const by = Object.fromEntries(asked.map((it) => [it.context.call_id, it.id]));
      await ana.approvals.approve(by.toolu_2);
      await ana.approvals.reject(by.toolu_1, "too much");
    };
    const { ran, told } = await run({ turns, does, readOnly: true });
    assert.deepEqual([ran, told], [[{ order: "7", amount: 49.9 }], { toolu_1: denied(REJECTED), toolu_2: "paid 49.9" }]);
  });

  test("a subagent's call is asked about, and shown as its own", LIMIT, async () => {
    const input = { description: "d", prompt: "Pay it back", subagent_type: "general-purpose", run_in_background: false };
    const turns = [
      [{ tool: "Task", id: "toolu_A", input }],
      { when: "Pay it back", blocks: [refund("toolu_S")] },
      { when: "toolu_S", blocks: [{ text: "That was all." }] },
      DONE,
    ];
    const { ran, asked, model } = await run({ turns, does: reject("too much") });
    assert.deepEqual(ran, []);
    assert.deepEqual(asked.map((it) => [it.context.call_id, it.context.agent]), [["toolu_S", "general-purpose"]]);
    assert.equal(model.told(2).toolu_S, denied(REJECTED));
  });
});

describe("what else may happen", LIMIT, () => {
  for (const lost of ["the program", "all of it"]) {
    test(`killed and started again, it asks once and runs once: ${lost}`, LIMIT, async () => {
      const folder = await mkdtemp(join(tmpdir(), "signoff-"));
      const home = join(folder, "home");
      await mkdir(home);
      const session = randomUUID();
      const model = await scripted(folder, [[refund()], { when: "go on", blocks: [refund("toolu_2")] }, DONE]);
      const world = realWorld();
      const read = (name) => (existsSync(join(home, name)) ? readFileSync(join(home, name), "utf8") : "");
      const program = fileURLToPath(new URL("claude-agent.mjs", import.meta.url));
      const env = { ...process.env, SIGNOFF_URL: world.url, SIGNOFF_API_KEY: world.agentKey };
      const start = (...more) => spawn(process.execPath, [program, model.url, home, session, ...more], { env, detached: true, stdio: "inherit" });
      const first = start();
      try {
        const id = await only({ ana: world.ana(), session });
        const transcript = join(".claude/projects", home.replace(/[^A-Za-z0-9]/g, "-"), `${session}.jsonl`);
        await until(() => read(transcript).includes("toolu_1"));
        const ended = once(first, "exit");
        process.kill(lost === "the program" ? first.pid : -first.pid, "SIGKILL");
        await ended;
        // Claude Code may live on for a while. It refuses the calls that it can't ask about, and ends.
        await until(() => !lives(-first.pid));
        const again = start("go on");
        const end = once(again, "exit");
        await until(() => read("asked.txt").split("\n").length > 2);
        await world.ana().approvals.approve(id);
        assert.deepEqual(await end, [0, null]);
        const [one, other] = read("asked.txt").split("\n");
        assert.equal(one, other);
        assert.equal(read("refunds.txt").trim().split("\n").length, 1);
        assert.deepEqual(await all(world.ana().approvals.pending({ runId: session })), []);
        assert.deepEqual((await all(world.ana().approvals.history({ runId: session }))).map((it) => it.id), [id]);
      } finally {
        model.end();
      }
    });
  }

  test("a wait outlives the instance that held it", LIMIT, async () => {
    const instance = await Instance.make();
    await instance.start();
    try {
      const does = async (it) => {
        const id = await only(it);
        await instance.kill();
        await it.ana.approvals.approve(id);
        await instance.start();
      };
      const { ran, asked } = await run({ client: realWorld().agent({ url: instance.url }), does });
      assert.deepEqual([ran.length, asked.length], [1, 1]);
    } finally {
      await instance.stop();
    }
  });
});

function lives(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function answering(body, status = 200) {
  const fetch = async () => new Response(body, { status, headers: { "content-type": "application/json" } });
  return realWorld().agent({ fetch, patienceMs: 0, maxRetries: 0 });
}

class Odd extends Gate {
  rule() {
    throw new Error("our own");
  }
}

describe("whatever goes wrong, nothing runs", LIMIT, () => {
  const troubles = {
    "a server that is away": { client: realWorld().agent({ url: "http://127.0.0.1:9", patienceMs: 0, maxRetries: 0 }) },
    "500": { client: answering('{"status": 500, "code": "internal", "detail": "…"}', 500) },
    "bad JSON": { client: answering('{"id": "a", "status": "resol') },
    "a stub that says yes": { client: answering('{"approved": true}') },
    "a key that is not taken": { client: realWorld().agent({ apiKey: "so_unknown" }) },
    "a fault of our own": { gate: new Odd() },
    "a condition that throws": { rules: { [REFUND]: { when: () => { throw new Error("no answer"); } } } },
    "a condition that answers nothing": { rules: { [REFUND]: { when: () => undefined } } },
    "what is too large to show": { turns: [[refund("toolu_1", { order: "x".repeat(300_000) })], DONE] },
  };
  for (const [name, given] of Object.entries(troubles)) {
    test(name, LIMIT, async () => {
      const { ran, turns, result, asked } = await run(given);
      assert.deepEqual([ran, turns, result.terminal_reason, asked], [[], [0], "hook_stopped", []]);
    });
  }

  test("a person who is later than the hook may wait", LIMIT, async () => {
    const { ran, told, asked } = await run({ hook: { timeout: 1 } });
    assert.deepEqual([ran, asked.map((it) => it.status)], [[], ["pending"]]);
    assert.match(told.toolu_1, /not executed/);
  });
});

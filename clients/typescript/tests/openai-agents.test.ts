/** OpenAI's Agents SDK: a call waits for people, parks for them, and never runs without them. */

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Agent, hostedMcpTool, run as runAgent, RunState, setTracingDisabled, tool, ToolCallError, webSearchTool } from "@openai/agents";
import { assistantMessage, functionCall, ScriptedModel } from "@openai/agents-core/testing";
import { type Approval, Gate, type JsonObject, type RuleFields, Signoff, withRun } from "signoff";
import { FileStore, gated, run } from "signoff/openai-agents";
import { FakeSignoff } from "signoff/testing";
import { z } from "zod";
import { another, ASKED, asked, DECISIONS, killedAndStartedAgain, LIMIT, NOT_AGAIN, rows, troubles, UNASKABLE } from "./adapters.js";
import { Instance } from "./instance.js";
import { newRun, pending, realWorld } from "./world.js";

setTracingDisabled(true);

const SCHEMA = z.object({ order: z.string(), amount: z.number().positive("must be positive") });
const REFUND = { name: "refund", description: "Refunds an order", parameters: SCHEMA };

interface ToolCall {
  readonly args: JsonObject | string;
  readonly id: string;
}

const CALL: ToolCall = { args: ASKED, id: "call_1" };
type Mode = "wait" | "park";

interface Options {
  readonly calls?: readonly ToolCall[];
  readonly rule?: RuleFields;
  readonly mode?: Mode;
  /** In place of the tool that keeps what it ran with. */
  readonly tools?: ConstructorParameters<typeof Agent>[0]["tools"];
  readonly folder?: string;
}

/** An agent whose model makes the calls and then ends; `told` is what the model is asked with after them. */
function agent(client: Signoff, { calls = [CALL], rule = {}, mode = "wait", tools, folder = mkdtempSync(join(tmpdir(), "signoff-")) }: Options = {}) {
  const ran: unknown[] = [];
  const refund = tool({
    ...REFUND,
    execute: (args) => {
      ran.push(args);
      return `refunded ${args.amount}`;
    },
  });
  const model = new ScriptedModel([calls.map((it) => functionCall("refund", it.args, { callId: it.id })), [assistantMessage("done")]]);
  const gate = new Gate({ refund: rule });
  const made = new Agent({ name: "Support", model, tools: gated(tools ?? [refund], client, gate, { mode }) });
  const store = new FileStore(folder);
  const go = async (runId: string): Promise<unknown> => {
    const done = await (mode === "park" ? run(made, "refund 1042", client, gate, { store, run: runId }) : withRun(runId, () => runAgent(made, "refund 1042")));
    return done.finalOutput;
  };
  const told = (): unknown[] => {
    const input = model.calls[1]?.request.input ?? [];
    const results = (typeof input === "string" ? [] : input).filter((it) => it.type === "function_call_result");
    return results.map((it) => [it.callId, typeof it.output === "string" || Array.isArray(it.output) ? it.output : (it.output as { text?: string }).text]);
  };
  return { made, model, gate, store, folder, ran, go, told };
}

/** The SDK hides what a tool throws in an error of its own; in park mode `run` takes it out again. */
function ends(name: RegExp | string): (error: Error) => boolean {
  return (error) => {
    const cause = error instanceof ToolCallError ? error.error : error;
    assert.match(cause.name, new RegExp(name));
    return true;
  };
}

for (const mode of ["wait", "park"] as const) {
  describe(`in the mode ${mode}`, () => {
    for (const [name, { does, rule, ran, told }] of Object.entries(DECISIONS)) {
      test(name, LIMIT, async () => {
        const [world, runId] = [realWorld(), newRun()];
        const [client, ana] = [world.agent(), world.ana()];
        const it = agent(client, { mode, ...(rule && { rule }) });
        const running = it.go(runId);
        const { call_1: approval } = await asked(ana, runId);
        assert.ok(approval);
        assert.deepEqual(approval.context, { tool: "refund", arguments: ASKED, call_id: "call_1", agent: "Support" });
        assert.deepEqual(it.ran, []);
        await does(approval.id, ana, client);
        assert.equal(await running, "done");
        assert.deepEqual(it.ran, ran);
        assert.deepEqual(it.told(), [["call_1", told]]);
        assert.deepEqual((await rows(ana, runId)).map((row) => row.id), [approval.id]);
      });
    }

    test("two calls of one turn are decided apart", LIMIT, async () => {
      const [world, runId] = [realWorld(), newRun()];
      const [client, ana] = [world.agent(), world.ana()];
      const it = agent(client, { mode, calls: [CALL, { args: { ...ASKED, order: "1043" }, id: "call_2" }] });
      const running = it.go(runId);
      const { call_1: first, call_2: second } = await asked(ana, runId, 2);
      assert.ok(first && second);
      await ana.approvals.approve(second.id);
      await ana.approvals.reject(first.id, "no");
      await running;
      assert.deepEqual(it.ran, [{ ...ASKED, order: "1043" }]);
      assert.deepEqual(new Map(it.told() as [string, string][]), new Map([["call_1", `Rejected by ana: no. ${NOT_AGAIN}`], ["call_2", "refunded 49.9"]]));
      assert.equal((await rows(ana, runId)).length, 2);
    });

    test("a process that is killed while it waits and started again asks once and runs once", LIMIT, async () => {
      assert.equal(await killedAndStartedAgain("openai-agent.mjs", mode, newRun()), "done: refunded 1042");
    });

    test("a wait outlives the instance that held it", LIMIT, async (t) => {
      const [world, runId, server] = [realWorld(), newRun(), await Instance.make()];
      t.after(() => server.stop());
      await server.start();
      const ana = world.ana();
      const it = agent(world.agent({ url: server.url }), { mode });
      const running = it.go(runId);
      const [id = ""] = await pending(ana, runId);
      await server.kill();
      await ana.approvals.approve(id);
      await server.start();
      await running;
      assert.deepEqual(it.ran, [ASKED]);
      assert.deepEqual((await rows(ana, runId)).map((row) => row.id), [id]);
    });

    for (const where of [/\/approvals$/, /\/wait$/]) {
      for (const [name, { client, error }] of Object.entries(troubles(where))) {
        test(`${name}, at ${where}, ends the run and runs nothing`, LIMIT, async () => {
          const it = agent(client(), { mode });
          await assert.rejects(it.go(newRun()), ends(error));
          assert.deepEqual([it.ran, it.model.calls.length], [[], 1]);
        });
      }
    }

    test("another approval is no answer", LIMIT, async () => {
      const it = agent(another(), { mode });
      await assert.rejects(it.go(newRun()), ends("ConnectionFailedError"));
      assert.deepEqual(it.ran, []);
    });

    for (const [name, { rule, args, error }] of Object.entries(UNASKABLE)) {
      test(`${name} runs nothing`, LIMIT, async () => {
        const it = agent(realWorld().agent(), { mode, rule, calls: [{ ...CALL, args }] });
        await assert.rejects(it.go(newRun()), error);
        assert.deepEqual([it.ran, it.model.calls.length], [[], 1]);
      });
    }

    test("what no rule names is not asked about", LIMIT, async () => {
      const [world, runId] = [realWorld(), newRun()];
      const it = agent(world.agent(), { mode, rule: { when: (args) => args["amount"] === 0 } });
      assert.equal(await it.go(runId), "done");
      assert.deepEqual(it.ran, [ASKED]);
      assert.deepEqual(await rows(world.ana(), runId), []);
    });
  });
}

describe("in the mode wait", () => {
  test("a request that is withdrawn ends the run, and the waits beside it", LIMIT, async () => {
    const [world, runId] = [realWorld(), newRun()];
    const [client, ana] = [world.agent(), world.ana()];
    const it = agent(client, { calls: [CALL, { ...CALL, id: "call_2" }] });
    const rejected = assert.rejects(it.go(runId), ends("WithdrawnError"));
    const { call_1: first, call_2: second } = await asked(ana, runId, 2);
    assert.ok(first && second);
    await client.approvals.cancel(first.id, "not needed");
    await rejected;
    await ana.approvals.approve(second.id);
    assert.deepEqual([it.ran, it.model.calls.length], [[], 1]);
  });

  test("a call without an id is not asked about, and does not run", async () => {
    const fake = new FakeSignoff();
    const [made] = gated([tool({ ...REFUND, execute: () => assert.fail("it ran") })], fake.client(), new Gate({ refund: {} }));
    const { RunContext } = await import("@openai/agents");
    await assert.rejects(withRun("r", () => made?.invoke(new RunContext(), JSON.stringify(ASKED))), { name: "MissingCallIdError" });
    assert.deepEqual(fake.requests, []);
  });

  test("a run needs a name, of withRun or of gated", async () => {
    const fake = new FakeSignoff();
    fake.approves();
    const it = agent(fake.client());
    await assert.rejects(runAgent(it.made, "refund 1042"), /the run has no name that a restart would find again/);
    assert.deepEqual(it.ran, []);
    const named = agent(fake.client());
    const tools = gated([tool({ ...REFUND, execute: () => "refunded" })], fake.client(), new Gate({ refund: {} }), { run: () => "ticket-812" });
    await runAgent(named.made.clone({ tools }), "refund 1042");
    assert.equal(fake.requests[0]?.["run_id"], "ticket-812");
  });

  test("the tool's own time and failures are its own", LIMIT, async () => {
    const fake = new FakeSignoff();
    const quick = agent(fake.client(), { tools: [tool({ ...REFUND, execute: () => "refunded", timeoutMs: 20 })] });
    const running = quick.go("r");
    const [id = ""] = await pending(fake.client("ana"), "r");
    // A person takes longer than the tool may.
    await new Promise((resolve) => setTimeout(resolve, 60));
    await fake.client("ana").approvals.approve(id);
    await running;
    assert.deepEqual(quick.told(), [["call_1", "refunded"]]);
    fake.approves();
    const slow = agent(fake.client(), { tools: [tool({ ...REFUND, execute: () => new Promise(() => undefined), timeoutMs: 20 })] });
    await slow.go("r1");
    assert.deepEqual(slow.told(), [["call_1", "Tool 'refund' timed out after 20ms."]]);
    const failing = agent(fake.client(), { tools: [tool({ ...REFUND, execute: () => { throw new Error("no money"); }, errorFunction: (_, error) => String(error) })] });
    await failing.go("r2");
    assert.deepEqual(failing.told(), [["call_1", "Error: no money"]]);
  });

  test("arguments that can't be shown as they would run are told to the model", async () => {
    const fake = new FakeSignoff();
    const it = agent(fake.client(), { calls: [{ ...CALL, args: '{"order": "1042", "amount": 1e999}' }] });
    await it.go("r");
    assert.deepEqual(it.told(), [["call_1", "The arguments of this call can't be read: a number is too large. The call was not executed."]]);
    assert.deepEqual([it.ran, fake.requests], [[], []]);
  });

  test("what could be gated in name only is refused", () => {
    const client = new FakeSignoff().client();
    const structured = tool({ ...REFUND, outputSchema: z.object({ paid: z.number() }), execute: () => ({ paid: 1 }) });
    assert.throws(() => gated([structured], client, new Gate({ refund: {} })), /has a schema for its output/);
    assert.throws(() => gated([webSearchTool()], client, new Gate({ "*": {} })), /is no function tool, and can't be gated/);
    const hosted = hostedMcpTool({ serverLabel: "mail", serverUrl: "https://signoff.test" });
    assert.deepEqual(gated([hosted], client, new Gate({ refund: {} })), [hosted]);
  });
});

describe("what a tool answers, with edits", () => {
  const NOTE = 'A person changed this call before it ran. Executed with: refund(amount=10, order="1042").';

  async function edited(output: unknown, args: JsonObject = { amount: 10 }, parameters: unknown = SCHEMA): Promise<unknown> {
    const fake = new FakeSignoff();
    fake.edits(args);
    const it = agent(fake.client(), { tools: [tool({ ...REFUND, parameters: parameters as typeof SCHEMA, execute: () => output })] });
    await it.go("r");
    return (it.told()[0] as [string, unknown])[1];
  }

  test("text and data have the note before them", async () => {
    assert.equal(await edited("refunded"), `${NOTE}\nrefunded`);
    assert.equal(await edited({ paid: 10 }), `${NOTE}\n{"paid":10}`);
  });

  test("parts keep their form", async () => {
    const parts = await edited([{ type: "text", text: "refunded" }, { type: "image", image: { url: "https://signoff.test/a.png" } }]);
    assert.deepEqual((parts as JsonObject[]).map((it) => [it["type"], it["text"]]), [["input_text", NOTE], ["input_text", "refunded"], ["input_image", undefined]]);
  });

  test("a schema in JSON is obeyed, though the SDK doesn't look at it", async () => {
    const parameters = {
      type: "object", properties: { order: { type: "string" }, amount: { type: "number", maximum: 50 } }, required: ["order", "amount"], additionalProperties: false,
    };
    assert.match(String(await edited("refunded", { amount: 60 }, parameters)), /^The edits of approver could not be carried out: amount: .*50\. The call was not executed\.$/);
    assert.match(String(await edited("refunded", { amount: "10" }, parameters)), /could not be carried out: amount: /);
    assert.match(String(await edited("refunded", { amuont: 10 }, parameters)), /refund has no argument amuont\. The call/);
    assert.equal(await edited("refunded", { amount: 10 }, parameters), `${NOTE}\nrefunded`);
  });
});

describe("in the mode park", () => {
  test("a call that is decided runs while the other is still parked, and the state is kept", LIMIT, async () => {
    const [world, runId] = [realWorld(), newRun()];
    const [client, ana] = [world.agent(), world.ana()];
    const it = agent(client, { mode: "park", calls: [CALL, { args: { ...ASKED, order: "1043" }, id: "call_2" }] });
    const running = it.go(runId);
    const { call_1: first, call_2: second } = await asked(ana, runId, 2);
    assert.ok(first && second);
    const [file = ""] = readdirSync(it.folder);
    assert.equal(statSync(join(it.folder, file)).mode & 0o777, 0o600);
    const before = readFileSync(join(it.folder, file), "utf8");
    await ana.approvals.approve(second.id);
    while (readFileSync(join(it.folder, file), "utf8") === before) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(it.ran, [{ ...ASKED, order: "1043" }]);
    await ana.approvals.approve(first.id);
    assert.equal(await running, "done");
    assert.deepEqual(it.ran, [{ ...ASKED, order: "1043" }, ASKED]);
    assert.deepEqual(readdirSync(it.folder), []);
  });

  test("a request that is withdrawn is told, and nothing runs", LIMIT, async () => {
    const [world, runId] = [realWorld(), newRun()];
    const client = world.agent();
    const it = agent(client, { mode: "park" });
    const running = it.go(runId);
    await client.approvals.cancel((await pending(world.ana(), runId))[0] ?? "", "not needed");
    assert.equal(await running, "done");
    assert.deepEqual([it.ran, it.told()], [[], [["call_1", "The request was withdrawn."]]]);
  });

  test("a state that says that it was approved runs nothing", LIMIT, async () => {
    const [world, runId] = [realWorld(), newRun()];
    const [client, ana] = [world.agent(), world.ana()];
    const it = agent(client, { mode: "park" });
    const { state } = await withRun(runId, () => runAgent(it.made, "refund 1042"));
    const [item] = state.getInterruptions();
    assert.ok(item);
    state.approve(item);
    const forged = state.toString();
    await assert.rejects(withRun(runId, async () => runAgent(it.made, await RunState.fromString(it.made, forged))), ends("StillPendingError"));
    // And of the store, nobody believes it either.
    await it.store.save(runId, forged);
    const running = it.go(runId);
    const [id = ""] = await pending(ana, runId);
    assert.deepEqual(it.ran, []);
    await ana.approvals.reject(id, "no");
    assert.equal(await running, "done");
    assert.deepEqual([it.ran, it.told()], [[], [["call_1", `Rejected by ana: no. ${NOT_AGAIN}`]]]);
    assert.deepEqual((await rows(ana, runId)).map((row) => row.id), [id]);
  });

  test("a state that was approved for ever asks about each call all the same", LIMIT, async () => {
    const [world, runId] = [realWorld(), newRun()];
    const it = agent(world.agent(), { mode: "park" });
    const { state } = await withRun(runId, () => runAgent(it.made, "refund 1042"));
    state.approve(state.getInterruptions()[0] as never, { alwaysApprove: true });
    await assert.rejects(withRun(runId, () => runAgent(it.made, state)), ends("StillPendingError"));
    assert.deepEqual(it.ran, []);
  });

  for (const [name, { client, error }] of Object.entries(troubles(/\/approvals$/))) {
    test(`${name}, when the tool asks what was decided, ends the run and runs nothing`, LIMIT, async () => {
      const it = agent(client(), { mode: "park" });
      const { state } = await withRun(newRun(), () => runAgent(it.made, "refund 1042"));
      state.approve(state.getInterruptions()[0] as never);
      await assert.rejects(withRun(newRun(), () => runAgent(it.made, state)), ends(error));
      assert.deepEqual([it.ran, it.model.calls.length], [[], 1]);
    });
  }

  test("a rule that changes its mind runs nothing", async () => {
    const fake = new FakeSignoff();
    let asks = true;
    const it = agent(fake.client(), { mode: "park", rule: { when: () => asks } });
    const { state } = await withRun("r", () => runAgent(it.made, "refund 1042"));
    asks = false;
    state.approve(state.getInterruptions()[0] as never);
    await assert.rejects(withRun("r", () => runAgent(it.made, state)), /the rule for refund has changed its mind/);
    assert.deepEqual(it.ran, []);
  });

  test("the context is given anew, and not kept", LIMIT, async () => {
    const fake = new FakeSignoff();
    const seen: unknown[] = [];
    const it = agent(fake.client(), { mode: "park", tools: [tool({ ...REFUND, execute: (_, context) => void seen.push(context?.context) })] });
    const ending = new AbortController();
    const options = { store: it.store, run: "r", context: { secret: "hunter2" } };
    const parked = run(it.made, "refund 1042", fake.client(), it.gate, { ...options, signal: ending.signal });
    const rejected = assert.rejects(parked, /enough/);
    const [id = ""] = await pending(fake.client("ana"), "r");
    ending.abort(new Error("enough"));
    await rejected;
    assert.doesNotMatch(readFileSync(join(it.folder, readdirSync(it.folder)[0] ?? ""), "utf8"), /hunter2/);
    await fake.client("ana").approvals.approve(id);
    await run(it.made, "refund 1042", fake.client(), it.gate, options);
    assert.deepEqual(seen, [{ secret: "hunter2" }]);
  });
});

describe("an agent as a tool of another one", () => {
  function nested(client: Signoff, mode: Mode) {
    const inner = agent(client, { mode });
    const help = inner.made.asTool({ toolName: "help", toolDescription: "Helps" });
    const model = new ScriptedModel([[functionCall("help", { input: "refund 1042" }, { callId: "call_0" })], [assistantMessage("done")]]);
    return { inner, model, outer: new Agent({ name: "Front", model, tools: [help] }) };
  }

  test("parks with it, and another process goes on", LIMIT, async () => {
    const [world, runId, ending] = [realWorld(), newRun(), new AbortController()];
    const [client, ana] = [world.agent(), world.ana()];
    const first = nested(client, "park");
    const options = { store: first.inner.store, run: runId };
    const killed = assert.rejects(run(first.outer, "refund 1042", client, first.inner.gate, { ...options, signal: ending.signal }));
    const { call_1: approval } = await asked(ana, runId);
    ending.abort(new Error("enough"));
    await killed;
    assert.equal(approval?.context?.["agent"], "Support");
    const second = nested(client, "park");
    // Their first answers are in the state.
    for (const model of [second.model, second.inner.model]) await model.getResponse({ input: "" } as never);
    const running = run(second.outer, "refund 1042", client, second.inner.gate, options);
    await ana.approvals.approve(approval?.id ?? "");
    assert.equal((await running).finalOutput, "done");
    assert.deepEqual([first.inner.ran, second.inner.ran], [[], [ASKED]]);
    assert.deepEqual((await rows(ana, runId)).map((row) => row.id), [approval?.id]);
  });

  test("doesn't run what was withdrawn", LIMIT, async () => {
    const fake = new FakeSignoff();
    fake.cancels();
    const it = nested(fake.client(), "wait");
    await withRun("r", () => runAgent(it.outer, "refund 1042")).catch(() => undefined);
    assert.deepEqual([it.inner.ran, it.inner.model.calls.length], [[], 1]);
  });
});

// --- Transcripts ---

interface Transcript {
  readonly rules: Record<string, Record<string, unknown>>;
  readonly run: string;
  readonly pause: { readonly raw_item: { readonly arguments: string; readonly call_id: string }; readonly agent: { readonly name: string } };
  readonly key: string;
  readonly create: JsonObject;
  readonly outcome: Approval;
  readonly resume: { readonly approve?: true; readonly reject?: string };
  readonly called_with?: JsonObject | null;
  readonly told?: string;
}

const FOLDER = new URL("../../transcripts/openai-agents/", import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));

function camel(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.replace(/_([a-z])/g, (_, it: string) => it.toUpperCase()), value]));
}

for (const file of files) {
  test(`a parked run goes as it is written in ${file}`, async () => {
    const it = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Transcript;
    const asked: unknown[] = [];
    // The server of the transcript: it has the one approval.
    const fetched: typeof fetch = async (input, init) => {
      const { pathname } = new URL(String(input));
      if (pathname.endsWith("/events")) return Response.json({ cursor: "1", connected: false }, { status: 202 });
      asked.push([new Headers(init?.headers).get("idempotency-key"), JSON.parse(String(init?.body))]);
      return Response.json(it.outcome);
    };
    const client = new Signoff({ url: "http://signoff.test", apiKey: "agent", fetch: fetched });
    let calledWith: unknown = null;
    const parameters = { type: "object" as const, properties: {}, required: [], additionalProperties: true as const };
    const refund = tool({ name: "refund", description: "", parameters, strict: false, execute: (args) => ((calledWith = args), "ok") });
    const gate = new Gate(Object.fromEntries(Object.entries(it.rules).map(([name, rule]) => [name, camel(rule) as RuleFields])));
    const { raw_item: call, agent: { name } } = it.pause;
    const model = new ScriptedModel([[functionCall("refund", call.arguments, { callId: call.call_id })], [assistantMessage("done")]]);
    const made = new Agent({ name, model, tools: gated([refund], client, gate, { mode: "park" }) });
    await run(made, "…", client, gate, { store: new FileStore(mkdtempSync(join(tmpdir(), "signoff-"))), run: it.run });
    // Once for the state, and once by the tool.
    assert.equal(asked.length, it.resume.approve ? 2 : 1);
    for (const one of asked) assert.deepEqual(one, [it.key, it.create]);
    const [, result] = (model.calls[1]?.request.input as unknown as { type: string; output: { text: string } }[]).filter((item) => item.type !== "message");
    assert.equal(result?.output.text, it.told ?? it.resume.reject);
    assert.deepEqual(calledWith, it.called_with ?? null);
  });
}

test("there are transcripts", () => assert.ok(files.length > 8));

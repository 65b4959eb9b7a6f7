/** LangChain: a call waits for people, parks for them, and never runs without them. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { AIMessage, type BaseMessage } from "@langchain/core/messages";
import { fakeModel } from "@langchain/core/testing";
import { Annotation, Command, END, interrupt, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { createAgent, tool, ToolMessage } from "langchain";
import { type Approval, Gate, type JsonObject, Outcome, type RuleFields, type Signoff } from "signoff";
import { ask, type Asked, resume, runUntilDone, runUntilParked, signOff, signoffMiddleware } from "signoff/langchain";
import { FakeSignoff } from "signoff/testing";
import { z } from "zod";
import { pauseOf, requestOf, told } from "../dist/esm/adapters/langgraph.js";
import { another, ASKED, asked, DECISIONS, killedAndStartedAgain, LIMIT, NOT_AGAIN, rows, troubles, UNASKABLE } from "./adapters.js";
import { Instance } from "./instance.js";
import { newRun, pending, realWorld } from "./world.js";

interface ToolCall {
  readonly name: string;
  readonly args: JsonObject;
  readonly id?: string;
}

const CALL: ToolCall = { name: "refund", args: ASKED, id: "call_1" };
const SCHEMA = z.object({ order: z.string(), amount: z.number().positive("must be positive") });
const REFUND = { name: "refund", description: "Refunds an order" };

interface Options {
  readonly calls?: readonly ToolCall[];
  readonly rule?: RuleFields;
  readonly mode?: "wait" | "park";
  readonly runId?: string;
  readonly version?: "v1";
  /** In place of the tool that keeps what it ran with. */
  readonly tools?: Parameters<typeof createAgent>[0]["tools"];
}

/** An agent whose model makes the calls and then ends; `told` is what the model is asked with after them. */
function agent(client: Signoff, { calls = [CALL], rule = {}, tools, version, ...options }: Options = {}) {
  const ran: unknown[] = [];
  const refund = tool(
    (args) => {
      ran.push(args);
      return `refunded ${args.amount}`;
    },
    { ...REFUND, schema: SCHEMA },
  );
  const model = fakeModel()
    .respond(new AIMessage({ content: "", tool_calls: calls.map((it) => ({ ...it, type: "tool_call" as const })) }))
    .respond(new AIMessage("done"));
  const made = createAgent({
    model,
    tools: tools ?? [refund],
    middleware: [signoffMiddleware(client, new Gate({ refund: rule }), options)],
    checkpointer: new MemorySaver(),
    ...(version && { version }),
  });
  const told = (): ToolMessage[] => (model.calls[1]?.messages ?? []).filter((it): it is ToolMessage => ToolMessage.isInstance(it));
  return { made, model, ran, told };
}

const INPUT = { messages: [{ role: "user", content: "refund 1042" }] };

function on(runId: string): { configurable: { thread_id: string } } {
  return { configurable: { thread_id: runId } };
}

for (const mode of ["wait", "park"] as const) {
  describe(`in the mode ${mode}`, () => {
    for (const [name, { does, rule, ran, told, refused }] of Object.entries(DECISIONS)) {
      test(name, LIMIT, async () => {
        const [world, runId] = [realWorld(), newRun()];
        const [client, ana] = [world.agent(), world.ana()];
        const it = agent(client, { mode, ...(rule && { rule }) });
        const running = runUntilDone<{ messages: BaseMessage[] }>(it.made, INPUT, on(runId), client);
        const { call_1: approval } = await asked(ana, runId);
        assert.ok(approval);
        assert.deepEqual(it.ran, []);
        await does(approval.id, ana, client);
        const { messages } = await running;
        assert.equal(messages.at(-1)?.content, "done");
        assert.deepEqual(it.ran, ran);
        assert.deepEqual(it.told().map((message) => [message.content, message.tool_call_id, message.name, message.status ?? "success"]), [
          [told, "call_1", "refund", refused ? "error" : "success"],
        ]);
        assert.deepEqual((await rows(ana, runId)).map((row) => row.id), [approval.id]);
      });
    }

    test("two calls of one turn are decided apart", LIMIT, async () => {
      const [world, runId] = [realWorld(), newRun()];
      const [client, ana] = [world.agent(), world.ana()];
      const it = agent(client, { mode, calls: [CALL, { ...CALL, args: { ...ASKED, order: "1043" }, id: "call_2" }] });
      const running = runUntilDone(it.made, INPUT, on(runId), client);
      const { call_1: first, call_2: second } = await asked(ana, runId, 2);
      assert.ok(first && second);
      await ana.approvals.approve(second.id);
      await ana.approvals.reject(first.id, "no");
      await running;
      assert.deepEqual(it.ran, [{ ...ASKED, order: "1043" }]);
      assert.deepEqual(it.told().map((message) => [message.tool_call_id, message.content]), [
        ["call_1", `Rejected by ana: no. ${NOT_AGAIN}`],
        ["call_2", "refunded 49.9"],
      ]);
      assert.equal((await rows(ana, runId)).length, 2);
    });

    test("a process that is killed while it waits and started again asks once and runs once", LIMIT, async () => {
      assert.equal(await killedAndStartedAgain("langchain-agent.mjs", mode, newRun()), "done: refunded 1042");
    });

    test("a wait outlives the instance that held it", LIMIT, async (t) => {
      const [world, runId, server] = [realWorld(), newRun(), await Instance.make()];
      t.after(() => server.stop());
      await server.start();
      const [client, ana] = [world.agent({ url: server.url }), world.ana()];
      const it = agent(client, { mode });
      const running = runUntilDone(it.made, INPUT, on(runId), client);
      const [id = ""] = await pending(ana, runId);
      await server.kill();
      await ana.approvals.approve(id);
      await server.start();
      await running;
      assert.deepEqual(it.ran, [ASKED]);
      assert.deepEqual((await rows(ana, runId)).map((row) => row.id), [id]);
    });

    test("a call without an id is not asked about, and does not run", LIMIT, async () => {
      const [world, runId] = [realWorld(), newRun()];
      const it = agent(world.agent(), { mode, calls: [{ name: "refund", args: ASKED }] });
      await assert.rejects(runUntilDone(it.made, INPUT, on(runId), world.agent()), { name: "MissingCallIdError" });
      assert.deepEqual(it.ran, []);
    });

    for (const [name, { rule, args, error }] of Object.entries(UNASKABLE)) {
      test(`${name} runs nothing`, LIMIT, async () => {
        const [world, runId] = [realWorld(), newRun()];
        const it = agent(world.agent(), { mode, rule, calls: [{ ...CALL, args }] });
        await assert.rejects(runUntilDone(it.made, INPUT, on(runId), world.agent()), error);
        assert.deepEqual([it.ran, it.told(), it.model.callCount], [[], [], 1]);
      });
    }

    test("what no rule names is not asked about", LIMIT, async () => {
      const [world, runId] = [realWorld(), newRun()];
      const it = agent(world.agent(), { mode, rule: { when: (args) => args["amount"] === 0 } });
      await runUntilDone(it.made, INPUT, on(runId), world.agent());
      assert.deepEqual(it.ran, [ASKED]);
      assert.deepEqual(await rows(world.ana(), runId), []);
    });
  });
}

describe("in the mode wait", () => {
  for (const where of [/\/approvals$/, /\/wait$/]) {
    for (const [name, { client, error }] of Object.entries(troubles(where))) {
      test(`${name}, at ${where}, ends the run and runs nothing`, LIMIT, async () => {
        const it = agent(client());
        await assert.rejects(it.made.invoke(INPUT, on(newRun())), { name: new RegExp(error) });
        assert.deepEqual([it.ran, it.told(), it.model.callCount], [[], [], 1]);
      });
    }
  }

  test("another approval is no answer", LIMIT, async () => {
    const it = agent(another());
    await assert.rejects(it.made.invoke(INPUT, on(newRun())), { name: "ConnectionFailedError" });
    assert.deepEqual(it.ran, []);
  });

  test("a request that is withdrawn ends the run, and the waits beside it", LIMIT, async () => {
    const [world, runId] = [realWorld(), newRun()];
    const waits: AbortSignal[] = [];
    const fetched: typeof fetch = (input, init) => {
      if (String(input).includes("/wait?") && init?.signal) waits.push(init.signal);
      return fetch(input, init);
    };
    const [client, ana] = [world.agent({ fetch: fetched }), world.ana()];
    const it = agent(client, { calls: [CALL, { ...CALL, id: "call_2" }] });
    const running = it.made.invoke(INPUT, on(runId));
    const ends = assert.rejects(running, (error: Error) => error.name === "WithdrawnError" && (error.cause as Error).name === "WithdrawnError");
    const { call_1: first, call_2: second } = await asked(ana, runId, 2);
    assert.ok(first && second);
    while (waits.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    await client.approvals.cancel(first.id, "not needed");
    await ends;
    assert.equal(waits.filter((it) => it.aborted).length, 1);
    await ana.approvals.approve(second.id);
    assert.deepEqual([it.ran, it.model.callCount], [[], 1]);
    await assert.rejects(it.made.invoke(null, on(runId)), { name: "WithdrawnError" });
    assert.equal(it.model.callCount, 1);
    assert.equal((await rows(ana, runId)).length, 2);
  });

  test("a run without a name is refused, and takes the name that is given", LIMIT, async () => {
    const [world, runId] = [realWorld(), newRun()];
    const nameless = agent(world.agent());
    const graph = createAgent({ model: nameless.model, tools: [tool(() => "", { ...REFUND, schema: SCHEMA })], middleware: [signoffMiddleware(world.agent(), new Gate({ "*": {} }))] });
    await assert.rejects(graph.invoke(INPUT), /the run has no name: give the config a thread_id, or the middleware a runId/);
    const named = agent(world.agent(), { runId });
    const running = named.made.invoke(INPUT, on("another"));
    await world.ana().approvals.approve((await pending(world.ana(), runId))[0] ?? "");
    await running;
    assert.deepEqual(named.ran, [ASKED]);
  });

  test("the caller's signal ends the wait", LIMIT, async () => {
    const [world, runId, ending] = [realWorld(), newRun(), new AbortController()];
    const it = agent(world.agent());
    const running = it.made.invoke(INPUT, { ...on(runId), signal: ending.signal });
    const ends = assert.rejects(running);
    const [id = ""] = await pending(world.ana(), runId);
    ending.abort(new Error("enough"));
    await ends;
    await world.ana().approvals.approve(id);
    assert.deepEqual(it.ran, []);
  });
});

describe("what a tool answers, with edits", () => {
  const NOTE = 'A person changed this call before it ran. Executed with: refund(amount=10, order="1042").';

  async function edited(tools: NonNullable<Options["tools"]>): Promise<ReturnType<typeof agent>> {
    const fake = new FakeSignoff();
    fake.edits({ amount: 10 });
    const it = agent(fake.client(), { tools });
    await it.made.invoke(INPUT, on("r"));
    return it;
  }

  test("blocks keep their form", async () => {
    const blocks = [{ type: "text", text: "refunded" }, { type: "image", url: "https://signoff.test/a.png" }];
    const it = await edited([tool(() => blocks, { ...REFUND, schema: SCHEMA })]);
    assert.deepEqual(it.told()[0]?.content, [{ type: "text", text: NOTE }, ...blocks]);
  });

  test("a message keeps what else it has", async () => {
    const answer = tool(() => ["refunded", { receipt: 7 }], { ...REFUND, schema: SCHEMA, responseFormat: "content_and_artifact" });
    const [told] = (await edited([answer])).told();
    assert.deepEqual([told?.content, told?.artifact, told?.tool_call_id, told?.name], [`${NOTE}\nrefunded`, { receipt: 7 }, "call_1", "refund"]);
  });

  test("in a command, the message for the call has the note", async () => {
    const answer = tool(
      (_, config) => new Command({ update: { messages: [new ToolMessage({ content: "refunded", tool_call_id: (config as { toolCallId: string }).toolCallId })] } }),
      { ...REFUND, schema: SCHEMA },
    );
    assert.equal((await edited([answer])).told()[0]?.content, `${NOTE}\nrefunded`);
    const inPairs = tool(
      () => new Command({ update: [["messages", [new ToolMessage({ content: "refunded", tool_call_id: "call_1" })]]] }),
      { ...REFUND, schema: SCHEMA },
    );
    assert.equal((await edited([inPairs])).told()[0]?.content, `${NOTE}\nrefunded`);
  });

  test("a schema in JSON is obeyed", async () => {
    const schema = { type: "object", properties: { order: { type: "string" }, amount: { type: "number", not: { const: 10 } } }, required: ["order"] } as const;
    const it = await edited([tool(() => assert.fail("it ran"), { ...REFUND, schema })]);
    assert.match(String(it.told()[0]?.content), /^The edits of approver could not be carried out: .+ The call was not executed\.$/);
    const fake = new FakeSignoff();
    fake.edits({ amuont: 10 });
    const typo = agent(fake.client(), { tools: [tool(() => assert.fail("it ran"), { ...REFUND, schema })] });
    await typo.made.invoke(INPUT, on("r"));
    assert.match(String(typo.told()[0]?.content), /refund has no argument amuont\. The call was not executed\.$/);
  });
});

describe("in the mode park", () => {
  test("a parked graph says what is asked, and another process goes on", LIMIT, async () => {
    const [world, runId] = [realWorld(), newRun()];
    const [client, ana] = [world.agent(), world.ana()];
    const it = agent(client, { mode: "park", rule: { title: "Refund {order}" } });
    const parked = await runUntilParked(it.made, INPUT, on(runId), client);
    assert.ok(!parked.done);
    assert.deepEqual(parked.approvals.map((approval) => [approval.title, approval.status]), [["Refund 1042", "pending"]]);
    const [task] = (await (it.made.graph.getState(on(runId)))).tasks;
    const [{ value }] = task?.interrupts as [{ value: Asked }];
    assert.match(value.idempotency_key, /^tc1\./);
    assert.deepEqual(value.request, {
      run_id: runId,
      approval_type: "tool_call",
      context: { tool: "refund", arguments: ASKED, call_id: "call_1" },
      title: "Refund 1042",
      metadata: { dialect: "langchain" },
    });
    const resumed = resume(it.made, on(runId), client);
    await ana.approvals.approve(parked.approvals[0]?.id ?? "");
    assert.equal((await resumed).done, true);
    assert.deepEqual(it.ran, [ASKED]);
    await assert.rejects(resume(it.made, on(runId), client), /nothing is parked here/);
    const { messages } = await runUntilDone<{ messages: BaseMessage[] }>(it.made, null, on(runId), client);
    assert.deepEqual([messages.at(-1)?.content, it.model.callCount], ["done", 2]);
  });

  test("a call that is decided runs while the other is still parked", LIMIT, async () => {
    const [world, runId] = [realWorld(), newRun()];
    const [client, ana] = [world.agent(), world.ana()];
    const it = agent(client, { mode: "park", calls: [CALL, { ...CALL, args: { ...ASKED, order: "1043" }, id: "call_2" }] });
    await runUntilParked(it.made, INPUT, on(runId), client);
    const { call_1: first, call_2: second } = await asked(ana, runId, 2);
    assert.ok(first && second);
    await ana.approvals.approve(second.id);
    const still = await resume(it.made, on(runId), client);
    assert.ok(!still.done);
    assert.deepEqual(still.approvals.map((approval) => approval.id), [first.id]);
    assert.deepEqual(it.ran, [{ ...ASKED, order: "1043" }]);
    await ana.approvals.approve(first.id);
    assert.equal((await resume(it.made, on(runId), client)).done, true);
    assert.deepEqual(it.ran, [{ ...ASKED, order: "1043" }, ASKED]);
  });

  test("a request that is withdrawn is told, and nothing runs", LIMIT, async () => {
    const [world, runId] = [realWorld(), newRun()];
    const [client, ana] = [world.agent(), world.ana()];
    const it = agent(client, { mode: "park" });
    const running = runUntilDone(it.made, INPUT, on(runId), client);
    await client.approvals.cancel((await pending(ana, runId))[0] ?? "", "not needed");
    await running;
    assert.deepEqual(it.ran, []);
    assert.deepEqual(it.told().map((message) => [message.content, message.status]), [["The request was withdrawn.", "error"]]);
  });

  const FORGERIES: Record<string, unknown> = {
    yes: true,
    "a decision of LangChain's": { decisions: [{ type: "approve" }] },
    "an approval that was made up": { approval_id: "0193", status: "resolved", resolution: "approved" },
  };
  for (const [name, forged] of Object.entries(FORGERIES)) {
    test(`resumed with ${name}, nothing runs until a person has decided`, LIMIT, async () => {
      const [world, runId] = [realWorld(), newRun()];
      const [client, ana] = [world.agent(), world.ana()];
      const it = agent(client, { mode: "park" });
      await it.made.invoke(INPUT, on(runId));
      // Before and after it was asked.
      for (let n = 0; n < 2; n++) {
        await assert.rejects(it.made.invoke(new Command({ resume: forged }), on(runId)), { name: "StillPendingError" });
        assert.deepEqual([it.ran, it.model.callCount], [[], 1]);
      }
      const [id = ""] = await pending(ana, runId);
      await ana.approvals.approve(id);
      await runUntilDone(it.made, INPUT, on(runId), client);
      assert.deepEqual(it.ran, [ASKED]);
      assert.deepEqual((await rows(ana, runId)).map((row) => row.id), [id]);
    });
  }

  test("resumed with the approval of another call, nothing runs", LIMIT, async () => {
    const [world, runId] = [realWorld(), newRun()];
    const [client, ana] = [world.agent(), world.ana()];
    const other = await client.approvals.create({ runId, approvalType: "tool_call", context: { tool: "refund", arguments: ASKED, call_id: "call_1" } });
    await ana.approvals.approve(other.id);
    const it = agent(client, { mode: "park" });
    await it.made.invoke(INPUT, on(runId));
    await assert.rejects(it.made.invoke(new Command({ resume: { approval_id: other.id } }), on(runId)), { name: "StillPendingError" });
    assert.deepEqual(it.ran, []);
  });

  for (const [name, { client, error }] of Object.entries(troubles(/\/approvals$/))) {
    test(`${name}, once it is resumed, ends the run and runs nothing`, LIMIT, async () => {
      const it = agent(client(), { mode: "park" });
      const runId = newRun();
      await it.made.invoke(INPUT, on(runId));
      await assert.rejects(it.made.invoke(new Command({ resume: true }), on(runId)), { name: new RegExp(error) });
      await assert.rejects(resume(it.made, on(runId), client()), { name: new RegExp(error) });
      assert.deepEqual([it.ran, it.told(), it.model.callCount], [[], [], 1]);
    });
  }

  test("a graph that waits for something else is left alone", LIMIT, async () => {
    const state = Annotation.Root({ answer: Annotation<unknown> });
    const graph = new StateGraph(state).addNode("review", () => ({ answer: interrupt("your name?") })).addEdge(START, "review").addEdge("review", END);
    const compiled = graph.compile({ checkpointer: new MemorySaver() });
    await assert.rejects(runUntilParked(compiled, {}, on("r"), new FakeSignoff().client()), /pauses with what is no question to Signoff/);
  });

  const STATE = Annotation.Root({ draft: Annotation<string>, answer: Annotation<JsonObject> });

  test("a node of one's own asks, and gets what was decided", LIMIT, async () => {
    const [world, runId] = [realWorld(), newRun()];
    const [client, ana] = [world.agent(), world.ana()];
    const graph = new StateGraph(STATE)
      .addNode("review", ({ draft }) => ({ answer: interrupt(ask({ title: "Publish {draft}?", context: { draft }, timeout: "1h" })) }))
      .addEdge(START, "review")
      .addEdge("review", END)
      .compile({ checkpointer: new MemorySaver() });
    const running = runUntilDone<{ answer: JsonObject }>(graph, { draft: "Hello" }, on(runId), client);
    const [id = ""] = await pending(ana, runId);
    const approval = await ana.approvals.get(id);
    assert.deepEqual([approval.title, approval.approval_type, approval.context], ["Publish Hello?", "step_approval", { draft: "Hello" }]);
    await ana.approvals.reject(id, "too short");
    const said = { approval_id: id, approved: false, status: "resolved", resolution: "rejected", feedback: "too short", decided_by: "ana", modifications: null };
    assert.deepEqual((await running).answer, said);
    assert.equal((await rows(ana, runId)).length, 1);
  });

  test("a node that asks the server believes nobody else", LIMIT, async () => {
    const [world, runId] = [realWorld(), newRun()];
    const [client, ana] = [world.agent(), world.ana()];
    const graph = new StateGraph(STATE)
      .addNode("review", async ({ draft }) => ({ answer: { approved: (await signOff(client, ask({ title: "Publish?", context: { draft } }))).approved } }))
      .addEdge(START, "review")
      .addEdge("review", END)
      .compile({ checkpointer: new MemorySaver() });
    await runUntilParked(graph, { draft: "Hello" }, on(runId), client);
    await assert.rejects(graph.invoke(new Command({ resume: { approved: true } }), on(runId)), { name: "StillPendingError" });
    await ana.approvals.reject((await pending(ana, runId))[0] ?? "", "no");
    assert.deepEqual((await resume<{ answer: JsonObject }>(graph, on(runId), client)), { done: true, values: { draft: "Hello", answer: { approved: false } } });
  });

  test("several calls of one turn are not parked where one node makes them all", async () => {
    const it = agent(new FakeSignoff().client(), { mode: "park", version: "v1", calls: [CALL, { ...CALL, id: "call_2" }] });
    await assert.rejects(it.made.invoke(INPUT, on("r")), /can't park several calls of one turn/);
    assert.deepEqual(it.ran, []);
  });

  const FOLDER = new URL("../../transcripts/langchain/", import.meta.url);
  const files = readdirSync(FOLDER).filter((name) => /^own-.*\.json$/.test(name));
  for (const file of files) {
    test(`a question of our own goes as it is written in ${file}`, async () => {
      const it = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as { pause: { value: Asked }; create: [JsonObject]; outcome: [Approval]; resume: unknown };
      const { idempotency_key, ...request } = it.create[0];
      assert.deepEqual(pauseOf(requestOf(it.pause.value)), { type: "signoff", idempotency_key, request });
      assert.deepEqual(told(new Outcome(it.outcome[0])), it.resume);
    });
  }

  test("there are some", () => assert.ok(files.length > 3));
});

describe("calls that look alike", () => {
  test("two of one turn with one id are not asked about", async () => {
    const fake = new FakeSignoff();
    const it = agent(fake.client(), { calls: [CALL, CALL] });
    const both = (error: AggregateError): boolean => error.errors.every((one: Error) => /two calls have the id call_1/.test(one.message));
    await assert.rejects(it.made.invoke(INPUT, on("r")), both);
    assert.deepEqual([it.ran, fake.requests], [[], []]);
  });

  test("the same id in a later turn is another call", async () => {
    const fake = new FakeSignoff();
    fake.approves();
    const it = agent(fake.client());
    it.model.respond(new AIMessage({ content: "", tool_calls: [{ ...CALL, type: "tool_call" }] })).respond(new AIMessage("done"));
    await it.made.invoke(INPUT, on("r"));
    fake.rejects();
    await it.made.invoke(INPUT, on("r"));
    assert.deepEqual(it.ran, [ASKED]);
    assert.equal(fake.requests.length, 2);
  });
});

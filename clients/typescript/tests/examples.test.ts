/** The examples, with a model that has a script in place of one from the environment. */

import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { AIMessage } from "@langchain/core/messages";
import { fakeModel } from "@langchain/core/testing";
import { MemorySaver } from "@langchain/langgraph";
import { setTracingDisabled } from "@openai/agents";
import { assistantMessage, functionCall, ScriptedModel } from "@openai/agents-core/testing";
import type { Gate, Signoff } from "signoff";
import { type Graph, runUntilDone } from "signoff/langchain";
import { FileStore, run } from "signoff/openai-agents";
import { LIMIT } from "./adapters.js";
import { newRun, pending, realWorld } from "./world.js";

setTracingDisabled(true);

const ARGS = { order: "1042", amount: 49.9 };
const WORDS = "Order 1042 came broken. Please give the 49.90 back.";

/** From beside the tests, where its packages are found. */
async function example<T>(name: string): Promise<T> {
  const copied = new URL(`example-${name}.mjs`, import.meta.url);
  copyFileSync(new URL(`../../../examples/${name}/refund.mjs`, import.meta.url), copied);
  return (await import(copied.href)) as T;
}

/** Ana, whom the examples name, agrees to the one that is asked. */
async function agree(runId: string): Promise<void> {
  const ana = realWorld().ana();
  const [id = ""] = await pending(ana, runId);
  assert.equal((await ana.approvals.get(id)).title, "Refund 1042: 49.9");
  await ana.approvals.approve(id);
}

test("LangChain's", LIMIT, async () => {
  const { build } = await example<{ build: (model: unknown, client: Signoff, saver: unknown) => Graph }>("langchain-js");
  const [client, runId] = [realWorld().agent(), newRun()];
  const model = fakeModel()
    .respond(new AIMessage({ content: "", tool_calls: [{ name: "refund", args: ARGS, id: "call_1", type: "tool_call" }] }))
    .respond((messages) => new AIMessage(`done: ${String(messages.at(-1)?.content)}`));
  const said = { messages: [{ role: "user", content: WORDS }] };
  const config = { configurable: { thread_id: runId } };
  const running = runUntilDone<{ messages: AIMessage[] }>(build(model, client, new MemorySaver()), said, config, client);
  await agree(runId);
  assert.equal((await running).messages.at(-1)?.content, "done: Order 1042: 49.90 given back.");
});

test("OpenAI's", LIMIT, async () => {
  const { build, gate } = await example<{ build: (model: unknown, client: Signoff) => Parameters<typeof run>[0]; gate: Gate }>("openai-agents-js");
  const [client, runId] = [realWorld().agent(), newRun()];
  const model = new ScriptedModel([[functionCall("refund", ARGS, { callId: "call_1" })], [assistantMessage("done")]]);
  const store = new FileStore(mkdtempSync(join(tmpdir(), "signoff-")));
  const running = run(build(model, client), WORDS, client, gate, { store, run: runId });
  await agree(runId);
  assert.equal((await running).finalOutput, "done");
  assert.match(JSON.stringify(model.calls[1]?.request.input), /Order 1042: 49\.90 given back\./);
});

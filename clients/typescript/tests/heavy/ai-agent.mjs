// Vercel's AI SDK with a model that says what it is told to.
//
//     SIGNOFF_HEAVY_PACKAGES  a folder with ai and zod in its node_modules
//
// As a program, a run that a test kills and starts again: `ai-agent.mjs FILE RUN MODE`.

import { appendFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Gate, Signoff, withRun } from "signoff";
import { FileStore, gated, run } from "signoff/ai";

const PACKAGES = process.env.SIGNOFF_HEAVY_PACKAGES;
if (!PACKAGES) throw new Error("no packages: set SIGNOFF_HEAVY_PACKAGES");
const packages = createRequire(join(PACKAGES, "of.js"));
const load = (name) => import(pathToFileURL(packages.resolve(name)).href);
export const ai = await load("ai");
export const { z } = await load("zod");
const { MockLanguageModelV4, simulateReadableStream } = await load("ai/test");

const USAGE = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };

/** A call of the script. */
export function refund(id = "call_1", args = { order: "1042", amount: 49.9 }) {
  return { type: "tool-call", toolCallId: id, toolName: "refund", input: typeof args === "string" ? args : JSON.stringify(args) };
}

/**
 * A model that gives one answer of the script after the other: calls, or a text, or a function that makes one of the prompt. The
 * last one is given again and again. `prompts` is what it was asked with.
 */
export function scripted(turns) {
  const prompts = [];
  const next = (prompt) => {
    const turn = turns[Math.min(prompts.push(prompt), turns.length) - 1];
    const said = typeof turn === "function" ? turn(prompt) : turn;
    return { calls: Array.isArray(said) ? said : [], text: Array.isArray(said) ? undefined : said };
  };
  const finish = (calls) => ({ unified: calls.length > 0 ? "tool-calls" : "stop", raw: undefined });
  const model = new MockLanguageModelV4({
    doGenerate: async ({ prompt }) => {
      const { calls, text } = next(prompt);
      const content = text === undefined ? calls : [{ type: "text", text }];
      return { content, finishReason: finish(calls), usage: USAGE, warnings: [] };
    },
    doStream: async ({ prompt }) => {
      const { calls, text } = next(prompt);
      const spoken = [{ type: "text-start", id: "1" }, { type: "text-delta", id: "1", delta: text }, { type: "text-end", id: "1" }];
      const chunks = [{ type: "stream-start", warnings: [] }, ...(text === undefined ? calls : spoken), { type: "finish", finishReason: finish(calls), usage: USAGE }];
      return { stream: simulateReadableStream({ chunks, initialDelayInMs: null, chunkDelayInMs: null }) };
    },
  });
  const results = (turn) => (prompts[turn] ?? []).filter((it) => it.role === "tool").flatMap((it) => it.content);
  return {
    model,
    prompts,
    /** What the model has read of the calls before that turn, as it was put. */
    outputs: (turn = 1) => results(turn).map((it) => [it.toolCallId, it.output]),
    /** The same, as texts. */
    told: (turn = 1) => results(turn).map(({ toolCallId, output }) => [toolCallId, output.value ?? output.reason]),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [ran, runId, mode] = process.argv.slice(2);
  const refunds = ai.tool({
    description: "Refunds an order",
    inputSchema: z.object({ order: z.string() }),
    execute: ({ order }) => {
      appendFileSync(ran, order);
      return `refunded ${order}`;
    },
  });
  const turn = (prompt) => {
    const result = prompt.flatMap((it) => it.content).find((it) => it.type === "tool-result");
    return result ? `done: ${result.output.value}` : [refund("call_1", { order: "1042" })];
  };
  const { model } = scripted([turn]);
  const [client, gate] = [new Signoff(), new Gate({ refund: { title: "Refund {order}" } })];
  const tools = gated({ refund: refunds }, client, gate, { mode });
  const generate = (messages) => ai.generateText({ model, tools, messages, stopWhen: ai.isStepCount(5) });
  const store = new FileStore(`${ran}.runs`);
  const { text } =
    mode === "park"
      ? await run(generate, "refund 1042", client, gate, { store, run: runId })
      : await withRun(runId, () => generate([{ role: "user", content: "refund 1042" }]));
  appendFileSync(`${ran}.said`, text);
}

// An agent that refunds. A test kills this process, and starts it again.

import { appendFileSync } from "node:fs";
import { Agent, run, setTracingDisabled, tool } from "@openai/agents";
import { assistantMessage, functionCall, modelResponder, ScriptedModel } from "@openai/agents-core/testing";
import { Gate, Signoff, withRun } from "signoff";
import { FileStore, gated, run as runParked } from "signoff/openai-agents";
import { z } from "zod";

setTracingDisabled(true);
const [ran, runId, mode] = process.argv.slice(2);
const refund = tool({
  name: "refund",
  description: "Refunds an order",
  parameters: z.object({ order: z.string() }),
  execute: ({ order }) => {
    appendFileSync(ran, order);
    return `refunded ${order}`;
  },
});
const turn = modelResponder(({ request }) => {
  const result = request.input.find((it) => it.type === "function_call_result");
  if (result) return [assistantMessage(`done: ${result.output.text}`)];
  return [functionCall("refund", { order: "1042" }, { callId: "call_1" })];
});
const [client, gate] = [new Signoff(), new Gate({ refund: { title: "Refund {order}" } })];
const agent = new Agent({ name: "Support", model: new ScriptedModel([turn, turn]), tools: gated([refund], client, gate, { mode }) });
const { finalOutput } =
  mode === "park"
    ? await runParked(agent, "refund 1042", client, gate, { store: new FileStore(`${ran}.runs`), run: runId })
    : await withRun(runId, () => run(agent, "refund 1042"));
appendFileSync(`${ran}.said`, finalOutput);

// An agent that refunds, with a checkpointer in a file. A test kills this process, and starts it again.

import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { deserialize, serialize } from "node:v8";
import { AIMessage } from "@langchain/core/messages";
import { fakeModel } from "@langchain/core/testing";
import { MemorySaver } from "@langchain/langgraph";
import { createAgent, tool } from "langchain";
import { Gate, Signoff } from "signoff";
import { runUntilDone, signoffMiddleware } from "signoff/langchain";
import { z } from "zod";

/** A checkpointer that outlives the process. */
class FileSaver extends MemorySaver {
  constructor(path) {
    super();
    this.path = path;
    if (existsSync(path)) Object.assign(this, deserialize(readFileSync(path)));
  }

  #save() {
    writeFileSync(`${this.path}.new`, serialize({ storage: this.storage, writes: this.writes }));
    renameSync(`${this.path}.new`, this.path);
  }

  async put(...args) {
    const config = await super.put(...args);
    this.#save();
    return config;
  }

  async putWrites(...args) {
    await super.putWrites(...args);
    this.#save();
  }
}

const [ran, runId, mode] = process.argv.slice(2);
const refund = tool(
  ({ order }) => {
    appendFileSync(ran, order);
    return `refunded ${order}`;
  },
  { name: "refund", description: "Refunds an order", schema: z.object({ order: z.string() }) },
);
const model = fakeModel();
const turn = (messages) => {
  const last = messages.at(-1);
  if (last.getType() === "tool") return new AIMessage(`done: ${last.content}`);
  return new AIMessage({ content: "", tool_calls: [{ name: "refund", args: { order: "1042" }, id: "call_1" }] });
};
model.respond(turn).respond(turn);
const client = new Signoff();
const agent = createAgent({
  model,
  tools: [refund],
  middleware: [signoffMiddleware(client, new Gate({ refund: { title: "Refund {order}" } }), { mode })],
  checkpointer: new FileSaver(`${ran}.graph`),
});
const config = { configurable: { thread_id: runId } };
const { messages } = await runUntilDone(agent, { messages: [{ role: "user", content: "refund 1042" }] }, config, client);
appendFileSync(`${ran}.said`, messages.at(-1).content);

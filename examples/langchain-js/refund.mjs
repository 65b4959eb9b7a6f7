// An agent that gives money back once a person has agreed.
//
//     npm install signoff langchain @langchain/core @langchain/langgraph @langchain/openai @langchain/langgraph-checkpoint-postgres zod
//     export SIGNOFF_URL=… SIGNOFF_API_KEY=… MODEL=openai:gpt-5 DATABASE_URL=postgres://…
//     node refund.mjs ticket-812 "Order 1042 came broken. Please give the 49.90 back."
//
// Kill it while it waits, and start it with the same words: it waits for the same approval.

import { fileURLToPath } from "node:url";
import { createAgent, initChatModel, tool } from "langchain";
import { Gate, Signoff } from "signoff";
import { runUntilDone, signoffMiddleware } from "signoff/langchain";
import { z } from "zod";

const gate = new Gate({ refund: { approvers: ["ana"], timeout: "24h", title: "Refund {order}: {amount}" } });

const refund = tool(
  // Your payment provider, with the call's id as its idempotency key.
  ({ order, amount }) => `Order ${order}: ${amount.toFixed(2)} given back.`,
  { name: "refund", description: "Gives the amount back", schema: z.object({ order: z.string(), amount: z.number().positive() }) },
);

export function build(model, client, checkpointer) {
  return createAgent({ model, tools: [refund], middleware: [signoffMiddleware(client, gate, { mode: "park" })], checkpointer });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PostgresSaver } = await import("@langchain/langgraph-checkpoint-postgres");
  const [ticket, words] = process.argv.slice(2);
  const [client, saver] = [new Signoff(), PostgresSaver.fromConnString(process.env.DATABASE_URL)];
  await saver.setup();
  const agent = build(await initChatModel(process.env.MODEL), client, saver);
  const said = { messages: [{ role: "user", content: words }] };
  const { messages } = await runUntilDone(agent, said, { configurable: { thread_id: ticket } }, client);
  console.log(messages.at(-1).text);
  await saver.end();
}

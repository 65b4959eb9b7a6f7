// An agent that gives money back once a person has agreed.
//
//     npm install signoff @openai/agents zod
//     export SIGNOFF_URL=… SIGNOFF_API_KEY=… OPENAI_API_KEY=… MODEL=gpt-5
//     node refund.mjs ticket-812 "Order 1042 came broken. Please give the 49.90 back."
//
// Kill it while it waits, and start it with the same words: it waits for the same approval.

import { fileURLToPath } from "node:url";
import { Agent, tool } from "@openai/agents";
import { Gate, Signoff } from "signoff";
import { FileStore, gated, run } from "signoff/openai-agents";
import { z } from "zod";

export const gate = new Gate({ refund: { approvers: ["ana"], timeout: "24h", title: "Refund {order}: {amount}" } });

const refund = tool({
  name: "refund",
  description: "Gives the amount back to who paid the order",
  parameters: z.object({ order: z.string(), amount: z.number().positive() }),
  // Your payment provider, with the call's id as its idempotency key.
  execute: ({ order, amount }) => `Order ${order}: ${amount.toFixed(2)} given back.`,
});

export function build(model, client) {
  return new Agent({ name: "Support", model, tools: gated([refund], client, gate, { mode: "park" }) });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [ticket, words] = process.argv.slice(2);
  const client = new Signoff();
  const { finalOutput } = await run(build(process.env.MODEL, client), words, client, gate, { store: new FileStore("runs"), run: ticket });
  console.log(finalOutput);
}

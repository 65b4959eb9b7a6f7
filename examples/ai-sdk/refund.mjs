// An agent that gives money back once a person has agreed.
//
//     npm install signoff ai zod
//     export SIGNOFF_URL=… SIGNOFF_API_KEY=… AI_GATEWAY_API_KEY=… MODEL=openai/gpt-5
//     node refund.mjs ticket-812 "Order 1042 came broken. Please give the 49.90 back."
//
// Kill it while it waits, and start it with the same words: it waits for the same approval.

import { fileURLToPath } from "node:url";
import { generateText, isStepCount, tool } from "ai";
import { Gate, Signoff } from "signoff";
import { FileStore, gated, run } from "signoff/ai";
import { z } from "zod";

export const gate = new Gate({ refund: { approvers: ["ana"], timeout: "24h", title: "Refund {order}: {amount}" } });

const refund = tool({
  description: "Gives the amount back to who paid the order",
  inputSchema: z.object({ order: z.string(), amount: z.number().positive() }),
  // Your payment provider, with the call's id as its idempotency key.
  execute: ({ order, amount }) => `Order ${order}: ${amount.toFixed(2)} given back.`,
});

export function build(model, client) {
  const tools = gated({ refund }, client, gate, { mode: "park" });
  return (messages) => generateText({ model, tools, messages, stopWhen: isStepCount(20) });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [ticket, words] = process.argv.slice(2);
  const client = new Signoff();
  const { text } = await run(build(process.env.MODEL, client), words, client, gate, { store: new FileStore("runs"), run: ticket });
  console.log(text);
}

// An agent that gives money back once a person has agreed.
//
//     npm install signoff @anthropic-ai/claude-agent-sdk zod
//     export SIGNOFF_URL=… SIGNOFF_API_KEY=… ANTHROPIC_API_KEY=…
//     node refund.mjs "Order 1042 came broken. Please give the 49.90 back."
//
// Kill it while it waits, and go on with its session: it waits for the same approval.
//
//     node refund.mjs "Go on." SESSION

import { createSdkMcpServer, query, tool } from "@anthropic-ai/claude-agent-sdk";
import { Gate, Signoff } from "signoff";
import { hooks } from "signoff/claude";
import { z } from "zod";

const gate = new Gate({ mcp__shop__refund: { approvers: ["ana"], timeout: "24h", title: "Refund {order}: {amount}" } });

const refund = tool(
  "refund",
  "Gives the amount back to who paid the order",
  { order: z.string(), amount: z.number() },
  // Your payment provider, with the order as its idempotency key.
  async ({ order, amount }) => ({ content: [{ type: "text", text: `Order ${order}: ${amount.toFixed(2)} given back.` }] }),
);

const [prompt, session] = process.argv.slice(2);
const options = {
  hooks: hooks(new Signoff(), gate, { tools: { shop: [refund] } }),
  mcpServers: { shop: createSdkMcpServer({ name: "shop", tools: [refund] }) },
  ...(session && { resume: session }),
};
for await (const message of query({ prompt, options })) {
  if (message.type === "system" && message.subtype === "init") console.log("session", message.session_id);
  if (message.type !== "result") continue;
  const stopped = message.terminal_reason === "hook_stopped";
  console.log(stopped ? "The request was withdrawn, or nobody could be asked." : message.result);
}

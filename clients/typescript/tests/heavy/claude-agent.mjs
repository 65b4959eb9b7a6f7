// Claude Code with a model that says what it is told to, away from everything that this machine knows of others.
//
//     SIGNOFF_HEAVY_PACKAGES  a folder with @anthropic-ai/claude-agent-sdk and zod in its node_modules
//
// As a program, a run of an agent that a test kills and starts again: `claude-agent.mjs ADDRESS HOME SESSION [PROMPT]`. With
// a prompt the session goes on.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Gate, Signoff } from "signoff";
import { hooks } from "signoff/claude";

const PACKAGES = process.env.SIGNOFF_HEAVY_PACKAGES;
if (!PACKAGES) throw new Error("no packages: set SIGNOFF_HEAVY_PACKAGES");
const packages = createRequire(join(PACKAGES, "of.js"));
const load = (name) => import(pathToFileURL(packages.resolve(name)).href);
const { createSdkMcpServer, query, tool } = await load("@anthropic-ai/claude-agent-sdk");
const { z } = await load("zod");

export const REFUND = "mcp__shop__refund";
export const DONE = [{ text: "Done." }];
export const BASH = { tool: "Bash", id: "toolu_1", input: { command: "echo ran >> ran.txt" } };

/** A block of the script. */
export function refund(id = "toolu_1", input = {}) {
  return { tool: REFUND, id, input: { order: "1042", amount: 49.9, ...input } };
}

/** The scripted Messages API, and what it was told. */
export async function scripted(folder, turns) {
  const record = join(folder, "record.jsonl");
  const program = fileURLToPath(new URL("../../../../tests/agents/scripted_messages.py", import.meta.url));
  const child = spawn("python3", [program, "-", record], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.write(`${JSON.stringify(turns)}\n`);
  const [url] = await once(createInterface(child.stdout), "line");
  const talks = () => readFileSync(record, "utf8").trim().split("\n").map((line) => JSON.parse(line)).filter((it) => it.turn !== null);
  const parts = (turn) => {
    const { body } = turn === undefined ? talks().at(-1) : talks().find((it) => it.turn === turn);
    const contents = body.messages.filter((it) => it.role !== "assistant").map((it) => it.content);
    return contents.flatMap((it) => (typeof it === "string" ? [{ type: "text", text: it }] : it));
  };
  const text = (content) => (typeof content === "string" ? content : content.map((it) => it.text).join(""));
  return {
    url,
    /** Which turns were taken, in their order. */
    turns: () => talks().map((it) => it.turn),
    /** What the model read of each call before that turn, or before the last one. */
    told: (turn) => Object.fromEntries(parts(turn).filter((it) => it.type === "tool_result").map((it) => [it.tool_use_id, text(it.content)])),
    /** What else it read of hooks. */
    notes: (turn) => parts(turn).filter((it) => it.type === "text" && it.text.includes("hook additional context")).map((it) => it.text),
    end: () => child.stdin.end(),
  };
}

/** An in-process server with one tool. */
export function shop(ran, { readOnly = false } = {}) {
  const pay = async (args) => {
    ran(args);
    return { content: [{ type: "text", text: `paid ${args.amount}` }] };
  };
  const made = tool("refund", "Pays back", { order: z.string(), amount: z.number() }, pay, { annotations: { readOnlyHint: readOnly } });
  return { tools: { shop: [made] }, servers: { shop: createSdkMcpServer({ name: "shop", tools: [made] }) } };
}

/** A run, to its end: the last message. */
export async function go(url, home, session, { prompt = "go", ...options }) {
  const env = {
    PATH: process.env.PATH,
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: "sk-ant-made-up",
    HOME: home,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    IS_SANDBOX: "1",
  };
  const bypass = { permissionMode: "bypassPermissions", allowDangerouslySkipPermissions: true };
  const begun = options.resume === undefined ? { sessionId: session } : {};
  let last;
  for await (const message of query({ prompt, options: { cwd: home, env, settingSources: [], ...bypass, ...begun, ...options } })) {
    if (message.type === "result") last = message;
  }
  return last;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [url, home, session, prompt] = process.argv.slice(2);
  const { servers } = shop((args) => appendFileSync(join(home, "refunds.txt"), `${JSON.stringify(args)}\n`));
  const client = new Signoff();
  const asking = client.approvals.ask.bind(client.approvals);
  client.approvals.ask = (request) => {
    appendFileSync(join(home, "asked.txt"), `${request.idempotencyKey}\n`);
    return asking(request);
  };
  const options = { hooks: hooks(client, new Gate({ [REFUND]: { approvers: ["ana"] } })), mcpServers: servers };
  await go(url, home, session, { ...options, ...(prompt === undefined ? {} : { prompt, resume: session }) });
}

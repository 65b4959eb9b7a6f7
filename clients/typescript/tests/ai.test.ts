/** Vercel's AI SDK, by its transcripts: what is asked, and what the model reads by each door. Without the SDK. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { type Approval, Gate, type JsonObject, NotApprovedError, type RuleFields, Signoff } from "signoff";
import { answer, gated, type Message, NotExecutedError, toolApproval } from "signoff/ai";
import { FakeSignoff } from "signoff/testing";
import { z } from "zod";

const FOLDER = new URL("../../transcripts/ai/", import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));

/** What the model reads of a call, or what ends the run, in Python's name. */
type Told = { readonly type: string; readonly value?: unknown; readonly reason?: string } | { readonly error: string };

interface Case {
  readonly rules: Record<string, JsonObject>;
  readonly run: string;
  readonly pause: readonly Message[];
  readonly key: string;
  readonly create: JsonObject;
  readonly outcome: Approval;
  readonly resume: { readonly approved: boolean; readonly reason?: string };
  readonly called_with: JsonObject | null;
  readonly told: Told;
  readonly waited: Told;
  readonly door: Told;
}

type Tool = Record<"execute" | "toModelOutput", (...given: unknown[]) => unknown>;

function camel(fields: JsonObject): RuleFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.replace(/_([a-z])/g, (_, it: string) => it.toUpperCase()), value]));
}

/** The server of the transcript: it has the one approval. */
function serverOf({ outcome }: Case): { readonly client: Signoff; readonly asked: unknown[] } {
  const asked: unknown[] = [];
  const fetched: typeof fetch = async (input, init) => {
    if (new URL(String(input)).pathname.endsWith("/events")) return Response.json({ cursor: "1", connected: false }, { status: 202 });
    asked.push([new Headers(init?.headers).get("idempotency-key"), JSON.parse(String(init?.body))]);
    return Response.json(outcome);
  };
  return { client: new Signoff({ url: "http://signoff.test", apiKey: "agent", fetch: fetched }), asked };
}

/** As the SDK tells the model of a result, and of what a tool throws. */
async function toldOf(tool: Tool, input: unknown, messages: readonly unknown[]): Promise<Told> {
  try {
    const output = await tool.execute(input, { toolCallId: "call_1", messages });
    return (await tool.toModelOutput({ toolCallId: "call_1", input, output })) as Told;
  } catch (error) {
    return told(error);
  }
}

function told(error: unknown): Told {
  if (error instanceof NotApprovedError) return { error: error.name.replace(/Error$/, "") };
  try {
    return { type: "error-text", value: String(error) };
  } catch (cause) {
    // What can't be put in words ends the run.
    return told(cause);
  }
}

for (const file of files) {
  describe(file, () => {
    const it = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Case;
    const name = Object.keys(it.rules)[0] as string;
    const gate = new Gate(Object.fromEntries(Object.entries(it.rules).map(([tool, rule]) => [tool, camel(rule)])));
    const call = (it.pause.at(-1)?.content as readonly { readonly input?: unknown }[])[0];
    const made = (mode: "wait" | "park") => {
      const { client, asked } = serverOf(it);
      const ran: unknown[] = [];
      const execute = (args: unknown): string => {
        ran.push(args);
        return "ok";
      };
      const inputSchema = z.object({ order: z.string().optional(), amount: z.number(), card: z.string().optional() });
      const tools = { [name]: { inputSchema, execute } };
      const tool = gated(tools, client, gate, { mode, run: it.run })[name] as unknown as Tool;
      return { client, asked, ran, tool };
    };

    test("parked", async () => {
      const { client, asked, ran, tool } = made("park");
      const messages = (await answer(it.pause, client, gate, { run: it.run })) as Message[];
      assert.deepEqual(messages, [...it.pause, { role: "tool", content: [it.resume] }]);
      // Once for the response, and once by the tool.
      if (it.resume.approved) assert.deepEqual(await toldOf(tool, call?.input, messages), it.told);
      else assert.deepEqual({ type: "execution-denied", reason: it.resume.reason }, it.told);
      assert.equal(asked.length, it.resume.approved ? 2 : 1);
      for (const one of asked) assert.deepEqual(one, [it.key, it.create]);
      assert.deepEqual(ran, it.called_with === null ? [] : [it.called_with]);
    });

    test("waited for", async () => {
      const { asked, ran, tool } = made("wait");
      assert.deepEqual(await toldOf(tool, call?.input, it.pause.slice(0, -1)), it.waited);
      assert.deepEqual(asked, [[it.key, it.create]]);
      assert.deepEqual(ran, it.called_with === null ? [] : [it.called_with]);
    });

    test("by the SDK's own door", async () => {
      const { client, asked } = serverOf(it);
      const toolCall = { toolCallId: "call_1", toolName: name, input: call?.input };
      const about = { toolCall, tools: { [name]: { execute: () => "ok" } }, messages: it.pause.slice(0, -1) };
      assert.deepEqual(await toolApproval(client, gate, { run: it.run })(about).catch(told), it.door);
      assert.deepEqual(asked, [[it.key, it.create]]);
    });
  });
}

test("there are transcripts", () => assert.ok(files.length > 10));

test("who calls a tool by themselves gets an error of ours, and no result", async () => {
  const fake = new FakeSignoff();
  fake.rejects("no");
  const { refund } = gated({ refund: { execute: (_: object, __: object): string => assert.fail("it ran") } }, fake.client(), new Gate({ refund: {} }), { run: "r" });
  await assert.rejects(async () => refund.execute({}, { toolCallId: "call_1", messages: [] }), NotExecutedError);
  const stopped = { name: "StoppedError", code: "stopped", message: /^the run ends: / };
  for (const [input, options] of [[{}, undefined], [{}, {}], [{}, { toolCallId: "call_1" }], [[], { toolCallId: "c", messages: [] }], [null, { toolCallId: "c", messages: [] }]]) {
    await assert.rejects(async () => refund.execute(input as object, options as object), stopped);
  }
  assert.equal(fake.requests.length, 1);
});

test("what ends a run can be logged", async () => {
  const { refund } = gated({ refund: { execute: (_: object, __: object): string => "" } }, new FakeSignoff().client(), new Gate({ refund: {} }));
  const error: unknown = await Promise.resolve(refund.execute({}, { toolCallId: "call_1", messages: [] })).catch((it: unknown) => it);
  assert.match(inspect(error), /StoppedError: the run ends: the run has no name.*\[cause\]: SignoffError/s);
  assert.throws(() => String(error), { name: "SignoffError" });
});

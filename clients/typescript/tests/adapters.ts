/** What the tests of adapters have in common: people who decide, servers that fail, and processes that are killed. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Approval, JsonObject, RuleFields, Signoff, SignoffOptions } from "signoff";
import { all, pending, realWorld } from "./world.js";

export const LIMIT = { timeout: 90_000 };
export const NOT_AGAIN = "Don't try this call again unless you are asked to.";

/** What is pending, by the call's id. */
export async function asked(ana: Signoff, runId: string, count = 1): Promise<Record<string, Approval>> {
  const ids = await pending(ana, runId, count);
  const approvals = await Promise.all(ids.map((id) => ana.approvals.get(id)));
  return Object.fromEntries(approvals.map((it) => [String(it.context?.["call_id"]), it]));
}

/** How the asked calls of a run ended. */
export async function rows(ana: Signoff, runId: string): Promise<Approval[]> {
  return all(ana.approvals.history({ runId }));
}

/** What a person does about a call of `refund`, how the tool ran then, and what the model is told. */
export interface Decision {
  readonly does: (id: string, ana: Signoff, agent: Signoff) => Promise<unknown>;
  readonly rule?: RuleFields;
  readonly ran: readonly unknown[];
  readonly told: string;
  readonly refused?: boolean;
}

export const ASKED = { order: "1042", amount: 49.9 };

/** The tool answers `refunded <amount>`; `amount` is a positive number. */
export const DECISIONS: Record<string, Decision> = {
  approve: { does: (id, ana) => ana.approvals.approve(id), ran: [ASKED], told: "refunded 49.9" },
  edit: {
    does: (id, ana) => ana.approvals.approve(id, { modifications: { arguments: { amount: 10 } } }),
    ran: [{ order: "1042", amount: 10 }],
    told: 'A person changed this call before it ran. Executed with: refund(amount=10, order="1042").\nrefunded 10',
  },
  "edit an argument that the schema refuses": {
    does: (id, ana) => ana.approvals.approve(id, { modifications: { arguments: { amount: -1 } } }),
    ran: [],
    told: "The edits of ana could not be carried out: amount: must be positive. The call was not executed.",
    refused: true,
  },
  "edit an argument that the tool does not have": {
    does: (id, ana) => ana.approvals.approve(id, { modifications: { arguments: { amuont: 10 } } }),
    ran: [],
    told: "The edits of ana could not be carried out: refund has no argument amuont. The call was not executed.",
    refused: true,
  },
  reject: {
    does: (id, ana) => ana.approvals.reject(id, "not this month"),
    ran: [],
    told: `Rejected by ana: not this month. ${NOT_AGAIN}`,
    refused: true,
  },
  lapse: { does: async () => undefined, rule: { timeout: 1 }, ran: [], told: "Nobody answered in time. The call was not executed.", refused: true },
  "answer in the tool's place": {
    does: (id, ana) => ana.approvals.approve(id, { modifications: { response: "already refunded" } }),
    rule: { allowResponse: true },
    ran: [],
    told: "already refunded",
  },
  "answer in the tool's place where that is not allowed": {
    does: (id, ana) => ana.approvals.approve(id, { modifications: { response: "already refunded" } }),
    ran: [],
    told: "The edits of ana could not be carried out: an answer in the tool's place is not allowed here. The call was not executed.",
    refused: true,
  },
};

/** A server that fails, and the error that ends the run. What fails is the answer to the wait, or, where it is named so, all. */
export interface Trouble {
  readonly client: () => Signoff;
  readonly error: string;
}

type Answer = () => Response | Promise<Response>;

/** The real server, but what matches is answered otherwise. */
export function broken(path: RegExp, answer: Answer, options: SignoffOptions = {}): Signoff {
  const fetched: typeof fetch = async (input, init) => {
    const { pathname } = new URL(String(input));
    return path.test(pathname) ? answer() : fetch(input, init);
  };
  return realWorld().agent({ fetch: fetched, patienceMs: 0, maxRetries: 0, ...options });
}

function json(body: string, status: number): Answer {
  return () => new Response(body, { status, headers: { "content-type": "application/json" } });
}

const refused: Answer = () => {
  throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
};
const APPROVED_ANOTHER = '{"id": "0193", "status": "resolved", "resolution": "approved", "task_id": "t"}';

/** `path` is where it fails. */
export function troubles(path: RegExp): Record<string, Trouble> {
  return {
    "a server that is away": { client: () => broken(path, refused), error: "ConnectionFailedError" },
    "an instance that is not there": { client: () => realWorld().agent({ url: "http://127.0.0.1:9", patienceMs: 0, maxRetries: 0 }), error: "ConnectionFailedError" },
    "500": { client: () => broken(path, json('{"status": 500, "code": "internal", "detail": "…"}', 500)), error: "ApiError|ConnectionFailedError" },
    "a page with 502": { client: () => broken(path, () => new Response("<h1>", { status: 502 })), error: "ConnectionFailedError" },
    "bad JSON": { client: () => broken(path, json('{"id": "a", "status": "resol', 200)), error: "ConnectionFailedError" },
    "a stub that says yes": { client: () => broken(path, json('{"approved": true}', 200)), error: "ConnectionFailedError" },
    "an empty answer": { client: () => broken(path, () => new Response("")), error: "ConnectionFailedError" },
    "a withdrawn credential": { client: () => realWorld().agent({ apiKey: "so_nobody_knows" }), error: "UnauthenticatedError" },
  };
}

/** Another approval than the one that is waited for. */
export function another(): Signoff {
  return broken(/\/wait$/, json(APPROVED_ANOTHER, 200));
}

/** A process of the tests, and the files that it writes. */
export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown[]>;
}

/** Starts a program of the tests, as often as it takes. */
export async function program(name: string): Promise<{ start: (runId: string, mode: string) => Started; ran: () => Promise<string>; said: () => Promise<string> }> {
  const ran = join(await mkdtemp(join(tmpdir(), "signoff-")), "ran");
  const world = realWorld();
  const start = (runId: string, mode: string): Started => {
    const path = fileURLToPath(new URL(`../tests/${name}`, import.meta.url));
    const child = spawn(process.execPath, [path, ran, runId, mode], {
      env: { ...process.env, SIGNOFF_URL: world.url, SIGNOFF_API_KEY: world.agentKey },
      stdio: "inherit",
    });
    return { child, ended: once(child, "exit") };
  };
  return { start, ran: () => readFile(ran, "utf8").catch(() => ""), said: () => readFile(`${ran}.said`, "utf8") };
}

/** Killed while people think, and started again: they are asked once, and the tool runs once. */
export async function killedAndStartedAgain(name: string, mode: string, runId: string): Promise<string> {
  const { start, ran, said } = await program(name);
  const ana = realWorld().ana();
  const first = start(runId, mode);
  const [id = ""] = await pending(ana, runId);
  first.child.kill("SIGKILL");
  await first.ended;
  assert.equal(await ran(), "");
  const second = start(runId, mode);
  await ana.approvals.approve(id);
  assert.deepEqual(await second.ended, [0, null]);
  assert.equal(await ran(), "1042");
  assert.deepEqual((await rows(ana, runId)).map((it) => it.id), [id]);
  return said();
}

/** Such conditions and arguments as nobody can be asked about. */
export const UNASKABLE: Record<string, { readonly rule: RuleFields; readonly args: JsonObject; readonly error: RegExp }> = {
  "a condition that throws": { rule: { when: () => { throw new Error("no answer"); } }, args: ASKED, error: /no answer/ },
  "a condition that answers a promise": { rule: { when: (() => Promise.resolve(false)) as never }, args: ASKED, error: /when must answer true or false/ },
  "what is too large to show": { rule: {}, args: { ...ASKED, order: "x".repeat(300_000) }, error: /are the most/ },
};


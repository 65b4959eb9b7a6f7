/** What only a real server shows: instances and processes that are killed, sockets, many waiters. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { NotFoundError, Signoff, type SocketConstructor, UnauthenticatedError } from "signoff";
import WsSocket from "ws";
import { Instance } from "./instance.js";
import { all, newRun, pending, realWorld } from "./world.js";

const LIMIT = { timeout: 90_000 };
const DEPLOY = { approvalType: "deploy", context: {} };
/** The one that users of Node 20 install, and the one of newer versions. */
const SOCKETS: Record<string, SocketConstructor | undefined> = { ws: WsSocket, "the global one": undefined };

async function instance(t: TestContext): Promise<Instance> {
  const made = await Instance.make();
  t.after(() => made.stop());
  return made;
}

/** The next items, which must come. */
async function take<T>(items: AsyncIterator<T, unknown>, count: number): Promise<T[]> {
  const taken: T[] = [];
  while (taken.length < count) {
    const next = await items.next();
    assert.ok(!next.done, "it has ended");
    taken.push(next.value);
  }
  return taken;
}

test("a wait outlives the instance that held it", LIMIT, async (t) => {
  const [world, runId, server] = [realWorld(), newRun(), await instance(t)];
  await server.start();
  const ana = world.ana();
  const asking = world.agent({ url: server.url }).approvals.ask({ runId, ...DEPLOY });
  const [id = ""] = await pending(ana, runId);
  await server.kill();
  await server.start();
  await server.restart();
  await server.kill();
  await ana.approvals.approve(id);
  await server.start();
  assert.equal((await asking).approved, true);
  assert.deepEqual((await all(ana.approvals.history({ runId }))).map((it) => it.id), [id]);
});

test("asking goes on when the server is back", LIMIT, async (t) => {
  const [world, runId, server] = [realWorld(), newRun(), await instance(t)];
  const ana = world.ana();
  const asking = world.agent({ url: server.url }).approvals.ask({ runId, ...DEPLOY, timeoutSeconds: 60 });
  await server.start();
  const [id = ""] = await pending(ana, runId);
  await ana.approvals.approve(id);
  assert.equal((await asking).approved, true);
});

test("a process that is killed and started again asks once and runs once", LIMIT, async () => {
  const [world, runId] = [realWorld(), newRun()];
  const ran = join(await mkdtemp(join(tmpdir(), "signoff-")), "ran");
  const ana = world.ana();
  const start = (): ChildProcess =>
    spawn(process.execPath, [fileURLToPath(new URL("../tests/asker.mjs", import.meta.url)), ran, runId], {
      env: { ...process.env, SIGNOFF_URL: world.url, SIGNOFF_API_KEY: world.agentKey },
      stdio: "inherit",
    });
  const first = start();
  const [id = ""] = await pending(ana, runId);
  const gone = once(first, "exit");
  first.kill("SIGKILL");
  await gone;
  const second = start();
  const ended = once(second, "exit");
  await ana.approvals.approve(id);
  assert.deepEqual(await ended, [0, null]);
  assert.equal(await readFile(ran, "utf8"), "1042");
  assert.deepEqual((await all(ana.approvals.history({ runId }))).map((it) => it.id), [id]);
});

for (const [name, WebSocket] of Object.entries(SOCKETS)) {
  test(`a task is followed across restarts, with ${name}`, LIMIT, async (t) => {
    const [world, runId, server] = [realWorld(), newRun(), await instance(t)];
    await server.start();
    const producer = world.agent();
    const following = world.agent({ url: server.url, WebSocket }).tasks.follow(runId, { cursor: "0" });
    await producer.tasks.publish(runId, [0, 1, 2].map((data) => ({ event_type: "output", data })));
    const data = async (count: number): Promise<unknown[]> => (await take(following, count)).map((it) => it.data);
    assert.deepEqual(await data(3), [0, 1, 2]);
    await server.restart();
    await producer.tasks.publish(runId, "output", 3);
    assert.deepEqual(await data(1), [3]);
    await server.kill();
    await producer.tasks.publish(runId, "output", 4);
    await server.start();
    assert.deepEqual(await data(1), [4]);
    const last = following.next();
    await producer.tasks.publish(runId, "workflow_completed");
    assert.equal((await last).value?.event_type, "workflow_completed");
    await following.return();
  });

  test(`a newer follower ends the older one, with ${name}`, LIMIT, async () => {
    const [world, runId] = [realWorld(), newRun()];
    const agent = world.agent({ WebSocket });
    const [older, newer] = [0, 1].map(() => agent.tasks.follow(runId, { cursor: "0" }));
    assert.ok(older && newer);
    await agent.tasks.publish(runId, "output", 1);
    assert.deepEqual((await take(older, 1)).map((it) => it.data), [1]);
    assert.deepEqual((await take(newer, 1)).map((it) => it.data), [1]);
    assert.deepEqual(await all(older), []);
    await newer.return();
  });

  test(`a follower that is refused says why, with ${name}`, LIMIT, async () => {
    const [world, runId] = [realWorld(), newRun()];
    const stranger = new Signoff({ url: world.url, apiKey: "so_nobody_knows", WebSocket });
    await assert.rejects(stranger.tasks.follow(runId).next(), UnauthenticatedError);
    await assert.rejects(world.agent({ WebSocket }).tasks.follow("no name").next(), NotFoundError);
  });

  test(`a follower's caller may end it, with ${name}`, LIMIT, async () => {
    const [world, runId] = [realWorld(), newRun()];
    const agent = world.agent({ WebSocket });
    const ending = new AbortController();
    const following = agent.tasks.follow(runId, { cursor: "0", signal: ending.signal });
    await agent.tasks.publish(runId, "output", 1);
    await take(following, 1);
    const next = following.next();
    ending.abort(new Error("enough"));
    await assert.rejects(next, /enough/);
  });
}

test("many wait in one process", LIMIT, async () => {
  const [world, runId, many] = [realWorld(), newRun(), 200];
  const agent = world.agent();
  const ana = world.ana();
  const asking = Promise.all(Array.from({ length: many }, (_, n) => agent.approvals.ask({ runId, ...DEPLOY, title: `${n}` })));
  await ana.approvals.bulk(await pending(ana, runId, many), "approve");
  assert.equal((await asking).filter((it) => it.approved).length, many);
});

// What breaks under an open page: an instance, Redis, Postgres, the network. The page must say so, keep what was typed,
// and be right again by itself.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { APPROVER, Api, Cluster, PATIENCE, axe, closeBrowser, signedIn, unharmed, until } from "./harness.mjs";
import { Session } from "./database.mjs";
import { Link, Redis } from "./links.mjs";

/** Shorter than the default of 20 s, so that a dead socket is found out sooner; nothing else differs. */
const HEARTBEAT = 3;

let cluster, redis, postgres, database;
before(async () => {
  const url = new URL(process.env.SIGNOFF_DATABASE_URL);
  postgres = await Link.to(Number(url.port));
  url.port = String(postgres.port);
  redis = await Redis.start();
  database = new Session();
  const settings = { SIGNOFF_DATABASE_URL: url.href, SIGNOFF_REDIS_URL: redis.url, SIGNOFF_SOCKETS_PING_SECONDS: String(HEARTBEAT) };
  cluster = await Cluster.start({ instances: 2, balancer: true, settings });
});
after(async () => {
  await closeBrowser();
  database.end();
  await cluster.stop();
  postgres.end();
});

/** What a test that failed has left broken. */
beforeEach(async () => {
  postgres.mend();
  redis.thaw();
  for (const it of cluster.instances) {
    if (it.child.exitCode !== null || it.child.signalCode !== null) await it.start();
    else it.thaw();
  }
});

const row = (page, title) => page.locator(".row").filter({ hasText: title });
const breath = async (page) => page.waitForFunction((begun) => performance.now() - begun > 450, await page.evaluate(() => performance.now()));
const comment = (page) => page.getByLabel("Comment (optional)");
const confirming = async (page) => {
  await page.locator(".act .b-ok:not([disabled])").waitFor();
  await page.getByRole("heading", { level: 1 }).first().click();
  await page.keyboard.press("a");
  await page.getByText(/^Approve as ana/).waitFor();
  await breath(page);
};
const unknown = (page) => page.getByText("We don't know whether your approval was recorded");
const recorded = (page) => page.getByText("Your approval is recorded.");
/** Until the answer is known: the balancer may have nobody to ask yet. */
const askAgain = (page) =>
  until("asking again finds how it stands", async () => {
    if (await recorded(page).isVisible()) return true;
    const button = page.getByRole("button", { name: "Ask again", exact: true });
    if (await button.isVisible()) await button.click({ timeout: 1000 });
    return false;
  });
const decisions = async (agent, id) => (await agent.call("GET", `/approvals/${id}/decisions`)).body.items;

/** [that of the page's feed, the other one] */
async function instancesOf(page) {
  let name;
  await until("the page says who tells it", async () => {
    [, name] = /from (web-\d)/.exec(await page.locator(".live").first().getAttribute("title")) ?? [];
    return name !== undefined;
  });
  const own = cluster.instances.find((it) => it.name === name);
  return [own, cluster.instances.find((it) => it !== own)];
}

/** It was never loaded anew. */
const mark = (page) => page.evaluate(() => (globalThis.stayed = true));
const isMarked = (page) => page.evaluate(() => globalThis.stayed === true);

test("my instance is killed while I read: the page goes on by the other one, what I typed is kept, and nothing is missed", async () => {
  const { keys } = await cluster.workspace({ ana: APPROVER, cy: APPROVER });
  const { id } = await new Api(cluster.url, keys.agent).ask({ title: "Rotate the key", timeout_seconds: 900, policy: { allowed_approvers: ["ana", "cy"], min_approvers: 2 } });
  const page = await signedIn(cluster.url, keys.ana, { path: `/inbox/${id}` });
  await comment(page).fill("I know this one.");
  await mark(page);
  const [own, other] = await instancesOf(page);
  await own.kill();
  const agent = new Api(other.url, keys.agent);
  // While nobody tells it, and after: both are caught up with.
  const early = await agent.ask({ title: "Asked while it is away" });
  await new Api(other.url, keys.cy).call("POST", `/approvals/${id}/approve`, { comment: "Fine by me." });
  await page.getByRole("heading", { name: "1 of 2 signed" }).filter({ visible: true }).first().waitFor();
  await row(page, "Asked while it is away").waitFor();
  await until("the other one tells it", async () => (await instancesOf(page))[0] === other);
  assert.equal(await comment(page).inputValue(), "I know this one.");
  await confirming(page);
  await page.keyboard.press("Enter");
  await recorded(page).first().waitFor();
  assert.equal((await agent.show(id)).resolved_by, "ana");
  assert.deepEqual([(await decisions(agent, id)).length, (await agent.show(early.id)).status], [2, "pending"]);
  assert.equal(await page.title(), "(1) Inbox · Signoff");
  assert.ok(await isMarked(page));
  await own.start();
  await unharmed(page);
  await page.context().close();
});

test("my instance is killed before it has read my answer: unknown, and asking again records it once", async () => {
  const { keys } = await cluster.workspace({ ana: APPROVER });
  const { id } = await new Api(cluster.url, keys.agent).ask({ title: "Rotate the key", timeout_seconds: 900 });
  const [own, other] = cluster.instances;
  await other.kill();
  const page = await signedIn(cluster.url, keys.ana, { path: `/approvals/${id}` });
  await comment(page).fill("Go.");
  await confirming(page);
  own.freeze();
  await Promise.all([page.waitForRequest(/\/approve$/), page.keyboard.press("Enter")]);
  await page.getByText("Sending your approval. It counts when the server says so.").waitFor();
  await own.kill();
  await unknown(page).waitFor();
  assert.equal(await recorded(page).count(), 0);
  assert.deepEqual(await axe(page), []);
  const [stands] = await database.ask(`SELECT status FROM approval_requests WHERE id = '${id}'`);
  assert.equal(stands, "pending");
  await other.start();
  await askAgain(page);
  assert.equal(await page.getByText("it counts once").count(), 0);
  const agent = new Api(other.url, keys.agent);
  assert.deepEqual((await decisions(agent, id)).map((it) => [it.principal, it.verdict, it.feedback]), [["ana", "approved", "Go."]]);
  await own.start();
  await unharmed(page);
  await page.context().close();
});

test("my instance is killed in the midst of recording my answer: unknown, and asking again says how it stands, once", async () => {
  const { keys } = await cluster.workspace({ ana: APPROVER });
  const { id } = await new Api(cluster.url, keys.agent).ask({ title: "Rotate the key", timeout_seconds: 900 });
  const [own, other] = cluster.instances;
  await other.kill();
  const page = await signedIn(cluster.url, keys.ana, { path: `/approvals/${id}` });
  await confirming(page);
  const holder = new Session();
  await holder.hold(id);
  await page.keyboard.press("Enter");
  await until("the instance waits for the row", async () => (await database.waiting()) > 0);
  // Postgres does what it was told; the instance never says so.
  own.freeze();
  await holder.release();
  await until("the row is free", async () => (await database.waiting()) === 0);
  await own.kill();
  holder.end();
  await unknown(page).waitFor();
  await until("Postgres has let go of it", async () => (await database.ask(`SELECT 1 FROM approval_requests WHERE id = '${id}' FOR UPDATE SKIP LOCKED`)).length === 1);
  const [stands] = await database.ask(`SELECT status FROM approval_requests WHERE id = '${id}'`);
  await other.start();
  await askAgain(page);
  assert.equal(await page.getByText("it counts once").count(), stands === "resolved" ? 1 : 0, stands);
  const agent = new Api(other.url, keys.agent);
  assert.deepEqual([(await agent.show(id)).resolved_by, (await decisions(agent, id)).length], ["ana", 1]);
  await own.start();
  await unharmed(page);
  await page.context().close();
});

/** Counts desktop notifications, and rows that are there twice. */
const counters = () => {
  globalThis.notices = [];
  globalThis.doubled = [];
  globalThis.Notification = class {
    static permission = "granted";
    static requestPermission = () => Promise.resolve("granted");
    constructor(title) {
      globalThis.notices.push(title);
    }
    close() {}
  };
  addEventListener("DOMContentLoaded", () => {
    new MutationObserver(() => {
      const ids = [...document.querySelectorAll(".row-a")].map((it) => it.dataset.id);
      for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) globalThis.doubled.push(id);
    }).observe(document.body, { subtree: true, childList: true });
  });
};

test("a rolling restart: every approval is shown and told of once, none is missed", async () => {
  const { keys } = await cluster.workspace({ ana: APPROVER, cy: APPROVER });
  const page = await signedIn(cluster.url, keys.ana, { first: [counters], height: 4000 });
  await page.getByText("Nothing waits for you").filter({ visible: true }).first().waitFor();
  await page.getByRole("button", { name: "Tell me when one comes" }).and(page.locator(":visible")).click();
  await mark(page);
  const patient = async (key, method, path, body, headers) => {
    for (;;) {
      const reply = await new Api(cluster.url, key).call(method, path, body, headers).catch(() => null);
      if (reply && reply.status < 500) return reply;
    }
  };
  const asked = [];
  const ended = new Set();
  let rolls = true;
  const traffic = async () => {
    for (let turn = 0; rolls || turn < 12; turn += 1) {
      const title = `Roll ${String(turn).padStart(3, "0")}`;
      const body = { run_id: "run-1", approval_type: "tool_call", title, timeout_seconds: 900, context: {} };
      const made = await patient(keys.agent, "POST", "/approvals", body, { "idempotency-key": title.replace(" ", "-") });
      assert.ok(made.status === 201 || made.status === 200, JSON.stringify(made));
      asked.push(title);
      if (turn % 3 === 0) {
        await patient(keys.cy, "POST", `/approvals/${made.body.id}/reject`, { reason: "No." });
        ended.add(title);
      }
      await new Promise((done) => setTimeout(done, 120));
    }
  };
  const roll = async () => {
    for (const instance of cluster.instances) {
      await instance.drain();
      await instance.start();
      // As `./dev roll` does: the next one's turn comes when the balancer passes requests on to this one.
      await until("it serves behind the balancer", async () => {
        const answers = await Promise.all(Array.from({ length: 4 }, () => fetch(`${cluster.url}/readyz`).then((it) => it.json())));
        return answers.some((it) => it.instance_id?.startsWith(instance.name));
      });
    }
    rolls = false;
  };
  await Promise.all([traffic(), roll()]);
  const left = asked.filter((title) => !ended.has(title));
  await page.waitForFunction((wanted) => document.title === wanted, `(${left.length}) Inbox · Signoff`);
  const rows = async () => (await page.locator(".row:not(.is-over) .row-t").allInnerTexts()).map((it) => it.trim()).sort();
  await until("the list has them all", async () => JSON.stringify(await rows()) === JSON.stringify(left)).catch(async () => assert.deepEqual(await rows(), left));
  const { notices, doubled } = await page.evaluate(() => ({ notices: globalThis.notices, doubled: globalThis.doubled }));
  assert.deepEqual(doubled, []);
  assert.equal(new Set(notices).size, notices.length, "none is told of twice");
  assert.deepEqual(left.filter((title) => !notices.includes(title)), [], "each is told of");
  assert.ok(await isMarked(page));
  await unharmed(page);
  await page.context().close();
});

test("Redis is stopped, frozen and flushed: approvals come, end and are decided as before", async () => {
  const { keys } = await cluster.workspace({ ana: APPROVER, cy: APPROVER });
  const page = await signedIn(cluster.url, keys.ana);
  const [own, other] = await instancesOf(page);
  const [agent, cy] = [new Api(other.url, keys.agent), new Api(other.url, keys.cy)];
  await mark(page);
  const works = async (when) => {
    // From the other instance, so that the news has to travel.
    const first = await agent.ask({ title: `For cy ${when}` });
    await row(page, `For cy ${when}`).waitFor();
    assert.equal((await cy.call("POST", `/approvals/${first.id}/reject`, { reason: "No." })).status, 200);
    await row(page, `For cy ${when}`).getByText("Rejected").waitFor();
    const second = await agent.ask({ title: `For ana ${when}` });
    const waiter = agent.wait(second.id);
    await row(page, `For ana ${when}`).locator(".row-a").click();
    await page.waitForURL((url) => url.pathname.endsWith(second.id));
    await page.locator("article").getByRole("heading", { name: `For ana ${when}` }).waitFor();
    await page.locator(".act .b-ok:not([disabled])").click();
    await page.getByText(/^Approve as ana/).waitFor();
    await breath(page);
    await page.keyboard.press("Enter");
    await recorded(page).first().waitFor();
    assert.equal((await waiter).body.status, "resolved");
    assert.equal(await page.locator(".note.is-strip").count(), 0, "no banner: the app doesn't need Redis");
  };
  await works("before");
  await redis.stop();
  await works("without Redis");
  await redis.begin();
  redis.freeze();
  await works("with a frozen one");
  redis.thaw();
  assert.equal(await redis.say("FLUSHALL"), "+OK");
  await works("with an empty one");
  assert.ok(await isMarked(page));
  assert.ok(own.child.exitCode === null && other.child.exitCode === null);
  await unharmed(page);
  await page.context().close();
});

test("Postgres is away: a banner says since when, answers are off, what I typed is kept, and it is back by itself", async () => {
  const { keys } = await cluster.workspace({ ana: APPROVER });
  const agent = new Api(cluster.url, keys.agent);
  const { id } = await agent.ask({ title: "Rotate the key", timeout_seconds: 900 });
  const page = await signedIn(cluster.url, keys.ana, { path: `/inbox/${id}` });
  await comment(page).fill("Go, by Friday.");
  // The approval may be there before the list is.
  await row(page, "Rotate the key").waitFor();
  await instancesOf(page);
  await mark(page);
  postgres.cut();
  await page.getByText(/No connection since \d\d:\d\d:\d\d\./).waitFor();
  await page.getByText(/Answers can't be sent until it is back; your comment is kept/).waitFor();
  for (const name of [/^Reject/, /^Approve/]) assert.ok(await page.locator(".act").getByRole("button", { name }).isDisabled());
  // The last that was known stays to be read.
  await page.getByRole("heading", { name: "Rotate the key" }).waitFor();
  await row(page, "Rotate the key").waitFor();
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press("a");
  assert.equal(await page.getByText(/^Approve as ana/).count(), 0);
  postgres.mend();
  await page.getByText(/No connection since/).waitFor({ state: "detached" });
  await comment(page).waitFor();
  assert.equal(await comment(page).inputValue(), "Go, by Friday.");
  await until("the service is back", async () => (await agent.call("GET", `/approvals/${id}`)).status === 200);
  await agent.ask({ title: "Asked afterwards" });
  await row(page, "Asked afterwards").waitFor();
  await confirming(page);
  await page.keyboard.press("Enter");
  await recorded(page).first().waitFor();
  assert.deepEqual((await decisions(agent, id)).map((it) => it.feedback), ["Go, by Friday."]);
  assert.ok(await isMarked(page));
  await unharmed(page);
  await page.context().close();
});

test("a socket that is open and dead is found out and said within two heartbeats, and all is caught up with after", async () => {
  const way = await Link.to(Number(new URL(cluster.url).port));
  const base = `http://127.0.0.1:${way.port}`;
  const { keys } = await cluster.workspace({ ana: APPROVER, cy: APPROVER });
  const [agent, cy] = [new Api(cluster.url, keys.agent), new Api(cluster.url, keys.cy)];
  const open = await agent.ask({ title: "Open before" });
  const ends = await agent.ask({ title: "Ends meanwhile" });
  // Signed in by the balancer's own address: of a loopback address the port counts for nothing to a cookie.
  const page = await signedIn(base, keys.ana, { path: `/inbox/${open.id}` });
  await row(page, "Ends meanwhile").waitFor();
  await comment(page).fill("Still here.");
  await instancesOf(page);
  await mark(page);
  way.lose();
  const lost = Date.now();
  await cy.call("POST", `/approvals/${ends.id}/reject`, { reason: "No." });
  await agent.ask({ title: "Comes meanwhile" });
  await page.getByText(/No connection since/).waitFor();
  // By the server's own setting of 20 s these are 42 s, which a unit test adds up.
  assert.ok(Date.now() - lost < 45_000);
  await page.getByText(/your comment is kept/).waitFor();
  assert.equal(await row(page, "Comes meanwhile").count(), 0);
  way.mend();
  await page.getByRole("button", { name: "Try now" }).click();
  // What the browser had asked by a dead connection is given up after 15 s, and asked once more.
  await row(page, "Comes meanwhile").waitFor({ timeout: 2 * PATIENCE });
  await row(page, "Ends meanwhile").getByText("Rejected").waitFor();
  await page.getByText(/No connection since/).waitFor({ state: "detached" });
  assert.equal(await page.title(), "(2) Inbox · Signoff");
  assert.equal(await comment(page).inputValue(), "Still here.");
  assert.ok(await isMarked(page));
  await unharmed(page);
  await page.context().close();
  way.end();
});

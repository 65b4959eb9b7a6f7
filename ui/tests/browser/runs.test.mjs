import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { APPROVER, Api, Cluster, axe, closeBrowser, overflows, signedIn, unharmed, until } from "./harness.mjs";

const LOOKER = [...APPROVER, "event:subscribe"];
let cluster, keys, agent;
before(async () => {
  cluster = await Cluster.start({ instances: 2, balancer: true });
  ({ keys, agent } = await cluster.workspace({ ana: LOOKER, bo: APPROVER }));
});
after(async () => {
  await closeBrowser();
  await cluster.stop();
});

/** The agent's own socket, as a program opens it. `heard` is what came, `open` whether it still is. */
function ownSocket(base, key, task) {
  return new Promise((done, failed) => {
    const headers = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": randomBytes(16).toString("base64"), "sec-websocket-protocol": "signoff.v1", authorization: `Bearer ${key}` };
    const asked = request(`${base}/ws/${encodeURIComponent(task)}`, { headers });
    asked.on("error", failed);
    asked.on("response", (response) => failed(new Error(`refused: ${response.statusCode}`)));
    asked.on("upgrade", (_, socket) => {
      const own = { open: true, heard: "", close: () => socket.destroy() };
      socket.on("data", (bytes) => {
        own.heard += bytes.toString("latin1");
        // A close frame: the server has let it go.
        if (bytes[0] === 0x88) own.open = false;
      });
      socket.on("close", () => {
        own.open = false;
      });
      asked.end();
      done(own);
    });
    asked.end();
  });
}

const events = (page) => page.getByRole("region", { name: "Events, scrolls" });

test("a run's page shows its approvals and its events as they come, and leaves the agent's own socket alone", async () => {
  const run = "deploy:2291.a";
  const { id } = await agent.ask({ title: "Roll out checkout 4.18.0", run_id: run, task_id: "deploy-2291", timeout_seconds: 900 });
  const socket = await ownSocket(cluster.urls[0], keys.agent, "deploy-2291");
  await until("the agent is greeted", () => socket.heard.includes("hello"));
  const page = await signedIn(cluster.urls[1], keys.ana, { path: `/runs/${encodeURIComponent(run)}` });
  const opened = [];
  page.on("websocket", (one) => opened.push(new URL(one.url()).pathname));
  await page.reload();
  await page.getByRole("heading", { name: `Run ${run}` }).waitFor();
  await page.getByRole("link", { name: "Roll out checkout 4.18.0" }).first().waitFor();
  await events(page).getByText("asked for approval").waitFor();
  // On the other instance than the page's.
  const sent = await agent.call("POST", "/tasks/deploy-2291/events", { events: [{ event_type: "output", data: { line: "14 tests passed <b>x</b>" } }, { event_type: "canary", data: { percent: 5, rate: 0.10 } }] });
  assert.equal(sent.status, 202);
  await events(page).getByText("14 tests passed <b>x</b>").waitFor();
  await events(page).getByText('{"percent":5,"rate":0.1}').waitFor();
  await until("the agent hears the same", () => socket.heard.includes("14 tests passed"));
  // Decided elsewhere: approvals and events say so by themselves.
  await new Api(cluster.urls[0], keys.bo).call("POST", `/approvals/${id}/approve`, { comment: "Same as staging." });
  await page.getByText("1 resolved").waitFor();
  await events(page).getByText("approved, bo, Same as staging.").waitFor();
  await page.getByText("Same as staging.").first().waitFor();
  await until("the agent hears the outcome", () => socket.heard.includes("approval_resolved"));
  assert.ok(socket.open, "the agent's socket is still its own");
  const mine = (await agent.call("GET", "/connections")).body.items.filter((it) => it.task_id === "deploy-2291");
  assert.deepEqual(mine.map((it) => it.principal), ["agent"]);
  assert.deepEqual([...new Set(opened)], ["/api/v1/feed"]);
  socket.close();
  await unharmed(page);
});

test("many events: each once, in order, and the list stays where one reads", async () => {
  const run = "etl-nightly";
  await agent.ask({ title: "Load invoices", run_id: run, timeout_seconds: 900 });
  const page = await signedIn(cluster.url, keys.ana, { path: `/runs/${run}` });
  await events(page).getByText("asked for approval").waitFor();
  const lines = (from, to) => ({ events: Array.from({ length: to - from }, (_, index) => ({ event_type: "output", data: { line: `line ${from + index}.` } })) });
  await agent.call("POST", `/tasks/${run}/events`, lines(0, 450));
  await events(page).getByText("line 449.", { exact: true }).waitFor();
  const shown = await events(page).getByText(/^line \d+\.$/).allTextContents();
  assert.deepEqual(shown, Array.from({ length: 450 }, (_, index) => `line ${index}.`));
  // Scrolled up: what comes is counted, and nothing moves.
  await events(page).evaluate((own) => own.scrollTo(0, 100));
  await page.waitForFunction(() => document.querySelector(".ev-b").scrollTop === 100);
  await agent.call("POST", `/tasks/${run}/events`, lines(450, 453));
  await page.getByRole("button", { name: "3 new events" }).waitFor();
  assert.equal(await events(page).evaluate((own) => own.scrollTop), 100);
  await page.getByRole("button", { name: "3 new events" }).click();
  await events(page).getByText("line 452.", { exact: true }).waitFor();
  assert.deepEqual(await axe(page), []);
  // A long one is opened by a click.
  await agent.call("POST", `/tasks/${run}/events`, { event_type: "output", data: { line: "x".repeat(200_000) } });
  await page.getByRole("button", { name: "Show all 200 KB" }).click();
  assert.ok(!(await overflows(page)));
  await page.getByRole("button", { name: "Show less" }).click();
  await page.getByRole("button", { name: "Show all 200 KB" }).waitFor();
  await unharmed(page);
});

test("an instance dies and comes back: the page catches up with what was sent meanwhile", async () => {
  const own = await Cluster.start({ instances: 2 });
  const { keys: theirs } = await own.workspace({ ana: LOOKER });
  const other = new Api(own.urls[1], theirs.agent);
  await other.ask({ title: "Train", run_id: "train-7", timeout_seconds: 900 });
  const page = await signedIn(own.urls[0], theirs.ana, { path: "/runs/train-7" });
  await events(page).getByText("asked for approval").waitFor();
  await own.instances[0].kill();
  await other.call("POST", "/tasks/train-7/events", { event_type: "output", data: { line: "sent meanwhile" } });
  await page.getByText(/No connection since/).waitFor();
  await own.instances[0].start();
  await events(page).getByText("sent meanwhile").waitFor();
  assert.equal(await events(page).getByText("asked for approval").count(), 1);
});

test("what isn't there, and what may not be seen, says so", async () => {
  const page = await signedIn(cluster.url, keys.bo, { path: "/runs/no-such-run" });
  await page.getByRole("heading", { name: "There is no such run" }).waitFor();
  assert.deepEqual(await axe(page), []);
  await agent.ask({ title: "Seen", run_id: "seen", timeout_seconds: 900 });
  await page.goto(`${cluster.url}/runs/seen`);
  await page.getByText("Events need the permission event:subscribe.").waitFor();
  assert.deepEqual(await axe(page), []);
  await unharmed(page);
});

for (const [width, theme] of [[320, "light"], [390, "dark"], [1280, "light"], [1920, "dark"]]) {
  test(`a run's page is accessible and fits, ${width} px, ${theme}`, async () => {
    const page = await signedIn(cluster.url, keys.ana, { path: `/runs/${encodeURIComponent("deploy:2291.a")}`, width, theme, height: 900 });
    await events(page).getByText("14 tests passed").waitFor();
    assert.deepEqual(await axe(page), []);
    assert.ok(!(await overflows(page)));
    await unharmed(page);
  });
}

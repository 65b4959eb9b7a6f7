import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { APPROVER, Api, Cluster, addressOf, axe, closeBrowser, open, overflows, signedIn, taskSocket, unharmed, until } from "./harness.mjs";

const ROLES = ["agent", "requester", "approver", "member", "auditor", "operator", "admin"];
const ALL = ["workspace:admin", "cluster:view"];
let cluster, workspace, agent, keys, base;
before(async () => {
  cluster = await Cluster.start({ instances: 2, balancer: true });
  base = cluster.urls[0];
  const made = await cluster.workspace({ ana: APPROVER });
  ({ name: workspace, agent } = made);
  const ana = new Api(cluster.urls[1], made.keys.ana);
  keys = { all: await cluster.key(workspace, "olga", ALL) };
  for (const role of ROLES) keys[role] = await cluster.role(workspace, `the-${role}`, role);
  for (let index = 0; index < 9; index += 1) {
    const { id } = await agent.ask({ title: `Refund order ${index}`, timeout_seconds: 600 + index, run_id: `run-${index}` });
    if (index < 4) {
      const waiting = agent.wait(id);
      const said = await ana.call("POST", `/approvals/${id}/${index === 0 ? "reject" : "approve"}`, index === 0 ? { reason: "No." } : {});
      assert.equal(said.status, 200);
      await waiting;
    }
  }
});
after(async () => {
  await closeBrowser();
  await cluster.stop();
});

const state = (page) => page.getByRole("region", { name: "State" });

test("all is well is said with its numbers, and every card has its finding", async () => {
  const page = await signedIn(base, keys.all, { path: "/operations?range=15m", height: 1400 });
  await state(page).getByText("All is well: 2 of 2 instances serve.").waitFor();
  assert.match(await page.title(), /^Operations: 2 of 2 serve/);
  await page.getByText(/Parts as web-1-\S+ sees them/).waitFor();
  assert.equal(await page.locator(".inst-t tbody tr").count(), 2);
  await page.getByRole("img", { name: /^Wake-ups a second|^From a decision|^Time to commit/ }).first().waitFor();
  await page.getByText(/4 in the last 15 minutes: 75 % approved, 25 % rejected/).waitFor();
  // Pointing at a plot tells the values there.
  await page.getByRole("region", { name: "How they end" }).locator(".pl-c").hover();
  await page.locator(".pl-hover").getByText(/^\d\d:\d\d/).waitFor();
  await page.getByRole("img", { name: /^Wake-ups a second, by source: / }).waitFor();
  // The same as a table.
  const card = page.getByRole("region", { name: "Commits" });
  await card.getByRole("button", { name: "As table" }).click();
  await card.getByRole("columnheader", { name: "Longest" }).waitFor();
  // What happened is told by the instances themselves.
  await page.getByRole("region", { name: "What happened", exact: true }).getByText("started").first().waitFor();
  await unharmed(page);
  await page.context().close();
});

test("each built-in role sees the cards that it may, and no more", async () => {
  for (const [role, shown] of [
    ["agent", null], ["requester", null], ["approver", null],
    ["member", ["How they end", "How long people take", "Connections"]],
    ["auditor", ["How they end", "How long people take", "Connections"]],
    ["operator", ["State", "Instances", "Decision to waiting caller", "Who woke them", "Commits", "What happened", "Waiting to be sent", "Connections"]],
    ["admin", ["How they end", "How long people take", "Connections"]],
  ]) {
    const page = await signedIn(base, keys[role], { path: "/operations" });
    const link = page.getByRole("navigation").getByRole("link", { name: "Operations" });
    if (shown === null) {
      await page.getByText("You may not see operations here").waitFor();
      assert.equal(await link.count(), 0, role);
      await page.getByText("cluster:view or connection:view").waitFor();
    } else {
      await page.getByRole("region", { name: "Connections", exact: true }).waitFor();
      await link.first().waitFor();
      assert.deepEqual(await page.locator(".ops > section").evaluateAll((all) => all.map((it) => it.getAttribute("aria-label"))), shown, role);
      assert.equal(await page.getByRole("link", { name: "Wall" }).count(), shown.includes("State") ? 1 : 0, role);
    }
    await unharmed(page);
    await page.context().close();
  }
  // Who has no inbox begins here; a task's events need their own permission.
  const page = await signedIn(base, keys.operator, { path: "/" });
  await page.waitForURL((url) => url.pathname === "/operations");
  await page.goto(`${base}/operations/tasks/run-1`);
  await page.getByText("This page needs the permission event:subscribe.").waitFor();
  await page.context().close();
});

test("a connection is found, and closed after asking back; its task's events come without taking its socket", async () => {
  const held = await taskSocket(base, "deploy-2291", agent.key);
  const other = await taskSocket(base, "refunds-8831", agent.key);
  const page = await signedIn(cluster.urls[1], keys.all, { path: "/operations", height: 1200 });
  const card = page.getByRole("region", { name: "Connections", exact: true });
  await card.getByRole("link", { name: "deploy-2291" }).waitFor();
  await card.getByRole("searchbox").fill("refunds");
  await card.getByRole("link", { name: "deploy-2291" }).waitFor({ state: "detached" });
  await card.getByRole("searchbox").fill("");
  // A task opens its events.
  await card.getByRole("link", { name: "deploy-2291" }).click();
  await page.waitForURL((url) => url.pathname === "/operations/tasks/deploy-2291");
  await page.getByText("Nothing was sent to this task yet.").waitFor();
  await page.getByText(/connected as agent/).waitFor();
  await agent.call("POST", "/tasks/deploy-2291/events", { event_type: "output", data: { line: "14 tests passed <b>\u202e", big: 12345678901234567890n.toString() } });
  await page.getByText("14 tests passed <b>").waitFor();
  await page.getByText("U+202E").waitFor();
  assert.ok(held.isOpen, "the agent's socket is its own");
  await page.goBack();
  await card.getByRole("button", { name: "Close the connection of deploy-2291" }).click();
  const dialog = page.getByRole("dialog", { name: "Close this connection?" });
  await dialog.getByText("it may come back").waitFor();
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.ok(held.isOpen);
  await card.getByRole("button", { name: "Close the connection of deploy-2291" }).click();
  await dialog.getByRole("button", { name: "Close it" }).click();
  await card.getByText("is being closed. It may come back.").waitFor();
  await until("the server closed it", () => !held.isOpen);
  await card.getByRole("button", { name: "Put this away" }).click();
  await card.getByRole("link", { name: "deploy-2291" }).waitFor({ state: "detached" });
  assert.ok(other.isOpen, "no other");
  for (const it of [held, other]) it.destroy();
  await unharmed(page);
  await page.context().close();
});

for (const [width, theme] of [[320, "light"], [390, "dark"], [1280, "light"], [1280, "dark"], [1920, "light"], [2560, "dark"]]) {
  test(`operations are accessible and fit, ${width} px, ${theme}`, async () => {
    const held = await taskSocket(base, "deploy-1", agent.key);
    await agent.call("POST", "/tasks/deploy-1/events", { events: [{ event_type: "output", data: { log: "compiled\n".repeat(90) } }, { event_type: "step", data: {} }] });
    const page = await signedIn(base, keys.all, { path: "/operations", width, theme, height: 900 });
    const look = async (what) => {
      assert.deepEqual(await axe(page), [], what);
      assert.ok(!(await overflows(page)), what);
    };
    await state(page).locator(".say-t").waitFor();
    await page.getByRole("button", { name: "Close the connection of deploy-1" }).waitFor();
    await page.locator(".pl-c svg").first().waitFor();
    await look("plots");
    for (const button of await page.getByRole("button", { name: "As table" }).all()) await button.click();
    await look("tables");
    await page.goto(`${base}/operations/tasks/deploy-1`);
    await page.getByRole("button", { name: "Show all" }).first().click();
    await page.getByRole("button", { name: "Show less" }).waitFor();
    await look("a task's events");
    await page.goto(`${base}/operations?wall`);
    await page.getByRole("button", { name: "Leave the wall" }).waitFor();
    await page.locator(".pl-c svg").first().waitFor();
    await look("wall");
    held.destroy();
    await unharmed(page);
    await page.context().close();
  });
}

test("the wall fits 1920 by 1080 without scrolling, and w leads there and back", async () => {
  for (const key of [keys.all, keys.operator]) {
    const page = await signedIn(base, key, { path: "/operations", width: 1920, height: 1080 });
    await state(page).locator(".say-t").waitFor();
    await page.keyboard.press("w");
    await page.waitForURL((url) => url.searchParams.has("wall"));
    await page.locator(".pl-c svg").first().waitFor();
    const sizes = () => page.evaluate(() => [document.querySelector(".wall-s"), document.documentElement].map((it) => it.scrollHeight - it.clientHeight));
    await until("all of it is seen", async () => (await sizes()).every((beyond) => beyond <= 0)).catch(async () => assert.deepEqual(await sizes(), [0, 0]));
    await page.locator(".rail").waitFor({ state: "hidden" });
    await page.keyboard.press("w");
    await page.waitForURL((url) => !url.searchParams.has("wall"));
    await page.locator(".rail").waitFor();
    await page.context().close();
  }
});

test("the wall goes grey within 5 s of its feed's last word, and comes back by itself", async () => {
  const page = await signedIn(base, keys.all, { path: "/operations?wall", width: 1920, height: 1080 });
  await state(page).locator(".say-t").waitFor();
  const { child } = cluster.instances[0];
  // The socket stays open, and says nothing: what a frozen instance or a lost route looks like.
  child.kill("SIGSTOP");
  const stopped = Date.now();
  try {
    await page.locator(".wall-s.is-old").waitFor({ timeout: 5500 });
    await page.getByText(/Nothing heard of the instances since|No connection since/).first().waitFor({ timeout: 1500 });
    assert.ok(Date.now() - stopped < 6500);
  } finally {
    child.kill("SIGCONT");
  }
  await page.locator(".wall-s.is-old").waitFor({ state: "detached" });
  await unharmed(page);
  await page.context().close();
});

test("the wall says where it can't keep the screen on", async () => {
  const page = await open(base, { width: 1920, height: 1080 });
  await page.addInitScript(() => Object.defineProperty(navigator, "wakeLock", { value: { request: () => Promise.reject(new DOMException("no", "NotAllowedError")) } }));
  await page.goto(`${base}/sign-in?to=${encodeURIComponent("/operations?wall")}`);
  await page.getByLabel("API key").fill(keys.operator);
  await page.keyboard.press("Enter");
  await page.getByText("This screen may go dark").waitFor();
  await unharmed(page);
  await page.context().close();
});

test("the wall takes a newer app by itself, and makes no circle of it while old instances still send the old one", async () => {
  const page = await open(base, { width: 1920, height: 1080 });
  let newer = false;
  // Not that all is well: on a busy machine a heartbeat may be late, and the wall says so.
  // The wall's own mark: the navigation has one, too, and goes a moment later.
  const live = page.locator("#main .live").filter({ visible: true }).getByText("Live");
  const feeds = [];
  await page.routeWebSocket(/\/api\/v1\/feed$/, (feed) => {
    feeds.push(feed);
    const server = feed.connectToServer();
    server.onMessage((text) => feed.send(newer ? String(text).replace(/"build":"[^"]*"/, '"build":"99.0.0+another"') : text));
  });
  await page.goto(`${base}/sign-in?to=${encodeURIComponent("/operations?wall")}`);
  await page.getByLabel("API key").fill(keys.operator);
  await page.keyboard.press("Enter");
  await live.waitFor();
  await page.evaluate(() => (globalThis.before = true));
  newer = true;
  // It may not have been told which build is served yet: then it is told now, and knows its own.
  await feeds.at(-1).close({ code: 1012 });
  await until("it was loaded anew", async () => (await page.evaluate(() => globalThis.before)) === undefined);
  // The page that came is of the old build once more.
  await page.evaluate(() => (globalThis.before = true));
  await page.getByText("A newer version is here.").waitFor();
  await live.waitFor();
  // Told once more, and with the focus moving, it stays.
  const told = feeds.length;
  await feeds.at(-1).close({ code: 1012 });
  await until("it is told once more", () => feeds.length > told);
  await page.getByRole("button", { name: "Leave the wall" }).focus();
  await page.evaluate(() => document.activeElement.blur());
  await live.waitFor();
  assert.equal(await page.evaluate(() => globalThis.before), true);
  assert.ok((await addressOf(page)).searchParams.has("wall"));
  await page.context().close();
});

// The last one: it leaves one instance.
test("an operator sees on the wall within 30 s that an instance has died", async () => {
  const page = await signedIn(base, keys.operator, { path: "/operations?wall", width: 1920, height: 1080 });
  await state(page).getByText("All is well: 2 of 2 instances serve.").waitFor();
  await cluster.instances[1].kill();
  await state(page).getByText(/web-2-\S+ (hasn't been heard of|is lost)/).waitFor({ timeout: 30_000 });
  await state(page).getByText(/1 of 2 instances serves?\./).waitFor({ timeout: 30_000 });
  await page.locator(".inst-t").getByText("lost").waitFor();
  assert.match(await page.title(), /1 of 2 serve/);
  await page.getByRole("region", { name: "What happened", exact: true }).getByText("was found lost").waitFor();
  assert.deepEqual(await axe(page), []);
  await unharmed(page);
  await page.context().close();
});

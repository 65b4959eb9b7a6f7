import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Session } from "./database.mjs";
import { APPROVER, Api, Cluster, axe, closeBrowser, overflows, signedIn, unharmed, until } from "./harness.mjs";

let cluster, database;
before(async () => {
  cluster = await Cluster.start({ instances: 2, balancer: true });
  database = new Session();
});
after(async () => {
  database.end();
  await closeBrowser();
  await cluster.stop();
});

const row = (page, title) => page.locator(".row").filter({ hasText: title });
const box = (page, title) => page.getByRole("checkbox", { name: `Select: ${title}` });
const line = (page, title) => page.getByRole("list", { name: "Outcome for each" }).getByRole("listitem").filter({ hasText: title });
/** The breath in which a second click counts for nothing. */
const breath = async (page) => page.waitForFunction((begun) => performance.now() - begun > 450, await page.evaluate(() => performance.now()));

/** From here on the page learns of nothing but the answers to what it sends. */
async function deafen(page) {
  page.deaf = true;
  await page.route("**/api/v1/**", (route) => (route.request().method() === "POST" ? route.continue() : route.abort()));
}

/** A page whose feed can be muted. */
async function muteable(page) {
  await page.routeWebSocket("**/feed", (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) => {
      if (!page.deaf) socket.send(message);
    });
  });
  await page.reload();
}

const BULK = [
  ["Ends with mine", {}],
  ["Needs two", { policy: { allowed_approvers: ["ana", "bo"], min_approvers: 2 } }],
  ["Decided by cy", {}],
  ["Out of time", { timeout_seconds: 8 }],
  ["Handed on", { timeout_action: "escalate", escalation: [{ after_seconds: 600, label: "leads", policy: { allowed_approvers: ["bo"], min_approvers: 1 } }] }],
  ["Busy row", {}],
];

test("one answer to many: approved, counted, decided before, expired, not eligible and unknown are each named, and the unknown one is asked again", async () => {
  const { keys, agent } = await cluster.workspace({ ana: APPROVER, bo: APPROVER, cy: APPROVER });
  const ids = {};
  for (const [title, body] of BULK) if (title !== "Out of time") ids[title] = (await agent.ask({ title, timeout_seconds: 900, ...body })).id;
  const page = await signedIn(cluster.url, keys.ana, { routed: true });
  await muteable(page);
  await row(page, "Busy row").waitFor();
  ids["Out of time"] = (await agent.ask({ title: "Out of time", timeout_seconds: 8 })).id;
  await row(page, "Out of time").waitFor();
  // The list stands still while selecting: what comes now waits outside.
  await page.getByRole("button", { name: "Select several (x)" }).click();
  await page.keyboard.press("*");
  await page.getByRole("heading", { name: "6 selected" }).waitFor();
  await agent.ask({ title: "Comes late" });
  await page.getByRole("button", { name: "1 new, held back" }).waitFor();
  assert.equal(await row(page, "Comes late").count(), 0);
  const chosen = page.getByLabel("Selected approvals", { exact: true });
  await chosen.getByRole("listitem").filter({ hasText: "Ends with mine" }).getByText("your vote ends it").waitFor();
  await chosen.getByRole("listitem").filter({ hasText: "Needs two" }).getByText("needs 2: your vote leaves it open").waitFor();
  await chosen.getByRole("listitem").filter({ hasText: "Busy row" }).getByText("not opened by you yet").waitFor();
  assert.deepEqual(await axe(page), []);
  await page.locator(".list h1").click();
  await page.keyboard.press("a");
  const dialog = page.getByRole("dialog", { name: "Approve these 6 as ana?" });
  await dialog.getByText("You have not opened").waitFor();
  assert.deepEqual(await axe(page), []);
  // Others answer while the confirmation is open; this page isn't told.
  await deafen(page);
  const [bo, cy] = [new Api(cluster.urls[0], keys.bo), new Api(cluster.urls[1], keys.cy)];
  assert.equal((await cy.call("POST", `/approvals/${ids["Decided by cy"]}/reject`, { reason: "Holdout overlaps." })).status, 200);
  assert.equal((await bo.call("POST", `/approvals/${ids["Handed on"]}/escalate`, { reason: "For the leads." })).status, 200);
  await until("its time is up", async () => (await agent.show(ids["Out of time"])).status === "expired");
  await database.hold(ids["Busy row"]);
  await dialog.getByLabel("Comment for all (optional)").fill("Fine, all of them.");
  await breath(page);
  await page.keyboard.press("Control+Enter");
  await page.getByText("Sending your approval to 6.").waitFor();
  assert.equal(await page.getByText("Your vote counts").count(), 0);
  await page.getByRole("heading", { name: "2 of 6 recorded, 1 unknown" }).waitFor();
  await line(page, "Ends with mine").getByText("ended with your vote").waitFor();
  await line(page, "Needs two").getByText("Your vote counts").waitFor();
  await line(page, "Needs two").getByText("stays open").waitFor();
  await line(page, "Decided by cy").getByText(/^cy rejected it at .*: Holdout overlaps\.$/).waitFor();
  await line(page, "Out of time").getByText(/time was up at .*nobody answered/).waitFor();
  await line(page, "Handed on").getByText("its policy doesn't admit you").waitFor();
  await line(page, "Busy row").getByText("the answer broke off (503). It stays selected; asking again is safe").waitFor();
  assert.deepEqual(await page.locator(".out .st").allInnerTexts().then((all) => all.filter((text) => text === "Not recorded").length), 3);
  assert.deepEqual(await axe(page), []);
  // What can be asked again stays selected, the others don't.
  assert.ok(await box(page, "Busy row").isChecked());
  assert.equal(await page.locator(".row input:checked").count(), 1);
  await database.release();
  await page.unroute("**/api/v1/**");
  const [again] = await Promise.all([page.waitForRequest("**/approvals/bulk"), page.getByRole("button", { name: "Ask again for 1" }).click()]);
  const { digest } = await agent.show(ids["Busy row"]);
  assert.deepEqual(again.postDataJSON(), { ids: [{ id: ids["Busy row"], digest }], action: "approve", comment: "Fine, all of them." });
  await page.getByRole("heading", { name: "3 of 6 recorded", exact: true }).waitFor();
  await line(page, "Busy row").getByText("ended with your vote").waitFor();
  for (const [title, wanted] of [["Ends with mine", "ana"], ["Decided by cy", "cy"], ["Busy row", "ana"]]) assert.equal((await agent.show(ids[title])).resolved_by, wanted);
  await page.getByRole("button", { name: "Done" }).click();
  await row(page, "Comes late").waitFor();
  assert.equal(await page.locator(".row input[type=checkbox]").count(), 0);
  await unharmed(page);
});

test("an instance killed in the middle of the call leaves all of them unknown, and asking again finds how each stands", async () => {
  const own = await Cluster.start({ instances: 2 });
  const { keys } = await own.workspace({ ana: APPROVER });
  const agent = new Api(own.urls[1], keys.agent);
  const ids = [];
  for (const title of ["First of three", "Second of three", "Third of three"]) ids.push((await agent.ask({ title, timeout_seconds: 900 })).id);
  // Not through the balancer: a browser sends a call again by itself where the balancer's connection has ended.
  const page = await signedIn(own.urls[0], keys.ana);
  await row(page, "Third of three").waitFor();
  await page.keyboard.press("x");
  await page.keyboard.press("*");
  await page.getByRole("heading", { name: "3 selected" }).waitFor();
  await page.keyboard.press("a");
  await page.getByRole("dialog").waitFor();
  await database.hold(ids[2]);
  await breath(page);
  await page.keyboard.press("Control+Enter");
  const looker = new Session();
  await until("the call waits for the row", async () => (await looker.waiting()) > 0);
  looker.end();
  await own.instances[0].kill();
  await page.getByRole("heading", { name: "0 of 3 recorded, 3 unknown" }).waitFor();
  assert.equal(await page.getByText("ended with your vote").count(), 0);
  assert.equal(await page.locator(".row input:checked").count(), 3);
  await database.release();
  await own.instances[0].start();
  await page.getByRole("button", { name: "Ask again for 3" }).click();
  await page.getByRole("heading", { name: "3 of 3 recorded", exact: true }).waitFor();
  for (const id of ids) assert.deepEqual([(await agent.show(id)).resolved_by, (await agent.call("GET", `/approvals/${id}/decisions`)).body.items.length], ["ana", 1]);
  await unharmed(page);
});

test("only what I can decide has a box; a range and one by one; a rejection takes a reason", async () => {
  const { keys, agent, name } = await cluster.workspace({ ana: APPROVER });
  const ana = new Api(cluster.urls[0], await cluster.key(name, "ana", ["workspace:admin"]));
  const titles = ["One", "Two", "Three", "Four"];
  const ids = {};
  for (const [index, title] of titles.entries()) ids[title] = (await agent.ask({ title, timeout_seconds: 600 + index })).id;
  await ana.ask({ title: "My own", timeout_seconds: 2000 });
  for (const width of [1280, 390]) {
    const page = await signedIn(cluster.url, keys.ana, { width, height: 800 });
    await row(page, "My own").waitFor();
    await page.getByRole("button", { name: "Select several (x)" }).click();
    await box(page, "One").waitFor();
    assert.deepEqual([await page.locator(".row input").count(), await box(page, "My own").count()], [4, 0]);
    await box(page, "One").click();
    await box(page, "Three").click({ modifiers: ["Shift"] });
    assert.equal(await page.locator(".row input:checked").count(), 3);
    await box(page, "Two").click();
    assert.equal(await page.locator(".row input:checked").count(), 2);
    assert.ok(!(await overflows(page)));
    assert.deepEqual(await axe(page), [], String(width));
    if (width === 1280) {
      // One of them can be looked at; the selection stays.
      await row(page, "Four").getByRole("link").click();
      await page.getByRole("heading", { name: "Four" }).waitFor();
      await page.getByRole("button", { name: "Show the 2" }).click();
      await page.getByRole("heading", { name: "2 selected" }).waitFor();
      await page.keyboard.press("Escape");
      await page.locator(".row input").first().waitFor({ state: "detached" });
      await page.context().close();
      continue;
    }
    await page.getByRole("button", { name: "Reject 2…" }).click();
    await page.getByRole("dialog", { name: "Reject these 2 as ana?" }).waitFor();
    await breath(page);
    await page.getByRole("button", { name: "Reject 2", exact: true }).click();
    await page.getByText("Say why").waitFor();
    assert.deepEqual(await axe(page), []);
    await page.getByLabel("Wrong values").check();
    await page.getByRole("button", { name: "Reject 2", exact: true }).click();
    await page.getByRole("heading", { name: "2 of 2 recorded" }).waitFor();
    assert.deepEqual(await axe(page), []);
    assert.ok(!(await overflows(page)));
    assert.equal((await agent.show(ids.One)).result.feedback, "Wrong values");
    assert.equal((await agent.show(ids.Two)).status, "pending");
    await unharmed(page);
  }
});

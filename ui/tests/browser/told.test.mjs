// The bell, its list, what was sent, and who was told of an approval: live, on several screens, for each role.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { APPROVER, Api, Cluster, axe, closeBrowser, signedIn, unharmed, until } from "./harness.mjs";
import { fits, looksRight, tabTo } from "./looks.mjs";
import { Relay } from "./relay.mjs";

let cluster, relay;
before(async () => {
  relay = await Relay.start();
  cluster = await Cluster.start({ instances: 2, settings: relay.settings });
});
after(async () => {
  await closeBrowser();
  await cluster.stop();
  relay.end();
});

const of = (...names) => ({ allowed_approvers: names });
const bell = (page) => page.getByRole("link", { name: /^Notifications/ }).and(page.locator(":visible"));
const says = (page, amount) => page.getByRole("link", { name: amount === 0 ? "Notifications" : `Notifications, ${amount} unread`, exact: true }).and(page.locator(":visible")).waitFor();
const group = (page, name) => page.getByRole("region", { name, exact: true });
const row = (page, title) => page.locator(".told .row").filter({ hasText: title });
const wanted = { ana: APPROVER, bo: [...APPROVER, "approval:create"] };
/** A workspace with people in it; `ask` asks at the other instance than the first. */
const scene = async (people = wanted) => {
  const made = await cluster.workspace(people);
  const asker = new Api(cluster.urls[1], made.keys.agent);
  return { ...made, ask: async (title, policy, more = {}) => (await asker.ask({ title, timeout_seconds: 900, policy, ...more })).id };
};

test("the bell counts what comes, on whichever page and instance; marking on one screen clears the other", async () => {
  const { keys, ask } = await scene();
  const [here, there] = await Promise.all([signedIn(cluster.urls[0], keys.ana, { path: "/settings/you" }), signedIn(cluster.urls[1], keys.ana, { path: "/notifications" })]);
  await says(here, 0);
  await there.getByText("You haven't been told anything yet").waitFor();
  await ask("Refund order 1", of("ana"));
  for (const page of [here, there]) await says(page, 1);
  await ask("Refund order 2", of("ana"));
  await ask("Refund order 3", of("ana", "bo"));
  for (const page of [here, there]) await says(page, 3);
  // Nothing came up over the page where one works.
  assert.equal(await here.locator("dialog[open], [role=alert]").filter({ hasText: /./, visible: true }).count(), 0);
  assert.match(await here.title(), /^You/);

  await bell(here).click();
  await here.waitForURL((url) => url.pathname === "/notifications");
  await here.getByRole("button", { name: "Mark as read: Refund order 2" }).click();
  for (const page of [here, there]) {
    await says(page, 2);
    await row(page, "Refund order 2").getByRole("img", { name: "unread" }).waitFor({ state: "detached" });
    assert.equal(await page.getByRole("img", { name: "unread" }).count(), 2);
  }
  await there.getByRole("button", { name: "Mark all as read" }).click();
  for (const page of [here, there]) {
    await says(page, 0);
    await page.getByRole("img", { name: "unread" }).first().waitFor({ state: "detached" });
    assert.equal(await page.getByRole("button", { name: "Mark all as read" }).getAttribute("aria-disabled"), "true");
  }
  for (const page of [here, there]) {
    await unharmed(page);
    await page.context().close();
  }
});

test("what asks for a decision stands apart from news; opening one marks it and shows the approval", async () => {
  const { keys, agent, ask } = await scene();
  const [ana, bo] = ["ana", "bo"].map((name) => new Api(cluster.urls[1], keys[name]));
  const asked = await ask("Roll out 4.18.0", of("bo"));
  const own = (await bo.ask({ title: "Access for bo", timeout_seconds: 900, policy: of("ana") })).id;
  await ana.call("POST", `/approvals/${own}/approve`, {});
  const told = await ask("Drop users_tmp", of("ana"), { notify: { users: ["bo"] } });
  const page = await signedIn(cluster.urls[0], keys.bo, { path: "/notifications" });
  const [asks, others] = [group(page, "Asked of you"), group(page, "News")];
  await says(page, 3);
  await others.getByRole("link", { name: "unread Access for bo" }).waitFor();
  await others.getByText("It was decided").waitFor();
  await others.getByText("Somebody was asked to decide").waitFor();
  // The newest first.
  assert.deepEqual((await others.locator(".row-t").allInnerTexts()).map((it) => it.trim()), ["Drop users_tmp", "Access for bo"]);
  assert.deepEqual((await asks.locator(".row-t").allInnerTexts()).map((it) => it.trim()), ["Roll out 4.18.0"]);
  await asks.getByText("You are asked to decide").waitFor();
  await asks.getByText("time left:").waitFor();

  await asks.getByRole("link", { name: "unread Roll out 4.18.0" }).click();
  await page.waitForURL((url) => url.pathname === `/inbox/${asked}`);
  await page.getByRole("button", { name: /^Approve/ }).waitFor();
  await says(page, 2);
  await page.goBack();
  await others.getByRole("link", { name: "unread Drop users_tmp" }).click();
  await page.waitForURL((url) => url.pathname === `/approvals/${told}`);
  await says(page, 1);
  // What one looks at in any other way has been read once one does something there.
  await page.goto(`${cluster.urls[0]}/approvals/${own}`);
  await page.getByRole("heading", { name: "Access for bo" }).waitFor();
  await says(page, 1);
  await page.mouse.wheel(0, 50);
  await says(page, 0);
  // Also what comes while it is open.
  await page.goto(`${cluster.urls[0]}/approvals/${told}`);
  await page.getByRole("heading", { name: "Drop users_tmp" }).waitFor();
  await agent.call("POST", `/approvals/${told}/cancel`, { reason: "Replaced." });
  await says(page, 1);
  await page.keyboard.press("Tab");
  await says(page, 0);
  await unharmed(page);
  await page.context().close();
});

test("nothing moves under the pointer: what is new waits until one leaves, or asks for it", async () => {
  const { keys, ask } = await scene();
  await ask("The first", of("ana"));
  const page = await signedIn(cluster.urls[0], keys.ana, { path: "/notifications" });
  await row(page, "The first").hover();
  await ask("The second", of("ana"));
  await page.getByRole("button", { name: "1 new, held back" }).waitFor();
  await says(page, 2);
  assert.equal(await row(page, "The second").count(), 0);
  await page.mouse.move(640, 5);
  await row(page, "The second").waitFor();
  assert.equal(await page.getByText("held back").and(page.locator(":visible")).count(), 0);
  await row(page, "The first").getByRole("link").focus();
  await ask("The third", of("ana"));
  await page.getByRole("button", { name: "1 new, held back" }).click();
  await row(page, "The third").waitFor();
  await unharmed(page);
  await page.context().close();
});

test("earlier ones come page by page, and stay when something new comes", async () => {
  const { keys, ask } = await scene();
  for (let turn = 0; turn < 12; turn += 1) await Promise.all(Array.from({ length: 5 }, (_, index) => ask(`Step ${turn * 5 + index}`, of("ana"))));
  const page = await signedIn(cluster.urls[0], keys.ana, { path: "/notifications", height: 400 });
  await says(page, 60);
  const rows = page.locator(".told .row");
  await until("a page is there", async () => (await rows.count()) === 50);
  await page.getByRole("button", { name: "Show more" }).click();
  await until("all are there", async () => (await rows.count()) === 60);
  assert.equal(await page.getByRole("button", { name: "Show more" }).count(), 0);
  await page.mouse.move(640, 5);
  await ask("The newest", of("ana"));
  await until("it is there, and all others", async () => (await rows.count()) === 61);
  // All at once, beyond what is on the screen.
  await page.getByRole("button", { name: "Mark all as read" }).click();
  await says(page, 0);
  assert.equal((await new Api(cluster.urls[1], keys.ana).call("GET", "/me/notifications/unread-count")).body.unread, 0);
  await page.context().close();
});

test("loading, nothing, and what went wrong are said, with a way to try again", async () => {
  const { keys, ask } = await scene();
  const page = await signedIn(cluster.urls[0], keys.ana, { path: "/settings/you", routed: true });
  const problem = { status: 503, headers: { "x-request-id": "0192f0c4-7d3a" }, contentType: "application/problem+json", body: JSON.stringify({ code: "unavailable", detail: "Postgres is away." }) };
  let go;
  await page.route(/me\/notifications\?/, (route) => new Promise((done) => (go = done)).then(() => route.fulfill(problem)));
  // A page that isn't there yet hears no keys.
  await says(page, 0);
  await page.getByText("How you are told").first().waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("n");
  await page.waitForURL((url) => url.pathname === "/notifications");
  await page.locator("[aria-busy=true]").first().waitFor();
  assert.deepEqual(await axe(page), []);
  await until("it is asked", () => go !== undefined);
  go();
  await page.getByRole("alert").getByText("Postgres is away.").waitFor();
  await page.getByText("Request 0192f0c4-7d3a").waitFor();
  assert.deepEqual(await axe(page), []);
  await page.unroute(/me\/notifications\?/);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("You haven't been told anything yet").waitFor();
  assert.deepEqual(await axe(page), []);
  await ask("Refund order 1", of("ana"));
  await row(page, "Refund order 1").waitFor();
  // A mark that is refused is not shown as made.
  await page.route("**/me/notifications/read", (route) => route.fulfill(problem));
  await page.getByRole("button", { name: "Mark all as read" }).click();
  await page.getByRole("alert").getByText("This was not marked as read. Postgres is away.").waitFor();
  await says(page, 1);
  assert.equal(await page.getByRole("img", { name: "unread" }).count(), 1);
  await unharmed(page);
  await page.context().close();
});

test("keys lead there, from row to row, and mark; the focus is never lost", async () => {
  const { keys, ask } = await scene();
  for (const title of ["One", "Two"]) await ask(title, of("ana"));
  await ask("Three", of("bo"), { notify: { users: ["ana"] } });
  const page = await signedIn(cluster.urls[0], keys.ana, { path: "/settings/you" });
  await says(page, 3);
  await page.keyboard.press("g");
  await page.keyboard.press("n");
  await page.waitForURL((url) => url.pathname === "/notifications");
  await row(page, "Three").waitFor();
  const at = () => page.evaluate(() => document.activeElement?.closest(".row")?.querySelector(".row-t").textContent.trim());
  for (const [key, title] of [["j", "Two"], ["j", "One"], ["j", "Three"], ["k", "One"], ["Home", "Two"], ["End", "Three"], ["ArrowUp", "One"], ["ArrowDown", "Three"]]) {
    await page.keyboard.press(key);
    assert.equal(await at(), title, key);
  }
  await page.keyboard.press("d");
  await says(page, 2);
  await until("the mark is gone", async () => (await row(page, "Three").getByRole("button").count()) === 0);
  assert.equal(await at(), "Three");
  // By Tab and Enter alone, too.
  await page.keyboard.press("Home");
  await tabTo(page, "Mark as read: Two");
  await page.keyboard.press("Enter");
  await says(page, 1);
  await until("the focus stays in the row", async () => (await at()) === "Two");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname.startsWith("/inbox/"));
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard" }).getByText("to the notifications").waitFor();
  await unharmed(page);
  await page.context().close();
});

/** Desktop notifications as this browser would show them: of one tag there is one. */
const desktop = () => {
  globalThis.desk = [];
  globalThis.Notification = class {
    static permission = "granted";
    static requestPermission = () => Promise.resolve("granted");
    constructor(title, { tag, body }) {
      globalThis.desk.push(Object.assign(this, { title, tag, body }));
    }
    close() {
      this.onclose?.();
    }
  };
};

test("a new approval is told once on the desktop, whatever the bell and the inbox hear of it", async () => {
  const { keys, ask } = await scene();
  const page = await signedIn(cluster.urls[0], keys.ana, { path: "/notifications", first: [desktop] });
  await page.getByText("You haven't been told anything yet").waitFor();
  await ask("Before it was wanted", of("ana"));
  await says(page, 1);
  const button = page.getByRole("button", { name: "Notify me on this computer" });
  await button.click();
  assert.equal(await button.getAttribute("aria-pressed"), "true");
  const id = await ask("Refund order 1", of("ana"));
  await says(page, 2);
  await ask("News", of("bo"), { notify: { users: ["ana"] } });
  await says(page, 3);
  await page.waitForFunction(() => globalThis.desk.length > 0);
  assert.deepEqual(await page.evaluate(() => globalThis.desk.map((it) => [it.title, it.tag])), [["Refund order 1", `signoff-${id}`]]);
  // A reminder comes on top of what is still there: nothing. What was put away comes again.
  const soon = { timeout_seconds: 600, remind_before_seconds: [598, 594] };
  const kept = await ask("Is still there", of("ana"), soon);
  await page.waitForFunction(() => globalThis.desk.length === 2);
  const away = await ask("Was put away", of("ana"), soon);
  await page.waitForFunction(() => globalThis.desk.length === 3);
  await page.evaluate(() => globalThis.desk[2].close());
  await page.waitForFunction(() => globalThis.desk.length === 4);
  const shown = await page.evaluate(() => globalThis.desk.slice(1).map((it) => [it.title, it.tag, it.body]));
  assert.deepEqual(shown.map((it) => it.slice(0, 2)), [["Is still there", `signoff-${kept}`], ["Was put away", `signoff-${away}`], ["Was put away", `signoff-${away}`]]);
  assert.equal(shown[2][2], "It still waits for you.");
  await group(page, "Asked of you").getByText("It still waits for you").first().waitFor();
  // The same choice as in the settings.
  await page.goto(`${cluster.urls[0]}/settings/you`);
  assert.ok(await page.getByLabel("Notify me on this computer").isChecked());
  await page.context().close();
});

// --- what was sent ---

const ROLES = ["agent", "requester", "approver", "member", "auditor", "operator", "admin"];

/** bo's mailbox is gone, ana's is there. */
const mailed = async () => {
  const made = await scene({ ...wanted });
  const people = (await made.agent.call("GET", "/principals?limit=200")).body.items;
  for (const one of people) {
    if (one.name === "agent") continue;
    const changed = await made.agent.call("PATCH", `/principals/${one.id}`, { email: `${one.name}@${made.name}.example`, kind: "person" });
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
  }
  const address = `bo@${made.name}.example`;
  relay.refused.add(address);
  const id = await made.ask("Roll out 4.18.0", { allowed_approvers: ["ana", "bo"], min_approvers: 2 });
  await until("bo's mail has failed", async () => (await made.agent.call("GET", "/notifications?status=failed")).body.items.length === 1);
  return { ...made, id, address };
};

test("an approval shows who was told, by which channel, when, and what failed; it is sent again from there", async () => {
  const { keys, id, address, name } = await mailed();
  keys.fin = await cluster.role(name, "fin", "auditor");
  const part = (page) => page.getByRole("region", { name: "Who was told", exact: true });
  // Who may look sees it, and has nothing to press.
  const looker = await signedIn(cluster.urls[0], keys.fin, { path: `/approvals/${id}` });
  await part(looker).getByText("1 failed").waitFor();
  assert.equal(await part(looker).getByRole("button", { name: "Send again" }).count(), 0);
  await looker.context().close();

  const page = await signedIn(cluster.urls[0], keys.agent, { path: `/approvals/${id}` });
  await part(page).getByText("1 failed").waitFor();
  const lines = part(page).getByRole("listitem");
  assert.equal(await lines.count(), 4);
  const bo = lines.filter({ hasText: "asked, mail" }).filter({ hasText: "bo" });
  await bo.getByText("no such mailbox here").waitFor();
  await lines.filter({ hasText: "ana" }).filter({ hasText: "asked, mail" }).getByText("sent", { exact: true }).waitFor();
  assert.equal(await lines.filter({ hasText: "in the app" }).getByText("arrived").count(), 2);
  await looksRight(page, "who was told", [".d-side"]);
  await bo.getByRole("button").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("1 try").waitFor();
  await dialog.getByText(address).first().waitFor();
  await dialog.getByText("code 550").waitFor();
  await dialog.getByText("it failed for good").waitFor();
  await looksRight(page, "the tries", ["dialog"]);
  // Read in the app: it is seen here.
  const ana = new Api(cluster.urls[1], keys.ana);
  await ana.call("POST", "/me/notifications/read", { before: new Date(Date.now() + 60_000).toISOString() });
  relay.refused.delete(address);
  await dialog.getByRole("button", { name: "Send again" }).click();
  await dialog.getByText("1 waits for its channel again.").waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await until("the focus is back in the line", () => page.evaluate(() => document.activeElement?.classList.contains("told-p")));
  await bo.getByText("sent", { exact: true }).waitFor();
  await lines.filter({ hasText: "ana" }).filter({ hasText: "in the app" }).getByText("read", { exact: true }).waitFor();
  assert.equal(await part(page).getByText("1 failed").count(), 0);
  await until("it has come", () => relay.taken.some((it) => it.to.includes(address)));
  await unharmed(page);
  await page.context().close();
});

test("what was sent is listed, filtered by the address of the page, and all that failed is sent again", async () => {
  const { keys, ask, address } = await mailed();
  await ask("Refund order 1", of("bo"));
  const page = await signedIn(cluster.urls[0], keys.agent, { path: "/settings/sent", routed: true });
  const rows = page.getByRole("row").filter({ has: page.getByRole("rowheader") });
  await until("all are there", async () => (await rows.count()) === 6);
  await looksRight(page, "what was sent", ["main"]);
  await page.getByLabel("State").selectOption("failed");
  await page.waitForURL((url) => url.searchParams.get("status") === "failed");
  await until("those that failed", async () => {
    await page.reload();
    await rows.first().waitFor();
    return (await rows.count()) === 2;
  });
  await page.getByLabel("Channel").selectOption("in_app");
  await page.getByText("Nothing was sent.").waitFor();
  await page.getByRole("button", { name: "No filter" }).click();
  await page.getByLabel("Recipient").fill(address);
  await until("those to bo", async () => (await rows.count()) === 2);
  await rows.first().getByRole("button", { name: "Details: bo, mail" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("code 550").waitFor();
  await page.keyboard.press("Escape");

  relay.refused.delete(address);
  await page.getByRole("button", { name: "Send failed ones again…" }).click();
  await dialog.getByText(`What has failed, to ${address}, waits`).waitFor();
  await dialog.getByRole("button", { name: "Send them again", exact: true }).click();
  await page.getByText("2 wait for their channel again.").waitFor();
  await until("both have come", () => relay.taken.filter((it) => it.to.includes(address)).length === 2);
  // No answer: it says so, and not that it was done.
  await page.route("**/notifications/redrive", (route) => route.abort("connectionreset"));
  await page.getByRole("button", { name: "Send failed ones again…" }).click();
  await dialog.getByRole("button", { name: "Send them again", exact: true }).click();
  await page.getByText("whether it is sent again is unknown").waitFor();
  await unharmed(page);
  await page.context().close();
});

test("one says how one wants to be told: what is switched off is not sent, and the record says why", async () => {
  const { keys, ask, agent } = await mailed();
  const page = await signedIn(cluster.urls[0], keys.ana, { path: "/settings/you", routed: true });
  const card = page.getByRole("region", { name: "How you are told" });
  const mail = card.getByLabel("By mail");
  assert.ok(await mail.isChecked());
  assert.equal(await card.getByLabel("Time zone of messages").inputValue(), "UTC");
  await mail.uncheck();
  await card.getByText("Saved.").waitFor();
  await card.getByLabel("Time zone of messages").selectOption("Europe/Berlin");
  await until("both are kept", async () => {
    const { body } = await new Api(cluster.urls[1], keys.ana).call("GET", "/me/notification-preferences");
    return body.timezone === "Europe/Berlin" && body.channels.email === "off";
  });
  await looksRight(page, "how one is told", ["main"]);
  // What isn't kept is not shown as if it were.
  await page.route("**/me/notification-preferences", (route) => route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify({ code: "overloaded", detail: "Too much at once." }) }));
  await mail.click();
  await card.getByText("Too much at once.").waitFor();
  assert.ok(!(await mail.isChecked()));
  await page.unroute("**/me/notification-preferences");
  await page.reload();
  await until("it is as it was kept", async () => !(await mail.isChecked()) && (await card.getByLabel("Time zone of messages").inputValue()) === "Europe/Berlin");
  await until("it holds", async () => {
    await ask("Refund order 2", of("ana"));
    return (await agent.call("GET", "/notifications?status=skipped&channel=email")).body.items.some((it) => it.skip_reason === "switched_off");
  });
  const sent = await signedIn(cluster.urls[0], keys.agent, { path: "/settings/sent?status=skipped" });
  await sent.getByText("switched off by the person").first().waitFor();
  await unharmed(page);
  for (const one of [page, sent]) await one.context().close();
});

test("each built-in role: what was sent is shown to those who may see it, and nothing of it to others", async () => {
  const { id, name } = await mailed();
  for (const role of ROLES) {
    const sees = ["auditor", "admin"].includes(role);
    const page = await signedIn(cluster.urls[0], await cluster.role(name, `the-${role}`, role), { path: "/settings/you" });
    let asked = 0;
    page.on("request", (it) => (asked += it.url().includes("/api/v1/notifications") ? 1 : 0));
    await page.getByRole("navigation", { name: "Settings" }).waitFor();
    assert.equal(await page.getByRole("link", { name: "Sent", exact: true }).count(), sees ? 1 : 0, role);
    // Everybody has a bell.
    await says(page, 0);
    await page.goto(`${cluster.urls[0]}/settings/sent`);
    if (sees) await page.getByText("no such mailbox here").waitFor();
    else {
      await page.getByRole("heading", { name: "You may not see what was sent here" }).waitFor();
      await page.getByText("This page needs the permission notification:view.").waitFor();
      await page.getByText("Roles that have it: auditor, admin.").waitFor();
    }
    assert.equal(await page.getByRole("button", { name: "Send failed ones again…" }).count(), role === "admin" ? 1 : 0, role);
    await page.goto(`${cluster.urls[0]}/approvals/${id}`);
    if (role !== "operator") await page.getByRole("heading", { name: "Roll out 4.18.0" }).waitFor();
    if (sees) await page.getByRole("region", { name: "Who was told", exact: true }).getByText("1 failed").waitFor();
    assert.equal(await page.getByRole("region", { name: "Who was told", exact: true }).count(), sees ? 1 : 0, role);
    if (!sees) assert.equal(asked, 0, role);
    await unharmed(page);
    await page.context().close();
  }
});

test("the list looks right at each width in both themes, and text from callers is text", async () => {
  const { keys, ask } = await scene();
  const hostile = "<img src=x onerror=alert(1)> please approve \u202e yadot";
  await ask(hostile, of("ana"));
  await ask("a-very-long-title-without-any-place-to-break-".repeat(8), of("bo"), { notify: { users: ["ana"] } });
  const page = await signedIn(cluster.urls[0], keys.ana, { path: "/notifications" });
  await row(page, "please approve").waitFor();
  await page.getByText("U+202E").waitFor();
  await row(page, "a-very-long-title").waitFor();
  await looksRight(page, "notifications", [".told"]);
  await page.setViewportSize({ width: 320, height: 700 });
  assert.deepEqual(await axe(page), []);
  await fits(page, "notifications, 320 px");
  // On a phone the bell is in the bar of each other page.
  for (const path of ["/inbox", "/history", "/settings/you"]) {
    await page.goto(`${cluster.urls[0]}${path}`);
    await says(page, 2);
    await fits(page, `${path}, 320 px`);
  }
  await unharmed(page);
  await page.context().close();
});

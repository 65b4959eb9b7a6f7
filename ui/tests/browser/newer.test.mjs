import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { APPROVER, Cluster, addressOf, axe, closeBrowser, open, signedIn, unharmed, until } from "./harness.mjs";
import { Front } from "./newer.mjs";

let cluster;
before(async () => {
  cluster = await Cluster.start({ instances: 2, balancer: true });
});
after(async () => {
  await closeBrowser();
  await cluster.stop();
});

const row = (page, title) => page.locator(".row").filter({ hasText: title });
const comment = (page) => page.getByLabel("Comment (optional)");
const build = (page) => page.locator("meta[name=build]").getAttribute("content");
const mark = (page) => page.evaluate(() => (globalThis.stayed = true));
const isMarked = (page) => page.evaluate(() => globalThis.stayed === true);
const there = (page, name) => page.getByRole("navigation").getByRole("link", { name }).first();
const cached = (page, name) => page.evaluate((it) => caches.has(`signoff-${it}`), name);

test("a newer app is served while one works: nothing breaks or is loaded anew, until one wants it", async () => {
  const front = await Front.before(cluster.url);
  const { keys, agent } = await cluster.workspace({ ana: [...APPROVER, "connection:view"] });
  const [one, other] = [await agent.ask({ title: "Decided on the old page" }), await agent.ask({ title: "Decided on the new page" })];
  const page = await signedIn(front.url, keys.ana, { path: `/inbox/${one.id}` });
  assert.equal(await build(page), front.build);
  await until("its files are kept", () => cached(page, front.build));
  await comment(page).fill("Typed on the old page.");
  await row(page, "Decided on the new page").locator(".row-a").click();
  await page.waitForURL((url) => url.pathname.endsWith(other.id));
  await comment(page).fill("Kept for the new page.");
  await mark(page);
  assert.equal(await page.getByText("A newer version is here.").count(), 0);

  front.replace();
  const note = page.getByRole("status").filter({ hasText: "A newer version is here." });
  await note.waitFor();
  assert.equal(await comment(page).inputValue(), "Kept for the new page.");
  // The worker of the new build takes over; the files of the old one are gone from the server, and kept for this page.
  await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
  await until("the new worker is there", () => cached(page, front.next));
  await until("it has taken over", () => page.evaluate(async () => ((await navigator.serviceWorker.ready).active?.state ?? "") === "activated" && !(await navigator.serviceWorker.ready).installing));
  // While the pointer is over a row, the list stands still.
  await page.mouse.move(1, 1);
  await agent.ask({ title: "Asked meanwhile" });
  await row(page, "Asked meanwhile").waitFor();
  for (const [name, heading] of [["History", "History"], ["Operations", "Operations"], ["Settings", "Settings"]]) {
    await there(page, name).click();
    await page.getByRole("heading", { level: 1, name: heading }).waitFor();
    assert.equal(await page.getByRole("heading", { name: "could not be" }).count(), 0);
  }
  await there(page, /Inbox/).click();
  await row(page, "Decided on the old page").locator(".row-a").click();
  await page.waitForURL((url) => url.pathname.endsWith(one.id));
  assert.equal(await comment(page).inputValue(), "Typed on the old page.");
  await page.locator(".act .b-ok:not([disabled])").click();
  await page.getByText(/^Approve as ana/).waitFor();
  await page.waitForFunction((begun) => performance.now() - begun > 450, await page.evaluate(() => performance.now()));
  await page.keyboard.press("Enter");
  await page.getByText("Your approval is recorded.").first().waitFor();
  assert.deepEqual(await axe(page), []);
  assert.ok(await isMarked(page), "it was not loaded anew by itself");
  assert.equal(await build(page), front.build);

  await note.getByRole("button", { name: "Load it" }).click();
  await until("the new one is there", async () => (await build(page)) === front.next);
  await row(page, "Decided on the new page").locator(".row-a").click();
  await page.waitForURL((url) => url.pathname.endsWith(other.id));
  assert.equal(await comment(page).inputValue(), "Kept for the new page.");
  await page.locator(".live").filter({ visible: true }).first().getByText("Live").waitFor();
  assert.equal(await note.count(), 0);
  assert.deepEqual((await agent.call("GET", `/approvals/${one.id}/decisions`)).body.items.map((it) => it.feedback), ["Typed on the old page."]);
  await unharmed(page);
  await page.context().close();
  front.end();
});

test("a page whose file is gone with its build says so, and loads the new one where it was going", async () => {
  const front = await Front.before(cluster.url);
  const { keys } = await cluster.workspace({ ana: APPROVER });
  // As over plain HTTP, where browsers have no service workers.
  const page = await signedIn(front.url, keys.ana, { serviceWorkers: "block" });
  await page.getByText("Nothing waits for you").filter({ visible: true }).first().waitFor();
  front.replace();
  await there(page, "History").click();
  await page.getByText("A newer version is here.").filter({ visible: true }).first().waitFor();
  await page.getByRole("button", { name: /Try again|Load it/ }).first().click();
  await page.getByRole("heading", { level: 1, name: "History" }).waitFor();
  assert.equal(await build(page), front.next);
  assert.equal((await addressOf(page)).pathname, "/history");
  await page.context().close();
  front.end();
});

test("a page from a new instance whose files were asked of an old one comes by itself", async () => {
  const front = await Front.before(cluster.url);
  front.halfway = true;
  const page = await open(front.url);
  const missed = page.waitForResponse((it) => /\/assets\/.*\.js$/.test(it.url()) && it.status() === 404);
  await page.goto(`${front.url}/sign-in`);
  await missed;
  assert.equal(await page.getByLabel("API key").count(), 0);
  front.replace();
  await page.getByLabel("API key").waitFor();
  assert.equal(await build(page), front.next);
  await page.context().close();
  front.end();
});

// Ten thousand pending: what is in the document, where the keyboard leads, and that nothing moves under the pointer. How
// many frames a second it makes is measured by `./dev bench ui`.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { APPROVER, Api, Cluster, closeBrowser, signedIn, unharmed, until } from "./harness.mjs";
import { Session } from "./database.mjs";

const [MINE, OTHERS, MOST] = [9000, 1000, 60];

let cluster;
let keys;
let agent;
let page;
before(async () => {
  cluster = await Cluster.start({ instances: 2 });
  ({ keys, agent } = await cluster.workspace({ ana: APPROVER, bo: APPROVER }));
  const asked = [
    [MINE, { title: "Mine", timeout_seconds: 7200, policy: { extension: { max_seconds: 86_400 } } }],
    // Sooner than all that is mine: the order of time is not the order of the groups.
    [OTHERS, { title: "Theirs", timeout_seconds: 3600, policy: { allowed_approvers: ["bo"], min_approvers: 1 } }],
  ];
  const database = new Session();
  for (const [amount, body] of asked) await database.copy((await agent.ask(body)).id, amount - 1);
  database.end();
  page = await signedIn(cluster.urls[0], keys.ana, { height: 1500 });
  await all(page);
});
after(async () => {
  await closeBrowser();
  await cluster.stop();
});

/** All are read, the last ones behind the first page. */
async function all(on) {
  await on.locator(".rows").nth(1).waitFor();
  await on.waitForFunction(() => document.querySelector(".list-more") === null);
}

const group = (label) => page.getByRole("list", { name: label });
const row = (title) => page.locator(".row").filter({ hasText: title });
const top = async (title) => Math.round((await row(title).boundingBox()).y);
const focused = () => page.evaluate(() => {
  const own = document.activeElement.closest(".row");
  const box = own?.getBoundingClientRect();
  const list = own?.closest(".scroll").getBoundingClientRect();
  return own && { title: own.querySelector(".row-t").textContent, place: `${own.ariaPosInSet} of ${own.ariaSetSize}`, inView: box.top > list.top - 1 && box.bottom < list.bottom + 1 };
});
/** Over the list; and over what stands beside it. */
const [OVER, BESIDE] = [[400, 400], [1000, 400]];
const scrollTo = (y) => page.evaluate((to) => {
  document.querySelector(".list .scroll").scrollTop = to;
  return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}, y);

test("scrolled to the very end: every row was there, at its true place, and never more than 60 at once", async () => {
  const seen = await page.evaluate(async () => {
    const scroller = document.querySelector(".list .scroll");
    const places = [new Set(), new Set()];
    const sizes = [new Set(), new Set()];
    let [most, bare] = [0, 0];
    const wrong = [];
    const watcher = new MutationObserver(() => (most = Math.max(most, scroller.querySelectorAll(".row").length)));
    watcher.observe(scroller, { childList: true, subtree: true });
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const look = () => {
      const box = scroller.getBoundingClientRect();
      [...scroller.querySelectorAll(".rows")].forEach((list, which) => {
        const height = list.firstElementChild?.getBoundingClientRect().height;
        for (const one of list.children) {
          const place = Number(one.ariaPosInSet);
          places[which].add(place);
          sizes[which].add(Number(one.ariaSetSize));
          const there = Math.round((one.getBoundingClientRect().top - list.getBoundingClientRect().top) / height) + 1;
          if (there !== place) wrong.push(`${place} at ${there}`);
        }
      });
      // What can be seen is never empty.
      for (const part of [0.1, 0.5, 0.9]) {
        const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height * part);
        if (!hit?.closest(".row, .group-h")) bare += 1;
      }
    };
    for (let last = -1; scroller.scrollTop !== last; ) {
      look();
      last = scroller.scrollTop;
      scroller.scrollTop += 2000;
      await frame();
    }
    look();
    watcher.disconnect();
    const end = scroller.getBoundingClientRect().bottom - [...scroller.querySelectorAll(".rows")].at(-1).getBoundingClientRect().bottom;
    return { places: places.map((it) => it.size), sizes: sizes.map((it) => [...it]), most, bare, wrong, end: Math.abs(Math.trunc(end)) };
  });
  assert.ok(seen.most > 10 && seen.most <= MOST, `${seen.most} rows at once`);
  assert.deepEqual({ ...seen, most: MOST }, { places: [MINE, OTHERS], sizes: [[MINE], [OTHERS]], most: MOST, bare: 0, wrong: [], end: 0 });
  await row("Theirs 00999").waitFor();
  await unharmed(page);
});

test("the keyboard leads to the last and back, and says truly which one it is", async () => {
  await scrollTo(0);
  await page.keyboard.press("j");
  await page.waitForFunction(() => document.activeElement.closest(".row") !== null);
  for (const [key, title, place] of [
    ["ArrowDown", "Mine 00002", `3 of ${MINE}`], ["ArrowUp", "Mine 00001", `2 of ${MINE}`], ["End", "Theirs 00999", `${OTHERS} of ${OTHERS}`],
    ["k", "Theirs 00998", `${OTHERS - 1} of ${OTHERS}`], ["j", "Theirs 00999", `${OTHERS} of ${OTHERS}`], ["j", "Theirs 00999", `${OTHERS} of ${OTHERS}`],
    ["Home", "Mine", `1 of ${MINE}`], ["k", "Mine", `1 of ${MINE}`],
  ]) {
    await page.keyboard.press(key);
    await page.waitForFunction((wanted) => document.activeElement.closest(".row")?.querySelector(".row-t").textContent === wanted, title);
    assert.deepEqual(await focused(), { title, place, inView: true }, key);
    // What has the focus is what stands beside the list.
    await page.getByRole("heading", { name: title, exact: true }).waitFor();
  }
  await page.keyboard.press("PageDown");
  await page.waitForFunction(() => Number(document.activeElement.closest(".row")?.ariaPosInSet) > 5);
  assert.equal((await focused()).inView, true);
  assert.ok((await page.locator(".list .row").count()) <= MOST);
  await unharmed(page);
});

test("the focus stays on its row while the list is scrolled far away, others come and go, and it ends itself", async () => {
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  const title = "Mine 00001";
  await page.waitForFunction((wanted) => document.activeElement.closest(".row")?.querySelector(".row-t").textContent === wanted, title);
  const bo = new Api(cluster.urls[1], keys.bo);
  await page.mouse.move(...OVER);
  await page.mouse.wheel(0, 200_000);
  await page.waitForFunction(() => document.querySelector(".list .scroll").scrollTop > 150_000);
  assert.equal((await focused()).title, title);
  await page.mouse.move(...BESIDE);
  // One comes before it, and one before it ends: its place is told truly each time.
  const sooner = await agent.ask({ title: "Sooner", timeout_seconds: 1800 });
  await page.waitForFunction((size) => Number(document.activeElement.closest(".row").ariaSetSize) === size, MINE + 1);
  assert.equal((await focused()).place, `3 of ${MINE + 1}`);
  await bo.call("POST", `/approvals/${sooner.id}/approve`, {});
  await page.waitForFunction((size) => Number(document.activeElement.closest(".row").ariaSetSize) === size, MINE);
  assert.equal((await focused()).place, `2 of ${MINE}`);
  const own = await page.evaluate(() => document.activeElement.dataset.id);
  await bo.call("POST", `/approvals/${own}/reject`, { reason: "Not this one." });
  await row(title).getByText("Rejected").waitFor();
  assert.equal((await focused()).title, title);
  assert.ok((await page.locator(".list .row").count()) <= MOST);
  await page.keyboard.press("ArrowDown");
  await page.waitForFunction(() => document.activeElement.closest(".row")?.querySelector(".row-t").textContent === "Mine 00002");
  // Once it is left it goes, and the focus is where it was.
  await page.waitForFunction((size) => Number(document.activeElement.closest(".row").ariaSetSize) === size, MINE - 1);
  assert.equal(await row(title).count(), 0);
  assert.deepEqual(await focused(), { title: "Mine 00002", place: `2 of ${MINE - 1}`, inView: true });
  await unharmed(page);
});

test("while rows are chosen the focus stays on its row too, wherever the pointer scrolls the list", async () => {
  await page.keyboard.press("x");
  const title = "Mine 00003";
  await page.keyboard.press("ArrowDown");
  await page.waitForFunction((wanted) => document.activeElement.closest(".row")?.querySelector(".row-t").textContent === wanted, title);
  await page.mouse.move(...OVER);
  await page.mouse.wheel(0, 100_000);
  await page.waitForFunction(() => document.querySelector(".list .scroll").scrollTop > 90_000);
  await page.mouse.move(OVER[0] + 9, OVER[1] + 90);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  assert.equal((await focused())?.title, title);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await unharmed(page);
});

test("no row moves under a pointer that is held over it, until it is taken away", async () => {
  await page.mouse.move(...BESIDE);
  await scrollTo(0);
  const bo = new Api(cluster.urls[1], keys.bo);
  const ids = await page.locator(".list .rows").first().locator(".row-a").evaluateAll((links) => links.map((it) => it.dataset.id));
  const under = "Mine 00016";
  await page.clock.install();
  await row(under).hover();
  const here = await top(under);
  const [ended, extended] = [await row("Mine 00012").locator(".row-a").getAttribute("data-id"), await row("Mine 00014").locator(".row-a").getAttribute("data-id")];
  assert.ok(ids.includes(ended));
  // Above it: one comes, one ends, one is given more time, one goes to others.
  await agent.ask({ title: "Newest and soonest", timeout_seconds: 600 });
  await page.getByRole("button", { name: "1 new, held back" }).waitFor();
  await bo.call("POST", `/approvals/${ended}/approve`, {});
  await row("Mine 00012").getByText("Approved").waitFor();
  assert.equal((await bo.call("POST", `/approvals/${extended}/extend`, { seconds: 86_400, reason: "Not before tomorrow." })).status, 200);
  await row("Mine 00014").getByText("1 d").waitFor();
  assert.equal(await top(under), here);
  // Longer than an ended row stays where nobody looks, and than a pointer is thought to be in use. Below, another has its turn.
  const below = await row("Mine 00018").locator(".row-a").getAttribute("data-id");
  await page.clock.fastForward(7000);
  await bo.call("POST", `/approvals/${below}/approve`, {});
  await row("Mine 00018").getByText("Approved").waitFor();
  assert.equal(await top(under), here);
  assert.equal(await row("Newest and soonest").count(), 0);
  // The pointer goes: the new one is there, the ended ones go, the late one is at its own place.
  await page.mouse.move(...BESIDE);
  await row("Newest and soonest").waitFor();
  await row("Mine 00012").waitFor({ state: "detached" });
  assert.equal(await row("Mine 00014").count(), 0);
  await unharmed(page);
});

test("no row moves under the pointer while the others are still being read", async () => {
  const other = await signedIn(cluster.urls[1], keys.ana, { routed: true });
  await all(other);
  // Each page waits until the one before was looked at.
  const pages = [];
  await other.route("**/approvals/pending?*cursor=*", (route) => pages.push(route));
  await other.reload();
  await other.locator(".rows").nth(1).waitFor();
  await other.locator(".list-more").waitFor();
  await other.locator(".rows").nth(1).locator(".row").first().hover();
  const place = () => other.evaluate(() => {
    const own = document.querySelector(".row:hover");
    return own && [own.querySelector(".row-t").textContent, Math.round(own.getBoundingClientRect().top)];
  });
  const before = await place();
  assert.match(before[0], /^Theirs/);
  const height = () => other.evaluate(() => document.querySelector(".rows").clientHeight);
  for (let size = await height(), turns = 0; size === (await height()) && turns < 20; turns += 1) {
    const count = await other.evaluate(() => document.querySelector(".list .scroll").scrollHeight);
    await until("the next page is asked for", () => pages.length > 0);
    for (const route of pages.splice(0)) await route.continue();
    await other.waitForFunction((was) => document.querySelector(".list .scroll").scrollHeight > was, count);
  }
  assert.deepEqual(await place(), before);
  await unharmed(other);
});

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { APPROVER, Api, Cluster, axe, closeBrowser, signedIn, unharmed, until } from "./harness.mjs";

let cluster;
before(async () => {
  cluster = await Cluster.start({ instances: 2 });
});
after(async () => {
  await closeBrowser();
  await cluster.stop();
});

const SECONDS = 12;

/** A page whose clock is wrong. `realNow` is the server's: they run on one machine. */
const wrongClock = (by) => {
  const Real = Date;
  globalThis.realNow = () => Real.now();
  globalThis.Date = class extends Real {
    constructor(...given) {
      if (given.length > 0) super(...given);
      else super(Real.now() + by);
    }
    static now() {
      return Real.now() + by;
    }
  };
};

/** Notes when the page first says that the time is up, and whether it ever says more than it was told. */
const watchWords = () => {
  globalThis.upAt = null;
  globalThis.said = [];
  const look = () => {
    const text = document.querySelector("article")?.innerText ?? "";
    if (/time is up/.test(text)) globalThis.upAt ??= globalThis.realNow();
    for (const word of ["Expired", "Rejected", "rejected this", "Approved"]) if (text.includes(word) && !globalThis.said.includes(word)) globalThis.said.push(word);
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  look();
};

/** How far what the page shows is from the truth, in seconds. */
const error = (page, end) =>
  page.evaluate((at) => {
    const [, minutes, seconds] = /(\d+):(\d\d)\s+left/.exec(document.querySelector(".fuse-l").innerText);
    return Number(minutes) * 60 + Number(seconds) - (at - globalThis.realNow()) / 1000;
  }, end);

/** A page that nothing of an approval reaches until it is let go on. */
async function deaf(page) {
  const kept = [];
  let holds = false;
  await page.routeWebSocket(/\/api\/v1\/feed$/, (feed) => {
    const server = feed.connectToServer();
    server.onMessage((text) => {
      if (holds && /"event_type":"(approval|counts)"/.test(String(text))) kept.push(() => feed.send(text));
      else feed.send(text);
    });
  });
  await page.route(/\/api\/v1\/approvals/, (route) => {
    if (!holds || route.request().method() !== "GET") return route.continue();
    kept.push(() => route.continue().catch(() => {}));
  });
  return {
    hold: () => (holds = true),
    release: () => {
      holds = false;
      for (const go of kept.splice(0)) void go();
    },
  };
}

const breath = async (page) => page.waitForFunction((begun) => performance.now() - begun > 450, await page.evaluate(() => performance.now()));
const confirming = async (page) => {
  await page.locator(".act .b-ok:not([disabled])").waitFor();
  await page.getByRole("heading", { level: 1 }).first().click();
  await page.keyboard.press("a");
  await page.getByText(/^Approve as ana/).waitFor();
};
const verdict = (page) => page.locator(".verdict");

/** An expiry in its own words, shape and colour: nobody said no. */
async function expiredAlone(page, title) {
  await verdict(page).getByText(title, { exact: true }).waitFor();
  await verdict(page).getByText(/nobody had answered/).waitFor();
  assert.match(await verdict(page).getAttribute("class"), /\bst-late\b/);
  await page.locator(".act .b-ok, .act .b-no").first().waitFor({ state: "detached" });
  assert.ok(!(await page.locator("article").innerText()).match(/rejected|declined|refused/i));
  assert.equal(await page.getByText(/is recorded/).count(), 0);
  // On a page without a list the row isn't there to say it; the message to readers of screens is.
  assert.deepEqual(await axe(page), []);
}

for (const [by, how] of [[3000, "fast"], [-3000, "slow"]]) {
  test(`time runs out while one reads, confirms, or sends, by a clock that is 3 s ${how}: expired, never rejected, and never too early`, async () => {
    const { keys, agent } = await cluster.workspace({ ana: APPROVER });
    const reading = await signedIn(cluster.urls[0], keys.ana, { first: [wrongClock, by], routed: true });
    const pages = { reading, confirming: await reading.context().newPage(), sending: await reading.context().newPage() };
    const ears = {};
    for (const [name, page] of Object.entries(pages)) {
      page.faults ??= [];
      page.on("pageerror", (it) => page.faults.push(String(it)));
      page.setDefaultTimeout(30_000);
      ears[name] = await deaf(page);
    }
    const made = {};
    for (const name of Object.keys(pages)) made[name] = await agent.ask({ title: `Refund while ${name}`, timeout_seconds: SECONDS });
    const waits = Object.values(made).map(({ id }) => agent.wait(id));
    const sent = [];
    await Promise.all(
      Object.entries(pages).map(async ([name, page]) => {
        page.on("request", (request) => request.method() === "POST" && request.url().includes("/approve") && sent.push(name));
        await page.goto(`${cluster.urls[0]}/approvals/${made[name].id}`);
        await page.locator(".act .b-ok:not([disabled])").waitFor();
        await page.evaluate(watchWords);
        const end = Date.parse(made[name].expires_at);
        await until("the countdown is the server's", async () => Math.abs(await error(page, end)) < 1.5, 8000);
      }),
    );
    await pages.reading.getByLabel("Comment (optional)").fill("Almost decided.");
    for (const name of ["confirming", "sending"]) await confirming(pages[name]);
    ears.reading.hold();
    ears.sending.hold();

    // Reading: at zero the page asks, and says no more than that, until it is answered.
    await pages.reading.getByText("asking the server how it ended").waitFor();
    await until("the server has ended it", async () => (await new Api(cluster.urls[1], keys.agent).show(made.reading.id)).status === "expired");
    assert.deepEqual(await pages.reading.evaluate(() => globalThis.said), []);
    ears.reading.release();
    await expiredAlone(pages.reading, "Expired");
    await pages.reading.getByText("Your draft is still here:").waitFor();
    await pages.reading.getByText("Almost decided.").waitFor();

    // Confirming: the buttons go by themselves, and Enter sends nothing any more.
    await expiredAlone(pages.confirming, "Expired");
    await pages.confirming.keyboard.press("Enter");

    // Sending: it comes too late by a page that could not know.
    await breath(pages.sending);
    await pages.sending.keyboard.press("Enter");
    await until("it was sent", () => sent.length > 0);
    ears.sending.release();
    await expiredAlone(pages.sending, "Expired while you were reading");
    await pages.sending.locator(".verdict[role=alert]").waitFor();
    assert.deepEqual(sent, ["sending"]);

    for (const [name, page] of Object.entries(pages)) {
      const at = await page.evaluate(() => globalThis.upAt);
      // A second for what the network may hide; an uncorrected clock would be three off.
      assert.ok(at === null || at >= Date.parse(made[name].expires_at) - 1000, `${name}: ${Date.parse(made[name].expires_at) - at} ms too early`);
      await unharmed(page);
    }
    for (const waited of await Promise.all(waits)) assert.deepEqual([waited.body.status, waited.body.resolution ?? null], ["expired", null]);
    assert.equal((await agent.call("GET", `/approvals/${made.sending.id}/decisions`)).body.items.length, 0);
    await reading.context().close();
  });
}

test("what its timeout rejects is told apart from what a person rejects", async () => {
  const { keys, agent } = await cluster.workspace({ ana: APPROVER, cy: APPROVER });
  const timed = await agent.ask({ title: "Ends by its timeout", timeout_seconds: 2, timeout_action: "reject" });
  const human = await agent.ask({ title: "Ends by a person", timeout_seconds: 900 });
  await new Api(cluster.urls[1], keys.cy).call("POST", `/approvals/${human.id}/reject`, { reason: "No." });
  const page = await signedIn(cluster.urls[0], keys.ana, { path: `/approvals/${timed.id}` });
  await verdict(page).getByText("Rejected by timeout").waitFor();
  await verdict(page).getByText(/Its timeout rejected it|nobody had answered/).first().waitFor();
  assert.equal(await page.getByText(/cy|ana rejected/).filter({ visible: true }).and(page.locator(".verdict *")).count(), 0);
  const shapes = [await verdict(page).locator("use").first().getAttribute("href")];
  await page.goto(`${cluster.urls[0]}/approvals/${human.id}`);
  await verdict(page).getByText("cy rejected this at").waitFor();
  shapes.push(await verdict(page).locator("use").first().getAttribute("href"));
  assert.notEqual(shapes[0], shapes[1], "another shape");
  await unharmed(page);
});

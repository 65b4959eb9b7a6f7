import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { APPROVER, Cluster, closeBrowser, signedIn, unharmed } from "./harness.mjs";

const TIMES = Number(process.env.SIGNOFF_RACES ?? 200);

let cluster;
before(async () => {
  cluster = await Cluster.start({ instances: 2 });
});
after(async () => {
  await closeBrowser();
  await cluster.stop();
});

/** Opens an approval and goes as far as the confirmation; returns what sends. */
async function poised(page, path, how) {
  await page.evaluate((to) => {
    history.pushState(null, "", to);
    dispatchEvent(new PopStateEvent("popstate"));
  }, path);
  await page.locator(".act .b-ok:not([disabled])").waitFor();
  if (how === "approve") {
    await page.locator(".act .b-ok").click();
    await page.getByText(/^Approve as/).waitFor();
  } else {
    await page.locator(".act .b-no").click();
    await page.getByLabel("Reason", { exact: true }).fill("Not this one.");
  }
  await page.waitForFunction((begun) => performance.now() - begun > 420, await page.evaluate(() => performance.now()));
}

/** At a moment of the page's own clock, so that both send within milliseconds. Says what the page had said before its answer came. */
const fire = (page, at) =>
  page.evaluate(async (moment) => {
    const button = document.querySelector(".act button[type=submit]");
    await new Promise((done) => setTimeout(done, moment - Date.now() - 20));
    while (Date.now() < moment);
    button.click();
    const early = [];
    const seen = () => /is recorded|approved this|rejected this/i.test(document.querySelector("article")?.innerText ?? "");
    globalThis.answered = false;
    while (!globalThis.answered) {
      if (seen()) early.push(document.querySelector("article").innerText);
      await new Promise((done) => setTimeout(done, 1));
      if (globalThis.answers > 0) globalThis.answered = true;
    }
    return early;
  }, at);

test(`two windows approve and reject at the same moment, ${TIMES} times: one is recorded, the other is told who was first`, async () => {
  const { keys, agent } = await cluster.workspace({ ana: APPROVER, cy: APPROVER });
  const [ana, cy] = await Promise.all([signedIn(cluster.urls[0], keys.ana), signedIn(cluster.urls[1], keys.cy)]);
  for (const page of [ana, cy]) {
    await page.evaluate(() => {
      const real = globalThis.fetch;
      globalThis.answers = 0;
      globalThis.fetch = async (...call) => {
        const response = await real(...call);
        if (/\/(approve|reject)$/.test(String(call[0]))) globalThis.answers += 1;
        return response;
      };
    });
  }
  const won = { ana: 0, cy: 0 };
  for (let turn = 0; turn < TIMES; turn += 1) {
    const { id } = await agent.ask({ title: `Race ${turn}`, timeout_seconds: 900 });
    const path = `/approvals/${id}`;
    await Promise.all([poised(ana, path, "approve"), poised(cy, path, "reject")]);
    await Promise.all([ana, cy].map((page) => page.evaluate(() => (globalThis.answers = 0))));
    const at = Date.now() + 60;
    const early = await Promise.all([fire(ana, at), fire(cy, at)]);
    assert.deepEqual(early.flat(), [], "no outcome is shown before its answer");
    const recorded = (page) => page.getByText(/Your (approval|rejection) is recorded\./);
    const late = (page) => page.getByRole("alert").getByText(/Not (approved|rejected): /);
    await Promise.all([ana, cy].map((page) => recorded(page).or(late(page)).first().waitFor()));
    const says = await Promise.all([ana, cy].map(async (page) => [await recorded(page).count(), await late(page).count()]));
    const { resolved_by: winner } = await agent.show(id);
    won[winner] += 1;
    assert.deepEqual(says, winner === "ana" ? [[1, 0], [0, 1]] : [[0, 1], [1, 0]], `turn ${turn}, ${winner} won`);
    const loser = winner === "ana" ? cy : ana;
    await loser.getByRole("alert").getByText(new RegExp(`: ${winner} (approved|rejected) it first`)).waitFor();
  }
  assert.ok(won.ana + won.cy === TIMES);
  console.log(`ana won ${won.ana}, cy ${won.cy}`);
  await Promise.all([ana, cy].map(unharmed));
});

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { APPROVER, Cluster, closeBrowser, signedIn, unharmed } from "./harness.mjs";

const TIMES = Number(process.env.SIGNOFF_RACES ?? 200);
/** Further apart than this it is no race, and is not counted as one. */
const APART = 5;
/** Pairs of windows. One pair races at a time; the others get ready meanwhile, which takes longer. */
const PAIRS = 3;

let cluster;
before(async () => {
  cluster = await Cluster.start({ instances: 2 });
});
after(async () => {
  await closeBrowser();
  await cluster.stop();
});

/** Counts the answers that have come, and keeps what the page says of an outcome before its own has. */
const watchAnswers = () => {
  const real = globalThis.fetch;
  globalThis.answers = 0;
  globalThis.racing = false;
  globalThis.early = [];
  globalThis.fetch = async (...call) => {
    const decides = /\/(approve|reject)$/.test(String(call[0]));
    const response = await real(...call);
    if (decides) globalThis.answers += 1;
    return response;
  };
  new MutationObserver(() => {
    if (!globalThis.racing || globalThis.answers > 0) return;
    const text = document.querySelector("article")?.innerText ?? "";
    if (/is recorded|approved this|rejected this/i.test(text)) globalThis.early.push(text);
  }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
};

/** Opens an approval and goes as far as the confirmation. */
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

/** Sends at a moment of the machine's clock; answers when it did, once its answer has come. */
const fire = (page, at) =>
  page.evaluate(async (moment) => {
    const button = document.querySelector(".act button[type=submit]");
    globalThis.answers = 0;
    globalThis.early = [];
    globalThis.racing = true;
    const now = () => performance.timeOrigin + performance.now();
    await new Promise((done) => setTimeout(done, moment - now() - 25));
    while (now() < moment);
    const sent = now();
    button.click();
    while (globalThis.answers === 0) await new Promise((done) => setTimeout(done, 2));
    globalThis.racing = false;
    return { sent, early: globalThis.early };
  }, at);

const recorded = (page) => page.getByText(/Your (approval|rejection) is recorded\./);
const late = (page) => page.getByRole("alert").getByText(/Not (approved|rejected): /);

/** What each of the two says in the end is what the server has. */
async function settled({ ana, cy }, { resolved_by: winner }, turn) {
  await Promise.all([ana, cy].map((page) => recorded(page).or(late(page)).first().waitFor()));
  const says = await Promise.all([ana, cy].map(async (page) => [await recorded(page).count(), await late(page).count()]));
  assert.deepEqual(says, winner === "ana" ? [[1, 0], [0, 1]] : [[0, 1], [1, 0]], `turn ${turn}, ${winner} won`);
  const loser = winner === "ana" ? cy : ana;
  await loser.getByRole("alert").getByText(new RegExp(`: ${winner} (approved|rejected) it first`)).waitFor();
}

async function windows(keys) {
  const first = { ana: await signedIn(cluster.urls[0], keys.ana), cy: await signedIn(cluster.urls[1], keys.cy) };
  const pairs = [first];
  for (let more = 1; more < PAIRS; more += 1) {
    const pair = {};
    for (const name of ["ana", "cy"]) {
      const page = await first[name].context().newPage();
      page.faults = [];
      page.on("pageerror", (error) => page.faults.push(String(error)));
      page.setDefaultTimeout(30_000);
      await page.goto(new URL("/inbox", first[name].url()).href);
      pair[name] = page;
    }
    pairs.push(pair);
  }
  for (const pair of pairs) for (const page of Object.values(pair)) await page.evaluate(watchAnswers);
  return pairs;
}

test(`two windows approve and reject within ${APART} ms, ${TIMES} times: one is recorded, the other is told who was first`, async () => {
  const { keys, agent } = await cluster.workspace({ ana: APPROVER, cy: APPROVER });
  const pairs = await windows(keys);
  const won = { ana: 0, cy: 0 };
  let [begun, raced, turns, widest] = [0, 0, 0, 0];
  let track = Promise.resolve();
  /** One after the other: two races at once would slow each other down. */
  const alone = (work) => {
    const mine = track.then(work);
    track = mine.catch(() => {});
    return mine;
  };
  const runs = async (pair) => {
    while (raced + begun < TIMES) {
      begun += 1;
      const turn = (turns += 1);
      const { id } = await agent.ask({ title: `Race ${turn}`, timeout_seconds: 900 });
      await Promise.all([poised(pair.ana, `/approvals/${id}`, "approve"), poised(pair.cy, `/approvals/${id}`, "reject")]);
      const sent = await alone(() => {
        const at = Date.now() + 60;
        return Promise.all([fire(pair.ana, at), fire(pair.cy, at)]);
      });
      assert.deepEqual(sent.flatMap((it) => it.early), [], "no outcome is shown before its answer");
      const shown = await agent.show(id);
      await settled(pair, shown, turn);
      begun -= 1;
      const apart = Math.abs(sent[0].sent - sent[1].sent);
      if (apart > APART) continue;
      raced += 1;
      widest = Math.max(widest, apart);
      won[shown.resolved_by] += 1;
      assert.ok(turns < 4 * TIMES + 20, `the machine is too busy for a race: ${raced} of ${turns} were one`);
    }
  };
  const began = Date.now();
  await Promise.all(pairs.map(runs));
  assert.ok(raced >= TIMES && won.ana + won.cy === raced);
  console.log(`${raced} races of ${turns} turns in ${Math.round((Date.now() - began) / 1000)} s, at most ${widest.toFixed(1)} ms apart: ana won ${won.ana}, cy ${won.cy}`);
  await Promise.all(pairs.flatMap((pair) => [pair.ana, pair.cy].map(unharmed)));
});

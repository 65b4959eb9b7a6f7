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
  /** The one before is gone from the page. */
  globalThis.shows = (path) => document.querySelector("article")?.innerHTML.includes(path.split("/").at(-1)) ?? false;
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

/** Opens an approval and goes as far as the confirmation: by the page's own buttons, in one call. */
const poised = (page, path, how) =>
  page.evaluate(
    async ([to, verb]) => {
      const there = async (find) => {
        for (const end = performance.now() + 30_000; performance.now() < end; ) {
          const found = find();
          if (found) return found;
          await new Promise((done) => setTimeout(done, 20));
        }
        throw new Error(`not in time: ${verb} ${to}`);
      };
      history.pushState(null, "", to);
      dispatchEvent(new PopStateEvent("popstate"));
      const button = await there(() => globalThis.shows(to) && document.querySelector(verb === "approve" ? ".act .b-ok:not([disabled])" : ".act .b-no:not([disabled])"));
      button.click();
      await there(() => document.querySelector(".act button[type=submit]") && /^(Approve as|Reject as)/m.test(document.querySelector(".act").innerText));
      if (verb === "reject") {
        const reason = document.querySelector(".act textarea");
        reason.value = "Not this one.";
        reason.dispatchEvent(new InputEvent("input", { bubbles: true }));
      }
      await new Promise((done) => setTimeout(done, 420));
    },
    [path, how],
  );

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

/** What the page says once it says how it ended: whether mine is recorded, and whether another was first. */
const says = (page) =>
  page.evaluate(async () => {
    for (const end = performance.now() + 30_000; ; ) {
      const text = document.querySelector("article").innerText;
      const recorded = /Your (approval|rejection) is recorded\./.test(text);
      const alert = document.querySelector("article [role=alert]")?.innerText ?? "";
      const late = /Not (approved|rejected): (\w+) (approved|rejected) it first/.exec(alert);
      if (recorded || late || performance.now() > end) return { recorded, first: late?.[2] ?? null, text };
      await new Promise((done) => setTimeout(done, 20));
    }
  });

/** What each of the two says in the end is what the server has. */
async function settled({ ana, cy }, { resolved_by: winner }, turn) {
  const [of_ana, of_cy] = (await Promise.all([ana, cy].map(says))).map(({ recorded, first }) => [recorded, first]);
  const [mine, late] = [[true, null], [false, winner]];
  assert.deepEqual([of_ana, of_cy], winner === "ana" ? [mine, late] : [late, mine], `turn ${turn}, ${winner} won`);
}

/** In a workspace of their own: the others' news is none of theirs. */
async function windows() {
  const { keys, agent } = await cluster.workspace({ ana: APPROVER, cy: APPROVER });
  const [ana, cy] = await Promise.all([signedIn(cluster.urls[0], keys.ana), signedIn(cluster.urls[1], keys.cy)]);
  for (const page of [ana, cy]) await page.evaluate(watchAnswers);
  return { ana, cy, agent };
}

test(`two windows approve and reject within ${APART} ms, ${TIMES} times: one is recorded, the other is told who was first`, async () => {
  const pairs = await Promise.all(Array.from({ length: PAIRS }, windows));
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
      const { id } = await pair.agent.ask({ title: `Race ${turn}`, timeout_seconds: 900 });
      await Promise.all([poised(pair.ana, `/approvals/${id}`, "approve"), poised(pair.cy, `/approvals/${id}`, "reject")]);
      const sent = await alone(() => {
        const at = Date.now() + 60;
        return Promise.all([fire(pair.ana, at), fire(pair.cy, at)]);
      });
      assert.deepEqual(sent.flatMap((it) => it.early), [], "no outcome is shown before its answer");
      const shown = await pair.agent.show(id);
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

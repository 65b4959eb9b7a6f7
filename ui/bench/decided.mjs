// From a decision in one window to the frame that shows it in another, whose feed is on the other instance.

import { APPROVER } from "../tests/browser/harness.mjs";
import { add } from "./figures.mjs";
import { cold, feedOf, goTo } from "./page.mjs";

/** Longer than a second click counts for nothing. */
const BREATH = 450;

export async function decided(cluster, extent) {
  const { keys, agent } = await cluster.workspace({ ana: APPROVER, cy: APPROVER });
  const [ana, cy] = [await cold(cluster.url, keys.ana), await cold(cluster.url, keys.cy)];
  const feed = feedOf(cy);
  await Promise.all([ana, cy].map((page) => page.goto(`${cluster.url}/inbox`)));
  const there = await feed;
  const [wanted, times] = [extent.pick(30, 8), []];
  // The balancer chooses the instance that decides: only those that the other one has decided count.
  for (let tries = 0; times.length < wanted && tries < wanted * 5; tries += 1) {
    const { id } = await agent.ask({ title: `Refund order ${tries}` });
    await goTo(ana, `/approvals/${id}`);
    await ana.locator(".act .b-ok:not([disabled])").click();
    await ana.locator(".act button[type=submit]").waitFor();
    await ana.waitForTimeout(BREATH);
    const seen = cy.evaluate(shown, id);
    await cy.locator(`.row-a[data-id="${id}"]`).waitFor();
    const answer = ana.waitForResponse((it) => it.url().endsWith(`${id}/approve`));
    const at = await ana.evaluate(() => {
      document.querySelector(".act button[type=submit]").click();
      return Date.now();
    });
    const [took, reply] = [(await seen) - at, await answer];
    if (reply.status() === 200 && reply.headers()["x-signoff-instance"] !== there) times.push(took);
  }
  await Promise.all([ana, cy].map((page) => page.context().close()));
  add("decided in one window, seen in another on the other instance", "ms", times, { most: 300 });
}

/** Runs in the page: when the frame after the one that shows the outcome begins. */
const shown = (id) =>
  new Promise((done) => {
    const look = () => {
      const over = document.querySelector(`.row-a[data-id="${id}"]`)?.closest(".row.is-over");
      requestAnimationFrame(over ? () => done(Date.now()) : look);
    };
    look();
  });

// From a click on a row to the frame that shows the approval with all that its context may hold.

import { APPROVER } from "../tests/browser/harness.mjs";
import { add } from "./figures.mjs";
import { cold } from "./page.mjs";

const MOST = 256 * 1024;
const CONTEXTS = {
  "one text": (size) => ({ build_log: "2026-11-27T13:00:00Z compiled 1 of 1214 modules\n".repeat(MOST).slice(0, size) }),
  "values in lists and objects": (size) => ({ commits: Array.from({ length: Math.floor(size / 66) }, (_, index) => ({ sha: `a${index}f03c`.padEnd(12, "0"), files: index % 90, by: "release-agent" })) }),
};

/** The largest of its kind that is taken. */
function largest(make) {
  let [small, big] = [0, MOST * 2];
  while (big - small > 8) {
    const middle = (small + big) >> 1;
    if (JSON.stringify(make(middle)).length <= MOST - 64) small = middle;
    else big = middle;
  }
  return make(small);
}

export async function opened(cluster, extent) {
  for (const [kind, make] of Object.entries(CONTEXTS)) {
    const { keys, agent } = await cluster.workspace({ ana: APPROVER });
    await agent.ask({ title: "The first one", timeout_seconds: 600 });
    const [context, ids] = [largest(make), []];
    for (let number = 0; number < extent.pick(10, 4); number += 1) ids.push((await agent.ask({ title: `Roll out ${number}`, context, timeout_seconds: 3600 + number })).id);
    const page = await cold(cluster.url, keys.ana);
    await page.goto(`${cluster.url}/inbox`);
    await page.locator(".act .b-ok:not([disabled])").waitFor();
    const times = [];
    for (const [number, id] of ids.entries()) times.push(await page.evaluate(open, [id, `Roll out ${number}`]));
    await page.context().close();
    add(`an approval with 256 KiB of context opens: ${kind}`, "ms", times, { most: 200 });
  }
}

/** Runs in the page. */
const open = ([id, title]) =>
  new Promise((done) => {
    const begun = performance.now();
    document.querySelector(`.row-a[data-id="${id}"]`).click();
    const look = () => {
      const article = document.querySelector("article.detail");
      const there = article?.querySelector("h1, h2")?.textContent === title && article.querySelector("[role=treeitem]") && article.querySelector(".act .b-ok:not([disabled])");
      requestAnimationFrame(there ? () => done(performance.now() - begun) : look);
    };
    requestAnimationFrame(look);
  });

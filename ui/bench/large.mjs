// Ten thousand pending: how many frames a second a scrolled list makes, how many rows are in the document, what is kept.

import { APPROVER } from "../tests/browser/harness.mjs";
import { Session } from "../tests/browser/database.mjs";
import { add } from "./figures.mjs";
import { cold } from "./page.mjs";

const PENDING = 10_000;
/** Pixels a second: some 180 rows. */
const SPEED = 10_000;

export async function large(cluster, extent) {
  const { keys, agent } = await cluster.workspace({ ana: APPROVER });
  const database = new Session();
  await database.copy((await agent.ask({ title: "Refund order", timeout_seconds: 7200 })).id, PENDING - 1);
  database.end();
  const page = await cold(cluster.url, keys.ana);
  await page.goto(`${cluster.url}/inbox`);
  const begun = Date.now();
  await page.locator(".rows .row").first().waitFor();
  await page.waitForFunction(() => document.querySelector(".list-more") === null);
  add("all of 10,000 pending are read", "ms", [Date.now() - begun]);
  const session = await page.context().newCDPSession(page);
  const [rates, rows] = [[], []];
  for (let round = 0; round < extent.pick(10, 3); round += 1) {
    await page.evaluate(count);
    await session.send("Input.synthesizeScrollGesture", { x: 400, y: 400, yDistance: -SPEED * 3, speed: SPEED, gestureSourceType: "mouse", preventFling: true });
    const told = await page.evaluate(() => globalThis.counted());
    rates.push(told.rate);
    rows.push(told.rows);
  }
  add("10,000 pending, scrolled by 180 rows a second", "frames/s", rates, { least: 55 });
  add("… rows in the document at once, at most", "count", [Math.max(...rows)], { most: 60 });
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  add("… what its scripts keep", "MB", [usedSize], { most: 60e6 });
  await page.context().close();
}

/** Runs in the page: counts frames from the first move of the list to the last. */
function count() {
  const scroller = document.querySelector(".list .scroll");
  let [first, last, frames, drawn, rows, moved, ended] = [0, 0, 0, 0, 0, false, false];
  scroller.addEventListener("scroll", () => (moved = true));
  const frame = (at) => {
    first ||= moved ? at : 0;
    if (first) frames += 1;
    if (moved) [last, drawn] = [at, frames];
    moved = false;
    rows = Math.max(rows, scroller.querySelectorAll(".row").length);
    if (!ended) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  globalThis.counted = () => {
    ended = true;
    return { rate: ((drawn - 1) * 1000) / (last - first), rows };
  };
}

// The first view: what is sent for it, and when it can be used.

import { readdirSync } from "node:fs";
import { get } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { APPROVER } from "../tests/browser/harness.mjs";
import { add } from "./figures.mjs";
import { cold } from "./page.mjs";

const ASSETS = join(dirname(fileURLToPath(import.meta.url)), "../dist/assets");
const ROWS = 50;

export async function first(cluster, extent) {
  const { keys, agent } = await cluster.workspace({ ana: APPROVER });
  for (let number = 0; number < ROWS; number += 1) await agent.ask({ title: `Refund order ${number}`, workflow: "refunds", timeout_seconds: 3600 + number });
  const [painted, usable] = [[], []];
  let loaded;
  for (let round = 0; round < extent.pick(20, 5); round += 1) {
    const page = await cold(cluster.url, keys.ana);
    await page.addInitScript(watch);
    await page.goto(`${cluster.url}/inbox`);
    const told = await page.evaluate(() => globalThis.usable);
    painted.push(told.painted);
    usable.push(told.at);
    loaded = told.loaded;
    await page.getByText(`${ROWS} you can decide`).waitFor();
    await page.context().close();
  }
  const sizes = async (paths) => (await Promise.all(paths.map((path) => gzipped(cluster.url, path)))).reduce((sum, size) => sum + size, 0);
  add("scripts and styles of the first view, gzipped", "kB", [await sizes(loaded)], { most: 80_000 });
  add("all scripts and styles, gzipped", "kB", [await sizes(readdirSync(ASSETS).filter((it) => /\.(js|css)$/.test(it)).map((it) => `/assets/${it}`))], { most: 150_000 });
  add("first contentful paint", "ms", painted, { most: 300 });
  add(`the inbox with ${ROWS} rows can be used: rows, one of them open, Approve`, "ms", usable, { most: 1000 });
}

/** Runs in the page, before anything else in it. Times are from the begin of the navigation to the frame after. */
function watch() {
  globalThis.usable = new Promise((done) => {
    const look = () => {
      const there = document.querySelector(".rows .row") && document.querySelector("article .act .b-ok:not([disabled])");
      if (!there) return requestAnimationFrame(look);
      requestAnimationFrame(() => {
        const [painted] = performance.getEntriesByName("first-contentful-paint");
        const names = performance.getEntriesByType("resource").map((it) => new URL(it.name).pathname);
        done({ at: performance.now(), painted: painted.startTime, loaded: names.filter((it) => /\.(js|css)$/.test(it)) });
      });
    };
    requestAnimationFrame(look);
  });
}

/** How many bytes of a file come over the wire. */
const gzipped = (base, path) =>
  new Promise((done, failed) => {
    get(base + path, { headers: { "accept-encoding": "gzip" } }, (response) => {
      if (response.statusCode !== 200 || response.headers["content-encoding"] !== "gzip") failed(new Error(`not gzipped: ${path}`));
      let size = 0;
      response.on("data", (bytes) => (size += bytes.length)).on("end", () => done(size));
    }).on("error", failed);
  });

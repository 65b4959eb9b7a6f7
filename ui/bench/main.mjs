// What the web app weighs and how soon it shows what it should: two instances, the shipped HAProxy, Postgres, Redis, and
// Debian's Chromium with an empty cache. Figures only; run by `./dev bench ui`, on a quiet machine.

import { parseArgs } from "node:util";
import { Cluster, closeBrowser } from "../tests/browser/harness.mjs";
import { report } from "./figures.mjs";
import { decided } from "./decided.mjs";
import { first } from "./first.mjs";
import { large } from "./large.mjs";
import { opened } from "./opened.mjs";

const PARTS = { first, decided, opened, large };
const { values, positionals } = parseArgs({ options: { quick: { type: "boolean" }, json: { type: "string" } }, allowPositionals: true });
const wanted = positionals.length > 0 ? positionals : Object.keys(PARTS);
for (const name of wanted) if (!Object.hasOwn(PARTS, name)) throw new Error(`no such part: ${name}; there are ${Object.keys(PARTS).join(", ")}`);

const cluster = await Cluster.start({ instances: 2, balancer: true });
try {
  for (const name of wanted) {
    console.error(`${name} …`);
    await PARTS[name](cluster, { pick: (full, quick) => (values.quick ? quick : full) });
  }
} finally {
  // What was measured before a failure is worth showing.
  report(values.json);
  await closeBrowser();
  await cluster.stop();
}

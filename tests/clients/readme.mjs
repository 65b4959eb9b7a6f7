// Runs what the TypeScript client's README shows first, in a folder that has the client and nothing else.
//
//     readme.mjs README.md
//
// In the environment: SIGNOFF_URLS, SIGNOFF_API_KEY (an agent's), SIGNOFF_SECOND_KEY (ana's, who agrees to all of it).

import { readFile, writeFile } from "node:fs/promises";
import { Signoff } from "signoff";

const TITLE = "Ship build 812?";
const urls = process.env.SIGNOFF_URLS.split(",");
process.env.SIGNOFF_URL = urls[0];

const readme = await readFile(process.argv[2], "utf8");
const [, example] = readme.match(/```ts\n(import [^]*?client\.approvals\.ask[^]*?)```/);
// The README leaves out what the function does.
const file = new URL("example.mjs", import.meta.url);
await writeFile(file, `const ship = (given) => { shipped.push(given); };\nexport const shipped = [];\n${example}`);

const ana = new Signoff({ url: urls.at(-1), apiKey: process.env.SIGNOFF_SECOND_KEY });
let over = false;
async function agree() {
  while (!over) {
    for await (const it of ana.approvals.pending()) if (it.title === TITLE) await ana.approvals.approve(it.id);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
const agreeing = agree();
const { shipped } = await import(file.href);
over = true;
await agreeing;

if (JSON.stringify(shipped) !== '[{"build":812}]') throw new Error(`the example shipped ${JSON.stringify(shipped)}`);
console.log("ok      the README's first example");

// Makes src/data/api.d.ts from the OpenAPI document that the server serves. The document is the one that the server's
// tests lock; where a server runs, SIGNOFF_URL may name it instead.

import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const HERE = dirname(fileURLToPath(import.meta.url));
const LOCKED = "../tests/it/api/snapshots/it__api__openapi__openapi.snap";

async function document() {
  if (process.env.SIGNOFF_URL) return (await fetch(`${process.env.SIGNOFF_URL}/openapi.json`)).json();
  const text = await readFile(join(HERE, LOCKED), "utf8");
  // What the test's tool says of the file stands in front, between lines of dashes.
  return JSON.parse(text.slice(text.indexOf("\n---\n", 3) + 5));
}

const made = astToString(await openapiTS(await document(), { alphabetize: true }));
await writeFile(join(HERE, "src/data/api.d.ts"), `// Made by types.mjs; not to be edited.\n\n${made}`);

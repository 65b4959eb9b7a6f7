// Makes src/types.gen.ts from the schemas of the OpenAPI document that the server's tests lock. It needs the repository around
// this folder. The document's paths are left out: the calls are written by hand, and the file would be seven times as long.
//
//     npm run types               writes it
//     npm run types -- --check    fails where it differs from what is there

import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const LOCKED = new URL("../../tests/it/api/snapshots/it__api__openapi__openapi.snap", import.meta.url);
const TYPES = new URL("src/types.gen.ts", import.meta.url);

const text = await readFile(LOCKED, "utf8");
// What the test's tool says of the file stands in front, between lines of dashes.
const document = JSON.parse(text.slice(text.indexOf("\n---\n", 3) + 5));
const types = await openapiTS({ ...document, paths: {} }, { alphabetize: true });
const made = `// Made by types.mjs; not to be edited.\n\n${astToString(types)}`;
if (process.argv[2] !== "--check") {
  await writeFile(TYPES, made);
} else if ((await readFile(TYPES, "utf8")) !== made) {
  console.error("src/types.gen.ts is not what the OpenAPI document makes: npm run types");
  process.exitCode = 1;
}

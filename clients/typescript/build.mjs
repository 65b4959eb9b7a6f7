// Two runs of tsc: ESM and CommonJS. What says which is which stands beside the CommonJS files.

import { execFileSync } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const here = new URL(".", import.meta.url);
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");

await rm(new URL("dist", here), { recursive: true, force: true });
for (const project of ["tsconfig.esm.json", "tsconfig.cjs.json"]) {
  execFileSync(process.execPath, [tsc, "-p", project], { cwd: fileURLToPath(here), stdio: "inherit" });
}
await mkdir(new URL("dist/cjs", here), { recursive: true });
await writeFile(new URL("dist/cjs/package.json", here), '{"type": "commonjs"}\n');

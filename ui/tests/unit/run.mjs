// Runs the unit tests of the pure modules: bundled to plain JavaScript, then by Node's own runner.

import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import esbuild from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const OUT = join(HERE, "../../node_modules/.cache/unit");

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
const tests = readdirSync(HERE).filter((name) => name.endsWith(".test.ts"));
esbuild.buildSync({
  entryPoints: tests.map((name) => join(HERE, name)),
  outdir: OUT,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  sourcemap: "inline",
  logLevel: "error",
});
const made = tests.map((name) => join(OUT, name.replace(/\.ts$/, ".mjs")));
const run = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...made], { stdio: "inherit", env: { ...process.env, TZ: "Europe/Berlin" } });
process.exit(run.status ?? 1);

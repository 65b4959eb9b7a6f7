/** What is published: both kinds of modules, and nothing that only Node has. */

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import * as esm from "signoff";
import { VERSION } from "../dist/esm/http.js";

const require = createRequire(import.meta.url);

test("it can be required", async () => {
  const cjs = require("signoff") as typeof esm;
  assert.deepEqual(Object.keys(cjs).filter((it) => it !== "default").sort(), Object.keys(esm).sort());
  const { FakeSignoff } = require("signoff/testing") as typeof import("signoff/testing");
  const fake = new FakeSignoff();
  fake.approves();
  const outcome = await fake.client().approvals.ask({ runId: "r", approvalType: "deploy", context: {} });
  assert.equal(outcome.approved, true);
  assert.ok(outcome instanceof cjs.Outcome);
  assert.equal(typeof (require("signoff/webhooks") as typeof import("signoff/webhooks")).verify, "function");
  for (const adapter of ["ai", "langchain", "openai-agents"]) {
    const exported = Object.keys((await import(`signoff/${adapter}`)) as object);
    assert.deepEqual(Object.keys(require(`signoff/${adapter}`) as object).filter((it) => it !== "default").sort(), exported.sort());
  }
});

test("a run counts in both kinds of modules together", async () => {
  const cjs = require("signoff") as typeof esm;
  const { FakeSignoff } = require("signoff/testing") as typeof import("signoff/testing");
  const fake = new FakeSignoff();
  fake.approves();
  const refund = cjs.requireApproval(async () => 1, { name: "refund", client: fake.client() });
  await esm.withRun("nightly", () => refund({}));
  assert.equal(fake.requests[0]?.["run_id"], "nightly");
});

test("it imports nothing, and knows its version", async () => {
  const dist = new URL("../dist/esm/", import.meta.url);
  const files = (await readdir(dist)).filter((it) => it.endsWith(".js"));
  assert.ok(files.includes("index.js"));
  for (const file of files) {
    const text = await readFile(new URL(file, dist), "utf8");
    for (const [, from] of text.matchAll(/\b(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
      // Examples in comments import the package itself.
      assert.ok(from === "signoff" || /^\.\/(?!adapters)/.test(from ?? ""), `${file} imports ${from}`);
    }
  }
  const { version, dependencies } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as Record<string, unknown>;
  assert.equal(version, VERSION);
  assert.equal(dependencies, undefined);
});

/** The gate's transcripts: the clients of all languages replay them. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Call, NotApprovedError, Outcome, Rule, verdict } from "signoff";

const FOLDER = new URL("../../transcripts/gate/", import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));

type Fields = Record<string, unknown>;

interface Case {
  readonly call: Fields;
  readonly rule: Fields;
  readonly key: string;
  readonly create: Fields;
  readonly outcome: object;
  readonly verdict?: Fields;
  readonly error?: string;
}

function camel(fields: Fields): Fields {
  return renamed(fields, (name) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));
}

function snake(fields: Fields): Fields {
  return renamed(fields, (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

function renamed(fields: Fields, name: (name: string) => string): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined).map(([key, value]) => [name(key), value]));
}

/** As the wire has it: an object that was made by hand and one that was parsed are the same there. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

for (const file of files) {
  test(`a call goes as it is written in ${file}`, async () => {
    const it = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Case;
    const call = new Call(camel(it.call) as never);
    const rule = new Rule(camel(it.rule));
    const { idempotencyKey, ...asked } = rule.request(call);
    assert.equal(idempotencyKey, it.key);
    assert.deepEqual(plain(snake(asked)), plain(it.create));
    const outcome = new Outcome(it.outcome as never);
    if (it.error !== undefined) {
      const raised = await verdict(call, rule, outcome).catch((error: unknown) => error);
      assert.ok(raised instanceof NotApprovedError);
      assert.equal(raised.constructor.name, `${it.error}Error`);
    } else {
      const decided = await verdict(call, rule, outcome);
      const { runs, arguments: args, text, response } = decided;
      assert.deepEqual(plain({ runs, arguments: args, text, response }), plain(it.verdict));
    }
  });
}

test("there are some", () => {
  assert.ok(files.length > 15);
});

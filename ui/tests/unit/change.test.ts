import assert from "node:assert/strict";
import test from "node:test";
import { changed, compare, proposal, rest } from "../../src/logic/diff.ts";
import { type Dict, type Json, parse, write } from "../../src/logic/json.ts";

const dict = (text: string) => parse(text) as Dict;
const shown = (now: string | undefined, will: string) =>
  changed(compare(now === undefined ? undefined : parse(now), parse(will))).map((line) => `${line.mark} ${line.name} ${line.now === undefined ? "" : write(line.now)}→${line.will === undefined ? "" : write(line.will)}`);

test("each value that differs is a line of its own", () => {
  assert.deepEqual(shown('{"image":"a","n":6,"env":{"OLD":"on","R":"eu"},"same":[1,{"x":1}]}', '{"image":"b","n":10,"env":{"NEW":"u","R":"eu"},"same":[1,{"x":1}]}'), [
    '~ image "a"→"b"', "~ n 6→10", '− env.OLD "on"→', '+ env.NEW →"u"',
  ]);
});

test("kinds differ also where they look alike", () => {
  assert.deepEqual(shown('{"a":1,"b":"true","c":null}', '{"a":"1","b":true,"c":{}}'), ['~ a 1→"1"', '~ b "true"→true', "~ c null→{}"]);
  assert.deepEqual(shown('{"a":1.0}', '{"a":1}'), []);
  assert.deepEqual(shown('{"n":12345678901234567890}', '{"n":12345678901234567891}'), ["~ n 12345678901234567890→12345678901234567891"]);
});

test("a list of plain values is one value, a list of objects is looked into", () => {
  assert.deepEqual(shown('{"to":["a","b"]}', '{"to":["b"]}'), ['~ to ["a","b"]→["b"]']);
  assert.deepEqual(shown('{"steps":[{"n":1},{"n":2}]}', '{"steps":[{"n":1},{"n":3},{"n":4}]}'), ["~ steps[1].n 2→3", "+ steps[2].n →4"]);
});

test("the caller says what the proposal is, or custom does", () => {
  const context = dict('{"plan":{"new":{"x":1},"old":{"x":0}},"proposed":{"y":1},"current":{"y":0},"note":"n"}');
  const named = proposal(context, { proposed: "/plan/new", current: "/plan/old" }, "step_approval");
  assert.ok(named?.kind === "values" && write(named.proposed) === '{"x":1}' && write(named.current as Json) === '{"x":0}');
  const usual = proposal(context, null, "step_approval");
  assert.ok(usual?.kind === "values" && write(usual.proposed) === '{"y":1}');
  assert.deepEqual([...rest(context, usual, null).keys()], ["plan", "note"]);
  const call = proposal(dict('{"tool":"refund","arguments":{"amount":"49.90"}}'), null, "tool_call");
  assert.ok(call?.kind === "values" && call.current === undefined);
  assert.equal(proposal(dict('{"tool":"refund","arguments":{}}'), null, "step_approval"), undefined);
  // A pointer to nothing is no reason to show nothing.
  assert.ok(proposal(context, { proposed: "/gone" }, "step_approval")?.kind === "values");
});

test("a command is shown so that its words can be told apart", () => {
  const found = proposal(dict('{"command":["rm","-rf","my files","it\'s"]}'), null, "step_approval");
  assert.ok(found?.kind === "text");
  assert.equal(found.text, "rm -rf 'my files' 'it'\\''s'");
});

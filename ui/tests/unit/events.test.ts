import assert from "node:assert/strict";
import test from "node:test";
import { EMPTY, type Event, MOST, events, join, only } from "../../src/logic/events.ts";
import { parse, write } from "../../src/logic/json.ts";

const event = (cursor: number): Event => ({ cursor: `c${cursor}`, type: "output", at: "2026-11-27T13:00:00Z", data: null });
const span = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => event(from + index));

test("events keep their digits, and what isn't one is left out", () => {
  const page = parse('{"items":[{"cursor":"1","event_type":"output","timestamp":"t","data":{"n":10000000000000000001.50}},{"event_type":"x"},7],"cursor":"1"}');
  const [only, ...none] = events(page);
  assert.deepEqual([only && write(only.data), none.length], ['{"n":10000000000000000001.50}', 0]);
  assert.deepEqual(events(parse("[]")), []);
});

test("each is shown once, whether it came by two readings or twice in one", () => {
  let log = join(EMPTY, span(5, 8), "after");
  log = join(log, [...span(6, 10), event(9)], "after");
  log = join(log, span(3, 6), "before");
  assert.deepEqual(log.events.map((it) => it.cursor), ["c3", "c4", "c5", "c6", "c7", "c8", "c9"]);
  assert.equal(join(log, span(3, 9), "after"), log);
});

test("a long log keeps the latest, and says that some were left out", () => {
  const log = join(join(EMPTY, span(0, MOST), "after"), span(MOST, MOST + 3), "after");
  assert.deepEqual([log.events.length, log.cut, log.events[0]?.cursor, log.events.at(-1)?.cursor], [MOST, true, "c3", `c${MOST + 2}`]);
  assert.ok(!join(EMPTY, span(0, MOST), "after").cut);
});

test("one string by itself is text", () => {
  assert.deepEqual([only(parse('{"line":"14 tests passed"}')), only(parse('"plain"')), only(parse('{"a":"x","b":1}')), only(parse("{}")), only(parse('{"n":1}'))], ["14 tests passed", "plain", null, null, null]);
});

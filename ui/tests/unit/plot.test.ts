import assert from "node:assert/strict";
import { test } from "node:test";
import { alone, apart, height, pointed, stacked, through, timeMarks, valueMarks } from "../../src/logic/plot.ts";

test("marks of time are round by the reader's clock, and never too near to each other", () => {
  // 2026-11-28 15:03:20 UTC, an hour later in Berlin.
  const from = Date.UTC(2026, 10, 28, 15, 3, 20) / 1000;
  const clock = (at: number) => new Date(at * 1000).toISOString().slice(11, 16);
  assert.deepEqual(timeMarks(from, from + 900, 200, 3600).map(clock), ["15:05", "15:10", "15:15"]);
  // Half an hour of UTC: the hours of India.
  assert.deepEqual(timeMarks(from, from + 10_000, 3600, 19_800).map(clock), ["15:30", "16:30", "17:30"]);
  const marks = timeMarks(from, from + 86_400 * 30, 100_000, 0);
  assert.equal(marks[1]! - marks[0]!, 2 * 86_400);
  assert.deepEqual(timeMarks(from, from, 60, 0), []);
});

test("values lie between the bottom and the top, by decades or evenly", () => {
  const log = { log: true, range: [0.001, 0.1] as [number, number] };
  assert.deepEqual(valueMarks(log).map((it) => it.toFixed(3)), ["0.001", "0.010", "0.100"]);
  assert.deepEqual([0.001, 0.01, 0.1].map((it) => Math.round(height(it, log) * 100)), [0, 50, 100]);
  const even = { log: false, range: [0, 8] as [number, number] };
  assert.deepEqual([valueMarks(even), height(2, even)], [[0, 4, 8], 0.25]);
});

test("a line breaks off at a gap, and a value by itself is a dot", () => {
  const places = [[0, 1], [2, 3], null, [4, 5], null] as const;
  assert.equal(through(places), "M0.0 1.0L2.0 3.0M4.0 5.0");
  assert.equal(alone(places), "M4.0 5.0h0");
});

test("bars stand on each other, and nothing is drawn where there is nothing", () => {
  assert.deepEqual(stacked([{ values: [1, 0] }, { values: [2, null] }, { values: [3, 4] }]), [[[0, 1], null], [[1, 3], null], [[3, 6], [0, 4]]]);
});

test("labels keep their order from top to bottom, and no two are over each other", () => {
  assert.deepEqual(apart([50, 48, 10], 12), [60, 48, 10]);
  assert.deepEqual(apart([], 12), []);
});

test("what is pointed at is the nearest moment of a line, and the bar that one is over", () => {
  const at = [0, 1, 2, 3];
  assert.deepEqual([0, 0.4, 0.6, 1].map((it) => pointed({ at, kind: "lines" }, it)), [0, 1, 2, 3]);
  assert.deepEqual([0, 0.4, 0.6, 1].map((it) => pointed({ at, kind: "bars" }, it)), [0, 1, 2, 3]);
  assert.equal(pointed({ at, kind: "bars" }, 0.26), 1);
});

import assert from "node:assert/strict";
import test from "node:test";
import { ago, bytes, long, pressing, short, when } from "../../src/logic/durations.ts";
import { fuse } from "../../src/logic/fuse.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test("what is left is short, and rounds so that 0:00 means over", () => {
  for (const [ms, text] of [
    [-5, "0:00"], [0, "0:00"], [1, "0:01"], [999, "0:01"], [1000, "0:01"], [112_000, "1:52"], [768_000, "12:48"], [15 * MINUTE, "15 min"],
    [26 * MINUTE, "26 min"], [HOUR, "1 h"], [125 * MINUTE, "2 h 05"], [27 * HOUR, "1 d 3 h"], [48 * HOUR, "2 d"],
  ] as const) {
    assert.equal(short(ms), text, String(ms));
  }
});

test("in full for readers of screens", () => {
  assert.equal(long(768_000), "12 minutes 48 seconds");
  assert.equal(long(HOUR), "1 hour");
  assert.equal(long(27 * HOUR + MINUTE), "1 day 3 hours");
  assert.equal(long(0), "0 seconds");
});

test("shape, weight and colour change at the same moments", () => {
  for (const [left, how] of [[HOUR, "calm"], [HOUR - 1, "near"], [15 * MINUTE, "near"], [15 * MINUTE - 1, "soon"], [2 * MINUTE, "soon"], [2 * MINUTE - 1, "last"], [-1, "last"]] as const) {
    assert.equal(pressing(left), how, String(left));
  }
});

test("long ago is a date, not an age", () => {
  assert.equal(ago(17 * MINUTE), "17 min ago");
  assert.equal(ago(3000), "now");
  assert.equal(ago(24 * HOUR), null);
  const now = Date.parse("2026-11-27T13:19:00Z");
  assert.equal(when(now - HOUR, now), "13:19");
  assert.equal(when(Date.parse("2026-03-03T08:00:00Z"), now), "3 Mar, 09:00");
  assert.equal(when(Date.parse("2025-03-03T08:00:00Z"), now, true), "3 Mar 2025, 09:00:00");
  assert.equal(bytes(236_000), "236 KB");
});

test("the axis has the levels that were, that is, and that may come", () => {
  const at = (minutes: number) => new Date(Date.parse("2026-11-27T13:00:00Z") + minutes * MINUTE).toISOString();
  const it = {
    created_at: at(0), expires_at: at(50), escalation_level: 1, timeout_action: "escalate",
    escalations: [{ from_level: 0, at: at(20) }],
    escalation: [{ after_seconds: 1800, label: "leads" }, { after_seconds: 600, label: "heads" }],
  };
  const axis = fuse(it, Date.parse(at(35)));
  assert.deepEqual(axis.segments.map((one) => [one.level, one.label, one.at, (one.to - one.from) / MINUTE]), [
    [0, null, "past", 20], [1, "leads", "now", 30], [2, "heads", "ahead", 10],
  ]);
  assert.equal(axis.left, 15 * MINUTE);
  assert.ok(Math.abs(axis.passed - 35 / 60) < 1e-9);
  // Where no timeout leads on, nothing is planned.
  assert.equal(fuse({ ...it, timeout_action: "expire" }, 0).segments.length, 2);
});

import assert from "node:assert/strict";
import test from "node:test";
import { type Ended, KINDS, NOTHING, OUTCOMES, brushed, days, fromField, height, isWanted, kind, outcomeOf, params, strip, toField, took, totals, wanted } from "../../src/logic/past.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const T0 = Date.parse("2026-11-27T13:00:00Z");
const it = (at: number, more: Partial<Ended> = {}): Ended => ({ status: "resolved", resolution: "approved", resolved_via: "human", created_at: new Date(T0 + at - MINUTE).toISOString(), resolved_at: new Date(T0 + at).toISOString(), ...more });

test("a timeout is no answer, whichever way it went", () => {
  assert.equal(kind({ status: "expired", resolution: "approved" }), "expired");
  assert.equal(kind({ status: "cancelled", resolution: null }), "cancelled");
  assert.deepEqual(["approved", "modified", "rejected"].map((resolution) => kind({ status: "resolved", resolution })), ["approved", "modified", "rejected"]);
});

test("filters live in the address and reach the API by its names", () => {
  const it = wanted(new URLSearchParams("q=+drop+&by=agent&status=expired&view=table"));
  assert.deepEqual(it, { ...NOTHING, q: "drop", by: "agent", status: "expired" });
  assert.equal(params(it).requested_by, "agent");
  assert.ok(!("by" in params(it)));
  assert.ok(isWanted(it) && !isWanted(NOTHING));
  for (const one of KINDS) assert.equal(outcomeOf({ ...NOTHING, ...OUTCOMES[one] }), one);
  assert.deepEqual([outcomeOf(NOTHING), outcomeOf({ ...NOTHING, resolution: "none" })], ["", "other"]);
});

test("a field's time is the reader's own", () => {
  assert.equal(toField("2026-11-27T13:05:59Z"), "2026-11-27T14:05");
  assert.equal(fromField("2026-11-27T14:05"), "2026-11-27T13:05:00.000Z");
  assert.deepEqual([toField("nonsense"), fromField(""), fromField("x")], ["", "", ""]);
});

test("totals count each once, and the median is of what people answered", () => {
  const list = [it(0), it(0, { resolution: "modified", created_at: new Date(T0 - 3 * MINUTE).toISOString() }), it(0, { status: "expired", resolution: null, resolved_via: "timeout", created_at: new Date(T0 - 9 * HOUR).toISOString() }), it(0, { resolution: "rejected", created_at: new Date(T0 - 2 * MINUTE).toISOString() })];
  const sum = totals(list);
  assert.deepEqual([sum.all, sum.approved, sum.modified, sum.rejected, sum.expired, sum.cancelled, sum.median], [4, 1, 1, 1, 1, 0, 2 * MINUTE]);
  assert.equal(totals(list.slice(0, 2)).median, 2 * MINUTE);
  assert.equal(totals([]).median, null);
});

test("the strip has every outcome of its time once, in at most 60 bars", () => {
  for (const span of [10 * MINUTE, HOUR, 24 * HOUR, 30 * 24 * HOUR, 5000 * 24 * HOUR, 900_000 * 24 * HOUR]) {
    const list = Array.from({ length: 500 }, (_, index) => it(-(span * index) / 500));
    const made = strip(list, T0 - span, T0);
    assert.ok(made.buckets.length <= 60 && made.from <= T0 - span && made.to === T0, String(span));
    assert.equal(made.buckets.reduce((sum, one) => sum + height(one), 0), 500);
    assert.equal(made.most, Math.max(...made.buckets.map(height)));
  }
  const later = strip([it(5 * MINUTE), it(-3 * HOUR)], T0 - HOUR, T0);
  assert.equal(later.buckets.at(-1)?.approved, 1);
  assert.equal(later.buckets.reduce((sum, one) => sum + height(one), 0), 1, "what ended before isn't in it");
  assert.equal(strip([], T0, T0).buckets.length, 1);
});

test("a brush either way sets whole minutes, and a click sets nothing", () => {
  const span = { from: T0, to: T0 + HOUR };
  assert.deepEqual(brushed(span, 0.75, 0.251), { from: "2026-11-27T13:15:00.000Z", to: "2026-11-27T13:45:00.000Z" });
  assert.deepEqual(brushed(span, -3, 9), { from: "2026-11-27T13:00:00.000Z", to: "2026-11-27T14:00:00.000Z" });
  assert.equal(brushed(span, 0.5, 0.505), null);
});

test("how long it took, and the days", () => {
  assert.deepEqual([3, 41_000, 250_000, 72 * MINUTE, HOUR, 51 * HOUR, -5].map(took), ["3 ms", "41 s", "4 min 10 s", "1 h 12 min", "1 h", "2 d 3 h", "0 ms"]);
  // 22:59Z and 23:00Z are two days in Berlin.
  const made = days([it(10 * HOUR), it(10 * HOUR - 1), it(9 * HOUR)]);
  assert.deepEqual(made.map((one) => one.items.length), [1, 2]);
});

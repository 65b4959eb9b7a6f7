import assert from "node:assert/strict";
import test from "node:test";
import { QUIET, found, sorted } from "../../src/logic/connections.ts";
import { type Instance, type Readiness, findings, judge, judgeAll, nameOf, readiness, roomFor, serving, track, worst } from "../../src/logic/operations.ts";
import { type Outcome, buckets, kind, onAxis, took } from "../../src/logic/outcomes.ts";
import { type Point, decades, evenly, moments, peak, recent, roof, shares } from "../../src/logic/series.ts";
import { type Piece, milliseconds, operations as words, percent } from "../../src/words-operations.ts";

const NOW = Date.parse("2026-11-27T13:00:00Z");
const LIMITS = { due: 10_000, lost: 30_000 };
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();
const instance = (id: string, seconds: number, more: Partial<Instance> = {}): Instance => ({ id, version: "1.8.2", started_at: ago(9000), last_heartbeat: ago(seconds), connections: 1, waiters: 2, state: "serving", ...more });
const text = (pieces: readonly Piece[]) => pieces.map((it) => (typeof it === "string" ? it : it.bold)).join("");
const all = (instances: readonly Instance[], parts: readonly Readiness[] = [], recently: { wakeP99: number | null; sweepLag: number | null } | null = null) =>
  findings({ instances: judgeAll(instances, NOW, LIMITS), parts, recent: recently });

test("an instance is what its lease says, unless its age says worse", () => {
  for (const [seconds, said, state] of [
    [3, "serving", "serving"], [14.9, "serving", "serving"], [15.1, "serving", "late"], [30, "serving", "late"], [30.1, "serving", "lost"],
    [2, "lost", "lost"], [14, "draining", "draining"], [31, "draining", "lost"], [2, "degraded", "degraded"], [16, "degraded", "late"],
    [-4, "serving", "serving"], [2, "something new", "serving"],
  ] as const) {
    assert.equal(judge(instance("a", seconds, { state: said }), NOW, LIMITS).state, state, `${seconds} ${said}`);
  }
  assert.equal(judge(instance("a", -4), NOW, LIMITS).age, 0);
});

test("the track has the beats that are due and what is lost, for any lease", () => {
  assert.deepEqual(track(3000, LIMITS), { age: 9.38, lost: 93.75, due: [31.25, 62.5] });
  assert.equal(track(3_600_000, LIMITS).age, 100);
  assert.deepEqual(track(0, { due: 1000, lost: 3000 }), { age: 0, lost: 93.75, due: [31.25, 62.5] });
  assert.equal(track(0, { due: 1, lost: 100_000 }).due.length, 12);
});

test("all is well", () => {
  const three = ["a", "b", "c"].map((name) => instance(name, 2));
  assert.deepEqual(all(three), []);
  assert.equal(worst([]), "ok");
  const { serve, all: of } = serving(judgeAll(three, NOW, LIMITS));
  assert.equal(words.allWell(serve, of), "All is well: 3 of 3 instances serve.");
  assert.equal(words.allWell(1, 1), "All is well: 1 of 1 instance serves.");
});

test("what is wrong comes in order of harm", () => {
  const parts: Readiness[] = [{ status: "down", instance_id: "b", parts: { postgres: "down", redis: "down", bus: "down", sweep: "down", deadlines: "down", audit: "down", connections: "down" } }];
  const found = all([instance("a", 40), instance("b", 2), instance("c", 2, { state: "draining", version: "1.8.1" }), instance("d", 20)], parts);
  assert.deepEqual(found.map((it) => it.what), ["postgres", "lost", "deadlines", "sweep", "late", "redis", "connections", "draining", "audit", "versions"]);
  assert.equal(worst(found), "no");
  assert.deepEqual(found.map((it) => text(words.finding(it))).slice(0, 5), [
    "Postgres doesn't answer b: nothing can be decided there.",
    "a is lost.",
    "Deadlines are late at b: what is due isn't ended there.",
    "The sweep is late at b: what hints have missed is found later.",
    "d hasn't been heard of for longer than a heartbeat.",
  ]);
});

test("none that serves, Redis by its lease alone, slow wake-ups, a sweep behind", () => {
  assert.deepEqual(all([instance("a", 99), instance("b", 99)]).map((it) => it.what), ["nothing_serves", "lost"]);
  assert.equal(text(words.finding(all([instance("a", 2, { state: "degraded" })])[0]!)), "a is without Redis: who waits there is woken by the sweep, seconds later.");
  const slow = all([instance("a", 2)], [], { wakeP99: 0.4, sweepLag: 20 });
  assert.deepEqual(slow.map((it) => text(words.finding(it))), ["The sweep was 20 s behind in the last minutes.", "Who waits was told late: p99 400 ms in the last minutes."]);
  // Without Redis wake-ups are slow: that is said once.
  assert.deepEqual(all([instance("a", 2, { state: "degraded" })], [], { wakeP99: 3, sweepLag: 1 }).map((it) => it.what), ["redis"]);
  assert.deepEqual(all([], []).map((it) => it.what), []);
});

test("an instance that came again under its name isn't missed", () => {
  assert.equal(nameOf("web-1-0af3c2d1"), "web-1");
  assert.equal(nameOf("signoff-b"), "signoff-b");
  const judged = judgeAll([instance("web-1-0af3c2d1", 120), instance("web-1-11111111", 1, { started_at: ago(60) }), instance("web-2-22222222", 1)], NOW, LIMITS);
  assert.deepEqual(serving(judged), { serve: 2, all: 2 });
  const found = findings({ instances: judged, parts: [], recent: null });
  assert.equal(worst(found), "ok");
  assert.equal(text(words.finding(found[0]!)), "web-1-0af3c2d1 was lost, and has been replaced.");
  // One that ran beside it before is no replacement.
  assert.equal(judgeAll([instance("web-1-0af3c2d1", 120), instance("web-1-11111111", 1)], NOW, LIMITS)[0]!.replaced, false);
});

test("many names are a number", () => {
  const found = all(["a", "b", "c", "d"].map((name) => instance(name, 2, { state: "draining" })));
  assert.equal(text(words.finding(found[1]!)), "4 instances are draining.");
  assert.equal(text(words.finding(all([instance("a", 40), instance("b", 40), instance("c", 2)])[0]!)), "a and b are lost.");
});

test("on a wall those in trouble have the room", () => {
  const judged = judgeAll([...["a", "b", "c"].map((name) => instance(name, 2)), instance("d", 50)], NOW, LIMITS);
  const { shown, left } = roomFor(judged, 3);
  assert.deepEqual([shown.map((it) => it.it.id), left], [["a", "b", "d"], 1]);
  assert.equal(roomFor(judged, 4).left, 0);
});

test("readiness is read from any status, and from nothing else", () => {
  assert.deepEqual(readiness('{"status":"down","instance_id":"a","parts":{"postgres":"down"}}')?.parts, { postgres: "down" });
  for (const other of ["", "<html>", "null", "{}", '{"instance_id":"a","parts":null}']) assert.equal(readiness(other), null);
});

// --- samples ---

const point = (at: number, more: Partial<Point> = {}): Point => ({
  at: new Date(NOW + at * 1000).toISOString(), sockets: 1, waiters: 1, queued: { writes: 1, reads: 2 }, wakes: { local: 30, redis: 15, sweep: 0 },
  wake_delay: { count: 5, p50_seconds: 0.001, p99_seconds: 0.004 }, decisions: 3, commits: { count: 2, mean_seconds: 0.002, longest_seconds: 0.01 }, sweep_lag_seconds: 0.5, bus_up: true, ...more,
});
const SAMPLES = {
  from: new Date(NOW).toISOString(), to: new Date(NOW + 240_000).toISOString(), step_seconds: 60, complete: true,
  instances: [
    { instance_id: "a", points: [point(0), point(180, { wake_delay: { count: 1, p50_seconds: 0.002, p99_seconds: 0.5 }, commits: { count: 0, mean_seconds: null, longest_seconds: 0 } })] },
    { instance_id: "b", points: [point(0, { wake_delay: { count: 0 }, commits: { count: 6, mean_seconds: 0.006, longest_seconds: 0.02 }, wakes: { local: 0, redis: 0, sweep: 15 }, bus_up: false })] },
  ],
};

test("samples of several instances become one row for each step", () => {
  const rows = moments(SAMPLES);
  assert.equal(rows.length, 2);
  const [first, last] = rows;
  assert.deepEqual([first?.p99, first?.local, first?.redis, first?.sweep, first?.queued, first?.busUp], [0.004, 0.5, 0.25, 0.25, 6, false]);
  assert.ok(Math.abs((first?.mean ?? 0) - 0.005) < 1e-12);
  assert.deepEqual([first?.longest, last?.longest, last?.mean], [0.02, null, null]);
  const line = evenly(SAMPLES, rows, (row) => row.p99);
  assert.deepEqual([line.at.length, line.values.filter((it) => it !== null).length], [line.values.length, 2]);
  assert.ok(line.values.includes(null), "a step without a sample is a gap");
});

test("shares, peaks, what was lately", () => {
  const rows = moments(SAMPLES);
  const part = shares(SAMPLES, rows);
  assert.equal(part.all, 105);
  assert.ok(Math.abs(part.local + part.redis + part.sweep - 1) < 1e-12);
  assert.deepEqual(shares(SAMPLES, []), { local: 0, redis: 0, sweep: 0, all: 0 });
  assert.deepEqual(peak(rows, (row) => row.p99), { last: 0.5, lastAt: NOW / 1000 + 180, most: 0.5, mostAt: NOW / 1000 + 180, stands: false });
  assert.equal(peak([], () => 1), null);
  assert.deepEqual(recent(rows, NOW + 100_000), { wakeP99: 0.5, sweepLag: 0.5 });
  assert.deepEqual(recent(rows, NOW + 1e9), { wakeP99: null, sweepLag: null });
});

test("axes are round", () => {
  assert.deepEqual(decades([0.0015, 0.004, null], 0.0001), [0.001, 0.1]);
  assert.deepEqual(decades([], 0.001), [0.001, 0.1]);
  assert.deepEqual(decades([0.002, 3], 0.0001), [0.001, 10]);
  for (const [most, top] of [[0, 4], [3.9, 4], [4.1, 5], [62, 80], [100, 100], [412, 500]] as const) assert.equal(roof(most, 4), top);
});

test("figures are short", () => {
  assert.deepEqual([0.00042, 0.0041, 0.012345, 0.4, 1.26, 42].map(milliseconds), ["0.42 ms", "4.1 ms", "12.3 ms", "400 ms", "1.3 s", "42 s"]);
  assert.deepEqual([0, 0.0004, 0.004, 0.61, 0.996, 1].map(percent), ["0 %", "under 0.1 %", "0.4 %", "61 %", "99.6 %", "100 %"]);
});

// --- outcomes ---

const outcome = (seconds: number, more: Partial<Outcome> = {}): Outcome => ({ status: "resolved", resolution: "approved", resolved_via: "human", resolved_by: "ana", approval_type: "tool_call", created_at: ago(seconds + 60), resolved_at: ago(seconds), ...more });

test("a timeout is nobody's word", () => {
  assert.equal(kind(outcome(0, { status: "expired", resolution: "approved", resolved_via: "timeout" })), "expired");
  assert.equal(kind(outcome(0, { status: "cancelled", resolution: null })), "cancelled");
  assert.equal(kind(outcome(0, { resolution: "modified" })), "edited");
  const sums = buckets([outcome(10), outcome(70), outcome(70, { resolution: "rejected" }), outcome(9999)], NOW / 1000 - 120, NOW / 1000, 60);
  assert.deepEqual([sums.at.length, sums.all, sums.sums.approved, sums.sums.rejected], [3, 3, 2, 1]);
  assert.deepEqual(sums.counts.approved, [1, 1, 0]);
});

test("how long people take counts people alone", () => {
  const items = [1, 2, 3, 4, 5, 6, 7, 8, 9, 100].map((took, index) => outcome(0, { created_at: ago(took), resolved_by: index % 2 ? "bo" : "ana" }));
  items.push(outcome(0, { status: "expired", resolved_via: "timeout", resolved_by: null }), outcome(0, { resolved_via: "rule" }));
  assert.deepEqual(took(items, "type"), [{ name: "tool_call", count: 10, half: 5, most: 9 }]);
  assert.deepEqual(took(items, "person").map((it) => [it.name, it.count]), [["ana", 5], ["bo", 5]]);
  assert.deepEqual([onAxis(0), onAxis(1), onAxis(36_000), onAxis(1e9)], [0, 0, 100, 100]);
});

// --- connections ---

test("connections are found by all words, and sorted", () => {
  const one = (task_id: string, principal: string, since: number) => ({ connection_id: task_id, task_id, session_id: null, principal, instance_id: "web-1", connected_at: ago(since), last_heartbeat: ago(1) });
  const items = [one("deploy-1", "release", 50), one("refund-2", "billing", 70), one("deploy-3", "billing", 10)];
  assert.deepEqual(found(items, " DEPLOY bill ").map((it) => it.task_id), ["deploy-3"]);
  assert.equal(found(items, "  "), items);
  assert.deepEqual(sorted(items, { by: "since", down: true }).map((it) => it.task_id), ["deploy-3", "deploy-1", "refund-2"]);
  assert.deepEqual(sorted(items, { by: "who", down: false }).map((it) => it.task_id), ["deploy-3", "refund-2", "deploy-1"]);
  assert.ok(QUIET > 60_000);
});

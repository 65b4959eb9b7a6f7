import assert from "node:assert/strict";
import test from "node:test";
import { BREATH, type Reply } from "../../src/logic/answer.ts";
import { CHOOSING, type Fate, type Said, type Stage, type Told, again, ask, begin, body, calls, fate, fates, finish, heard, maySend, openOf, range, still, stops, sum } from "../../src/logic/bulk.ts";

const said: Said = { verdict: "approve", comment: " fine ", reason: "" };
const told: Told = { status: "resolved", resolution: "approved", resolved_via: "human", resolved_by: "cy", resolved_at: "2026-11-27T13:19:07Z", version: 4, needs: null, feedback: null };
const pending: Told = { ...told, status: "pending", resolution: null, resolved_by: null };
const reply = (status: number, code: string | null = null): Reply => ({ status, code, detail: "because", requestId: "r1", retryAfter: null, errors: [] });
const ids = (amount: number) => Array.from({ length: amount }, (_, index) => `id-${index}`);
const sent = (amount: number): Stage => begin(ask("approve", ids(amount), 0), said, 1000);
const at = (all: ReadonlyMap<string, Fate>) => [...all.values()].map((it) => it.at);

test("one call for each two hundred, and the same bytes for the same ids and words", () => {
  assert.deepEqual(calls(sent(450)).map((part) => part.length), [200, 200, 50]);
  assert.deepEqual(calls(sent(200)).map((part) => part.length), [200]);
  const none = () => null;
  assert.equal(body(said, ["a", "b"], none), '{"ids":["a","b"],"action":"approve","comment":"fine"}');
  assert.equal(body({ verdict: "reject", comment: "", reason: "no " }, ["a"], none), '{"ids":["a"],"action":"reject","reason":"no"}');
  const known = (id: string) => (id === "b" ? "sha256:1" : null);
  assert.equal(body(said, ["a", "b"], known), '{"ids":["a",{"id":"b","digest":"sha256:1"}],"action":"approve","comment":"fine"}');
});

test("each answer is what the server says of it, and only a 200 is recorded", () => {
  for (const [status, code, wanted] of [
    [200, null, "recorded"], [409, "already_decided", "late"], [409, "cancelled", "cancelled"], [410, "expired", "expired"],
    [409, "already_voted", "refused"], [409, "modifications_differ", "refused"], [403, "not_eligible", "refused"], [404, "not_found", "refused"],
    [429, "rate_limited", "unsent"], [503, "overloaded", "unsent"], [503, "draining", "unsent"], [503, "unavailable", "unknown"], [500, "internal", "unknown"],
  ] as const) {
    assert.equal(fate({ id: "a", status, code, changed: true, told }).at, wanted, `${status} ${code}`);
  }
});

test("a call that breaks off leaves all of its ids unknown; one that was not begun leaves them unsent", () => {
  assert.deepEqual(at(fates(["a", "b"], null, null)), ["unknown", "unknown"]);
  assert.deepEqual(at(fates(["a", "b"], reply(502), null)), ["unknown", "unknown"]);
  for (const [status, code] of [[401, "unauthenticated"], [429, "rate_limited"], [503, "overloaded"]] as const) {
    assert.deepEqual(at(fates(["a"], reply(status, code), null)), ["unsent"], code);
  }
  assert.deepEqual(fates(["a"], reply(422, "invalid"), null).get("a"), { at: "refused", code: "invalid", detail: "because" });
  // Half an answer: what it doesn't name isn't known.
  const half = fates(["a", "b"], reply(200), [{ id: "a", status: 200, code: null, changed: true, told }]);
  assert.deepEqual(at(half), ["recorded", "unknown"]);
  assert.deepEqual(at(fates(["a"], reply(200), null)), ["unknown"]);
  assert.ok(stops(null) && stops(reply(503)) && !stops(reply(200)));
});

test("asking again sends the unknown ones alone, with the same words, and keeps what was told", () => {
  let stage = sent(3);
  stage = heard(stage, new Map<string, Fate>([["id-0", { at: "recorded", changed: true, told }], ["id-1", { at: "unknown", status: null, request: null }], ["id-2", { at: "late", told }]]));
  stage = finish(stage, 1038, 0);
  assert.ok(stage.at === "told" && stage.took === 38);
  assert.deepEqual(sum(stage.fates), { all: 3, recorded: 1, unknown: 1, unsent: 0, refused: 1, sending: 0 });
  assert.deepEqual(openOf(stage), ["id-1"]);
  const once = again(stage, 2000);
  assert.ok(once.at === "sending" && once.said === said);
  assert.deepEqual(calls(once), [["id-1"]]);
  assert.deepEqual(at(once.fates), ["recorded", "sending", "late"]);
  const done = finish(heard(once, new Map<string, Fate>([["id-1", { at: "recorded", changed: false, told: pending }]])), 2100, 0);
  assert.deepEqual(openOf(done), []);
  assert.equal(again(done, 3000), done);
});

test("what was never sent says so, and waits as long as the server wants", () => {
  const stage = finish(heard(sent(2), new Map<string, Fate>([["id-0", { at: "unsent", code: "rate_limited" }]])), 1100, 5000);
  assert.ok(stage.at === "told");
  assert.deepEqual(at(stage.fates), ["unsent", "unsent"]);
  assert.equal(again(stage, 4999), stage);
  assert.equal(again(stage, 5000).at, "sending");
});

test("nothing is sent by a second click, by a rejection without a reason, or for nothing", () => {
  const stage = ask("approve", ["a"], 5000);
  assert.ok(!maySend(stage, said, 5000 + BREATH - 1) && maySend(stage, said, 5000 + BREATH));
  const no: Said = { verdict: "reject", comment: "", reason: "  " };
  assert.ok(!maySend(ask("reject", ["a"], 0), no, 9e9) && maySend(ask("reject", ["a"], 0), { ...no, reason: "x" }, 9e9));
  assert.equal(ask("approve", [], 0), CHOOSING);
  assert.equal(begin(CHOOSING, said, 0), CHOOSING);
  assert.ok(!maySend(sent(1), said, 9e9));
});

test("a range takes what may be selected between, and the list stands as it stood", () => {
  const rows = ["a", "b", "c", "d"];
  assert.deepEqual(range(rows, "d", "b", (id) => id !== "c"), ["b", "d"]);
  assert.deepEqual(range(rows, null, "b", () => true), ["b"]);
  assert.deepEqual(range(rows, "gone", "b", () => true), ["b"]);
  assert.deepEqual(range(rows, "a", "gone", () => true), []);
  const stood = new Map([["c", 0], ["a", 1]]);
  assert.deepEqual(still(["a", "new", "c"], stood), ["c", "a", "new"]);
  assert.deepEqual(still(["a", "c"], null), ["a", "c"]);
});

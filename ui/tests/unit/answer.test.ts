import assert from "node:assert/strict";
import test from "node:test";
import { BREATH, type Call, type Ended, type Reply, after, isBusy, maySend, mode } from "../../src/logic/answer.ts";

const call: Call = { verb: "approve", id: "a", version: 3, body: '{"comment":"go"}', words: "go" };
const reply = (status: number, code: string | null = null, retryAfter: number | null = null): Reply => ({ status, code, detail: null, requestId: "r1", retryAfter, errors: [] });
const ended: Ended = { status: "resolved", resolution: "rejected", resolved_via: "human", resolved_by: "cy", resolved_at: "2026-11-27T13:19:07Z", version: 4 };
const pending: Ended = { ...ended, status: "pending", resolution: null, resolved_by: null, resolved_at: null };
const NOW = 1000;

test("only a 200 is recorded", () => {
  const states = [200, 201, 301, 400, 401, 403, 404, 409, 410, 412, 413, 415, 422, 429, 500, 502, 503, 504].map((status) => [status, after(call, reply(status), ended, true, NOW).at] as const);
  assert.deepEqual(states.filter(([, at]) => at === "recorded").map(([status]) => status), [200, 201]);
  assert.equal(after(call, null, null, false, NOW).at, "unknown");
});

test("each refusal looks like what it is", () => {
  for (const [status, code, told, at] of [
    [409, "already_decided", ended, "lost"], [409, "cancelled", { ...ended, status: "cancelled" }, "cancelled"], [409, "already_voted", pending, "refused"],
    [409, "modifications_differ", pending, "refused"], [410, "expired", { ...ended, status: "expired" }, "expired"], [412, "version_conflict", pending, "changed"],
    [403, "not_eligible", pending, "refused"], [422, "invalid", null, "refused"], [429, "rate_limited", null, "limited"], [500, "internal", null, "unknown"], [503, "overloaded", null, "unknown"],
  ] as const) {
    assert.equal(after(call, reply(status, code), told, false, NOW).at, at, `${status} ${code}`);
  }
});

test("what is unknown can be asked again, the very same, when the server wants it", () => {
  const state = after(call, reply(503, "draining", 2), null, false, NOW);
  assert.ok(state.at === "unknown" && state.until === NOW + 2000 && state.call === call);
  const broken = after(call, null, null, false, NOW);
  assert.ok(broken.at === "unknown" && broken.until === NOW && broken.reply === null);
  const limited = after(call, reply(429, "rate_limited", 7), null, false, NOW);
  assert.ok(limited.at === "limited" && limited.until === NOW + 7000);
  for (const it of [state, broken, limited]) assert.ok(isBusy(it));
});

test("a vote that leaves it open is recorded, and doesn't end it", () => {
  const vote = after(call, reply(200), pending, true, NOW);
  assert.ok(vote.at === "recorded" && !vote.ended && vote.changed);
  const again = after(call, reply(200), { ...ended, resolution: "approved" }, false, NOW);
  assert.ok(again.at === "recorded" && again.ended && !again.changed);
});

test("a second click, or a key that is held, sends nothing", () => {
  const asking = { at: "asking", verb: "approve", since: 5000 } as const;
  assert.ok(!maySend(asking, 5000) && !maySend(asking, 5000 + BREATH - 1) && maySend(asking, 5000 + BREATH));
  assert.ok(!maySend({ at: "ready" }, 1e9) && !maySend({ at: "sending", call, since: 0 }, 1e9) && !maySend({ at: "recorded", call, changed: true, ended: true }, 1e9));
});

test("the bar's state follows from what the server says that I may do", () => {
  const may = (allowed: boolean, code: string | null = null) => ({ allowed, code, reason: null, effect: null });
  const yes = may(true);
  for (const [wanted, args] of [
    ["ended", [false, true, true, yes, yes]], ["away", [true, true, false, yes, yes]], ["voted", [true, false, true, may(false, "voted"), may(false, "voted")]],
    ["ready", [true, false, false, yes, may(false, "no_permission")]], ["ready", [true, false, false, may(false, "no_permission"), yes]],
    ["not-yours", [true, false, false, may(false, "own_request"), may(false, "own_request")]], ["only-looking", [true, false, false, may(false, "no_permission"), may(false, "no_permission")]],
    ["not-yours", [true, false, false, null, null]],
  ] as const) {
    assert.equal(mode(...args), wanted);
  }
});

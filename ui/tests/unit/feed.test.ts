import assert from "node:assert/strict";
import test from "node:test";
import { BANNER_AFTER, afterClose, backOff, best, isDead, pingEvery, sample, steadied } from "../../src/logic/feed.ts";

test("each close code has its own answer", () => {
  assert.deepEqual(afterClose(1008, 0, 0.5, null), { act: "stop" });
  assert.deepEqual(afterClose(4401, 0, 0.5, null), { act: "sign-in" });
  assert.deepEqual(afterClose(1012, 3, 0.5, 1234), { act: "again", after: 1234 });
  const full = afterClose(1013, 0, 0, null);
  assert.ok(full.act === "again" && full.after >= 5000);
  const slow = afterClose(4408, 0, 0.5, null);
  assert.ok(slow.act === "again" && slow.after <= 500);
});

test("tries are spread, further apart each time, and never stop", () => {
  for (let attempt = 0; attempt < 30; attempt += 1) {
    const [least, most] = [backOff(attempt, 0), backOff(attempt, 1)];
    assert.ok(most === 2 * least && most <= 15_000 && least >= 250, String(attempt));
  }
});

test("an open socket that says nothing for two heartbeats is dead", () => {
  // A look that a timer takes a millisecond early is not lost.
  assert.ok(!isDead(39_000, 0, 20) && isDead(39_999, 0, 20));
  assert.ok(pingEvery(20) * 4 <= 40_000);
});

test("the server's clock is what the quickest answer said, either way", () => {
  assert.equal(sample(10_500, 10_000, 10_200).offset, 400);
  assert.equal(sample(9_500, 10_000, 10_200).offset, -600);
  const samples = [sample(10_500, 10_000, 10_900), sample(10_100, 10_000, 10_020), sample(10_300, 10_000, 10_400)];
  assert.equal(best(samples), 90);
  assert.equal(best([]), 0);
  // Only the last five count.
  assert.equal(best([sample(99_999, 10_000, 10_000), ...Array.from({ length: 5 }, () => sample(10_050, 10_000, 10_100))]), 0);
});

test("a correction never makes a countdown rise", () => {
  // Time at the server is earlier than we thought: our clock runs slower until it agrees.
  let shown = 3000;
  let time = 100_000;
  let seen = time + shown;
  for (let turn = 0; turn < 10; turn += 1) {
    time += 1000;
    shown = steadied(shown, -500, 1000);
    assert.ok(time + shown > seen);
    seen = time + shown;
  }
  assert.equal(shown, -500);
  assert.equal(steadied(0, 3000, 1000), 3000);
});

test("by the server's own setting a dead socket is said to be one within 45 s", () => {
  // Looks are taken by a timer, each time a while after the one before; nothing comes any more.
  for (const off of [-1, 0, 3, 20]) {
    let time = 0;
    do time += pingEvery(20) + off;
    while (!isDead(time, 0, 20));
    assert.ok(time + BANNER_AFTER <= 45_000, `${time} ms at ${off} ms off`);
  }
});

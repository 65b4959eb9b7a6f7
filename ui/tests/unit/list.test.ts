import assert from "node:assert/strict";
import test from "node:test";
import { type Listed, NO_FILTERS, decidable, groups, nextAfter, passes, step } from "../../src/logic/groups.ts";
import { apply, isNewer, missing } from "../../src/logic/merge.ts";

const item = (id: string, more: Partial<Listed> = {}): Listed => ({
  id, version: 1, status: "pending", created_at: "2026-11-27T13:00:00Z", expires_at: `2026-11-27T14:00:0${id.charCodeAt(0) % 10}Z`, can_decide: true, title: id, workflow: null,
  approval_type: "tool_call", run_id: "r", requested_by: "agent", ...more,
});
const map = (...items: Listed[]) => new Map(items.map((it) => [it.id, it]));
const NONE = new Set<string>();

test("higher wins, lower is dropped, the end is the end", () => {
  const known = map(item("a", { version: 3 }));
  assert.deepEqual([...apply(known, [item("a", { version: 2, title: "old" }), item("b")])], ["b"]);
  assert.equal(known.get("a")?.title, "a");
  apply(known, [item("a", { version: 4, status: "resolved" })]);
  // A list that was read before it ended doesn't put it back.
  assert.equal(apply(known, [item("a", { version: 3 }), item("a", { version: 4, status: "pending" })]).size, 0);
  assert.equal(known.get("a")?.status, "resolved");
  // What I may do can change without a version.
  assert.ok(isNewer(item("a"), item("a", { can_decide: false })));
});

test("what is on no list any more is asked about, unless it was told of meanwhile", () => {
  const known = map(item("a"), item("b"), item("c", { status: "resolved" }), item("d"));
  assert.deepEqual(missing(known, new Set(["a"]), new Set(["d"])), ["b"]);
});

test("two groups, the soonest first", () => {
  const all = map(item("c"), item("a"), item("z", { can_decide: false }), item("b"), item("x", { status: "resolved" }));
  assert.deepEqual(groups(all, NO_FILTERS, null, NONE, new Map()), { mine: ["a", "b", "c", "z"].filter((id) => id !== "z").sort((x, y) => (all.get(x)!.expires_at < all.get(y)!.expires_at ? -1 : 1)), others: ["z"] });
  assert.equal(decidable(all), 3);
});

test("a row that ends stays where it was; a new one waits outside", () => {
  const all = map(item("a"), item("b", { status: "resolved" }), item("c"), item("d", { can_decide: false }));
  const shown = groups(all, NO_FILTERS, null, new Set(["c"]), new Map([["b", "mine"], ["d", "mine"]] as const));
  assert.deepEqual(shown.others, []);
  assert.deepEqual(new Set(shown.mine), new Set(["a", "b", "d"]));
  // The number above the group counts what is mine, not what is only still shown.
  assert.equal(decidable(all), 2);
});

test("filters look at what is seen, and at what the server found", () => {
  const it = item("a", { title: "Refund order", workflow: "w", requested_by: "bo" });
  for (const [filters, found, wanted] of [
    [{ q: "REFUND" }, null, true], [{ q: "nothing" }, null, false], [{ q: "nothing" }, new Set(["a"]), true], [{ workflow: ["w", "v"] }, null, true], [{ workflow: ["v"] }, null, false],
    [{ by: ["bo"], type: ["plan"] }, null, false], [{ by: ["bo"], type: ["tool_call"] }, null, true],
  ] as const) {
    assert.equal(passes(it, { ...NO_FILTERS, ...filters }, found), wanted, JSON.stringify(filters));
  }
});

test("after an answer the next one is at the same position, else above", () => {
  const gone = (id: string) => id === "b";
  assert.equal(nextAfter(["a", "b", "c"], "b", gone), "c");
  assert.equal(nextAfter(["a", "b"], "b", gone), "a");
  assert.equal(nextAfter(["b"], "b", gone), null);
  assert.equal(nextAfter(["a"], "x", gone), "a");
  assert.deepEqual([step(["a", "b"], "a", 1), step(["a", "b"], "b", 1), step(["a", "b"], null, 1), step(["a", "b"], null, -1), step([], "a", 1)], ["b", "b", "a", "b", null]);
  assert.deepEqual([step(["a", "b", "c"], "b", Infinity), step(["a", "b", "c"], "b", -Infinity), step(["a", "b"], null, Infinity), step(["a", "b"], null, -Infinity), step([], null, Infinity)], ["c", "a", "b", "a", null]);
});

test("badge, title and first group agree at every moment of a random hour", () => {
  let seed = 7;
  const random = (most: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % most;
  };
  const known = map();
  const truth = new Map<string, Listed>();
  const late: Listed[] = [];
  for (let turn = 0; turn < 3600; turn += 1) {
    const id = `i${random(40)}`;
    const before = truth.get(id);
    if (before && before.status !== "pending") continue;
    const status = before && random(3) === 0 ? "resolved" : "pending";
    const next = item(id, { version: (before?.version ?? 0) + 1, status, can_decide: status === "pending" && random(2) === 0 });
    truth.set(id, next);
    // Some come late, some twice.
    if (random(4) === 0) late.push(next);
    else apply(known, [next]);
    if (random(5) === 0) apply(known, late.splice(0).reverse());
    const shown = groups(known, NO_FILTERS, null, NONE, new Map());
    assert.equal(shown.mine.length, decidable(known));
    assert.ok(shown.mine.every((one) => known.get(one)?.can_decide && known.get(one)?.status === "pending"));
  }
  apply(known, late);
  assert.equal(decidable(known), decidable(truth));
});

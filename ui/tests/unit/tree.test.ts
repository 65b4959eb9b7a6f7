import assert from "node:assert/strict";
import test from "node:test";
import { parse } from "../../src/logic/json.ts";
import { gist, opened, rows, search } from "../../src/logic/tree.ts";

const NONE = new Set<string>();
const ids = (text: string, toggled: ReadonlySet<string> = NONE, fold: string[] = []) => rows(parse(text), toggled, fold).map((row) => row.id);

test("small objects are one line, others open", () => {
  const list = rows(parse('{"a":{"x":1,"y":2},"b":{"x":1,"y":2,"z":3,"w":4},"c":{"deep":{"x":[]}}}'), NONE);
  assert.deepEqual(list.map((row) => [row.id, row.kind, row.open]), [
    ["/a", "line", false], ["/b", "branch", true], ["/b/x", "scalar", false], ["/b/y", "scalar", false], ["/b/z", "scalar", false], ["/b/w", "scalar", false],
    ["/c", "branch", true], ["/c/deep", "branch", true], ["/c/deep/x", "scalar", false],
  ]);
});

test("what is deep, long or named so is folded", () => {
  assert.ok(!ids('{"a":{"b":{"c":{"d":{"e":{"f":[1,2]}}}}}}').includes("/a/b/c/d/e/f"));
  assert.deepEqual(ids(`{"list":[${"1,".repeat(30)}1]}`), ["/list"]);
  assert.deepEqual(ids('{"a":{"w":1,"x":1,"y":2,"z":3}}', NONE, ["/a"]), ["/a"]);
  assert.deepEqual(ids('{"a":{"w":1,"x":1,"y":2,"z":3}}', new Set(["/a"]), ["/a"]).length, 5);
  const [text] = rows(parse(JSON.stringify({ log: "x".repeat(500) })), NONE);
  assert.deepEqual([text?.kind, text?.open], ["text", false]);
  assert.equal(gist("line\n".repeat(3120)), "text, 16 KB, 3,121 lines");
});

test("places among brothers are true", () => {
  const list = rows(parse('{"a":1,"b":{"c":[1,2,3,4]},"d":2}'), NONE);
  assert.deepEqual(list.map((row) => [row.key, row.position, row.brothers, row.depth]), [["a", 1, 3, 0], ["b", 2, 3, 0], ["c", 1, 1, 1], ["0", 1, 4, 2], ["1", 2, 4, 2], ["2", 3, 4, 2], ["3", 4, 4, 2], ["d", 3, 3, 0]]);
});

test("search finds names and values, and opens the way to them", () => {
  const root = parse(JSON.stringify({ a: { b: { c: { d: { e: { needle: 1 } } } } }, list: Array.from({ length: 30 }, (_, index) => ({ n: index, s: index === 29 ? "a Needle" : "", t: "", u: "" })) }));
  const found = search(root, "needle");
  assert.deepEqual(found, ["/a/b/c/d/e/needle", "/list/29/s"]);
  const toggled = opened(root, NONE, found);
  const seen = rows(root, toggled).map((row) => row.id);
  assert.ok(seen.includes("/list/29/s") && (seen.includes("/a/b/c/d/e/needle") || seen.includes("/a/b/c/d/e")));
  // What was open stays so.
  assert.deepEqual(opened(root, toggled, found), toggled);
  assert.deepEqual(search(root, ""), []);
});

test("ten thousand keys and thirty-two levels are no trouble", () => {
  const wide = parse(JSON.stringify(Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`k${index}`, index]))));
  assert.equal(rows(wide, NONE).length, 10_000);
  assert.equal(search(wide, "k99", 5).length, 5);
  assert.ok(rows(parse(`${'{"a":'.repeat(32)}1${"}".repeat(32)}`), NONE).length >= 4);
});

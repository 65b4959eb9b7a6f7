import assert from "node:assert/strict";
import test from "node:test";
import { JsonError, Num, at, count, dotted, parse, path, pointer, same, write } from "../../src/logic/json.ts";

test("numbers keep their digits", () => {
  for (const raw of ["1.0", "12345678901234567890", "-0", "1e400", "0.1000", "5E-7"]) {
    const value = parse(`[${raw}]`) as Num[];
    assert.equal(value[0]?.raw, raw);
    assert.equal(write(value), `[${raw}]`);
  }
});

test("no key has a meaning of its own", () => {
  const text = '{"__proto__":{"polluted":true},"constructor":1,"toString":null,"":"empty"}';
  const value = parse(text);
  assert.ok(value instanceof Map);
  assert.deepEqual([...value.keys()], ["__proto__", "constructor", "toString", ""]);
  assert.equal(write(value), text);
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
});

test("what is read is what JSON.parse reads, and what is written is read the same", () => {
  for (const text of ['"a\\u202eb\\n\\"\\\\"', "[]", "{}", ' { "a" : [ 1 , true , null , "x" ] } ', '"\\ud83d\\ude00é"', '[[[["deep"]]]]']) {
    assert.deepEqual(JSON.parse(write(parse(text))), JSON.parse(text));
    assert.deepEqual(JSON.parse(write(parse(text), 2)), JSON.parse(text));
  }
});

test("what isn't JSON is refused with its place", () => {
  for (const [text, place] of [["", 0], ["{", 1], ['{"a":}', 5], ["[1,]", 3], ["01", 1], ["1 2", 2], ['{"a":1,"a":2}', 10], ['"\n"', 0], ["nul", 0], ["'a'", 0], ['{"a" 1}', 5]] as const) {
    assert.throws(() => parse(text), (error) => error instanceof JsonError && error.at === place, `${text} at ${place}`);
  }
  assert.throws(() => parse("[".repeat(100_000)), JsonError);
});

test("a quarter of a megabyte is read in a moment", () => {
  const text = JSON.stringify(Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`key-${index}`, { value: index, text: "x".repeat(5) }])));
  const begun = performance.now();
  assert.equal(count(parse(text)), 20_000);
  assert.ok(performance.now() - begun < 2000);
});

test("pointers lead to values, and back", () => {
  const root = parse('{"a/b":{"~":[10,{"x":1}]},"":2}');
  assert.equal((at(root, path("/a~1b/~0/1/x")) as Num).raw, "1");
  assert.equal((at(root, path("/")) as Num).raw, "2");
  assert.equal(at(root, path("")), root);
  for (const nothing of ["/a", "/a~1b/~0/2", "/a~1b/~0/01", "/a~1b/~0/-"]) assert.equal(at(root, path(nothing)), undefined);
  assert.equal(pointer(["a/b", "~", "1"]), "/a~1b/~0/1");
  assert.equal(dotted(["a/b", "~", "1", "x"], root), "a/b.~[1].x");
});

test("values are the same where they mean the same", () => {
  assert.ok(same(parse('{"a":1,"b":[true]}'), parse('{"b":[true],"a":1.0}')));
  for (const [a, b] of [["1.50e2", "150"], ["-0", "0"], ["0.001", "1e-3"], ["100", "1E2"]] as const) assert.ok(same(parse(a), parse(b)), `${a} ${b}`);
  for (const [a, b] of [["12345678901234567890", "12345678901234567891"], ["-1", "1"], ["1", '"1"'], ["null", "false"], ["[1,2]", "[2,1]"], ['{"a":null}', "{}"], ["[]", "{}"]] as const) {
    assert.ok(!same(parse(a), parse(b)), `${a} ${b}`);
  }
});

/** How a call is shown, named and told apart. */

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { Call, type CallFields, MissingCallIdError, Outcome, runName, shown, SignoffError, TooLargeToShowError } from "signoff";
import { hex, sha256 } from "../dist/esm/sha256.js";
import { DEEPEST, LARGEST } from "../dist/esm/toolcall.js";

function call(more: Partial<CallFields> = {}): Call {
  return new Call({ dialect: "langchain", run: "run-7", tool: "refund", callId: "call_1", arguments: { order: "1042", amount: 49.9 }, ...more });
}

test("the key is the same for the same call in every language", () => {
  assert.equal(call().key(), call({ arguments: { amount: 49.9, order: "1042" } }).key());
  assert.equal(call().key(), "tc1.3CaHhO3ODVKIeEncW2RTXrRXe0e3MFy59dqVNDzRxsI");
});

test("also where much has to become text", () => {
  // These are the keys that the Python client makes.
  const ugly = JSON.parse(
    `{"exact": 9007199254740991, "nul": "a\\u0000b", "half": "\\ud83d", "whole": "😀", "\\ufb33": 1, "😀": 2, "ö": 3,
      "__proto__": {"path": "/"}, "list": [1, [true, null], {}], "small": 1e-7, "zero": 0}`,
  ) as Record<string, unknown>;
  Object.assign(ugly, { large: 2 ** 53, nan: Number.NaN, down: -Infinity, bytes: new TextEncoder().encode("abc") });
  assert.equal(call({ arguments: ugly }).key(), "tc1.egA5wzK-CsLlen4dVXLH7AvswNQVDXhvE0OumYyv8Qs");
  let deep: unknown = "bottom";
  for (let n = 0; n < 60; n++) deep = { "z😀": [deep], "z\uffff": 1.5, "b\n": 'é"\u007f\u001f', a: null };
  assert.equal(call({ arguments: { deep } }).key(), "tc1.ErhHQoP9CYGlGzy-CKWW8RKzO6fXr-GbUFViYyc0Fww");
});

test("any other call has another key", () => {
  for (const other of [{ dialect: "mcp" }, { run: "run-8" }, { tool: "pay" }, { callId: "call_2" }, { arguments: { order: "1043" } }]) {
    assert.notEqual(call().key(), call(other).key());
  }
});

test("a call without an id has no key", () => {
  for (const callId of [undefined, null, ""]) assert.throws(() => call({ callId }).key(), MissingCallIdError);
});

test("what JSON can't hold is shown as text", () => {
  const given = {
    big: 2n ** 64n,
    small: 7n,
    large: 2 ** 53,
    huge: 1e21,
    exact: 2 ** 53 - 1,
    nan: Number.NaN,
    down: -Infinity,
    bytes: new TextEncoder().encode("abc"),
    buffer: Buffer.from("abc"),
    nul: "a\0b",
    half: "\ud83d",
    whole: "😀",
    when: new Date(Date.UTC(2026, 10, 28)),
    never: new Date(Number.NaN),
    url: new URL("https://signoff.test/"),
    set: new Set([2, 1]),
    map: new Map<unknown, unknown>([[1, true]]),
    nothing: undefined,
    list: [undefined, null],
  };
  const abc = "3 bytes, SHA-256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assert.deepEqual(shown(given), {
    big: "18446744073709551616",
    small: 7,
    large: "9007199254740992",
    huge: "1000000000000000000000",
    exact: 9007199254740991,
    nan: "NaN",
    down: "-Infinity",
    bytes: abc,
    buffer: abc,
    nul: "a\\u0000b",
    half: "\\ud83d",
    whole: "😀",
    when: "2026-11-28T00:00:00.000Z",
    never: "Invalid Date",
    url: "https://signoff.test/",
    set: [1, 2],
    map: { "1": true },
    list: [null, null],
  });
});

test("no argument is hidden by its name", () => {
  const args = JSON.parse('{"__proto__": {"path": "/"}, "constructor": 1, "to\\u0000": 2}') as Record<string, unknown>;
  const made = call({ arguments: args });
  assert.equal(made.title(), 'refund(__proto__={"path": "/"}, constructor=1, to\\u0000=2)');
  assert.equal(made.title("To {to\\u0000}", ["to\0"]), "To …");
  assert.deepEqual(Object.keys(made.arguments), ["__proto__", "constructor", "to\0"]);
  assert.notEqual(made.key(), call({ arguments: { constructor: 1, "to\0": 2 } }).key());
  assert.equal(call().title("{toString} {constructor}"), "{toString} {constructor}");
});

function depth(value: unknown): number {
  return typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depth)) : 0;
}

test("what lies too deep is one text", () => {
  let nested: unknown = "bottom";
  for (let n = 0; n < 100; n++) nested = { in: nested };
  assert.equal(depth(shown(nested)), DEEPEST);
  assert.equal(call({ arguments: { nested } }).key(), "tc1.TY9iCYAkr3MSBsEcAfdpdPeX7d3a4rXeNF6KGusO8bQ");
  const circle: Record<string, unknown> = {};
  circle["itself"] = circle;
  assert.throws(() => shown(circle), TooLargeToShowError);
  const round = new Set<unknown>();
  round.add(round);
  assert.throws(() => shown(round), TooLargeToShowError);
  assert.throws(() => call({ arguments: circle }).key(), TooLargeToShowError);
});

test("too much to show is refused", () => {
  assert.ok(call({ arguments: { text: "x".repeat(262_000) } }).context());
  assert.throws(() => call({ arguments: { text: "x".repeat(263_000) } }).context(), TooLargeToShowError);
  assert.throws(() => call({ arguments: { text: "é".repeat(132_000) } }).context(), TooLargeToShowError);
});

test("what is measured is what is sent", () => {
  const size = (made: Call): number => Buffer.byteLength(JSON.stringify(made.context()));
  for (const [letter, bytes] of [["x", 1], ["é", 2], ["\n", 2], ["\u2028", 3]] as const) {
    const rest = LARGEST - size(call({ arguments: { text: "", end: "" } }));
    const fitting = { text: letter.repeat(Math.floor(rest / bytes)), end: "x".repeat(rest % bytes) };
    assert.equal(size(call({ arguments: fitting })), LARGEST);
    assert.throws(() => call({ arguments: { ...fitting, end: `${fitting.end}x` } }).context(), {
      name: "TooLargeToShowError",
      message: `what a person is shown of refund has ${LARGEST + 1} bytes; ${LARGEST} are the most`,
    });
  }
  // All of it counts, and nothing of what isn't shown.
  assert.throws(() => call({ arguments: {}, agent: "a".repeat(LARGEST) }).context(), TooLargeToShowError);
  const card = "4".repeat(LARGEST);
  assert.deepEqual(call({ arguments: { card } }).context(["card"])["arguments"], { card: "…" });
  assert.match(call({ arguments: { card } }).title(), /^refund\(card="4+…$/);
  assert.match(call({ arguments: { card } }).key(), /^tc1\./);
});

test("keys that would be shown as one are refused", () => {
  for (const [name, value] of [
    ["1", new Map<unknown, unknown>([[1, "one"], ["1", "other"]])],
    ["1", new Map<unknown, unknown>([[1, undefined], ["1", "other"]])],
    ["null", new Map<unknown, unknown>([[null, "one"], ["null", "other"]])],
    ["a\\\\u0000", { "a\0": 1, "a\\u0000": 2 }],
  ] as const) {
    const says = (error: unknown): boolean =>
      error instanceof SignoffError && !(error instanceof TooLargeToShowError) && error.message.includes(`"${name}"`);
    assert.throws(() => shown([value]), says);
    assert.throws(() => call({ arguments: { value } }).context(), says);
    assert.throws(() => call({ arguments: { value } }).key(), says);
  }
  for (const key of [{ a: 1 }, new Date(0), [1], Object.create(null) as object]) {
    assert.throws(
      () => shown(new Map([[key, 1]])),
      (error) => error instanceof SignoffError && /the key \[object \w+\] of a Map/.test(error.message),
    );
  }
});

const EDITED = { id: "a", status: "resolved", resolution: "modified", task_id: "t" };

function edited<A extends object>(original: A, edit: object, redact?: readonly string[]): A {
  const result = { resolution: "modified", modifications: { arguments: JSON.parse(JSON.stringify(edit)) as object } };
  return new Outcome({ ...EDITED, result } as never).arguments(original, redact);
}

test("what an edit leaves as it was shown stays the original", () => {
  const bytes = Buffer.from("abc");
  const original = {
    order: { id: 2n ** 64n, file: bytes, when: new Date(0), amount: 5, "nul\0": "a\0", gone: 1, unsaid: undefined },
    list: [bytes, { n: 2n ** 64n, m: 1 }, undefined],
    map: new Map<unknown, unknown>([[1, bytes]]),
    set: new Set([2, 1]),
    untouched: bytes,
  };
  const before = shown(original) as typeof original;
  const { gone: _, ...order } = before.order;
  const after = edited(original, { ...before, order: { ...order, amount: 6 }, list: [before.list[0], { ...(before.list[1] as object), m: 2 }, null], more: 1 });
  assert.deepEqual(after, {
    order: { id: 2n ** 64n, file: bytes, when: new Date(0), amount: 6, "nul\0": "a\0" },
    list: [bytes, { n: 2n ** 64n, m: 2 }, undefined],
    map: new Map<unknown, unknown>([[1, bytes]]),
    set: new Set([2, 1]),
    untouched: bytes,
    more: 1,
  });
  assert.notEqual(after.order.file, bytes);
  assert.deepEqual(edited({ "to\0": bytes, b: 1 }, { "to\\u0000": (shown(bytes)), b: 2 }), { "to\0": bytes, b: 2 });
  // Of another form, the edit counts as it is.
  const text = shown(bytes);
  assert.deepEqual(edited({ list: [bytes, 1] }, { list: [text] }), { list: [text] });
  assert.deepEqual(edited({ map: new Map([["a", bytes]]) }, { map: { a: text, b: 1 } }), { map: { a: text, b: 1 } });
  assert.deepEqual(edited({ one: bytes }, { two: text }), { one: bytes, two: text });
  const proto = JSON.parse('{"__proto__": {"a": 1, "b": 2}}') as object;
  assert.deepEqual(JSON.stringify(edited(proto, JSON.parse('{"__proto__": {"a": 2}, "constructor": 3}') as object)), '{"__proto__":{"a":2},"constructor":3}');
});

test("what was redacted survives an edit that leaves it", () => {
  const original = { card: "4242", amount: 1 };
  assert.deepEqual(edited(original, { card: "…", amount: 2 }, ["card"]), { card: "4242", amount: 2 });
  assert.deepEqual(edited(original, { card: "4343" }, ["card"]), { card: "4343", amount: 1 });
  assert.deepEqual(edited(original, { card: "…" }), { card: "…", amount: 1 });
  assert.deepEqual(edited({ "card\0": "4242" }, { "card\\u0000": "…" }, ["card\0"]), { "card\0": "4242" });
});

test("memory that others write is refused", () => {
  const memory = new SharedArrayBuffer(4);
  for (const value of [memory, new Uint8Array(memory), new Int32Array(memory), new DataView(memory), Buffer.from(memory)]) {
    assert.throws(() => call({ arguments: { value } }), /SharedArrayBuffer can't be copied/);
  }
});

test("what is redacted is in the key but not shown", () => {
  const [one, other] = [call({ arguments: { card: "4242" } }), call({ arguments: { card: "4243" } })];
  assert.deepEqual(one.context(["card"]), other.context(["card"]));
  assert.deepEqual(one.context(["card"])["arguments"], { card: "…" });
  assert.equal(one.title("Pay by {card}", ["card"]), "Pay by …");
  assert.notEqual(one.key(), other.key());
});

test("titles", () => {
  assert.equal(call().title(), 'refund(amount=49.9, order="1042")');
  const unsorted = call({ arguments: { "😀": 1, "\uffff": { z: 1, a: 2 }, b: 3, a: 4, 10: 5, 9: 6 } });
  assert.equal(unsorted.title(), 'refund(10=5, 9=6, a=4, b=3, \uffff={"a": 2, "z": 1}, 😀=1)');
  assert.deepEqual(Object.keys(call().context()["arguments"] as object), ["order", "amount"]);
  assert.equal(call().title("Refund {order}: {amount}"), "Refund 1042: 49.9");
  assert.equal(call().title("Refund {nothing} {}"), "Refund {nothing} {}");
  assert.equal(call({ arguments: { order: "$& {amount}", amount: 1 } }).title("Refund {order}"), "Refund $& {amount}");
});

test("a title fits", () => {
  const title = call({ arguments: { text: "😀".repeat(500) } }).title();
  assert.equal(Array.from(title).length, 200);
  assert.ok(title.endsWith("😀…"));
});

test("arguments are a copy", () => {
  const args = { order: { id: 1 }, bytes: Buffer.from("abc"), when: new Date(0) };
  const made = call({ arguments: args });
  args.order.id = 2;
  args.bytes[0] = 0;
  args.when.setTime(1);
  assert.deepEqual(made.arguments, { order: { id: 1 }, bytes: Buffer.from("abc"), when: new Date(0) });
});

test("what is no plain data is refused", () => {
  class Order {
    id = 1;
  }
  for (const value of [new Order(), () => 1, Symbol("x"), new AbortController().signal, Promise.resolve()]) {
    assert.throws(() => call({ arguments: { value } }), /can't be copied/);
  }
});

test("a name that is taken stays", () => {
  for (const text of ["run-7", "a.b_c:d-1", "x".repeat(200)]) assert.equal(runName(text), text);
});

test("other texts become names that differ", () => {
  const texts = ["a/b", "a b", "a-b", "", "é", "x".repeat(201), "x".repeat(202), "/".repeat(300), ".", "..", "\ud83d", "\ud83e", "😀"];
  const made = texts.map(runName);
  assert.equal(new Set(made).size, made.length);
  assert.ok(made.every((name) => /^[A-Za-z0-9._:-]{1,200}$/.test(name) && !/^\.\.?$/.test(name)));
  assert.equal(made[0], "a-b.c14cddc0");
  assert.deepEqual(made.slice(-3), ["-.7586f70f", "-.0638f955", "-.f0443a34"]);
});

test("SHA-256 is that of everybody", () => {
  for (let length = 0; length < 200; length++) {
    const data = randomBytes(length);
    assert.equal(hex(sha256(data)), createHash("sha256").update(data).digest("hex"));
  }
  const large = randomBytes(1_000_003);
  assert.equal(hex(sha256(large)), createHash("sha256").update(large).digest("hex"));
});

import assert from "node:assert/strict";
import test from "node:test";
import { hides, plain, split } from "../../src/logic/hidden.ts";

test("what can't be seen, or reorders, becomes a code", () => {
  for (const [character, code] of [
    ["\u202e", "U+202E"], ["\u2066", "U+2066"], ["\u200b", "U+200B"], ["\ufeff", "U+FEFF"], ["\u0000", "U+0000"], ["\u001b", "U+001B"],
    ["\u2028", "U+2028"], ["\u00ad", "U+00AD"], ["\u{e0041}", "U+E0041"], ["\u3164", "U+3164"], ["\u2800", "U+2800"], ["\ue000", "U+E000"],
    ["\ufe0f", "U+FE0F"], ["\u200d", "U+200D"], ["\ud800", "U+D800"], ["\n", "U+000A"], ["\u061c", "U+061C"], ["\u180e", "U+180E"], ["\u034f", "U+034F"],
  ] as const) {
    assert.equal(plain(`a${character}b`), `a[${code}]b`);
    assert.ok(hides(`a${character}b`), code);
  }
});

test("what people write stays as it is", () => {
  for (const text of ["plain", "Ünïcode 漢字 עברית العربية", "❤️ 👩‍💻 👨‍👩‍👧 👍🏽‍ok".replace("\u200do", "o"), "“quotes” – 1,249.00 €", "<script>alert(1)</script>"]) {
    assert.deepEqual(split(text), [{ text }], text);
    assert.ok(!hides(text));
  }
});

test("lines are lines only where they are wanted", () => {
  assert.deepEqual(split("a\n\tb\r\nc", true), [{ text: "a\n\tb\r\nc" }]);
  assert.equal(split("a\nb").length, 3);
  assert.equal(split("a\rb", true).length, 3);
});

test("a code says what it does", () => {
  const [piece] = split("\u202e");
  assert.ok(piece && "means" in piece && piece.means.includes("reorders"));
});

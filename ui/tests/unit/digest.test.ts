import assert from "node:assert/strict";
import { test } from "node:test";
import { asked, canonical, digest } from "../../src/logic/digest.ts";
import { type Json, Num, parse } from "../../src/logic/json.ts";

test("it is of the canonical text", async () => {
  assert.equal(canonical(parse('{"b": [1.0, -0, 1e3, 1E400e0]}'.replace("E400e0", "e21"))), '{"b":[1,0,1000,1e+21]}');
  // The example of RFC 8785, section 3.2.3.
  const keys = '{"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\\ud83d\\ude00":"Emoji: Grinning Face","\\u0080":"Control","\\u00f6":"Latin Small Letter O With Diaeresis"}';
  const order = [...canonical(parse(keys)).matchAll(/:"([^"]+)"/g)].map(([, word]) => word!.split(" ")[0]);
  assert.deepEqual(order, ["Carriage", "One", "Control", "Latin", "Euro", "Emoji:", "Hebrew"]);
  assert.equal(await digest(parse('{"a":1,"b":[true,null,"é"]}')), "sha256:9488dd13ca33d3291f5a91a1833dfa164811755ffba538c2b340780f8c31a0cb");
});

/** The server's tests make the same numbers, and compare with the same digest. */
test("thirty thousand numbers are written as the server writes them", async () => {
  const bits = new DataView(new ArrayBuffer(8));
  const mask = (1n << 64n) - 1n;
  let state = 7n;
  const next = (): number => {
    state = (state + 0x9e3779b97f4a7c15n) & mask;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
    bits.setBigUint64(0, z ^ (z >> 31n));
    return bits.getFloat64(0);
  };
  const numbers: Json[] = [];
  while (numbers.length < 30_000) {
    const number = next();
    // Every third is of a size that people write.
    const shown = numbers.length % 3 === 0 ? Math.trunc(number % 1e6) / 100 : number;
    if (Number.isFinite(shown)) numbers.push(new Num(JSON.stringify(shown)));
  }
  assert.equal(await digest(numbers), "sha256:86f11850e7e4690c219a53be46a401af7e4bab93e047a9a859ddb878c264ac2b");
});

test("an approval's digest is of what is shown", () => {
  const shown = '{"id":"i","workspace_id":"w","run_id":"r","task_id":"t","approval_type":"y","title":"T","context":{"b":1.50,"a":[]},"requested_by":"n","requested_by_id":"p","metadata":{"no":1},"session_id":"s"}';
  assert.equal(
    canonical(asked(parse(shown))!),
    '{"approval_type":"y","context":{"a":[],"b":1.5},"description":null,"id":"i","job_id":null,"on_behalf_of":null,"requested_by":{"id":"p","name":"n"},"response_schema":null,"run_id":"r","task_id":"t","title":"T","v":1,"workspace_id":"w"}',
  );
  assert.equal(asked(parse('{"id":"i"}')), null);
});

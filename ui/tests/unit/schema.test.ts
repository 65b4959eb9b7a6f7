import assert from "node:assert/strict";
import test from "node:test";
import { type Dict, type Json, Num, at, parse, write } from "../../src/logic/json.ts";
import { type Field, begun, edited, fromSchema, fromValue, leaves, limitsInWords, modifications, needsAnswer, put, read } from "../../src/logic/schema.ts";

const field = (text: string, required = true): Field => fromSchema(parse(text), ["f"], required);
const value = (it: Field, text: string) => {
  const result = read(it, text);
  return "error" in result ? `! ${result.error}` : result.value === undefined ? "-" : write(result.value);
};

test("each kind keeps its kind", () => {
  for (const [schema, typed, wanted] of [
    ['{"type":"integer"}', "20000", "20000"], ['{"type":"integer"}', "1.5", "! Must be a whole number"], ['{"type":"integer"}', "2.0", "2.0"], ['{"type":"number"}', "0.10", "0.10"],
    ['{"type":"number"}', "1e400", "! This number is too large"], ['{"type":"number"}', "abc", "! Must be a number"], ['{"type":"number"}', "", "! A value is missing"],
    ['{"type":["integer","null"]}', "", "null"], ['{"type":"string"}', "", '""'], ['{"type":"string"}', "1", '"1"'], ['{"type":"string","maxLength":2}', "👍👍👍", "! At most 2 characters"],
    ['{"type":"integer","minimum":1,"maximum":20000}', "25000", "! At most 20,000"], ['{"type":"string","pattern":"^a+$"}', "b", "! Doesn't have the form that is asked for"],
    ['{"type":"string","format":"date"}', "1 May", "! Must be a date: 2026-12-01"], ['{"type":"string","format":"uri"}', "example", "! Must be an address with its scheme: https://…"],
    ['{"type":"string","format":"date-time"}', "2026-12-01T09:00:00Z", '"2026-12-01T09:00:00Z"'],
  ] as const) {
    assert.equal(value(field(schema), typed), wanted, `${schema} ${typed}`);
  }
});

test("empty is not the empty string where it may be left out", () => {
  assert.equal(value(field('{"type":"string"}', false), ""), "-");
  assert.equal(value(field('{"type":"integer"}', false), ""), "-");
});

test("every supported keyword makes a field, the others JSON for that part alone", () => {
  const form = fromSchema(parse(`{"type":"object","required":["s"],"properties":{
    "s":{"type":"string","title":"Subject"},"n":{"type":"number"},"i":{"type":"integer"},"b":{"type":"boolean"},"e":{"enum":["x",1,null]},"c":{"const":3},
    "l":{"type":"array","items":{"type":"string"}},"m":{"type":"array","items":{"enum":["de","en"]}},"o":{"type":"object","properties":{"in":{"type":"string"}}},
    "u":{"type":["string","null"]},"any":{"anyOf":[{"type":"string"}]},"two":{"type":["string","integer"]},"free":{"type":"object"},"ll":{"type":"array","items":{"type":"array"}},"ref":{"$ref":"#/x"}}}`));
  assert.deepEqual(form.fields.map((it) => [it.path.join("/"), it.kind]), [
    ["s", "string"], ["n", "number"], ["i", "integer"], ["b", "boolean"], ["e", "choice"], ["c", "const"], ["l", "list"], ["m", "list"], ["o", "object"], ["u", "string"], ["any", "json"],
    ["two", "json"], ["free", "json"], ["ll", "json"], ["ref", "json"],
  ]);
  assert.deepEqual([form.fields[0]?.label, form.fields[0]?.required, form.fields[9]?.nullable, form.fields[1]?.required], ["Subject", true, true, false]);
  assert.equal(leaves(form), 15);
  assert.equal(limitsInWords(field('{"type":"integer","minimum":60,"maximum":1200}')), "a whole number, 60 to 1,200");
});

test("without a schema the proposal's own values say the kinds", () => {
  const form = fromValue(parse('{"to":"a","n":5,"x":1.0,"on":true,"list":[1],"in":{"y":null}}'));
  assert.deepEqual(form.fields.map((it) => it.kind), ["string", "integer", "number", "boolean", "json", "object"]);
});

test("an edit changes one value and no other digit", () => {
  const proposed = parse('{"big":12345678901234567890,"amount":"49.90","deep":{"list":[{"x":1.0}]},"__proto__":1}');
  const next = put(put(proposed, ["amount"], "39.90"), ["deep", "list", "0", "x"], new Num("2"));
  assert.equal(write(next), '{"big":12345678901234567890,"amount":"39.90","deep":{"list":[{"x":2}]},"__proto__":1}');
  assert.equal((at(proposed, ["deep", "list", "0", "x"]) as Num).raw, "1.0");
  assert.deepEqual(edited(fromValue(proposed), proposed, next), ["/amount", "/deep/list"]);
  assert.deepEqual(edited(fromValue(proposed), proposed, proposed), []);
  assert.equal(write(put(proposed, ["deep"], undefined)).includes("deep"), false);
});

test("what is sent: of a tool's call the arguments that differ, otherwise the whole", () => {
  const sent = (type: string, before: Json, after: Json) => write(modifications(type, ["proposed"], before, after) as Dict);
  const [before, after] = [parse('{"amount":"49.90","order":1}'), parse('{"amount":"39.90","order":1}')];
  assert.equal(sent("tool_call", before, after), '{"arguments":{"amount":"39.90"}}');
  assert.equal(sent("plan_approval", before, after), '{"amount":"39.90","order":1}');
  assert.equal(sent("plan_approval", "rm -rf", "ls"), '{"proposed":"ls"}');
});

test("an answer begins with what is proposed, or with defaults", () => {
  const schema = parse('{"required":["a"],"properties":{"a":{"type":"integer"},"b":{"default":true},"c":{}}}');
  assert.equal(write(begun(schema, parse('{"a":1.50,"c":null,"d":2}'))), '{"a":1.50,"b":true,"c":null}');
  assert.equal(write(begun(schema, "text")), '{"b":true}');
  assert.equal(write(begun(parse("true"), null)), "{}");
  assert.deepEqual([needsAnswer(schema), needsAnswer(parse('{"required":[]}')), needsAnswer(null)], [true, false, false]);
});

test("references, titled choices and what may be null are fields of a form", () => {
  const schema = parse(`{"type":"object","x-order":["w"],"$defs":{"Money":{"type":"object","title":"Money","required":["amount"],"properties":{"amount":{"type":"number"}}},"a/b":{"type":"integer"}},
    "properties":{"w":{"type":"string","title":"When?","oneOf":[{"const":"now","title":"Now"},{"const":"tonight","title":"Tonight"}]},
    "m":{"$ref":"#/$defs/Money","title":"Paid"},"n":{"anyOf":[{"type":"string","maxLength":5},{"type":"null"}],"default":null},
    "i":{"$ref":"#/$defs/a~1b"},"l":{"type":"array","items":{"anyOf":[{"const":"a","title":"A"}]}},"z":{"anyOf":[{"type":"string"},{"type":"integer"}]}}}`);
  const form = fromSchema(schema);
  const [w, m, n, i, l, z] = form.fields;
  assert.equal(form.kind, "object");
  assert.deepEqual([w!.kind, w!.choices, w!.titles], ["choice", ["now", "tonight"], ["Now", "Tonight"]]);
  assert.deepEqual([m!.kind, m!.label, m!.fields[0]!.kind], ["object", "Paid", "number"]);
  assert.deepEqual([n!.kind, n!.nullable, n!.limits.maxLength], ["string", true, 5]);
  assert.deepEqual([i!.kind, l!.item!.titles, z!.kind], ["integer", ["A"], "json"]);
});

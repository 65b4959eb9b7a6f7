import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { browserOf, byComma, byLine, chainLinks, changed, dayHere, ending, fromLocal, localMinute, wholeNumber } from "../../src/logic/forms.ts";
import { allows, BUILT_IN, PARTS, partsFor, PERMISSIONS, rolesWith, within } from "../../src/logic/permissions.ts";

test("permissions and built-in roles are those that the server has", () => {
  const text = readFileSync("../docs/permissions.md", "utf8").split("## Built-in roles")[1] ?? "";
  const rows = text.split("\n").filter((line) => line.startsWith("|")).map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", "")));
  const [head = [], , ...lines] = rows;
  assert.deepEqual(lines.map(([name]) => name), [...PERMISSIONS]);
  head.slice(1).forEach((role, index) => {
    const granted = lines.filter((line) => line[index + 1] === "✓").map(([name]) => name);
    assert.deepEqual([...(BUILT_IN[role] ?? [])].sort(), granted.sort(), role);
  });
});

test("an administrator of a workspace may everything but see the instances", () => {
  for (const one of PERMISSIONS) assert.equal(allows(["workspace:admin"], one), one !== "cluster:view");
  assert.deepEqual(rolesWith("cluster:view"), ["operator"]);
  assert.ok(!within(["cluster:view"], ["workspace:admin"]));
  assert.ok(within(["key:manage", "run:delete"], ["workspace:admin"]));
});

test("each sees the parts that they may, and everybody their own", () => {
  assert.deepEqual(partsFor([]), ["you"]);
  assert.deepEqual(partsFor(["audit:view"]), ["audit", "you"]);
  assert.deepEqual(partsFor(["key:manage", "principal:manage"]), ["keys", "people", "roles", "you"]);
  assert.deepEqual(partsFor(["workspace:admin"]), Object.keys(PARTS));
});

test("what was typed is read as the API wants it", () => {
  assert.deepEqual(byComma(" finance,, platform ,finance"), ["finance", "platform"]);
  assert.deepEqual(byLine("Too dear\n\n Not now, later\nToo dear"), ["Too dear", "Not now, later"]);
  assert.equal(wholeNumber(" "), null);
  assert.equal(wholeNumber(" 30 "), 30);
  assert.equal(wholeNumber("3e4"), "3e4");
  assert.equal(wholeNumber("-1"), "-1");
});

test("only what differs is sent", () => {
  const before = { roles: ["approver"], groups: [], email: undefined, kind: "person" };
  assert.deepEqual(changed<object>(before, { roles: ["approver"], groups: [], email: null, kind: "person" }), {});
  assert.deepEqual(changed<object>(before, { roles: [], groups: [], email: "e@x", kind: "person" }), { roles: [], email: "e@x" });
});

test("local times go there and back to the minute; a day has its two ends", () => {
  const now = Date.parse("2026-11-28T15:04:00Z");
  assert.equal(fromLocal(localMinute(now)), "2026-11-28T15:04:00.000Z");
  assert.equal(fromLocal(""), null);
  const [begin, end] = [dayHere("2026-11-28", "begin"), dayHere("2026-11-28", "end")];
  assert.equal(Date.parse(end ?? "") - Date.parse(begin ?? ""), 86_400_000);
  assert.equal(dayHere("", "end"), null);
});

test("an end is never, over, near, or far", () => {
  const now = Date.parse("2026-11-28T00:00:00Z");
  const how = (at: string | null) => ending(at, now).how;
  assert.deepEqual([how(null), how("2026-11-28T00:00:00Z"), how("2026-12-01T00:00:00Z"), how("2027-01-01T00:00:00Z")], ["never", "over", "near", "far"]);
});

test("a browser is named by what it says of itself", () => {
  assert.equal(browserOf("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"), "Chrome on Linux");
  assert.equal(browserOf("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604"), "Safari on iOS");
  assert.equal(browserOf("Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0"), "Firefox on Windows");
  assert.equal(browserOf("curl/8.5"), "curl/8.5");
  assert.equal(browserOf("x".repeat(500)).length, 60);
});

test("the picture of the chain names the broken link, and what no checkpoint covers", () => {
  const few = chainLinks(3, null, [2]);
  assert.deepEqual(few.map((link) => [link.state, link.mark]), [["sealed", false], ["sealed", true], ["open", false]]);
  assert.deepEqual(chainLinks(0, null, []), []);
  const many = chainLinks(48_211, 20_001, [48_198]);
  assert.equal(many.length, 60);
  assert.equal(many.filter((link) => link.state === "broken").length, 1);
  assert.equal(many.at(-1)?.mark, true);
  // Cut off: broken behind the last link that there is.
  assert.equal(chainLinks(5, 6, []).at(-1)?.state, "broken");
});

import assert from "node:assert/strict";
import test from "node:test";
import { groups } from "../../src/logic/signing.ts";

test("each leaf has its signatures, and who may give those that are open", () => {
  const approval = {
    policy: { all_of: [{ label: "Finance", people: ["ana", "bo", "cy"], count: 2 }, { any_of: [{ roles: ["lead"], count: 1 }] }] },
    escalation: [{ policy: { allowed_approvers: ["dee"], allowed_groups: ["sre"] } }],
  };
  const needs = [
    { pointer: "/policy/all_of/0", count: 2, label: "Finance", by: [{ principal: "ana" }, { principal: "eve", for: "bo" }] },
    { pointer: "/policy/all_of/1/any_of/0", count: 1, by: [] },
    { pointer: "/escalation/0/policy", count: 2, by: [] },
    { pointer: "/policy/__proto__/x", count: 1, by: [] },
  ];
  assert.deepEqual(groups(approval, needs).map((it) => [it.label, it.open, it.who]), [["Finance", 0, ["cy"]], [null, 1, ["lead"]], [null, 2, ["dee", "sre"]], [null, 1, []]]);
});

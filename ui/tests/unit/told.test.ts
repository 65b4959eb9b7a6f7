import assert from "node:assert/strict";
import { test } from "node:test";
import { failedIn, justAfter, parted, upTo } from "../../src/logic/told.ts";

const it = (id: string, asks: boolean, sent_at = "2026-11-28T12:00:00Z") => ({ id, asks, sent_at });
const ids = (items: readonly { id: string }[]) => items.map((one) => one.id).join("");

test("what asks for a decision is apart from news, each in its order", () => {
  const { asks, others } = parted([it("d", true), it("c", false), it("b", false), it("a", true)]);
  assert.deepEqual([ids(asks), ids(others)], ["da", "cb"]);
});

test("while one points at the list, only what is newer than its first waits", () => {
  const items = [it("019aca03", true), it("019aca02", false), it("019aca01", true)];
  assert.equal(upTo(items, null), items);
  assert.deepEqual(upTo(items, "019aca02"), items.slice(1));
  assert.deepEqual(upTo(items, "019aca03"), items);
});

test("marking all reaches the newest that is shown, whose time is finer than a browser's, and no further", () => {
  const items = [it("b", true, "2026-11-28T12:00:00.123999Z"), it("a", false, "2026-11-28T11:59:59Z")];
  assert.equal(justAfter(items), "2026-11-28T12:00:00.124Z");
  assert.ok(justAfter(items) > "2026-11-28T12:00:00.123999Z");
  // Ids are given before the times are: the newest by id isn't always the latest.
  assert.equal(justAfter([it("b", true, "2026-11-28T12:00:00Z"), it("a", true, "2026-11-28T12:00:01Z")]), "2026-11-28T12:00:01.001Z");
});

test("what failed is counted", () => {
  assert.equal(failedIn([{ status: "failed" }, { status: "sent" }, { status: "failed" }, { status: "skipped" }]), 2);
});

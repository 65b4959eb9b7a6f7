import assert from "node:assert/strict";
import { test } from "node:test";
import { channelTone } from "../../src/logic/operations.ts";
import { leadsTo } from "../../src/logic/told.ts";
import { hostOf, standing } from "../../src/logic/webhooks.ts";

test("an endpoint that is disabled is shown so, whatever else is true of it", () => {
  const at = "2026-11-28T12:00:00Z";
  assert.equal(standing({ enabled: false, failing_since: at, last_success_at: at }), "off");
  assert.equal(standing({ enabled: true, failing_since: at, last_success_at: at }), "failing");
  assert.equal(standing({ enabled: true, failing_since: null, last_success_at: at }), "works");
  assert.equal(standing({ enabled: true }), "unused");
});

test("what deleting an endpoint asks to type is its host", () => {
  assert.equal(hostOf("https://hooks.example:8443/in?x=1"), "hooks.example:8443");
  assert.equal(hostOf("not a URL"), "not a URL");
});

test("news leads to where it can be mended, and nowhere for one who may not look there", () => {
  const all = () => true;
  const news = (cause: string) => ({ approval_id: null, asks: false, cause });
  assert.equal(leadsTo(news("endpoint_failing"), all), "/settings/webhooks");
  assert.equal(leadsTo(news("endpoint_disabled"), all), "/settings/webhooks");
  assert.equal(leadsTo(news("slack_refused"), all), "/settings/sent?channel=slack");
  assert.equal(leadsTo(news("endpoint_failing"), (it) => it !== "webhook:manage"), null);
  assert.equal(leadsTo(news("something_new"), all), null);
  assert.equal(leadsTo({ approval_id: "x", asks: true, cause: "requested" }, all), "/inbox/x");
  assert.equal(leadsTo({ approval_id: "x", asks: false, cause: "decided" }, all), "/approvals/x");
  assert.equal(leadsTo({ approval_id: "x", asks: true, cause: "requested" }, () => false), null);
});

test("a channel is red where nothing holds what is late, and amber where a destination fails", () => {
  const channel = { channel: "email", waiting: 3, destinations: 1, held: 0, failing: 0, oldest_seconds: 0, late_seconds: 0 };
  assert.equal(channelTone(channel), "ok");
  assert.equal(channelTone({ ...channel, held: 1, oldest_seconds: 900 }), "ok");
  assert.equal(channelTone({ ...channel, held: 1, failing: 1, oldest_seconds: 900 }), "late");
  assert.equal(channelTone({ ...channel, oldest_seconds: 61, late_seconds: 61 }), "no");
});

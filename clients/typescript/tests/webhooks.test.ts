/** Webhooks, against the library of those who wrote the specification. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidSignatureError, SignoffError } from "signoff";
import { verify } from "signoff/webhooks";
import { Webhook } from "standardwebhooks";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const TEXT = JSON.stringify({ type: "approval.resolved", data: { title: "é" } });
const BODY = new TextEncoder().encode(TEXT);
const NOW = 1_800_000_000;

function headers(secret = SECRET, at = NOW, text = TEXT): Record<string, string> {
  const signature = new Webhook(secret).sign("msg_1", new Date(at * 1000), text);
  return { "Webhook-Id": "msg_1", "webhook-timestamp": String(at), "WEBHOOK-SIGNATURE": signature };
}

const SIGNATURE = "WEBHOOK-SIGNATURE";

test("what was signed is taken", async () => {
  const options = { now: NOW };
  assert.equal((await verify(BODY, headers(), SECRET, options))["type"], "approval.resolved");
  assert.equal((await verify(TEXT, new Headers(headers()), SECRET, options))["type"], "approval.resolved");
  assert.ok(await verify(BODY.buffer, headers(), [OTHER, SECRET], { now: NOW + 299 }));
  assert.ok(await verify(Buffer.from(BODY), headers(), SECRET, { now: NOW + 3000, toleranceSeconds: 3600 }));
  const both = { ...headers(), [SIGNATURE]: `v1a,x ${headers(OTHER)[SIGNATURE]} ${headers()[SIGNATURE]}` };
  assert.ok(await verify(BODY, both, SECRET, options));
});

test("by the clock, where no time is given", async () => {
  const now = Math.floor(Date.now() / 1000);
  assert.ok(await verify(BODY, headers(SECRET, now), SECRET));
  await assert.rejects(verify(BODY, headers(SECRET, now - 400), SECRET), InvalidSignatureError);
});

const { "Webhook-Id": _, ...anonymous } = headers();
const REFUSED: Record<string, readonly [body: Uint8Array | string, given: Record<string, string>, now: number]> = {
  "another body": [`${TEXT} `, headers(), NOW],
  "another secret": [BODY, headers(OTHER), NOW],
  "an old message": [BODY, headers(), NOW + 301],
  "one from the future": [BODY, headers(), NOW - 301],
  "another id": [BODY, { ...headers(), "Webhook-Id": "msg_2" }, NOW],
  "another time": [BODY, { ...headers(), "webhook-timestamp": String(NOW + 1) }, NOW],
  "no time": [BODY, { ...headers(), "webhook-timestamp": "soon" }, NOW],
  "digits of another script": [BODY, { ...headers(), "webhook-timestamp": "١" }, NOW],
  "a time beyond all times": [BODY, { ...headers(), "webhook-timestamp": "9".repeat(400) }, NOW],
  "no signature": [BODY, { ...headers(), [SIGNATURE]: "" }, NOW],
  "an empty signature": [BODY, { ...headers(), [SIGNATURE]: "v1," }, NOW],
  "a part of the signature": [BODY, { ...headers(), [SIGNATURE]: headers()[SIGNATURE]?.slice(0, -4) ?? "" }, NOW],
  "more than the signature": [BODY, { ...headers(), [SIGNATURE]: `${headers()[SIGNATURE]}A` }, NOW],
  "another version": [BODY, { ...headers(), [SIGNATURE]: `v2${headers()[SIGNATURE]?.slice(2)}` }, NOW],
  "no id": [BODY, anonymous, NOW],
  "no JSON": ["no json", headers(SECRET, NOW, "no json"), NOW],
  "no object": ["[]", headers(SECRET, NOW, "[]"), NOW],
};
for (const [name, [body, given, now]] of Object.entries(REFUSED)) {
  test(`${name} is refused`, async () => {
    await assert.rejects(verify(body, given, SECRET, { now }), InvalidSignatureError);
  });
}

test("a secret that is none is an error", async () => {
  for (const secret of ["", "whsec_", "whsec_not base64", "whsec_abc", []]) {
    await assert.rejects(
      verify(BODY, headers(), secret, { now: NOW }),
      (error) => error instanceof SignoffError && !(error instanceof InvalidSignatureError),
    );
  }
});

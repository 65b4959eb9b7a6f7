"""Webhooks, against the library of those who wrote the specification."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from signoff import InvalidSignature, SignoffError, webhooks

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BODY = json.dumps({"type": "approval.resolved", "data": {"title": "é"}}).encode()
NOW = 1_800_000_000


def headers(secret: str = SECRET, at: int = NOW, body: bytes = BODY) -> dict[str, str]:
    when = datetime.fromtimestamp(at, UTC)
    signature = Webhook(secret).sign("msg_1", when, body.decode())
    return {"Webhook-Id": "msg_1", "webhook-timestamp": str(at), "WEBHOOK-SIGNATURE": signature}


def test_what_was_signed_is_taken() -> None:
    assert webhooks.verify(BODY, headers(), SECRET, now=NOW)["type"] == "approval.resolved"
    assert webhooks.verify(BODY, headers(), [OTHER, SECRET], now=NOW + 299)
    both = {**headers(), "WEBHOOK-SIGNATURE": f"v1a,x {headers(OTHER)['WEBHOOK-SIGNATURE']} {headers()['WEBHOOK-SIGNATURE']}"}
    assert webhooks.verify(BODY, both, SECRET, now=NOW)


@pytest.mark.parametrize(
    ("body", "given", "now"),
    [
        (BODY + b" ", headers(), NOW),
        (BODY, headers(OTHER), NOW),
        (BODY, headers(), NOW + 301),
        (BODY, headers(), NOW - 301),
        (BODY, {**headers(), "Webhook-Id": "msg_2"}, NOW),
        (BODY, {**headers(), "webhook-timestamp": str(NOW + 1)}, NOW),
        (BODY, {**headers(), "webhook-timestamp": "soon"}, NOW),
        (BODY, {**headers(), "webhook-timestamp": "1" * 5000}, NOW),
        (BODY, {**headers(), "webhook-timestamp": "١"}, NOW),
        (BODY, {**headers(), "WEBHOOK-SIGNATURE": ""}, NOW),
        (BODY, {**headers(), "WEBHOOK-SIGNATURE": "v1,"}, NOW),
        (BODY, {**headers(), "WEBHOOK-SIGNATURE": "v2" + headers()["WEBHOOK-SIGNATURE"][2:]}, NOW),
        (BODY, {name: it for name, it in headers().items() if name != "Webhook-Id"}, NOW),
        (b"no json", headers(body=b"no json"), NOW),
        (b"[]", headers(body=b"[]"), NOW),
    ],
)
def test_anything_else_is_refused(body: bytes, given: dict[str, str], now: int) -> None:
    with pytest.raises(InvalidSignature):
        webhooks.verify(body, given, SECRET, now=now)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64", []])
def test_a_secret_that_is_none_is_an_error(secret: str) -> None:
    with pytest.raises(SignoffError):
        webhooks.verify(BODY, headers(), secret, now=NOW)

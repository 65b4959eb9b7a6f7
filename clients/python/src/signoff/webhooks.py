"""Webhooks: is this from Signoff? By the Standard Webhooks specification (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterable, Mapping
from typing import Any

from ._errors import InvalidSignature, SignoffError

#: Seconds that a message may be old, or ahead of the clock here.
TOLERANCE = 300


def _secret(text: str) -> bytes:
    encoded = text.removeprefix("whsec_")
    try:
        secret = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error) as error:
        raise SignoffError("a webhook's secret is whsec_ and base64 behind it") from error
    if not secret:
        raise SignoffError("a webhook's secret must not be empty")
    return secret


def verify(
    body: bytes,
    headers: Mapping[str, str],
    secrets: str | Iterable[str],
    *,
    tolerance: float = TOLERANCE,
    now: float | None = None,
) -> dict[str, Any]:
    """The message's content, if one of `secrets` has signed it and it is not old. Raises `InvalidSignature` otherwise.

    `body` is the request's body, byte for byte, before anything parsed it. `headers` in upper or lower case. Give both
    secrets while one is being rotated. The header `webhook-id` is the same for every delivery of an event: keep it to tell
    a repetition.
    """
    keys = [_secret(text) for text in ([secrets] if isinstance(secrets, str) else list(secrets))]
    if not keys:
        raise SignoffError("give the webhook's secret")
    found = {name.lower(): value for name, value in headers.items()}
    try:
        message_id = found["webhook-id"]
        timestamp = found["webhook-timestamp"]
        signatures = found["webhook-signature"]
    except KeyError as missing:
        raise InvalidSignature(f"the header {missing} is missing") from None
    if not re.fullmatch(r"[0-9]{1,15}", timestamp):
        raise InvalidSignature("the header 'webhook-timestamp' is no number of seconds")
    age = (time.time() if now is None else now) - int(timestamp)
    if abs(age) > tolerance:
        raise InvalidSignature(f"the message is {age:.0f} s old; at most {tolerance:.0f} s are taken")
    signed = f"{message_id}.{timestamp}.".encode() + body
    given = [text.removeprefix("v1,").encode() for text in signatures.split() if text.startswith("v1,")]
    expected = [base64.b64encode(hmac.digest(key, signed, hashlib.sha256)) for key in keys]
    # All pairs are compared, so that the time taken says nothing.
    matches = [hmac.compare_digest(one, other) for one in expected for other in given]
    if not any(matches):
        raise InvalidSignature("no signature fits")
    try:
        message = json.loads(body)
    except ValueError as error:
        raise InvalidSignature("the body is no JSON") from error
    if not isinstance(message, dict):
        raise InvalidSignature("the body is no JSON object")
    return message

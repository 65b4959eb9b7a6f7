"""Whether we take the requests that Slack's own framework takes: `slack_sdk` signs them, `slack_bolt` is asked about
each. We never take what it refuses. Where we refuse what it takes, the list says why."""

import itertools
import json
import logging
import time

from slack_bolt import App, BoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.signature import SignatureVerifier

from instance import check
from slack_double import SECRET, SIGNATURE, TIME, form, post, signed

# Bolt tells of each request that it refuses.
logging.disable(logging.CRITICAL)


class Bolt:
    """An app of Bolt's. What has passed its check of signatures is noted, whatever becomes of it then."""

    def __init__(self):
        who = AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-a-token", bot_id="B1")
        self.app = App(signing_secret=SECRET, authorize=lambda **_: who, token_verification_enabled=False)
        self.app.use(self.note)
        self.passed = False

    def note(self, next):
        self.passed = True
        next()

    def takes(self, body, headers):
        given = {}
        for name, value in headers:
            given.setdefault(name, []).append(value)
        self.passed = False
        try:
            answer = self.app.dispatch(BoltRequest(body=body, headers=given))
            return self.passed or answer.status == 200
        except (ValueError, AttributeError, TypeError, RecursionError):
            # It reads a body before it looks at the signature: where it can't, the signature says.
            return SignatureVerifier(SECRET).is_valid_request(body, {name: values[0] for name, values in given.items()})


def with_signature(headers, change):
    return [(name, change(value) if name == SIGNATURE else value) for name, value in headers]


def only(headers, *names):
    return [(name, value) for name, value in headers if name in names]


def alike(press):
    """(what, body, headers, whether both take it)."""
    numbers = itertools.count()

    def fresh():
        return press(f"{next(numbers)}.x")

    for seconds in (0, -290, 290):
        body = fresh()
        yield f"signed at {seconds:+} s", body, signed(body, at=seconds), True
    body = fresh()
    yield "with names of headers in small letters", body, [(name.lower(), it) for name, it in signed(body)], True
    for seconds in (-310, 310, -3_600, 3_600, -10**9):
        body = fresh()
        yield f"signed at {seconds:+} s", body, signed(body, at=seconds), False
    body = fresh()
    for what, secret in [("another secret", "other"), ("a longer one", SECRET + "x"), ("a blank more", SECRET + " ")]:
        yield what, body, signed(body, secret), False
    yield "no headers", body, [], False
    yield "no signature", body, only(signed(body), TIME), False
    yield "no time", body, only(signed(body), SIGNATURE), False
    for what, change in [
        ("empty", lambda it: ""), ("another version's", lambda it: it.replace("v0=", "v1=")),
        ("without a version", lambda it: it[3:]), ("cut", lambda it: it[:-1]), ("longer", lambda it: it + "0"),
        ("in capitals", lambda it: "v0=" + it[3:].upper()),
        ("no hexadecimal", lambda it: "v0=" + "g" * 64), ("zeros", lambda it: "v0=" + "0" * 64),
        ("a list", lambda it: f"{it},{it}"), ("only a version", lambda it: "v0="),
    ]:
        body = fresh()
        yield f"a signature that is {what}", body, with_signature(signed(body), change), False
    for timestamp in ("0", "-1", "", "now", "1e9", "1.5", "0x10", f"{int(time.time())}.5", "9" * 15, "9" * 40):
        yield f"a time that is {timestamp!r}", body, signed(body, timestamp=timestamp), False
    for what, other in [
        ("a blank more", body + " "), ("another account", body.replace("U404", "U1")), ("a field more", body + "&x=1"),
        ("nothing", ""), ("another form", json.dumps({"type": "block_actions"})),
    ]:
        yield f"a changed body: {what}", other, signed(body), False
    other = (TIME, str(int(time.time()) - 1))
    yield "the time of another request", body, [other, *only(signed(body), SIGNATURE)], False
    for what, body in hostile():
        yield f"a body that is {what}", body, signed(body), True


def hostile():
    yield "empty", ""
    yield "no form", "\r\n\x00<xml/>"
    yield "an empty payload", "payload="
    yield "half a payload", "payload=%7B%22type%22"
    yield "a list", form([])
    yield "a number", form(1)
    yield "nothing that is known", form({"type": "message_action", "user": {"id": "U1", "team_id": "T1"}})
    yield "deep", "payload=" + "%5B" * 20_000
    yield "wide", form({"type": "block_actions", "user": {"id": "U1", "team_id": "T1"}, "actions": [{}] * 5_000})
    yield "in two", "payload=%7B%7D&payload=%7B%7D"
    yield "not escaped", "payload={\"type\":\"é 🙂 \u2028\"}"
    yield "escaped badly", "payload=%ff%fe%zz%"
    yield "with half a character", "payload=%7B%22type%22%3A%22%5Cud800%22%7D"
    yield "with NUL", form({"type": "block_actions\u0000", "user": {"id": "\u0000", "team_id": "T1"}})
    yield "with other kinds of values", form({"type": 7, "user": [], "team": "T1", "actions": {"0": None}})


def less(press):
    """What Bolt takes and we do not, and why."""
    body = press("less.1")
    plus = "+" + str(int(time.time()))
    yield "a time with a sign: Slack sends none", body, signed(body, timestamp=plus)
    twice = signed(body)
    yield "a header twice: one of them nobody signed", body, [twice[0], *twice]
    yield "what asks whether we have a certificate, unsigned: not for an address of interactions", "ssl_check=1", []
    large = form({"type": "x", "text": "x" * 300_000})
    yield "more than 256 KiB", large, signed(large)


def run(instance, press, version):
    """`press`: makes the body of a press by somebody unknown, or by a person; `version`: the approval's."""
    bolt = Bolt()
    before = version()
    for what, body, headers, taken in alike(press):
        ours, said = post(instance, body, headers)
        check(f"bolt and we {'take' if taken else 'refuse'} {what}", (taken, 200 if taken else 401, None),
              (bolt.takes(body, headers), ours, said))
    for what, body, headers in less(press):
        ours, _ = post(instance, body, headers)
        check(f"bolt alone takes {what}", (True, True), (bolt.takes(body, headers), ours in (401, 413)))
    check("nothing of that has decided", before, version())
    body = press("again", "U1")
    headers = signed(body)
    check("a press is taken", (True, (200, None)), (bolt.takes(body, headers), post(instance, body, headers)))
    check("it was a vote", before + 1, version())
    check("the same again is taken by bolt alone", (True, (401, None)),
          (bolt.takes(body, headers), post(instance, body, headers)))

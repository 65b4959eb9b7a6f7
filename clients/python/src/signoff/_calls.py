"""What a client does for each operation, as steps: retries, waiting, pages.

A call is repeated where that is safe: always after an answer that says that nothing was begun, and after silence only
where sending it twice does what sending it once does. `ask` and `wait` go on for as long as the caller has patience,
because an agent that gives up while a person thinks is worse than one that waits.
"""

from __future__ import annotations

import logging
import math
import random
import re
import time
import uuid
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from ._errors import ConnectionFailed, SignoffError, StillPending, Unauthenticated, api_error
from ._steps import Pause, Reply, Request, Steps, ask
from ._types import Approval
from .outcome import Outcome

#: The longest that one wait is held, in seconds. The server takes 55.
LEG = 50.0
_FIRST_DELAY = 0.5
_LONGEST_DELAY = 8.0
#: Answers that say that nothing was begun.
_NOT_BEGUN = frozenset({"rate_limited", "overloaded", "draining"})
_PASSING = frozenset({502, 503, 504})
#: What each approval has.
APPROVAL = ("id", "status")
_LOG = logging.getLogger("signoff")


def delay(attempt: int, at_least: float | None = None) -> float:
    """How long to pause before the next attempt: more each time, and never the same for two clients."""
    backoff = min(_LONGEST_DELAY, _FIRST_DELAY * 2.0 ** min(attempt, 10))
    pause = backoff * random.uniform(0.5, 1.0)
    if at_least is not None and at_least > pause:
        return at_least + random.uniform(0.0, 0.5)
    return pause


@dataclass(frozen=True)
class Manners:
    """How often and how long a client tries."""

    max_retries: int
    #: Seconds without any answer after which `ask` and `wait` give up; None: never.
    patience: float | None
    #: Whether there is another key by now; asked after a 401.
    renewed: Any


def error_of(reply: Reply, request: Request) -> SignoffError:
    """The error for an answer that is no success."""
    if reply.problem is None:
        kind = reply.headers.get("content-type") or "no content type"
        return ConnectionFailed(
            f"{request.method} {request.path} was answered with {reply.status} and {kind}: "
            "that is not Signoff, but something on the way"
        )
    return api_error(reply.status, reply.problem, reply.headers.get("x-request-id"), reply.retry_after)


def is_success(reply: Reply, request: Request) -> bool:
    if not 200 <= reply.status < 300 or not isinstance(reply.body, dict):
        return False
    if request.status is not None and reply.status != request.status:
        return False
    if request.expects == APPROVAL and not all(isinstance(reply.body.get(name), str) for name in APPROVAL):
        return False
    return all(name in reply.body for name in request.expects)


def _may_repeat(reply: Reply, request: Request) -> bool:
    if reply.problem is not None and reply.problem.get("code") in _NOT_BEGUN:
        return True
    return request.repeatable and (reply.status in _PASSING or reply.problem is None)


def call(request: Request, manners: Manners) -> Steps[Reply]:
    """One call, repeated a few times where that is safe. Answers a success."""
    attempt = 0
    while True:
        try:
            reply = yield from ask(request)
        except ConnectionFailed:
            if not request.repeatable or attempt >= manners.max_retries:
                raise
            yield Pause(delay(attempt))
            attempt += 1
            continue
        if is_success(reply, request):
            return reply
        error = error_of(reply, request)
        if isinstance(error, Unauthenticated) and manners.renewed(reply.key):
            continue
        if not _may_repeat(reply, request) or attempt >= manners.max_retries:
            raise error
        yield Pause(delay(attempt, reply.retry_after))
        attempt += 1


class _Patience:
    """How long to go on without an answer, and in all."""

    def __init__(self, manners: Manners, until: float | None) -> None:
        self._longest = manners.patience
        self._until = until
        self._since: float | None = None
        self._most = manners.max_retries
        self._elsewhere = 0
        self.attempt = 0

    def answered(self) -> None:
        self._since = None
        self._elsewhere = 0
        self.attempt = 0

    def refused(self, reply: Reply, error: SignoffError) -> Pause:
        """What to do after an answer that is no success; raises what would be said again."""
        if reply.problem is not None and reply.status != 429 and reply.status < 500:
            raise error
        # A redirection, or a page that is missing, is no trouble that passes: the address is wrong.
        if reply.problem is None and 300 <= reply.status < 500:
            self._elsewhere += 1
            if self._elsewhere > self._most:
                raise error
        return self.failed(error, reply.retry_after)

    def failed(self, error: SignoffError, at_least: float | None = None) -> Pause:
        """What to do after a failure; raises it where there is no more patience."""
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        pause = delay(self.attempt, at_least)
        self.attempt += 1
        if self._longest is not None and now + pause - self._since > self._longest:
            raise error
        if self._until is not None and now + pause > self._until:
            raise error
        _LOG.warning("asking again in %.1f s: %s", pause, error)
        return Pause(pause)


def persist(request: Request, manners: Manners, until: float | None) -> Steps[Reply]:
    """The same for what must get through: only an answer that is final in itself ends it."""
    patience = _Patience(manners, until)
    while True:
        try:
            reply = yield from ask(request)
        except ConnectionFailed as failed:
            yield patience.failed(failed)
            continue
        if is_success(reply, request):
            return reply
        error = error_of(reply, request)
        if isinstance(error, Unauthenticated) and manners.renewed(reply.key):
            continue
        yield patience.refused(reply, error)


def until_of(timeout: float | None) -> float | None:
    return None if timeout is None else time.monotonic() + timeout


def wait(approval_id: str, manners: Manners, until: float | None) -> Steps[Outcome]:
    """Waits until it has ended, across restarts of instances and of this process."""
    patience = _Patience(manners, until)
    while True:
        left = LEG if until is None else min(LEG, max(0.0, until - time.monotonic()))
        leg = math.ceil(left)
        request = Request("GET", f"/api/v1/approvals/{approval_id}/wait", {"timeout": leg}, held=float(leg), expects=APPROVAL)
        try:
            reply = yield from ask(request)
        except ConnectionFailed as failed:
            yield patience.failed(failed)
            continue
        if not is_success(reply, request):
            error = error_of(reply, request)
            if isinstance(error, Unauthenticated) and manners.renewed(reply.key):
                continue
            yield patience.refused(reply, error)
            continue
        approval = cast(Approval, reply.body)
        if approval["id"].lower() != approval_id.lower():
            yield patience.failed(ConnectionFailed(f"asked for approval {approval_id}, and got another one"))
            continue
        if approval["status"] != "pending":
            return Outcome(approval)
        if until is not None and time.monotonic() >= until:
            raise StillPending(approval)
        patience.answered()
        pause = reply.retry_after or 0.0
        if reply.took < min(1.0, leg / 2):
            # It was not held. Whatever is on the way, it is not asked in a circle.
            pause = max(pause, 1.0)
        if pause:
            yield Pause(pause if until is None else min(pause, max(0.0, until - time.monotonic())))


def creation(body: Mapping[str, Any], idempotency_key: str | None) -> Request:
    """With a key always: a repetition must not ask a person twice."""
    key = idempotency_key or str(uuid.uuid4())
    if not re.fullmatch(r"[\x21-\x7e]{1,255}", key):
        raise ValueError("an idempotency key is 1 to 255 visible ASCII characters")
    return Request("POST", "/api/v1/approvals", body=body, headers={"idempotency-key": key}, expects=APPROVAL)


def create_and_wait(
    body: Mapping[str, Any], idempotency_key: str | None, timeout: float | None, manners: Manners
) -> Steps[Outcome]:
    until = until_of(timeout)
    made = yield from persist(creation(body, idempotency_key), manners, until)
    approval = cast(Approval, made.body)
    if approval["status"] != "pending":
        return Outcome(approval)
    return (yield from wait(approval["id"], manners, until))


def page(path: str, query: Mapping[str, Any], manners: Manners) -> Steps[dict[str, Any]]:
    reply = yield from call(Request("GET", path, query, expects=("items",)), manners)
    return cast(dict[str, Any], reply.body)


def body_of(request: Request, manners: Manners) -> Generator[Request | Pause, Reply | None, Any]:
    reply = yield from call(request, manners)
    return reply.body

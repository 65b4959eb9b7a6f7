"""Steps: what a client does, apart from how it waits.

Each operation is a generator that yields what is to be done next, a request or a pause, and gets a reply back. Blocking
and awaiting clients run the same generators, so that they can't differ. Nothing in a generator touches the network or the
clock of the event loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from ._errors import ConnectionFailed

T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    """One call of the API."""

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    #: How long the server may hold it, on top of what any answer may take.
    held: float = 0.0
    #: Whether sending it twice does what sending it once does.
    repeatable: bool = True
    #: What the answer has, as any answer of Signoff's to this call: something on the way may say `{"status": "ok"}`.
    expects: tuple[str, ...] = ()
    #: The status that a success has; None: any from 200 on.
    status: int | None = None


@dataclass(frozen=True)
class Pause:
    """Some seconds of nothing."""

    seconds: float


@dataclass(frozen=True)
class Reply:
    """What came back. `problem` and `body` are None where it was not Signoff that answered."""

    status: int
    headers: Mapping[str, str]
    body: Any = None
    problem: Mapping[str, Any] | None = None
    took: float = 0.0
    #: The key that it was sent with.
    key: str = ""

    @property
    def retry_after(self) -> float | None:
        """Seconds; None where it says nothing that can be read."""
        text = self.headers.get("retry-after", "")
        return float(text) if text.isdecimal() else None


Steps: TypeAlias = Generator[Request | Pause, Reply | None, T]


def run(steps: Steps[T], send: Callable[[Request], Reply]) -> T:
    """Runs them here, blocking."""
    try:
        step = next(steps)
        while True:
            if isinstance(step, Pause):
                time.sleep(step.seconds)
                step = steps.send(None)
                continue
            try:
                reply = send(step)
            except ConnectionFailed as failed:
                step = steps.throw(failed)
            else:
                step = steps.send(reply)
    except StopIteration as ended:
        result: T = ended.value
        return result
    finally:
        steps.close()


async def run_async(steps: Steps[T], send: Callable[[Request], Awaitable[Reply]]) -> T:
    """Runs them on the event loop."""
    try:
        step = next(steps)
        while True:
            if isinstance(step, Pause):
                await asyncio.sleep(step.seconds)
                step = steps.send(None)
                continue
            try:
                reply = await send(step)
            except ConnectionFailed as failed:
                step = steps.throw(failed)
            else:
                step = steps.send(reply)
    except StopIteration as ended:
        result: T = ended.value
        return result
    finally:
        steps.close()


def ask(step: Request) -> Generator[Request | Pause, Reply | None, Reply]:
    """Yields a request, for its reply."""
    reply = yield step
    if reply is None:
        raise RuntimeError("a request was answered with nothing")
    return reply

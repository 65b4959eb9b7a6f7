"""A task's socket: one that comes back where it was cut off.

`Following` knows what each message, close code and refusal means. The two loops below only open, read and pause.
Needs the package `websockets` (`pip install 'signoff[follow]'`).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

from ._calls import delay
from ._errors import ConnectionFailed, SignoffError, api_error
from ._http import USER_AGENT, AsyncHttp, Http
from ._requests import segment
from ._types import Event

SUBPROTOCOL = "signoff.v1"
#: These mean: don't come back.
_FINAL = frozenset({1000, 1002, 1007, 1008, 1009})
_NEW_CREDENTIAL = 4401
_LARGEST_MESSAGE = 8 * 1024 * 1024


class Following:
    """Where a follower stands, and what comes next."""

    def __init__(self, http: Http | AsyncHttp, task_id: str, cursor: str | None) -> None:
        self._http = http
        self._url = f"{http.url.replace('http', 'ws', 1)}/ws/{segment(task_id)}"
        self.cursor = cursor
        self._attempt = 0
        self._after: float | None = None
        self._sent = ""

    def connection(self) -> dict[str, Any]:
        """What a socket is opened with."""
        self._sent = self._http.credentials.key
        return {
            "uri": f"{self._url}?cursor={self.cursor}" if self.cursor else self._url,
            "subprotocols": [SUBPROTOCOL],
            "additional_headers": {"authorization": f"Bearer {self._sent}"},
            "user_agent_header": USER_AGENT,
            "max_size": _LARGEST_MESSAGE,
        }

    def took(self, text: str | bytes) -> Event | None:
        """A message, if it is for the caller."""
        message = json.loads(text)
        kind, said = message["event_type"], message.get("data") or {}
        self._attempt = 0
        self.cursor = message.get("cursor") or self.cursor
        if kind == "reconnect":
            # An instance that goes away spreads those who come back.
            self._after = said["after_ms"] / 1000
            return None
        if kind == "pong" or (kind == "hello" and said.get("recovered") is not False):
            return None
        return cast(Event, message)

    def closed(self, code: int | None, reason: str) -> float | None:
        """How long to pause before coming back; None where it is over."""
        after, self._after = self._after, None
        if code == 1000:
            return None
        if code in _FINAL or (code == _NEW_CREDENTIAL and not self._http.credentials.renewed(self._sent)):
            raise SignoffError(f"the socket was closed with {code}: {reason or 'no reason given'}")
        return after if after is not None else self.broke()

    def broke(self) -> float:
        """How long to pause after a connection that failed."""
        pause = delay(self._attempt)
        self._attempt += 1
        return pause

    def refused(self, status: int, headers: Any, body: bytes | bytearray | None) -> float:
        """How long to pause after a handshake that was refused; raises what is final."""
        text = headers.get("retry-after", "")
        after = float(text) if text.isdecimal() else None
        if status == 401 and self._http.credentials.renewed(self._sent):
            return 0.0
        if status < 500 and status != 429:
            try:
                problem = json.loads(body or b"")
                problem["code"]
            except (ValueError, KeyError, TypeError):
                # Not Signoff's own word: something on the way, which passes.
                return self.broke()
            raise api_error(status, problem, headers.get("x-request-id"), after)
        pause = delay(self._attempt, after)
        self._attempt += 1
        return pause

    def ended(self, error: Exception) -> float | None:
        """How long to pause after what ended a connection; None where it is over. Raises what is final."""
        from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus

        if isinstance(error, ConnectionClosed):
            frame = error.rcvd
            return self.closed(frame.code if frame else None, frame.reason if frame else "")
        if isinstance(error, InvalidStatus):
            answer = error.response
            return self.refused(answer.status_code, answer.headers, answer.body)
        if isinstance(error, (InvalidMessage, OSError, EOFError)):
            return self.broke()
        if isinstance(error, InvalidHandshake):
            raise ConnectionFailed(f"the handshake failed: {error}") from error
        raise error


def _missing(error: ImportError) -> SignoffError:
    return SignoffError(f"following a task needs the package websockets: pip install 'signoff[follow]' ({error})")


def connected(following: Following) -> Iterator[Event]:
    """Opens, reads and pauses, blocking."""
    try:
        from websockets.sync.client import connect
    except ImportError as error:
        raise _missing(error) from error
    while True:
        try:
            with connect(**following.connection()) as socket:
                while True:
                    event = following.took(socket.recv())
                    if event is not None:
                        yield event
        except Exception as error:
            pause = following.ended(error)
        if pause is None:
            return
        time.sleep(pause)


async def connected_async(following: Following) -> AsyncIterator[Event]:
    """The same on the event loop."""
    try:
        from websockets.asyncio.client import connect
    except ImportError as error:
        raise _missing(error) from error
    while True:
        try:
            async with connect(**following.connection()) as socket:
                while True:
                    event = following.took(await socket.recv())
                    if event is not None:
                        yield event
        except Exception as error:
            pause = following.ended(error)
        if pause is None:
            return
        await asyncio.sleep(pause)

"""Tasks and runs: events in, events out, and what a run has asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, cast

from . import _requests
from ._caller import AsyncCaller, Caller
from ._follow import Following, connected, connected_async
from ._steps import Request
from ._types import AcceptedView, Event, Run


def _listed(event_type: str | None, data: Any, events: Sequence[Mapping[str, Any]] | None) -> list[Mapping[str, Any]]:
    if events is not None:
        if event_type is not None or data is not None:
            raise ValueError("give events, or event_type and data")
        return list(events)
    if event_type is None:
        raise ValueError("give event_type, or events")
    return [{"event_type": event_type} if data is None else {"event_type": event_type, "data": data}]


class Tasks:
    """Events of tasks."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def publish(
        self,
        task_id: str,
        event_type: str | None = None,
        data: Any = None,
        *,
        events: Sequence[Mapping[str, Any]] | None = None,
    ) -> AcceptedView:
        """Appends one event, or `events` (500 at most). They are not sent again where it is unknown what became of them."""
        request = _requests.publish(task_id, _listed(event_type, data, events))
        return cast(AcceptedView, self._caller.body(request))

    def events(self, task_id: str, *, after: str | None = None, since: str | None = None) -> Iterator[Event]:
        """What is kept, the oldest first, up to now."""
        query = {"after": after, "since": since}
        while True:
            page = self._caller.body(Request("GET", _requests.events(task_id), query, expects=("items",)))
            yield from page["items"]
            if not page.get("next_cursor"):
                return
            query = {"after": page["next_cursor"]}

    def follow(self, task_id: str, *, cursor: str | None = None) -> Iterator[Event]:
        """Events as they happen, each once and in order, across instances and their restarts. It ends when a newer socket
        follows the task. An event `hello` comes first where something before is no longer kept. Needs `signoff[follow]`.
        """
        return connected(Following(self._caller.http, task_id, cursor))


class AsyncTasks:
    """Events of tasks."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    async def publish(
        self,
        task_id: str,
        event_type: str | None = None,
        data: Any = None,
        *,
        events: Sequence[Mapping[str, Any]] | None = None,
    ) -> AcceptedView:
        """Appends one event, or `events` (500 at most). They are not sent again where it is unknown what became of them."""
        request = _requests.publish(task_id, _listed(event_type, data, events))
        return cast(AcceptedView, await self._caller.body(request))

    async def events(self, task_id: str, *, after: str | None = None, since: str | None = None) -> AsyncIterator[Event]:
        """What is kept, the oldest first, up to now."""
        query = {"after": after, "since": since}
        while True:
            page = await self._caller.body(Request("GET", _requests.events(task_id), query, expects=("items",)))
            for event in page["items"]:
                yield event
            if not page.get("next_cursor"):
                return
            query = {"after": page["next_cursor"]}

    def follow(self, task_id: str, *, cursor: str | None = None) -> AsyncIterator[Event]:
        """Events as they happen: see `Tasks.follow`."""
        return connected_async(Following(self._caller.http, task_id, cursor))


class Runs:
    """All that a run has asked."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def get(self, run_id: str) -> Run:
        """How many are pending, and the newest of them."""
        return cast(Run, self._caller.body(_requests.run("GET", run_id)))

    def delete(self, run_id: str) -> None:
        """Cancels what it still asks, and deletes it. `NotFound` may mean that an earlier try of this call has done it."""
        self._caller.body(_requests.run("DELETE", run_id))


class AsyncRuns:
    """All that a run has asked."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    async def get(self, run_id: str) -> Run:
        """How many are pending, and the newest of them."""
        return cast(Run, await self._caller.body(_requests.run("GET", run_id)))

    async def delete(self, run_id: str) -> None:
        """Cancels what it still asks, and deletes it. `NotFound` may mean that an earlier try of this call has done it."""
        await self._caller.body(_requests.run("DELETE", run_id))

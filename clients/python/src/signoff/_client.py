"""The two clients: one that blocks, one that awaits. They say the same things in the same words."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import httpx2

from ._approvals import Approvals, AsyncApprovals
from ._calls import Manners
from ._caller import AsyncCaller, Caller
from ._durations import Duration, seconds_or_none
from ._http import AsyncHttp, Http
from ._tasks import AsyncRuns, AsyncTasks, Runs, Tasks


class Signoff:
    """A client that blocks. Several threads may share it.

    `url` and `api_key` come from `SIGNOFF_URL` and `SIGNOFF_API_KEY` (or `SIGNOFF_API_KEY_FILE`) where they are not given.
    `timeout`: seconds for an answer that nobody holds. `max_retries`: how often a call is repeated where that is safe.
    `patience`: for how long `ask` and `wait` go on without any answer from the server, as `"15m"`, in seconds or as a
    timedelta; None, the default: for ever.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        timeout: float = 10.0,
        patience: Duration | None = None,
        max_retries: int = 4,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._http = Http(url, api_key, timeout, transport)
        caller = Caller(self._http, Manners(max_retries, seconds_or_none(patience), self._http.credentials.renewed))
        self.approvals = Approvals(caller)
        self.tasks = Tasks(caller)
        self.runs = Runs(caller)

    def close(self) -> None:
        """Closes its connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncSignoff:
    """A client that awaits: see `Signoff`. It belongs to the event loop that uses it first."""

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        timeout: float = 10.0,
        patience: Duration | None = None,
        max_retries: int = 4,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = AsyncHttp(url, api_key, timeout, transport)
        caller = AsyncCaller(self._http, Manners(max_retries, seconds_or_none(patience), self._http.credentials.renewed))
        self.approvals = AsyncApprovals(caller)
        self.tasks = AsyncTasks(caller)
        self.runs = AsyncRuns(caller)

    async def close(self) -> None:
        """Closes its connections."""
        await self._http.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

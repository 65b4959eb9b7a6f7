"""Who runs the steps: one that blocks, one that awaits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, TypeVar

from . import _calls
from ._calls import Manners
from ._http import AsyncHttp, Http
from ._steps import Request, Steps, run, run_async

T = TypeVar("T")

class Caller:
    """Runs steps, blocking."""

    def __init__(self, http: Http, manners: Manners) -> None:
        self.http = http
        self.manners = manners

    def run(self, steps: Steps[T]) -> T:
        return run(steps, self.http.send)

    def body(self, request: Request) -> Any:
        return self.run(_calls.body_of(request, self.manners))

    def pages(self, path: str, filters: Mapping[str, Any]) -> Iterator[Any]:
        query = dict(filters)
        while True:
            page = self.run(_calls.page(path, query, self.manners))
            yield from page["items"]
            if not page.get("next_cursor"):
                return
            query["cursor"] = page["next_cursor"]


class AsyncCaller:
    """Runs steps on the event loop."""

    def __init__(self, http: AsyncHttp, manners: Manners) -> None:
        self.http = http
        self.manners = manners

    async def run(self, steps: Steps[T]) -> T:
        return await run_async(steps, self.http.send)

    async def body(self, request: Request) -> Any:
        return await self.run(_calls.body_of(request, self.manners))

    async def pages(self, path: str, filters: Mapping[str, Any]) -> AsyncIterator[Any]:
        query = dict(filters)
        while True:
            page = await self.run(_calls.page(path, query, self.manners))
            for item in page["items"]:
                yield item
            if not page.get("next_cursor"):
                return
            query["cursor"] = page["next_cursor"]

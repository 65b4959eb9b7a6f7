"""Approvals: the same calls, blocking and awaiting.

What each does is in `_calls`, and what it sends in `_requests`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, cast

from typing_extensions import Unpack

from . import _calls, _requests
from ._caller import AsyncCaller, Caller
from ._durations import Duration, seconds_or_none
from ._requests import Fields, Filters, HistoryFilters
from ._steps import Request
from ._types import Approval, BulkAction, BulkDone, BulkResult, Decided, PendingApproval
from .outcome import Outcome


class Approvals:
    """Asking, waiting, deciding and looking."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def ask(
        self,
        *,
        run_id: str,
        approval_type: str,
        context: Mapping[str, Any],
        idempotency_key: str | None = None,
        timeout: Duration | None = None,
        **fields: Unpack[Fields],
    ) -> Outcome:
        """Asks, and waits for the outcome.

        With an `idempotency_key` of your own, a process that was killed meanwhile asks again with the same key and body,
        and gets the outcome of the same approval. `timeout` is how long this call waits, not how long people have: that
        is `timeout_seconds`. Raises `StillPending` when it is over.
        """
        body = _requests.body(run_id, approval_type, context, fields)
        caller = self._caller
        return caller.run(_calls.create_and_wait(body, idempotency_key, seconds_or_none(timeout), caller.manners))

    def create(
        self,
        *,
        run_id: str,
        approval_type: str,
        context: Mapping[str, Any],
        idempotency_key: str | None = None,
        **fields: Unpack[Fields],
    ) -> Approval:
        """Asks, and doesn't wait."""
        body = _requests.body(run_id, approval_type, context, fields)
        return cast(Approval, self._caller.body(_calls.creation(body, idempotency_key)))

    def wait(self, approval_id: str, *, timeout: Duration | None = None) -> Outcome:
        """Waits until it has ended. Any process may that knows the id. Raises `StillPending` after `timeout`."""
        until = _calls.until_of(seconds_or_none(timeout))
        return self._caller.run(_calls.wait(_requests.segment(approval_id), self._caller.manners, until))

    def get(self, approval_id: str) -> Approval:
        """One approval as it stands."""
        return cast(Approval, self._caller.body(Request("GET", _requests.approval(approval_id), expects=_calls.APPROVAL)))

    def pending(self, **filters: Unpack[Filters]) -> Iterator[PendingApproval]:
        """What is pending, page by page as it is read."""
        return self._caller.pages("/api/v1/approvals/pending", filters)

    def history(self, **filters: Unpack[HistoryFilters]) -> Iterator[Approval]:
        """What has ended, the newest first."""
        return self._caller.pages("/api/v1/approvals/history", {name.rstrip("_"): it for name, it in filters.items()})

    def approve(
        self,
        approval_id: str,
        *,
        comment: str | None = None,
        modifications: Mapping[str, Any] | None = None,
        if_match: int | None = None,
        on_behalf_of: str | None = None,
    ) -> Decided:
        """Votes for it. `if_match` is the version that was looked at."""
        said = {"comment": comment, "modifications": modifications, "for": on_behalf_of}
        return cast(Decided, self._caller.body(_requests.decision(approval_id, "approve", said, if_match)))

    def reject(
        self,
        approval_id: str,
        reason: str,
        *,
        comment: str | None = None,
        if_match: int | None = None,
        on_behalf_of: str | None = None,
    ) -> Decided:
        """Votes against it."""
        said = {"reason": reason, "comment": comment, "for": on_behalf_of}
        return cast(Decided, self._caller.body(_requests.decision(approval_id, "reject", said, if_match)))

    def cancel(self, approval_id: str, reason: str, *, if_match: int | None = None) -> Decided:
        """Withdraws it."""
        return cast(Decided, self._caller.body(_requests.decision(approval_id, "cancel", {"reason": reason}, if_match)))

    def bulk(
        self, ids: Sequence[str], action: BulkAction, *, comment: str | None = None, reason: str | None = None
    ) -> list[BulkResult]:
        """Says the same to up to 200. Look at each `status`: one that failed says nothing of the others."""
        answer = cast(BulkDone, self._caller.body(_requests.bulk(ids, action, comment, reason)))
        return answer["results"]


class AsyncApprovals:
    """Asking, waiting, deciding and looking."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    async def ask(
        self,
        *,
        run_id: str,
        approval_type: str,
        context: Mapping[str, Any],
        idempotency_key: str | None = None,
        timeout: Duration | None = None,
        **fields: Unpack[Fields],
    ) -> Outcome:
        """Asks, and waits for the outcome: see `Approvals.ask`."""
        body = _requests.body(run_id, approval_type, context, fields)
        caller = self._caller
        return await caller.run(_calls.create_and_wait(body, idempotency_key, seconds_or_none(timeout), caller.manners))

    async def create(
        self,
        *,
        run_id: str,
        approval_type: str,
        context: Mapping[str, Any],
        idempotency_key: str | None = None,
        **fields: Unpack[Fields],
    ) -> Approval:
        """Asks, and doesn't wait."""
        body = _requests.body(run_id, approval_type, context, fields)
        return cast(Approval, await self._caller.body(_calls.creation(body, idempotency_key)))

    async def wait(self, approval_id: str, *, timeout: Duration | None = None) -> Outcome:
        """Waits until it has ended. Any process may that knows the id. Raises `StillPending` after `timeout`."""
        until = _calls.until_of(seconds_or_none(timeout))
        return await self._caller.run(_calls.wait(_requests.segment(approval_id), self._caller.manners, until))

    async def get(self, approval_id: str) -> Approval:
        """One approval as it stands."""
        return cast(Approval, await self._caller.body(Request("GET", _requests.approval(approval_id), expects=_calls.APPROVAL)))

    def pending(self, **filters: Unpack[Filters]) -> AsyncIterator[PendingApproval]:
        """What is pending, page by page as it is read."""
        return self._caller.pages("/api/v1/approvals/pending", filters)

    def history(self, **filters: Unpack[HistoryFilters]) -> AsyncIterator[Approval]:
        """What has ended, the newest first."""
        return self._caller.pages("/api/v1/approvals/history", {name.rstrip("_"): it for name, it in filters.items()})

    async def approve(
        self,
        approval_id: str,
        *,
        comment: str | None = None,
        modifications: Mapping[str, Any] | None = None,
        if_match: int | None = None,
        on_behalf_of: str | None = None,
    ) -> Decided:
        """Votes for it. `if_match` is the version that was looked at."""
        said = {"comment": comment, "modifications": modifications, "for": on_behalf_of}
        return cast(Decided, await self._caller.body(_requests.decision(approval_id, "approve", said, if_match)))

    async def reject(
        self,
        approval_id: str,
        reason: str,
        *,
        comment: str | None = None,
        if_match: int | None = None,
        on_behalf_of: str | None = None,
    ) -> Decided:
        """Votes against it."""
        said = {"reason": reason, "comment": comment, "for": on_behalf_of}
        return cast(Decided, await self._caller.body(_requests.decision(approval_id, "reject", said, if_match)))

    async def cancel(self, approval_id: str, reason: str, *, if_match: int | None = None) -> Decided:
        """Withdraws it."""
        said = {"reason": reason}
        return cast(Decided, await self._caller.body(_requests.decision(approval_id, "cancel", said, if_match)))

    async def bulk(
        self, ids: Sequence[str], action: BulkAction, *, comment: str | None = None, reason: str | None = None
    ) -> list[BulkResult]:
        """Says the same to up to 200. Look at each `status`: one that failed says nothing of the others."""
        answer = cast(BulkDone, await self._caller.body(_requests.bulk(ids, action, comment, reason)))
        return answer["results"]

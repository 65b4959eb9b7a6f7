"""What can go wrong, one class for each way that a caller would handle differently.

Every class here is a `SignoffError`. What the server answers is an `ApiError` with the problem's `code`. A call that was
not approved is a `NotApproved`: code that ignores the outcome stops there instead of going on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._types import Approval, Violation
    from .outcome import Outcome


class SignoffError(Exception):
    """All errors of this package."""

    def __reduce__(self) -> tuple[Any, ...]:
        # By its parts: not each of them takes its message alone.
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[SignoffError], args: tuple[Any, ...], state: dict[str, Any]) -> SignoffError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ApiError(SignoffError):
    """The server refused. `code` is the problem's code; `docs/api.md` lists them all."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        violations: Sequence[Violation] = (),
        request_id: str | None = None,
        approval: Approval | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.violations = list(violations)
        self.request_id = request_id
        #: The approval as it stands, where that is why.
        self.approval = approval
        self.retry_after = retry_after
        rules = "".join(f"; {it['pointer']}: {it['message']}" for it in self.violations)
        where = f" (request {request_id})" if request_id else ""
        super().__init__(f"{status} {code}: {detail}{rules}{where}")


class Unauthenticated(ApiError):
    """No credential, or one that is malformed, unknown, expired or revoked."""


class Forbidden(ApiError):
    """The credential lacks the permission that `detail` names."""


class NotEligible(ApiError):
    """The policy doesn't admit the caller."""


class NotFound(ApiError):
    """No such approval, run or path; what belongs to another workspace looks the same."""


class AlreadyDecided(ApiError):
    """It was decided before; `approval` has the outcome."""


class AlreadyVoted(ApiError):
    """The caller has voted otherwise, or the seat was used."""


class CancelledAlready(ApiError):
    """It was cancelled before; `approval` has the outcome."""


class Expired(ApiError):
    """Its deadline has passed; `approval` has the outcome."""


class VersionConflict(ApiError):
    """It has changed since the version in `if_match`; `approval` is how it stands."""


class ModificationsDiffer(ApiError):
    """The edits aren't those of the first approver."""


class LimitReached(ApiError):
    """There are as many as may be."""


class TooLarge(ApiError):
    """The body has more bytes than the server takes."""


class Invalid(ApiError):
    """Fields break rules: see `violations`."""


class IdempotencyMismatch(ApiError):
    """The idempotency key stands for another body."""


class UnsatisfiablePolicy(ApiError):
    """No votes could ever meet the policy."""


class NotSupported(ApiError):
    """The server doesn't have this feature yet."""


class RateLimited(ApiError):
    """A limit on requests was reached. Nothing was begun."""


class Overloaded(ApiError):
    """The instance is full, or is going away. Nothing was begun."""


class Unavailable(ApiError):
    """The server could not do it now. Whether it was done is unknown, unless `detail` says otherwise."""


class ConnectionFailed(SignoffError):
    """No answer of Signoff's came. Whether the request was done is unknown."""


class StillPending(SignoffError):
    """Nobody has decided within the time that the caller gave. The approval goes on waiting."""

    def __init__(self, approval: Approval) -> None:
        self.approval = approval
        super().__init__(f"approval {approval['id']} is still pending")


class NotApproved(SignoffError):
    """The outcome doesn't allow to go on."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        self.outcome = outcome
        super().__init__(message)


class Rejected(NotApproved):
    """A person, or the deadline by its `timeout_action`, said no."""


class Lapsed(NotApproved):
    """Nobody answered in time. That is no "no"."""


class Withdrawn(NotApproved):
    """The request was cancelled."""


class MissingCallId(SignoffError):
    """A call without an id can't be told from an equal one."""


class TooLargeToShow(SignoffError):
    """A person could not be shown all of it, so nobody is asked."""


class NotShowable(SignoffError):
    """A person could not be shown what it is, so nobody is asked."""


class ModificationRefused(SignoffError):
    """The edits have no form that can be carried out. Nothing ran."""


class InvalidSignature(SignoffError):
    """A webhook that Signoff has not sent, or not now."""


_BY_CODE: Mapping[str, type[ApiError]] = {
    "already_decided": AlreadyDecided,
    "already_voted": AlreadyVoted,
    "cancelled": CancelledAlready,
    "draining": Overloaded,
    "expired": Expired,
    "forbidden": Forbidden,
    "idempotency_mismatch": IdempotencyMismatch,
    "invalid": Invalid,
    "limit_reached": LimitReached,
    "malformed": Invalid,
    "modifications_differ": ModificationsDiffer,
    "not_eligible": NotEligible,
    "not_found": NotFound,
    "not_supported": NotSupported,
    "overloaded": Overloaded,
    "rate_limited": RateLimited,
    "too_large": TooLarge,
    "unauthenticated": Unauthenticated,
    "unavailable": Unavailable,
    "unsatisfiable_policy": UnsatisfiablePolicy,
    "version_conflict": VersionConflict,
}


def api_error(
    status: int, problem: Mapping[str, Any], request_id: str | None, retry_after: float | None
) -> ApiError:
    """The error for a problem document. A code that this version doesn't know makes a plain `ApiError`."""
    code = str(problem["code"])
    return _BY_CODE.get(code, ApiError)(
        status,
        code,
        str(problem.get("detail") or problem.get("title") or ""),
        violations=problem.get("errors") or (),
        request_id=request_id,
        approval=problem.get("approval"),
        retry_after=retry_after,
    )

"""Signoff: human sign-off for agents and workflows.

    from signoff import Signoff

    client = Signoff()                      # SIGNOFF_URL, SIGNOFF_API_KEY
    outcome = client.approvals.ask(
        run_id="deploy-812", approval_type="step_approval", context={"build": 812},
        title="Ship build 812?", idempotency_key="deploy-812/ship")
    if outcome.approved: ...

`AsyncSignoff` is the same, awaitable. Whatever goes wrong, the call that was asked about has not run.
"""

from . import webhooks
from ._client import AsyncSignoff, Signoff
from ._errors import (
    AlreadyDecided,
    AlreadyVoted,
    ApiError,
    CancelledAlready,
    ConnectionFailed,
    Expired,
    Forbidden,
    IdempotencyMismatch,
    Invalid,
    InvalidSignature,
    Lapsed,
    LimitReached,
    MissingCallId,
    ModificationRefused,
    ModificationsDiffer,
    NotApproved,
    NotEligible,
    NotFound,
    NotShowable,
    NotSupported,
    Overloaded,
    RateLimited,
    Rejected,
    SignoffError,
    StillPending,
    TooLarge,
    TooLargeToShow,
    Unauthenticated,
    Unavailable,
    UnsatisfiablePolicy,
    VersionConflict,
    Withdrawn,
)
from .decorator import required, run
from .gate import Gate, Rule, Verdict
from .outcome import Outcome
from .toolcall import Call

__all__ = [
    "AlreadyDecided",
    "AlreadyVoted",
    "ApiError",
    "AsyncSignoff",
    "Call",
    "CancelledAlready",
    "ConnectionFailed",
    "Expired",
    "Forbidden",
    "Gate",
    "IdempotencyMismatch",
    "Invalid",
    "InvalidSignature",
    "Lapsed",
    "LimitReached",
    "MissingCallId",
    "ModificationRefused",
    "ModificationsDiffer",
    "NotApproved",
    "NotEligible",
    "NotFound",
    "NotShowable",
    "NotSupported",
    "Outcome",
    "Overloaded",
    "RateLimited",
    "Rejected",
    "Rule",
    "Signoff",
    "SignoffError",
    "StillPending",
    "TooLarge",
    "TooLargeToShow",
    "Unauthenticated",
    "Unavailable",
    "UnsatisfiablePolicy",
    "Verdict",
    "VersionConflict",
    "Withdrawn",
    "required",
    "run",
    "webhooks",
]

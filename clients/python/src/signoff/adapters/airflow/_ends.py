"""How a task ends that was not approved. Each of these fails it for good: a retry would find the same approval."""

from __future__ import annotations

from airflow.sdk.exceptions import AirflowFailException

from ..._errors import Lapsed, NotApproved, Rejected, SignoffError, Withdrawn
from ...outcome import Outcome


class SignoffRejected(Rejected, AirflowFailException):
    """A person said no."""


class SignoffLapsed(Lapsed, AirflowFailException):
    """Nobody answered in time. Nobody said no."""


class SignoffWithdrawn(Withdrawn, AirflowFailException):
    """The request was cancelled, or its run was deleted."""


class SignoffRefused(SignoffError, AirflowFailException):
    """Nobody could be asked with this, or what they said can't be carried out."""


class SignoffUnclear(NotApproved, AirflowFailException):
    """It has ended in a way that this version doesn't know."""


def end_of(outcome: Outcome) -> NotApproved:
    """The error for an outcome that approves nothing."""
    who = f" by {outcome.decided_by}" if outcome.decided_by else ""
    why = f": {outcome.feedback}" if outcome.feedback else ""
    if outcome.status == "cancelled":
        return SignoffWithdrawn(outcome, f"approval {outcome.id} was withdrawn{who}{why}")
    if outcome.status == "expired":
        return SignoffLapsed(outcome, f"nobody answered approval {outcome.id} in time, and nobody rejected it")
    if outcome.status == "resolved" and outcome.resolution == "rejected":
        return SignoffRejected(outcome, f"approval {outcome.id} was rejected{who}{why}")
    return SignoffUnclear(outcome, f"approval {outcome.id} is {outcome.status}, not approved")

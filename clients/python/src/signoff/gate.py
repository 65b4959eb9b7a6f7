"""The gate: which calls people are asked about, and what each outcome means for the call.

A `Rule` says who is asked and for how long, and a `Gate` says which rule a call falls under. Every adapter asks through a
gate, and so does the decorator. A call that can't be asked about does not run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, TypeAlias, cast

from ._client import AsyncSignoff, Signoff
from ._errors import ModificationRefused, SignoffError
from ._durations import Duration, whole_seconds
from ._requests import Fields
from ._types import Notify, PolicyBody
from .outcome import Outcome
from .toolcall import Call, run_name

_LOG = logging.getLogger("signoff")
_LAPSED = "Nobody answered in time. The call was not executed."
#: What the model is told where a withdrawn request does not end the run.
WITHDRAWN = "The request was withdrawn."
_NOT_AGAIN = "Don't try this call again unless you are asked to."
#: Raises, saying why, where the tool would refuse these arguments.
Check: TypeAlias = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class Rule:
    """Who is asked about a call, and how.

    `when` and `title` must depend on the arguments alone: they are looked at again after a restart.
    """

    #: Names of those who may decide; with `roles` and `groups` besides. None of the three: anyone with the permission.
    approvers: Sequence[str] | None = None
    roles: Sequence[str] | None = None
    groups: Sequence[str] | None = None
    min_approvers: int | None = None
    #: Instead of the four above: a whole policy, as `docs/policies.md` has it.
    policy: PolicyBody | None = None
    #: How long people have; the server's default where nothing is said.
    timeout: Duration | None = None
    #: Such as `Refund {order}`; the call itself where nothing is said.
    title: str | None = None
    description: str | None = None
    workflow: str | None = None
    notify: Notify | None = None
    #: Whether to ask, by the arguments; always where nothing is said.
    when: Callable[[Mapping[str, Any]], bool] | None = None
    #: Arguments that nobody is shown.
    redact: Collection[str] = ()
    #: Whether an approver may answer in the tool's place.
    allow_response: bool = False

    def __post_init__(self) -> None:
        named = (self.approvers, self.roles, self.groups, self.min_approvers)
        if self.policy is not None and any(it is not None for it in named):
            raise ValueError("give a policy, or approvers, roles, groups and min_approvers")
        if isinstance(self.approvers, str) or isinstance(self.roles, str) or isinstance(self.groups, str):
            raise ValueError("approvers, roles and groups are lists of names")
        if isinstance(self.redact, str):
            raise ValueError("redact is a list of names")
        if self.timeout is not None:
            whole_seconds(self.timeout)

    def _policy(self) -> PolicyBody | None:
        if self.policy is not None:
            return self.policy
        said = {
            "allowed_approvers": None if self.approvers is None else list(self.approvers),
            "allowed_roles": None if self.roles is None else list(self.roles),
            "allowed_groups": None if self.groups is None else list(self.groups),
            "min_approvers": self.min_approvers,
        }
        given = {name: value for name, value in said.items() if value is not None}
        return cast(PolicyBody, given) if given else None

    def fields(self, call: Call) -> Fields:
        """What the request says besides its context."""
        fields: Fields = {
            "title": call.title(self.title, self.redact),
            "description": self.description,
            "workflow": self.workflow,
            "policy": self._policy(),
            "timeout_seconds": None if self.timeout is None else whole_seconds(self.timeout),
            "notify": self.notify,
            "metadata": {"dialect": call.dialect},
        }
        return fields


@dataclass(frozen=True)
class Verdict:
    """What to do with a call."""

    #: Whether the tool is called, with `arguments`.
    runs: bool
    arguments: Mapping[str, Any] = field(default_factory=dict)
    #: What the model is told: instead of a result where the tool is not called, before it where it is. May be None.
    text: str | None = None
    #: What a person answered in the tool's place: the call's result.
    response: str | None = None
    #: Why; None for a call that nobody was asked about.
    outcome: Outcome | None = None


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else text + "."


def _refusal(call: Call, why: str, outcome: Outcome) -> Verdict:
    text = f"The edits of {outcome.decided_by} could not be carried out: {_sentence(why)} The call was not executed."
    return Verdict(False, text=text, outcome=outcome)


def verdict(call: Call, rule: Rule, outcome: Outcome, check: Check | None = None) -> Verdict:
    """What an outcome means for the call. Raises `Withdrawn` where the request was cancelled."""
    if outcome.status not in ("resolved", "expired"):
        outcome.unwrap()
    if not outcome.approved:
        if outcome.via == "timeout":
            return Verdict(False, text=_LAPSED, outcome=outcome)
        if outcome.resolution == "rejected":
            why = f": {_sentence(outcome.feedback)}" if outcome.feedback else "."
            return Verdict(False, text=f"Rejected by {outcome.decided_by}{why} {_NOT_AGAIN}", outcome=outcome)
        outcome.unwrap()
    if outcome.resolution != "modified":
        return Verdict(True, call.arguments, outcome=outcome)
    if outcome.response is not None:
        if not rule.allow_response:
            return _refusal(call, "an answer in the tool's place is not allowed here", outcome)
        return Verdict(False, response=outcome.response, outcome=outcome)
    try:
        arguments = outcome.arguments(call.arguments, rule.redact)
        if check is not None:
            check(deepcopy(arguments))
    except Exception as error:
        # Whatever a tool's own check raises: these arguments are not run.
        return _refusal(call, str(error) or type(error).__name__, outcome)
    shown = Call(dialect=call.dialect, run=call.run, tool=call.tool, arguments=arguments).title(None, rule.redact)
    text = f"A person changed this call before it ran. Executed with: {shown}."
    return Verdict(True, arguments, text=text, outcome=outcome)


def refused_event(decided: Verdict) -> dict[str, Any] | None:
    """What the task hears of edits that were not carried out."""
    outcome = decided.outcome
    if outcome is None or outcome.resolution != "modified" or decided.runs or decided.response is not None:
        return None
    return {"approval_id": outcome.id, "message": decided.text}


class Gate:
    """Rules by the names of tools: the first pattern that matches counts. A call without a rule is not asked about,
    unless there is a `default`.
    """

    def __init__(self, rules: Mapping[str, Rule] | None = None, *, default: Rule | None = None) -> None:
        self.rules = dict(rules or {})
        self.default = default

    def rule(self, tool: str, arguments: Mapping[str, Any]) -> Rule | None:
        """The rule by which people are asked; None: they are not."""
        named = next((rule for pattern, rule in self.rules.items() if fnmatchcase(tool, pattern)), self.default)
        if named is None or named.when is None:
            return named
        asks: object = named.when(deepcopy(dict(arguments)))
        # A coroutine is always true: a condition that makes one would never say no.
        if not isinstance(asks, bool):
            raise TypeError(f"when must answer True or False, not {type(asks).__name__}")
        return named if asks else None

    @staticmethod
    def request(call: Call, rule: Rule, key: str | None = None) -> dict[str, Any]:
        """What `approvals.ask` and `approvals.create` are called with."""
        return {
            "run_id": run_name(call.run),
            "approval_type": "tool_call",
            "context": call.context(rule.redact),
            "idempotency_key": key or call.key(),
            **{name: value for name, value in rule.fields(call).items() if value is not None},
        }

    def pass_through(self, client: Signoff, call: Call, *, key: str | None = None, check: Check | None = None) -> Verdict:
        """Asks about the call if a rule says so, and waits. Raises where nobody could be asked: then nothing runs."""
        rule = self.rule(call.tool, call.arguments)
        if rule is None:
            return Verdict(True, call.arguments)
        decided = verdict(call, rule, client.approvals.ask(**self.request(call, rule, key)), check)
        if (event := refused_event(decided)) is not None and decided.outcome is not None:
            try:
                client.tasks.publish(decided.outcome.approval["task_id"], "modification_refused", event)
            except SignoffError as error:
                _LOG.warning("the task was not told of edits that were refused: %s", error)
        return decided

    async def pass_through_async(
        self, client: AsyncSignoff, call: Call, *, key: str | None = None, check: Check | None = None
    ) -> Verdict:
        """The same on the event loop."""
        rule = self.rule(call.tool, call.arguments)
        if rule is None:
            return Verdict(True, call.arguments)
        decided = verdict(call, rule, await client.approvals.ask(**self.request(call, rule, key)), check)
        if (event := refused_event(decided)) is not None and decided.outcome is not None:
            try:
                await client.tasks.publish(decided.outcome.approval["task_id"], "modification_refused", event)
            except SignoffError as error:
                _LOG.warning("the task was not told of edits that were refused: %s", error)
        return decided


__all__ = ["WITHDRAWN", "Check", "Gate", "ModificationRefused", "Rule", "Verdict", "refused_event", "verdict", "whole_seconds"]

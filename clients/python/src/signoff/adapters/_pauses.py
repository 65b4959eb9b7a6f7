"""What a graph pauses with, as questions to people, and their outcomes as what it goes on with.

Four forms are understood: our own, the two of LangChain's `HumanInTheLoopMiddleware`, and Agent Inbox'. Nothing here asks
or waits. A decision that a pause does not take is never bent into another that would let the tool run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from .._errors import SignoffError, Withdrawn
from ..gate import WITHDRAWN, Gate, Rule, Verdict, verdict
from ..outcome import Outcome
from ..toolcall import Call
from ._schema import by_json_schema

KIND = "signoff"
_DIALECT = "langchain"
_LONGEST_DESCRIPTION = 10_000
Form: TypeAlias = Literal["own", "batched", "per_call", "inbox"]


@dataclass(frozen=True)
class Pause:
    """One interrupt of a graph."""

    id: str
    value: Any
    #: The JSON Schema of what it takes, where it says so.
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Question:
    """What people are asked: one call of a pause, or the one question of our own."""

    create: dict[str, Any]
    call: Call | None = None
    rule: Rule = Rule()
    #: Which decisions the pause takes: approve, edit, reject, respond, ignore.
    allowed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Asked:
    """A pause, and its questions in its own order."""

    pause: Pause
    form: Form
    questions: Sequence[Question]


def pause_of(create: Mapping[str, Any]) -> dict[str, Any]:
    """Our own form: what is posted, and under which key."""
    body = {name: value for name, value in create.items() if name != "idempotency_key"}
    return {"type": KIND, "idempotency_key": create["idempotency_key"], "request": body}


def create_of(pause: Mapping[str, Any]) -> dict[str, Any]:
    """What `approvals.create` is called with for it."""
    return {**pause["request"], "idempotency_key": pause["idempotency_key"]}


def understood(pause: Pause, run: str, gate: Gate | None) -> Asked | None:
    """The questions of a pause; None where it has none of the forms.

    The framework has decided that people are asked, so a rule's `when` doesn't count. A call without a rule may be decided
    by anyone with the permission.
    """
    value = pause.value
    if isinstance(value, dict) and value.get("type") == KIND:
        return Asked(pause, "own", [Question(create_of(value))])
    if isinstance(value, dict) and "action_requests" in value and "review_configs" in value:
        form: Form = "batched"
        actions = list(_batched(value))
    elif isinstance(value, dict) and value.get("type") == "tool_approval":
        form = "per_call"
        actions = [_Action(value["name"], value["args"], _in_schema(pause.schema), "", value["tool_call_id"])]
    elif (listed := value if isinstance(value, list) else [value]) and all(_is_inbox(it) for it in listed):
        form = "inbox"
        actions = [_inbox(it) for it in listed]
    else:
        return None
    return Asked(pause, form, [_question(pause, run, gate, number, it) for number, it in enumerate(actions)])


@dataclass(frozen=True)
class _Action:
    tool: str
    arguments: Mapping[str, Any]
    allowed: frozenset[str]
    description: str = ""
    call_id: str | None = None


def _batched(value: Mapping[str, Any]) -> Iterator[_Action]:
    allowed = {it["action_name"]: frozenset(it["allowed_decisions"]) for it in value["review_configs"]}
    for it in value["action_requests"]:
        yield _Action(it["name"], it["args"], allowed.get(it["name"], frozenset()))


def _in_schema(schema: Mapping[str, Any] | None) -> frozenset[str]:
    """The decisions that a schema names."""
    if schema is None:
        return frozenset({"approve", "reject"})
    kinds = [schema, *schema.get("$defs", {}).values()]
    named = {kind.get("properties", {}).get("type", {}).get("const") for kind in kinds if isinstance(kind, dict)}
    return frozenset(named & {"approve", "edit", "reject", "respond"})


_INBOX = {"allow_accept": "approve", "allow_edit": "edit", "allow_respond": "respond", "allow_ignore": "ignore"}


def _is_inbox(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("action_request"), dict) and isinstance(value.get("config"), dict)


def _inbox(value: Mapping[str, Any]) -> _Action:
    allowed = frozenset(kind for name, kind in _INBOX.items() if value["config"].get(name) is True)
    action = value["action_request"]
    return _Action(action["action"], action["args"], allowed, value.get("description") or "")


def _question(pause: Pause, run: str, gate: Gate | None, number: int, action: _Action) -> Question:
    rule = _rule(gate, action)
    rule = replace(rule, allow_response=rule.allow_response and "respond" in action.allowed)
    # By the pause and the place in it: a call's own id may come again in a later turn.
    own = Call(
        dialect=_DIALECT, run=run, tool=action.tool, arguments=action.arguments, call_id=f"{pause.id}/{number}"
    )
    call = replace(own, call_id=action.call_id)
    create = Gate.request(call, rule, own.key())
    if action.description:
        if len(action.description) <= _LONGEST_DESCRIPTION:
            create.setdefault("description", action.description)
        else:
            create["context"]["description"] = action.description
    return Question(create, call, rule, action.allowed)


def _rule(gate: Gate | None, action: _Action) -> Rule:
    if gate is None:
        return Rule(allow_response=True)
    asking = Gate(
        {pattern: replace(rule, when=None) for pattern, rule in gate.rules.items()},
        default=None if gate.default is None else replace(gate.default, when=None),
    )
    return asking.rule(action.tool, action.arguments) or Rule()


def said(outcome: Outcome) -> dict[str, Any]:
    """An outcome, as a node gets it that has asked by itself."""
    return {
        "approval_id": outcome.id,
        "approved": outcome.approved,
        "status": outcome.status,
        "resolution": outcome.resolution,
        "feedback": outcome.feedback,
        "decided_by": outcome.decided_by,
        "modifications": None if outcome.modifications is None else dict(outcome.modifications),
    }


def answer(asked: Asked, outcomes: Sequence[Outcome]) -> tuple[Any, list[Verdict]]:
    """What the pause is resumed with, and what the outcomes mean for its calls. Raises where it takes no such decision."""
    if asked.form == "own":
        return said(outcomes[0]), []
    verdicts = [_verdict(asked, question, outcome) for question, outcome in zip(asked.questions, outcomes, strict=True)]
    decisions = [_decision(asked, question, it) for question, it in zip(asked.questions, verdicts, strict=True)]
    if asked.form == "batched":
        return {"decisions": decisions}, verdicts
    return (decisions[0] if asked.form == "per_call" else decisions), verdicts


def _verdict(asked: Asked, question: Question, outcome: Outcome) -> Verdict:
    assert question.call is not None
    tool = question.call.tool

    def check(arguments: Mapping[str, Any]) -> None:
        if "edit" not in question.allowed:
            raise ValueError("edits are not allowed here")
        if asked.pause.schema is not None:
            edit = {"type": "edit", "edited_action": {"name": tool, "args": dict(arguments)}}
            if wrong := by_json_schema(_of_edits(asked.pause.schema), edit):
                raise ValueError("; ".join(it.removeprefix("edited_action.args.") for it in wrong))

    try:
        return verdict(question.call, question.rule, outcome, check)
    except Withdrawn:
        return Verdict(False, text=WITHDRAWN, outcome=outcome)


def _of_edits(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of the schema that is about edits, so that what it says is about them, too."""
    kinds = schema.get("$defs", {}).items()
    edits = next((name for name, it in kinds if it.get("properties", {}).get("type", {}).get("const") == "edit"), None)
    return schema if edits is None else {"$ref": f"#/$defs/{edits}", "$defs": schema["$defs"]}


def _decision(asked: Asked, question: Question, decided: Verdict) -> dict[str, Any]:
    """A verdict in the dialect's words."""
    assert question.call is not None
    tool, allowed = question.call.tool, question.allowed
    inbox = asked.form == "inbox"
    if decided.runs and decided.outcome is not None and decided.outcome.resolution == "modified":
        action = {"action" if inbox else "name": tool, "args": dict(decided.arguments)}
        return {"type": "edit", "args": action} if inbox else {"type": "edit", "edited_action": action}
    if decided.runs:
        _take(asked, question, "approve")
        return {"type": "accept", "args": None} if inbox else {"type": "approve"}
    if decided.response is not None:
        if inbox:
            return {"type": "response", "args": decided.response}
        return {"type": "respond", "message": decided.response}
    if not inbox:
        _take(asked, question, "reject")
        return {"type": "reject", "message": decided.text}
    # Ignoring says nothing to the model, so the text goes where there is a place for one.
    if "respond" in allowed:
        return {"type": "response", "args": decided.text}
    _take(asked, question, "ignore")
    return {"type": "ignore", "args": None}


def _take(asked: Asked, question: Question, decision: str) -> None:
    if decision not in question.allowed:
        raise SignoffError(f"the pause {asked.pause.id} takes no {decision}: it stays as it is, and nothing runs")

"""A call of pydantic-ai: what its arguments are as JSON, whether the tool takes others, and what goes back into the framework.

Nothing here asks anybody.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from pydantic import TypeAdapter, ValidationError
from pydantic_ai.exceptions import ModelRetry, ToolFailed, ToolFailedError, ToolRetryError
from pydantic_ai.messages import ModelMessage, ModelResponse, ToolReturn, ToolReturnPart, is_multi_modal_content
from pydantic_ai.tools import RunContext
from pydantic_ai.toolsets import ToolsetTool
from pydantic_core import PydanticSerializationError

from .._errors import NotShowable, SignoffError
from ..decorator import current_run
from ..gate import Gate, Rule
from ..toolcall import Call
from ._json_schema import check_schema, said_by

DIALECT = "pydantic-ai"
#: Under this name a call's metadata holds what people are asked about.
MARK = "signoff"
#: A run's name, or how to get it from the context of a call.
Name: TypeAlias = str | Callable[[RunContext[Any]], str]
_JSON: TypeAdapter[Any] = TypeAdapter(Any)


def name_of(given: Name | None, context: RunContext[Any]) -> str:
    """The run's name: by `signoff.run`, or as the capability was told."""
    if (current := current_run()) is not None:
        return current
    name = given(context) if callable(given) else given
    if not isinstance(name, str) or not name:
        raise SignoffError("this run has no name that a restart would find again: give signoff.run, or run=")
    return name


# --- what is asked ---


@dataclass(frozen=True)
class Asked:
    """A call that people are asked about."""

    call: Call
    rule: Rule
    key: str

    @property
    def gate(self) -> Gate:
        """With this rule alone: its condition has been looked at, and can't change its mind."""
        return Gate(default=replace(self.rule, when=None))

    @property
    def request(self) -> dict[str, Any]:
        """What `approvals.ask` and `approvals.create` are called with."""
        return Gate.request(self.call, self.rule, self.key)


def is_named(gate: Gate, tool: str) -> bool:
    """Whether a rule is about the tool. Its arguments don't count."""
    return gate.default is not None or any(fnmatchcase(tool, pattern) for pattern in gate.rules)


def asked_about(gate: Gate, call: Call, messages: Sequence[ModelMessage], demanded: bool) -> Asked | None:
    """The question; None where people are not asked.

    `demanded`: the tool asks for an approval by itself. Then a rule's `when` doesn't count, and a call without a rule may be
    decided by anyone with the permission.
    """
    if demanded:
        named = (rule for pattern, rule in gate.rules.items() if fnmatchcase(call.tool, pattern))
        rule = replace(next(named, gate.default) or Rule(), when=None)
    elif (found := gate.rule(call.tool, call.arguments)) is not None:
        rule = found
    else:
        return None
    # Refused where the call has no id.
    key = call.key()
    if (turn := _turn(messages, call.call_id)) > 1:
        key = replace(call, call_id=f"{turn}/{call.call_id}").key()
    return Asked(call, rule, key)


def _turn(messages: Sequence[ModelMessage], call_id: str | None) -> int:
    """How often the model has used this id. Some models count their calls' ids anew in each turn."""
    answers = (it for it in messages if isinstance(it, ModelResponse))
    return sum(any(call.tool_call_id == call_id for call in answer.tool_calls) for answer in answers)


def mark_of(metadata: Any) -> dict[str, Any]:
    """What we have left in a call's metadata. It may be forged: it says what is asked, and nothing of what was answered."""
    mark = metadata.get(MARK) if isinstance(metadata, Mapping) else None
    return mark if isinstance(mark, dict) else {}


def asked_before(metadata: Any) -> dict[str, Any] | None:
    """The arguments that people were asked about when the run paused."""
    arguments = mark_of(metadata).get("arguments")
    return deepcopy(arguments) if isinstance(arguments, dict) else None


# --- arguments ---


def validated(tool: ToolsetTool[Any], context: RunContext[Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What the tool makes of arguments in JSON. Raises `ValueError` where it refuses them."""
    made: dict[str, Any] = tool.args_validator.validate_json(json.dumps(arguments), context=context.validation_context)
    return made


def in_json(
    tool: ToolsetTool[Any], context: RunContext[Any], runs: Mapping[str, Any], given: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Validated arguments in JSON, as the tool's schema has them, and validated again from that JSON.

    The tool would make of the JSON exactly what was about to run. So the reader sees what runs, with the defaults,
    and after whatever has changed the model's own words (`given`) on the way.
    """
    for arguments in _forms(runs, given):
        try:
            again = validated(tool, context, arguments)
        except ValueError:
            continue
        if again == runs:
            return arguments, again
    raise NotShowable(f"the arguments of {tool.tool_def.name} have no form in JSON that says what runs: nobody can be asked")


def _forms(runs: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    try:
        dumped = _JSON.dump_python(_sorted(dict(runs)), mode="json", by_alias=True, round_trip=True, warnings=False)
    except PydanticSerializationError:
        pass
    else:
        values = list(dumped.values())
        if len(values) == 1 and isinstance(values[0], dict):
            # A function with one model as its argument: its schema is the model's.
            yield values[0]
        yield dumped
    yield dict(given)


def _sorted(value: Any) -> Any:
    """With sets as lists. A set has another order in each process."""
    if type(value) is dict:
        return {name: _sorted(one) for name, one in value.items()}
    if type(value) is list:
        return [_sorted(one) for one in value]
    if type(value) in (set, frozenset):
        return sorted((_sorted(one) for one in value), key=_JSON.dump_json)
    return value


def check_edits(
    tool: ToolsetTool[Any], context: RunContext[Any], original: Mapping[str, Any], arguments: Mapping[str, Any]
) -> None:
    """Raises where the tool would refuse edited arguments, or leave one out."""
    check_schema(tool.tool_def.name, tool.tool_def.parameters_json_schema, original, arguments)
    try:
        validated(tool, context, arguments)
    except ValidationError as error:
        raise ValueError(said_by(error)) from None


# --- what the model is told ---


def noted(note: str, output: Any) -> Any:
    """A tool's output with a note before it."""
    if isinstance(output, ToolReturn):
        return replace(output, return_value=noted(note, output.return_value))
    parts = list(output) if isinstance(output, (list, tuple)) else [output]
    if any(is_multi_modal_content(part) for part in parts):
        return [note, *parts]
    text = ToolReturnPart(tool_name="", content=output).model_response_str()
    return f"{note}\n{text}" if text else note


def noted_error(note: str, error: Exception) -> Exception:
    """What a tool raises for the model to read, with a note before it."""
    if isinstance(error, (ModelRetry, ToolFailed)):
        return type(error)(f"{note}\n{error.message}")
    if isinstance(error, ToolRetryError):
        return ToolRetryError(replace(error.tool_retry, content=noted(note, error.tool_retry.content)))
    if isinstance(error, ToolFailedError):
        return ToolFailedError(replace(error.tool_failed, content=noted(note, error.tool_failed.content)))
    return error

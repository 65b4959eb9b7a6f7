"""A call of OpenAI's Agents SDK: what its arguments are, how its run is called, and what goes back into the SDK.

Nothing here asks anybody.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, NoReturn, TypeAlias, cast

from agents import (
    AgentsException,
    FunctionTool,
    RunContextWrapper,
    ToolOutputFileContent,
    ToolOutputImage,
    ToolOutputText,
)
from agents.function_schema import function_schema
from agents.tool import ValidToolOutputPydanticModelsTypeAdapter
from pydantic import ValidationError

from .._errors import SignoffError
from ..decorator import current_run
from ._json_schema import check_schema, said_by

DIALECT = "openai-agents"
#: A run's name, or how to get it from the context of a call.
Name: TypeAlias = str | Callable[[RunContextWrapper[Any]], str]
#: The calls that the current run has paused for.
PAUSED: ContextVar[frozenset[str]] = ContextVar("signoff_paused", default=frozenset())


def parsed(text: str) -> dict[str, Any]:
    """The arguments. Raises `ValueError` for JSON that not all readers understand alike: a person could be shown another."""

    def unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ValueError("a name is there twice")
        return found

    def finite(number: str) -> float:
        if math.isinf(value := float(number)):
            raise ValueError(f"{number} is too large")
        return value

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is no number")

    try:
        value = json.loads(text or "{}", object_pairs_hook=unique, parse_float=finite, parse_constant=refuse)
    except RecursionError:
        raise ValueError("they are nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("they are no object")
    return value


def unreadable(why: ValueError) -> str:
    return f"The arguments of this call can't be read: {why}. The call was not executed."


def name_of(given: Name | None, context: RunContextWrapper[Any]) -> str:
    """The run's name: by `signoff.run`, as `gated` was told, or the group of the SDK's traces."""
    if (current := current_run()) is not None:
        return current
    if given is None:
        name = getattr(getattr(context, "run_config", None), "group_id", None)
    else:
        name = given if isinstance(given, str) else given(context)
    if not isinstance(name, str) or not name:
        raise SignoffError("this run has no name that a restart would find again: give signoff.run, run= or group_id")
    return name


def check_edits(tool: FunctionTool, original: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    """Raises where the tool would refuse edited arguments, or leave one out."""
    check_schema(tool.name, tool.params_json_schema, original, arguments)
    try:
        strict = tool.strict_json_schema
        made = function_schema(tool.__wrapped__, use_docstring_info=False, strict_json_schema=strict)
    except Exception:
        # Not made from a plain function. Then its schema is all that can be known before it runs.
        return
    try:
        made.params_pydantic_model(**arguments)
    except ValidationError as error:
        raise ValueError(said_by(error)) from None


def ending(error: SignoffError) -> SignoffError:
    """The same error as one that ends the run under its own name. The SDK hides all others in a `UserError`."""
    kind = type(error)
    known = {"__module__": kind.__module__, "run_data": None, "__reduce__": lambda self: error.__reduce__()}
    both = type(kind.__name__, (kind, AgentsException), known)
    made = both.__new__(both, *error.args)
    made.args = error.args
    made.__dict__.update(error.__dict__)
    return cast(SignoffError, made)


def _is_structured(output: Any) -> bool:
    if not isinstance(output, dict):
        return isinstance(output, (ToolOutputText, ToolOutputImage, ToolOutputFileContent))
    with suppress(ValidationError):
        ValidToolOutputPydanticModelsTypeAdapter.validate_python(output)
        return "type" in output
    return False


def noted(note: str, output: Any) -> Any:
    """A tool's output with a note before it."""
    parts = list(output) if isinstance(output, (list, tuple)) else [output]
    if parts and all(_is_structured(part) for part in parts):
        return [ToolOutputText(text=note), *parts]
    return f"{note}\n{output}"

"""What a LangChain tool says of its arguments: whether it would take those that a person has edited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from langchain_core.tools import BaseTool
from langchain_core.utils.pydantic import get_fields


def check_edits(tool: BaseTool | None, original: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    """Raises where the tool would refuse them. The arguments that the framework puts in itself are not looked at."""
    if tool is None:
        raise ValueError("the tool is not known here, so its arguments can't be checked")
    known = set(tool.args)
    schema: Any = tool.args_schema
    if isinstance(schema, dict):
        open_ended = bool(schema.get("additionalProperties") or schema.get("patternProperties"))
        wrong: Iterable[str] = by_json_schema(schema, arguments)
    else:
        schema = tool.get_input_schema()
        shown = set(get_fields(tool.tool_call_schema))  # type: ignore[arg-type]
        known |= shown
        open_ended = (getattr(schema, "model_config", None) or {}).get("extra") == "allow"
        wrong = _by_model(schema, set(get_fields(schema)) - shown, arguments)
    if not open_ended and (unknown := sorted(set(arguments) - set(original) - known)):
        raise ValueError(f"{tool.name} has no argument {', '.join(unknown)}")
    if found := list(wrong):
        raise ValueError("; ".join(found))


def _by_model(schema: Any, injected: set[str], arguments: Mapping[str, Any]) -> list[str]:
    """By the whole model, so that its validators have their say; what is injected later may be missing now."""
    validate = schema.model_validate if hasattr(schema, "model_validate") else schema.parse_obj
    try:
        validate(dict(arguments))
    except ValueError as error:
        if not hasattr(error, "errors"):
            raise
        return [_said(it["loc"], it["msg"]) for it in error.errors() if not it["loc"] or it["loc"][0] not in injected]
    return []


def by_json_schema(schema: Mapping[str, Any], value: Any) -> list[str]:
    """What a JSON Schema has against a value."""
    try:
        from jsonschema.validators import Draft202012Validator, validator_for  # type: ignore[import-untyped]
        from referencing import Registry
    except ImportError as missing:
        raise ValueError("this tool's schema can't be checked without the package jsonschema") from missing
    kind = validator_for(schema, default=Draft202012Validator)
    # An empty registry: no schema is fetched from anywhere.
    checked = kind(schema, registry=Registry())
    return [_said(tuple(it.absolute_path), it.message) for it in checked.iter_errors(value)]


def _said(where: tuple[Any, ...], what: str) -> str:
    return f"{'.'.join(str(part) for part in where)}: {what}" if where else what

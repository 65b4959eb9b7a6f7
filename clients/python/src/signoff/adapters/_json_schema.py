"""Whether a tool with a JSON Schema would take arguments that a person has edited."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jsonschema.exceptions import best_match  # type: ignore[import-untyped]
from jsonschema.validators import Draft202012Validator, validator_for  # type: ignore[import-untyped]
from pydantic import ValidationError
from referencing import Registry


def check_schema(
    tool: str, schema: Mapping[str, Any], original: Mapping[str, Any], arguments: Mapping[str, Any]
) -> None:
    """Raises where the schema refuses the edited arguments, or does not know one of them."""
    unknown = sorted(set(arguments) - set(original) - set(schema.get("properties", ())))
    if unknown and not (schema.get("additionalProperties") or schema.get("patternProperties")):
        raise ValueError(f"{tool} has no argument {', '.join(unknown)}")
    # An empty registry: no schema is fetched from elsewhere.
    validator = validator_for(schema, default=Draft202012Validator)(schema, registry=Registry())
    broken = best_match(validator.iter_errors(arguments))
    if broken is None:
        return
    if broken.validator in ("required", "additionalProperties"):
        raise ValueError(broken.message)
    # Without the value: the reader may not be meant to see it.
    where = ".".join(str(part) for part in broken.absolute_path) or "the arguments"
    raise ValueError(f"{where} must have {broken.validator} {json.dumps(broken.validator_value)}")


def said_by(error: ValidationError) -> str:
    """What pydantic has against them, first; without the value, too."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"

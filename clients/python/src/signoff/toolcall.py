"""A tool call as a question to people: what is asked, under which key, and what its outcome means.

All adapters and the decorator share this, so that the same call is the same request whatever framework makes it. Nothing
here depends on a clock, on chance or on this package's version: a process that starts again asks the same.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

import rfc8785

from ._errors import MissingCallId, NotShowable, TooLargeToShow

#: Bytes of a request's context, as it is sent.
LARGEST = 256 * 1024
#: Levels of nesting within the arguments; the server takes 32 for the whole body.
DEEPEST = 28
#: Beyond these levels nothing is shown: what lies too deep becomes text within text, and grows with each time.
_BOTTOM = 14 * DEEPEST
_LARGEST_INTEGER = 2**53
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._:-]")
_LONGEST_NAME = 200
_LONGEST_TITLE = 200
_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")
REDACTED = "…"


def run_name(text: str) -> str:
    """A name that `run_id` takes. Different texts stay different."""
    name = _NOT_IN_NAMES.sub("-", text)
    if name == text and 0 < len(text) <= _LONGEST_NAME and text not in (".", ".."):
        return text
    mark = "." + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return name[: _LONGEST_NAME - len(mark)] + mark


def _text(text: str) -> str:
    return _UNSENDABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def shown(value: Any) -> Any:
    """A value as JSON that a person can be shown and that means the same to every reader.

    What JSON can't hold, or readers round, becomes a text. The tool gets the original all the same. A value that could hide
    something from the reader raises `NotShowable`: a text such as `<Order object at 0x7f…>` says nothing of what runs.
    """
    return _show(value, 0, 0)


#: Their text says all that they are.
_AS_TEXT = (date, time, timedelta, Decimal, UUID, PurePath)


def _show(value: Any, depth: int, all_levels: int) -> Any:
    """`depth` counts within this JSON, `all_levels` in all."""
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is str:
        return _text(value)
    if kind is int:
        return value if -_LARGEST_INTEGER < value < _LARGEST_INTEGER else str(value)
    if kind is float:
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        # Other languages can't tell such a number from an integer.
        return str(int(value)) if value.is_integer() and abs(value) >= _LARGEST_INTEGER else value
    if kind in (bytes, bytearray, memoryview):
        data = bytes(value)
        return f"{len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}"
    if isinstance(value, Enum):
        return _show(value.value, depth, all_levels)
    if isinstance(value, _AS_TEXT):
        return _text(value.isoformat() if isinstance(value, (date, time)) else str(value))
    if is_dataclass(value) and not isinstance(value, type):
        return _show({"type": kind.__name__, **_fields(value)}, depth, all_levels)
    if hasattr(kind, "model_fields"):
        return _show({"type": kind.__name__, **_model(value)}, depth, all_levels)
    if depth >= DEEPEST and isinstance(value, (dict, list, tuple, set, frozenset)):
        return _flat(value, all_levels)
    if kind is dict:
        named: dict[str, Any] = {}
        for key, one in value.items():
            name = _name(key)
            if name in named:
                raise NotShowable(f"two keys of a mapping are shown as {name!r}, and only one of them would be seen")
            named[name] = _show(one, depth + 1, all_levels + 1)
        return named
    if isinstance(value, (list, tuple)):
        return [_show(one, depth + 1, all_levels + 1) for one in value]
    if kind in (set, frozenset):
        return sorted((_show(one, depth + 1, all_levels + 1) for one in value), key=rfc8785.dumps)
    raise NotShowable(f"a {kind.__module__}.{kind.__qualname__} can't be shown to a person: give plain data")


def _name(key: Any) -> str:
    if type(key) is str:
        return _text(key)
    if key is None or type(key) in (bool, int, float):
        return _json(_show(key, 0, 0)).strip('"')
    if isinstance(key, Enum):
        return _name(key.value)
    raise NotShowable(f"a key of a mapping is a {type(key).__qualname__}, and can't be shown to a person")


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _model(value: Any) -> dict[str, Any]:
    """A pydantic model's fields, as they are: what it would leave out of a dump is there, too."""
    found = {name: getattr(value, name) for name in type(value).model_fields}
    return {**found, **(getattr(value, "model_extra", None) or {})}


def _flat(value: Any, all_levels: int) -> str:
    """What lies too deep, as one text."""
    if all_levels >= _BOTTOM:
        raise TooLargeToShow("the arguments are nested too deeply to be shown")
    return rfc8785.dumps(_show(value, 0, all_levels)).decode()


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a tool, as its framework makes it. The arguments are a copy: what is shown is what runs."""

    dialect: str
    run: str
    tool: str
    arguments: Mapping[str, Any]
    call_id: str | None = None
    agent: str | None = None

    def __post_init__(self) -> None:
        # Refused before it is copied: a value may say for itself what its copy is.
        shown(self.arguments)
        object.__setattr__(self, "arguments", deepcopy(dict(self.arguments)))

    def shown(self, redact: Collection[str] = ()) -> dict[str, Any]:
        """The arguments for a person to read."""
        return {name: REDACTED if name in redact else value for name, value in shown(self.arguments).items()}

    def key(self) -> str:
        """The same for the same call, also after a restart; another for any other call."""
        if not self.call_id:
            raise MissingCallId(f"the call of {self.tool} has no id: two equal calls could not be told apart; give a key")
        parts = [self.dialect, self.run, self.call_id, self.tool, shown(self.arguments)]
        digest = hashlib.sha256(rfc8785.dumps(parts)).digest()
        return "tc1." + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def title(self, template: str | None, redact: Collection[str] = ()) -> str:
        """By the template, such as `Refund {order}`, or the call itself."""
        arguments = self.shown(redact)
        if template is None:
            # Sorted: the same call has the same title, in whichever order its arguments were given.
            listed = ", ".join(f"{name}={_json(arguments[name])}" for name in sorted(arguments))
            text = f"{self.tool}({listed})"
        else:
            text = re.sub(r"\{([^{}]*)\}", lambda found: _filled(found, arguments), template)
        text = _text(text)
        return text if len(text) <= _LONGEST_TITLE else text[: _LONGEST_TITLE - 1] + "…"

    def context(self, redact: Collection[str] = ()) -> dict[str, Any]:
        """What the request holds: enough to decide by. Raises `TooLargeToShow`: nothing is ever cut in silence."""
        context: dict[str, Any] = {"tool": self.tool, "arguments": self.shown(redact)}
        if self.call_id:
            context["call_id"] = _text(self.call_id)
        if self.agent:
            context["agent"] = _text(self.agent)
        size = len(json.dumps(context, ensure_ascii=False, separators=(",", ":")).encode())
        if size > LARGEST:
            raise TooLargeToShow(f"what a person is shown of {self.tool} has {size} bytes; {LARGEST} are the most")
        return context


def _json(value: Any) -> str:
    """JSON with blanks, for people: sorted, and the same as in other languages' clients."""
    if isinstance(value, dict):
        listed = (f"{json.dumps(name, ensure_ascii=False)}: {_json(value[name])}" for name in sorted(value))
        return "{" + ", ".join(listed) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_json(one) for one in value) + "]"
    if isinstance(value, float):
        # Python would write 1e-07 and 1.0.
        return rfc8785.dumps(value).decode()
    return json.dumps(value, ensure_ascii=False)


def _filled(found: re.Match[str], arguments: Mapping[str, Any]) -> str:
    """The argument of that name; a name that is no argument stays as it is."""
    if found[1] not in arguments:
        return found[0]
    value = arguments[found[1]]
    return value if isinstance(value, str) else _json(value)

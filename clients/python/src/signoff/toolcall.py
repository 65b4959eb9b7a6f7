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
from collections.abc import Collection, Mapping, Set
from copy import deepcopy
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any

import rfc8785

from ._errors import MissingCallId, TooLargeToShow

#: Bytes of JSON that a person is shown of a call's arguments.
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

    What JSON can't hold, or readers round, becomes a text. The tool gets the original all the same.
    """
    return _show(value, 0, 0)


def _show(value: Any, depth: int, all_levels: int) -> Any:
    """`depth` counts within this JSON, `all_levels` in all."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return value if -_LARGEST_INTEGER < value < _LARGEST_INTEGER else str(value)
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        # Other languages can't tell such a number from an integer.
        return str(int(value)) if value.is_integer() and abs(value) >= _LARGEST_INTEGER else value
    if isinstance(value, (bytes, bytearray, memoryview)):
        data = bytes(value)
        return f"{len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}"
    if hasattr(value, "model_dump"):
        return _show(value.model_dump(mode="json"), depth, all_levels)
    if is_dataclass(value) and not isinstance(value, type):
        return _show(asdict(value), depth, all_levels)
    if isinstance(value, Mapping):
        if depth >= DEEPEST:
            return _flat(value, all_levels)
        return {_text(str(key)): _show(one, depth + 1, all_levels + 1) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        if depth >= DEEPEST:
            return _flat(value, all_levels)
        return [_show(one, depth + 1, all_levels + 1) for one in value]
    if isinstance(value, Set):
        if depth >= DEEPEST:
            return _flat(value, all_levels)
        return sorted((_show(one, depth + 1, all_levels + 1) for one in value), key=rfc8785.dumps)
    return _text(str(value))


def _flat(value: Any, all_levels: int) -> str:
    """What lies too deep, as one text."""
    if all_levels >= _BOTTOM:
        raise TooLargeToShow("the arguments are nested too deeply to be shown")
    return rfc8785.dumps(_show(value, 0, all_levels)).decode()


@dataclass(frozen=True)
class Call:
    """One call of a tool, as its framework makes it. The arguments are a copy: what is shown is what runs."""

    dialect: str
    run: str
    tool: str
    arguments: Mapping[str, Any]
    call_id: str | None = None
    agent: str | None = None

    @classmethod
    def of(
        cls,
        *,
        dialect: str,
        run: str,
        tool: str,
        arguments: Mapping[str, Any],
        call_id: str | None = None,
        agent: str | None = None,
    ) -> Call:
        return cls(dialect, run, tool, deepcopy(dict(arguments)), call_id, agent)

    def shown(self, redact: Collection[str] = ()) -> dict[str, Any]:
        """The arguments for a person to read. Raises `TooLargeToShow`: nothing is ever cut in silence."""
        arguments: dict[str, Any] = shown(self.arguments)
        size = len(_json(arguments).encode())
        if size > LARGEST:
            raise TooLargeToShow(f"the arguments of {self.tool} have {size} bytes; a person is shown {LARGEST} at most")
        return {name: REDACTED if name in redact else value for name, value in arguments.items()}

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
            listed = ", ".join(f"{name}={_json(value)}" for name, value in arguments.items())
            text = f"{self.tool}({listed})"
        else:
            text = re.sub(r"\{([^{}]*)\}", lambda found: _filled(found, arguments), template)
        return text if len(text) <= _LONGEST_TITLE else text[: _LONGEST_TITLE - 1] + "…"

    def context(self, redact: Collection[str] = ()) -> dict[str, Any]:
        """What the request holds: enough to decide by."""
        context: dict[str, Any] = {"tool": self.tool, "arguments": self.shown(redact)}
        if self.call_id:
            context["call_id"] = _text(self.call_id)
        if self.agent:
            context["agent"] = _text(self.agent)
        return context


def _json(value: Any) -> str:
    """JSON with blanks, for people, the same as in other languages' clients."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name, ensure_ascii=False)}: {_json(one)}" for name, one in value.items()) + "}"
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

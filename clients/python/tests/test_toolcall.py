"""How a call is shown, named and told apart."""

from __future__ import annotations

import datetime
import io
import pathlib
import uuid
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

from signoff import Call, MissingCallId, NotShowable, TooLargeToShow
from signoff.toolcall import DEEPEST, run_name, shown


def call(**more: Any) -> Call:
    made: dict[str, Any] = {"dialect": "langchain", "run": "run-7", "tool": "refund", "call_id": "call_1"}
    return Call(**{**made, "arguments": {"order": "1042", "amount": 49.9}, **more})


def test_the_key_is_the_same_for_the_same_call_in_every_language() -> None:
    assert call().key() == call(arguments={"amount": 49.9, "order": "1042"}).key()
    assert call().key() == "tc1.3CaHhO3ODVKIeEncW2RTXrRXe0e3MFy59dqVNDzRxsI"


@pytest.mark.parametrize(
    "other",
    [{"dialect": "mcp"}, {"run": "run-8"}, {"tool": "pay"}, {"call_id": "call_2"}, {"arguments": {"order": "1043"}}],
    ids=repr,
)
def test_any_other_call_has_another_key(other: dict[str, Any]) -> None:
    assert call().key() != call(**other).key()


@pytest.mark.parametrize("missing", [None, ""])
def test_a_call_without_an_id_has_no_key(missing: str | None) -> None:
    with pytest.raises(MissingCallId):
        call(call_id=missing).key()


def test_what_json_can_not_hold_is_shown_as_text() -> None:
    @dataclass
    class Money:
        amount: int

    given = {
        "large": 2**53,
        "exact": 2**53 - 1,
        "whole": 1e20,
        "half": 0.5,
        "nan": float("nan"),
        "down": float("-inf"),
        "bytes": b"abc",
        "nul": "a\x00b",
        "pair": "\ud83d",
        "when": datetime.date(2026, 11, 28),
        "set": {2, 1},
        "tuple": (1, 2),
        "money": Money(3),
        1: True,
    }
    assert shown(given) == {
        "large": "9007199254740992",
        "exact": 9007199254740991,
        "whole": "100000000000000000000",
        "half": 0.5,
        "nan": "NaN",
        "down": "-Infinity",
        "bytes": "3 bytes, SHA-256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "nul": "a\\u0000b",
        "pair": "\\ud83d",
        "when": "2026-11-28",
        "set": [1, 2],
        "tuple": [1, 2],
        "money": {"type": "Money", "amount": 3},
        "1": True,
    }


def depth(value: Any) -> int:
    return 1 + max((depth(it) for it in value.values()), default=0) if isinstance(value, dict) else 0


def test_what_lies_too_deep_is_one_text() -> None:
    nested: Any = "bottom"
    for _ in range(100):
        nested = {"in": nested}
    flat = shown(nested)
    assert depth(flat) == DEEPEST
    assert call(arguments={"nested": nested}).key()
    circle: dict[str, Any] = {}
    circle["itself"] = circle
    with pytest.raises(TooLargeToShow):
        shown(circle)


def test_too_much_to_show_is_refused() -> None:
    assert call(arguments={"text": "x" * 262_000}).context()
    assert call(arguments={"text": "é" * 131_000}).context()
    with pytest.raises(TooLargeToShow):
        call(arguments={"text": "x" * 262_120}).context()


class Opaque:
    """Says the same of itself, whatever it holds."""

    def __init__(self, amount: int) -> None:
        self.amount = amount

    def __str__(self) -> str:
        return "Opaque"


class Itself(dict[str, int]):
    def __deepcopy__(self, memo: object) -> Itself:
        return self


@pytest.mark.parametrize(
    "hidden",
    [Opaque(1), {"in": [Opaque(1)]}, io.BytesIO(b"rm -rf"), object(), print, Itself(a=1), {1: "DROP", "1": "harmless"}, {(1, 2): 3}],
    ids=repr,
)
def test_what_could_hide_something_is_refused(hidden: Any) -> None:
    with pytest.raises(NotShowable):
        call(arguments={"hidden": hidden})


def test_plain_values_of_other_kinds_are_shown() -> None:
    class Colour(Enum):
        RED = "red"

    given = {
        "id": uuid.UUID(int=1),
        "price": Decimal("1.50"),
        "path": pathlib.PurePosixPath("/etc"),
        "at": datetime.datetime(2026, 11, 28, 12, tzinfo=datetime.UTC),
        "colour": Colour.RED,
        Colour.RED: 1,
        None: 2,
    }
    assert shown(given) == {
        "id": "00000000-0000-0000-0000-000000000001",
        "price": "1.50",
        "path": "/etc",
        "at": "2026-11-28T12:00:00+00:00",
        "colour": "red",
        "red": 1,
        "null": 2,
    }


def test_a_model_is_shown_with_all_that_it_holds() -> None:
    """As pydantic makes them; what it would leave out of a dump counts, too."""

    class Model:
        model_fields = {"name": None, "admin": None}
        model_extra = {"more": 1}
        name = "ana"

        def __init__(self, admin: bool) -> None:
            self.admin = admin

    assert shown(Model(True)) == {"type": "Model", "name": "ana", "admin": True, "more": 1}
    assert call(arguments={"it": Model(True)}).key() != call(arguments={"it": Model(False)}).key()


def test_what_is_redacted_is_in_the_key_but_not_shown() -> None:
    one, other = call(arguments={"card": "4242"}), call(arguments={"card": "4243"})
    assert one.context({"card"}) == other.context({"card"})
    assert one.context({"card"})["arguments"] == {"card": "…"}
    assert "4242" not in one.title("Pay by {card}", {"card"})
    assert one.key() != other.key()


@pytest.mark.parametrize(
    ("template", "title"),
    [
        (None, 'refund(amount=49.9, order="1042")'),
        ("Refund {order}: {amount}", "Refund 1042: 49.9"),
        ("Refund {nothing} {}", "Refund {nothing} {}"),
    ],
)
def test_titles(template: str | None, title: str) -> None:
    assert call().title(template) == title


def test_a_title_fits() -> None:
    title = call(arguments={"text": "x" * 500}).title(None)
    assert len(title) == 200 and title.endswith("…")


def test_arguments_are_a_copy() -> None:
    arguments = {"order": {"id": 1}}
    made = Call(dialect="d", run="r", tool="t", arguments=arguments)
    arguments["order"]["id"] = 2
    assert made.arguments == {"order": {"id": 1}}


@pytest.mark.parametrize("text", ["run-7", "a.b_c:d-1", "x" * 200])
def test_a_name_that_is_taken_stays(text: str) -> None:
    assert run_name(text) == text


def test_other_texts_become_names_that_differ() -> None:
    made = [run_name(text) for text in ("a/b", "a b", "a-b", "", ".", "..", "é", "x" * 201, "x" * 202, "/" * 300)]
    assert len(set(made)) == len(made)
    assert all(1 <= len(name) <= 200 for name in made)
    assert made[0] == "a-b.c14cddc0"

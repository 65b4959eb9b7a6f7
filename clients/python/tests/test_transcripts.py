"""The gate's transcripts: the clients of all languages replay them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import signoff
from signoff import Call, Gate, Outcome, Rule
from signoff.gate import verdict

CASES = sorted((Path(__file__).parent / "../../transcripts/gate").glob("*.json"))


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_a_call_goes_as_it_is_written_there(file: Path) -> None:
    case: dict[str, Any] = json.loads(file.read_text("utf-8"))
    call, rule, outcome = Call(**case["call"]), Rule(**case["rule"]), Outcome(case["outcome"])
    asked = Gate.request(call, rule)
    assert asked.pop("idempotency_key") == case["key"]
    assert asked == case["create"]
    if "error" in case:
        with pytest.raises(signoff.NotApproved) as raised:
            verdict(call, rule, outcome)
        assert type(raised.value).__name__ == case["error"]
    else:
        decided = verdict(call, rule, outcome)
        said = {"runs": decided.runs, "arguments": decided.arguments, "text": decided.text, "response": decided.response}
        assert said == case["verdict"]


def test_there_are_some() -> None:
    assert len(CASES) > 15

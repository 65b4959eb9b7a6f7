"""Claude Code's hook, by its transcripts: what it is given, what is asked, and what it answers. Without the SDK."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import signoff
from signoff import Gate, Outcome, Rule, Verdict
from signoff.adapters._claude import WITHDRAWN, answer, call_of, ended
from signoff.gate import verdict

CASES = sorted((Path(__file__).parent / "../../../transcripts/claude").glob("*.json"))


def gone_through(case: dict[str, Any]) -> dict[str, Any]:
    """What the hook answers, without the server between question and outcome."""
    call = call_of(case["pause"], case.get("run"))
    gate = Gate({tool: Rule(**rule) for tool, rule in case["rules"].items()})
    rule = gate.rule(call.tool, call.arguments)
    if rule is None:
        assert case["create"] is None
        return answer(Verdict(True, call.arguments))
    asked = gate.request(call, rule)
    assert asked.pop("idempotency_key") == case["key"]
    assert asked == case["create"]
    try:
        return answer(verdict(call, rule, Outcome(case["outcome"])))
    except signoff.Withdrawn:
        return ended(WITHDRAWN)


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_a_hook_answers_as_it_is_written_there(file: Path) -> None:
    case: dict[str, Any] = json.loads(file.read_text("utf-8"))
    if "error" in case:
        with pytest.raises(signoff.SignoffError) as raised:
            gone_through(case)
        assert type(raised.value).__name__ == case["error"]
    else:
        assert gone_through(case) == case["resume"]


def test_without_the_sdk_the_import_says_what_to_install() -> None:
    program = "import sys; sys.modules['claude_agent_sdk'] = None\nimport signoff.adapters.claude"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 1 and "ImportError" in ended.stderr and "pip install 'signoff[claude]'" in ended.stderr


def test_there_are_some() -> None:
    assert len(CASES) > 15

"""`signoff hook` before the real command lines of Claude Code and Codex."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from agents import PATIENCE, RULES, Agent, ClaudeCode, Codex, api, decide, ended, rows, until, waiting


@pytest.fixture(params=[ClaudeCode, Codex])
def agent(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Agent]:
    made: Agent = request.param(tmp_path)
    made.install()
    yield made
    made.close()


def one_call(agent: Agent) -> subprocess.Popen[str]:
    agent.says([[agent.call("call_1", "echo hi > ran.txt")], [{"text": "Done."}]])
    return agent.start()


def test_an_approved_call_runs_and_the_model_is_told_nothing(agent: Agent) -> None:
    process = one_call(agent)
    (asked,) = waiting(agent.run)
    assert agent.ran() == []
    decide("approve", asked)
    ended(process)
    assert agent.ran() == ["ran.txt"] and "person" not in agent.told()["call_1"]


def test_a_call_runs_as_a_person_changed_it(agent: Agent) -> None:
    process = one_call(agent)
    (asked,) = waiting(agent.run)
    decide("approve", asked, modifications={"arguments": {"command": "echo hi > other.txt"}})
    ended(process)
    assert agent.ran() == ["other.txt"]
    assert "A person changed this call before it ran. Executed with: Bash(command=" in agent.heard()


def test_a_rejected_call_does_not_run_and_the_model_reads_why(agent: Agent) -> None:
    process = one_call(agent)
    (asked,) = waiting(agent.run)
    decide("reject", asked, reason="not today")
    ended(process)
    assert agent.ran() == []
    assert "Rejected by ana: not today. Don't try this call again unless you are asked to." in agent.told()["call_1"]


def test_a_withdrawn_call_does_not_run(agent: Agent) -> None:
    process = one_call(agent)
    (asked,) = waiting(agent.run)
    decide("cancel", asked, reason="over")
    process.communicate(timeout=PATIENCE)
    assert agent.ran() == []


def test_a_call_that_nobody_answers_does_not_run(agent: Agent) -> None:
    (agent.home / ".config/signoff/hook.toml").write_text(RULES.replace("10m", "1s"))
    ended(one_call(agent))
    assert agent.ran() == []
    assert "Nobody answered in time. The call was not executed." in agent.told()["call_1"]


def test_two_calls_of_a_turn_are_decided_apart(agent: Agent) -> None:
    calls = [agent.call("call_1", "echo hi > a.txt"), agent.call("call_2", "echo hi > b.txt")]
    agent.says([calls, [{"text": "Done."}]])
    process = agent.start()
    # An agent may ask one after the other.
    for _ in calls:
        pending = until("it is asked", lambda: api("GET", f"/approvals/pending?run_id={agent.run}", "SIGNOFF_SECOND_KEY")["items"])
        if "a.txt" in pending[0]["title"]:
            decide("reject", pending[0], reason="no")
        else:
            decide("approve", pending[0])
        gone = pending[0]["id"]
        until("it is gone", lambda: gone not in str(api("GET", f"/approvals/pending?run_id={agent.run}", "SIGNOFF_SECOND_KEY")))
    ended(process)
    assert agent.ran() == ["b.txt"] and "Rejected by ana" in agent.told()["call_1"]


def test_an_agent_that_is_killed_and_started_again_asks_nobody_twice(agent: Agent) -> None:
    process = one_call(agent)
    (asked,) = waiting(agent.run)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    agent.says([[agent.call("call_9", "echo hi > ran.txt")], [{"text": "Done."}]])
    again = agent.start()
    decide("approve", asked)
    ended(again)
    assert agent.ran() == ["ran.txt"] and rows(agent.run) == 1


@pytest.mark.parametrize("trouble", ["no service", "wrong key", "no rules", "wrong rules"])
def test_trouble_blocks_the_call(agent: Agent, trouble: str) -> None:
    rules = agent.home / ".config/signoff/hook.toml"
    if trouble == "no service":
        agent.install("--deadline", "2s")
        agent.environment["SIGNOFF_URL"] = "http://127.0.0.1:9"
    elif trouble == "wrong key":
        agent.environment["SIGNOFF_API_KEY"] = "so_wrong"
    elif trouble == "no rules":
        rules.unlink()
    else:
        rules.write_text("[[rule]")
    one_call(agent).communicate(timeout=PATIENCE)
    assert agent.ran() == [] and "the call is blocked" in agent.told()["call_1"]


def test_claude_code_blocks_what_its_hook_did_not_answer(tmp_path: Path) -> None:
    """It is killed, or it is gone. Codex would run the call."""
    agent = ClaudeCode(tmp_path)
    agent.install()
    settings = agent.home / ".claude/settings.json"
    text = settings.read_text()
    for instead in ("sh -c 'kill -9 $$'", "/nowhere/signoff hook claude-code"):
        command = json.loads(text)["hooks"]["PreToolUse"][0]["hooks"][0]["command"]
        settings.write_text(text.replace(command, instead))
        one_call(agent).communicate(timeout=PATIENCE)
        assert agent.ran() == []
    agent.close()


def test_a_call_that_no_rule_names_is_the_agents_own_matter(agent: Agent) -> None:
    (agent.home / ".config/signoff/hook.toml").write_text('[[rule]]\ntool = "Write"\n')
    ended(one_call(agent))
    assert agent.ran() == ["ran.txt"] and rows(agent.run) == 0

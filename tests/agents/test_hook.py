"""`signoff hook` before the real command lines of Claude Code and Codex, with models that say what they are told to.

    SIGNOFF_URLS, SIGNOFF_API_KEY, SIGNOFF_SECOND_KEY    a server, an agent's key, and ana's
    SIGNOFF_BIN                                          the program
    SIGNOFF_CLAUDE, SIGNOFF_CODEX                        the agents' programs
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

HERE = Path(__file__).parent
URL = os.environ["SIGNOFF_URLS"].split(",")[0]
PATIENCE = 60
RULES = '[[rule]]\ntool = "Bash"\ntimeout = "10m"\n'


class Agent:
    """An agent's command line in a home of its own, before a scripted model."""

    program: str
    model: str

    def __init__(self, folder: Path) -> None:
        self.home, self.work, self.record = folder / "home", folder / "work", folder / "record.jsonl"
        for made in (self.work, self.home / ".config/signoff"):
            made.mkdir(parents=True)
        (self.home / ".config/signoff/hook.toml").write_text(RULES)
        self.record.touch()
        self.environment = {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "SIGNOFF_URL": URL,
            "SIGNOFF_API_KEY": os.environ["SIGNOFF_API_KEY"],
            "SIGNOFF_RUN": f"{type(self).__name__}-{time.time_ns()}",
        }
        self.script: subprocess.Popen[str] | None = None

    @property
    def run(self) -> str:
        return self.environment["SIGNOFF_RUN"]

    def install(self, *more: str) -> None:
        command = [os.environ["SIGNOFF_BIN"], "hook", "install", self.program, *more]
        subprocess.run(command, env=self.environment, check=True, capture_output=True)

    def says(self, turns: list[Any]) -> None:
        """What the model does from here on."""
        self.close()
        command = [sys.executable, str(HERE / self.model), "-", str(self.record)]
        self.script = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.script.stdin is not None and self.script.stdout is not None
        self.script.stdin.write(json.dumps(turns) + "\n")
        self.script.stdin.flush()
        self.address = self.script.stdout.readline().strip()

    def close(self) -> None:
        if self.script is not None:
            self.script.communicate()

    def command(self) -> list[str]:
        raise NotImplementedError

    def call(self, call_id: str, command: str) -> dict[str, Any]:
        raise NotImplementedError

    def told(self) -> dict[str, str]:
        """What the model read of each call, last."""
        raise NotImplementedError

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(), env=self.environment, cwd=self.work, text=True, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )

    def ran(self) -> list[str]:
        return sorted(it.name for it in self.work.iterdir())

    def heard(self) -> str:
        """All that the model was sent, last."""
        bodies = [json.loads(line) for line in self.record.read_text("utf-8").splitlines()]
        return json.dumps([it["body"] for it in bodies if it["turn"] is not None][-1], ensure_ascii=False)


class ClaudeCode(Agent):
    program, model = "claude-code", "scripted_messages.py"

    def command(self) -> list[str]:
        self.environment |= {
            "ANTHROPIC_BASE_URL": self.address,
            "ANTHROPIC_API_KEY": "made-up",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "IS_SANDBOX": "1",
        }
        return [os.environ["SIGNOFF_CLAUDE"], "-p", "go", "--permission-mode", "bypassPermissions"]

    def call(self, call_id: str, command: str) -> dict[str, Any]:
        return {"tool": "Bash", "id": call_id, "input": {"command": command, "description": "x"}}

    def told(self) -> dict[str, str]:
        messages = json.loads(self.heard())["messages"]
        parts = [part for it in messages if not isinstance(it["content"], str) for part in it["content"]]
        return {it["tool_use_id"]: str(it["content"]) for it in parts if it["type"] == "tool_result"}


class Codex(Agent):
    program, model = "codex", "scripted_responses.py"

    def command(self) -> list[str]:
        self.environment["MADE_UP"] = "key"
        provider = f'name = "scripted"\nbase_url = "{self.address}/v1"\nwire_api = "responses"\nenv_key = "MADE_UP"\n'
        settings = f'model = "scripted"\nmodel_provider = "scripted"\n[model_providers.scripted]\n{provider}'
        (self.home / ".codex").mkdir(exist_ok=True)
        (self.home / ".codex/config.toml").write_text(settings)
        free = ["--dangerously-bypass-approvals-and-sandbox", "--dangerously-bypass-hook-trust", "--skip-git-repo-check"]
        return [os.environ["SIGNOFF_CODEX"], "exec", *free, "go"]

    def call(self, call_id: str, command: str) -> dict[str, Any]:
        return {"tool": "exec_command", "id": call_id, "input": {"cmd": command}}

    def told(self) -> dict[str, str]:
        items = json.loads(self.heard())["input"]
        return {it["call_id"]: str(it["output"]) for it in items if it["type"] == "function_call_output"}


@pytest.fixture(params=[ClaudeCode, Codex])
def agent(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Agent]:
    made: Agent = request.param(tmp_path)
    made.install()
    yield made
    made.close()


def api(method: str, path: str, key: str, body: Any = None) -> Any:
    headers = {"authorization": f"Bearer {os.environ[key]}"}
    reply = httpx2.request(method, f"{URL}/api/v1{path}", headers=headers, json=body)
    assert reply.status_code < 300, reply.text
    return reply.json()


def until(what: str, found: Callable[[], Any]) -> Any:
    end = time.monotonic() + PATIENCE
    while not (it := found()):
        assert time.monotonic() < end, f"not in time: {what}"
        time.sleep(0.05)
    return it


def waiting(run: str, count: int = 1) -> list[dict[str, Any]]:
    """So many approvals that wait in the run, by their titles."""

    def pending() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = api("GET", f"/approvals/pending?run_id={run}", "SIGNOFF_SECOND_KEY")["items"]
        return items if len(items) == count else []

    return sorted(until("it is asked", pending), key=lambda it: str(it["title"]))


def rows(run: str) -> int:
    """How many approvals the run has had."""
    headers = {"authorization": f"Bearer {os.environ['SIGNOFF_SECOND_KEY']}"}
    reply = httpx2.get(f"{URL}/api/v1/runs/{run}", headers=headers)
    return sum(reply.json()["approvals"].values()) if reply.status_code == 200 else 0


def decide(verb: str, approval: dict[str, Any], **body: Any) -> None:
    key = "SIGNOFF_API_KEY" if verb == "cancel" else "SIGNOFF_SECOND_KEY"
    api("POST", f"/approvals/{approval['id']}/{verb}", key, body)


def ended(process: subprocess.Popen[str]) -> None:
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, out + err


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

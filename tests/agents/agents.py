"""The command lines of Claude Code and Codex, each in a home of its own, before a model that says what it is told to.

    SIGNOFF_URLS, SIGNOFF_API_KEY, SIGNOFF_SECOND_KEY    a server, an agent's key, and ana's
    SIGNOFF_BIN                                          the program
    SIGNOFF_CLAUDE, SIGNOFF_CODEX                        the agents' programs
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

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

    def start(self, *more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*self.command(), *more],
            env=self.environment,
            cwd=self.work,
            text=True,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def ran(self) -> list[str]:
        return sorted(it.name for it in self.work.iterdir())

    def heard(self) -> str:
        """All that the model was sent, last."""
        bodies = [json.loads(line) for line in self.record.read_text("utf-8").splitlines()]
        return json.dumps([it["body"] for it in bodies if it["turn"] is not None][-1], ensure_ascii=False)


class ClaudeCode(Agent):
    program, model = "claude-code", "scripted_messages.py"
    mode = "bypassPermissions"

    def command(self) -> list[str]:
        self.environment |= {
            "ANTHROPIC_BASE_URL": self.address,
            "ANTHROPIC_API_KEY": "made-up",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "IS_SANDBOX": "1",
        }
        return [os.environ["SIGNOFF_CLAUDE"], "-p", "go", "--permission-mode", self.mode]

    def call(self, call_id: str, command: str) -> dict[str, Any]:
        return {"tool": "Bash", "id": call_id, "input": {"command": command, "description": "x"}}

    def told(self) -> dict[str, str]:
        messages = json.loads(self.heard())["messages"]
        parts = [part for it in messages if not isinstance(it["content"], str) for part in it["content"]]
        return {it["tool_use_id"]: str(it["content"]) for it in parts if it["type"] == "tool_result"}


class Codex(Agent):
    program, model = "codex", "scripted_responses.py"
    #: What else is in its config.toml.
    settings = ""

    def command(self) -> list[str]:
        self.environment["MADE_UP"] = "key"
        provider = f'name = "scripted"\nbase_url = "{self.address}/v1"\nwire_api = "responses"\nenv_key = "MADE_UP"\n'
        settings = f'model = "scripted"\nmodel_provider = "scripted"\n[model_providers.scripted]\n{provider}'
        (self.home / ".codex").mkdir(exist_ok=True)
        (self.home / ".codex/config.toml").write_text(settings + self.settings)
        free = ["--dangerously-bypass-approvals-and-sandbox", "--dangerously-bypass-hook-trust", "--skip-git-repo-check"]
        return [os.environ["SIGNOFF_CODEX"], "exec", *free, "go"]

    def call(self, call_id: str, command: str) -> dict[str, Any]:
        return {"tool": "exec_command", "id": call_id, "input": {"cmd": command}}

    def told(self) -> dict[str, str]:
        items = json.loads(self.heard())["input"]
        return {it["call_id"]: str(it["output"]) for it in items if it["type"] == "function_call_output"}


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

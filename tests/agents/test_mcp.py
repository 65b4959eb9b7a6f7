"""`signoff mcp` with the real command lines of Claude Code and Codex as clients."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agents import PATIENCE, URL, Agent, ClaudeCode, Codex, decide, ended, rows, until, waiting

QUESTION = {"title": "Ship build 812?", "context": {"build": 812}}
DONE = [{"text": "Done."}]


def server(folder: Path, *flags: str) -> list[str]:
    """Its command; what it says is kept, too."""
    return ["sh", "-c", f"{os.environ['SIGNOFF_BIN']} mcp {' '.join(flags)} | tee {said(folder)}"]


def said(folder: Path) -> Path:
    return folder / "said.jsonl"


def claude(folder: Path, *flags: str) -> tuple[Agent, list[str]]:
    agent = ClaudeCode(folder)
    command, *args = server(folder, *flags)
    entry = {"command": command, "args": args, "env": agent.environment}
    return agent, ["--mcp-config", json.dumps({"mcpServers": {"signoff": entry}}), "--strict-mcp-config"]


def codex(folder: Path, *flags: str) -> tuple[Agent, list[str]]:
    agent = Codex(folder)
    command, *args = server(folder, *flags)
    env = ", ".join(f"{name} = {json.dumps(value)}" for name, value in agent.environment.items())
    agent.settings = f'[mcp_servers.signoff]\ncommand = "{command}"\nargs = {json.dumps(args)}\nenv = {{ {env} }}\nstartup_timeout_sec = 60\nrequired = true\n'
    return agent, []


@pytest.fixture(params=[claude, codex])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    made: list[Agent] = []

    def agent(*flags: str) -> tuple[Agent, list[str]]:
        it, more = request.param(tmp_path, *flags)
        made.append(it)
        return it, more

    yield agent
    for it in made:
        it.close()


def call(agent: Agent, tool: str, call_id: str, arguments: dict[str, Any]) -> dict[str, Any]:
    if isinstance(agent, Codex):
        return {"tool": tool, "namespace": "mcp__signoff", "id": call_id, "input": arguments}
    return {"tool": f"mcp__signoff__{tool}", "id": call_id, "input": arguments}


@pytest.mark.parametrize(
    ("verb", "body", "told"),
    [
        ("approve", {"comment": "go on"}, "Approved by ana: go on"),
        ("reject", {"reason": "not today"}, "Rejected by ana: not today"),
    ],
)
def test_the_model_reads_what_people_decided(make: Any, verb: str, body: dict[str, str], told: str) -> None:
    agent, more = make()
    agent.says([[call(agent, "request_approval", "call_1", QUESTION)], DONE])
    process = agent.start(*more)
    (asked,) = waiting(agent.run)
    decide(verb, asked, **body)
    ended(process)
    assert told in agent.told()["call_1"] and rows(agent.run) == 1


@pytest.mark.parametrize("program", [ClaudeCode, Codex])
@pytest.mark.parametrize(
    ("verb", "body", "told"),
    [
        ("approve", {"comment": "go on"}, "Approved by ana: go on"),
        ("reject", {"reason": "not today"}, "Rejected by ana: not today"),
    ],
)
def test_an_instance_is_a_server_itself(
    program: type[Agent], tmp_path: Path, verb: str, body: dict[str, str], told: str
) -> None:
    agent = program(tmp_path)
    more: list[str] = []
    if isinstance(agent, Codex):
        agent.settings = f'[mcp_servers.signoff]\nurl = "{URL}/mcp"\nbearer_token_env_var = "SIGNOFF_API_KEY"\nrequired = true\n'
    else:
        key = {"Authorization": f"Bearer {os.environ['SIGNOFF_API_KEY']}"}
        entry = {"type": "http", "url": f"{URL}/mcp", "headers": key}
        more = ["--mcp-config", json.dumps({"mcpServers": {"signoff": entry}}), "--strict-mcp-config"]
    agent.says([[call(agent, "request_approval", "call_1", QUESTION | {"run_id": agent.run})], DONE])
    process = agent.start(*more)
    (asked,) = waiting(agent.run)
    decide(verb, asked, **body)
    ended(process)
    assert told in agent.told()["call_1"] and rows(agent.run) == 1
    agent.close()


def test_a_wait_over_several_legs_reaches_its_outcome(make: Any, tmp_path: Path) -> None:
    """Claude Code sends the call again by itself. Codex speaks an older protocol: its model is told to wait on."""
    agent, more = make("--hold", "2s")
    turns = [[call(agent, "request_approval", "call_1", QUESTION)]]
    if isinstance(agent, Codex):
        turns.append([call(agent, "request_approval", "call_2", QUESTION)])
    agent.says([*turns, DONE])
    process = agent.start(*more)
    (asked,) = waiting(agent.run)
    over = "Not decided yet" if isinstance(agent, Codex) else "input_required"
    until("a leg is over", lambda: over in said(tmp_path).read_text("utf-8"))
    decide("approve", asked)
    ended(process)
    assert "Approved by ana" in agent.told()[f"call_{len(turns)}"] and rows(agent.run) == 1


@pytest.mark.parametrize(
    ("verb", "body", "ran"),
    [
        ("approve", {}, ["ran.txt"]),
        ("approve", {"modifications": {"arguments": {"command": "echo hi > other.txt"}}}, ["other.txt"]),
        ("reject", {"reason": "not today"}, []),
    ],
)
def test_a_permission_prompt_of_claude_code_is_answered(
    tmp_path: Path, verb: str, body: dict[str, Any], ran: list[str]
) -> None:
    agent, more = claude(tmp_path)
    assert isinstance(agent, ClaudeCode)
    agent.mode = "default"
    agent.says([[agent.call("call_1", "echo hi > ran.txt")], DONE])
    process = agent.start(*more, "--permission-prompt-tool", "mcp__signoff__permit")
    (asked,) = waiting(agent.run)
    decide(verb, asked, **body)
    process.communicate(timeout=PATIENCE)
    assert agent.ran() == ran and rows(agent.run) == 1
    agent.close()


@pytest.fixture(params=[ClaudeCode, Codex])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Agent, list[str]]]:
    """An agent with a server of files behind the gateway."""
    agent: Agent = request.param(tmp_path)
    args = ["mcp", "gateway", "--", "node", os.environ["SIGNOFF_FILES_SERVER"], str(agent.work)]
    program = os.environ["SIGNOFF_BIN"]
    more: list[str] = []
    if isinstance(agent, Codex):
        env = ", ".join(f"{name} = {json.dumps(value)}" for name, value in agent.environment.items())
        agent.settings = f'[mcp_servers.signoff]\ncommand = "{program}"\nargs = {json.dumps(args)}\nenv = {{ {env} }}\nstartup_timeout_sec = 60\nrequired = true\n'
    else:
        entry = {"command": program, "args": args, "env": agent.environment}
        more = ["--mcp-config", json.dumps({"mcpServers": {"signoff": entry}}), "--strict-mcp-config"]
    yield agent, more
    agent.close()


@pytest.mark.parametrize(
    ("verb", "body", "ran"),
    [
        ("approve", {}, {"a.txt": "hello"}),
        ("approve", {"modifications": {"arguments": {"content": "bye"}}}, {"a.txt": "bye"}),
        ("reject", {"reason": "not today"}, {}),
    ],
)
def test_a_server_behind_the_gateway_does_what_people_agreed_to(
    files: tuple[Agent, list[str]], verb: str, body: dict[str, Any], ran: dict[str, str]
) -> None:
    agent, more = files
    arguments = {"path": str(agent.work / "a.txt"), "content": "hello"}
    agent.says([[call(agent, "write_file", "call_1", arguments)], DONE])
    process = agent.start(*more)
    (asked,) = waiting(agent.run)
    assert agent.ran() == []
    decide(verb, asked, **body)
    ended(process)
    assert {it.name: it.read_text() for it in agent.work.iterdir()} == ran and rows(agent.run) == 1
    if verb == "reject":
        assert "Rejected by ana: not today." in agent.told()["call_1"]


def test_the_example_of_the_gateway_lets_reading_pass(files: tuple[Agent, list[str]], tmp_path: Path) -> None:
    agent, more = files
    rules = Path(__file__).parents[2] / "examples/mcp-gateway/files.toml"
    agent.environment["SIGNOFF_MCP_RULES"] = str(rules)
    if isinstance(agent, Codex):
        agent.settings = agent.settings.replace("env = { ", f'env = {{ SIGNOFF_MCP_RULES = "{rules}", ')
    else:
        config = json.loads(more[1])
        config["mcpServers"]["signoff"]["env"]["SIGNOFF_MCP_RULES"] = str(rules)
        more[1] = json.dumps(config)
    there, new = agent.work / "there.txt", agent.work / "new.txt"
    there.write_text("as it was")
    agent.says(
        [
            [call(agent, "read_text_file", "call_1", {"path": str(there)})],
            [call(agent, "write_file", "call_2", {"path": str(new), "content": "hello"})],
            DONE,
        ]
    )
    process = agent.start(*more)
    (asked,) = waiting(agent.run)
    assert asked["title"] == f"Write {new}" and not new.exists()
    decide("approve", asked)
    ended(process)
    assert "as it was" in agent.told()["call_1"] and new.read_text() == "hello" and rows(agent.run) == 1

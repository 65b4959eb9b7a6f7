"""Claude Code with a model that says what it is told to, away from everything that this machine knows of others.

As a program, a run of an agent that a test kills and starts again: `claude_script.py ADDRESS HOME SESSION [PROMPT]`. With a
prompt the session goes on.
"""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from claude_agent_sdk import ClaudeAgentOptions, ResultMessage, ToolAnnotations, create_sdk_mcp_server, query, tool

from signoff import AsyncSignoff, Gate, Rule
from signoff.adapters.claude import hooks

PROGRAM = Path(__file__).parents[5] / "tests/agents/scripted_messages.py"
REFUND = "mcp__shop__refund"
DONE = [{"text": "Done."}]
BASH = {"tool": "Bash", "id": "toolu_1", "input": {"command": "echo ran >> ran.txt"}}


class Model:
    """The scripted Messages API, and what it was told."""

    def __init__(self, folder: Path, turns: list[Any]) -> None:
        self._record = folder / "record.jsonl"
        command = [sys.executable, str(PROGRAM), "-", str(self._record)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(turns) + "\n")
        self._process.stdin.flush()
        self.url = self._process.stdout.readline().strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.communicate()

    def turns(self) -> list[int]:
        """Which turns were taken, in their order."""
        return [it["turn"] for it in self._heard() if it["turn"] is not None]

    def told(self, turn: int = -1) -> dict[str, str]:
        """What the model read of each call before that turn, or before the last one."""
        results = [it for it in self._parts(turn) if it["type"] == "tool_result"]
        return {it["tool_use_id"]: _plain(it["content"]) for it in results}

    def notes(self, turn: int = -1) -> list[str]:
        """What else it read of hooks."""
        return [it["text"] for it in self._parts(turn) if it["type"] == "text" and "hook additional context" in it["text"]]

    def _heard(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._record.read_text("utf-8").splitlines()]

    def _parts(self, turn: int) -> list[dict[str, Any]]:
        talks = [it for it in self._heard() if it["turn"] is not None]
        heard = talks[-1] if turn < 0 else next(it for it in talks if it["turn"] == turn)
        contents = [it["content"] for it in heard["body"]["messages"] if it["role"] != "assistant"]
        return [part for it in contents for part in ([{"type": "text", "text": it}] if isinstance(it, str) else it)]


def _plain(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


class Shop:
    """An in-process server with one tool, and what that was called with."""

    def __init__(self, ran: Callable[[Any], object] | None = None, *, read_only: bool = False) -> None:
        self.ran: list[dict[str, Any]] = []

        @tool("refund", "Pays back", {"order": str, "amount": float}, annotations=ToolAnnotations(readOnlyHint=read_only))
        async def refund(args: dict[str, Any]) -> dict[str, Any]:
            (ran or self.ran.append)(args)
            return {"content": [{"type": "text", "text": f"paid {args['amount']}"}]}

        self.tools = {"shop": [refund]}


def refund(call_id: str = "toolu_1", **arguments: Any) -> dict[str, Any]:
    """A block of the script."""
    return {"tool": REFUND, "id": call_id, "input": {"order": "1042", "amount": 49.9} | arguments}


def options(url: str, home: Path, session: str, shop: Shop | None = None, **settings: Any) -> ClaudeAgentOptions:
    alone = {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": "sk-ant-made-up",
        "HOME": str(home),
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "IS_SANDBOX": "1",
    }
    servers = {name: create_sdk_mcp_server(name, tools=list(tools)) for name, tools in (shop.tools if shop else {}).items()}
    begun = {"resume": session} if settings.pop("resume", False) else {"session_id": session}
    given: dict[str, Any] = {"permission_mode": "bypassPermissions", "setting_sources": [], "env": alone}
    return ClaudeAgentOptions(cwd=home, **{**given, **begun, "mcp_servers": servers, **settings})


async def go(given: ClaudeAgentOptions, prompt: str = "go") -> ResultMessage:
    """A run, to its end."""
    results = [it async for it in query(prompt=prompt, options=given) if isinstance(it, ResultMessage)]
    return results[-1]


async def main(url: str, home: str, session: str, prompt: str = "go") -> None:
    def ran(args: Any) -> None:
        with (Path(home) / "refunds.txt").open("a") as file:
            file.write(f"{json.dumps(args)}\n")

    async with AsyncSignoff() as client:
        gate = Gate({REFUND: Rule(approvers=["ana"])})
        await go(options(url, Path(home), session, Shop(ran), resume=prompt != "go", hooks=hooks(client, gate)), prompt)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, filename=Path(sys.argv[2]) / "log.txt")
    asyncio.run(main(*sys.argv[1:]))

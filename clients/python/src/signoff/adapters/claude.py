"""Claude's Agent SDK: tool calls that run once a person has agreed.

    options = ClaudeAgentOptions(hooks=hooks(AsyncSignoff(), gate))

A hook before each tool call asks, and holds the wait. It sees every call: subagents' too, and under `bypassPermissions`.
It must never leave a decision to Claude Code where a rule names the call: whatever goes wrong, the call does not run.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

try:
    import jsonschema  # type: ignore[import-untyped]
    from claude_agent_sdk import HookMatcher, SdkMcpTool, create_sdk_mcp_server
    from claude_agent_sdk.types import HookEvent
except ImportError as missing:
    raise ImportError("Claude's Agent SDK is not installed: pip install 'signoff[claude]'") from missing

from .._client import AsyncSignoff
from .._errors import SignoffError, Withdrawn
from ..gate import Check, Gate, Rule, Verdict, whole_seconds
from ..toolcall import Call, run_name
from ._claude import EVENT, UNASKED, WITHDRAWN, answer, call_of, ended

_LOG = logging.getLogger("signoff")


def hooks(
    client: AsyncSignoff,
    gate: Gate,
    *,
    run: str | None = None,
    timeout: str | float | timedelta = "7d",
    tools: Mapping[str, Sequence[SdkMcpTool[Any]]] | None = None,
) -> dict[HookEvent, list[HookMatcher]]:
    """For `ClaudeAgentOptions(hooks=…)`. Rules name tools as Claude Code does: `Bash`, `mcp__shop__refund`.

    The run is the session, unless `run` names it. `timeout` is how long Claude Code lets the hook wait; a call that is not
    decided by then does not run. `tools` are those of in-process servers, by the server's name: edits are then checked
    before Claude Code is told of them.
    """
    if os.environ.get("CLAUDE_CODE_SIMPLE", "").lower() not in ("", "0", "false", "no", "off"):
        # It says so to nobody, and every call would run.
        raise SignoffError("Claude Code asks no hooks where CLAUDE_CODE_SIMPLE is set: unset it")
    asking = _Asking(client, gate, run, _Schemas(tools or {}))

    async def before_a_call(pause: Any, tool_use_id: str | None, context: Any) -> Any:
        try:
            return await asking.about(pause)
        except Withdrawn as withdrawn:
            _LOG.warning("the run ends: %s", withdrawn)
            return ended(WITHDRAWN)
        except Exception as error:
            _LOG.error("the run ends, because nobody could be asked about a call: %s", error, exc_info=error)
            return ended(UNASKED)

    return {EVENT: [HookMatcher(hooks=[before_a_call], timeout=whole_seconds(timeout), on_failure="block")]}


class _Asking:
    """One run's questions."""

    def __init__(self, client: AsyncSignoff, gate: Gate, run: str | None, schemas: _Schemas) -> None:
        self._client = client
        self._gate = gate
        self._run = run
        self._schemas = schemas
        #: The ids that calls of this process wait under.
        self._held: set[str] = set()

    async def about(self, pause: Mapping[str, Any]) -> dict[str, Any]:
        call = call_of(pause, self._run)
        rule = self._gate.rule(call.tool, call.arguments)
        if rule is None:
            return {}
        check = await self._schemas.check(call)
        held: set[str] = set()
        try:
            if call.call_id and self._run is None:
                self._hold(call.call_id, held)
                call = await self._earlier(call, rule, held) or call
            return answer(await self._ask(call, rule, check))
        finally:
            self._held -= held

    def _hold(self, call_id: str, held: set[str]) -> None:
        held.add(call_id)
        self._held.add(call_id)

    async def _ask(self, call: Call, rule: Rule, check: Check | None) -> Verdict:
        # By the rule that was found. `when` is not asked again: another answer would let the call run.
        return await Gate(default=replace(rule, when=None)).pass_through_async(self._client, call, check=check)

    async def _earlier(self, call: Call, rule: Rule, held: set[str]) -> Call | None:
        """The equal call of this session that is still pending, and that nobody here waits for.

        A session that was killed meanwhile makes its call under a new id. The list only says where to look, and is not
        believed: the request is made again under the earlier id, and must be answered with the very approval that is listed.
        Another one may be an old approval, by which the call has run already.
        """
        shown = call.shown(rule.redact)
        try:
            async for it in self._client.approvals.pending(run_id=run_name(call.run), approval_type="tool_call"):
                asked: Any = it["context"]
                earlier = asked.get("call_id")
                same = asked.get("tool") == call.tool and asked.get("arguments") == shown
                if not same or not isinstance(earlier, str) or earlier in self._held:
                    continue
                self._hold(earlier, held)
                again = replace(call, call_id=earlier)
                made = await self._client.approvals.create(**self._gate.request(again, rule))
                if made["id"] == it["id"]:
                    _LOG.info("%s is the call %s again, which is still pending", call.call_id, earlier)
                    return again
        except SignoffError as error:
            _LOG.warning("what was asked before could not be looked up: %s", error)
        return None


class _Schemas:
    """What in-process servers say of their tools' arguments."""

    def __init__(self, tools: Mapping[str, Sequence[SdkMcpTool[Any]]]) -> None:
        self._tools = tools
        self._listed: dict[str, Mapping[str, Any]] | None = None
        if tools:
            _client_of_servers()

    async def check(self, call: Call) -> Check | None:
        """Raises where the tool would refuse edits, or overlook them; None where nothing is known of the tool."""
        if self._listed is None:
            self._listed = {name: schema for server in self._tools for name, schema in await self._of(server)}
        schema = self._listed.get(call.tool)
        if schema is None:
            return None

        def check(arguments: Mapping[str, Any]) -> None:
            unknown = sorted(set(arguments) - set(call.arguments) - set(schema.get("properties", {})))
            if unknown and not schema.get("additionalProperties"):
                raise ValueError(f"{call.tool} has no argument {', '.join(unknown)}")
            try:
                jsonschema.validate(arguments, schema)
            except jsonschema.ValidationError as error:
                where = ".".join(map(str, error.absolute_path))
                raise ValueError(f"{where}: {error.message}" if where else error.message) from error

        return check

    async def _of(self, server: str) -> list[tuple[str, Mapping[str, Any]]]:
        # A server of the same tools, asked as Claude Code asks: only the SDK knows what it makes of their types.
        made = create_sdk_mcp_server(server, tools=list(self._tools[server]))
        async with _client_of_servers()(made["instance"]) as client:
            return [(_named(server, tool.name), tool.input_schema) for tool in (await client.list_tools()).tools]


def _named(server: str, tool: str) -> str:
    """As Claude Code names it."""
    return "__".join(["mcp", *(re.sub(r"[^A-Za-z0-9_-]", "_", part) for part in (server, tool))])


def _client_of_servers() -> Any:
    try:
        from mcp import Client
    except ImportError as missing:
        raise ImportError("tools= needs version 2 of mcp: pip install 'mcp>=2'") from missing
    return Client


__all__ = ["hooks"]

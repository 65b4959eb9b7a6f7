"""OpenAI's Agents SDK: function tools that run once a person has agreed.

    agent = Agent(name="Support", tools=gated([refund], AsyncSignoff(), gate))
    with signoff.run("ticket-812"):
        await Runner.run(agent, "…")

The gate stands inside of the tool, so that it sees every call and is the last step before the tool. In park mode the run
ends where it would wait, and `run` or `resume` goes on in any process. Nothing here believes what a saved state says of
approvals: the tool asks the server itself, under the key of this very call.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, Literal, NoReturn

try:
    from agents import FunctionTool, MCPToolApprovalFunctionResult, MCPToolApprovalRequest, RunContextWrapper, Tool
    from agents.tool import invoke_function_tool
    from agents.tool_context import ToolContext
except ImportError as missing:
    raise ImportError("OpenAI's Agents SDK is not installed: pip install 'signoff[openai-agents]'") from missing

from .._client import AsyncSignoff
from .._errors import SignoffError
from ..gate import Gate
from ..toolcall import Call
from ._openai_calls import DIALECT, PAUSED, Name, check_edits, ending, name_of, noted, parsed, unreadable
from ._openai_park import Answer, Done, Parked, answer_to, call_of, resume, run, run_until_parked
from ._stores import FileStore, Store


def _gated(tool: FunctionTool, client: AsyncSignoff, gate: Gate, name: Name | None, mode: str) -> FunctionTool:
    if tool.output_json_schema is not None:
        raise TypeError(f"{tool.name} has a schema for its output, which no rejection fits: it can't be gated")

    async def invoke(context: ToolContext[Any], text: str) -> Any:
        try:
            arguments = parsed(text)
        except ValueError as error:
            return unreadable(error)
        rule = gate.rule(tool.qualified_name, arguments)
        if rule is None and context.tool_call_id not in PAUSED.get():
            return await invoke_function_tool(function_tool=tool, context=context, arguments=text)
        try:
            if rule is None:
                raise SignoffError(f"the rule for {tool.name} has changed its mind: it must depend on the arguments alone")
            call = Call(
                dialect=DIALECT,
                run=name_of(name, context),
                tool=tool.qualified_name,
                arguments=arguments,
                call_id=context.tool_call_id,
                agent=None if context.agent is None else context.agent.name,
            )
            # The rule alone: its condition has been looked at, and can't change its mind.
            asking = Gate(default=replace(rule, when=None))
            decided = await asking.pass_through_async(client, call, check=partial(check_edits, tool, call.arguments))
        except SignoffError as error:
            raise ending(error) from error
        if not decided.runs:
            return decided.text if decided.response is None else decided.response
        output = await invoke_function_tool(function_tool=tool, context=context, arguments=json.dumps(decided.arguments))
        return output if decided.text is None else noted(decided.text, output)

    async def pauses(context: RunContextWrapper[Any], arguments: dict[str, Any], call_id: str) -> bool:
        return gate.rule(tool.qualified_name, arguments) is not None

    made = copy.copy(tool)
    made.on_invoke_tool = invoke
    # The tool's own time is for the tool: people take longer. It is counted where the tool is invoked.
    made.timeout_seconds = None
    if mode == "park":
        if tool.needs_approval is not False:
            raise TypeError(f"{tool.name} has needs_approval: in park mode the rules say what needs it")
        made.needs_approval = pauses
    return made


def gated(
    tools: Iterable[Tool], client: AsyncSignoff, gate: Gate, *, run: Name | None = None, mode: Literal["wait", "park"] = "wait"
) -> list[Tool]:
    """The tools, asking by the gate before they run.

    A run needs a name that is the same after a restart, and another for each execution: `signoff.run`, or `run` here, or
    `RunConfig(group_id=…)`. The first of them that is given counts. In park mode the run ends with interruptions where it
    would wait; use it with `run`, or with `run_until_parked` and `resume`.
    """
    if not isinstance(client, AsyncSignoff):
        raise TypeError("the Agents SDK needs an AsyncSignoff: its tools wait on the event loop")
    if mode not in ("wait", "park"):
        raise ValueError(f"{mode!r} is no mode: say wait or park")
    made: list[Tool] = []
    for tool in tools:
        if isinstance(tool, FunctionTool):
            made.append(_gated(tool, client, gate, run, mode))
        elif gate.default is not None or any(fnmatchcase(tool.name, pattern) for pattern in gate.rules):
            raise TypeError(f"{tool.name} is no function tool, and can't be gated: leave it out of the rules, or of this list")
        else:
            made.append(tool)
    return made


def hosted_mcp_approval(
    client: AsyncSignoff, gate: Gate, *, run: Name | None = None
) -> Callable[[MCPToolApprovalRequest], Awaitable[MCPToolApprovalFunctionResult]]:
    """For `HostedMCPTool(on_approval_request=…)`; a rule names such a tool `server.tool`.

    It runs elsewhere, with the model's arguments: edits, and answers in its place, are refused.
    """

    def unchanged(arguments: Mapping[str, Any]) -> NoReturn:
        raise ValueError("a hosted tool runs with the model's own arguments")

    async def approve(request: MCPToolApprovalRequest) -> MCPToolApprovalFunctionResult:
        data = request.data
        try:
            arguments = parsed(data.arguments)
        except ValueError as error:
            return {"approve": False, "reason": unreadable(error)}
        tool = f"{data.server_label}.{data.name}"
        rule = gate.rule(tool, arguments)
        if rule is None:
            return {"approve": True}
        run_id = name_of(run, request.ctx_wrapper)
        call = Call(dialect=DIALECT, run=run_id, tool=tool, arguments=arguments, call_id=data.id)
        asking = Gate(default=replace(rule, when=None))
        decided = await asking.pass_through_async(client, call, check=unchanged)
        if decided.runs:
            return {"approve": True}
        return {"approve": False, "reason": decided.text or "A hosted tool can't be answered for. The call was not executed."}

    return approve


__all__ = [
    "Answer",
    "Done",
    "FileStore",
    "Parked",
    "Store",
    "answer_to",
    "call_of",
    "gated",
    "hosted_mcp_approval",
    "resume",
    "run",
    "run_until_parked",
]

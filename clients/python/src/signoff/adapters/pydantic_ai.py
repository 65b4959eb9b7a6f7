"""pydantic-ai: an agent's tools run once a person has agreed.

    agent = Agent(model, tools=tools, capabilities=[SignoffApprovals(AsyncSignoff(), gate)])
    with signoff.run("ticket-812"):
        await agent.run("…")

The capability is the last one that sees a call before the tool runs. In park mode the run ends where it would wait, and `run`
or `resume` goes on in any process. Nothing here believes what a saved run, or its resumer, says of approvals: the
capability asks the server itself, under the key of this very call.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NoReturn, TypeAlias, cast

try:
    from pydantic_ai.agent import AbstractAgent, AgentRunResult
    from pydantic_ai.capabilities import AbstractCapability, CapabilityOrdering
    from pydantic_ai.exceptions import ApprovalRequired, ModelRetry, SkipToolExecution, ToolFailed
    from pydantic_ai.exceptions import ToolFailedError, ToolRetryError
    from pydantic_ai.messages import ToolCallPart
    from pydantic_ai.tools import DeferredToolRequests, DeferredToolResults, RunContext
    from pydantic_ai.tools import ToolApproved, ToolDefinition, ToolDenied
    from pydantic_ai.toolsets import AbstractToolset, ToolsetTool, WrapperToolset
except ImportError as missing:
    raise ImportError("pydantic-ai is not installed: pip install 'signoff[pydantic-ai]'") from missing

from .._client import AsyncSignoff
from .._errors import SignoffError, Withdrawn
from ..gate import WITHDRAWN, Gate, Verdict
from ..toolcall import Call
from ._pydantic_calls import (
    DIALECT,
    MARK,
    Asked,
    Name,
    asked_about,
    asked_before,
    check_edits,
    in_json,
    is_named,
    mark_of,
    name_of,
    noted,
    noted_error,
    validated,
)
from ._pydantic_park import Done, Parked, Parking, answer_to, call_of, results
from ._stores import FileStore, Store

Arguments: TypeAlias = dict[str, Any]


@dataclass
class _Running:
    """A call on its way to the tool, and what the gate says of it."""

    #: All that may run: what the gate has looked at.
    only: Callable[[], Arguments] | None = None
    #: What the model is told before the result.
    note: str | None = None


_RUNNING: ContextVar[_Running | None] = ContextVar("signoff_running", default=None)


class _Unchanged(WrapperToolset[Any]):
    """Refuses a call that something has changed between the gate and the tools."""

    async def call_tool(self, name: str, tool_args: Arguments, ctx: RunContext[Any], tool: ToolsetTool[Any]) -> Any:
        running = _RUNNING.get()
        if running is not None and running.only is not None and running.only() != tool_args:
            raise SignoffError(f"the call of {name} was changed after the gate: it does not run")
        return await super().call_tool(name, tool_args, ctx, tool)


class SignoffApprovals(AbstractCapability[Any]):
    """Asks people about an agent's tool calls, by the gate's rules, before the tools run.

    A run needs a name that is the same after a restart, and another for each execution: `signoff.run`, or `run` here. Tools
    with `requires_approval`, and those that raise `ApprovalRequired`, are asked about as well. A call that can't be asked
    about does not run, and the run ends with the error.
    """

    def __init__(
        self, client: AsyncSignoff, gate: Gate, *, run: Name | None = None, mode: Literal["wait", "park"] = "wait"
    ) -> None:
        if not isinstance(client, AsyncSignoff):
            raise TypeError("pydantic-ai needs an AsyncSignoff: its tools wait on the event loop")
        if mode not in ("wait", "park"):
            raise ValueError(f"{mode!r} is no mode: say wait or park")
        # An agent has one of it. One that is given to a run takes the place of the agent's own.
        self.id = "signoff"
        self.client = client
        self.gate = gate
        self.run = run
        self.mode = mode

    @classmethod
    def get_serialization_name(cls) -> str | None:
        """It can't be made from a file."""
        return None

    def get_ordering(self) -> CapabilityOrdering:
        """After all that may still change a call."""
        return CapabilityOrdering(position="innermost")

    def get_wrapper_toolset(self, toolset: AbstractToolset[Any]) -> AbstractToolset[Any]:
        """The tools, which take nothing but what was approved."""
        return _Unchanged(toolset)

    async def before_tool_validate(
        self, ctx: RunContext[Any], *, call: ToolCallPart, tool_def: ToolDefinition, args: str | Arguments
    ) -> str | Arguments:
        """A call that goes on is validated as people were asked about it; edits come from the server."""
        before = asked_before(ctx.tool_call_metadata) if ctx.tool_call_approved else None
        return args if before is None else before

    async def wrap_tool_execute(
        self,
        ctx: RunContext[Any],
        *,
        call: ToolCallPart,
        tool_def: ToolDefinition,
        args: Arguments,
        handler: Callable[[Arguments], Awaitable[Any]],
    ) -> Any:
        """The tool's result, after the note that the call was changed."""
        running = _Running()
        token = _RUNNING.set(running)
        try:
            output = await handler(args)
        except ApprovalRequired as error:
            if running.only is not None and ctx.tool_call_approved:
                why = f"{call.tool_name} wants an approval that it has: it must look at tool_call_approved"
                raise SignoffError(why) from error
            raise
        except (ModelRetry, ToolFailed, ToolRetryError, ToolFailedError) as error:
            if running.note is None:
                raise
            raise noted_error(running.note, error) from error
        finally:
            _RUNNING.reset(token)
        return output if running.note is None else noted(running.note, output)

    async def before_tool_execute(
        self, ctx: RunContext[Any], *, call: ToolCallPart, tool_def: ToolDefinition, args: Arguments
    ) -> Arguments:
        """Waits for people where a rule says so, or the tool; answers what the tool runs with."""
        demanded = ctx.tool_call_approved
        if not demanded and not is_named(self.gate, call.tool_name):
            return args
        tool, running = _tool(ctx, call), _RUNNING.get()
        if running is None:
            raise SignoffError(f"the call of {call.tool_name} has not come through wrap_tool_execute: it does not run")
        before = asked_before(ctx.tool_call_metadata) if demanded else None
        if before is None:
            arguments, runs = in_json(tool, ctx, args, call.args_as_dict())
        else:
            arguments, runs = before, validated(tool, ctx, before)
        made = Call(
            dialect=DIALECT,
            run=name_of(self.run, ctx),
            tool=call.tool_name,
            arguments=arguments,
            call_id=call.tool_call_id,
            agent=None if ctx.agent is None else ctx.agent.name,
        )
        asked = asked_about(self.gate, made, ctx.messages, demanded)
        if asked is None:
            running.only = partial(validated, tool, ctx, arguments)
            return runs
        if self.mode == "park":
            await self._park(ctx, asked)
        try:
            decided = await self._decided(ctx, tool, asked)
        except Withdrawn:
            if self.mode == "wait":
                raise
            decided = Verdict(False, text=WITHDRAWN)
        if not decided.runs:
            _answer(decided)
        running.only, running.note = partial(validated, tool, ctx, decided.arguments), decided.text
        return runs if decided.text is None else validated(tool, ctx, decided.arguments)

    async def _park(self, ctx: RunContext[Any], asked: Asked) -> None:
        """Pauses the run, unless people have decided."""
        request = asked.request
        mark = mark_of(ctx.tool_call_metadata)
        if ctx.tool_call_approved and not mark.get("pause"):
            # A hint, which may be forged: the gate asks in any case, and would wait.
            if mark.get("decided"):
                return
            approval = await self.client.approvals.create(**request)
            if approval["status"] != "pending":
                return
        metadata = ctx.tool_call_metadata
        others = dict(metadata) if isinstance(metadata, Mapping) else {}
        raise ApprovalRequired(metadata={**others, MARK: {"arguments": dict(asked.call.arguments)}})

    async def _decided(self, ctx: RunContext[Any], tool: ToolsetTool[Any], asked: Asked) -> Verdict:
        check = partial(check_edits, tool, ctx, asked.call.arguments)
        ask = partial(asked.gate.pass_through_async, self.client, asked.call, key=asked.key)
        decided = await ask(check=check)
        if decided.text is None or not decided.runs or tool.args_validator_func is None:
            return decided
        try:
            said = tool.args_validator_func(ctx, **validated(tool, ctx, decided.arguments))
            if inspect.isawaitable(said):
                await said
        except (ModelRetry, ToolFailed) as error:
            return await ask(check=partial(_refuse, error.message))
        return decided

    async def handle_deferred_tool_calls(
        self, ctx: RunContext[Any], *, requests: DeferredToolRequests
    ) -> DeferredToolResults | None:
        """Sends calls that tools want approved to the gate. It asks about each that comes this way."""
        ids = [it.tool_call_id for it in requests.approvals]
        # The others are what the gate itself has paused.
        to_ask = [call_id for call_id in ids if asked_before(requests.metadata.get(call_id)) is None]
        if not to_ask:
            return None
        mark = {MARK: {"pause": True}} if self.mode == "park" else {}
        return requests.build_results(
            approvals={call_id: ToolApproved() for call_id in to_ask},
            metadata={call_id: {**requests.metadata.get(call_id, {}), **mark} for call_id in to_ask},
        )


def _tool(ctx: RunContext[Any], call: ToolCallPart) -> ToolsetTool[Any]:
    tool = None if ctx.tool_manager is None else (ctx.tool_manager.tools or {}).get(call.tool_name)
    if tool is None:
        raise SignoffError(f"the tool {call.tool_name} is not known here, so nobody can be asked about it")
    return tool


def _refuse(why: str, arguments: Mapping[str, Any]) -> NoReturn:
    raise ValueError(why)


def _answer(decided: Verdict) -> NoReturn:
    """Ends the call with what the model reads where the tool does not run."""
    raise SkipToolExecution(ToolDenied(decided.text or "") if decided.response is None else decided.response)


async def run_until_parked(
    agent: AbstractAgent[Any, Any], input: Any, client: AsyncSignoff, gate: Gate, *, store: Store, run: str, **options: Any
) -> Done | Parked:
    """Runs as far as it can without waiting for people, from where the store has it, or from `input`.

    Call it again when something is decided; `options` are those of `Agent.run`, the same each time.
    """
    return await _parking(agent, client, gate, store, run, options).go(input, wait=False)


async def resume(
    agent: AbstractAgent[Any, Any], client: AsyncSignoff, gate: Gate, *, store: Store, run: str, **options: Any
) -> AgentRunResult[Any]:
    """Goes on with a parked run, in any process, and waits for people until it has ended."""
    if await store.load(run) is None:
        raise SignoffError(f"no run {run!r} is parked in this store")
    return cast(Done, await _parking(agent, client, gate, store, run, options).go(None, wait=True)).result


async def run(
    agent: AbstractAgent[Any, Any], input: Any, client: AsyncSignoff, gate: Gate, *, store: Store, run: str, **options: Any
) -> AgentRunResult[Any]:
    """Runs until it has ended. Called again after a restart, it goes on from where the store has it, and asks nobody twice.

    What is decided goes on, while the rest waits. `run` names this execution, and only one process at a time may have it.
    """
    return cast(Done, await _parking(agent, client, gate, store, run, options).go(input, wait=True)).result


def _parking(
    agent: AbstractAgent[Any, Any], client: AsyncSignoff, gate: Gate, store: Store, run: str, options: Mapping[str, Any]
) -> Parking:
    others: Sequence[Any] = options.get("capabilities") or ()
    capabilities = [*others, SignoffApprovals(client, gate, run=run, mode="park")]
    return Parking(agent, client, gate, store, run, {**options, "capabilities": capabilities})


__all__ = [
    "Done",
    "FileStore",
    "Parked",
    "SignoffApprovals",
    "Store",
    "answer_to",
    "call_of",
    "results",
    "resume",
    "run",
    "run_until_parked",
]

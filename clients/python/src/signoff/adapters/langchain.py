"""LangChain: an agent's tool calls wait for people.

    agent = create_agent(model, tools, middleware=[SignoffMiddleware(client, gate)], checkpointer=saver)

In mode `wait` the run's process waits where the tool would run. In mode `park` the graph pauses, and `langgraph.resume`
goes on in any process. The middleware believes no answer that a pause is resumed with: it asks the server, by the call's
own key. It stands last among the middleware, so that what it shows is what runs.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

try:
    from langchain.agents.middleware import AgentMiddleware
    from langchain.agents.middleware.types import ToolCallRequest
    from langchain_core.messages import AIMessage, ToolMessage
    from langchain_core.tools import BaseTool
    from langchain_core.utils.pydantic import get_fields
    from langgraph.types import Command
except ImportError as missing:
    raise ImportError("LangChain is not installed: pip install 'signoff[langchain]'") from missing

from .._client import AsyncSignoff, Signoff
from .._errors import MissingCallId, SignoffError, Withdrawn
from ..gate import WITHDRAWN, Gate, Rule, Verdict
from ..toolcall import Call
from ._pauses import pause_of
from ._schema import check_edits
from .langgraph import asign_off, sign_off

_DIALECT = "langchain"
#: How the path of a task begins that is a node's, and not one call's.
_WHOLE_NODE = "__pregel_pull"
_LOG = logging.getLogger("signoff")
Result: TypeAlias = ToolMessage | Command[Any]


class SignoffMiddleware(AgentMiddleware[Any, Any, Any]):
    """Asks people about tool calls, by the gate's rules, before the tools run.

    `client`: a `Signoff` for `invoke`, an `AsyncSignoff` for `ainvoke`. `run`: the run's name; the thread's id where
    nothing is said. A call that can't be asked about does not run, and the run ends with the error.
    """

    def __init__(
        self,
        client: Signoff | AsyncSignoff,
        gate: Gate,
        *,
        mode: Literal["wait", "park"] = "wait",
        run: str | None = None,
    ) -> None:
        super().__init__()
        if mode not in ("wait", "park"):
            raise ValueError(f"mode is wait or park, not {mode!r}")
        self.client = client
        self.gate = gate
        self.mode = mode
        self.run = run

    def wrap_tool_call(self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Result]) -> Result:
        """Waits for people where a rule says so; calls the tool once they agree."""
        asked = self._asked(request)
        if asked is None:
            return handler(request)
        client = self.client
        if not isinstance(client, Signoff):
            raise TypeError("an agent that is invoked needs a Signoff: an AsyncSignoff is for ainvoke and astream")
        if self.mode == "park":
            sign_off(client, asked.pause)
        try:
            decided = asked.gate.pass_through(client, asked.call, key=asked.key, check=asked.check)
        except Withdrawn:
            if self.mode == "wait":
                raise
            decided = Verdict(False, text=WITHDRAWN)
        return _told(handler(asked.running(decided)), asked.call_id, decided) if decided.runs else asked.answer(decided)

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[Result]]
    ) -> Result:
        """The same on the event loop."""
        asked = self._asked(request)
        if asked is None:
            return await handler(request)
        client = self.client
        if not isinstance(client, AsyncSignoff):
            raise TypeError("an agent that is awaited needs an AsyncSignoff: a Signoff would block the event loop")
        if self.mode == "park":
            await asign_off(client, asked.pause)
        try:
            decided = await asked.gate.pass_through_async(client, asked.call, key=asked.key, check=asked.check)
        except Withdrawn:
            if self.mode == "wait":
                raise
            decided = Verdict(False, text=WITHDRAWN)
        return _told(await handler(asked.running(decided)), asked.call_id, decided) if decided.runs else asked.answer(decided)

    def _asked(self, request: ToolCallRequest) -> _Asked | None:
        """The call as people are asked about it; None: they are not."""
        tool, tool_call = request.tool, request.tool_call
        hidden = _injected(tool)
        arguments = {name: value for name, value in tool_call["args"].items() if name not in hidden}
        rule = self.gate.rule(tool_call["name"], arguments)
        if rule is None:
            return None
        config: Mapping[str, Any] = request.runtime.config or {}
        metadata = config.get("metadata") or {}
        run = self.run or (config.get("configurable") or {}).get("thread_id")
        if not run:
            raise SignoffError(
                f"the call of {tool_call['name']} belongs to no run: invoke the agent with a thread_id, "
                "or give the middleware a run"
            )
        call = Call(
            dialect=_DIALECT,
            run=str(run),
            tool=tool_call["name"],
            arguments=arguments,
            call_id=tool_call["id"],
            agent=metadata.get("lc_agent_name"),
        )
        # Refused where the call has no id.
        call.key()
        return _Asked(request, call, rule, replace(call, call_id=f"{_turn(request, self.mode == 'park')}/{call.call_id}").key())


@dataclass(frozen=True)
class _Asked:
    """A call that people are asked about."""

    request: ToolCallRequest
    call: Call
    rule: Rule
    key: str

    @property
    def call_id(self) -> str:
        return self.request.tool_call["id"] or ""

    @property
    def gate(self) -> Gate:
        """With this rule alone: its condition has been looked at, and can't change its mind."""
        return Gate(default=replace(self.rule, when=None))

    @property
    def pause(self) -> dict[str, Any]:
        return pause_of(Gate.request(self.call, self.rule, self.key))

    def check(self, arguments: Mapping[str, Any]) -> None:
        check_edits(self.request.tool, self.call.arguments, arguments)

    def running(self, decided: Verdict) -> ToolCallRequest:
        tool_call = self.request.tool_call
        return self.request.override(tool_call={**tool_call, "args": deepcopy(dict(decided.arguments))})

    def answer(self, decided: Verdict) -> ToolMessage:
        """What the model reads where the tool did not run."""
        answered = decided.response is not None
        return ToolMessage(
            content=(decided.response if answered else decided.text) or "",
            name=self.call.tool,
            tool_call_id=self.call_id,
            status="success" if answered else "error",
        )


def _turn(request: ToolCallRequest, parks: bool) -> str:
    """The id of the message that the call came with. Some models count their calls' ids anew in each turn."""
    state, call_id = request.state, request.tool_call["id"]
    messages = state.get("messages") if isinstance(state, Mapping) else getattr(state, "messages", None)
    last = next((it for it in reversed(messages or ()) if isinstance(it, AIMessage)), None)
    if last is None:
        return ""
    if sum(it["id"] == call_id for it in last.tool_calls) > 1:
        raise MissingCallId(f"two calls have the id {call_id!r}: they could not be told apart")
    path = ((request.runtime.config or {}).get("metadata") or {}).get("langgraph_path")
    if parks and path and path[0] == _WHOLE_NODE and len(last.tool_calls) > 1:
        # The node would run again for each answer, with every tool of it that has run.
        raise SignoffError("only create_agent, or a Send for each call, can park several calls of one turn")
    return last.id or ""


def _injected(tool: BaseTool | None) -> set[str]:
    """The names of what the framework puts in when the tool runs. The model's own values for them never reach it."""
    if tool is None or isinstance(tool.args_schema, dict):
        return set()
    return set(get_fields(tool.get_input_schema())) - set(get_fields(tool.tool_call_schema))  # type: ignore[arg-type]


def _told(result: Any, call_id: str, decided: Verdict) -> Any:
    """The tool's result, after the note that the call was changed."""
    if decided.text is None:
        return result
    noted = _noted(result, call_id, decided.text)
    if noted is None:
        _LOG.warning("the model was not told that a person changed the call %s: its result holds no message of it", call_id)
    return result if noted is None else noted


def _noted(result: Any, call_id: str, note: str) -> Any:
    """With the note before its content; None where it has no message of this call."""
    if isinstance(result, ToolMessage):
        if result.tool_call_id != call_id:
            return None
        content = result.content
        if isinstance(content, str):
            told: Any = f"{note}\n{content}" if content else note
        else:
            told = [note if content and isinstance(content[0], str) else {"type": "text", "text": note}, *content]
        return result.model_copy(update={"content": told})
    if isinstance(result, Command):
        update = result.update
        if isinstance(update, dict):
            messages = _noted(update.get("messages"), call_id, note)
            return None if messages is None else replace(result, update={**update, "messages": messages})
        pairs = [(name, _noted(value, call_id, note)) for name, value in update or ()]
        if all(value is None for _, value in pairs):
            return None
        kept = [(name, old if new is None else new) for (name, new), (_, old) in zip(pairs, update or (), strict=True)]
        return replace(result, update=kept)
    if isinstance(result, list):
        many = [_noted(one, call_id, note) for one in result]
        if all(one is None for one in many):
            return None
        return [old if new is None else new for old, new in zip(result, many, strict=True)]
    return None

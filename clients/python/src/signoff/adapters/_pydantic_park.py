"""Parked runs of pydantic-ai: what a paused run asks, how it is answered, and who goes on.

A run that goes on says of all its calls that they are approved. That only sends them to the gate, which asks for the decision
itself. So nothing here, and nobody who can write what is kept, lets a call run.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from pydantic_ai.agent import AbstractAgent, AgentRunResult
from pydantic_ai.messages import ModelMessage, ModelMessagesTypeAdapter, ModelResponse, ToolCallPart
from pydantic_ai.tools import DeferredToolRequests, DeferredToolResults, ToolApproved, ToolDenied

from .._client import AsyncSignoff
from .._errors import SignoffError, Withdrawn
from .._types import Approval
from ..decorator import run as named
from ..gate import WITHDRAWN, Gate, Rule, Verdict, verdict
from ..outcome import Outcome
from ..toolcall import Call
from ._pydantic_calls import DIALECT, MARK, Asked, asked_about, asked_before, mark_of
from ._stores import Store

_REQUESTS: TypeAdapter[DeferredToolRequests] = TypeAdapter(DeferredToolRequests)


def call_of(part: ToolCallPart, run: str, *, metadata: Mapping[str, Any] | None = None, agent: str | None = None) -> Call:
    """The call that a run has paused for. `metadata`: what the requests have for it; `agent`: the agent's name.

    Raises `ValueError` or `AssertionError` where its arguments can't be read.
    """
    before = asked_before(metadata)
    return Call(
        dialect=DIALECT,
        run=run,
        tool=part.tool_name,
        arguments=part.args_as_dict(raise_if_invalid=True) if before is None else before,
        call_id=part.tool_call_id,
        agent=agent,
    )


def answer_to(call: Call, rule: Rule, outcome: Outcome) -> ToolApproved | ToolDenied | str:
    """What an outcome means for pydantic-ai. A text is a person's answer in the tool's place."""
    try:
        return _answer(verdict(call, rule, outcome))
    except Withdrawn:
        return ToolDenied(WITHDRAWN)


def _answer(decided: Verdict) -> ToolApproved | ToolDenied | str:
    if decided.runs:
        # Always by name: what runs is what people have seen, and not what the messages say by then.
        return ToolApproved(override_args=dict(decided.arguments))
    return ToolDenied(decided.text or "") if decided.response is None else decided.response


def _question(
    requests: DeferredToolRequests,
    part: ToolCallPart,
    gate: Gate,
    run: str,
    messages: Sequence[ModelMessage],
    agent: str | None,
) -> Asked:
    last = next((it for it in reversed(messages) if isinstance(it, ModelResponse)), None)
    calls = [] if last is None else [it for it in last.tool_calls if it.tool_call_id == part.tool_call_id]
    if [it.tool_name for it in calls] != [part.tool_name]:
        raise SignoffError(f"these are other messages: {part.tool_name} is not called at their end as {part.tool_call_id!r}")
    call = call_of(part, run, metadata=requests.metadata.get(part.tool_call_id), agent=agent)
    asked = asked_about(gate, call, messages, demanded=True)
    assert asked is not None
    return asked


async def results(
    requests: DeferredToolRequests,
    client: AsyncSignoff,
    gate: Gate,
    *,
    run: str,
    messages: Sequence[ModelMessage],
    agent: str | None = None,
) -> DeferredToolResults:
    """Asks about all approvals that a run has paused for, and waits for people. For `Agent.run(deferred_tool_results=…)`.

    Called again, in any process, it asks nobody twice. `messages` are all of the run's, `agent` is the agent's name. What
    tools want to be done elsewhere is not answered: do so in `calls`.
    """
    found = DeferredToolResults()

    async def one(part: ToolCallPart) -> None:
        asked = _question(requests, part, gate, run, messages, agent)
        call_id = part.tool_call_id
        try:
            decided = await asked.gate.pass_through_async(client, asked.call, key=asked.key)
        except Withdrawn as withdrawn:
            decided = Verdict(False, text=WITHDRAWN, outcome=withdrawn.outcome)
        answer = _answer(decided)
        if isinstance(answer, str):
            found.calls[call_id] = answer
        else:
            found.approvals[call_id] = answer
        if decided.outcome is not None and decided.outcome.decided_by is not None:
            found.answered_by[call_id] = decided.outcome.decided_by

    await _all([one(part) for part in requests.approvals])
    # What the tools themselves have left there, and what was asked.
    found.metadata = {part.tool_call_id: requests.metadata.get(part.tool_call_id, {}) for part in requests.approvals}
    return found


async def _all(many: Sequence[Any], first: bool = False) -> list[asyncio.Task[Any]]:
    """Those that have ended; all of them, or as soon as one has. The rest is ended, and an error is raised."""
    tasks = [asyncio.ensure_future(one) for one in many]
    try:
        when = asyncio.FIRST_COMPLETED if first else asyncio.FIRST_EXCEPTION
        if tasks:
            await asyncio.wait(tasks, return_when=when)
        ended = [one for one in tasks if one.done()]
        for one in ended:
            one.result()
        return ended
    finally:
        for one in tasks:
            one.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(frozen=True)
class Done:
    """The run has ended."""

    result: AgentRunResult[Any]


@dataclass(frozen=True)
class Parked:
    """The run waits for these, and no process for it."""

    approvals: Sequence[Approval]


@dataclass(frozen=True)
class _Paused:
    """Where a run stands."""

    messages: list[ModelMessage]
    requests: DeferredToolRequests

    def dump(self) -> str:
        messages = ModelMessagesTypeAdapter.dump_python(self.messages, mode="json")
        return json.dumps({"messages": messages, "requests": _REQUESTS.dump_python(self.requests, mode="json")})

    @staticmethod
    def load(text: str) -> _Paused:
        try:
            kept = json.loads(text)
            # As JSON: files in it are texts there.
            messages = ModelMessagesTypeAdapter.validate_json(json.dumps(kept["messages"]))
            return _Paused(messages, _REQUESTS.validate_json(json.dumps(kept["requests"])))
        except (ValueError, KeyError, TypeError) as error:
            raise SignoffError(f"what the store has of this run can't be read: {error}") from error


class Parking:
    """One run, and where it is kept."""

    def __init__(
        self,
        agent: AbstractAgent[Any, Any],
        client: AsyncSignoff,
        gate: Gate,
        store: Store,
        run: str,
        options: Mapping[str, Any],
    ) -> None:
        self._agent = agent
        self._client = client
        self._gate = gate
        self._store = store
        self._run = run
        self._options = options

    async def go(self, input: Any, wait: bool) -> Done | Parked:
        """To the end; or to where nothing is decided yet, unless it waits there."""
        text = await self._store.load(self._run)
        paused = None if text is None else _Paused.load(text)
        while True:
            going = {}
            if paused is not None:
                decided, waiting = await self._look(paused, wait)
                if waiting and not decided:
                    return Parked(waiting)
                going = self._going(paused, decided)
            with named(self._run):
                # Its name is a part of the question: a variable's name would be another one elsewhere.
                given = {**self._options, **going, "infer_name": False}
                result: AgentRunResult[Any] = await self._agent.run(None if going else input, **given)
            if not isinstance(result.output, DeferredToolRequests):
                await self._store.delete(self._run)
                return Done(result)
            paused = _Paused(result.all_messages(), result.output)
            for part in paused.requests.calls:
                raise SignoffError(f"the run has paused for {part.tool_name}, which asks for no approval: it can't go on")
            await self._store.save(self._run, paused.dump())

    def _going(self, paused: _Paused, decided: set[str]) -> dict[str, Any]:
        """How it goes on: what is decided goes to the gate, the rest pauses again."""
        results = DeferredToolResults()
        for part in paused.requests.approvals:
            before = paused.requests.metadata.get(part.tool_call_id, {})
            hint = "decided" if part.tool_call_id in decided else "pause"
            results.approvals[part.tool_call_id] = ToolApproved()
            results.metadata[part.tool_call_id] = {**before, MARK: {**mark_of(before), hint: True}}
        return {"message_history": paused.messages, "deferred_tool_results": results}

    async def _look(self, paused: _Paused, wait: bool) -> tuple[set[str], list[Approval]]:
        """The ids of the calls that are decided, and what still waits; with `wait`, as soon as one is decided."""
        found = await _all([self._ask(paused, part, wait) for part in paused.requests.approvals], first=wait)
        answers = [one.result() for one in found]
        return {it for it in answers if isinstance(it, str)}, [it for it in answers if not isinstance(it, str)]

    async def _ask(self, paused: _Paused, part: ToolCallPart, wait: bool) -> Approval | str:
        asked = _question(paused.requests, part, self._gate, self._run, paused.messages, self._agent.name)
        if wait:
            await self._client.approvals.ask(**asked.request)
            return part.tool_call_id
        approval = await self._client.approvals.create(**asked.request)
        return approval if approval["status"] == "pending" else part.tool_call_id

"""Parked runs of OpenAI's Agents SDK: what an interruption asks, how it is answered, and who goes on.

An answer only tells the state to go on, or not to. The tool asks for the decision itself, so nothing here, and nobody who
can write a state, lets a call run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from agents import Agent, RunContextWrapper, Runner, RunResult, RunState
from agents.items import ToolApprovalItem

from .._client import AsyncSignoff
from .._errors import SignoffError, Withdrawn
from .._types import Approval
from ..decorator import run as named
from ..gate import WITHDRAWN, Gate, Rule, verdict
from ..outcome import Outcome
from ..toolcall import Call
from ._openai_calls import DIALECT, PAUSED, parsed, unreadable
from ._stores import Store


def _part(raw: Any, name: str) -> Any:
    return raw.get(name) if isinstance(raw, Mapping) else getattr(raw, name, None)


def call_of(item: ToolApprovalItem, run: str) -> Call:
    """The call that an interruption is about. Raises `ValueError` where its arguments can't be read."""
    kind = _part(item.raw_item, "type")
    if kind != "function_call":
        raise SignoffError(f"the run has paused for a {kind}, which no rule can be about")
    return Call(
        dialect=DIALECT,
        run=run,
        tool=item.qualified_name or "",
        arguments=parsed(item.arguments or ""),
        call_id=_part(item.raw_item, "call_id"),
        agent=item.agent.name,
    )


@dataclass(frozen=True)
class Answer:
    """What the state is told of a call. An approved one goes to the tool, which reads the decision itself, edits and all."""

    approve: bool
    #: Where it is rejected: what the model is told.
    text: str | None = None


def answer_to(call: Call, rule: Rule, outcome: Outcome) -> Answer:
    """What an outcome means for the state."""
    if outcome.approved:
        return Answer(True)
    try:
        return Answer(False, verdict(call, rule, outcome).text)
    except Withdrawn:
        return Answer(False, WITHDRAWN)


@dataclass(frozen=True)
class Done:
    """The run has ended."""

    result: RunResult


@dataclass(frozen=True)
class Parked:
    """The run waits for these, and no process for it."""

    approvals: Sequence[Approval]


class _Parking:
    """One run, and where it is kept."""

    def __init__(
        self, agent: Agent[Any], client: AsyncSignoff, gate: Gate, store: Store, run: str, options: Mapping[str, Any]
    ) -> None:
        self._agent = agent
        self._client = client
        self._gate = gate
        self._store = store
        self._run = run
        self._options = options

    async def load(self) -> RunState[Any, Agent[Any]] | None:
        text = await self._store.load(self._run)
        if text is None:
            return None
        context = self._options.get("context")
        given = None if context is None else RunContextWrapper(context)
        return await RunState.from_string(self._agent, text, context_override=given)

    async def go(self, at: Any, wait: bool) -> Done | Parked:
        """From an input, or from a state, to the end; or to where nothing is decided yet, unless it waits there."""
        while True:
            if isinstance(at, RunState) and (items := at.get_interruptions()):
                answers = await self._answers(items, wait)
                if isinstance(answers, Parked):
                    return answers
                for item, answer in answers:
                    if answer.approve:
                        at.approve(item)
                    else:
                        at.reject(item, rejection_message=answer.text)
            result = await self._step(at)
            if not result.interruptions:
                await self._store.delete(self._run)
                return Done(result)
            at = result.to_state()
            # The caller gives the context again: what is in it is not ours to keep.
            await self._store.save(self._run, at.to_string(context_serializer=lambda context: {}))

    async def _step(self, at: Any) -> RunResult:
        items = at.get_interruptions() if isinstance(at, RunState) else []
        token = PAUSED.set(frozenset(str(_part(item.raw_item, "call_id")) for item in items))
        try:
            with named(self._run):
                return await Runner.run(self._agent, at, **self._options)
        finally:
            PAUSED.reset(token)

    async def _answers(
        self, items: Sequence[ToolApprovalItem], wait: bool
    ) -> Sequence[tuple[ToolApprovalItem, Answer]] | Parked:
        """For those that are decided; with `wait`, as soon as one is."""
        asking = [asyncio.create_task(self._ask(item, wait)) for item in items]
        try:
            await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED if wait else asyncio.ALL_COMPLETED)
            found = [(item, one.result()) for item, one in zip(items, asking, strict=True) if one.done()]
        finally:
            for one in asking:
                one.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
        answers = [(item, it) for item, it in found if isinstance(it, Answer)]
        return answers or Parked([it for _, it in found if not isinstance(it, Answer)])

    async def _ask(self, item: ToolApprovalItem, wait: bool) -> Answer | Approval:
        try:
            call = call_of(item, self._run)
        except ValueError as error:
            return Answer(False, unreadable(error))
        rule = self._gate.rule(call.tool, call.arguments)
        if rule is None:
            raise SignoffError(f"the run has paused for {call.tool}, and no rule says who is to be asked")
        request = Gate.request(call, rule)
        if wait:
            return answer_to(call, rule, await self._client.approvals.ask(**request))
        approval = await self._client.approvals.create(**request)
        return approval if approval["status"] == "pending" else answer_to(call, rule, Outcome(approval))


async def run_until_parked(
    agent: Agent[Any], input: Any, client: AsyncSignoff, gate: Gate, *, store: Store, run: str, **options: Any
) -> Done | Parked:
    """Runs as far as it can without waiting for people, from where the store has it, or from `input`.

    Call it again when something is decided; `options` are those of `Runner.run`, the same each time.
    """
    parking = _Parking(agent, client, gate, store, run, options)
    state = await parking.load()
    return await parking.go(input if state is None else state, wait=False)


async def resume(
    agent: Agent[Any], client: AsyncSignoff, gate: Gate, *, store: Store, run: str, **options: Any
) -> RunResult:
    """Goes on with a parked run, in any process, and waits for people until it has ended."""
    parking = _Parking(agent, client, gate, store, run, options)
    state = await parking.load()
    if state is None:
        raise SignoffError(f"no run {run!r} is parked in this store")
    return cast(Done, await parking.go(state, wait=True)).result


async def run(
    agent: Agent[Any], input: Any, client: AsyncSignoff, gate: Gate, *, store: Store, run: str, **options: Any
) -> RunResult:
    """Runs until it has ended. Called again after a restart, it goes on from where the store has it, and asks nobody twice.

    What is decided goes on, while the rest waits. `run` names this execution, and only one process at a time may have it.
    """
    parking = _Parking(agent, client, gate, store, run, options)
    state = await parking.load()
    return cast(Done, await parking.go(input if state is None else state, wait=True)).result

"""How a graph is run until it pauses, and goes on: as steps, which those who block and those who await run alike.

A step calls the graph, or the client. What a pause means is in `_pauses`; nothing here knows a dialect.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, TypeVar

from langgraph.types import Command

from .._client import AsyncSignoff, Signoff
from .._errors import SignoffError, StillPending
from .._types import Approval
from ..gate import Gate, Verdict, refused_event
from ..outcome import Outcome
from ._pauses import Asked, Pause, answer, understood

T = TypeVar("T")
#: Seconds for which one of several approvals is waited for, before the others are looked at.
_LEG = 2.0


@dataclass(frozen=True)
class Done:
    """The graph has come to its end."""

    values: Any


@dataclass(frozen=True)
class Parked:
    """The graph has paused, and people have been asked."""

    approvals: list[Approval]


class _Do(NamedTuple):
    """A call of the graph, of the client's approvals or of its tasks."""

    whom: str
    what: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = {}


#: What is to be done, one call after the other: the same for those who block and those who await.
_Steps: TypeAlias = Generator[_Do, Any, T]


def blocking(steps: _Steps[T], graph: Any, client: Signoff) -> T:
    if not isinstance(client, Signoff):
        raise TypeError("an AsyncSignoff is for arun_until_parked, aresume and arun_until_done")
    try:
        do = next(steps)
        while True:
            target = graph if do.whom == "graph" else getattr(client, do.whom)
            try:
                result = getattr(target, do.what)(*do.args, **do.kwargs)
            except Exception as error:
                do = steps.throw(error)
            else:
                do = steps.send(result)
    except StopIteration as ended:
        value: T = ended.value
        return value
    finally:
        steps.close()


async def awaiting(steps: _Steps[T], graph: Any, client: AsyncSignoff) -> T:
    if not isinstance(client, AsyncSignoff):
        raise TypeError("a Signoff is for run_until_parked, resume and run_until_done")
    try:
        do = next(steps)
        while True:
            call = getattr(graph, f"a{do.what}") if do.whom == "graph" else getattr(getattr(client, do.whom), do.what)
            try:
                result = await call(*do.args, **do.kwargs)
            except Exception as error:
                do = steps.throw(error)
            else:
                do = steps.send(result)
    except StopIteration as ended:
        value: T = ended.value
        return value
    finally:
        steps.close()


def _invoke(input: Any, config: Mapping[str, Any]) -> _Do:
    # What was asked about must be kept before anybody is asked: a process that starts again asks about the same.
    return _Do("graph", "invoke", (input, config), {"durability": "sync"})


def until_parked(input: Any, config: Mapping[str, Any], gate: Gate | None) -> _Steps[Done | Parked]:
    yield from _go_on(input, config)
    _, stands = yield from _look(config, gate)
    return stands


def _go_on(input: Any, config: Mapping[str, Any]) -> _Steps[None]:
    """To the next pause or the end: from the beginning, or from where the thread was left."""
    if "checkpoint_id" in (config.get("configurable") or {}):
        # It would always show the thread as it was then.
        raise ValueError("the config names a checkpoint: go on with the thread, without its checkpoint_id")
    state = yield _Do("graph", "get_state", (config,))
    if state.next:
        # A pause may have its answer already, from a process that died or failed then. LangGraph would hand a second answer
        # to the next question of the same node: so what has its answer goes on first.
        yield _invoke(None, config)
    elif input is not None or state.created_at is None:
        yield _invoke(input, config)


def until_done(input: Any, config: Mapping[str, Any], gate: Gate | None) -> _Steps[Any]:
    stands = yield from until_parked(input, config, gate)
    while isinstance(stands, Parked):
        stands = yield from _answer(config, gate, None)
    return stands.values


def resumed(config: Mapping[str, Any], gate: Gate | None, timeout: float | None) -> _Steps[Done | Parked]:
    until = None if timeout is None else time.monotonic() + timeout
    yield from _go_on(None, config)
    return (yield from _answer(config, gate, until))


def _answer(config: Mapping[str, Any], gate: Gate | None, until: float | None) -> _Steps[Done | Parked]:
    """Waits until a pause is decided, and answers it, and all others that are."""
    asked, stands = yield from _look(config, gate)
    if isinstance(stands, Done):
        return stands
    answers: dict[str, Any] = {}
    pending = [[it for it in approvals if it["status"] == "pending"] for _, approvals in asked]
    while all(pending):
        yield from _wait_a_leg(asked, pending, until)
    for (one, approvals), left in zip(asked, pending, strict=True):
        if left:
            continue
        answers[one.pause.id], verdicts = answer(one, [Outcome(it) for it in approvals])
        for decided in verdicts:
            yield from _tell_of_refused_edits(decided)
    yield _invoke(Command(resume=answers), config)
    again, stands = yield from _look(config, gate)
    told = {it["id"] for (_, approvals), left in zip(asked, pending, strict=True) if not left for it in approvals}
    if repeated := [it["id"] for _, approvals in again for it in approvals if it["id"] in told]:
        # Else it would go round for ever.
        raise SignoffError(
            f"the graph asks again about approval {repeated[0]}, which has its answer: give its middleware "
            "the key of the same agent, and ask anew with another context"
        )
    return stands


def _look(config: Mapping[str, Any], gate: Gate | None) -> _Steps[tuple[list[tuple[Asked, list[Approval]]], Done | Parked]]:
    """Where the thread stands; whatever it waits for has been asked then."""
    state = yield _Do("graph", "get_state", (config,))
    if not state.next:
        return [], Done(state.values)
    if not state.interrupts:
        raise SignoffError(f"the graph has stopped before {', '.join(state.next)}, and asks nothing")
    run = str(config["configurable"]["thread_id"])
    found = []
    for it in state.interrupts:
        pause = Pause(it.id, it.value, it.response_schema)
        asked = understood(pause, run, gate)
        if asked is None:
            raise SignoffError(f"the graph pauses with what is no question to Signoff: resume {it.id} by yourself first")
        approvals = []
        for question in asked.questions:
            approvals.append((yield _Do("approvals", "create", kwargs=question.create)))
        found.append((asked, approvals))
    return found, Parked([it for _, approvals in found for it in approvals])


def _wait_a_leg(
    asked: list[tuple[Asked, list[Approval]]], pending: list[list[Approval]], until: float | None
) -> _Steps[None]:
    """Waits for the last that is pending, with a look at each other one, and notes what has ended."""
    waits = [(approvals, left, one) for (_, approvals), left in zip(asked, pending, strict=True) for one in left]
    for number, (approvals, left, one) in enumerate(waits, 1):
        leg = None if until is None else max(0.0, until - time.monotonic())
        if len(waits) > 1:
            leg = 0.0 if number < len(waits) else _LEG if leg is None else min(_LEG, leg)
        try:
            outcome: Outcome = yield _Do("approvals", "wait", (one["id"],), {"timeout": leg})
        except StillPending:
            if number == len(waits) and until is not None and time.monotonic() >= until:
                raise
            continue
        approvals[approvals.index(one)] = outcome.approval
        left.remove(one)
        if not left:
            return


def _tell_of_refused_edits(decided: Verdict) -> _Steps[None]:
    event = refused_event(decided)
    if event is None or decided.outcome is None:
        return
    try:
        yield _Do("tasks", "publish", (decided.outcome.approval["task_id"], "modification_refused", event))
    except SignoffError:
        # The model is told all the same.
        return

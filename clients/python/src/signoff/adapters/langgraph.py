"""LangGraph: graphs that pause, and go on in any process once people have decided.

    answer = interrupt(ask("Ship build {build}?", {"build": 812}, approvers=["ana"]))     # in a node
    values = run_until_done(graph, {"build": 812}, config, client)                        # around the graph

A node that must not believe whoever resumes the graph says `sign_off(client, ask(…))` instead of `interrupt(ask(…))`.
Outcomes are read from the server, by keys that the pauses make, so nothing is kept here between two processes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

try:
    from langgraph.config import get_config
    from langgraph.types import interrupt
except ImportError as missing:
    raise ImportError("LangGraph is not installed: pip install 'signoff[langchain]'") from missing

from .._durations import Duration, seconds_or_none
from .._client import AsyncSignoff, Signoff
from .._errors import SignoffError
from .._types import Notify, PolicyBody
from ..gate import Gate, Rule
from ..outcome import Outcome
from ..toolcall import Call
from ._graphs import Done, Parked, awaiting, blocking, resumed, until_done, until_parked
from ._pauses import create_of, pause_of

_DIALECT = "langgraph"


def ask(
    title: str,
    context: Mapping[str, Any],
    *,
    approvers: Sequence[str] | None = None,
    roles: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    min_approvers: int | None = None,
    policy: PolicyBody | None = None,
    timeout: str | float | timedelta | None = None,
    description: str | None = None,
    workflow: str | None = None,
    notify: Notify | None = None,
    approval_type: str = "step_approval",
    run: str | None = None,
) -> dict[str, Any]:
    """The value for `interrupt` in a node. The fields are those of `Rule`; `run` is the thread's id where nothing is said.

    It must depend on the state alone: a node runs again from its beginning when it is resumed. Two equal questions of one
    node are one.
    """
    configurable: Mapping[str, Any] = get_config().get("configurable") or {}
    name = run or configurable.get("thread_id")
    if not name:
        raise SignoffError("the question belongs to no run: invoke the graph with a thread_id, or give a run")
    rule = Rule(
        approvers=approvers,
        roles=roles,
        groups=groups,
        min_approvers=min_approvers,
        policy=policy,
        timeout=timeout,
        title=title,
        description=description,
        workflow=workflow,
        notify=notify,
    )
    node = configurable.get("checkpoint_ns") or ""
    question = Call(dialect=_DIALECT, run=str(name), tool=title, arguments=context, call_id=node)
    create = Gate.request(question, rule)
    return pause_of(create | {"approval_type": approval_type, "context": question.shown()})


def sign_off(client: Signoff, question: Mapping[str, Any]) -> Outcome:
    """Pauses with the question until the server says that it has been decided, whatever the graph is resumed with."""
    while True:
        interrupt(question)
        approval = client.approvals.create(**create_of(question))
        if approval["status"] != "pending":
            return Outcome(approval)


async def asign_off(client: AsyncSignoff, question: Mapping[str, Any]) -> Outcome:
    """The same on the event loop."""
    while True:
        interrupt(question)
        approval = await client.approvals.create(**create_of(question))
        if approval["status"] != "pending":
            return Outcome(approval)


def run_until_parked(
    graph: Any, input: Any, config: Mapping[str, Any], client: Signoff, gate: Gate | None = None
) -> Done | Parked:
    """Runs until the graph ends, or pauses; then asks people.

    The input begins a new thread, or a new turn of one that has ended. A thread that was left in the middle goes on from
    there, and its input is not looked at. So a process that starts again may say the same once more, as long as the run
    has not ended. `gate` has the rules for pauses that LangChain's own middleware or Agent Inbox' form makes.
    """
    return blocking(until_parked(input, config, gate), graph, client)


def resume(
    graph: Any,
    config: Mapping[str, Any],
    client: Signoff,
    gate: Gate | None = None,
    *,
    timeout: Duration | None = None,
) -> Done | Parked:
    """Waits until one of the thread's pauses is decided, and goes on to its end or to its next pause.

    Any process may that has the graph, its checkpointer and the key of the same agent. Raises `StillPending` after `timeout`.
    """
    return blocking(resumed(config, gate, seconds_or_none(timeout)), graph, client)


def run_until_done(
    graph: Any, input: Any, config: Mapping[str, Any], client: Signoff, gate: Gate | None = None
) -> Any:
    """Runs, asks and waits until the graph has ended; answers its values. See `run_until_parked` for starting again."""
    return blocking(until_done(input, config, gate), graph, client)


async def arun_until_parked(
    graph: Any, input: Any, config: Mapping[str, Any], client: AsyncSignoff, gate: Gate | None = None
) -> Done | Parked:
    """`run_until_parked` on the event loop."""
    return await awaiting(until_parked(input, config, gate), graph, client)


async def aresume(
    graph: Any,
    config: Mapping[str, Any],
    client: AsyncSignoff,
    gate: Gate | None = None,
    *,
    timeout: Duration | None = None,
) -> Done | Parked:
    """`resume` on the event loop."""
    return await awaiting(resumed(config, gate, seconds_or_none(timeout)), graph, client)


async def arun_until_done(
    graph: Any, input: Any, config: Mapping[str, Any], client: AsyncSignoff, gate: Gate | None = None
) -> Any:
    """`run_until_done` on the event loop."""
    return await awaiting(until_done(input, config, gate), graph, client)


__all__ = [
    "Done",
    "Parked",
    "aresume",
    "arun_until_done",
    "arun_until_parked",
    "ask",
    "asign_off",
    "resume",
    "run_until_done",
    "run_until_parked",
    "sign_off",
]

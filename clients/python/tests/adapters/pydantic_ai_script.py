"""What the tests of pydantic-ai's adapter share: a model that says what is written, a tool, who decides, and trouble."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx2
from conftest import World
from waits import pending
from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.tools import DeferredToolRequests

import signoff
from signoff import Gate, Rule, Signoff
from signoff.adapters.pydantic_ai import SignoffApprovals
from signoff.testing import FakeSignoff

ORDER = {"order": "1042", "amount": 49.9}
CALL = ToolCallPart("refund", ORDER, tool_call_id="call_1")
ASKED = Rule(approvers=["ana"], timeout="1h")
GATE = Gate({"refund": ASKED})
OPEN = Gate({"refund": Rule()})
NOTE = 'A person changed this call before it ran. Executed with: refund(amount=10, order="1042").'
NO = "Rejected by ana: no. Don't try this call again unless you are asked to."
LAPSED = "Nobody answered in time. The call was not executed."
Decide = Callable[[Signoff, Any], object]


class Script:
    """Answers by the number of answers that are in the conversation, so a restart changes nothing."""

    def __init__(self, *turns: Sequence[ToolCallPart] | str) -> None:
        self._turns = [[TextPart(it)] if isinstance(it, str) else list(it) for it in turns]
        #: The messages of each request.
        self.seen: list[list[ModelMessage]] = []

    @property
    def model(self) -> FunctionModel:
        return FunctionModel(self._answer)

    async def _answer(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        self.seen.append(list(messages))
        return ModelResponse(parts=self._turns[sum(isinstance(it, ModelResponse) for it in messages)])

    @property
    def results(self) -> list[ToolReturnPart]:
        """What the last request said of the calls that came before it."""
        messages = self.seen[-1]
        last = max(number for number, it in enumerate(messages) if isinstance(it, ModelResponse))
        requests = [it for it in messages[last:] if isinstance(it, ModelRequest)]
        return [part for it in requests for part in it.parts if isinstance(part, ToolReturnPart)]

    @property
    def told(self) -> dict[str, str]:
        """The same as texts, by the calls' ids."""
        assert len({it.tool_call_id for it in self.results}) == len(self.results)
        return {it.tool_call_id: it.model_response_str(wrap_if_error=False) for it in self.results}


def script(*calls: ToolCallPart) -> Script:
    """A turn with these calls, and one with the last word."""
    return Script(list(calls or [CALL]), "done")


class Refunds:
    """A tool, and what it was called with."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, float]] = []

    async def refund(self, order: str, amount: float) -> str:
        """Pays back."""
        self.ran.append((order, amount))
        return f"paid {amount}"


def agent_of(script: Script, *tools: Any, capabilities: Sequence[Any] = (), **settings: Any) -> Agent[Any, Any]:
    settings.setdefault("output_type", [str, DeferredToolRequests])
    return Agent(script.model, name="Support", tools=tools, capabilities=capabilities, **settings)


def run_with(
    fake: FakeSignoff, tool: Any, said: Script, gate: Gate = OPEN, capabilities: Any = (), **given: Any
) -> dict[str, str]:
    asks = SignoffApprovals(fake.async_client(), gate, run="r")
    agent = agent_of(said, tool, capabilities=[asks, *capabilities])
    assert asyncio.run(agent.run("go", **given)).output == "done"
    return said.told


def shown(fake: FakeSignoff) -> Any:
    return fake.requests[0]["context"]["arguments"]


async def deciding(world: World, run_id: str, running: Awaitable[Any], decide: Decide | None) -> Any:
    """What it answers, and what a person does meanwhile."""
    task = asyncio.ensure_future(running)
    with world.ana() as ana:
        try:
            if decide is not None:
                (asked,) = await asyncio.to_thread(pending, ana, run_id)
                await asyncio.to_thread(decide, ana, asked)
            return await asyncio.wait_for(task, 60)
        finally:
            task.cancel()


def approve(ana: Signoff, asked: Any) -> None:
    ana.approvals.approve(asked["id"])


def reject(ana: Signoff, asked: Any) -> None:
    ana.approvals.reject(asked["id"], "no")


def edit(**arguments: Any) -> Decide:
    return lambda ana, asked: ana.approvals.approve(asked["id"], modifications={"arguments": arguments})


def respond(ana: Signoff, asked: Any) -> None:
    ana.approvals.approve(asked["id"], modifications={"response": "Paid by hand."})


def by_agent(world: World) -> Decide:
    """The one who asked withdraws it."""

    def cancel(ana: Signoff, asked: Any) -> None:
        with world.agent() as agent:
            agent.approvals.cancel(asked["id"], "not needed")

    return cancel


def unasked(world: World, run_id: str) -> bool:
    with world.ana() as ana:
        return not list(ana.approvals.pending(run_id=run_id)) and not list(ana.approvals.history(run_id=run_id))


class Broken(httpx2.AsyncBaseTransport):
    """A server that answers one thing."""

    def __init__(self, answer: httpx2.Response | Exception) -> None:
        self._answer = answer

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def problem(status: int, code: str) -> httpx2.Response:
    body = {"status": status, "code": code, "detail": "because", "title": code}
    return httpx2.Response(status, json=body, headers={"content-type": "application/problem+json"})


BROKEN: list[tuple[httpx2.Response | Exception, type[Exception]]] = [
    (httpx2.ConnectError("refused"), signoff.ConnectionFailed),
    (httpx2.ReadTimeout("late"), signoff.ConnectionFailed),
    (problem(500, "internal"), signoff.ApiError),
    (problem(503, "unavailable"), signoff.Unavailable),
    (httpx2.Response(502, html="<h1>gateway</h1>"), signoff.ConnectionFailed),
    (httpx2.Response(201, text='{"id": "a", "sta'), signoff.ConnectionFailed),
    (httpx2.Response(201, json=["approved"]), signoff.ConnectionFailed),
    (httpx2.Response(201, json={"id": "a", "status": "approved", "resolution": "approved"}), signoff.NotApproved),
    (problem(401, "unauthenticated"), signoff.Unauthenticated),
    (problem(403, "forbidden"), signoff.Forbidden),
    (problem(422, "idempotency_mismatch"), signoff.IdempotencyMismatch),
]

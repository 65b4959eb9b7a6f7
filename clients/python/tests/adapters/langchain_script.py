"""What the tests of LangChain's adapters share: a model that says what is written, an agent, who decides, and trouble."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from conftest import World
from waits import pending
from langchain.agents import create_agent
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import BaseTool, tool
from langgraph.checkpoint.memory import InMemorySaver

import signoff
from signoff import Gate, Rule, Signoff
from signoff.adapters.langchain import SignoffMiddleware
from signoff.adapters.langgraph import aresume, arun_until_done, arun_until_parked, resume, run_until_done, run_until_parked
from signoff.testing import FakeSignoff

BEGIN: Any = {"messages": [("user", "Please refund it.")]}
ORDER = {"order": "1042", "amount": 49.9}

REJECTED = "Rejected by ana: too much. Don't try this call again unless you are asked to."
LAPSED = "Nobody answered in time. The call was not executed."
EDITED = 'A person changed this call before it ran. Executed with: refund(amount=10, order="1042").'


class Scripted(BaseChatModel):
    """Answers by the number of answers that it has given in this conversation, so a restart changes nothing."""

    script: list[AIMessage]
    #: The messages of each request.
    seen: list[list[BaseMessage]] = []

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self.seen.append(list(messages))
        answered = sum(isinstance(it, AIMessage) for it in messages)
        # A copy: the graph gives it an id.
        return ChatResult(generations=[ChatGeneration(message=self.script[answered].model_copy())])

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self

    @property
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def told(self) -> list[ToolMessage]:
        """What the tools' results were, in the last request."""
        return [it for it in self.seen[-1] if isinstance(it, ToolMessage)]


def calls(*made: tuple[str, Mapping[str, Any], str | None]) -> AIMessage:
    """One turn of the model."""
    return AIMessage("", tool_calls=[{"name": name, "args": dict(args), "id": call_id} for name, args, call_id in made])


def scripted(*turns: AIMessage) -> Scripted:
    return Scripted(script=[*(turns or [calls(("refund", ORDER, "call_1"))]), AIMessage("Done.")], seen=[])


class Agent:
    """An agent of LangChain's, invoked or awaited, in a thread of its own while a test decides."""

    def __init__(
        self,
        world: World,
        how: str,
        model: Scripted,
        tools: Sequence[Any],
        gate: Gate | None = None,
        *,
        thread: str | None,
        saver: Any = None,
        settings: Mapping[str, Any] | None = None,
        **middleware: Any,
    ) -> None:
        self.world = world
        self.how = how
        self.model = model
        self.config: Any = {"configurable": {"thread_id": thread}} if thread else {}
        self.saver = saver or (InMemorySaver() if thread else None)
        self._parts = (tools, gate or Gate({"refund": Rule(approvers=["ana"])}), middleware)
        self._settings = dict(settings or {})
        #: The rules for pauses of other middleware.
        self.asks: Gate | None = None

    def graph(self, client: Any) -> Any:
        tools, gate, middleware = self._parts
        asking = SignoffMiddleware(client, gate, **middleware)
        return create_agent(self.model, list(tools), middleware=[asking], checkpointer=self.saver, name="Support")

    def run(self, given: Any = BEGIN) -> Any:
        """Its values at the end; it waits for them."""
        return self._do(lambda graph, _: (graph.invoke, graph.ainvoke), given, self.config)

    def until_parked(self, given: Any = BEGIN) -> Any:
        return self._do(lambda graph, client: (run_until_parked, arun_until_parked), given, self.config, around=True)

    def until_done(self, given: Any = BEGIN) -> Any:
        return self._do(lambda graph, client: (run_until_done, arun_until_done), given, self.config, around=True)

    def resume(self, **more: Any) -> Any:
        return self._do(lambda graph, client: (resume, aresume), self.config, around=True, **more)

    def _do(self, which: Callable[[Any, Any], Any], *args: Any, around: bool = False, **more: Any) -> Any:
        def all_of(graph: Any, client: Any) -> tuple[Any, ...]:
            return (graph, *args, client, self.asks) if around else args

        if self.how == "sync":
            with self.world.agent(**self._settings) as client:
                graph = self.graph(client)
                return which(graph, client)[0](*all_of(graph, client), **more)

        async def awaited() -> Any:
            async with self.world.async_agent(**self._settings) as client:
                graph = self.graph(client)
                return await which(graph, client)[1](*all_of(graph, client), **more)

        return asyncio.run(awaited())


def decided(
    world: World, run_id: str, run: Callable[[], Any], *decisions: Callable[[Signoff, Any], Any], count: int = 1
) -> Any:
    """What `run` answers, while each decision is made about each that is pending, by its call's id."""
    with world.ana() as ana, ThreadPoolExecutor() as threads:
        running: Future[Any] = threads.submit(run)
        asked = sorted(pending(ana, run_id, count), key=lambda it: str(it["context"].get("call_id")))
        assert len(asked) == count
        for decide, one in zip(decisions, asked, strict=True):
            decide(ana, one)
        return running.result(timeout=60)


def approve(ana: Signoff, asked: Any) -> None:
    ana.approvals.approve(asked["id"])


def reject(ana: Signoff, asked: Any) -> None:
    ana.approvals.reject(asked["id"], "too much")


def edit(**arguments: Any) -> Callable[[Signoff, Any], None]:
    def decide(ana: Signoff, asked: Any) -> None:
        ana.approvals.approve(asked["id"], modifications={"arguments": arguments})

    return decide


def respond(ana: Signoff, asked: Any) -> None:
    ana.approvals.approve(asked["id"], modifications={"response": "done by hand"})


@pytest.fixture(params=["sync", "async"])
def how(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ran() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def refund(ran: list[dict[str, Any]]) -> BaseTool:
    @tool
    def refund(order: str, amount: float) -> str:
        """Gives money back."""
        ran.append({"order": order, "amount": amount})
        return f"refunded {order}"

    return refund


def told(model: Scripted) -> tuple[str, str]:
    (message,) = model.told
    assert (message.name, message.tool_call_id) == ("refund", "call_1")
    return message.status, str(message.content)


def of(fake: FakeSignoff) -> World:
    return World(fake.url, "agent", "ana", fake.url, fake)


class Broken(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """A server that answers, or doesn't, always the same way."""

    def __init__(self, answer: httpx2.Response | Exception) -> None:
        self._answer = answer

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if isinstance(self._answer, Exception):
            raise self._answer
        # A new one each time: a response is read once.
        given = self._answer
        return httpx2.Response(given.status_code, headers={"content-type": given.headers["content-type"]}, content=given.content)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return self.handle_request(request)


def problem(status: int, code: str) -> httpx2.Response:
    body = json.dumps({"status": status, "code": code, "detail": "because"}).encode()
    return httpx2.Response(status, content=body, headers={"content-type": "application/problem+json"})


BROKEN: list[tuple[httpx2.Response | Exception, type[Exception]]] = [
    (httpx2.ConnectError("refused"), signoff.ConnectionFailed),
    (httpx2.ReadTimeout("late"), signoff.ConnectionFailed),
    (problem(500, "internal"), signoff.ApiError),
    (problem(503, "unavailable"), signoff.Unavailable),
    (httpx2.Response(502, html="<h1>away</h1>"), signoff.ConnectionFailed),
    (httpx2.Response(200, content=b"{", headers={"content-type": "application/json"}), signoff.ConnectionFailed),
    (httpx2.Response(200, json={"status": "approved"}), signoff.ConnectionFailed),
    (problem(401, "unauthenticated"), signoff.Unauthenticated),
    (problem(403, "forbidden"), signoff.Forbidden),
    (problem(422, "idempotency_mismatch"), signoff.IdempotencyMismatch),
]

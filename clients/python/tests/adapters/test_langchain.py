"""LangChain's agents: what runs, what doesn't, and what exactly the model is told."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import httpx2
import pytest
from conftest import World
from instance import Instance, _free_port
from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware
from langchain.tools import InjectedState, ToolRuntime
from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool, InjectedToolCallId, StructuredTool, tool
from langchain_script import (
    BEGIN,
    BROKEN,
    EDITED,
    LAPSED,
    ORDER,
    REJECTED,
    Agent,
    Broken,
    Scripted,
    approve,
    calls,
    decided,
    edit,
    how,
    of,
    problem,
    ran,
    refund,
    reject,
    respond,
    scripted,
    told,
)
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import Command
from pydantic import BaseModel, field_validator
from waits import pending

import signoff
from signoff import Gate, Rule, Signoff
from signoff.adapters.langchain import SignoffMiddleware
from signoff.adapters.langgraph import run_until_done
from signoff.testing import FakeSignoff

__all__ = ["how", "ran", "refund"]

# --- each outcome ---


def test_approved(world: World, how: str, run_id: str, refund: BaseTool, ran: list[Any]) -> None:
    agent = Agent(world, how, scripted(), [refund], thread=run_id)

    def decide(ana: Signoff, asked: Any) -> None:
        assert ran == []
        context = {"tool": "refund", "arguments": ORDER, "call_id": "call_1", "agent": "Support"}
        assert asked["context"] == context and asked["run_id"] == run_id and asked["approval_type"] == "tool_call"
        approve(ana, asked)

    values = decided(world, run_id, agent.run, decide)
    assert ran == [ORDER] and told(agent.model) == ("success", "refunded 1042")
    assert values["messages"][-1].content == "Done."


def test_edited(world: World, how: str, run_id: str, refund: BaseTool, ran: list[Any]) -> None:
    agent = Agent(world, how, scripted(), [refund], thread=run_id)
    decided(world, run_id, agent.run, edit(amount=10))
    assert ran == [{"order": "1042", "amount": 10}] and told(agent.model) == ("success", f"{EDITED}\nrefunded 1042")


@pytest.mark.parametrize(
    ("edits", "why"),
    [
        ({"amount": "a lot"}, "amount: Input should be a valid number, unable to parse string as a number."),
        ({"currency": "EUR"}, "refund has no argument currency."),
    ],
)
def test_edits_that_the_tool_would_refuse_are_not_run(
    world: World, how: str, run_id: str, refund: BaseTool, ran: list[Any], edits: dict[str, Any], why: str
) -> None:
    agent = Agent(world, how, scripted(), [refund], thread=run_id)
    decided(world, run_id, agent.run, edit(**edits))
    text = f"The edits of ana could not be carried out: {why} The call was not executed."
    assert ran == [] and told(agent.model) == ("error", text)
    with world.agent() as client:
        events = [it["data"] for it in client.tasks.events(run_id) if it["event_type"] == "modification_refused"]
    assert [it["message"] for it in events] == [text]


def test_rejected(world: World, how: str, run_id: str, refund: BaseTool, ran: list[Any]) -> None:
    agent = Agent(world, how, scripted(), [refund], thread=run_id)
    decided(world, run_id, agent.run, reject)
    assert ran == [] and told(agent.model) == ("error", REJECTED)


def test_silence_is_no_denial(world: World, how: str, run_id: str, refund: BaseTool, ran: list[Any]) -> None:
    agent = Agent(world, how, scripted(), [refund], Gate({"refund": Rule(timeout="1s")}), thread=run_id)
    agent.run()
    assert ran == [] and told(agent.model) == ("error", LAPSED)


def test_withdrawn_ends_the_run(world: World, how: str, run_id: str, refund: BaseTool, ran: list[Any]) -> None:
    agent = Agent(world, how, scripted(), [refund], thread=run_id)

    def cancel(_: Signoff, asked: Any) -> None:
        with world.agent() as client:
            client.approvals.cancel(asked["id"], "not needed any more")

    with pytest.raises(signoff.Withdrawn):
        decided(world, run_id, agent.run, cancel)
    assert ran == [] and len(agent.model.seen) == 1


def test_answered_in_the_tools_place(world: World, how: str, run_id: str, refund: BaseTool, ran: list[Any]) -> None:
    gate = Gate({"refund": Rule(allow_response=True)})
    agent = Agent(world, how, scripted(), [refund], gate, thread=run_id)
    decided(world, run_id, agent.run, respond)
    assert ran == [] and told(agent.model) == ("success", "done by hand")


def test_an_answer_where_none_is_allowed(world: World, how: str, run_id: str, refund: BaseTool, ran: list[Any]) -> None:
    agent = Agent(world, how, scripted(), [refund], thread=run_id)
    decided(world, run_id, agent.run, respond)
    status, text = told(agent.model)
    assert ran == [] and status == "error" and "an answer in the tool's place is not allowed here" in text


def test_two_calls_of_one_turn_are_decided_apart(
    world: World, how: str, run_id: str, refund: BaseTool, ran: list[Any]
) -> None:
    other = {"order": "7", "amount": 5.0}
    model = scripted(calls(("refund", ORDER, "call_1"), ("refund", other, "call_2")))
    agent = Agent(world, how, model, [refund], thread=run_id)
    decided(world, run_id, agent.run, reject, approve, count=2)
    assert ran == [other]
    assert [(it.tool_call_id, it.status, it.content) for it in model.told] == [
        ("call_1", "error", REJECTED),
        ("call_2", "success", "refunded 7"),
    ]


def test_a_call_without_a_rule_asks_nobody(fake: FakeSignoff, how: str, refund: BaseTool, ran: list[Any]) -> None:
    agent = Agent(of(fake), how, scripted(), [refund], Gate({"delete_*": Rule()}), thread=None)
    agent.run()
    assert ran == [ORDER] and fake.requests == []


# --- names, ids and arguments ---


def test_the_run_is_the_thread_or_what_is_said(fake: FakeSignoff, how: str, refund: BaseTool, ran: list[Any]) -> None:
    fake.approves(by="ana")
    for thread, said in (("a thread/7", None), (None, "nightly"), ("8", "nightly-2")):
        Agent(of(fake), how, scripted(), [refund], thread=thread, run=said).run()
    assert [it["run_id"] for it in fake.requests] == [signoff.toolcall.run_name("a thread/7"), "nightly", "nightly-2"]
    ran.clear()
    with pytest.raises(signoff.SignoffError, match="thread_id"):
        Agent(of(fake), how, scripted(), [refund], thread=None).run()
    assert ran == [] and len(fake.requests) == 3


@pytest.mark.parametrize("call_id", [None, ""])
@pytest.mark.parametrize("mode", ["wait", "park"])
def test_a_call_without_an_id_does_not_run(
    fake: FakeSignoff, how: str, refund: BaseTool, ran: list[Any], call_id: str | None, mode: str
) -> None:
    fake.approves(by="ana")
    with pytest.raises(signoff.MissingCallId):
        Agent(of(fake), how, scripted(calls(("refund", ORDER, call_id))), [refund], thread="7", mode=mode).run()
    assert ran == [] and fake.requests == []


def test_two_calls_with_one_id_do_not_run(fake: FakeSignoff, how: str, refund: BaseTool, ran: list[Any]) -> None:
    fake.approves(by="ana")
    model = scripted(calls(("refund", ORDER, "call_1"), ("refund", ORDER, "call_1")))
    with pytest.raises(signoff.MissingCallId):
        Agent(of(fake), how, model, [refund], thread="7").run()
    assert ran == [] and fake.requests == []


def test_an_id_that_comes_again_in_a_later_turn_is_another_call(
    fake: FakeSignoff, how: str, refund: BaseTool, ran: list[Any]
) -> None:
    answers = iter([True, False])

    def once(asked: Mapping[str, Any]) -> None:
        said = {} if next(answers) else {"reason": "too much"}
        fake._decide(asked["id"], "ana", "reject" if said else "approve", said)

    fake._script = once
    model = scripted(calls(("refund", ORDER, "call_1")), calls(("refund", ORDER, "call_1")))
    Agent(of(fake), how, model, [refund], thread="7").run()
    assert ran == [ORDER] and [it["context"]["call_id"] for it in fake.requests] == ["call_1", "call_1"]
    assert [it.content for it in model.told] == ["refunded 1042", REJECTED]


def test_what_the_framework_puts_in_is_neither_shown_nor_lost(fake: FakeSignoff, how: str, ran: list[Any]) -> None:
    @tool
    def refund(
        order: str,
        amount: float,
        state: Annotated[dict[str, Any], InjectedState],
        call_id: Annotated[str, InjectedToolCallId],
        runtime: ToolRuntime,
    ) -> str:
        """Gives money back."""
        ran.append((order, amount, len(state["messages"]), call_id, runtime.tool_call_id))
        return "refunded"

    fake.edits(by="ana", amount=10)
    forged = {**ORDER, "state": {"messages": []}, "call_id": "forged"}
    agent = Agent(of(fake), how, scripted(calls(("refund", forged, "call_1"))), [refund], thread="7")
    agent.run()
    assert ran == [("1042", 10.0, 2, "call_1", "call_1")]
    assert fake.requests[0]["context"]["arguments"] == ORDER
    assert told(agent.model) == ("success", f"{EDITED}\nrefunded")
    fake.edits(by="ana", call_id="forged")
    agent = Agent(of(fake), how, scripted(), [refund], thread="8")
    agent.run()
    assert len(ran) == 1 and "refund has no argument call_id" in told(agent.model)[1]


def test_what_runs_is_what_was_shown(fake: FakeSignoff, refund: BaseTool, ran: list[Any]) -> None:
    asked: dict[str, Any] = {"lines": [{"order": "1042"}]}

    @tool("refund")
    def many(lines: list[dict[str, str]]) -> str:
        """Gives money back."""
        ran.append(lines)
        return "refunded"

    class Meddling(AgentMiddleware[Any, Any, Any]):
        def wrap_tool_call(self, request: Any, handler: Any) -> Any:
            self.request = request
            return handler(request)

    meddling = Meddling()

    def decide(it: Mapping[str, Any]) -> None:
        meddling.request.tool_call["args"]["lines"][0]["order"] = "666"
        fake._decide(it["id"], "ana", "approve", {})

    fake._script = decide
    with fake.client() as client:
        middleware = [meddling, SignoffMiddleware(client, Gate({"refund": Rule()}), run="r")]
        create_agent(scripted(calls(("refund", asked, "call_1"))), [many], middleware=middleware).invoke(BEGIN)
    assert ran == [[{"order": "1042"}]]


class Refund(BaseModel):
    order: str
    amount: float

    @field_validator("amount")
    @classmethod
    def positive(cls, amount: float) -> float:
        if amount <= 0:
            raise ValueError("amount must be positive")
        return amount


JSON_SCHEMA = {
    "type": "object",
    "properties": {"order": {"type": "string"}, "amount": {"type": "number", "exclusiveMinimum": 0}},
    "required": ["order", "amount"],
}


@pytest.mark.parametrize("schema", [Refund, JSON_SCHEMA], ids=["validators", "json schema"])
def test_the_tools_own_schema_has_the_last_word(fake: FakeSignoff, how: str, schema: Any, ran: list[Any]) -> None:
    def done(**given: Any) -> str:
        ran.append(given)
        return "refunded"

    refund = StructuredTool.from_function(done, name="refund", description="Gives money back.", args_schema=schema)
    for edits in ({"amount": -1}, {"amount": "x"}, {"other": 1}):
        fake.edits(by="ana", **edits)
        agent = Agent(of(fake), how, scripted(), [refund], thread=json.dumps(edits))
        agent.run()
        status, text = told(agent.model)
        assert status == "error" and text.startswith("The edits of ana could not be carried out: ")
    assert ran == []
    fake.edits(by="ana", amount=10)
    agent = Agent(of(fake), how, scripted(), [refund], thread="8")
    agent.run()
    assert ran == [{"order": "1042", "amount": 10}] and told(agent.model)[1] == f"{EDITED}\nrefunded"


@pytest.mark.parametrize("installed", [True, False])
def test_edits_that_can_not_be_checked_are_not_run(
    fake: FakeSignoff, ran: list[Any], monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    if not installed:
        monkeypatch.setitem(sys.modules, "jsonschema.validators", None)
    elsewhere = {**JSON_SCHEMA, "allOf": [{"$ref": "http://127.0.0.1:9/schema.json"}]}
    fake.edits(by="ana", amount=10)
    refund = StructuredTool.from_function(
        lambda **given: ran.append(given), name="refund", description="Gives money back.", args_schema=elsewhere
    )
    agent = Agent(of(fake), "sync", scripted(), [refund], thread="7")
    agent.run()
    why = "Unresolvable: http://127.0.0.1:9/schema.json" if installed else "can't be checked without the package jsonschema"
    assert ran == [] and why in told(agent.model)[1]


def test_the_note_is_told_whatever_the_tool_answers(fake: FakeSignoff, how: str) -> None:
    fake.edits(by="ana", amount=10)
    block = {"type": "text", "text": "refunded"}

    @tool
    def blocks(order: str, amount: float) -> list[Any]:
        """Answers blocks."""
        return [block]

    @tool
    def command(order: str, amount: float, runtime: ToolRuntime) -> Command[Any]:
        """Answers a command."""
        message = ToolMessage("refunded", tool_call_id=runtime.tool_call_id)
        return Command(update={"messages": [message]})

    @tool
    def empty(order: str, amount: float) -> str:
        """Answers nothing."""
        return ""

    expected: list[tuple[BaseTool, Callable[[str], Any]]] = [
        (blocks, lambda note: [{"type": "text", "text": note}, block]),
        (command, lambda note: f"{note}\nrefunded"),
        (empty, lambda note: note),
    ]
    for made, content in expected:
        model = scripted(calls((made.name, ORDER, "call_1")))
        Agent(of(fake), how, model, [made], Gate(default=Rule()), thread=made.name).run()
        assert model.told[0].content == content(EDITED.replace("refund", made.name))


def graph_of_tools(model: Scripted, asking: SignoffMiddleware, made: BaseTool) -> Any:
    """A graph of one's own: its node runs all calls of a turn."""
    graph = StateGraph(MessagesState)
    graph.add_node("model", lambda state: {"messages": [model.invoke(state["messages"])]})
    graph.add_node("tools", ToolNode([made], wrap_tool_call=asking.wrap_tool_call))
    graph.add_edge(START, "model")
    graph.add_conditional_edges("model", lambda state: "tools" if state["messages"][-1].tool_calls else END)
    graph.add_edge("tools", "model")
    return graph.compile(checkpointer=InMemorySaver())


def test_a_tool_node_of_ones_own(client: Signoff, fake: FakeSignoff, refund: BaseTool, ran: list[Any]) -> None:
    fake.edits(by="ana", amount=10)
    model = scripted()
    for mode in ("wait", "park"):
        graph = graph_of_tools(model, SignoffMiddleware(client, Gate(default=Rule()), mode=mode), refund)
        run_until_done(graph, BEGIN, {"configurable": {"thread_id": mode}}, client)
        assert told(model) == ("success", f"{EDITED}\nrefunded 1042")
    assert len(ran) == 2


def test_a_node_that_would_run_a_tool_again_for_each_answer_is_refused(
    client: Signoff, fake: FakeSignoff, refund: BaseTool, ran: list[Any]
) -> None:
    fake.approves(by="ana")
    two = calls(("refund", ORDER, "call_1"), ("refund", ORDER, "call_2"))
    graph = graph_of_tools(scripted(two), SignoffMiddleware(client, Gate(default=Rule()), mode="park"), refund)
    with pytest.raises(signoff.SignoffError, match="create_agent"):
        run_until_done(graph, BEGIN, {"configurable": {"thread_id": "7"}}, client)
    assert ran == [] and fake.requests == []


# --- when something else goes wrong ---


@pytest.mark.parametrize(("trouble", "error"), BROKEN, ids=repr)
def test_trouble_runs_nothing(
    how: str, refund: BaseTool, ran: list[Any], trouble: httpx2.Response | Exception, error: type[Exception]
) -> None:
    world = World("http://signoff.test", "agent", "ana", "", Broken(trouble))  # type: ignore[arg-type]
    with pytest.raises(error):
        Agent(world, how, scripted(), [refund], thread="7", settings={"patience": 0}).run()
    assert ran == []


class Revoking(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Takes the question, and then knows the key no more."""

    def __init__(self, fake: FakeSignoff) -> None:
        self._fake = fake

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return self._fake.handle_request(request) if request.method == "POST" else problem(401, "unauthenticated")

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST":
            return await self._fake.handle_async_request(request)
        return problem(401, "unauthenticated")


def test_a_key_that_is_withdrawn_meanwhile_runs_nothing(fake: FakeSignoff, how: str, refund: BaseTool, ran: list[Any]) -> None:
    world = World(fake.url, "agent", "ana", "", Revoking(fake))  # type: ignore[arg-type]
    with pytest.raises(signoff.Unauthenticated):
        Agent(world, how, scripted(), [refund], thread="7").run()
    assert ran == [] and len(fake.requests) == 1


def test_a_server_that_is_away_and_a_key_that_is_withdrawn_run_nothing(
    real: World, how: str, run_id: str, refund: BaseTool, ran: list[Any]
) -> None:
    away = replace(real, url=f"http://127.0.0.1:{_free_port()}")
    with pytest.raises(signoff.ConnectionFailed):
        Agent(away, how, scripted(), [refund], thread=run_id, settings={"patience": 0}).run()
    stranger = replace(real, agent_key="so_nobody_knows")
    with pytest.raises(signoff.Unauthenticated):
        Agent(stranger, how, scripted(), [refund], thread=run_id).run()
    assert ran == []


def test_a_condition_that_fails_runs_nothing(fake: FakeSignoff, how: str, refund: BaseTool, ran: list[Any]) -> None:
    fake.approves(by="ana")
    for when in (lambda it: it["nothing"], lambda it: it["amount"]):
        with pytest.raises((KeyError, TypeError)):
            Agent(of(fake), how, scripted(), [refund], Gate(default=Rule(when=when)), thread="7").run()
    assert ran == [] and fake.requests == []


def test_a_fault_of_our_own_runs_nothing(
    fake: FakeSignoff, how: str, refund: BaseTool, ran: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.approves(by="ana")
    for name in ("_turn", "_injected"):
        with monkeypatch.context() as patched:
            patched.setattr(f"signoff.adapters.langchain.{name}", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                Agent(of(fake), how, scripted(), [refund], thread="7").run()
    assert ran == [] and fake.requests == []


def test_the_other_kind_of_client_is_refused(fake: FakeSignoff, refund: BaseTool, ran: list[Any]) -> None:
    fake.approves(by="ana")
    gate = Gate(default=Rule())
    blocking = create_agent(scripted(), [refund], middleware=[SignoffMiddleware(fake.client(), gate, run="r")])
    with pytest.raises(TypeError, match="AsyncSignoff"):
        asyncio.run(blocking.ainvoke(BEGIN))
    awaiting = create_agent(scripted(), [refund], middleware=[SignoffMiddleware(fake.async_client(), gate, run="r")])
    with pytest.raises(TypeError, match="Signoff"):
        awaiting.invoke(BEGIN)
    with pytest.raises(ValueError, match="park"):
        SignoffMiddleware(fake.client(), gate, mode="parked")  # type: ignore[arg-type]
    assert ran == [] and fake.requests == []


# --- processes and instances that are killed ---


def test_a_wait_outlives_the_instance_that_held_it(
    real: World, how: str, instance: Instance, run_id: str, refund: BaseTool, ran: list[Any]
) -> None:
    agent = Agent(replace(real, url=instance.url), how, scripted(), [refund], thread=run_id)

    def decide(ana: Signoff, asked: Any) -> None:
        instance.kill()
        approve(ana, asked)
        assert ran == []
        instance.start()

    decided(real, run_id, agent.run, decide)
    assert ran == [ORDER] and told(agent.model) == ("success", "refunded 1042")
    with real.ana() as ana:
        assert len(list(ana.approvals.history(run_id=run_id))) == 1


CHILD = """
import sys
from pathlib import Path
from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_script import BEGIN, scripted
from langgraph.checkpoint.sqlite import SqliteSaver
from signoff import Gate, Rule, Signoff
from signoff.adapters.langchain import SignoffMiddleware

ran, kept, thread, given = sys.argv[1:]

@tool
def refund(order: str, amount: float) -> str:
    "Gives money back."
    with Path(ran).open("a") as file:
        file.write(order)
    return f"refunded {order}"

with SqliteSaver.from_conn_string(kept) as saver:
    asking = SignoffMiddleware(Signoff(), Gate({"refund": Rule(approvers=["ana"])}))
    agent = create_agent(scripted(), [refund], middleware=[asking], checkpointer=saver)
    config = {"configurable": {"thread_id": thread}}
    values = agent.invoke(BEGIN if given == "begin" else None, config, durability="sync")
    print([it.content for it in values["messages"][-2:]])
"""


def test_a_process_that_is_killed_and_started_again_asks_once_and_runs_once(
    real: World, run_id: str, tmp_path: Path
) -> None:
    ran, kept = tmp_path / "ran", tmp_path / "kept"
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "SIGNOFF_URL": real.url, "SIGNOFF_API_KEY": real.agent_key, "PYTHONPATH": path}

    def start(given: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", CHILD, str(ran), str(kept), run_id, given]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    with real.ana() as ana:
        first = start("begin")
        (asked,) = pending(ana, run_id)
        first.send_signal(signal.SIGKILL)
        first.communicate()
        assert not ran.exists()
        second = start("go on")
        ana.approvals.approve(asked["id"])
        printed, _ = second.communicate(timeout=60)
        assert (second.returncode, printed.strip()) == (0, "['refunded 1042', 'Done.']")
        assert ran.read_text() == "1042"
        assert [it["id"] for it in ana.approvals.history(run_id=run_id)] == [asked["id"]]
        assert list(ana.approvals.pending(run_id=run_id)) == []


def test_a_missing_framework_says_what_to_install() -> None:
    code = "import sys; sys.modules['langchain'] = None\nimport signoff.adapters.langchain"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1 and "pip install 'signoff[langchain]'" in done.stderr
    code = "import sys; sys.modules['langgraph'] = None\nimport signoff.adapters.langgraph"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1 and "pip install 'signoff[langchain]'" in done.stderr

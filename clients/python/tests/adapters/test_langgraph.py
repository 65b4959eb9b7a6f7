"""Graphs that pause: who goes on with them, what a resume value is worth, and LangChain's own pauses."""

from __future__ import annotations

import asyncio
import json
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict

import pytest
from conftest import World
from instance import Instance
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.tools import BaseTool, tool
from langchain_script import (
    BEGIN,
    BROKEN,
    EDITED,
    LAPSED,
    ORDER,
    REJECTED,
    Agent,
    Broken,
    approve,
    calls,
    decided,
    edit,
    how,
    of,
    ran,
    refund,
    reject,
    respond,
    scripted,
    told,
)
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt
from waits import pending

import signoff
from signoff import Gate, Outcome, Rule, Signoff
from signoff.adapters import langgraph
from signoff.adapters.langchain import SignoffMiddleware
from signoff.adapters._pauses import Pause, answer, understood
from signoff.adapters.langgraph import Done, Parked, ask, asign_off, run_until_done, run_until_parked, sign_off
from signoff.testing import FakeSignoff

__all__ = ["how", "ran", "refund"]
REFUSED = (
    "The edits of ana could not be carried out: amount: Input should be a valid number, unable to parse string as a number. "
    "The call was not executed."
)


@pytest.fixture
def parked(run_id: str, how: str, refund: BaseTool) -> Callable[..., Agent]:
    def make(world: World, *turns: Any, **more: Any) -> Agent:
        return Agent(world, how, scripted(*turns), [refund], thread=run_id, mode="park", **more)

    return make


def cancel(world: World) -> Callable[[Signoff, Any], None]:
    def decide(_: Signoff, asked: Any) -> None:
        with world.agent() as client:
            client.approvals.cancel(asked["id"], "not needed any more")

    return decide


# --- the middleware, parked ---


def test_what_is_parked_goes_on_in_another_process(
    world: World, run_id: str, parked: Callable[..., Agent], ran: list[Any]
) -> None:
    first = parked(world)
    stands = first.until_parked()
    assert isinstance(stands, Parked) and ran == []
    (approval,) = stands.approvals
    assert (approval["status"], approval["run_id"], approval["context"]) == (
        "pending",
        run_id,
        {"tool": "refund", "arguments": ORDER, "call_id": "call_1", "agent": "Support"},
    )
    with world.ana() as ana:
        ana.approvals.approve(approval["id"])
        second = parked(world, saver=first.saver)
        done = second.resume()
        assert isinstance(done, Done) and done.values["messages"][-1].content == "Done."
        assert ran == [ORDER] and told(second.model) == ("success", "refunded 1042")
        assert [it["id"] for it in ana.approvals.history(run_id=run_id)] == [approval["id"]]
    assert second.resume() == done and second.until_parked(None) == done and ran == [ORDER]


@pytest.mark.parametrize(
    ("decide", "ends"),
    [
        (approve, ("success", "refunded 1042")),
        (edit(amount=10), ("success", f"{EDITED}\nrefunded 1042")),
        (edit(amount="a lot"), ("error", REFUSED)),
        (reject, ("error", REJECTED)),
        (respond, ("success", "done by hand")),
        (None, ("error", "The request was withdrawn.")),
    ],
    ids=["approved", "edited", "edits refused", "rejected", "answered", "cancelled"],
)
def test_each_outcome_of_a_parked_call(
    world: World, run_id: str, parked: Callable[..., Agent], ran: list[Any], decide: Any, ends: tuple[str, str]
) -> None:
    agent = parked(world, gate=Gate({"refund": Rule(allow_response=decide is respond)}))
    decided(world, run_id, agent.until_done, decide or cancel(world))
    assert told(agent.model) == ends and len(ran) == ends[1].endswith("refunded 1042")


def test_silence_about_a_parked_call(world: World, parked: Callable[..., Agent], ran: list[Any]) -> None:
    agent = parked(world, gate=Gate({"refund": Rule(timeout="1s")}))
    agent.until_done()
    assert ran == [] and told(agent.model) == ("error", LAPSED)


def test_two_parked_calls_are_decided_apart(
    world: World, run_id: str, parked: Callable[..., Agent], ran: list[Any]
) -> None:
    other = {"order": "7", "amount": 5.0}
    agent = parked(world, calls(("refund", ORDER, "call_1"), ("refund", other, "call_2")))
    stands = agent.until_parked()
    by_call = {it["context"]["call_id"]: it["id"] for it in stands.approvals}
    assert len(by_call) == 2
    with world.ana() as ana:
        ana.approvals.approve(by_call["call_2"])
        stands = agent.resume()
        assert isinstance(stands, Parked) and [it["id"] for it in stands.approvals] == [by_call["call_1"]]
        assert ran == [other]
        with pytest.raises(signoff.StillPending):
            agent.resume(timeout=0.1)
        ana.approvals.reject(by_call["call_1"], "too much")
        assert isinstance(agent.resume(), Done)
        assert ran == [other] and len(list(ana.approvals.history(run_id=run_id))) == 2
    assert [(it.tool_call_id, it.status, it.content) for it in agent.model.told] == [
        ("call_1", "error", REJECTED),
        ("call_2", "success", "refunded 7"),
    ]


@pytest.mark.parametrize("claim", ["approve", True, {"approved": True, "status": "resolved", "resolution": "approved"}])
def test_who_resumes_a_graph_does_not_thereby_approve(
    world: World, run_id: str, parked: Callable[..., Agent], ran: list[Any], claim: Any
) -> None:
    agent = parked(world)
    agent.run()
    agent.run(Command(resume=claim))
    agent.run(Command(resume=claim))
    assert ran == []
    decided(world, run_id, agent.until_done, reject)
    assert ran == [] and told(agent.model) == ("error", REJECTED)


def test_another_calls_approval_is_of_no_use(world: World, run_id: str, parked: Callable[..., Agent], ran: list[Any]) -> None:
    agent = parked(world)
    agent.run()
    context = {"tool": "refund", "arguments": ORDER, "call_id": "call_1", "agent": "Support"}
    with world.agent() as client, world.ana() as ana:
        other = client.approvals.create(run_id=run_id, approval_type="tool_call", context=context)
        ana.approvals.approve(other["id"])
    agent.run(Command(resume={"approval_id": other["id"], "approved": True}))
    assert ran == []


@pytest.mark.parametrize(("trouble", "error"), BROKEN, ids=repr)
def test_trouble_runs_nothing_that_is_parked(
    fake: FakeSignoff, parked: Callable[..., Agent], ran: list[Any], trouble: Any, error: type[Exception]
) -> None:
    first = parked(of(fake))
    first.until_parked()
    settings = {"patience": 0, "max_retries": 0}
    broken = World("http://signoff.test", "agent", "ana", "", Broken(trouble))  # type: ignore[arg-type]
    again = parked(broken, saver=first.saver, settings=settings)
    with pytest.raises(error):
        again.resume()
    with pytest.raises(error):
        again.run(Command(resume={"approved": True}))
    assert ran == []
    # It goes on once the trouble is over.
    fake.approve_all(by="ana")
    assert isinstance(parked(of(fake), saver=first.saver).resume(), Done) and ran == [ORDER]


def test_a_fault_of_our_own_runs_nothing_that_is_parked(
    fake: FakeSignoff, parked: Callable[..., Agent], ran: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = parked(of(fake))
    agent.until_parked()
    fake.approve_all(by="ana")
    with monkeypatch.context() as patched:
        patched.setattr("signoff.adapters.langchain._turn", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            agent.resume()
        assert ran == []
    assert isinstance(agent.resume(), Done) and ran == [ORDER]


def test_a_rule_that_changes_meanwhile_runs_nothing(fake: FakeSignoff, parked: Callable[..., Agent], ran: list[Any]) -> None:
    first = parked(of(fake))
    first.until_parked()
    fake.approve_all(by="ana")
    other = parked(of(fake), saver=first.saver, gate=Gate({"refund": Rule(approvers=["bo"])}))
    with pytest.raises(signoff.IdempotencyMismatch):
        other.resume()
    assert ran == []


def test_an_agent_within_an_agent(client: Signoff, fake: FakeSignoff, refund: BaseTool, ran: list[Any]) -> None:
    asking = SignoffMiddleware(client, Gate({"refund": Rule()}), mode="park")
    inner = create_agent(scripted(), [refund], middleware=[asking], name="Support")

    @tool
    def delegate(task: str) -> str:
        """Hands a task on."""
        given: Any = {"messages": [("user", task)]}
        return str(inner.invoke(given)["messages"][-1].content)

    model = scripted(calls(("delegate", {"task": "Refund it."}, "call_9")))
    config: Any = {"configurable": {"thread_id": "7"}}
    outer = create_agent(model, [delegate], checkpointer=InMemorySaver())
    assert isinstance(run_until_parked(outer, BEGIN, config, client), Parked) and ran == []
    fake.approve_all()
    assert isinstance(langgraph.resume(outer, config, client), Done)
    assert ran == [ORDER] and len(fake.requests) == 1


# --- a graph of one's own ---


class State(TypedDict, total=False):
    build: int
    said: Any
    shipped: bool


def shipping(client: Any, saver: Any, believes: bool) -> Any:
    """A graph that asks before it ships. `believes`: whether it takes the word of whoever resumes it."""

    def consider(state: State) -> Any:
        question = ask("Ship build {build}?", {"build": state["build"]}, approvers=["ana"], timeout="1h")
        if believes:
            said = interrupt(question)
            return {"said": said, "shipped": said["approved"]}
        return {"shipped": sign_off(client, question).approved}

    graph = StateGraph(State)
    graph.add_node("consider", consider)
    graph.add_edge(START, "consider")
    graph.add_edge("consider", END)
    return graph.compile(checkpointer=saver)


@pytest.fixture
def config(run_id: str) -> dict[str, Any]:
    return {"configurable": {"thread_id": run_id}}


@pytest.mark.parametrize("decide", [approve, reject, edit(build=813)], ids=["approved", "rejected", "edited"])
def test_a_node_that_asks(world: World, run_id: str, config: Any, decide: Any) -> None:
    with world.agent() as client:
        graph = shipping(client, InMemorySaver(), believes=True)

        def look(ana: Signoff, asked: Any) -> None:
            assert (asked["title"], asked["approval_type"]) == ("Ship build 812?", "step_approval")
            assert (asked["context"], asked["policy"]["allowed_approvers"]) == ({"build": 812}, ["ana"])
            decide(ana, asked)

        values = decided(world, run_id, lambda: run_until_done(graph, {"build": 812}, config, client), look)
    said = values["said"]
    assert set(said) == {"approval_id", "approved", "status", "resolution", "feedback", "decided_by", "modifications"}
    assert (said["status"], said["decided_by"], values["shipped"]) == ("resolved", "ana", decide is not reject)
    assert said["feedback"] == ("too much" if decide is reject else None)
    assert said["modifications"] == (None if decide in (approve, reject) else {"arguments": {"build": 813}})


def test_a_node_that_does_not_believe_who_resumes_it(world: World, run_id: str, config: Any) -> None:
    with world.agent() as client:
        graph = shipping(client, InMemorySaver(), believes=False)
        assert isinstance(run_until_parked(graph, {"build": 812}, config, client), Parked)
        graph.invoke(Command(resume={"approved": True}), config)
        assert "shipped" not in graph.get_state(config).values
        assert decided(world, run_id, lambda: run_until_done(graph, None, config, client), approve)["shipped"]
        with world.ana() as ana:
            assert len(list(ana.approvals.history(run_id=run_id))) == 1


def test_a_node_that_awaits(fake: FakeSignoff, config: Any) -> None:
    async def ship() -> Any:
        async with fake.async_client() as client:

            async def consider(state: State) -> Any:
                return {"shipped": (await asign_off(client, ask("Ship?", {"build": state["build"]}))).approved}

            graph = StateGraph(State)
            graph.add_node("consider", consider)
            graph.add_edge(START, "consider")
            made = graph.compile(checkpointer=InMemorySaver())
            fake.approves()
            return await langgraph.arun_until_done(made, {"build": 812}, config, client)

    assert asyncio.run(ship())["shipped"] and len(fake.requests) == 1


def test_input_begins_a_turn_and_is_not_looked_at_in_the_middle_of_one(client: Signoff, fake: FakeSignoff, config: Any) -> None:
    graph = shipping(client, InMemorySaver(), believes=True)
    assert isinstance(run_until_parked(graph, {"build": 812}, config, client), Parked)
    assert isinstance(run_until_parked(graph, {"build": 999}, config, client), Parked)
    assert [it["context"] for it in fake.requests] == [{"build": 812}]
    fake.approve_all(by="ana")
    assert run_until_done(graph, {"build": 999}, config, client)["build"] == 812
    assert run_until_done(graph, None, config, client)["build"] == 812
    assert isinstance(run_until_parked(graph, {"build": 813}, config, client), Parked)
    assert [it["context"] for it in fake.requests] == [{"build": 812}, {"build": 813}]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_an_answer_never_reaches_the_next_question(
    client: Signoff, fake: FakeSignoff, config: Any, failure: type[BaseException]
) -> None:
    fails = True

    def consider(state: State) -> Any:
        shipped = interrupt(ask("Ship?", {}))["approved"]
        if fails:
            raise failure
        return {"shipped": shipped, "said": interrupt(ask("Delete the old one?", {}))}

    graph = StateGraph(State)
    graph.add_node("consider", consider)
    graph.add_edge(START, "consider")
    made = graph.compile(checkpointer=InMemorySaver())
    run_until_parked(made, {"build": 812}, config, client)
    fake.approve_all()
    with pytest.raises(failure):
        langgraph.resume(made, config, client)
    with pytest.raises(failure):
        langgraph.resume(made, config, client)
    fails = False

    def look(ana: Signoff, asked: Any) -> None:
        assert asked["title"] == "Delete the old one?"
        reject(ana, asked)

    values = decided(of(fake), config["configurable"]["thread_id"], lambda: run_until_done(made, None, config, client), look)
    assert (values["shipped"], values["said"]["approved"]) == (True, False)


def test_an_older_checkpoint_is_no_thread_to_go_on_with(client: Signoff, fake: FakeSignoff, config: Any) -> None:
    graph = shipping(client, InMemorySaver(), believes=True)
    run_until_parked(graph, {"build": 812}, config, client)
    older = graph.get_state(config).config
    with pytest.raises(ValueError, match="checkpoint_id"):
        langgraph.resume(graph, older, client)


def test_a_graph_that_asks_again_what_was_answered_is_not_asked_in_a_circle(
    client: Signoff, fake: FakeSignoff, config: Any, refund: BaseTool, ran: list[Any]
) -> None:
    asking = SignoffMiddleware(fake.client("another"), Gate(default=Rule()), mode="park")
    agent = create_agent(scripted(), [refund], middleware=[asking], checkpointer=InMemorySaver())
    stands = run_until_parked(agent, BEGIN, config, client)
    assert isinstance(stands, Parked)
    with fake.client("ana") as ana:
        ana.approvals.approve(stands.approvals[0]["id"])
    with pytest.raises(signoff.SignoffError, match="same agent"):
        run_until_done(agent, None, config, client)
    assert ran == []


def test_what_is_no_question_is_left_to_others(client: Signoff, fake: FakeSignoff, config: Any) -> None:
    graph = StateGraph(State)
    graph.add_node("consider", lambda state: {"said": interrupt("How are you?")})
    graph.add_edge(START, "consider")
    made = graph.compile(checkpointer=InMemorySaver())
    with pytest.raises(signoff.SignoffError, match="no question"):
        run_until_done(made, {"build": 812}, config, client)
    assert fake.requests == []
    with pytest.raises(signoff.SignoffError, match="thread_id"):
        graph = StateGraph(State)
        graph.add_node("consider", lambda state: {"said": ask("Ship?", {})})
        graph.add_edge(START, "consider")
        graph.compile().invoke({"build": 1})


# --- LangChain's own pauses ---


@pytest.mark.parametrize("interrupt_mode", ["batched", "per_call"])
def test_langchains_own_pauses(
    world: World, how: str, run_id: str, refund: BaseTool, ran: list[Any], interrupt_mode: Any
) -> None:
    orders = [{"order": str(n), "amount": 5.0} for n in range(4)]
    model = scripted(calls(*(("refund", it, f"call_{n}") for n, it in enumerate(orders))))

    class Reviewed(Agent):
        def graph(self, client: Any) -> Any:
            review = HumanInTheLoopMiddleware({"refund": True}, interrupt_mode=interrupt_mode)
            return create_agent(model, [refund], middleware=[review], checkpointer=self.saver)

    agent = Reviewed(world, how, model, [], thread=run_id)
    agent.asks = Gate({"refund": Rule(approvers=["ana"], title="Refund {order}", allow_response=True)})

    decisions = {"0": approve, "1": edit(amount=1.0), "2": reject, "3": respond}
    with world.ana() as ana, ThreadPoolExecutor() as threads:
        running = threads.submit(agent.until_done)
        for asked in pending(ana, run_id, 4):
            assert asked["policy"]["allowed_approvers"] == ["ana"]
            decisions[asked["context"]["arguments"]["order"]](ana, asked)
        running.result(timeout=60)
        assert len(list(ana.approvals.history(run_id=run_id))) == 4
    assert sorted(ran, key=lambda it: it["order"]) == [orders[0], {"order": "1", "amount": 1.0}]
    said = {it.tool_call_id: str(it.content) for it in model.told}
    assert said["call_0"] == "refunded 0" and said["call_3"] == "done by hand"
    assert said["call_2"] == f"User rejected the tool call for `refund` with reason: {REJECTED}"
    assert said["call_1"].endswith("Tool response:\nrefunded 1")


@pytest.mark.parametrize("interrupt_mode", ["batched", "per_call"])
def test_a_pause_that_takes_no_edits(
    fake: FakeSignoff, run_id: str, config: Any, refund: BaseTool, ran: list[Any], interrupt_mode: Any
) -> None:
    fake.edits(by="ana", amount=1.0)
    model = scripted()
    allowed: Any = {"refund": {"allowed_decisions": ["approve", "reject"]}}
    review = HumanInTheLoopMiddleware(allowed, interrupt_mode=interrupt_mode)
    agent = create_agent(model, [refund], middleware=[review], checkpointer=InMemorySaver())
    with fake.client() as client:
        run_until_done(agent, BEGIN, config, client)
    text = "The edits of ana could not be carried out: edits are not allowed here. The call was not executed."
    assert ran == [] and told(model)[1] == f"User rejected the tool call for `refund` with reason: {text}"
    assert [(it["event_type"], it["data"]["message"]) for _, it in fake.events] == [("modification_refused", text)]


def test_a_condition_does_not_lift_a_pause() -> None:
    value = {"type": "tool_approval", "tool_call_id": "call_1", "name": "refund", "args": ORDER}
    rule = Rule(approvers=["ana"], when=lambda it: False)
    for gate in (Gate({"refund": rule}), Gate(default=rule)):
        asked = understood(Pause("1", value), "7", gate)
        assert asked is not None and asked.questions[0].create["policy"] == {"allowed_approvers": ["ana"]}


def test_a_pause_that_takes_no_rejection_stays_as_it_is(fake: FakeSignoff, config: Any, refund: BaseTool, ran: list[Any]) -> None:
    fake.rejects("too much", by="ana")
    allowed: Any = {"refund": {"allowed_decisions": ["approve"]}}
    review = HumanInTheLoopMiddleware(allowed, interrupt_mode="per_call")
    agent = create_agent(scripted(), [refund], middleware=[review], checkpointer=InMemorySaver())
    with fake.client() as client, pytest.raises(signoff.SignoffError, match="takes no reject"):
        run_until_done(agent, BEGIN, config, client)
    assert ran == [] and len(agent.get_state(config).interrupts) == 1


def test_agent_inbox(world: World, run_id: str, config: Any) -> None:
    asked = [
        {
            "action_request": {"action": "refund", "args": {"order": order}},
            "config": {"allow_accept": True, "allow_edit": True, "allow_respond": False, "allow_ignore": True},
            "description": "A customer asks for it.",
        }
        for order in ("1", "2")
    ]
    graph = StateGraph(State)
    graph.add_node("consider", lambda state: {"said": interrupt(asked)})
    graph.add_edge(START, "consider")
    made = graph.compile(checkpointer=InMemorySaver())
    with world.agent() as client, world.ana() as ana, ThreadPoolExecutor() as threads:
        running = threads.submit(run_until_done, made, {"build": 1}, config, client)
        for it in pending(ana, run_id, 2):
            assert it["description"] == "A customer asks for it."
            (edit(order="7") if it["context"]["arguments"]["order"] == "2" else reject)(ana, it)
        assert running.result(timeout=60)["said"] == [
            {"type": "ignore", "args": None},
            {"type": "edit", "args": {"action": "refund", "args": {"order": "7"}}},
        ]


CASES = sorted((Path(__file__).parent / "../../../transcripts/langchain").glob("*.json"))


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_a_pause_goes_as_it_is_written_there(file: Path) -> None:
    case: dict[str, Any] = json.loads(file.read_text("utf-8"))
    rules = {name: Rule(**rule) for name, rule in case["rules"].items()}
    asked = understood(Pause(**case["pause"]), case["run"], Gate(rules))
    assert asked is not None
    assert [it.create for it in asked.questions] == case["create"]
    outcomes = [Outcome(it) for it in case["outcome"]]
    if "error" in case:
        with pytest.raises(signoff.SignoffError) as raised:
            answer(asked, outcomes)
        assert type(raised.value).__name__ == case["error"]
    else:
        assert answer(asked, outcomes)[0] == case["resume"]


def test_there_are_transcripts_of_all_forms() -> None:
    for form in ("own", "batched", "per-call", "agent-inbox"):
        assert len([it for it in CASES if it.stem.startswith(form)]) >= 5


# --- the example ---


def test_the_example_runs(real: World, run_id: str, tmp_path: Path) -> None:
    file = Path(__file__).parents[4] / "examples/langgraph/refund.py"
    assert len(file.read_text("utf-8").splitlines()) < 40
    example = runpy.run_path(str(file))
    with real.agent() as client:
        model = scripted()
        agent = example["build"](model, client, str(tmp_path / "kept"))
        config = {"configurable": {"thread_id": run_id}}

        def look(ana: Signoff, asked: Any) -> None:
            assert asked["title"] == "Refund 1042: 49.9"
            approve(ana, asked)

        values = decided(real, run_id, lambda: run_until_done(agent, BEGIN, config, client), look)
        agent.checkpointer.conn.close()
    assert values["messages"][-1].text == "Done." and told(model) == ("success", "Order 1042: 49.90 given back.")


# --- processes and instances that are killed ---


def test_a_parked_thread_outlives_the_instance_that_was_asked(
    real: World, instance: Instance, run_id: str, parked: Callable[..., Agent], ran: list[Any]
) -> None:
    agent = parked(replace(real, url=instance.url))

    def decide(ana: Signoff, asked: Any) -> None:
        instance.kill()
        approve(ana, asked)
        assert ran == []
        instance.start()

    decided(real, run_id, agent.until_done, decide)
    assert ran == [ORDER] and told(agent.model) == ("success", "refunded 1042")


CHILD = """
import os, signal, sys
from pathlib import Path
from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_script import BEGIN, scripted
from langgraph.checkpoint.sqlite import SqliteSaver
from signoff import Gate, Rule, Signoff
from signoff.adapters.langchain import SignoffMiddleware
from signoff.adapters.langgraph import run_until_done

ran, kept, thread, falls = sys.argv[1:]

@tool
def refund(order: str, amount: float) -> str:
    "Gives money back."
    with Path(ran).open("a") as file:
        file.write(order)
    if falls == "falls":
        os.kill(os.getpid(), signal.SIGKILL)
    return f"refunded {order}"

with SqliteSaver.from_conn_string(kept) as saver, Signoff() as client:
    asking = SignoffMiddleware(client, Gate({"refund": Rule(approvers=["ana"])}), mode="park")
    agent = create_agent(scripted(), [refund], middleware=[asking], checkpointer=saver)
    values = run_until_done(agent, BEGIN, {"configurable": {"thread_id": thread}}, client)
    print([it.content for it in values["messages"]])
"""


@pytest.fixture
def start(real: World, run_id: str, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "SIGNOFF_URL": real.url, "SIGNOFF_API_KEY": real.agent_key, "PYTHONPATH": path}

    def run(falls: str = "stands") -> subprocess.Popen[str]:
        command = [sys.executable, "-c", CHILD, str(tmp_path / "ran"), str(tmp_path / "kept"), run_id, falls]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    return run


ENDS = "['Please refund it.', '', 'refunded 1042', 'Done.']"


def test_a_process_that_is_killed_and_started_again_asks_once_and_runs_once(
    real: World, run_id: str, tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    ran = tmp_path / "ran"
    with real.ana() as ana:
        first = start()
        (asked,) = pending(ana, run_id)
        first.send_signal(signal.SIGKILL)
        first.communicate()
        assert not ran.exists()
        second = start()
        ana.approvals.approve(asked["id"])
        printed, _ = second.communicate(timeout=60)
        assert (second.returncode, printed.strip()) == (0, ENDS)
        assert ran.read_text() == "1042"
        assert [it["id"] for it in ana.approvals.history(run_id=run_id)] == [asked["id"]]
        assert list(ana.approvals.pending(run_id=run_id)) == []


def test_a_process_that_is_killed_while_the_tool_runs_runs_it_again_and_asks_nobody(
    real: World, run_id: str, tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    with real.ana() as ana:
        first = start("falls")
        (asked,) = pending(ana, run_id)
        ana.approvals.approve(asked["id"])
        first.communicate(timeout=60)
        assert first.returncode == -signal.SIGKILL
        printed, _ = start().communicate(timeout=60)
        assert printed.strip() == ENDS and (tmp_path / "ran").read_text() == "10421042"
        assert [it["id"] for it in ana.approvals.history(run_id=run_id)] == [asked["id"]]

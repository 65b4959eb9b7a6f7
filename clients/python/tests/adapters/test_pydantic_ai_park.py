"""pydantic-ai, parked: runs that end where they would wait, and go on from where they are kept."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import World
from instance import Instance
from pydantic import Field
from pydantic_ai import Agent, BinaryContent, RunContext, Tool
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.exceptions import ApprovalRequired, CallDeferred, UserError
from pydantic_ai.messages import ToolCallPart, UserPromptPart
from pydantic_ai.tools import DeferredToolRequests, DeferredToolResults, ToolApproved
from pydantic_ai_script import (
    BROKEN,
    CALL,
    GATE,
    LAPSED,
    NO,
    NOTE,
    OPEN,
    ORDER,
    Broken,
    Decide,
    Refunds,
    Script,
    agent_of,
    approve,
    by_agent,
    deciding,
    edit,
    problem,
    reject,
    respond,
    script,
    unasked,
)
from waits import pending, soon

import signoff
from signoff import AsyncSignoff, Gate, Rule, Signoff
from signoff.adapters import pydantic_ai as parking
from signoff.adapters.pydantic_ai import Done, FileStore, Parked, SignoffApprovals
from signoff.adapters.pydantic_ai import results, run_until_parked
from signoff.testing import FakeSignoff

SECOND = ToolCallPart("refund", {"order": "7", "amount": 1}, tool_call_id="call_2")


def go(
    world: World, run_id: str, folder: Path, decide: Decide | None = None, gate: Gate = GATE, **tool: Any
) -> tuple[list[Any], Any]:
    """Which calls ran, and what the model was told."""
    refunds, said = Refunds(), script(CALL)

    async def main() -> None:
        async with world.async_agent() as client:
            agent = agent_of(said, Tool(refunds.refund, **tool))
            running = parking.run(agent, "go", client, gate, store=FileStore(folder), run=run_id)
            assert (await deciding(world, run_id, running, decide)).output == "done"

    asyncio.run(main())
    assert list(folder.iterdir()) == []
    return refunds.ran, said.told


# --- what each outcome means; on the fake and on the real server ---


@pytest.mark.parametrize("tool", [{}, {"requires_approval": True}], ids=["by a rule", "by the tool"])
def test_an_approved_call_runs(world: World, run_id: str, tmp_path: Path, tool: dict[str, Any]) -> None:
    ran, said = go(world, run_id, tmp_path, approve, **tool)
    assert ran == [("1042", 49.9)] and said == {"call_1": "paid 49.9"}


@pytest.mark.parametrize("tool", [{}, {"requires_approval": True}], ids=["by a rule", "by the tool"])
def test_an_edited_call_runs_as_it_was_edited_and_the_model_hears_of_it(
    world: World, run_id: str, tmp_path: Path, tool: dict[str, Any]
) -> None:
    ran, said = go(world, run_id, tmp_path, edit(amount=10), **tool)
    assert ran == [("1042", 10)] and said == {"call_1": f"{NOTE}\npaid 10.0"}


def test_edits_that_the_tool_refuses_are_not_run(world: World, run_id: str, tmp_path: Path) -> None:
    ran, said = go(world, run_id, tmp_path, edit(amount="ten"))
    why = 'The edits of ana could not be carried out: amount must have type "number". The call was not executed.'
    assert ran == [] and said == {"call_1": why}


def test_a_rejected_call_does_not_run_and_the_model_hears_why(world: World, run_id: str, tmp_path: Path) -> None:
    ran, said = go(world, run_id, tmp_path, reject)
    assert ran == [] and said == {"call_1": NO}


def test_silence_is_no_denial(world: World, run_id: str, tmp_path: Path) -> None:
    ran, said = go(world, run_id, tmp_path, gate=Gate({"refund": Rule(approvers=["ana"], timeout=1)}))
    assert ran == [] and said == {"call_1": LAPSED}


def test_a_withdrawn_request_is_told_to_the_model(world: World, run_id: str, tmp_path: Path) -> None:
    ran, said = go(world, run_id, tmp_path, by_agent(world))
    assert ran == [] and said == {"call_1": "The request was withdrawn."}


def test_a_person_may_answer_in_the_tools_place(world: World, run_id: str, tmp_path: Path) -> None:
    gate = Gate({"refund": Rule(approvers=["ana"], allow_response=True)})
    ran, said = go(world, run_id, tmp_path, respond, gate)
    assert ran == [] and said == {"call_1": "Paid by hand."}


def test_what_is_decided_goes_on_while_the_rest_waits(world: World, run_id: str, tmp_path: Path) -> None:
    refunds, said = Refunds(), script(CALL, SECOND)

    async def main() -> None:
        async with world.async_agent() as client:
            agent = agent_of(said, refunds.refund)
            running = asyncio.ensure_future(parking.run(agent, "go", client, GATE, store=FileStore(tmp_path), run=run_id))
            with world.ana() as ana:
                asked = {it["context"]["call_id"]: it for it in await asyncio.to_thread(pending, ana, run_id, 2)}
                await asyncio.to_thread(approve, ana, asked["call_2"])
                await soon(lambda: bool(refunds.ran))
                assert refunds.ran == [("7", 1)] and not running.done()
                await asyncio.to_thread(reject, ana, asked["call_1"])
                await asyncio.wait_for(running, 60)
                assert len(list(ana.approvals.history(run_id=run_id))) == 2

    asyncio.run(main())
    assert refunds.ran == [("7", 1)]
    assert said.told == {"call_1": NO, "call_2": "paid 1.0"}


def test_a_run_goes_on_in_another_process_when_something_is_decided(world: World, run_id: str, tmp_path: Path) -> None:
    """Each step with an agent and a client of its own, as a process has. What is told is told once."""
    refunds, store = Refunds(), FileStore(tmp_path)
    said: list[Script] = []

    async def step() -> Done | Parked:
        async with world.async_agent() as client:
            said.append(script(CALL, SECOND))
            return await run_until_parked(agent_of(said[-1], refunds.refund), "go", client, GATE, store=store, run=run_id)

    def waiting(stands: Done | Parked) -> dict[str, str]:
        assert isinstance(stands, Parked)
        return {it["context"]["call_id"]: it["id"] for it in stands.approvals}

    with world.ana() as ana:
        asked = waiting(asyncio.run(step()))
        assert list(asked) == ["call_1", "call_2"] and waiting(asyncio.run(step())) == asked
        ana.approvals.approve(asked["call_1"], modifications={"arguments": {"amount": 10}})
        assert waiting(asyncio.run(step())) == {"call_2": asked["call_2"]}
        assert refunds.ran == [("1042", 10)]
        ana.approvals.approve(asked["call_2"])
        last = asyncio.run(step())
        assert isinstance(last, Done) and last.result.output == "done"
        assert {it["id"] for it in ana.approvals.history(run_id=run_id)} == set(asked.values())
    assert refunds.ran == [("1042", 10), ("7", 1)]
    assert [len(it.seen) for it in said] == [1, 0, 0, 1]
    assert said[-1].told == {"call_1": f"{NOTE}\npaid 10.0", "call_2": "paid 1.0"}
    assert list(tmp_path.iterdir()) == []


def test_a_parked_run_is_resumed_once(world: World, run_id: str, tmp_path: Path) -> None:
    refunds, store = Refunds(), FileStore(tmp_path)

    async def main() -> None:
        async with world.async_agent() as client:
            agent = agent_of(script(CALL), refunds.refund)
            assert isinstance(await run_until_parked(agent, "go", client, GATE, store=store, run=run_id), Parked)
            agent = agent_of(script(CALL), refunds.refund)
            await deciding(world, run_id, parking.resume(agent, client, GATE, store=store, run=run_id), approve)
            with pytest.raises(signoff.SignoffError, match="no run"):
                await parking.resume(agent, client, GATE, store=store, run=run_id)

    asyncio.run(main())
    assert refunds.ran == [("1042", 49.9)]


# --- what a process and an instance live through ---

RUNNER = """
import asyncio, sys
from pathlib import Path
from pydantic_ai import Agent
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel
from pydantic_ai.tools import DeferredToolRequests
from signoff import AsyncSignoff, Gate, Rule
from signoff.adapters.pydantic_ai import FileStore, run

ran, asked, folder, run_id = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]

def refund(order: str) -> str:
    with ran.open("a") as file:
        file.write(order)
    return "paid"

def model(messages, info):
    with asked.open("a") as file:
        file.write("m")
    # An id of its own each time, as a real model's.
    call = ToolCallPart("refund", {"order": "1042"})
    return ModelResponse(parts=[call if len(messages) == 1 else TextPart("done")])

async def main():
    async with AsyncSignoff() as client:
        agent = Agent(FunctionModel(model), name="Support", tools=[refund], output_type=[str, DeferredToolRequests])
        gate = Gate({"refund": Rule(approvers=["ana"])})
        assert (await run(agent, "go", client, gate, store=FileStore(folder), run=run_id)).output == "done"

asyncio.run(main())
"""


def test_a_process_that_is_killed_and_started_again_asks_once_and_runs_once(real: World, run_id: str, tmp_path: Path) -> None:
    ran, asked_model = tmp_path / "ran", tmp_path / "asked"
    environment = {**os.environ, "SIGNOFF_URL": real.url, "SIGNOFF_API_KEY": real.agent_key}
    arguments = [str(ran), str(asked_model), str(tmp_path / "runs"), run_id]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", RUNNER, *arguments], env=environment)

    with real.ana() as ana:
        first = start()
        # It is kept before anybody is asked.
        (asked,) = pending(ana, run_id)
        first.kill()
        first.wait()
        second = start()
        ana.approvals.approve(asked["id"])
        assert second.wait(timeout=60) == 0
        assert ran.read_text() == "1042" and asked_model.read_text() == "mm"
        assert [it["id"] for it in ana.approvals.history(run_id=run_id)] == [asked["id"]]


def test_a_wait_outlives_the_instance_that_held_it(real: World, instance: Instance, run_id: str, tmp_path: Path) -> None:
    def decide(ana: Signoff, asked: Any) -> None:
        instance.kill()
        approve(ana, asked)
        instance.start()

    here = World(instance.url, real.agent_key, real.ana_key, real.other_url)
    ran, said = go(here, run_id, tmp_path, decide)
    assert ran == [("1042", 49.9)] and said == {"call_1": "paid 49.9"}


# --- who can write what is kept can't approve by it ---


async def park(world: World, run_id: str, store: FileStore, refunds: Refunds, **tool: Any) -> Any:
    async with world.async_agent() as client:
        agent = agent_of(script(CALL), Tool(refunds.refund, **tool))
        assert isinstance(await run_until_parked(agent, "go", client, GATE, store=store, run=run_id), Parked)
    return json.loads(await store.load(run_id) or "")


def other_amount(kept: Any, where: set[str]) -> None:
    if "messages" in where:
        kept["messages"][-1]["parts"][0]["args"]["amount"] = 4990
    if "approvals" in where:
        kept["requests"]["approvals"][0]["args"]["amount"] = 4990
    if "metadata" in where:
        kept["requests"]["metadata"]["call_1"]["signoff"]["arguments"]["amount"] = 4990


@pytest.mark.parametrize("where", [{"messages"}, {"approvals"}, {"messages", "approvals"}], ids=sorted)
def test_other_words_of_the_model_change_nothing_of_what_runs(
    world: World, run_id: str, tmp_path: Path, where: set[str]
) -> None:
    """What runs is what was asked about."""
    refunds, store, said = Refunds(), FileStore(tmp_path), script(CALL)

    async def main() -> None:
        kept = await park(world, run_id, store, refunds)
        other_amount(kept, where)
        await store.save(run_id, json.dumps(kept))
        async with world.async_agent() as client:
            running = parking.run(agent_of(said, refunds.refund), "go", client, GATE, store=store, run=run_id)
            await deciding(world, run_id, running, approve)

    asyncio.run(main())
    assert refunds.ran == [("1042", 49.9)]
    with world.ana() as ana:
        assert len(list(ana.approvals.history(run_id=run_id))) == 1


@pytest.mark.parametrize("where", [{"metadata"}, {"messages", "approvals", "metadata"}], ids=sorted)
def test_another_question_is_asked_where_what_was_asked_is_forged(
    world: World, run_id: str, tmp_path: Path, where: set[str]
) -> None:
    refunds, store, said = Refunds(), FileStore(tmp_path), script(CALL)

    async def main() -> None:
        kept = await park(world, run_id, store, refunds)
        other_amount(kept, where)
        await store.save(run_id, json.dumps(kept))
        with world.ana() as ana:
            (asked,) = await asyncio.to_thread(pending, ana, run_id)
            await asyncio.to_thread(approve, ana, asked)

        def look(ana: Signoff, asked: Any) -> None:
            assert refunds.ran == [] and asked["context"]["arguments"]["amount"] == 4990
            reject(ana, asked)

        async with world.async_agent() as client:
            running = parking.run(agent_of(said, refunds.refund), "go", client, GATE, store=store, run=run_id)
            await deciding(world, run_id, running, look)

    asyncio.run(main())
    assert refunds.ran == [] and said.told == {"call_1": NO}


def test_another_tool_is_another_question(fake: FakeSignoff, tmp_path: Path) -> None:
    """What was approved for one tool is not approved for another with the same arguments."""
    refunds, others, store = Refunds(), Refunds(), FileStore(tmp_path)
    world = World(fake.url, "agent", "ana", fake.url, fake)
    gate = Gate({"refund": ASK, "delete": ASK})

    async def main() -> Done | Parked:
        text = json.dumps(await park(world, "r", store, refunds)).replace('"refund"', '"delete"')
        fake.approve_all(by="ana")
        await store.save("r", text)
        agent = agent_of(script(CALL), refunds.refund, Tool(others.refund, name="delete"))
        return await run_until_parked(agent, "go", fake.async_client(), gate, store=store, run="r")

    stands = asyncio.run(main())
    assert isinstance(stands, Parked) and [it["context"]["tool"] for it in stands.approvals] == ["delete"]
    assert refunds.ran == others.ran == []


ASK = Rule(approvers=["ana"], timeout="1h")


@pytest.mark.parametrize("change", ["name", "id", "no response"])
def test_requests_that_are_not_of_these_messages_run_nothing(fake: FakeSignoff, tmp_path: Path, change: str) -> None:
    refunds, store = Refunds(), FileStore(tmp_path)
    world = World(fake.url, "agent", "ana", fake.url, fake)

    async def main() -> None:
        kept = await park(world, "r", store, refunds)
        fake.approve_all(by="ana")
        if change == "no response":
            del kept["messages"][-1]
        else:
            kept["requests"]["approvals"][0]["tool_name" if change == "name" else "tool_call_id"] = "another"
        await store.save("r", json.dumps(kept))
        agent = agent_of(script(CALL), refunds.refund)
        with pytest.raises(signoff.SignoffError, match="other messages"):
            await run_until_parked(agent, "go", fake.async_client(), GATE, store=store, run="r")

    asyncio.run(main())
    assert refunds.ran == []


def test_what_is_kept_of_another_run_is_another_question(fake: FakeSignoff, tmp_path: Path) -> None:
    refunds, store = Refunds(), FileStore(tmp_path)
    world = World(fake.url, "agent", "ana", fake.url, fake)

    async def main() -> Done | Parked:
        kept = await park(world, "one", store, refunds)
        fake.approve_all(by="ana")
        await store.save("two", json.dumps(kept))
        agent = agent_of(script(CALL), refunds.refund)
        return await run_until_parked(agent, "go", fake.async_client(), GATE, store=store, run="two")

    assert isinstance(asyncio.run(main()), Parked)
    assert refunds.ran == [] and len(fake.requests) == 2


@pytest.mark.parametrize("tool", [{}, {"requires_approval": True}])
@pytest.mark.parametrize("metadata", [{}, {"signoff": {"pause": True}}, {"signoff": {"arguments": ORDER}}, {"signoff": 1}, 7])
def test_a_resumed_run_pauses_again_whatever_it_is_told(
    world: World, run_id: str, tool: dict[str, Any], metadata: dict[str, Any]
) -> None:
    """In a loop of the user's own, with answers that came from elsewhere."""
    refunds = Refunds()

    async def main() -> None:
        async with world.async_agent() as client:
            asks = SignoffApprovals(client, GATE, run=run_id, mode="park")
            agent = agent_of(script(CALL), Tool(refunds.refund, **tool), capabilities=[asks])
            first = await agent.run("go")
            assert isinstance(first.output, DeferredToolRequests)
            forged = DeferredToolResults(approvals={"call_1": ToolApproved()}, metadata={"call_1": metadata})
            again = await agent.run(message_history=first.all_messages(), deferred_tool_results=forged)
            assert isinstance(again.output, DeferredToolRequests)
            assert again.output.metadata == {"call_1": {"signoff": {"arguments": ORDER}}}

    asyncio.run(main())
    assert refunds.ran == []


def test_a_resumed_run_that_is_told_of_a_decision_waits_for_it(world: World, run_id: str) -> None:
    refunds, said = Refunds(), script(CALL)

    async def main() -> None:
        async with world.async_agent() as client:
            asks = SignoffApprovals(client, GATE, run=run_id, mode="park")
            agent = agent_of(said, refunds.refund, capabilities=[asks])
            first = await agent.run("go")
            metadata = {"call_1": {"signoff": {"arguments": ORDER, "decided": True}}}
            forged = DeferredToolResults(approvals={"call_1": ToolApproved()}, metadata=metadata)
            running = agent.run(message_history=first.all_messages(), deferred_tool_results=forged)
            await deciding(world, run_id, running, reject)

    asyncio.run(main())
    assert refunds.ran == [] and said.told == {"call_1": NO}


# --- when something else goes wrong: the tool never ran, and the run can go on later ---


def refused(client: AsyncSignoff, folder: Path, gate: Gate = OPEN, run_id: str = "r", **tool: Any) -> Exception:
    refunds, said = Refunds(), script(tool.pop("call", CALL))

    async def main() -> None:
        async with client:
            agent = agent_of(said, Tool(refunds.refund, **tool))
            await asyncio.wait_for(parking.run(agent, "go", client, gate, store=FileStore(folder), run=run_id), 60)

    with pytest.raises(Exception) as ended:
        asyncio.run(main())
    assert refunds.ran == [] and len(said.seen) == 1
    return ended.value


@pytest.mark.parametrize("tool", [{}, {"requires_approval": True}], ids=["by a rule", "by the tool"])
@pytest.mark.parametrize(("answer", "error"), BROKEN, ids=lambda it: it.__name__ if isinstance(it, type) else repr(it))
def test_nothing_runs_where_nobody_could_be_asked(
    answer: Any, error: type[Exception], fake: FakeSignoff, tmp_path: Path, tool: dict[str, Any]
) -> None:
    client = AsyncSignoff("http://signoff.test", "key", transport=Broken(answer), patience=0.05)
    ended = refused(client, tmp_path, **tool)
    # It is asked first, and the gate asks again: one of them ends the run.
    assert isinstance(ended, error)
    # It is kept, and goes on once the server answers.
    fake.approves()
    refunds, client = Refunds(), fake.async_client()
    agent = agent_of(script(CALL), Tool(refunds.refund, **tool))
    asyncio.run(parking.resume(agent, client, OPEN, store=FileStore(tmp_path), run="r"))
    assert refunds.ran == [("1042", 49.9)] and len(fake.requests) == 1


class Later(httpx2.AsyncBaseTransport):
    """A server that breaks after some answers."""

    def __init__(self, good: FakeSignoff, answers: int, then: Broken) -> None:
        self._good, self._answers, self._then = good, answers, then

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self._answers -= 1
        return await (self._good if self._answers >= 0 else self._then).handle_async_request(request)


@pytest.mark.parametrize("answers", [1, 2])
@pytest.mark.parametrize("answer", [answer for answer, _ in BROKEN], ids=repr)
def test_nothing_runs_where_the_gate_can_not_ask_again(answer: Any, answers: int, fake: FakeSignoff, tmp_path: Path) -> None:
    fake.approves()
    client = AsyncSignoff(fake.url, "agent", transport=Later(fake, answers, Broken(answer)), patience=0.05, max_retries=0)
    assert isinstance(refused(client, tmp_path), signoff.SignoffError) and len(fake.requests) == 1


@pytest.mark.parametrize("answers", [0, 1])
@pytest.mark.parametrize("answer", [answer for answer, _ in BROKEN], ids=repr)
def test_nothing_runs_where_a_resumed_run_can_not_ask(answer: Any, answers: int, fake: FakeSignoff) -> None:
    """In a loop of the user's own: the gate looks, and asks."""
    fake.approves()
    client = AsyncSignoff(fake.url, "agent", transport=Later(fake, answers, Broken(answer)), patience=0.05, max_retries=0)
    refunds = Refunds()

    async def main() -> None:
        agent = agent_of(script(CALL), refunds.refund, capabilities=[SignoffApprovals(client, OPEN, run="r", mode="park")])
        first = await agent.run("go")
        # It is decided; only the gate doesn't hear of it.
        await results(first.output, fake.async_client(), OPEN, run="r", messages=first.all_messages(), agent="Support")
        yes = DeferredToolResults(approvals={"call_1": ToolApproved()}, metadata=first.output.metadata)
        with pytest.raises(signoff.SignoffError):
            await agent.run(message_history=first.all_messages(), deferred_tool_results=yes)

    asyncio.run(main())
    assert refunds.ran == []


def test_nothing_runs_while_the_real_server_is_away(real: World, instance: Instance, tmp_path: Path) -> None:
    instance.kill()
    client = AsyncSignoff(instance.url, real.agent_key, patience=0.05)
    assert isinstance(refused(client, tmp_path), signoff.ConnectionFailed)


def test_nothing_runs_with_a_key_that_the_real_server_does_not_know(real: World, tmp_path: Path) -> None:
    assert isinstance(refused(AsyncSignoff(real.url, "so_nobody_knows"), tmp_path), signoff.Unauthenticated)


@pytest.mark.parametrize("where", ["gate.verdict", "gate.Gate.request", "adapters._pydantic_park._question"])
def test_nothing_runs_after_an_error_of_our_own(
    world: World, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def breaks(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(f"signoff.{where}", breaks)
    refunds, said = Refunds(), script(CALL)

    async def main() -> None:
        async with world.async_agent() as client:
            running = parking.run(agent_of(said, refunds.refund), "go", client, GATE, store=FileStore(tmp_path), run=run_id)
            await deciding(world, run_id, running, approve if where == "gate.verdict" else None)

    with pytest.raises(RuntimeError, match="a bug"):
        asyncio.run(main())
    assert refunds.ran == [] and len(said.seen) == 1


def test_nothing_runs_where_a_condition_raises(world: World, run_id: str, tmp_path: Path) -> None:
    gate = Gate({"refund": Rule(when=lambda arguments: bool(arguments["no such"]))})
    assert isinstance(refused(world.async_agent(), tmp_path, gate, run_id), KeyError)
    assert unasked(world, run_id)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (ToolCallPart("refund", ORDER, tool_call_id=""), signoff.MissingCallId),
        (ToolCallPart("refund", {"order": "x" * 300_000, "amount": 1}, tool_call_id="c"), signoff.TooLargeToShow),
    ],
    ids=["no id", "too large"],
)
@pytest.mark.parametrize("tool", [{}, {"requires_approval": True}], ids=["by a rule", "by the tool"])
def test_a_call_that_can_not_be_asked_about_does_not_park(
    world: World, run_id: str, tmp_path: Path, call: Any, error: type[Exception], tool: dict[str, Any]
) -> None:
    assert isinstance(refused(world.async_agent(), tmp_path, OPEN, run_id, call=call, **tool), error)
    assert unasked(world, run_id) and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"messages": [], "requests": 1}', '{"messages": [1], "requests": 0}'])
def test_what_is_kept_and_can_not_be_read_runs_nothing(fake: FakeSignoff, tmp_path: Path, text: str) -> None:
    fake.approves()
    asyncio.run(FileStore(tmp_path).save("r", text))
    refunds, client = Refunds(), fake.async_client()
    with pytest.raises(signoff.SignoffError, match="can't be read"):
        agent = agent_of(script(CALL), refunds.refund)
        asyncio.run(parking.run(agent, "go", client, GATE, store=FileStore(tmp_path), run="r"))
    assert refunds.ran == [] and fake.requests == []


def test_a_condition_that_changes_its_mind_does_not_let_a_call_pass(fake: FakeSignoff, tmp_path: Path) -> None:
    fake.rejects(by="ana")
    asks = iter([True])
    gate = Gate({"refund": Rule(when=lambda _: next(asks, False))})
    refunds, said, client = Refunds(), script(CALL), fake.async_client()
    asyncio.run(parking.run(agent_of(said, refunds.refund), "go", client, gate, store=FileStore(tmp_path), run="r"))
    assert refunds.ran == [] and said.told == {"call_1": NO}


def test_what_ran_is_kept_although_the_server_is_away_for_the_rest(fake: FakeSignoff, tmp_path: Path) -> None:
    """Only the decided call asks again. Else the other one would end the run, and the first would run once more."""
    refunds, said = Refunds(), script(CALL, SECOND)

    class Picky(httpx2.AsyncBaseTransport):
        """Away for what is not decided, from when something is."""

        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            if decided and b"call_2" in await request.aread():
                return problem(503, "unavailable")
            return await fake.handle_async_request(request)

    decided: list[str] = []

    async def main() -> None:
        client = AsyncSignoff(fake.url, "agent", transport=Picky(), patience=0.05, max_retries=0)
        agent, store = agent_of(said, refunds.refund), FileStore(tmp_path)
        running = asyncio.create_task(parking.run(agent, "go", client, OPEN, store=store, run="r"))
        await soon(lambda: len(fake.requests) == 2)
        with fake.client("ana") as ana:
            asked = {it["context"]["call_id"]: it for it in await asyncio.to_thread(pending, ana, "r", 2)}
            first = asked["call_1"]
            decided.append(first["id"])
            await asyncio.to_thread(approve, ana, first)
        with pytest.raises(signoff.Unavailable):
            await running
        decided.clear()
        fake.approve_all()
        assert (await parking.resume(agent, fake.async_client(), OPEN, store=store, run="r")).output == "done"

    asyncio.run(main())
    assert refunds.ran == [("1042", 49.9), ("7", 1)]


# --- what pauses, and who is asked ---


def test_a_call_that_no_rule_is_about_does_not_pause(fake: FakeSignoff, tmp_path: Path) -> None:
    refunds, client = Refunds(), fake.async_client()
    gate = Gate({"refund": Rule(when=lambda it: it["amount"] > 100)})
    agent = agent_of(script(CALL), refunds.refund)
    stands = asyncio.run(run_until_parked(agent, "go", client, gate, store=FileStore(tmp_path), run="r"))
    assert isinstance(stands, Done) and refunds.ran == [("1042", 49.9)] and fake.requests == []


def test_an_agent_whose_output_says_nothing_of_pauses_does_not_run_the_tool(fake: FakeSignoff, tmp_path: Path) -> None:
    fake.approves()
    refunds, client = Refunds(), fake.async_client()
    agent = agent_of(script(CALL), refunds.refund, output_type=str)
    with pytest.raises(UserError, match="DeferredToolRequests"):
        asyncio.run(parking.run(agent, "go", client, OPEN, store=FileStore(tmp_path), run="r"))
    assert refunds.ran == [] and fake.requests == []


def test_a_pause_that_asks_for_no_approval_is_an_error(fake: FakeSignoff, tmp_path: Path) -> None:
    def elsewhere(order: str, amount: float) -> str:
        raise CallDeferred

    agent = agent_of(script(CALL), Tool(elsewhere, name="refund"))
    with pytest.raises(signoff.SignoffError, match="asks for no approval"):
        asyncio.run(parking.run(agent, "go", fake.async_client(), Gate(), store=FileStore(tmp_path), run="r"))
    assert list(tmp_path.iterdir()) == []


def test_a_tool_that_is_never_content_is_an_error_and_no_circle(fake: FakeSignoff, tmp_path: Path) -> None:
    fake.approves()
    asked: list[str] = []

    def refund(order: str, amount: float) -> str:
        asked.append(order)
        raise ApprovalRequired

    agent = agent_of(script(CALL), refund)
    with pytest.raises(signoff.SignoffError, match="tool_call_approved"):
        asyncio.run(parking.run(agent, "go", fake.async_client(), Gate(), store=FileStore(tmp_path), run="r"))
    assert len(asked) < 5 and len(fake.requests) == 1


def test_what_a_tool_leaves_for_itself_reaches_it_again(fake: FakeSignoff, tmp_path: Path) -> None:
    fake.approves()
    seen: list[Any] = []

    def refund(ctx: RunContext[Any], order: str, amount: float) -> str:
        if not ctx.tool_call_approved:
            raise ApprovalRequired(metadata={"offer": 7})
        seen.append(ctx.tool_call_metadata["offer"])
        return "paid"

    agent = agent_of(script(CALL), refund)
    asyncio.run(parking.run(agent, "go", fake.async_client(), Gate(), store=FileStore(tmp_path), run="r"))
    assert seen == [7] and len(fake.requests) == 1


def test_the_dependencies_are_given_again_and_not_kept(fake: FakeSignoff, tmp_path: Path) -> None:
    seen: list[str] = []

    def refund(ctx: RunContext[Any], order: str, amount: float) -> str:
        seen.append(ctx.deps["secret"])
        return "paid"

    async def main() -> None:
        client, store = fake.async_client(), FileStore(tmp_path)
        given: dict[str, Any] = {"store": store, "run": "r", "deps": {"secret": "s3cret"}}
        agent = agent_of(script(CALL), refund, deps_type=dict)
        assert isinstance(await run_until_parked(agent, "go", client, OPEN, **given), Parked)
        assert "s3cret" not in (await store.load("r") or "s3cret")
        fake.approve_all()
        assert isinstance(await run_until_parked(agent, "go", client, OPEN, **given), Done)

    asyncio.run(main())
    assert seen == ["s3cret"]


def test_files_in_the_conversation_are_kept_as_they_are(fake: FakeSignoff, tmp_path: Path) -> None:
    fake.approves()
    said, client = script(CALL), fake.async_client()
    picture = BinaryContent(b"\xff\x00\xfe", media_type="image/png")
    given: dict[str, Any] = {"store": FileStore(tmp_path), "run": "r"}

    async def main() -> None:
        agent = agent_of(said, Refunds().refund)
        fake.leaves_pending()
        assert isinstance(await run_until_parked(agent, ["look", picture], client, OPEN, **given), Parked)
        fake.approve_all()
        await parking.resume(agent, client, OPEN, **given)

    asyncio.run(main())
    (prompt,) = [part for part in said.seen[-1][0].parts if isinstance(part, UserPromptPart)]
    kept = prompt.content[1]
    assert isinstance(kept, BinaryContent) and kept.data == picture.data


def test_the_agents_own_capability_gives_way(fake: FakeSignoff, tmp_path: Path) -> None:
    """So an agent may wait where it is just run, and park where it is told to."""
    refunds, client = Refunds(), fake.async_client()
    agent = agent_of(script(CALL), refunds.refund, capabilities=[SignoffApprovals(client, OPEN, run="waits")])
    stands = asyncio.run(run_until_parked(agent, "go", client, OPEN, store=FileStore(tmp_path), run="parks"))
    assert isinstance(stands, Parked) and [it["run_id"] for it in fake.requests] == ["parks"]


def test_defaults_that_are_new_each_time_are_kept_as_they_were_asked_about(fake: FakeSignoff, tmp_path: Path) -> None:
    ran: list[str] = []

    def refund(order: str, number: str = Field(default_factory=lambda: str(uuid.uuid4()))) -> str:
        ran.append(number)
        return "paid"

    async def main() -> None:
        client, store = fake.async_client(), FileStore(tmp_path)
        agent = agent_of(script(ToolCallPart("refund", {"order": "1"}, tool_call_id="c")), refund)
        assert isinstance(await run_until_parked(agent, "go", client, OPEN, store=store, run="r"), Parked)
        fake.approve_all()
        assert isinstance(await run_until_parked(agent, "go", client, OPEN, store=store, run="r"), Done)

    asyncio.run(main())
    assert len(fake.requests) == 1 and ran == [fake.requests[0]["context"]["arguments"]["number"]]


class Longer(AbstractCapability[Any]):
    """Changes what it has changed already."""

    async def before_tool_execute(self, ctx: Any, *, call: Any, tool_def: Any, args: Any) -> Any:
        return {**args, "order": f"shop/{args['order']}"}


def test_what_other_capabilities_have_changed_is_changed_once(fake: FakeSignoff, tmp_path: Path) -> None:
    fake.approves()
    refunds, client = Refunds(), fake.async_client()
    agent = agent_of(script(CALL), refunds.refund, capabilities=[Longer()])
    asyncio.run(parking.run(agent, "go", client, OPEN, store=FileStore(tmp_path), run="r"))
    assert refunds.ran == [("shop/1042", 49.9)] and len(fake.requests) == 1


def test_an_id_that_comes_again_is_another_question(fake: FakeSignoff, tmp_path: Path) -> None:
    fake.approves()
    refunds, client = Refunds(), fake.async_client()
    agent = agent_of(Script([CALL], [CALL], "done"), refunds.refund)
    asyncio.run(parking.run(agent, "go", client, OPEN, store=FileStore(tmp_path), run="r"))
    assert refunds.ran == [("1042", 49.9)] * 2 and len(fake.requests) == 2


def test_an_agent_without_a_name_asks_the_same_from_anywhere(fake: FakeSignoff, tmp_path: Path) -> None:
    """pydantic-ai names it by the variable that it is in."""
    refunds, client, store = Refunds(), fake.async_client(), FileStore(tmp_path)

    async def main() -> None:
        one = Agent(script(CALL).model, tools=[refunds.refund], output_type=[str, DeferredToolRequests])
        assert isinstance(await run_until_parked(one, "go", client, OPEN, store=store, run="r"), Parked)
        fake.approve_all()
        two = Agent(script(CALL).model, tools=[refunds.refund], output_type=[str, DeferredToolRequests])
        assert isinstance(await run_until_parked(two, "go", client, OPEN, store=store, run="r"), Done)

    asyncio.run(main())
    assert refunds.ran == [("1042", 49.9)] and "agent" not in fake.requests[0]["context"]

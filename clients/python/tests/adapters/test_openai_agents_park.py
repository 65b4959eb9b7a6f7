"""OpenAI's Agents SDK, parked: runs that end where they would wait, and go on from where they are kept."""

from __future__ import annotations

import asyncio
import json
import os
import runpy
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from agents import Agent, FunctionTool, RunContextWrapper, Runner, RunState, UserError, function_tool
from agents.items import ToolApprovalItem
from agents.testing import ScriptedModel, assistant_message, function_call
from agents.tool_context import ToolContext
from conftest import World
from instance import Instance
from test_openai_agents import (
    CALL,
    GATE,
    NOTE,
    OPEN,
    Broken,
    Decide,
    Refunds,
    by_agent,
    problem,
    script,
    told,
    unasked,
)
from waits import pending, soon

import signoff
from signoff import AsyncSignoff, Gate, Outcome, Rule, Signoff
from signoff.adapters import openai_agents as parking
from signoff.adapters.openai_agents import Done, FileStore, Parked, answer_to, call_of, gated, run_until_parked
from signoff.testing import FakeSignoff

NO = "Rejected by ana: no. Don't try this call again unless you are asked to."


def parked(refunds: Refunds, client: AsyncSignoff, model: ScriptedModel, gate: Gate = GATE) -> Agent[Any]:
    return Agent("Support", tools=gated([refunds.tool()], client, gate, mode="park"), model=model)


async def deciding(world: World, run_id: str, running: Any, decide: Decide | None) -> Any:
    task = asyncio.ensure_future(running)
    with world.ana() as ana:
        try:
            if decide is not None:
                (asked,) = await asyncio.to_thread(pending, ana, run_id)
                await asyncio.to_thread(decide, ana, asked)
            return await asyncio.wait_for(task, 60)
        finally:
            task.cancel()


def go(world: World, run_id: str, folder: Path, decide: Decide | None = None, gate: Gate = GATE) -> tuple[list[Any], Any]:
    """Which calls ran, and what the model was told."""
    refunds, model = Refunds(), script(CALL)

    async def main() -> None:
        async with world.async_agent() as client:
            agent = parked(refunds, client, model, gate)
            running = parking.run(agent, "go", client, gate, store=FileStore(folder), run=run_id)
            assert (await deciding(world, run_id, running, decide)).final_output == "done"

    asyncio.run(main())
    assert list(folder.iterdir()) == []
    return refunds.ran, told(model)


# --- what each outcome means; on the fake and on the real server ---


def test_an_approved_call_runs(world: World, run_id: str, tmp_path: Path) -> None:
    ran, said = go(world, run_id, tmp_path, lambda ana, it: ana.approvals.approve(it["id"]))
    assert ran == [("1042", 49.9)] and said == {"call_1": "paid 49.9"}


def test_an_edited_call_runs_as_it_was_edited_and_the_model_hears_of_it(world: World, run_id: str, tmp_path: Path) -> None:
    edits = {"arguments": {"amount": 10}}
    ran, said = go(world, run_id, tmp_path, lambda ana, it: ana.approvals.approve(it["id"], modifications=edits))
    assert ran == [("1042", 10)] and said == {"call_1": f"{NOTE}\npaid 10.0"}


def test_edits_that_the_tool_refuses_are_not_run(world: World, run_id: str, tmp_path: Path) -> None:
    edits = {"arguments": {"amount": "ten"}}
    ran, said = go(world, run_id, tmp_path, lambda ana, it: ana.approvals.approve(it["id"], modifications=edits))
    why = 'The edits of ana could not be carried out: amount must have type "number". The call was not executed.'
    assert ran == [] and said == {"call_1": why}


def test_a_rejected_call_does_not_run_and_the_model_hears_why(world: World, run_id: str, tmp_path: Path) -> None:
    ran, said = go(world, run_id, tmp_path, lambda ana, it: ana.approvals.reject(it["id"], "no"))
    assert ran == [] and said == {"call_1": NO}


def test_silence_is_no_denial(world: World, run_id: str, tmp_path: Path) -> None:
    ran, said = go(world, run_id, tmp_path, gate=Gate({"refund": Rule(approvers=["ana"], timeout=1)}))
    assert ran == [] and said == {"call_1": "Nobody answered in time. The call was not executed."}


def test_a_withdrawn_request_is_told_to_the_model(world: World, run_id: str, tmp_path: Path) -> None:
    ran, said = go(world, run_id, tmp_path, by_agent(world))
    assert ran == [] and said == {"call_1": "The request was withdrawn."}


def test_a_person_may_answer_in_the_tools_place(world: World, run_id: str, tmp_path: Path) -> None:
    gate = Gate({"refund": Rule(approvers=["ana"], allow_response=True)})
    answer = {"response": "Paid by hand."}
    decide: Decide = lambda ana, it: ana.approvals.approve(it["id"], modifications=answer)  # noqa: E731
    ran, said = go(world, run_id, tmp_path, decide, gate)
    assert ran == [] and said == {"call_1": "Paid by hand."}


def test_what_is_decided_goes_on_while_the_rest_waits(world: World, run_id: str, tmp_path: Path) -> None:
    refunds = Refunds()
    model = script(CALL, function_call("refund", {"order": "7", "amount": 1}, call_id="call_2"))

    async def main() -> None:
        async with world.async_agent() as client:
            agent = parked(refunds, client, model)
            running = asyncio.ensure_future(parking.run(agent, "go", client, GATE, store=FileStore(tmp_path), run=run_id))
            with world.ana() as ana:
                asked = {it["context"]["call_id"]: it for it in await asyncio.to_thread(pending, ana, run_id, 2)}
                await asyncio.to_thread(ana.approvals.approve, asked["call_2"]["id"])
                await soon(lambda: bool(refunds.ran))
                assert refunds.ran == [("7", 1)] and not running.done()
                await asyncio.to_thread(ana.approvals.reject, asked["call_1"]["id"], "no")
                await asyncio.wait_for(running, 60)
                assert len(list(ana.approvals.history(run_id=run_id))) == 2

    asyncio.run(main())
    assert refunds.ran == [("7", 1)]
    assert told(model) == {"call_1": NO, "call_2": "paid 1.0"}


def test_a_run_goes_on_in_another_process_when_something_is_decided(world: World, run_id: str, tmp_path: Path) -> None:
    """Each step with an agent and a client of its own, as a process has."""
    refunds, store = Refunds(), FileStore(tmp_path)
    told_last: list[Any] = []

    async def step(*turns: Any) -> Done | Parked:
        async with world.async_agent() as client:
            model = ScriptedModel(turns)
            step = await run_until_parked(parked(refunds, client, model), "go", client, GATE, store=store, run=run_id)
            model.assert_complete()
            told_last.append(told(model) if model.calls else None)
            return step

    with world.ana() as ana:
        first = asyncio.run(step([CALL]))
        assert isinstance(first, Parked)
        (asked,) = first.approvals
        assert asked["context"]["call_id"] == "call_1" and asked["status"] == "pending"
        again = asyncio.run(step())
        assert isinstance(again, Parked) and [it["id"] for it in again.approvals] == [asked["id"]]
        ana.approvals.approve(asked["id"], modifications={"arguments": {"amount": 10}})
        last = asyncio.run(step([assistant_message("done")]))
        assert isinstance(last, Done) and last.result.final_output == "done"
        assert [it["id"] for it in ana.approvals.history(run_id=run_id)] == [asked["id"]]
    assert refunds.ran == [("1042", 10)] and told_last[-1] == {"call_1": f"{NOTE}\npaid 10.0"}
    assert list(tmp_path.iterdir()) == []


def test_a_parked_run_is_resumed_once(world: World, run_id: str, tmp_path: Path) -> None:
    refunds, store = Refunds(), FileStore(tmp_path)

    async def main() -> None:
        async with world.async_agent() as client:
            first = parked(refunds, client, ScriptedModel([[CALL]]))
            assert isinstance(await run_until_parked(first, "go", client, GATE, store=store, run=run_id), Parked)
            second = parked(refunds, client, ScriptedModel([[assistant_message("done")]]))
            running = parking.resume(second, client, GATE, store=store, run=run_id)
            await deciding(world, run_id, running, lambda ana, it: ana.approvals.approve(it["id"]))
            with pytest.raises(signoff.SignoffError, match="no run"):
                await parking.resume(second, client, GATE, store=store, run=run_id)

    asyncio.run(main())
    assert refunds.ran == [("1042", 49.9)]


# --- what a process and an instance live through ---

RUNNER = """
import asyncio, sys
from agents import Agent, function_tool, set_tracing_disabled
from agents.testing import ScriptedModel, assistant_message, function_call
from pathlib import Path
from signoff import AsyncSignoff, Gate, Rule
from signoff.adapters.openai_agents import FileStore, gated, run

set_tracing_disabled(True)
ran, folder, run_id = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

@function_tool
def refund(order: str) -> str:
    with ran.open("a") as file:
        file.write(order)
    return "paid"

async def main():
    first = [] if folder.exists() else [[function_call("refund", {"order": "1042"}, call_id="call_1")]]
    gate = Gate({"refund": Rule(approvers=["ana"])})
    async with AsyncSignoff() as client:
        model = ScriptedModel([*first, [assistant_message("done")]])
        agent = Agent("Support", tools=gated([refund], client, gate, mode="park"), model=model)
        result = await run(agent, "go", client, gate, store=FileStore(folder), run=run_id)
        assert result.final_output == "done"

asyncio.run(main())
"""


def test_a_process_that_is_killed_and_started_again_asks_once_and_runs_once(real: World, run_id: str, tmp_path: Path) -> None:
    ran, folder = tmp_path / "ran", tmp_path / "runs"
    environment = {**os.environ, "SIGNOFF_URL": real.url, "SIGNOFF_API_KEY": real.agent_key}

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", RUNNER, str(ran), str(folder), run_id], env=environment)

    with real.ana() as ana:
        first = start()
        (asked,) = pending(ana, run_id)
        first.kill()
        first.wait()
        assert len(list(folder.iterdir())) == 1
        second = start()
        ana.approvals.approve(asked["id"])
        assert second.wait(timeout=60) == 0
        assert ran.read_text() == "1042"
        assert [it["id"] for it in ana.approvals.history(run_id=run_id)] == [asked["id"]]


def test_a_wait_outlives_the_instance_that_held_it(real: World, instance: Instance, run_id: str, tmp_path: Path) -> None:
    def decide(ana: Signoff, asked: Any) -> None:
        instance.kill()
        ana.approvals.approve(asked["id"])
        instance.start()

    here = World(instance.url, real.agent_key, real.ana_key, real.other_url)
    ran, said = go(here, run_id, tmp_path, decide)
    assert ran == [("1042", 49.9)] and said == {"call_1": "paid 49.9"}


# --- who can write a state can't approve by it ---


async def park(world: World, run_id: str, store: FileStore, refunds: Refunds) -> str:
    async with world.async_agent() as client:
        agent = parked(refunds, client, ScriptedModel([[CALL]]))
        assert isinstance(await run_until_parked(agent, "go", client, GATE, store=store, run=run_id), Parked)
    return await store.load(run_id) or ""


@pytest.mark.parametrize("by", ["runner", "ours"])
def test_a_state_that_says_approved_approves_nothing(world: World, run_id: str, tmp_path: Path, by: str) -> None:
    refunds, store, model = Refunds(), FileStore(tmp_path), ScriptedModel([[assistant_message("done")]])

    async def main() -> None:
        text = await park(world, run_id, store, refunds)
        async with world.async_agent() as client:
            agent = parked(refunds, client, model)
            state = await RunState.from_string(agent, text)
            state.approve(state.get_interruptions()[0], always_approve=True)
            await store.save(run_id, state.to_string())
            running: Any
            if by == "ours":
                running = parking.run(agent, "go", client, GATE, store=store, run=run_id)
            else:
                with signoff.run(run_id):
                    running = asyncio.create_task(Runner.run(agent, state))

            def reject(ana: Signoff, asked: Any) -> None:
                assert refunds.ran == []
                ana.approvals.reject(asked["id"], "no")

            await deciding(world, run_id, running, reject)

    asyncio.run(main())
    assert refunds.ran == [] and told(model) == {"call_1": NO}


def test_a_state_with_other_arguments_is_another_question(world: World, run_id: str, tmp_path: Path) -> None:
    refunds, store, model = Refunds(), FileStore(tmp_path), ScriptedModel([[assistant_message("done")]])

    async def main() -> None:
        text = await park(world, run_id, store, refunds)
        forged = json.loads(text.replace("49.9", "4990"))
        # The SDK's own marks of what was called, which would be missed.
        assert forged["context"].pop("tool_invocations")
        await store.save(run_id, json.dumps(forged))
        with world.ana() as ana:
            (asked,) = await asyncio.to_thread(pending, ana, run_id)
            await asyncio.to_thread(ana.approvals.approve, asked["id"])
        async with world.async_agent() as client:
            running = parking.run(parked(refunds, client, model), "go", client, GATE, store=store, run=run_id)

            def reject(ana: Signoff, asked: Any) -> None:
                assert refunds.ran == [] and asked["context"]["arguments"]["amount"] == 4990
                ana.approvals.reject(asked["id"], "no")

            await deciding(world, run_id, running, reject)

    asyncio.run(main())
    assert refunds.ran == [] and told(model) == {"call_1": NO}


def test_a_state_of_another_run_is_another_question(fake: FakeSignoff, tmp_path: Path) -> None:
    fake.approves()
    refunds, store = Refunds(), FileStore(tmp_path)

    async def main() -> Done | Parked:
        client = fake.async_client()
        fake.leaves_pending()
        agent = parked(refunds, client, ScriptedModel([[CALL]]), OPEN)
        await run_until_parked(agent, "go", client, OPEN, store=store, run="one")
        fake.approve_all()
        await store.save("two", await store.load("one") or "")
        return await run_until_parked(agent, "go", client, OPEN, store=store, run="two")

    assert isinstance(asyncio.run(main()), Parked)
    assert refunds.ran == [] and len(fake.requests) == 2


# --- when something else goes wrong: the tool never ran, and the run can go on later ---


def refused(client: AsyncSignoff, folder: Path, gate: Gate = OPEN, run_id: str = "r") -> Exception:
    refunds, model = Refunds(), script(CALL)

    async def main() -> None:
        async with client:
            agent = parked(refunds, client, model, gate)
            await asyncio.wait_for(parking.run(agent, "go", client, gate, store=FileStore(folder), run=run_id), 60)

    with pytest.raises(Exception) as ended:
        asyncio.run(main())
    assert refunds.ran == [] and len(model.calls) == 1
    return ended.value


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx2.ConnectError("refused"), signoff.ConnectionFailed),
        (problem(500, "internal"), signoff.ApiError),
        (problem(503, "unavailable"), signoff.Unavailable),
        (httpx2.Response(502, html="<h1>gateway</h1>"), signoff.ConnectionFailed),
        (httpx2.Response(201, text='{"id": "a", "sta'), signoff.ConnectionFailed),
        (httpx2.Response(201, json={"id": "a", "status": "approved", "resolution": "approved"}), signoff.NotApproved),
        (problem(401, "unauthenticated"), signoff.Unauthenticated),
    ],
    ids=lambda it: it.__name__ if isinstance(it, type) else repr(it),
)
def test_nothing_runs_where_nobody_could_be_asked(answer: Any, error: type[Exception], fake: FakeSignoff, tmp_path: Path) -> None:
    client = AsyncSignoff("http://signoff.test", "key", transport=Broken(answer), patience=0.05)
    assert isinstance(refused(client, tmp_path), error)
    # It is kept, and goes on once the server answers.
    fake.approves()
    refunds, client = Refunds(), fake.async_client()
    agent = parked(refunds, client, ScriptedModel([[assistant_message("done")]]), OPEN)
    asyncio.run(parking.resume(agent, client, OPEN, store=FileStore(tmp_path), run="r"))
    assert refunds.ran == [("1042", 49.9)] and len(fake.requests) == 1


def test_nothing_runs_while_the_real_server_is_away(real: World, instance: Instance, tmp_path: Path) -> None:
    instance.kill()
    client = AsyncSignoff(instance.url, real.agent_key, patience=0.05)
    assert isinstance(refused(client, tmp_path), signoff.ConnectionFailed)


def test_nothing_runs_with_a_key_that_the_real_server_does_not_know(real: World, tmp_path: Path) -> None:
    assert isinstance(refused(AsyncSignoff(real.url, "so_nobody_knows"), tmp_path), signoff.Unauthenticated)


@pytest.mark.parametrize("where", ["adapters._openai_park.answer_to", "gate.verdict"])
def test_nothing_runs_after_an_error_of_our_own(
    world: World, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """In what answers the state, and in what stands inside of the tool."""

    def breaks(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(f"signoff.{where}", breaks)
    refunds, model = Refunds(), script(CALL)

    async def main() -> None:
        async with world.async_agent() as client:
            agent = parked(refunds, client, model)
            running = parking.run(agent, "go", client, GATE, store=FileStore(tmp_path), run=run_id)
            await deciding(world, run_id, running, lambda ana, it: ana.approvals.approve(it["id"]))

    with pytest.raises((RuntimeError, UserError), match="a bug"):
        asyncio.run(main())
    assert refunds.ran == [] and len(model.calls) == 1


def test_nothing_runs_where_a_condition_raises(world: World, run_id: str, tmp_path: Path) -> None:
    gate = Gate({"refund": Rule(when=lambda arguments: bool(arguments["no such"]))})
    assert isinstance(refused(world.async_agent(), tmp_path, gate, run_id), UserError)
    assert unasked(world, run_id)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"$schemaVersion": "99.0"}'])
def test_a_state_that_is_broken_runs_nothing(fake: FakeSignoff, tmp_path: Path, text: str) -> None:
    fake.approves()
    asyncio.run(FileStore(tmp_path).save("r", text))
    refunds, client = Refunds(), fake.async_client()
    with pytest.raises(UserError):
        asyncio.run(parking.run(parked(refunds, client, script(CALL)), "go", client, GATE, store=FileStore(tmp_path), run="r"))
    assert refunds.ran == [] and fake.requests == []


@pytest.mark.parametrize("answers", [[True, True, False, False, False], [True, False]])
def test_a_condition_that_changes_its_mind_does_not_let_a_call_pass(
    fake: FakeSignoff, tmp_path: Path, answers: list[bool]
) -> None:
    fake.approves()
    asks = iter(answers)
    gate = Gate({"refund": Rule(when=lambda _: next(asks))})
    assert isinstance(refused(fake.async_client(), tmp_path, gate), signoff.SignoffError)


# --- what pauses, and who is asked ---


def test_a_call_that_no_rule_is_about_does_not_pause(fake: FakeSignoff, tmp_path: Path) -> None:
    refunds, client = Refunds(), fake.async_client()
    gate = Gate({"refund": Rule(when=lambda it: it["amount"] > 100)})
    agent = parked(refunds, client, script(CALL), gate)
    assert isinstance(
        asyncio.run(run_until_parked(agent, "go", client, gate, store=FileStore(tmp_path), run="r")), Done
    )
    assert refunds.ran == [("1042", 49.9)] and fake.requests == []


def test_a_pause_that_no_rule_is_about_is_an_error(fake: FakeSignoff, tmp_path: Path) -> None:
    client, refunds = fake.async_client(), Refunds()
    agent = Agent("Support", tools=[refunds.tool(needs_approval=True)], model=script(CALL))
    with pytest.raises(signoff.SignoffError, match="no rule says"):
        asyncio.run(parking.run(agent, "go", client, Gate(), store=FileStore(tmp_path), run="r"))
    with pytest.raises(TypeError, match="needs_approval"):
        gated([refunds.tool(needs_approval=True)], client, OPEN, mode="park")
    assert refunds.ran == []


def test_arguments_that_readers_understand_differently_are_refused(fake: FakeSignoff, tmp_path: Path) -> None:
    fake.approves()
    refunds, client = Refunds(), fake.async_client()
    texts = ('{"order": "1", "amount": 1, "amount": 999}', '{"order": "1", "amount": NaN}')
    model = script(*(function_call("refund", text, call_id=f"call_{n}") for n, text in enumerate(texts)))
    asyncio.run(parking.run(parked(refunds, client, model, OPEN), "go", client, OPEN, store=FileStore(tmp_path), run="r"))
    assert refunds.ran == [] and fake.requests == []
    assert told(model) == {
        "call_0": "The arguments of this call can't be read: a name is there twice. The call was not executed.",
        "call_1": "The arguments of this call can't be read: NaN is no number. The call was not executed.",
    }


def test_what_is_no_call_of_a_function_can_not_be_asked_about() -> None:
    agent = Agent("Support")
    with pytest.raises(signoff.SignoffError, match="shell_call"):
        call_of(ToolApprovalItem(agent, {"type": "shell_call", "call_id": "c"}, "shell"), "r")
    deep = {"type": "function_call", "name": "refund", "call_id": "c", "arguments": "[" * 100_000}
    with pytest.raises(ValueError, match="too deeply"):
        call_of(ToolApprovalItem(agent, deep, "refund"), "r")
    without = {"type": "function_call", "name": "refund", "arguments": "{}"}
    with pytest.raises(signoff.MissingCallId):
        Gate.request(call_of(ToolApprovalItem(agent, without, "refund"), "r"), Rule())


def test_the_agent_that_was_handed_to_is_the_one_that_asks(world: World, run_id: str, tmp_path: Path) -> None:
    refunds, seen, store = Refunds(), [], FileStore(tmp_path)

    def approve(ana: Signoff, asked: Any) -> None:
        seen.append(asked["context"]["agent"])
        ana.approvals.approve(asked["id"])

    async def main() -> None:
        async with world.async_agent() as client:

            def front(*turns: Any) -> Agent[Any]:
                model = ScriptedModel(turns)
                second = Agent("Refunds", tools=gated([refunds.tool()], client, GATE, mode="park"), model=model)
                return Agent("Front", handoffs=[second], model=model)

            handing = front([function_call("transfer_to_refunds", {}, call_id="call_0")], [CALL])
            assert isinstance(await run_until_parked(handing, "go", client, GATE, store=store, run=run_id), Parked)
            running = parking.run(front([assistant_message("done")]), "go", client, GATE, store=store, run=run_id)
            await deciding(world, run_id, running, approve)

    asyncio.run(main())
    assert refunds.ran == [("1042", 49.9)] and seen == ["Refunds"]


def test_an_agent_as_a_tool_pauses_and_goes_on_in_another_process(fake: FakeSignoff, tmp_path: Path) -> None:
    refunds, client, store = Refunds(), fake.async_client(), FileStore(tmp_path)

    def outer(inner_turns: list[Any], turns: list[Any]) -> tuple[Agent[Any], ScriptedModel]:
        inner = Agent("Inner", tools=gated([refunds.tool()], client, OPEN, mode="park"), model=ScriptedModel(inner_turns))
        model = ScriptedModel(turns)
        return Agent("Outer", tools=[inner.as_tool("helper", "helps")], model=model), model

    async def main() -> ScriptedModel:
        first, _ = outer([[CALL]], [[function_call("helper", {"input": "please"}, call_id="call_0")]])
        assert isinstance(await run_until_parked(first, "go", client, OPEN, store=store, run="r"), Parked)
        fake.approve_all()
        second, model = outer([[assistant_message("helped")]], [[assistant_message("done")]])
        assert isinstance(await run_until_parked(second, "go", client, OPEN, store=store, run="r"), Done)
        return model

    assert told(asyncio.run(main())) == {"call_0": "helped"}
    assert refunds.ran == [("1042", 49.9)] and len(fake.requests) == 1
    assert fake.requests[0]["context"]["agent"] == "Inner"


class Shop:
    """A context that is not kept."""

    def __init__(self, secret: str) -> None:
        self.secret = secret


def test_a_tool_that_is_an_agent_is_asked_about_before_its_own_tools(fake: FakeSignoff, tmp_path: Path) -> None:
    refunds, client, store, gate = Refunds(), fake.async_client(), FileStore(tmp_path), Gate(default=Rule())

    async def step(inner_turns: list[Any], turns: list[Any]) -> Done | Parked:
        inner = Agent("Inner", tools=gated([refunds.tool()], client, gate, mode="park"), model=ScriptedModel(inner_turns))
        tools = gated([inner.as_tool("helper", "helps")], client, gate, mode="park")
        agent = Agent("Outer", tools=tools, model=ScriptedModel(turns))
        done = await run_until_parked(agent, "go", client, gate, store=store, run="r")
        fake.approve_all()
        return done

    async def main() -> Done | Parked:
        await step([], [[function_call("helper", {"input": "please"}, call_id="call_0")]])
        await step([[CALL]], [])
        return await step([[assistant_message("helped")]], [[assistant_message("done")]])

    assert isinstance(asyncio.run(main()), Done)
    assert refunds.ran == [("1042", 49.9)]
    assert [it["context"]["tool"] for it in fake.requests] == ["helper", "refund"]


def test_the_context_is_given_again_and_not_kept(fake: FakeSignoff, tmp_path: Path) -> None:
    seen: list[str] = []

    @function_tool
    def refund(context: RunContextWrapper[Shop], order: str, amount: float) -> str:
        seen.append(context.context.secret)
        return "paid"

    async def main() -> None:
        client, store = fake.async_client(), FileStore(tmp_path)
        given: dict[str, Any] = {"store": store, "run": "r", "context": Shop("s3cret")}
        tools = gated([refund], client, OPEN, mode="park")
        first = Agent("Support", tools=tools, model=ScriptedModel([[CALL]]))
        assert isinstance(await run_until_parked(first, "go", client, OPEN, **given), Parked)
        assert "s3cret" not in (await store.load("r") or "s3cret")
        fake.approve_all()
        second = Agent("Support", tools=tools, model=ScriptedModel([[assistant_message("done")]]))
        assert isinstance(await run_until_parked(second, "go", client, OPEN, **given), Done)

    asyncio.run(main())
    assert seen == ["s3cret"]


# --- where runs are kept ---


def test_a_file_store_keeps_each_run_for_its_owner_alone(tmp_path: Path) -> None:
    store, folder = FileStore(tmp_path / "a" / "runs"), tmp_path / "a" / "runs"

    async def main() -> None:
        assert await store.load("r") is None
        await store.delete("r")
        for run, text in (("r", "1"), ("R", "2"), ("../é", "3"), ("r", "4")):
            await store.save(run, text)
        assert [await store.load(run) for run in ("r", "R", "../é")] == ["4", "2", "3"]

    asyncio.run(main())
    assert len({it.name.lower() for it in folder.iterdir()}) == 3
    assert {stat.S_IMODE(it.stat().st_mode) for it in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_save_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: Any) -> None:
        raise OSError("no space")

    store = FileStore(tmp_path)
    asyncio.run(store.save("r", "1"))
    monkeypatch.setattr(os, "fsync", breaks)
    with pytest.raises(OSError):
        asyncio.run(store.save("r", "2"))
    assert asyncio.run(store.load("r")) == "1" and len(list(tmp_path.iterdir())) == 1


# --- transcripts: both languages replay them ---

CASES = sorted((Path(__file__).parent / "../../../transcripts/openai-agents").glob("*.json"))


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_a_pause_goes_as_it_is_written_there(file: Path) -> None:
    case: dict[str, Any] = json.loads(file.read_text("utf-8"))
    gate = Gate({name: Rule(**rule) for name, rule in case["rules"].items()})
    pause = case["pause"]
    item = ToolApprovalItem(Agent(pause["agent"]["name"]), pause["raw_item"], pause["tool_name"])
    call = call_of(item, case["run"])
    rule = gate.rule(call.tool, call.arguments)
    assert rule is not None
    asked = Gate.request(call, rule)
    assert asked.pop("idempotency_key") == case["key"]
    assert asked == case["create"]
    answer = answer_to(call, rule, Outcome(case["outcome"]))
    assert case["resume"] == ({"approve": True} if answer.approve else {"reject": answer.text})
    if answer.approve:
        assert through_the_tool(case, gate) == (case["called_with"], case["told"])


def through_the_tool(case: dict[str, Any], gate: Gate) -> tuple[Any, Any]:
    """What the tool is called with, and what the model is told where the tool answers `ok`."""
    called: list[Any] = []

    async def invoke(context: ToolContext[Any], text: str) -> str:
        called.append(json.loads(text))
        return "ok"

    raw = case["pause"]["raw_item"]
    tool = FunctionTool(raw["name"], "", {"type": "object"}, invoke, strict_json_schema=False)
    client = AsyncSignoff("http://signoff.test", "key", transport=Broken(httpx2.Response(200, json=case["outcome"])))
    (made,) = gated([tool], client, gate, run=case["run"], mode="park")
    assert isinstance(made, FunctionTool)
    context = ToolContext(
        context=None,
        tool_name=raw["name"],
        tool_call_id=raw["call_id"],
        tool_arguments=raw["arguments"],
        agent=Agent(case["pause"]["agent"]["name"]),
    )

    async def main() -> Any:
        return await made.on_invoke_tool(context, raw["arguments"])

    told = asyncio.run(main())
    return (called[0] if called else None), told


def test_there_are_some() -> None:
    assert len(CASES) > 5


# --- the example ---


def test_the_example_runs(world: World, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(__file__).parent / "../../../../examples/openai-agents/refund.py"
    example = runpy.run_path(str(path))
    # Its main makes its client from the environment; this one is of the world at hand.
    monkeypatch.setitem(example["main"].__globals__, "AsyncSignoff", world.async_agent)
    model = script(CALL)
    running = example["main"](model, run_id, "Please give it back.", str(tmp_path))
    said = asyncio.run(deciding(world, run_id, running, lambda ana, it: ana.approvals.approve(it["id"])))
    assert said == "done" and told(model) == {"call_1": "Order 1042: 49.90 given back."}
    assert len(path.read_text("utf-8").splitlines()) <= 40

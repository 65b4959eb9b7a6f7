"""OpenAI's Agents SDK, waiting: its own runner, and a model that says what it is told to."""

from __future__ import annotations

import asyncio
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import httpx2
import pytest
from agents import (
    Agent,
    AgentsException,
    FunctionTool,
    HostedMCPTool,
    ModelBehaviorError,
    RunConfig,
    Runner,
    ToolOutputText,
    UserError,
    function_tool,
    set_tracing_disabled,
    tool_namespace,
)
from agents.testing import ScriptedModel, assistant_message, function_call
from agents.tool_context import ToolContext
from conftest import World
from instance import Instance
from openai.types.responses.response_output_item import McpApprovalRequest
from pydantic import BaseModel, field_validator
from waits import pending, soon

import signoff
from signoff import AsyncSignoff, Gate, Rule, Signoff
from signoff.adapters.openai_agents import gated, hosted_mcp_approval
from signoff.testing import FakeSignoff

set_tracing_disabled(True)
ASKED = Rule(approvers=["ana"], timeout="1h")
GATE = Gate({"refund": ASKED})
OPEN = Gate({"refund": Rule()})
CALL = function_call("refund", {"order": "1042", "amount": 49.9}, call_id="call_1")
NOTE = 'A person changed this call before it ran. Executed with: refund(amount=10, order="1042").'


class Refunds:
    """A tool, and what it was called with."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, float]] = []

    def tool(self, **settings: Any) -> FunctionTool:
        async def refund(order: str, amount: float) -> str:
            """Pays back."""
            self.ran.append((order, amount))
            return f"paid {amount}"

        tool: FunctionTool = function_tool(**settings)(refund)
        return tool


def script(*calls: Any) -> ScriptedModel:
    """A turn with these calls, and one with the last word."""
    return ScriptedModel([list(calls), [assistant_message("done")]])


def told(model: ScriptedModel) -> dict[str, Any]:
    """What the model was told of each call, when it was last asked."""
    assert model.last_call is not None
    return {it["call_id"]: it["output"] for it in model.last_call.input if it.get("type") == "function_call_output"}


Decide = Callable[[Signoff, Any], object]


async def waiting(world: World, agent: Agent[Any], run_id: str, decide: Decide | None = None) -> Any:
    """A run, and what a person does meanwhile."""
    with signoff.run(run_id):
        running = asyncio.create_task(Runner.run(agent, "go"))
    with world.ana() as ana:
        try:
            if decide is not None:
                (asked,) = await asyncio.to_thread(pending, ana, run_id)
                await asyncio.to_thread(decide, ana, asked)
            return await asyncio.wait_for(running, 60)
        finally:
            running.cancel()


def go(world: World, run_id: str, decide: Decide | None = None, **given: Any) -> tuple[list[Any], dict[str, Any]]:
    """Which calls ran, and what the model was told."""
    refunds, model = given.get("refunds") or Refunds(), script(CALL)

    async def main() -> None:
        async with world.async_agent() as client:
            tools = gated([refunds.tool()], client, given.get("gate") or GATE)
            await waiting(world, Agent("Support", tools=tools, model=model), run_id, decide)

    asyncio.run(main())
    return refunds.ran, told(model)


def by_agent(world: World) -> Decide:
    """The one who asked withdraws it."""

    def cancel(ana: Signoff, asked: Any) -> None:
        with world.agent() as agent:
            agent.approvals.cancel(asked["id"], "not needed")

    return cancel


# --- what each outcome means; on the fake and on the real server ---


def test_an_approved_call_runs_as_it_was_shown(world: World, run_id: str) -> None:
    seen: list[Any] = []

    def approve(ana: Signoff, asked: Any) -> None:
        seen.append(asked)
        ana.approvals.approve(asked["id"])

    ran, said = go(world, run_id, approve)
    assert ran == [("1042", 49.9)] and said == {"call_1": "paid 49.9"}
    assert seen[0]["approval_type"] == "tool_call" and seen[0]["run_id"] == run_id
    shown = {"tool": "refund", "arguments": {"order": "1042", "amount": 49.9}, "call_id": "call_1", "agent": "Support"}
    assert seen[0]["context"] == shown


def test_an_edited_call_runs_as_it_was_edited_and_the_model_hears_of_it(world: World, run_id: str) -> None:
    edits = {"arguments": {"amount": 10}}
    ran, said = go(world, run_id, lambda ana, it: ana.approvals.approve(it["id"], modifications=edits))
    assert ran == [("1042", 10)] and said == {"call_1": f"{NOTE}\npaid 10.0"}


def test_edits_that_the_tool_refuses_are_not_run(world: World, run_id: str) -> None:
    edits = {"arguments": {"amount": "ten"}}
    ran, said = go(world, run_id, lambda ana, it: ana.approvals.approve(it["id"], modifications=edits))
    why = 'The edits of ana could not be carried out: amount must have type "number". The call was not executed.'
    assert ran == [] and said == {"call_1": why}


def test_a_rejected_call_does_not_run_and_the_model_hears_why(world: World, run_id: str) -> None:
    ran, said = go(world, run_id, lambda ana, it: ana.approvals.reject(it["id"], "too much"))
    assert ran == []
    assert said == {"call_1": "Rejected by ana: too much. Don't try this call again unless you are asked to."}


def test_silence_is_no_denial(world: World, run_id: str) -> None:
    ran, said = go(world, run_id, gate=Gate({"refund": Rule(approvers=["ana"], timeout=1)}))
    assert ran == [] and said == {"call_1": "Nobody answered in time. The call was not executed."}


def test_a_withdrawn_request_ends_the_run(world: World, run_id: str) -> None:
    with pytest.raises(signoff.Withdrawn) as ended:
        go(world, run_id, by_agent(world))
    assert isinstance(ended.value, AgentsException)
    assert type(pickle.loads(pickle.dumps(ended.value))) is signoff.Withdrawn


def test_a_person_may_answer_in_the_tools_place(world: World, run_id: str) -> None:
    gate = Gate({"refund": Rule(approvers=["ana"], allow_response=True)})
    answer = {"response": "Paid by hand."}
    ran, said = go(world, run_id, lambda ana, it: ana.approvals.approve(it["id"], modifications=answer), gate=gate)
    assert ran == [] and said == {"call_1": "Paid by hand."}


def test_parallel_calls_are_decided_apart(world: World, run_id: str) -> None:
    refunds = Refunds()
    other = function_call("refund", {"order": "7", "amount": 1}, call_id="call_2")
    model = script(CALL, other)

    async def main() -> None:
        async with world.async_agent() as client:
            agent = Agent("Support", tools=gated([refunds.tool()], client, GATE), model=model)
            with signoff.run(run_id):
                running = asyncio.create_task(Runner.run(agent, "go"))
            with world.ana() as ana:
                asked = {it["context"]["call_id"]: it for it in await asyncio.to_thread(pending, ana, run_id, 2)}
                await asyncio.to_thread(ana.approvals.reject, asked["call_1"]["id"], "no")
                await asyncio.to_thread(ana.approvals.approve, asked["call_2"]["id"])
                await asyncio.wait_for(running, 60)

    asyncio.run(main())
    assert refunds.ran == [("7", 1)]
    assert told(model) == {
        "call_1": "Rejected by ana: no. Don't try this call again unless you are asked to.",
        "call_2": "paid 1.0",
    }


# --- what a process and an instance live through ---

WAITER = """
import asyncio, os, sys
import signoff
from agents import Agent, Runner, function_tool, set_tracing_disabled
from agents.testing import ScriptedModel, assistant_message, function_call
from pathlib import Path
from signoff import AsyncSignoff, Gate, Rule
from signoff.adapters.openai_agents import gated

set_tracing_disabled(True)
ran, run_id = Path(sys.argv[1]), sys.argv[2]

@function_tool
def refund(order: str) -> str:
    with ran.open("a") as file:
        file.write(order)
    return "paid"

async def main():
    async with AsyncSignoff() as client:
        model = ScriptedModel([[function_call("refund", {"order": "1042"}, call_id="call_1")], [assistant_message("done")]])
        agent = Agent("Support", tools=gated([refund], client, Gate({"refund": Rule(approvers=["ana"])})), model=model)
        with signoff.run(run_id):
            await Runner.run(agent, "go")

asyncio.run(main())
"""


def test_a_process_that_is_killed_and_started_again_asks_once_and_runs_once(real: World, run_id: str, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    environment = {**os.environ, "SIGNOFF_URL": real.url, "SIGNOFF_API_KEY": real.agent_key}

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", WAITER, str(ran), run_id], env=environment)

    with real.ana() as ana:
        first = start()
        (asked,) = pending(ana, run_id)
        first.kill()
        first.wait()
        second = start()
        ana.approvals.approve(asked["id"])
        assert second.wait(timeout=60) == 0
        assert ran.read_text() == "1042"
        assert [it["id"] for it in ana.approvals.history(run_id=run_id)] == [asked["id"]]


def test_a_wait_outlives_the_instance_that_held_it(real: World, instance: Instance, run_id: str) -> None:
    def decide(ana: Signoff, asked: Any) -> None:
        instance.kill()
        ana.approvals.approve(asked["id"])
        instance.start()

    here = World(instance.url, real.agent_key, real.ana_key, real.other_url)
    ran, said = go(here, run_id, decide)
    assert ran == [("1042", 49.9)] and said == {"call_1": "paid 49.9"}
    with real.ana() as ana:
        assert len(list(ana.approvals.history(run_id=run_id))) == 1


# --- when something else goes wrong: the tool never ran, and the run has ended ---


def refused(client: AsyncSignoff, run_id: str, gate: Gate = OPEN, **given: Any) -> tuple[ScriptedModel, Exception]:
    """Runs, and answers the model and the error that ended it."""
    refunds, model = Refunds(), script(given.pop("call", CALL))

    async def main() -> None:
        async with client:
            agent = Agent("Support", tools=gated([refunds.tool()], client, gate, **given), model=model)
            with signoff.run(run_id):
                await asyncio.wait_for(Runner.run(agent, "go"), 60)

    with pytest.raises(Exception) as ended:
        asyncio.run(main())
    assert refunds.ran == []
    # The model was told nothing that it could take for a result.
    assert len(model.calls) == 1
    return model, ended.value


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


@pytest.mark.parametrize(
    ("answer", "error"),
    [
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
    ],
    ids=lambda it: it.__name__ if isinstance(it, type) else repr(it),
)
def test_nothing_runs_where_nobody_could_be_asked(answer: Any, error: type[Exception], run_id: str) -> None:
    client = AsyncSignoff("http://signoff.test", "key", transport=Broken(answer), patience=0.05)
    _, ended = refused(client, run_id)
    assert isinstance(ended, error) and isinstance(ended, AgentsException)


def test_nothing_runs_while_the_real_server_is_away(real: World, instance: Instance, run_id: str) -> None:
    instance.kill()
    _, ended = refused(AsyncSignoff(instance.url, real.agent_key, patience=0.05), run_id)
    assert isinstance(ended, signoff.ConnectionFailed)


def test_nothing_runs_with_a_key_that_the_real_server_does_not_know(real: World, run_id: str) -> None:
    _, ended = refused(AsyncSignoff(real.url, "so_nobody_knows"), run_id)
    assert isinstance(ended, signoff.Unauthenticated)


def test_nothing_runs_after_an_error_of_our_own(world: World, run_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr("signoff.gate.verdict", breaks)
    refunds = Refunds()
    with pytest.raises(UserError, match="a bug"):
        go(world, run_id, lambda ana, it: ana.approvals.approve(it["id"]), refunds=refunds)
    assert refunds.ran == []


def test_nothing_runs_where_a_condition_raises(world: World, run_id: str) -> None:
    gate = Gate({"refund": Rule(when=lambda arguments: bool(arguments["no such"]))})
    _, ended = refused(world.async_agent(), run_id, gate)
    assert isinstance(ended, UserError) and unasked(world, run_id)


def unasked(world: World, run_id: str) -> bool:
    with world.ana() as ana:
        return not list(ana.approvals.pending(run_id=run_id)) and not list(ana.approvals.history(run_id=run_id))


def test_nothing_runs_in_a_run_without_a_name(fake: FakeSignoff) -> None:
    fake.approves()
    refunds, model = Refunds(), script(CALL)
    agent = Agent("Support", tools=gated([refunds.tool()], fake.async_client(), OPEN), model=model)
    with pytest.raises(signoff.SignoffError, match="no name"):
        asyncio.run(Runner.run(agent, "go"))
    assert refunds.ran == [] and fake.requests == []


def test_a_call_without_an_id_is_not_asked_about(world: World, run_id: str) -> None:
    refunds = Refunds()
    (tool,) = gated([refunds.tool()], world.async_agent(), OPEN, run=run_id)
    assert isinstance(tool, FunctionTool)
    text = '{"order": "1", "amount": 1}'
    context = ToolContext(context=None, tool_name="refund", tool_call_id="", tool_arguments=text)
    with pytest.raises(signoff.MissingCallId):
        asyncio.run(_awaited(tool.on_invoke_tool(context, text)))
    _, ended = refused(world.async_agent(), run_id, call=function_call("refund", text, call_id=""))
    # The SDK refuses it before.
    assert isinstance(ended, ModelBehaviorError)
    assert refunds.ran == [] and unasked(world, run_id)


async def _awaited(what: Any) -> Any:
    return await what


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ('{"order": "1", "amount": 1, "amount": 999}', "a name is there twice"),
        ('{"order": "1", "amount": NaN}', "NaN is no number"),
        ('{"order": "1", "amount": -Infinity}', "-Infinity is no number"),
        ('{"order": "1", "amount": 1e999}', "1e999 is too large"),
        ('{"order": "1", "amount": {"a": 1, "a": 2}}', "a name is there twice"),
        ("[1]", "they are no object"),
        ('{"order"', "Expecting ':' delimiter: line 1 column 9 (char 8)"),
    ],
)
def test_arguments_that_readers_understand_differently_are_refused(
    fake: FakeSignoff, run_id: str, arguments: str, why: str
) -> None:
    fake.approves()
    refunds, model = Refunds(), script(function_call("refund", arguments, call_id="call_1"))
    agent = Agent("Support", tools=gated([refunds.tool()], fake.async_client(), OPEN, run=run_id), model=model)
    asyncio.run(Runner.run(agent, "go"))
    assert refunds.ran == [] and fake.requests == []
    assert told(model) == {"call_1": f"The arguments of this call can't be read: {why}. The call was not executed."}


# --- what runs, and how ---


def run_with(fake: FakeSignoff, tool: FunctionTool, model: ScriptedModel, gate: Gate = OPEN, **given: Any) -> dict[str, Any]:
    agent = Agent("Support", tools=gated([tool], fake.async_client(), gate, run="r"), model=model)
    asyncio.run(Runner.run(agent, "go", **given))
    return told(model)


def test_the_tool_is_given_what_was_shown(fake: FakeSignoff) -> None:
    fake.approves()
    given: list[str] = []

    async def invoke(context: ToolContext[Any], text: str) -> str:
        given.append(text)
        return "ok"

    raw = FunctionTool("refund", "", {"type": "object", "properties": {}}, invoke, strict_json_schema=False)
    text = '{ "order" : "\\u00e9", "big": 9007199254740993, "amount": 1.10 }'
    assert run_with(fake, raw, script(function_call("refund", text, call_id="call_1"))) == {"call_1": "ok"}
    assert given == ['{"order": "\\u00e9", "big": 9007199254740993, "amount": 1.1}']
    shown = {"order": "é", "big": "9007199254740993", "amount": 1.1}
    assert fake.requests[0]["context"]["arguments"] == shown


def test_a_call_that_no_rule_is_about_runs_unasked_and_needs_no_name(fake: FakeSignoff) -> None:
    refunds, model = Refunds(), script(CALL)
    gate = Gate({"refund": Rule(when=lambda it: it["amount"] > 100)})
    agent = Agent("Support", tools=gated([refunds.tool()], fake.async_client(), gate), model=model)
    asyncio.run(Runner.run(agent, "go"))
    assert refunds.ran == [("1042", 49.9)] and fake.requests == []


def test_a_condition_that_changes_its_mind_does_not_let_a_call_pass(fake: FakeSignoff) -> None:
    fake.rejects()
    refunds, asks = Refunds(), iter([True, False, False, False])
    said = run_with(fake, refunds.tool(), script(CALL), Gate({"refund": Rule(when=lambda _: next(asks))}))
    assert refunds.ran == [] and said["call_1"].startswith("Rejected by approver: no.")


def test_the_group_of_the_traces_may_name_the_run(fake: FakeSignoff) -> None:
    fake.approves()
    refunds, model = Refunds(), script(CALL)
    agent = Agent("Support", tools=gated([refunds.tool()], fake.async_client(), OPEN), model=model)
    asyncio.run(Runner.run(agent, "go", run_config=RunConfig(group_id="ticket-812")))
    assert fake.requests[0]["run_id"] == "ticket-812"


def test_the_context_may_name_the_run(fake: FakeSignoff) -> None:
    fake.approves()
    model = script(CALL)
    tools = gated([Refunds().tool()], fake.async_client(), OPEN, run=lambda it: str(it.context["ticket"]))
    asyncio.run(Runner.run(Agent("Support", tools=tools, model=model), "go", context={"ticket": 812}))
    assert fake.requests[0]["run_id"] == "812"


def test_the_agent_that_was_handed_to_is_the_one_that_asks(world: World, run_id: str) -> None:
    refunds, seen = Refunds(), []
    to_refunds = [function_call("transfer_to_refunds", {}, call_id="call_0")]
    model = ScriptedModel([to_refunds, [CALL], [assistant_message("done")]])

    def approve(ana: Signoff, asked: Any) -> None:
        seen.append(asked["context"]["agent"])
        ana.approvals.approve(asked["id"])

    async def main() -> None:
        async with world.async_agent() as client:
            second = Agent("Refunds", tools=gated([refunds.tool()], client, GATE), model=model)
            await waiting(world, Agent("Front", handoffs=[second], model=model), run_id, approve)

    asyncio.run(main())
    assert refunds.ran == [("1042", 49.9)] and seen == ["Refunds"]


def test_an_agent_as_a_tool_asks_under_the_same_run(fake: FakeSignoff) -> None:
    fake.approves()
    refunds = Refunds()
    inner = Agent("Inner", tools=gated([refunds.tool()], fake.async_client(), OPEN), model=script(CALL))
    model = script(function_call("helper", {"input": "please"}, call_id="call_0"))
    outer = Agent("Outer", tools=[inner.as_tool("helper", "helps")], model=model)
    with signoff.run("r"):
        asyncio.run(Runner.run(outer, "go"))
    assert told(model) == {"call_0": "done"}
    assert (fake.requests[0]["run_id"], fake.requests[0]["context"]["agent"]) == ("r", "Inner")


def test_a_namespace_is_part_of_a_tools_name(fake: FakeSignoff) -> None:
    fake.approves()
    refunds = Refunds()
    (tool,) = tool_namespace(name="shop", description="A shop", tools=[refunds.tool()])
    call = function_call("refund", {"order": "1", "amount": 1}, call_id="call_1", namespace="shop")
    run_with(fake, tool, script(call), Gate({"shop.refund": Rule()}))
    assert refunds.ran == [("1", 1)] and fake.requests[0]["context"]["tool"] == "shop.refund"


def test_a_tools_own_time_is_not_spent_by_people(fake: FakeSignoff) -> None:
    model = script(CALL)

    @function_tool(timeout=0.05)
    async def refund(order: str, amount: float) -> str:
        await asyncio.Event().wait()
        return "never"

    async def main() -> None:
        agent = Agent("Support", tools=gated([refund], fake.async_client(), OPEN, run="r"), model=model)
        running = asyncio.create_task(Runner.run(agent, "go"))
        await soon(lambda: bool(fake.requests))
        # Longer than the tool has.
        await asyncio.sleep(0.1)
        assert not running.done()
        fake.approve_all()
        await running

    asyncio.run(main())
    assert told(model) == {"call_1": "Tool 'refund' timed out after 0.05 seconds."}


def test_an_error_of_the_tools_own_goes_its_own_way(fake: FakeSignoff) -> None:
    fake.edits(amount=10)

    @function_tool(failure_error_function=lambda context, error: f"sorry: {error}")
    def refund(order: str, amount: float) -> str:
        raise ValueError("no money")

    assert run_with(fake, refund, script(CALL)) == {"call_1": f"{NOTE}\nsorry: no money"}

    @function_tool(name_override="refund", failure_error_function=None)
    def strict(order: str, amount: float) -> str:
        raise ValueError("no money")

    with pytest.raises(UserError):
        run_with(fake, strict, script(CALL))


@pytest.mark.parametrize("many", [False, True])
def test_the_note_comes_before_parts_of_another_kind(fake: FakeSignoff, many: bool) -> None:
    fake.edits(amount=10)

    @function_tool
    def refund(order: str, amount: float) -> Any:
        return [ToolOutputText(text="a"), {"type": "text", "text": "b"}] if many else ToolOutputText(text="a")

    texts = [NOTE, "a", "b"] if many else [NOTE, "a"]
    assert run_with(fake, refund, script(CALL)) == {"call_1": [{"type": "input_text", "text": text} for text in texts]}


def test_the_note_comes_before_what_is_no_text(fake: FakeSignoff) -> None:
    fake.edits(amount=10)

    @function_tool
    def refund(order: str, amount: float) -> Any:
        return {"type": "receipt", "amount": amount}

    assert run_with(fake, refund, script(CALL)) == {"call_1": NOTE + "\n{'type': 'receipt', 'amount': 10.0}"}


class Amount(BaseModel):
    value: float

    @field_validator("value")
    @classmethod
    def positive(cls, value: float) -> float:
        if value <= 0:
            raise ValueError("must be more than nothing")
        return value


@pytest.mark.parametrize(
    ("edits", "why"),
    [
        ({"nothing": 1}, "refund has no argument nothing"),
        ({"amount": {"value": -1}}, "amount.value: Value error, must be more than nothing"),
        ({"amount": {"value": "1"}}, 'amount.value must have type "number"'),
        ({"amount": {}}, "'value' is a required property"),
        ({"how": "cash"}, 'how must have enum ["card", "bank"]'),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_edits_meet_the_tools_schema_and_its_own_checks(
    fake: FakeSignoff, edits: dict[str, Any], why: str, strict: bool
) -> None:
    fake.edits(by="ana", **edits)

    @function_tool(strict_mode=strict)
    def refund(amount: Amount, how: Literal["card", "bank"]) -> str:
        raise AssertionError("it ran")

    call = function_call("refund", {"amount": {"value": 5}, "how": "card"}, call_id="call_1")
    text = f"The edits of ana could not be carried out: {why}. The call was not executed."
    assert run_with(fake, refund, script(call)) == {"call_1": text}
    assert [event["event_type"] for _, event in fake.events] == ["modification_refused"]


def test_a_run_that_is_streamed_asks_as_well(fake: FakeSignoff) -> None:
    fake.approves()
    refunds = Refunds()

    async def main() -> None:
        agent = Agent("Support", tools=gated([refunds.tool()], fake.async_client(), OPEN), model=script(CALL))
        with signoff.run("r"):
            result = Runner.run_streamed(agent, "go")
        async for _ in result.stream_events():
            pass

    asyncio.run(main())
    assert refunds.ran == [("1042", 49.9)] and fake.requests[0]["run_id"] == "r"


def test_without_the_sdk_the_import_says_what_to_install() -> None:
    program = "import sys; sys.modules['agents'] = None; import signoff.adapters.openai_agents"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.stderr.endswith("ImportError: OpenAI's Agents SDK is not installed: pip install 'signoff[openai-agents]'\n")


def test_what_can_not_be_gated_is_refused_at_once(fake: FakeSignoff) -> None:
    hosted = HostedMCPTool({"type": "mcp", "server_label": "s", "server_url": "https://x.test"})
    client = fake.async_client()
    assert gated([hosted], client, OPEN) == [hosted]
    with pytest.raises(TypeError, match="hosted_mcp is no function tool"):
        gated([hosted], client, Gate(default=Rule()))
    with pytest.raises(TypeError, match="AsyncSignoff"):
        gated([], fake.client(), OPEN)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no mode"):
        gated([], client, OPEN, mode="later")  # type: ignore[arg-type]


def test_what_the_original_tool_is_stays_as_it_was(fake: FakeSignoff) -> None:
    tool = Refunds().tool()
    before = dict(tool.__dict__)
    (made,) = gated([tool], fake.async_client(), OPEN, mode="park")
    assert tool.__dict__ == before and made is not tool


# --- hosted MCP ---


def hosted(fake: FakeSignoff, arguments: str = '{"order":"1"}', gate: Gate | None = None) -> Mapping[str, Any]:
    """What the server of the tool is told."""
    asked = McpApprovalRequest(id="mcpr_1", arguments=arguments, name="refund", server_label="shop", type="mcp_approval_request")
    model = ScriptedModel([[asked], [assistant_message("done")]])
    approve = hosted_mcp_approval(fake.async_client(), gate or Gate({"shop.*": Rule()}), run="r")
    config: Any = {"type": "mcp", "server_label": "shop", "server_url": "https://x.test", "require_approval": "always"}
    tool = HostedMCPTool(config, on_approval_request=approve)
    asyncio.run(Runner.run(Agent("Support", tools=[tool], model=model), "go"))
    assert model.last_call is not None
    (answer,) = [it for it in model.last_call.input if it.get("type") == "mcp_approval_response"]
    return {name: answer[name] for name in ("approve", "reason") if name in answer}


def test_a_hosted_tool_is_asked_about(fake: FakeSignoff) -> None:
    fake.approves()
    assert hosted(fake) == {"approve": True}
    asked = fake.requests[0]["context"]
    assert asked == {"tool": "shop.refund", "arguments": {"order": "1"}, "call_id": "mcpr_1"}
    assert hosted(fake, gate=Gate({"refund": Rule()})) == {"approve": True} and len(fake.requests) == 1


NOT_CARRIED_OUT = "The edits of approver could not be carried out: "


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (lambda it: it.rejects("no"), "Rejected by approver: no. Don't try this call again unless you are asked to."),
        (lambda it: it.lapses(), "Nobody answered in time. The call was not executed."),
        (
            lambda it: it.edits(order="2"),
            f"{NOT_CARRIED_OUT}a hosted tool runs with the model's own arguments. The call was not executed.",
        ),
        (
            lambda it: it.responds("done"),
            f"{NOT_CARRIED_OUT}an answer in the tool's place is not allowed here. The call was not executed.",
        ),
    ],
)
def test_a_hosted_tool_runs_as_it_was_asked_about_or_not_at_all(
    fake: FakeSignoff, script: Callable[[FakeSignoff], None], why: str
) -> None:
    script(fake)
    assert hosted(fake) == {"approve": False, "reason": why}


def test_a_hosted_tool_does_not_run_where_nobody_could_be_asked(fake: FakeSignoff) -> None:
    fake.cancels()
    with pytest.raises(signoff.Withdrawn):
        hosted(fake)
    assert hosted(fake, '{"a": NaN}') == {
        "approve": False,
        "reason": "The arguments of this call can't be read: NaN is no number. The call was not executed.",
    }

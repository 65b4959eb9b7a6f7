"""pydantic-ai: what has paused is answered in a loop of the user's own; the transcripts; the example."""

from __future__ import annotations

import asyncio
import json
import runpy
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import World
from pydantic_ai import Agent, Tool
from pydantic_ai.messages import ModelMessage, ModelMessagesTypeAdapter, ModelRequest, ModelResponse
from pydantic_ai.messages import ToolCallPart, UserPromptPart
from pydantic_ai.tools import DeferredToolRequests, DeferredToolResults, ToolApproved, ToolDenied
from pydantic_ai_script import (
    CALL,
    GATE,
    NO,
    NOTE,
    ORDER,
    Broken,
    Refunds,
    agent_of,
    approve,
    by_agent,
    deciding,
    edit,
    reject,
    respond,
    script,
)

import signoff
from signoff import AsyncSignoff, Gate, Outcome, Rule
from signoff.adapters.pydantic_ai import SignoffApprovals
from signoff.adapters.pydantic_ai import answer_to, call_of, results
from signoff.testing import FakeSignoff

# --- a loop of the user's own ---

ALLOWED = Gate({"refund": Rule(approvers=["ana"], allow_response=True)})
PLAIN = {
    "approve": (approve, [("1042", 49.9)], "paid 49.9"),
    "edit": (edit(amount=10), [("1042", 10)], "paid 10.0"),
    "reject": (reject, [], NO),
    "respond": (respond, [], "Paid by hand."),
    "withdraw": (None, [], "The request was withdrawn."),
}


@pytest.mark.parametrize("case", PLAIN)
@pytest.mark.parametrize("gated", [True, False], ids=["with the capability", "without it"])
def test_what_has_paused_is_answered_from_the_server(world: World, run_id: str, case: str, gated: bool) -> None:
    refunds, said = Refunds(), script(CALL)
    decide, ran, text = PLAIN[case]
    answers: list[DeferredToolResults] = []

    async def main() -> None:
        async with world.async_agent() as client:
            asks = [SignoffApprovals(client, ALLOWED, run=run_id, mode="park")] if gated else []
            agent = agent_of(said, Tool(refunds.refund, requires_approval=True), capabilities=asks)
            first = await agent.run("go")
            # Another process has them as JSON.
            messages = ModelMessagesTypeAdapter.validate_json(first.all_messages_json())
            running = results(first.output, client, ALLOWED, run=run_id, messages=messages, agent="Support")
            answers.append(await deciding(world, run_id, running, decide or by_agent(world)))
            last = await agent.run(message_history=messages, deferred_tool_results=answers[0])
            assert last.output == "done"

    asyncio.run(main())
    note = f"{NOTE}\n" if gated and case == "edit" else ""
    assert refunds.ran == ran and said.told == {"call_1": f"{note}{text}"}
    assert ("ana" in answers[0].answered_by["call_1"]) is (case != "withdraw")
    with world.ana() as ana:
        assert len(list(ana.approvals.history(run_id=run_id))) == 1


def test_edits_that_the_tool_refuses_are_told_as_promised_also_there(fake: FakeSignoff) -> None:
    """pydantic-ai would refuse them in its own words, before the gate."""
    fake.edits(by="ana", amount="ten")
    refunds, said, client = Refunds(), script(CALL), fake.async_client()

    async def main() -> None:
        agent = agent_of(said, refunds.refund, capabilities=[SignoffApprovals(client, GATE, run="r", mode="park")])
        first = await agent.run("go")
        answers = await results(first.output, client, GATE, run="r", messages=first.all_messages(), agent="Support")
        await agent.run(message_history=first.all_messages(), deferred_tool_results=answers)

    asyncio.run(main())
    why = 'The edits of ana could not be carried out: amount must have type "number". The call was not executed.'
    assert refunds.ran == [] and said.told == {"call_1": why}


def test_what_is_answered_is_what_was_asked_whatever_the_messages_say(fake: FakeSignoff) -> None:
    """Requests and messages may come from two places, and one of them be forged."""
    fake.approves(by="ana")
    refunds, client = Refunds(), fake.async_client()

    async def main() -> None:
        agent = agent_of(script(CALL), Tool(refunds.refund, requires_approval=True))
        first = await agent.run("go")
        answers = await results(first.output, client, GATE, run="r", messages=first.all_messages())
        text = first.all_messages_json().replace(b"49.9", b"4990")
        forged = ModelMessagesTypeAdapter.validate_json(text)
        await agent.run(message_history=forged, deferred_tool_results=answers)

    asyncio.run(main())
    assert refunds.ran == [("1042", 49.9)]


def test_requests_of_other_messages_are_not_answered(fake: FakeSignoff) -> None:
    fake.approves(by="ana")
    other = ToolCallPart("delete", ORDER, tool_call_id="call_1")
    messages: list[ModelMessage] = [ModelRequest([UserPromptPart("go")]), ModelResponse([other])]
    requests = DeferredToolRequests(approvals=[CALL])
    with pytest.raises(signoff.SignoffError, match="other messages"):
        asyncio.run(results(requests, fake.async_client(), GATE, run="r", messages=messages))
    assert fake.requests == []


def test_nothing_is_answered_where_one_can_not_be_asked(fake: FakeSignoff) -> None:
    """And the waits for the others end."""
    calls = [CALL, ToolCallPart("refund", "[1]", tool_call_id="call_2")]
    messages: list[ModelMessage] = [ModelRequest([UserPromptPart("go")]), ModelResponse(calls)]

    async def main() -> None:
        with pytest.raises(AssertionError):
            await results(DeferredToolRequests(approvals=calls), fake.async_client(), GATE, run="r", messages=messages)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


# --- transcripts ---

CASES = sorted((Path(__file__).parent / "../../../transcripts/pydantic-ai").glob("*.json"))


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_a_pause_goes_as_it_is_written_there(file: Path) -> None:
    case: dict[str, Any] = json.loads(file.read_text("utf-8"))
    gate = Gate({name: Rule(**rule) for name, rule in case["rules"].items()})
    (given,) = case["pause"]["approvals"]
    part = ToolCallPart(given["tool_name"], given["args"], tool_call_id=given["tool_call_id"])
    metadata = case["pause"]["metadata"].get(part.tool_call_id)
    call = call_of(part, case["run"], metadata=metadata, agent=case["agent"])
    rule = gate.rule(call.tool, call.arguments)
    assert rule is not None
    asked = Gate.request(call, rule)
    assert asked.pop("idempotency_key") == case["key"]
    assert asked == case["create"]
    answer = answer_to(call, rule, Outcome(case["outcome"]))
    assert resumed(part, answer) == case["resume"]
    assert through_the_gate(case, part, answer) == (case["called_with"], case["told"])


def resumed(part: ToolCallPart, answer: Any) -> dict[str, Any]:
    if isinstance(answer, ToolApproved):
        return {"approvals": {part.tool_call_id: {"kind": "tool-approved", "override_args": answer.override_args}}}
    if isinstance(answer, ToolDenied):
        return {"approvals": {part.tool_call_id: {"kind": "tool-denied", "message": answer.message}}}
    return {"calls": {part.tool_call_id: answer}}


def through_the_gate(case: dict[str, Any], part: ToolCallPart, answer: Any) -> tuple[Any, Any]:
    """What the tool is called with, and what the model is told where the tool answers `ok`: the run resumed."""
    called: list[Any] = []

    async def invoke(**arguments: Any) -> str:
        called.append(arguments)
        return "ok"

    gate = Gate({name: Rule(**rule) for name, rule in case["rules"].items()})
    client = AsyncSignoff("http://signoff.test", "key", transport=Broken(httpx2.Response(200, json=case["outcome"])))
    asks = SignoffApprovals(client, gate, run=case["run"], mode="park")
    tool = Tool.from_schema(invoke, part.tool_name, "", {"type": "object", "additionalProperties": True})
    said = script(part)
    agent: Agent[Any, Any] = Agent(
        said.model, name=case["agent"], tools=[tool], capabilities=[asks], output_type=[str, DeferredToolRequests]
    )

    async def main() -> None:
        first = await agent.run("go")
        assert first.output.metadata[part.tool_call_id]["signoff"]["arguments"] == part.args_as_dict()
        results = DeferredToolResults(approvals={part.tool_call_id: ToolApproved()}, metadata=first.output.metadata)
        await agent.run(message_history=first.all_messages(), deferred_tool_results=results)

    asyncio.run(main())
    (told,) = said.told.values()
    return (called[0] if called else None), told


def test_there_are_some() -> None:
    assert len(CASES) > 10


# --- the example ---


def test_the_example_runs(world: World, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(__file__).parent / "../../../../examples/pydantic-ai/refund.py"
    example = runpy.run_path(str(path))
    # Its main makes its client from the environment; this one is of the world at hand.
    monkeypatch.setitem(example["main"].__globals__, "AsyncSignoff", world.async_agent)
    said = script(CALL)
    running = example["main"](said.model, run_id, "Please give it back.", str(tmp_path))
    assert asyncio.run(deciding(world, run_id, running, approve)) == "done"
    assert said.told == {"call_1": "Order 1042: 49.90 given back."}
    assert len(path.read_text("utf-8").splitlines()) <= 40

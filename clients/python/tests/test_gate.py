"""Which calls are asked about, and what each outcome means for them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

import signoff
from signoff import Call, Gate, Rule, Signoff, Verdict
from signoff.gate import whole_seconds
from signoff.testing import FakeSignoff

RULE = Rule(approvers=["ana", "bo"], timeout="24h", title="Refund {order}")


def call(**more: Any) -> Call:
    made: dict[str, Any] = {"dialect": "langchain", "run": "thread/7", "tool": "refund", "call_id": "call_1"}
    return Call(**{**made, "arguments": {"order": "1042", "amount": 49.9}, **more})


def passed(client: Signoff, made: Call | None = None, rule: Rule = RULE, **more: Any) -> Verdict:
    return Gate({"refund": rule}).pass_through(client, made or call(), **more)


def test_the_first_pattern_that_matches_counts() -> None:
    strict, lax, rest = Rule(min_approvers=2), Rule(), Rule(roles=["ops"])
    gate = Gate({"delete_tmp": lax, "delete_*": strict}, default=rest)
    assert gate.rule("delete_tmp", {}) is lax
    assert gate.rule("delete_all", {}) is strict
    assert gate.rule("Delete_all", {}) is rest
    assert Gate({"delete_*": strict}).rule("read", {}) is None


def test_when_looks_at_the_arguments() -> None:
    def large(arguments: Mapping[str, Any]) -> bool:
        return bool(arguments.pop("amount") > 10)  # type: ignore[attr-defined]

    gate = Gate({"refund": Rule(when=large)}, default=Rule())
    arguments = {"amount": 11}
    assert gate.rule("refund", arguments) is not None and arguments == {"amount": 11}
    assert gate.rule("refund", {"amount": 10}) is None
    with pytest.raises(KeyError):
        gate.rule("refund", {})
    with pytest.raises(TypeError):
        Gate(default=Rule(when=lambda it: it.get("amount"))).rule("refund", {"amount": 1})  # type: ignore[arg-type,return-value]


def test_a_call_without_a_rule_asks_nobody(client: Signoff, fake: FakeSignoff) -> None:
    verdict = Gate({}).pass_through(client, call())
    assert verdict.runs and verdict.arguments == {"order": "1042", "amount": 49.9} and verdict.outcome is None
    assert fake.requests == []


def test_what_is_asked(client: Signoff, fake: FakeSignoff) -> None:
    fake.approves(by="ana")
    assert passed(client, call(agent="Support")).runs
    (asked,) = fake.requests
    assert asked == {
        "run_id": "thread-7.6e167797",
        "approval_type": "tool_call",
        "title": "Refund 1042",
        "context": {
            "tool": "refund",
            "arguments": {"order": "1042", "amount": 49.9},
            "call_id": "call_1",
            "agent": "Support",
        },
        "policy": {"allowed_approvers": ["ana", "bo"]},
        "timeout_seconds": 86400,
        "metadata": {"dialect": "langchain"},
    }


def test_approved(client: Signoff, fake: FakeSignoff) -> None:
    fake.approves(by="ana")
    made = call()
    verdict = passed(client, made)
    assert verdict.runs and verdict.text is None and verdict.arguments == made.arguments


def test_edited(client: Signoff, fake: FakeSignoff) -> None:
    fake.edits(by="ana", amount=10)
    verdict = passed(client)
    assert verdict.runs and verdict.arguments == {"order": "1042", "amount": 10}
    assert verdict.text == (
        'A person changed this call before it ran. Executed with: refund(amount=10, order="1042").'
    )


@pytest.mark.parametrize("reason", ["too much", "too much."])
def test_rejected(client: Signoff, fake: FakeSignoff, reason: str) -> None:
    fake.rejects(reason, by="ana")
    verdict = passed(client)
    assert not verdict.runs and verdict.response is None
    assert verdict.text == "Rejected by ana: too much. Don't try this call again unless you are asked to."


def test_silence_is_no_denial(client: Signoff, fake: FakeSignoff) -> None:
    fake.lapses()
    verdict = passed(client)
    assert not verdict.runs and verdict.text == "Nobody answered in time. The call was not executed."


def test_withdrawn_ends_the_run(client: Signoff, fake: FakeSignoff) -> None:
    fake.cancels()
    with pytest.raises(signoff.Withdrawn):
        passed(client)


def test_an_answer_in_the_tools_place(client: Signoff, fake: FakeSignoff) -> None:
    fake.responds("done by hand", by="ana")
    verdict = passed(client, rule=Rule(allow_response=True))
    assert not verdict.runs and verdict.response == "done by hand" and verdict.text is None
    refused = passed(client, call(call_id="call_2"))
    assert not refused.runs and refused.response is None
    assert refused.text is not None and "is not allowed here" in refused.text
    assert [event["event_type"] for _, event in fake.events] == ["modification_refused"]


def test_edits_that_the_tool_refuses_are_not_run_and_the_task_hears_of_it(client: Signoff, fake: FakeSignoff) -> None:
    def check(arguments: Mapping[str, Any]) -> None:
        if arguments["amount"] < 0:
            raise ValueError("amount must not be negative")

    fake.edits(by="ana", amount=-1)
    verdict = passed(client, check=check)
    assert not verdict.runs
    assert verdict.text == (
        "The edits of ana could not be carried out: amount must not be negative. The call was not executed."
    )
    ((task, event),) = fake.events
    assert (task, event["event_type"], event["data"]["message"]) == ("thread-7.6e167797", "modification_refused", verdict.text)


def test_a_restart_asks_nobody_twice(client: Signoff, fake: FakeSignoff) -> None:
    fake.approves(by="ana")
    first = passed(client)
    with fake.client() as again:
        second = passed(again)
    assert first.outcome is not None and second.outcome is not None
    assert first.outcome.id == second.outcome.id and len(fake.requests) == 1


def test_the_event_loop_gets_the_same(fake: FakeSignoff) -> None:
    async def ask() -> list[Verdict]:
        async with fake.async_client() as client:
            gate = Gate({"refund": RULE})
            fake.edits(by="ana", amount=10)
            edited = await gate.pass_through_async(client, call())
            refused = await gate.pass_through_async(client, call(call_id="2"), check=lambda it: it["nothing"])
            return [edited, refused, await Gate().pass_through_async(client, call())]

    edited, refused, free = asyncio.run(ask())
    assert edited.runs and edited.arguments["amount"] == 10
    assert not refused.runs and len(fake.events) == 1
    assert free.runs and free.outcome is None


@pytest.mark.parametrize("broken", [{"call_id": None}, {"arguments": {"text": "x" * 300_000}}], ids=["no id", "too large"])
def test_what_can_not_be_asked_does_not_run(client: Signoff, fake: FakeSignoff, broken: dict[str, Any]) -> None:
    with pytest.raises((signoff.MissingCallId, signoff.TooLargeToShow)):
        passed(client, call(**broken))
    assert fake.requests == []


def test_a_key_of_ones_own_stands_for_a_missing_id(client: Signoff, fake: FakeSignoff) -> None:
    fake.approves(by="ana")
    assert passed(client, call(call_id=None), key="refund-1042").runs


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("15m", 900), ("24h", 86400), ("7d", 604800), (5, 5), (timedelta(hours=1), 3600)])
def test_durations(text: Any, seconds: int) -> None:
    assert whole_seconds(text) == seconds


@pytest.mark.parametrize("wrong", ["", "1", "1w", "-1s", 0, 0.5, -3])
def test_what_is_no_duration_is_refused_at_once(wrong: Any) -> None:
    with pytest.raises(ValueError):
        Rule(timeout=wrong)


def test_rules_that_contradict_themselves_are_refused_at_once() -> None:
    with pytest.raises(ValueError):
        Rule(policy={"min_approvers": 2}, approvers=["ana"])
    with pytest.raises(ValueError):
        Rule(approvers="ana")
    with pytest.raises(ValueError):
        Rule(redact="card")

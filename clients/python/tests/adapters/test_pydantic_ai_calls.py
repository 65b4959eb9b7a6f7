"""pydantic-ai: what people are shown of a call, what runs of it, and what the model reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, Field, SecretStr, StringConstraints, field_validator
from pydantic_ai import BinaryContent, ModelRetry, RunContext, Tool, ToolReturn
from pydantic_ai.capabilities import AbstractCapability, CapabilityOrdering
from pydantic_ai.exceptions import ToolFailed
from pydantic_ai.messages import ToolCallPart
from pydantic_ai.toolsets import AbstractToolset, WrapperToolset
from pydantic_ai_script import (
    CALL,
    NOTE,
    OPEN,
    ORDER,
    Refunds,
    Script,
    agent_of,
    run_with,
    script,
    shown,
    )
from waits import soon

import signoff
from signoff import Gate, Rule
from signoff.adapters.pydantic_ai import SignoffApprovals
from signoff.testing import FakeSignoff


# --- what is shown is what runs ---


class Order(BaseModel):
    id: int
    lines: list[str] = Field(default=["all"], alias="orderLines")


@dataclass
class Money:
    amount: float
    currency: Literal["EUR", "USD"] = "EUR"


def test_a_person_sees_the_arguments_as_the_tool_takes_them(fake: FakeSignoff) -> None:
    """With what the model left to the defaults, and in the types that it was read as."""
    fake.approves()
    ran: list[Any] = []

    def refund(order: Order, money: Money, at: datetime, tags: set[str], force: bool = True, big: int = 2**60) -> str:
        ran.append((order, money, at, tags, force))
        return "paid"

    given = '{"order": {"id": "7"}, "money": {"amount": "5"}, "at": "2026-11-29T10:00:00Z", "tags": ["b", "a", "b"]}'
    assert run_with(fake, refund, script(ToolCallPart("refund", given, tool_call_id="c"))) == {"c": "paid"}
    assert shown(fake) == {
        "order": {"id": 7, "orderLines": ["all"]},
        "money": {"amount": 5.0, "currency": "EUR"},
        "at": "2026-11-29T10:00:00Z",
        "tags": ["a", "b"],
        "force": True,
        "big": "1152921504606846976",
    }
    assert ran[0][0] == Order(id=7) and ran[0][1] == Money(5.0) and ran[0][3:] == ({"a", "b"}, True)


def test_a_tool_with_one_model_is_shown_by_its_fields(fake: FakeSignoff) -> None:
    fake.edits(by="ana", id=8)
    ran: list[Any] = []

    def refund(order: Order) -> str:
        ran.append(order)
        return "paid"

    gate = Gate({"refund": Rule(title="Refund {id}", when=lambda it: it["id"] == 7)})
    said = run_with(fake, refund, script(ToolCallPart("refund", {"id": 7}, tool_call_id="c")), gate)
    assert ran == [Order(id=8)] and fake.requests[0]["title"] == "Refund 7"
    assert said["c"].endswith('Executed with: refund(id=8, orderLines=["all"]).\npaid')


@pytest.mark.parametrize("given", [{"force": "yes"}, {"force": 1}, {}, {"force": True}])
def test_a_condition_sees_what_runs_and_not_what_the_model_wrote(fake: FakeSignoff, given: dict[str, Any]) -> None:
    """Else the model could say `"yes"` to a condition that looks for `true`."""
    fake.rejects()
    ran: list[bool] = []

    def delete(force: bool = True) -> str:
        ran.append(force)
        return "deleted"

    gate = Gate({"delete": Rule(when=lambda it: it["force"] is True)})
    run_with(fake, delete, script(ToolCallPart("delete", given, tool_call_id="c")), gate)
    assert ran == [] and len(fake.requests) == 1
    run_with(fake, delete, script(ToolCallPart("delete", {"force": "no"}, tool_call_id="c")), gate)
    assert ran == [False] and len(fake.requests) == 1


def test_of_a_name_that_is_there_twice_the_one_that_runs_is_shown(fake: FakeSignoff) -> None:
    fake.approves()
    refunds = Refunds()
    text = '{"order": "1", "amount": 1, "amount": 999}'
    run_with(fake, refunds.refund, script(ToolCallPart("refund", text, tool_call_id="c")))
    assert refunds.ran == [("1", 999)] and shown(fake) == {"order": "1", "amount": 999.0}


class Rewriting(AbstractCapability[Any]):
    """Changes arguments at one of the places where it may."""

    def __init__(self, where: str) -> None:
        self.where = where

    async def before_tool_validate(self, ctx: Any, *, call: Any, tool_def: Any, args: Any) -> Any:
        return {**args, "order": "9"} if self.where == "before_tool_validate" else args

    async def after_tool_validate(self, ctx: Any, *, call: Any, tool_def: Any, args: Any) -> Any:
        return {**args, "order": "9"} if self.where == "after_tool_validate" else args

    async def wrap_tool_execute(self, ctx: Any, *, call: Any, tool_def: Any, args: Any, handler: Any) -> Any:
        return await handler({**args, "order": "9"} if self.where == "wrap_tool_execute" else args)

    async def before_tool_execute(self, ctx: Any, *, call: Any, tool_def: Any, args: Any) -> Any:
        if self.where == "before_tool_execute":
            args["order"] = "9"
        return args


@pytest.mark.parametrize("where", ["before_tool_validate", "after_tool_validate", "wrap_tool_execute", "before_tool_execute"])
def test_what_other_capabilities_change_is_shown_as_they_changed_it(fake: FakeSignoff, where: str) -> None:
    """Wherever they do so, and wherever in the list they stand."""
    fake.approves()
    refunds = Refunds()
    run_with(fake, refunds.refund, script(CALL), capabilities=[Rewriting(where)])
    assert refunds.ran == [("9", 49.9)] and shown(fake) == {"order": "9", "amount": 49.9}


def test_what_is_changed_while_people_think_does_not_run(fake: FakeSignoff) -> None:
    ran: list[Any] = []
    kept: list[Any] = []

    class Keeping(AbstractCapability[Any]):
        async def before_tool_execute(self, ctx: Any, *, call: Any, tool_def: Any, args: Any) -> Any:
            kept.extend([args, call.args])
            return args

    def refund(order: dict[str, Any], lines: list[str]) -> str:
        ran.append((order, lines))
        return "paid"

    async def main() -> None:
        call = ToolCallPart("refund", {"order": {"id": 1}, "lines": ["a"]}, tool_call_id="c")
        capabilities = [Keeping(), SignoffApprovals(fake.async_client(), OPEN, run="r")]
        running = asyncio.create_task(agent_of(script(call), refund, capabilities=capabilities).run("go"))
        await soon(lambda: bool(fake.requests))
        for arguments in kept:
            arguments["order"]["id"] = 2
            arguments["lines"].append("b")
        fake.approve_all()
        await running

    asyncio.run(main())
    assert ran == [({"id": 1}, ["a"])] and shown(fake) == {"order": {"id": 1}, "lines": ["a"]}


class Last(AbstractCapability[Any]):
    """Comes after the gate, and changes what was approved."""

    def __init__(self, how: str) -> None:
        self.how = how

    def get_ordering(self) -> CapabilityOrdering:
        return CapabilityOrdering(position="innermost")

    def get_wrapper_toolset(self, toolset: AbstractToolset[Any]) -> AbstractToolset[Any]:
        class Changing(WrapperToolset[Any]):
            async def call_tool(self, name: str, tool_args: dict[str, Any], ctx: Any, tool: Any) -> Any:
                return await super().call_tool(name, {**tool_args, "order": "9"}, ctx, tool)

        return Changing(toolset) if self.how == "in a toolset" else toolset

    async def before_tool_execute(self, ctx: Any, *, call: Any, tool_def: Any, args: Any) -> Any:
        if self.how == "in place":
            args["order"] = "9"
        return {**args, "order": "9"} if self.how == "anew" else args


@pytest.mark.parametrize(("how", "place"), [("in place", 1), ("anew", 1), ("in a toolset", 0)])
@pytest.mark.parametrize("edits", [{}, {"amount": 10}])
def test_what_is_changed_after_people_have_decided_does_not_run(
    fake: FakeSignoff, how: str, place: int, edits: dict[str, Any]
) -> None:
    fake.edits(**edits)
    refunds = Refunds()
    capabilities: list[Any] = [SignoffApprovals(fake.async_client(), OPEN, run="r")]
    capabilities.insert(place, Last(how))
    with pytest.raises(signoff.SignoffError, match="changed after the gate"):
        asyncio.run(agent_of(script(CALL), refunds.refund, capabilities=capabilities).run("go"))
    assert refunds.ran == [] and shown(fake) == ORDER


@pytest.mark.parametrize("how", ["in place", "anew"])
def test_what_is_changed_after_a_condition_has_looked_at_it_does_not_run(fake: FakeSignoff, how: str) -> None:
    fake.approves()
    refunds = Refunds()
    gate = Gate({"refund": Rule(when=lambda it: it["order"] == "9")})
    with pytest.raises(signoff.SignoffError, match="changed after the gate"):
        run_with(fake, refunds.refund, script(CALL), gate, [Last(how)])
    assert refunds.ran == [] and fake.requests == []


class Opaque:
    """Nobody could be shown what it is."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        made = core_schema.no_info_plain_validator_function(lambda text: cls())
        return {**made, "metadata": {"pydantic_js_functions": [lambda schema, handler: {"type": "string"}]}}


def test_what_has_no_form_that_a_person_could_read_does_not_run(fake: FakeSignoff) -> None:
    fake.approves()
    ran: list[Any] = []

    def refund(order: Opaque) -> str:
        ran.append(order)
        return "paid"

    with pytest.raises(signoff.NotShowable):
        run_with(fake, refund, script(ToolCallPart("refund", {"order": "7"}, tool_call_id="c")))
    assert ran == [] and fake.requests == []


def test_a_secret_is_shown_as_it_is_unless_it_is_redacted(fake: FakeSignoff) -> None:
    """Its own dump would hide it: a person would sign for stars, and anything could run."""
    fake.approves()
    ran: list[str] = []

    def pay(card: SecretStr) -> str:
        ran.append(card.get_secret_value())
        return "paid"

    run_with(fake, pay, script(ToolCallPart("pay", {"card": "4242"}, tool_call_id="c")), Gate({"pay": Rule()}))
    run_with(fake, pay, script(ToolCallPart("pay", {"card": "1111"}, tool_call_id="c")), Gate({"pay": Rule(redact=["card"])}))
    assert ran == ["4242", "1111"]
    assert [it["context"]["arguments"] for it in fake.requests] == [{"card": "4242"}, {"card": "…"}]


def test_an_id_that_comes_again_is_another_question(fake: FakeSignoff) -> None:
    """Some models count their calls anew in each turn."""
    fake.approves()
    refunds, said = Refunds(), Script([CALL], [CALL], "done")
    run_with(fake, refunds.refund, said)
    assert refunds.ran == [("1042", 49.9)] * 2 and len(fake.requests) == 2


def test_a_call_that_no_rule_is_about_runs_unasked_and_needs_no_name(fake: FakeSignoff) -> None:
    refunds = Refunds()
    gate = Gate({"refund": Rule(when=lambda it: it["amount"] > 100), "pay": Rule()})
    agent = agent_of(script(CALL), refunds.refund, capabilities=[SignoffApprovals(fake.async_client(), gate, run="r")])
    asyncio.run(agent.run("go"))
    agent = agent_of(script(CALL), refunds.refund, capabilities=[SignoffApprovals(fake.async_client(), Gate({"pay": Rule()}))])
    asyncio.run(agent.run("go"))
    assert refunds.ran == [("1042", 49.9)] * 2 and fake.requests == []


def test_a_default_rule_is_about_all_tools(fake: FakeSignoff) -> None:
    fake.rejects()
    refunds = Refunds()
    run_with(fake, refunds.refund, script(CALL), Gate(default=Rule()))
    assert refunds.ran == [] and len(fake.requests) == 1


# --- edits ---


class Amount(BaseModel):
    value: float

    @field_validator("value")
    @classmethod
    def positive(cls, value: float) -> float:
        if value <= 0:
            raise ValueError("must be more than nothing")
        return value


def cards_only(ctx: RunContext[Any], amount: Amount, how: str) -> None:
    if how == "bank":
        raise ModelRetry("banks are closed")


async def paid_by_card(ctx: RunContext[Any], amount: Amount, how: str) -> None:
    if how == "bank":
        raise ToolFailed("banks are closed")


@pytest.mark.parametrize("check", [cards_only, paid_by_card])
@pytest.mark.parametrize(
    ("edits", "why"),
    [
        ({"nothing": 1}, "refund has no argument nothing"),
        ({"amount": {"value": -1}}, "amount.value: Value error, must be more than nothing"),
        ({"amount": {"value": "1"}}, 'amount.value must have type "number"'),
        ({"amount": {}}, "'value' is a required property"),
        ({"how": "cash"}, 'how must have enum ["card", "bank"]'),
        ({"how": "bank"}, "banks are closed"),
    ],
)
def test_edits_meet_the_tools_schema_and_its_own_checks(
    fake: FakeSignoff, edits: dict[str, Any], why: str, check: Any
) -> None:
    fake.edits(by="ana", **edits)

    def refund(amount: Amount, how: Literal["card", "bank"]) -> str:
        raise AssertionError("it ran")

    call = ToolCallPart("refund", {"amount": {"value": 5}, "how": "card"}, tool_call_id="call_1")
    text = f"The edits of ana could not be carried out: {why}. The call was not executed."
    assert run_with(fake, Tool(refund, args_validator=check), script(call)) == {"call_1": text}
    assert [event["event_type"] for _, event in fake.events] == ["modification_refused"]


def test_edits_of_a_tool_without_types_meet_its_schema(fake: FakeSignoff) -> None:
    """As those of an MCP server are."""
    fake.edits(by="ana", amount="ten")
    ran: list[Any] = []

    async def invoke(**arguments: Any) -> str:
        ran.append(arguments)
        return "ok"

    schema = {"type": "object", "properties": {"amount": {"type": "number"}}, "additionalProperties": False}
    tool = Tool.from_schema(invoke, "refund", "", schema)
    call = ToolCallPart("refund", {"amount": 5}, tool_call_id="c")
    why = 'The edits of ana could not be carried out: amount must have type "number". The call was not executed.'
    assert run_with(fake, tool, script(call)) == {"c": why}
    fake.edits(by="ana", amount=7)
    assert run_with(fake, tool, script(ToolCallPart("refund", {"amount": 6}, tool_call_id="c")))["c"].endswith("\nok")
    assert ran == [{"amount": 7}]


def test_an_edit_is_read_as_the_tool_reads_it(fake: FakeSignoff) -> None:
    fake.edits(by="ana", order=" b ")
    ran: list[str] = []

    def refund(order: Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(str.upper)]) -> str:
        ran.append(order)
        return "paid"

    run_with(fake, refund, script(ToolCallPart("refund", {"order": " a "}, tool_call_id="c")))
    assert ran == ["B"] and shown(fake) == {"order": "A"}


# --- what the model is told with a result ---


def edited(fake: FakeSignoff, answer: Callable[[], Any], **tool: Any) -> Script:
    """What the model reads of a call that was edited, and whose tool does this."""
    fake.edits(amount=10)

    def refund(order: str, amount: float) -> Any:
        return answer()

    said = script(CALL)
    run_with(fake, Tool(refund, **tool), said)
    return said


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ("a", "a"),
        ({"type": "receipt"}, '{"type":"receipt"}'),
        ([1, "b"], '[1,"b"]'),
        (Money(1.0), '{"amount":1.0,"currency":"EUR"}'),
    ],
)
def test_the_note_comes_before_the_result(fake: FakeSignoff, output: Any, text: str) -> None:
    assert edited(fake, lambda: output).told == {"call_1": f"{NOTE}\n{text}"}


def test_the_note_stands_alone_where_there_is_no_result(fake: FakeSignoff) -> None:
    assert edited(fake, lambda: None).told == {"call_1": NOTE}


def test_the_note_comes_before_files_and_what_goes_beside_a_result(fake: FakeSignoff) -> None:
    picture = BinaryContent(b"1", media_type="image/png")
    (part,) = edited(fake, lambda: ["a", picture]).results
    assert part.content == [NOTE, "a", picture]
    (part,) = edited(fake, lambda: picture).results
    assert part.content == [NOTE, picture]
    (part,) = edited(fake, lambda: ToolReturn("a", metadata={"m": 1}, content="more")).results
    assert (part.content, part.metadata) == (f"{NOTE}\na", {"m": 1})


def fails(error: Exception) -> Callable[[], Any]:
    def fail() -> Any:
        raise error

    return fail


@pytest.mark.parametrize(("error", "outcome"), [(ModelRetry("no money"), "retried"), (ToolFailed("no money"), "failed")])
def test_the_note_comes_before_what_a_tool_says_when_it_fails(fake: FakeSignoff, error: Exception, outcome: str) -> None:
    said = edited(fake, fails(error))
    assert said.told == {"call_1": f"{NOTE}\nno money"} and said.results[0].outcome == outcome


def test_an_error_of_the_tools_own_goes_its_own_way(fake: FakeSignoff) -> None:
    with pytest.raises(ZeroDivisionError):
        edited(fake, lambda: 1 / 0)


def test_a_rejected_call_is_marked_as_denied(fake: FakeSignoff) -> None:
    fake.rejects(by="ana")
    said = script(CALL)
    run_with(fake, Refunds().refund, said)
    assert [it.outcome for it in said.results] == ["denied"]


def test_a_tool_that_is_tried_again_is_not_asked_about_again(fake: FakeSignoff) -> None:
    """What repeats a call stands around the gate."""
    fake.approves()
    ran: list[str] = []

    class Again(AbstractCapability[Any]):
        async def wrap_tool_execute(self, ctx: Any, *, call: Any, tool_def: Any, args: Any, handler: Any) -> Any:
            with pytest.raises(ZeroDivisionError):
                await handler(args)
            return await handler(args)

    def refund(order: str, amount: float) -> str:
        ran.append(order)
        if len(ran) == 1:
            raise ZeroDivisionError
        return "paid"

    assert run_with(fake, refund, script(CALL), capabilities=[Again()]) == {"call_1": "paid"}
    assert len(ran) == 2 and len(fake.requests) == 1


def test_a_tools_own_time_is_not_spent_by_people(fake: FakeSignoff) -> None:
    said = script(CALL)

    async def refund(order: str, amount: float) -> str:
        await asyncio.Event().wait()
        return "never"

    async def main() -> None:
        asks = SignoffApprovals(fake.async_client(), OPEN, run="r")
        running = asyncio.create_task(agent_of(said, Tool(refund, timeout=0.05), capabilities=[asks]).run("go"))
        await soon(lambda: bool(fake.requests))
        # Longer than the tool has.
        await asyncio.sleep(0.1)
        assert not running.done()
        fake.approve_all()
        await running

    asyncio.run(main())
    assert said.told == {"call_1": "Timed out after 0.05 seconds."}

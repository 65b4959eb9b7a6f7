"""The decorator: a function that runs once a person has agreed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import signoff
from signoff import Signoff
from signoff.testing import FakeSignoff


def test_it_runs_with_what_was_approved(client: Signoff, fake: FakeSignoff) -> None:
    ran: list[Any] = []

    @signoff.required(title="Refund {order}", approvers=["ana"], client=client)
    def refund(order: str, amount: float = 49.9, *, note: str = "") -> str:
        """Pays back."""
        ran.append((order, amount, note))
        return "paid"

    fake.approves(by="ana")
    assert refund("1042", note="late") == "paid"
    fake.edits(by="ana", amount=10)
    assert refund("1042") == "paid"
    assert ran == [("1042", 49.9, "late"), ("1042", 10, "")]
    assert refund.__doc__ == "Pays back."
    assert fake.requests[0]["title"] == "Refund 1042"
    assert fake.requests[0]["context"]["arguments"] == {"order": "1042", "amount": 49.9, "note": "late"}


def test_it_does_not_run_otherwise(client: Signoff, fake: FakeSignoff) -> None:
    @signoff.required(client=client)
    def refund(order: str) -> str:
        raise AssertionError("it ran")

    @signoff.required(client=client, on_denied="return")
    def told(order: str) -> str:
        raise AssertionError("it ran")

    for script, error in ((fake.rejects, signoff.Rejected), (fake.lapses, signoff.Lapsed), (fake.cancels, signoff.Withdrawn)):
        script()
        with pytest.raises(error):
            refund("1042")
    fake.edits(nothing=1)
    with pytest.raises(signoff.ModificationRefused):
        refund("1042")
    fake.responds("done by hand")
    with pytest.raises(signoff.ModificationRefused):
        refund("1042")
    fake.rejects("too much")
    assert told("1042") == "Rejected by approver: too much. Don't try this call again unless you are asked to."


def test_within_a_run_a_restart_finds_the_same_approvals(fake: FakeSignoff) -> None:
    def night(orders: list[str]) -> list[str]:
        with fake.client() as client:

            @signoff.required(client=client)
            def refund(order: str) -> str:
                return order

            with signoff.run("nightly"):
                return [refund(order) for order in orders]

    fake.approves()
    assert night(["1", "2", "1"]) == ["1", "2", "1"]
    assert len(fake.requests) == 3
    assert night(["1", "2", "1"]) == ["1", "2", "1"]
    assert len(fake.requests) == 3
    assert {it["run_id"] for it in fake.requests} == {"nightly"}


def test_outside_of_a_run_each_call_asks_anew(client: Signoff, fake: FakeSignoff) -> None:
    @signoff.required(client=client)
    def refund(order: str) -> str:
        return order

    fake.approves()
    refund("1")
    refund("1")
    assert len({it["run_id"] for it in fake.requests}) == 2


def test_arguments_can_not_be_changed_behind_the_approvers_back(client: Signoff, fake: FakeSignoff) -> None:
    order = {"id": 1}
    fake.approves()
    decide = fake._script
    assert decide is not None

    def change_and_decide(it: Any) -> None:
        order["id"] = 2
        decide(it)

    fake._script = change_and_decide

    @signoff.required(client=client)
    def refund(order: dict[str, int]) -> dict[str, int]:
        return order

    assert refund(order) == {"id": 1}


def test_async_functions(fake: FakeSignoff) -> None:
    async def ask() -> tuple[str, list[str]]:
        async with fake.async_client() as client:

            @signoff.required(client=client)
            async def refund(order: str) -> str:
                return order

            fake.edits(order="7")
            edited = await refund("1")
            fake.approves()
            with signoff.run("nightly"):
                return edited, await asyncio.gather(*(refund(f"{n}") for n in range(10)))

    assert asyncio.run(ask()) == ("7", [f"{n}" for n in range(10)])


def test_the_wrong_client_is_refused_at_once(client: Signoff, fake: FakeSignoff) -> None:
    async def awaiting() -> None: ...

    def blocking() -> None: ...

    with pytest.raises(TypeError):
        signoff.required(client=client)(awaiting)
    with pytest.raises(TypeError):
        signoff.required(client=fake.async_client())(blocking)


def test_without_a_client_one_is_made_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SIGNOFF_URL", "SIGNOFF_API_KEY", "SIGNOFF_API_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)

    @signoff.required()
    def refund(order: str) -> str:
        raise AssertionError("it ran")

    with pytest.raises(signoff.SignoffError, match="SIGNOFF_URL"):
        refund("1")

"""The decorator: a function that runs once a person has agreed."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import httpx2
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


def test_a_run_in_a_run_of_the_same_name_goes_on(client: Signoff, fake: FakeSignoff) -> None:
    @signoff.required(client=client)
    def refund(order: str) -> str:
        return order

    fake.approves()
    with signoff.run("nightly"):
        refund("1")
        with signoff.run("nightly"):
            refund("1")
    assert len(fake.requests) == 2


def test_two_functions_of_one_name_are_told_apart(client: Signoff, fake: FakeSignoff) -> None:
    def make() -> Any:
        @signoff.required(client=client)
        def delete(it: str) -> str:
            return it

        return delete

    class Backups:
        @staticmethod
        @signoff.required(client=client)
        def delete(it: str) -> str:
            return it

    fake.approves()
    with signoff.run("nightly"):
        make()("1")
    fake.rejects()
    with signoff.run("nightly"), pytest.raises(signoff.Rejected):
        Backups.delete("1")
    assert len(fake.requests) == 2


def test_asking_that_failed_is_asked_again_and_not_anew(fake: FakeSignoff) -> None:
    class Broken(FakeSignoff):
        left = 3

        def handle_request(self, request: Any) -> Any:
            if request.url.path.endswith("/wait") and self.left:
                self.left -= 1
                raise httpx2.ReadError("reset")
            return super().handle_request(request)

    broken = Broken()

    @signoff.required(client=broken.client(patience=0))
    def refund(order: str) -> str:
        return order

    with signoff.run("nightly"):
        for _ in range(3):
            with pytest.raises(signoff.ConnectionFailed):
                refund("1")
        broken.approve_all()
        assert refund("1") == "1"
        assert len(broken.requests) == 1


def test_equal_numbers_are_the_same_call(client: Signoff, fake: FakeSignoff) -> None:
    @signoff.required(client=client)
    def pay(amount: float) -> float:
        return amount

    fake.approves()
    with signoff.run("nightly"):
        assert [pay(1), pay(1.0)] == [1, 1.0]
    assert len(fake.requests) == 2


def test_calls_may_be_told_apart_by_what_they_are_about(client: Signoff, fake: FakeSignoff) -> None:
    @signoff.required(client=client, call_id=lambda it: it["order"])
    def refund(order: str) -> str:
        return order

    fake.approves()
    with signoff.run("nightly"):
        refund("1")
        refund("1")
        refund("2")
    assert len(fake.requests) == 2


def test_defaults_stay_the_functions_own(client: Signoff, fake: FakeSignoff) -> None:
    missing: Any = object()

    @signoff.required(client=client)
    def refund(order: str, amount: int = 5, note: Any = missing) -> tuple[int, bool]:
        return amount, note is missing

    fake.approves()
    assert refund("1") == (5, True)
    assert fake.requests[0]["context"]["arguments"] == {"order": "1", "amount": 5}
    fake.edits(amount=7, note="x")
    assert refund("1") == (7, False)


def test_what_can_not_be_guarded_is_refused_when_it_is_decorated() -> None:
    class Account:
        def take(self, amount: int) -> int:
            return amount

    def many(*orders: str) -> None: ...

    def named(**orders: str) -> None: ...

    def generator() -> Any:
        yield 1

    for wrong in (Account.take, many, named, generator, functools.partial(many)):
        with pytest.raises(TypeError):
            signoff.required()(wrong)
    with pytest.raises(TypeError):
        signoff.required(redact=["token"])(lambda order: order)


def test_a_bound_method_acts_on_its_own_object(client: Signoff, fake: FakeSignoff) -> None:
    class Account:
        balance = 100

        def take(self, amount: int) -> int:
            self.balance -= amount
            return self.balance

    account = Account()
    fake.approves()
    assert signoff.required(client=client)(account.take)(10) == 90
    assert account.balance == 90 and fake.requests[0]["context"]["arguments"] == {"amount": 10}


def test_each_event_loop_has_a_client_of_its_own(monkeypatch: pytest.MonkeyPatch, fake: FakeSignoff) -> None:
    made: list[Any] = []

    def make() -> Any:
        made.append(fake.async_client())
        return made[-1]

    monkeypatch.setattr("signoff.decorator.AsyncSignoff", make)

    @signoff.required()
    async def refund(order: str) -> str:
        return order

    async def twice() -> None:
        await refund("1")
        await refund("2")

    fake.approves()
    asyncio.run(twice())
    asyncio.run(twice())
    assert len(made) == 2


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

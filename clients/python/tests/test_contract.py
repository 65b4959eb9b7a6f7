"""What the client promises of asking, waiting and deciding: on the fake and on the real server alike."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from conftest import World

import signoff
from signoff import Signoff


@pytest.fixture
def agent(world: World) -> Iterator[Signoff]:
    with world.agent() as agent:
        yield agent


@pytest.fixture
def ana(world: World) -> Iterator[Signoff]:
    with world.ana() as ana:
        yield ana


def request(run_id: str, **more: Any) -> dict[str, Any]:
    arguments = {"order": "1042", "amount": 49.9}
    asked = {"run_id": run_id, "approval_type": "tool_call", "context": {"tool": "refund", "arguments": arguments}}
    return {**asked, "title": "Refund 1042", **more}


def test_ask_is_answered_when_a_person_has_approved(agent: Signoff, ana: Signoff, run_id: str) -> None:
    with ThreadPoolExecutor() as threads:
        asking = threads.submit(agent.approvals.ask, **request(run_id))
        (pending,) = await_pending(ana, run_id)
        assert ana.approvals.approve(pending["id"], comment="fine")["changed"]
        outcome = asking.result(timeout=30)
    assert (outcome.approved, outcome.status, outcome.resolution, outcome.via) == (True, "resolved", "approved", "human")
    assert (outcome.feedback, outcome.id) == ("fine", pending["id"])
    assert outcome.unwrap() is outcome
    assert outcome.arguments({"order": "1042"}) == {"order": "1042"}


def await_pending(ana: Signoff, run_id: str) -> list[Any]:
    done = threading.Event()
    for _ in range(2_000):
        if found := list(ana.approvals.pending(run_id=run_id)):
            return found
        done.wait(0.01)
    raise AssertionError("nothing is pending")


def test_edits_change_the_arguments_that_they_name(agent: Signoff, ana: Signoff, run_id: str) -> None:
    made = agent.approvals.create(**request(run_id))
    ana.approvals.approve(made["id"], modifications={"arguments": {"amount": 10}})
    outcome = agent.approvals.wait(made["id"])
    original = {"order": "1042", "amount": 49.9}
    assert outcome.approved and outcome.resolution == "modified"
    assert outcome.arguments(original) == {"order": "1042", "amount": 10}
    assert original["amount"] == 49.9


def test_an_answer_in_the_tools_place_runs_nothing(agent: Signoff, ana: Signoff, run_id: str) -> None:
    made = agent.approvals.create(**request(run_id))
    ana.approvals.approve(made["id"], modifications={"response": "done by hand"})
    outcome = agent.approvals.wait(made["id"])
    assert outcome.response == "done by hand"
    with pytest.raises(signoff.ModificationRefused):
        outcome.arguments({"amount": 1})


def test_a_rejection_has_its_reason(agent: Signoff, ana: Signoff, run_id: str) -> None:
    made = agent.approvals.create(**request(run_id))
    ana.approvals.reject(made["id"], "too much", comment="ask for less")
    outcome = agent.approvals.wait(made["id"])
    assert (outcome.approved, outcome.feedback, outcome.decided_by) == (False, "too much", "ana")
    with pytest.raises(signoff.Rejected, match="too much"):
        outcome.unwrap()
    with pytest.raises(signoff.Rejected):
        outcome.arguments({})


def test_nobody_answers(agent: Signoff, run_id: str) -> None:
    outcome = agent.approvals.ask(**request(run_id, timeout_seconds=1))
    assert (outcome.status, outcome.resolution, outcome.via) == ("expired", None, "timeout")
    with pytest.raises(signoff.Lapsed):
        outcome.unwrap()


def test_a_cancelled_request_is_withdrawn(agent: Signoff, run_id: str) -> None:
    made = agent.approvals.create(**request(run_id))
    assert agent.approvals.cancel(made["id"], "not needed")["changed"]
    assert not agent.approvals.cancel(made["id"], "not needed")["changed"]
    with pytest.raises(signoff.Withdrawn, match="not needed"):
        agent.approvals.wait(made["id"]).unwrap()


def test_the_same_key_finds_the_same_approval(agent: Signoff, ana: Signoff, run_id: str) -> None:
    key = f"{run_id}/refund"
    made = agent.approvals.create(**request(run_id), idempotency_key=key)
    assert agent.approvals.create(**request(run_id), idempotency_key=key)["id"] == made["id"]
    ana.approvals.approve(made["id"])
    assert agent.approvals.ask(**request(run_id), idempotency_key=key).id == made["id"]
    with pytest.raises(signoff.IdempotencyMismatch) as refused:
        agent.approvals.create(**request(run_id, title="another"), idempotency_key=key)
    assert refused.value.code == "idempotency_mismatch"


def test_two_requests_without_a_key_are_two_approvals(agent: Signoff, run_id: str) -> None:
    one, other = (agent.approvals.create(**request(run_id)) for _ in range(2))
    assert one["id"] != other["id"]


def test_a_wait_that_is_over_says_so_and_leaves_it_pending(agent: Signoff, run_id: str) -> None:
    made = agent.approvals.create(**request(run_id))
    with pytest.raises(signoff.StillPending) as still:
        agent.approvals.wait(made["id"], timeout=0.2)
    assert still.value.approval["id"] == made["id"]
    assert agent.approvals.get(made["id"])["status"] == "pending"


def test_any_process_may_wait(agent: Signoff, ana: Signoff, world: World, run_id: str) -> None:
    made = agent.approvals.create(**request(run_id))
    ana.approvals.approve(made["id"])
    with world.agent() as another:
        assert another.approvals.wait(made["id"]).approved


def test_what_can_not_be_decided_says_why(agent: Signoff, ana: Signoff, run_id: str) -> None:
    made = agent.approvals.create(**request(run_id))
    with pytest.raises(signoff.NotEligible):
        agent.approvals.approve(made["id"])
    with pytest.raises(signoff.VersionConflict) as conflict:
        ana.approvals.approve(made["id"], if_match=9)
    assert conflict.value.approval is not None and conflict.value.approval["version"] == 1
    with pytest.raises(signoff.Invalid) as wrong:
        ana.approvals.approve(made["id"], modifications={"amount": 1})
    assert wrong.value.violations[0]["pointer"].startswith("/modifications")
    assert ana.approvals.approve(made["id"], if_match=1)["changed"]
    assert not ana.approvals.approve(made["id"])["changed"]
    with pytest.raises(signoff.AlreadyDecided) as decided:
        ana.approvals.reject(made["id"], "no")
    assert decided.value.approval is not None and decided.value.approval["resolution"] == "approved"


def test_other_refusals(agent: Signoff, run_id: str) -> None:
    with pytest.raises(signoff.NotFound):
        agent.approvals.get("0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a10")
    with pytest.raises(signoff.Invalid) as wrong:
        agent.approvals.ask(run_id=run_id, approval_type="", context={})
    assert [it["pointer"] for it in wrong.value.violations] == ["/approval_type"]
    ended = agent.approvals.create(**request(run_id))
    agent.approvals.cancel(ended["id"], "over")
    with pytest.raises(signoff.CancelledAlready):
        agent.approvals.approve(ended["id"])


def test_lists_come_page_by_page(agent: Signoff, ana: Signoff, run_id: str) -> None:
    made = {agent.approvals.create(**request(run_id, title=f"number {n}"))["id"] for n in range(5)}
    assert {it["id"] for it in ana.approvals.pending(run_id=run_id, limit=2)} == made
    results = ana.approvals.bulk(sorted(made), "reject", reason="all of it")
    assert [(it["status"], it["changed"]) for it in results] == [(200, True)] * 5
    assert {it["id"] for it in ana.approvals.history(run_id=run_id, limit=2)} == made
    assert [it["status"] for it in ana.approvals.bulk(sorted(made), "approve")] == [409] * 5


def test_events_of_a_task(agent: Signoff, run_id: str) -> None:
    first = agent.tasks.publish(run_id, "output", {"line": "1 passed"})
    agent.tasks.publish(run_id, events=[{"event_type": "output", "data": n} for n in range(3)])
    assert [it["data"] for it in agent.tasks.events(run_id)] == [{"line": "1 passed"}, 0, 1, 2]
    assert [it["data"] for it in agent.tasks.events(run_id, after=first["cursor"])] == [0, 1, 2]
    with pytest.raises(ValueError):
        agent.tasks.publish(run_id)


def test_awaiting_says_the_same(world: World, ana: Signoff, run_id: str) -> None:
    async def asked() -> None:
        async with world.async_agent() as agent:
            asking = [asyncio.create_task(agent.approvals.ask(**request(run_id, title=f"{n}"))) for n in range(20)]
            found: list[Any] = []
            while len(found) < 20:
                found = [it async for it in agent.approvals.pending(run_id=run_id)]
                await asyncio.sleep(0.01)
            await asyncio.to_thread(ana.approvals.bulk, [it["id"] for it in found], "approve")
            outcomes = await asyncio.gather(*asking)
            assert all(it.approved for it in outcomes) and len({it.id for it in outcomes}) == 20
            made = await agent.approvals.create(**request(run_id))
            with pytest.raises(signoff.StillPending):
                await agent.approvals.wait(made["id"], timeout=0.1)
            with pytest.raises(signoff.NotEligible):
                await agent.approvals.approve(made["id"])
            await agent.approvals.cancel(made["id"], "over")
            await agent.tasks.publish(run_id, "output", "x")
            assert "x" in [it["data"] async for it in agent.tasks.events(run_id)]

    asyncio.run(asked())

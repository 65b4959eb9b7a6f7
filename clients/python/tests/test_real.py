"""What only a real server shows: instances and processes that are killed, sockets, many waiters."""

from __future__ import annotations

import asyncio
import os
import queue
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from conftest import World
from instance import Instance
from waits import pending

import signoff
from signoff import AsyncSignoff, Signoff


def test_a_wait_outlives_the_instance_that_held_it(real: World, instance: Instance, run_id: str) -> None:
    with Signoff(instance.url, real.agent_key) as agent, real.ana() as ana, ThreadPoolExecutor() as threads:
        asking = threads.submit(agent.approvals.ask, run_id=run_id, approval_type="deploy", context={})
        (asked,) = pending(ana, run_id)
        instance.kill()
        instance.start()
        instance.restart()
        instance.kill()
        ana.approvals.approve(asked["id"])
        instance.start()
        assert asking.result(timeout=60).approved
        assert [it["id"] for it in ana.approvals.history(run_id=run_id)] == [asked["id"]]


def test_asking_goes_on_when_the_server_is_back(real: World, run_id: str) -> None:
    away = Instance()
    with Signoff(away.url, real.agent_key) as agent, real.ana() as ana, ThreadPoolExecutor() as threads:
        asking = threads.submit(agent.approvals.ask, run_id=run_id, approval_type="deploy", context={}, timeout_seconds=60)
        with away:
            (asked,) = pending(ana, run_id)
            ana.approvals.approve(asked["id"])
            assert asking.result(timeout=60).approved


ASKER = """
import sys, signoff
from pathlib import Path
ran, run_id = Path(sys.argv[1]), sys.argv[2]

@signoff.required(title="Refund {order}")
def refund(order):
    with ran.open("a") as file:
        file.write(order)

with signoff.run(run_id):
    refund("1042")
"""


def test_a_process_that_is_killed_and_started_again_asks_once_and_runs_once(real: World, run_id: str, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    environment = {**os.environ, "SIGNOFF_URL": real.url, "SIGNOFF_API_KEY": real.agent_key}

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", ASKER, str(ran), run_id], env=environment)

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


def test_a_task_is_followed_across_restarts(real: World, instance: Instance, run_id: str) -> None:
    seen: queue.Queue[Any] = queue.Queue()
    with Signoff(instance.url, real.agent_key) as agent, real.agent() as producer:

        def follow() -> None:
            for event in agent.tasks.follow(run_id, cursor="0"):
                seen.put(event)
                if event["event_type"] == "workflow_completed":
                    return

        following = threading.Thread(target=follow)
        following.start()
        producer.tasks.publish(run_id, events=[{"event_type": "output", "data": n} for n in range(3)])
        assert [seen.get(timeout=30)["data"] for _ in range(3)] == [0, 1, 2]
        instance.restart()
        producer.tasks.publish(run_id, "output", 3)
        assert seen.get(timeout=30)["data"] == 3
        instance.kill()
        producer.tasks.publish(run_id, "output", 4)
        instance.start()
        assert seen.get(timeout=30)["data"] == 4
        producer.tasks.publish(run_id, "workflow_completed")
        assert seen.get(timeout=30)["event_type"] == "workflow_completed"
        following.join(timeout=30)
        assert not following.is_alive() and seen.empty()


def test_a_newer_follower_ends_the_older_one(real: World, run_id: str) -> None:
    async def follow() -> list[Any]:
        async with real.async_agent() as agent:
            first, second = (agent.tasks.follow(run_id, cursor="0") for _ in range(2))
            await agent.tasks.publish(run_id, "output", 1)
            seen = [await anext(first), await anext(second)]
            assert [event async for event in first] == []
            return seen

    assert [it["data"] for it in asyncio.run(follow())] == [1, 1]


def test_a_follower_that_is_refused_says_why(real: World, run_id: str) -> None:
    with Signoff(real.url, "so_nobody_knows") as stranger, pytest.raises(signoff.Unauthenticated):
        next(stranger.tasks.follow(run_id))


def test_many_wait_in_one_process(real: World, run_id: str) -> None:
    many = 200

    async def ask() -> int:
        async with AsyncSignoff(real.url, real.agent_key) as agent:
            asked: dict[str, Any] = {"run_id": run_id, "approval_type": "deploy", "context": {}}
            asking = [asyncio.create_task(agent.approvals.ask(**asked, title=f"{n}")) for n in range(many)]
            with real.ana() as ana:
                found = await asyncio.to_thread(pending, ana, run_id, many)
                await asyncio.to_thread(ana.approvals.bulk, [it["id"] for it in found], "approve")
            return sum(outcome.approved for outcome in await asyncio.gather(*asking))

    assert asyncio.run(ask()) == many

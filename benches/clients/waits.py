"""What a wait costs in a Python process, and how soon it wakes.

    SIGNOFF_URLS=… SIGNOFF_API_KEY=… SIGNOFF_SECOND_KEY=… python benches/clients/waits.py [WAITERS]

Prints, in milliseconds: how much later `ask` returns than a bare HTTP request that waits for the same approval; how late the
waiters of one process wake. And in KiB: what a waiter costs the process.
"""

from __future__ import annotations

import asyncio
import http.client
import os
import statistics
import sys
import threading
import time
import uuid
from urllib.parse import urlsplit

from signoff import AsyncSignoff, Signoff

URL = os.environ["SIGNOFF_URLS"].split(",")[0]
KEY, ANA = os.environ["SIGNOFF_API_KEY"], os.environ["SIGNOFF_SECOND_KEY"]
ROUNDS = 200


def asked(title: str) -> dict[str, object]:
    return {"run_id": f"bench-{uuid.uuid4()}", "approval_type": "deploy", "context": {}, "title": title}


def bare_wait(approval_id: str, ready: threading.Event, done: list[float]) -> None:
    """As curl waits: one request, read to its end."""
    connection = http.client.HTTPConnection(urlsplit(URL).netloc)
    path = f"/api/v1/approvals/{approval_id}/wait?timeout=50"
    connection.request("GET", path, headers={"authorization": f"Bearer {KEY}"})
    ready.set()
    connection.getresponse().read()
    done.append(time.perf_counter())
    connection.close()


def beside_a_bare_wait() -> list[float]:
    later = []
    with Signoff(URL, KEY) as agent, Signoff(URL, ANA) as ana:
        for number in range(ROUNDS):
            made = agent.approvals.create(**asked(f"{number}"))
            ready, bare, ours = threading.Event(), [], []

            def wait(approval_id: str = made["id"], ours: list[float] = ours) -> None:
                agent.approvals.wait(approval_id)
                ours.append(time.perf_counter())

            threads = [threading.Thread(target=bare_wait, args=(made["id"], ready, bare)), threading.Thread(target=wait)]
            for thread in threads:
                thread.start()
            ready.wait()
            time.sleep(0.02)
            ana.approvals.approve(made["id"])
            for thread in threads:
                thread.join()
            later.append((ours[0] - bare[0]) * 1000)
    return later


def resident() -> float:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024


async def many(waiters: int) -> tuple[float, list[float]]:
    async with AsyncSignoff(URL, KEY) as agent:
        woken: dict[str, float] = {}

        async def wait(approval_id: str) -> None:
            await agent.approvals.wait(approval_id)
            woken[approval_id] = time.perf_counter()

        ids = [(await agent.approvals.create(**asked(f"{n}")))["id"] for n in range(waiters)]
        await asyncio.wait_for(agent.approvals.get(ids[0]), 10)
        before = resident()
        waiting = [asyncio.create_task(wait(approval_id)) for approval_id in ids]
        await asyncio.sleep(5)
        cost = (resident() - before) / waiters
        late = []

        def decide() -> dict[str, float]:
            decided = {}
            with Signoff(URL, ANA) as ana:
                for approval_id in ids:
                    ana.approvals.approve(approval_id)
                    decided[approval_id] = time.perf_counter()
            return decided

        decided = await asyncio.to_thread(decide)
        await asyncio.gather(*waiting)
        late = [(woken[it] - decided[it]) * 1000 for it in ids]
        return cost, late


def figures(name: str, values: list[float]) -> None:
    ordered = sorted(values)
    print(f"{name}: p50 {statistics.median(ordered):.2f} ms, p99 {ordered[int(len(ordered) * 0.99)]:.2f} ms")


def main() -> None:
    waiters = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    figures("ask behind a bare wait", beside_a_bare_wait())
    cost, late = asyncio.run(many(waiters))
    figures(f"{waiters} waiters of one process, behind the decision's answer", late)
    print(f"a waiter: {cost:.1f} KiB")


if __name__ == "__main__":
    main()

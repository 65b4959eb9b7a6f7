"""What a test waits for: that people are asked, and that something happens. Each has half a minute."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from signoff import Signoff


def pending(ana: Signoff, run_id: str, count: int = 1) -> list[Any]:
    """So many approvals that wait in the run, as ana sees them."""
    done = threading.Event()
    for _ in range(3_000):
        if len(found := list(ana.approvals.pending(run_id=run_id))) >= count:
            return found
        done.wait(0.01)
    raise AssertionError(f"fewer than {count} are pending")


async def soon(happened: Callable[[], bool]) -> None:
    for _ in range(3_000):
        if happened():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")

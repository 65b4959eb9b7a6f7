"""The trigger: waits for an approval's end, in the triggerer.

It decides nothing. That it fires only makes the task look.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from ..._errors import AlreadyDecided, CancelledAlready, Expired, Forbidden, Unauthenticated
from ...outcome import Outcome
from .hook import SignoffHook, shared_client

_LOG = logging.getLogger("signoff")
_DEFERRED = "deferred"
#: Seconds that it takes at least. Airflow fails a task that goes on before the scheduler has heard that its worker is done
#: with asking: apache/airflow#71580, #72716.
_AT_LEAST = 10.0


async def _rest_until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))


class SignoffTrigger(BaseTrigger):
    """Fires once the approval has ended. It is made anew wherever a triggerer takes it up, and waits for the same one."""

    def __init__(self, approval_id: str, conn_id: str | None = SignoffHook.default_conn_name) -> None:
        super().__init__()
        self.approval_id = approval_id
        self.conn_id = conn_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "signoff.adapters.airflow.SignoffTrigger", {"approval_id": self.approval_id, "conn_id": self.conn_id}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        earliest = time.monotonic() + _AT_LEAST
        try:
            outcome = await self._wait()
        except Exception:
            await _rest_until(earliest)
            raise
        await _rest_until(earliest)
        # For the log. The task reads the approval itself.
        yield TriggerEvent({"approval_id": outcome.id, "status": outcome.status})

    async def _wait(self) -> Outcome:
        hook = SignoffHook(self.conn_id)
        access = await hook.aaccess()
        while True:
            try:
                async with shared_client(access) as client:
                    return await client.approvals.wait(self.approval_id)
            except (Unauthenticated, Forbidden):
                # The connection may have another key by now.
                refused, access = access, await hook.aaccess()
                if access == refused:
                    raise

    async def on_kill(self) -> None:
        """Withdraws the approval, because a person has ended the task while it waited."""
        state = await sync_to_async(self._state)()
        if state == _DEFERRED:
            # Another triggerer has it now, and waits.
            _LOG.warning("approval %s stays: its task is still deferred", self.approval_id)
            return
        reason = f"The task was ended in Airflow ({state or 'cleared'})."
        try:
            async with shared_client(await SignoffHook(self.conn_id).aaccess()) as client:
                await client.approvals.cancel(self.approval_id, reason)
        except (AlreadyDecided, CancelledAlready, Expired):
            _LOG.info("approval %s had ended already", self.approval_id)
        except Forbidden:
            _LOG.warning("approval %s stays until its deadline: the key may not cancel", self.approval_id)

    def _state(self) -> str | None:
        """What Airflow says of the task now; None: nothing."""
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

        ti: Any = self.task_instance
        if ti is None:
            raise RuntimeError("the trigger belongs to no task")
        found = RuntimeTaskInstance.get_task_states(
            dag_id=ti.dag_id, task_ids=[ti.task_id], run_ids=[ti.run_id], map_index=ti.map_index
        )
        states: dict[str, Any] = found.get(ti.run_id, {})
        name = ti.task_id if ti.map_index < 0 else f"{ti.task_id}_{ti.map_index}"
        said = states.get(name)
        return None if said is None else str(getattr(said, "value", said))

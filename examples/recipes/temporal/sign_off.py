"""An activity that waits for people, a workflow that uses it, and their worker.

    pip install ./clients/python temporalio
    export SIGNOFF_URL=https://signoff.example.com SIGNOFF_API_KEY=so_…     # a key with the role requester
    python sign_off.py localhost:7233
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from signoff import ApiError, AsyncSignoff, ModificationRefused, NotApproved, SignoffError

#: Temporal learns within this time that a worker has died.
HEARTBEAT = timedelta(seconds=30)


@dataclass
class Question:
    title: str
    context: dict[str, Any]
    approvers: list[str]
    timeout_seconds: int


@activity.defn
async def sign_off(question: Question) -> dict[str, Any]:
    """Waits for people, and answers what to go on with."""
    info = activity.info()
    try:
        async with AsyncSignoff() as client, beating(info.heartbeat_timeout or HEARTBEAT):
            approval = await client.approvals.create(
                run_id=f"temporal-{info.workflow_run_id}",
                approval_type="step_approval",
                title=question.title,
                context=question.context,
                policy={"allowed_approvers": question.approvers},
                timeout_seconds=question.timeout_seconds,
                idempotency_key=f"temporal/{info.workflow_run_id}/{info.activity_id}",
            )
            try:
                outcome = await client.approvals.wait(approval["id"])
            except asyncio.CancelledError:
                # A worker that stops is no reason: another one goes on.
                if not activity.is_worker_shutdown():
                    await withdraw(client, approval["id"])
                raise
        return outcome.arguments(question.context)
    except (NotApproved, ModificationRefused) as refused:
        raise failed(refused) from refused
    except ApiError as refused:
        # Temporal tries again where the trouble may pass.
        raise failed(refused, for_good=refused.status < 500 and refused.status != 429) from refused


def failed(error: SignoffError, for_good: bool = True) -> ApplicationError:
    return ApplicationError(str(error), type=type(error).__name__, non_retryable=for_good)


async def withdraw(client: AsyncSignoff, approval_id: str) -> None:
    """The workflow was cancelled: nobody needs to decide any more."""
    try:
        await client.approvals.cancel(approval_id, "the workflow was cancelled")
    except SignoffError as trouble:
        activity.logger.warning("approval %s is not cancelled: %s", approval_id, trouble)


@contextlib.asynccontextmanager
async def beating(timeout: timedelta) -> AsyncIterator[None]:
    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(timeout.total_seconds() / 3)

    beats = asyncio.create_task(beat())
    try:
        yield
    finally:
        beats.cancel()


@activity.defn
async def ship(build: str) -> str:
    return f"shipped {build}"  # your deployment, with the build as its own idempotency key


@workflow.defn
class ShipBuild:
    @workflow.run
    async def run(self, build: str) -> str:
        question = Question(f"Ship build {build}?", {"build": build}, ["ana", "bo"], 24 * 3600)
        agreed = await workflow.execute_activity(
            sign_off,
            question,
            # Longer than the approval's deadline: the deadline ends the wait, not Temporal.
            start_to_close_timeout=timedelta(seconds=question.timeout_seconds) + timedelta(hours=1),
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=1)),
        )
        return await workflow.execute_activity(ship, agreed["build"], start_to_close_timeout=timedelta(minutes=10))


async def main(server: str) -> None:
    client = await Client.connect(server)
    async with Worker(client, task_queue="ship", workflows=[ShipBuild], activities=[sign_off, ship]):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

"""The activity in Temporal's own `ActivityEnvironment`, and the workflow by Temporal's `Replayer`. A server of
Temporal's can't be had here."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
import os
import signal
import sys
import threading
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import pytest
from agents import PATIENCE, api, decide, rows, waiting
from conftest import NOWHERE, RECIPES, beside, spawn
from temporalio.client import WorkflowHistory
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Replayer

# Temporal's sandbox imports the workflow's file anew, by its name.
sys.path.insert(0, str(RECIPES / "temporal"))
import sign_off as recipe  # noqa: E402


@pytest.fixture(autouse=True)
def key(requester_key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNOFF_API_KEY", requester_key)


def question(seconds: int = 600) -> Any:
    return recipe.Question("Ship build 812?", {"build": "812"}, ["ana"], seconds)


class Attempt:
    """An attempt at the activity, in a thread of its own."""

    def __init__(self, run: str, number: int = 1, heartbeat: timedelta | None = None) -> None:
        self.run = f"temporal-{run}"
        self.environment = ActivityEnvironment()
        self.environment.info = dataclasses.replace(
            self.environment.info, workflow_run_id=run, activity_id="1", attempt=number, heartbeat_timeout=heartbeat
        )
        self.beats = threading.Semaphore(0)
        self.environment.on_heartbeat = lambda *_: self.beats.release()
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, seconds: int = 600) -> Future[Any]:
        async def run() -> Any:
            self._loop = asyncio.get_running_loop()
            return await self.environment.run(recipe.sign_off, question(seconds))

        return beside(lambda: asyncio.run(run()))

    def call(self, what: Any) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(what)


def test_an_approved_activity_answers_what_to_go_on_with(fresh: str) -> None:
    attempt = Attempt(fresh)
    done = attempt.start()
    (asked,) = waiting(attempt.run)
    decide("approve", asked, modifications={"arguments": {"build": "811"}})
    assert done.result(PATIENCE) == {"build": "811"}


def test_a_rejected_activity_fails_for_good_and_says_why(fresh: str) -> None:
    attempt = Attempt(fresh)
    done = attempt.start()
    (asked,) = waiting(attempt.run)
    decide("reject", asked, reason="not on a Friday")
    with pytest.raises(ApplicationError) as refused:
        done.result(PATIENCE)
    assert refused.value.type == "Rejected" and refused.value.non_retryable
    assert refused.value.message == f"approval {asked['id']} was rejected by ana: not on a Friday"


def test_edits_that_have_no_meaning_fail_it_for_good(fresh: str) -> None:
    attempt = Attempt(fresh)
    done = attempt.start()
    decide("approve", waiting(attempt.run)[0], modifications={"build": "811"})
    with pytest.raises(ApplicationError) as refused:
        done.result(PATIENCE)
    assert refused.value.type == "ModificationRefused" and refused.value.non_retryable


def test_a_lapsed_activity_fails_for_good(fresh: str) -> None:
    with pytest.raises(ApplicationError) as refused:
        Attempt(fresh).start(seconds=1).result(PATIENCE)
    assert refused.value.type == "Lapsed" and refused.value.non_retryable


def test_it_beats_while_it_waits(fresh: str) -> None:
    attempt = Attempt(fresh, heartbeat=timedelta(seconds=0.3))
    done = attempt.start()
    (asked,) = waiting(attempt.run)
    for _ in range(10):
        assert attempt.beats.acquire(timeout=PATIENCE)
    decide("approve", asked)
    done.result(PATIENCE)


def test_a_cancelled_workflow_cancels_the_approval(fresh: str) -> None:
    attempt = Attempt(fresh)
    done = attempt.start()
    (asked,) = waiting(attempt.run)
    attempt.call(attempt.environment.cancel)
    with pytest.raises((asyncio.CancelledError, Exception)) as ended:
        done.result(PATIENCE)
    assert "Cancel" in ended.typename
    assert api("GET", f"/approvals/{asked['id']}", "SIGNOFF_SECOND_KEY")["status"] == "cancelled"


def test_a_worker_that_stops_leaves_the_approval_and_the_next_attempt_finds_it(fresh: str) -> None:
    first = Attempt(fresh)
    done = first.start()
    (asked,) = waiting(first.run)
    first.call(first.environment.worker_shutdown)
    first.call(first.environment.cancel)
    with pytest.raises((asyncio.CancelledError, Exception)) as ended:
        done.result(PATIENCE)
    assert "Cancel" in ended.typename
    done = Attempt(fresh, number=2).start()
    decide("approve", asked)
    assert done.result(PATIENCE) == {"build": "812"} and rows(first.run) == 1


def test_a_worker_that_is_killed_leaves_the_approval_and_the_next_attempt_finds_it(fresh: str) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    worker = spawn([sys.executable, __file__, fresh], env=environment)
    (asked,) = waiting(f"temporal-{fresh}")
    worker.send_signal(signal.SIGKILL)
    worker.wait(PATIENCE)
    attempt = Attempt(fresh, number=2)
    done = attempt.start()
    decide("approve", asked)
    assert done.result(PATIENCE) == {"build": "812"} and rows(attempt.run) == 1


def test_without_the_service_the_attempt_fails_and_temporal_may_try_again(
    fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNOFF_URL", NOWHERE)
    with pytest.raises(Exception) as failed:
        Attempt(fresh).start().result(PATIENCE)
    # Temporal repeats whatever is not marked.
    assert failed.typename == "ConnectionFailed"


def test_a_key_that_is_refused_fails_it_for_good(fresh: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNOFF_API_KEY", "so_nobody_knows")
    with pytest.raises(ApplicationError) as refused:
        Attempt(fresh).start().result(PATIENCE)
    assert refused.value.type == "Unauthenticated" and refused.value.non_retryable


def payload(value: Any) -> dict[str, Any]:
    encoded = [base64.b64encode(it).decode() for it in (b"json/plain", json.dumps(value).encode())]
    return {"payloads": [{"metadata": {"encoding": encoded[0]}, "data": encoded[1]}]}


def history(*events: tuple[str, dict[str, Any]]) -> WorkflowHistory:
    """What a server would have kept of a workflow. Between the first event and each later one a worker was at it."""

    def event(kind: str, **attributes: Any) -> None:
        words = kind.lower().split("_")
        name = words[0] + "".join(it.capitalize() for it in words[1:]) + "EventAttributes"
        it = {"eventId": str(len(made) + 1), "eventTime": "2026-11-29T12:00:00Z", "eventType": f"EVENT_TYPE_{kind}"}
        made.append(it | {name: attributes})

    made: list[dict[str, Any]] = []
    kind = {"workflowType": {"name": "ShipBuild"}, "taskQueue": {"name": "ship"}, "originalExecutionRunId": "run"}
    event("WORKFLOW_EXECUTION_STARTED", **kind, input=payload("812"), attempt=1)
    for name, attributes in events:
        if name == "ACTIVITY_TASK_SCHEDULED" or name.startswith("WORKFLOW_EXECUTION"):
            event("WORKFLOW_TASK_SCHEDULED", taskQueue={"name": "ship"}, attempt=1)
            event("WORKFLOW_TASK_STARTED", scheduledEventId=str(len(made)))
            event("WORKFLOW_TASK_COMPLETED", scheduledEventId=str(len(made) - 1), startedEventId=str(len(made)))
            event(name, **attributes, workflowTaskCompletedEventId=str(len(made)))
        else:
            event("ACTIVITY_TASK_STARTED", scheduledEventId=str(len(made)))
            event(name, **attributes, scheduledEventId=str(len(made) - 1), startedEventId=str(len(made)))
    return WorkflowHistory.from_json("ship", {"events": made})


def scheduled(number: int, activity: str) -> tuple[str, dict[str, Any]]:
    return "ACTIVITY_TASK_SCHEDULED", {"activityId": str(number), "activityType": {"name": activity}}


ASKED = scheduled(1, "sign_off")
SHIPPED = scheduled(2, "ship")
APPROVED = ("ACTIVITY_TASK_COMPLETED", {"result": payload({"build": "811"})})
NO = {"message": "rejected by ana", "applicationFailureInfo": {"type": "Rejected", "nonRetryable": True}}
REJECTED = ("ACTIVITY_TASK_FAILED", {"failure": NO})
DONE = ("ACTIVITY_TASK_COMPLETED", {"result": payload("shipped 811")})
COMPLETED = ("WORKFLOW_EXECUTION_COMPLETED", {"result": payload("shipped 811")})
FAILED = ("WORKFLOW_EXECUTION_FAILED", {"failure": NO})


def replayed(*events: tuple[str, dict[str, Any]]) -> Exception | None:
    """What the workflow's own code, in its sandbox, says to this history."""
    replayer = Replayer(workflows=[recipe.ShipBuild])
    return asyncio.run(replayer.replay_workflow(history(*events), raise_on_replay_failure=False)).replay_failure


def test_the_workflow_ships_what_was_approved_and_nothing_that_was_rejected() -> None:
    assert replayed(ASKED, APPROVED, SHIPPED, DONE, COMPLETED) is None
    assert replayed(ASKED, REJECTED, FAILED) is None
    # Other courses than these are none of this workflow's.
    assert replayed(ASKED, REJECTED, SHIPPED, DONE, COMPLETED) is not None
    assert replayed(SHIPPED, DONE, COMPLETED) is not None
    assert replayed(ASKED, APPROVED, COMPLETED) is not None


if __name__ == "__main__":
    Attempt(sys.argv[1]).start().result()

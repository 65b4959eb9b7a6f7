"""Prefect's own engine runs the flow of the recipe, as a worker does: a process for each run, which may die."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from agents import PATIENCE, decide, rows, until, waiting
from conftest import NOWHERE, RECIPES, cancel, spawn

# Nothing is left in the home of who runs the tests. Prefect looks at it when it is imported.
os.environ["PREFECT_HOME"] = tempfile.mkdtemp(prefix="prefect-")
atexit.register(shutil.rmtree, os.environ["PREFECT_HOME"], ignore_errors=True)

from prefect.blocks.system import Secret  # noqa: E402
from prefect.client.orchestration import SyncPrefectClient, get_client  # noqa: E402
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId  # noqa: E402
from prefect.client.schemas.objects import FlowRun  # noqa: E402
from prefect.flows import load_flow_from_entrypoint  # noqa: E402
from prefect.settings import PREFECT_API_URL  # noqa: E402
from prefect.states import AwaitingRetry  # noqa: E402
from prefect.testing.utilities import prefect_test_harness  # noqa: E402

SHIP = f"{RECIPES / 'prefect/ship.py'}:ship_build"


@pytest.fixture(scope="module")
def prefect(agent_key: str) -> Iterator[SyncPrefectClient]:
    with prefect_test_harness(server_startup_timeout=PATIENCE):
        Secret(value=agent_key).save("signoff-api-key", overwrite=True)
        with get_client(sync_client=True) as client:
            yield client


class Run:
    """A run of the flow."""

    def __init__(self, prefect: SyncPrefectClient, entrypoint: str = SHIP) -> None:
        self.prefect, self.entrypoint = prefect, entrypoint
        made = prefect.create_flow_run(load_flow_from_entrypoint(SHIP), parameters={"build": "812"})
        self.id: UUID = made.id
        self.name = f"prefect-{self.id}"

    def start(self) -> subprocess.Popen[str]:
        environment = {
            **os.environ,
            "PREFECT_API_URL": PREFECT_API_URL.value(),
            "PREFECT__FLOW_ENTRYPOINT": self.entrypoint,
        }
        command = [sys.executable, "-m", "prefect.engine", str(self.id)]
        return spawn(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def seen(self) -> FlowRun:
        return self.prefect.read_flow_run(self.id)

    def tasks(self, name: str) -> list[str]:
        """The states of the runs of a task, as Prefect has them."""
        it = FlowRunFilter(id=FlowRunFilterId(any_=[self.id]))
        runs = self.prefect.read_task_runs(flow_run_filter=it)
        return [one.state_name for one in runs if one.name.rpartition("-")[0] == name]

    def ended(self, process: subprocess.Popen[str]) -> tuple[str, str]:
        said, _ = process.communicate(timeout=PATIENCE)
        state = self.seen().state
        assert state is not None and state.is_final(), said
        return state.name, str(state.message)


@pytest.fixture
def run(prefect: SyncPrefectClient) -> Run:
    return Run(prefect)


def test_an_approved_flow_goes_on(run: Run) -> None:
    process = run.start()
    (asked,) = waiting(run.name)
    assert asked["title"] == "Ship build 812?" and run.tasks("ship") == []
    decide("approve", asked)
    assert run.ended(process)[0] == "Completed"
    until("Prefect has written it down", lambda: run.tasks("ship") == ["Completed"])


def test_a_rejected_flow_fails_and_says_why(run: Run) -> None:
    process = run.start()
    (asked,) = waiting(run.name)
    decide("reject", asked, reason="not on a Friday")
    name, message = run.ended(process)
    assert name == "Failed" and f"Rejected: approval {asked['id']} was rejected by ana: not on a Friday" in message
    until("Prefect has written it down", lambda: run.tasks("sign_off") == ["Failed"])
    assert run.tasks("ship") == []


def test_a_cancelled_approval_fails_the_flow(run: Run) -> None:
    process = run.start()
    cancel(waiting(run.name)[0])
    name, message = run.ended(process)
    assert name == "Failed" and "Withdrawn" in message and run.tasks("ship") == []


def changed(tmp_path: Path, **constants: str) -> str:
    """The recipe's file with other figures in it."""
    text = (RECIPES / "prefect/ship.py").read_text("utf-8")
    for before, after in constants.items():
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    path = tmp_path / "ship.py"
    path.write_text(text, "utf-8")
    return f"{path}:ship_build"


def test_a_lapsed_approval_fails_the_flow(prefect: SyncPrefectClient, tmp_path: Path) -> None:
    run = Run(prefect, changed(tmp_path, **{"4 * 3600": "1"}))
    name, message = run.ended(run.start())
    assert name == "Failed" and "Lapsed: nobody decided approval" in message and run.tasks("ship") == []


def test_a_flow_that_was_killed_asks_nobody_twice(run: Run) -> None:
    process = run.start()
    (asked,) = waiting(run.name)
    process.kill()
    process.communicate()
    # What "Retry" does in Prefect's pages.
    run.prefect.set_flow_run_state(run.id, AwaitingRetry(), force=True)
    process = run.start()
    until("it runs again", lambda: run.seen().run_count == 2)
    decide("approve", asked)
    assert run.ended(process)[0] == "Completed"
    assert rows(run.name) == 1
    until("Prefect has written it down", lambda: run.tasks("ship") == ["Completed"])


def test_without_the_service_the_flow_fails_and_nothing_is_shipped(
    prefect: SyncPrefectClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNOFF_URL", NOWHERE)
    run = Run(prefect, changed(tmp_path, **{"minutes=15": "seconds=2"}))
    name, message = run.ended(run.start())
    assert name == "Failed" and "ConnectionFailed" in message and run.tasks("ship") == []

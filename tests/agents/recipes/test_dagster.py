"""The recipe's job in Dagster's own executor, within this process or in one that dies."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from agents import PATIENCE, decide, rows, until, waiting
from conftest import NOWHERE, RECIPES, beside, cancel, spawn
from dagster import DagsterInstance, ReexecutionOptions, RetryPolicy, execute_job, reconstructable

sys.path.insert(0, str(RECIPES / "dagster"))
import ship as recipe  # noqa: E402

JOB = recipe.defs.get_job_def("ship_build")
CONFIG = {"ops": {"sign_off": {"config": {"number": "812"}}}}
#: The steps run in the process of the run itself, which is the one that dies.
ALONE = CONFIG | {"execution": {"config": {"in_process": {}}}}


def job() -> Any:
    """The job with its resources, for processes that find it by its name."""
    return JOB


def bound(definition: Any, resources: dict[str, Any]) -> Any:
    """A job with resources of the test's."""
    return recipe.Definitions(jobs=[definition], resources=resources).get_job_def(definition.name)


@pytest.fixture(autouse=True)
def key(agent_key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNOFF_API_KEY", agent_key)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Dagster keeps its runs."""
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def dagster(home: Path) -> Iterator[DagsterInstance]:
    with DagsterInstance.get() as instance:
        yield instance


def start(dagster: DagsterInstance, definition: Any = JOB) -> tuple[Future[Any], str]:
    """A run in a thread of its own, and its id."""
    done = beside(lambda: definition.execute_in_process(instance=dagster, run_config=CONFIG, raise_on_error=False))
    return done, begun(dagster)


def begun(dagster: DagsterInstance, before: int = 0) -> str:
    until("a run begins", lambda: len(dagster.get_runs()) > before)
    return str(dagster.get_runs()[0].run_id)


def steps(dagster: DagsterInstance, run: str) -> dict[str, str]:
    """What became of each step, as Dagster has it."""
    return {it.step_key: it.status.name for it in dagster.get_run_step_stats(run)}


def failure(dagster: DagsterInstance, run: str) -> tuple[str, dict[str, Any]]:
    """What Dagster shows of a step that failed."""
    (event,) = [it for it in dagster.all_logs(run) if it.dagster_event and it.dagster_event.is_step_failure]
    data = event.dagster_event.step_failure_data
    given = data.user_failure_data
    error = data.error.cause or data.error
    if given is None:
        return error.message, {}
    return given.description, {name: it.value for name, it in given.metadata.items()}


def test_an_approved_job_goes_on(dagster: DagsterInstance) -> None:
    done, run = start(dagster)
    (asked,) = waiting(f"dagster-{run}")
    assert asked["title"] == "Ship build 812?" and "ship" not in steps(dagster, run)
    decide("approve", asked, modifications={"arguments": {"build": "811"}})
    result = done.result(PATIENCE)
    assert result.success and result.output_for_node("sign_off") == "811"
    assert steps(dagster, run) == {"sign_off": "SUCCESS", "ship": "SUCCESS"}


def test_a_rejected_job_fails_and_says_why(dagster: DagsterInstance) -> None:
    done, run = start(dagster)
    (asked,) = waiting(f"dagster-{run}")
    decide("reject", asked, reason="not on a Friday")
    assert not done.result(PATIENCE).success
    words = f"approval {asked['id']} was rejected by ana: not on a Friday"
    assert failure(dagster, run) == (words, {"approval": asked["id"]})
    assert steps(dagster, run) == {"sign_off": "FAILURE"}


def test_edits_that_have_no_meaning_fail_the_job(dagster: DagsterInstance) -> None:
    done, run = start(dagster)
    decide("approve", waiting(f"dagster-{run}")[0], modifications={"build": "811"})
    assert not done.result(PATIENCE).success
    assert "have another form" in failure(dagster, run)[0] and steps(dagster, run) == {"sign_off": "FAILURE"}


def test_a_rejected_op_is_not_tried_again(dagster: DagsterInstance) -> None:
    @recipe.job
    def insistent() -> None:
        recipe.ship(recipe.sign_off.with_retry_policy(RetryPolicy(max_retries=2))())

    done, run = start(dagster, bound(insistent, dict(recipe.defs.resources or {})))
    decide("reject", waiting(f"dagster-{run}")[0], reason="no")
    assert not done.result(PATIENCE).success
    assert [it.attempts for it in dagster.get_run_step_stats(run)] == [1]


def test_a_cancelled_approval_fails_the_job(dagster: DagsterInstance) -> None:
    done, run = start(dagster)
    cancel(waiting(f"dagster-{run}")[0])
    assert not done.result(PATIENCE).success
    assert "was cancelled" in failure(dagster, run)[0] and steps(dagster, run) == {"sign_off": "FAILURE"}


def test_a_lapsed_approval_fails_the_job(dagster: DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = recipe.SignoffResource.ask
    monkeypatch.setattr(
        recipe.SignoffResource, "ask", lambda self, *it, **fields: ask(self, *it, **(fields | {"timeout_seconds": 1}))
    )
    done, run = start(dagster)
    assert not done.result(PATIENCE).success
    assert "nobody decided approval" in failure(dagster, run)[0] and steps(dagster, run) == {"sign_off": "FAILURE"}


def test_a_run_that_was_killed_and_executed_again_asks_nobody_twice(dagster: DagsterInstance) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    worker = spawn([sys.executable, __file__], env=environment)
    first = begun(dagster)
    (asked,) = waiting(f"dagster-{first}")
    worker.kill()
    worker.wait(PATIENCE)
    # What Dagster's monitoring does with a run whose worker is gone.
    dagster.report_run_failed(dagster.get_run_by_id(first))
    # What "Re-execute from failure" does, and so do run retries.
    done = beside(lambda: again(dagster, first))
    second = begun(dagster, before=1)
    until("it waits", lambda: steps(dagster, second).get("sign_off"))
    decide("approve", asked)
    assert done.result(PATIENCE) and second != first
    assert steps(dagster, second) == {"sign_off": "SUCCESS", "ship": "SUCCESS"} and "ship" not in steps(dagster, first)
    assert rows(f"dagster-{first}") == 1 and rows(f"dagster-{second}") == 0


def again(dagster: DagsterInstance, parent: str) -> bool:
    options = ReexecutionOptions(parent_run_id=parent)
    with execute_job(reconstructable(job), instance=dagster, run_config=ALONE, reexecution_options=options) as result:
        return result.success


def test_without_the_service_the_job_fails_and_nothing_is_shipped(
    dagster: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNOFF_URL", NOWHERE)
    impatient = {"signoff": recipe.SignoffResource(url=NOWHERE, api_key="so_x", patience_seconds=2)}
    done, run = start(dagster, bound(recipe.ship_build, impatient))
    assert not done.result(PATIENCE).success
    assert NOWHERE in failure(dagster, run)[0] and steps(dagster, run) == {"sign_off": "FAILURE"}


if __name__ == "__main__":
    with DagsterInstance.get() as kept, execute_job(reconstructable(job), instance=kept, run_config=ALONE):
        pass

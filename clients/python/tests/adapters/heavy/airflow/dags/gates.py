"""DAGs with a sign-off in the middle. What comes after it writes a line, so that a test sees that it ran."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, task, task_group
from airflow.sdk.exceptions import TaskDeferred

from signoff.adapters.airflow import SignoffOperator


def _write(what: Any, conf: dict[str, Any]) -> None:
    with open(conf["effects"], "a") as file:
        file.write(json.dumps(what) + "\n")


@task
def count() -> int:
    return 42


@task
def ship(decided: Any = None, **context: Any) -> None:
    _write(decided["context"] if decided else "ran", context["dag_run"].conf)


@task(trigger_rule="all_done")
def notify(**context: Any) -> None:
    _write("notified", context["dag_run"].conf)


ASKS: dict[str, Any] = {
    "title": "Ship {{ run_id }}?",
    "context": {"rows": "{{ ti.xcom_pull('count') }}", "to": ["fr", "de"]},
    "approvers": ["ana"],
    "timeout": timedelta(hours=4),
}


def gate(
    dag_id: str, operator: type[SignoffOperator] = SignoffOperator, when: dict[str, Any] | None = None, **arguments: Any
) -> DAG:
    with DAG(dag_id, **(when or {})) as dag:
        ship_it = operator(task_id="ship_it", **{**ASKS, **arguments})
        count() >> ship_it >> ship(ship_it.output)
    return dag


class Stumbles(SignoffOperator):
    """Its first try asks, and is lost before Airflow knows."""

    def execute(self, context: Any) -> Any:
        try:
            return super().execute(context)
        except TaskDeferred:
            if context["ti"].try_number == 1:
                raise RuntimeError("the worker is gone") from None
            raise


chain_of = gate
chain_of("fails")
chain_of("lapses", timeout="1s")
chain_of("retries", Stumbles, retries=2, retry_delay=timedelta(seconds=0))
chain_of("retries_for_nothing", retries=3, retry_delay=timedelta(seconds=0))
chain_of("elsewhere", conn_id="elsewhere")
chain_of("timed", execution_timeout=timedelta(seconds=10))

# Its time is over: it runs when somebody fills up the past.
chain_of(
    "yearly",
    when={"schedule": "@yearly", "start_date": datetime(2020, 1, 1, tzinfo=UTC), "end_date": datetime(2021, 1, 1, tzinfo=UTC)},
    title="Ship {{ ds }}?",
)

with DAG("skips"):
    asks = SignoffOperator(task_id="ship_it", **{**ASKS, "on_rejected": "skip", "on_lapsed": "skip", "on_cancelled": "skip"})
    count() >> asks >> [ship(), notify()] >> notify.override(task_id="notify_later")()

with DAG("skips_all"):
    all_of_it = SignoffOperator(task_id="ship_it", **{**ASKS, "on_rejected": "skip"}, ignore_downstream_trigger_rules=True)
    count() >> all_of_it >> ship() >> notify()

with DAG("mapped"):
    each = SignoffOperator.partial(task_id="ship_it", title="Part?", approvers=["ana"], timeout="4h", on_rejected="skip").expand(
        context=[{"part": "a"}, {"part": "b"}]
    )
    each >> ship()

with DAG("mapped_group"):

    @task_group
    def parts(part: str) -> None:
        asked = SignoffOperator(
            task_id="ship_it", title="Part {{ run_id }}?", context={"part": part}, approvers=["ana"], timeout="4h", on_rejected="skip"
        )
        ship.override(task_id="ship")(asked.output)

    parts.expand(part=["a", "b"])

# With the runs `it-1` and `1` these two are the same, once all that no name may have is a dash.
chain_of("same")
chain_of("same-it")

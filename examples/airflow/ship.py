"""A DAG that ships once a person has agreed.

    pip install 'signoff[airflow]'
    export AIRFLOW_CONN_SIGNOFF_DEFAULT='{"conn_type": "signoff", "host": "https://…", "password": "so_…"}'

Put it into the folder of your DAGs, and trigger it. It needs a triggerer: the task takes no worker while it waits.
"""

from datetime import timedelta

from airflow.sdk import DAG, task

from signoff.adapters.airflow import SignoffOperator


@task
def count():
    return 1042  # rows, from your warehouse


@task
def ship(decided):
    print(f"Shipping {decided['context']['rows']} rows to {decided['context']['to']}, as {decided['decided_by']} agreed.")


with DAG("ship", schedule=None):
    ship_it = SignoffOperator(
        task_id="ship_it",
        title="Ship {{ run_id }}?",
        context={"rows": count(), "to": "production"},
        approvers=["ana"],
        timeout=timedelta(hours=4),
    )
    ship(ship_it.output)

"""A flow that ships a build once a person has agreed.

    pip install ./clients/python prefect
    export SIGNOFF_URL=https://signoff.example.com
    python -c 'from getpass import getpass; from prefect.blocks.system import Secret; \
        Secret(value=getpass("key: ")).save("signoff-api-key")'
    python ship.py 812
"""

import sys
from datetime import timedelta
from typing import Any

from prefect import flow, task
from prefect.blocks.system import Secret
from prefect.runtime import flow_run

from signoff import Signoff

#: How long the flow goes on while the service can't be reached. Then it fails.
PATIENCE = timedelta(minutes=15)


@task
def sign_off(
    step: str, title: str, context: dict[str, Any], approvers: list[str], timeout_seconds: int
) -> dict[str, Any]:
    """Waits for people, and answers what to go on with. Raises `Rejected`, `Lapsed` or `Withdrawn`."""
    with Signoff(api_key=Secret.load("signoff-api-key").get(), patience=PATIENCE) as client:
        outcome = client.approvals.ask(
            run_id=f"prefect-{flow_run.id}",
            approval_type="step_approval",
            title=title,
            context=context,
            policy={"allowed_approvers": approvers},
            timeout_seconds=timeout_seconds,
            idempotency_key=f"prefect/{flow_run.id}/{step}",
        )
    return outcome.arguments(context)


@task
def ship(build: str) -> str:
    return f"shipped {build}"  # your deployment, with the build as its own idempotency key


@flow
def ship_build(build: str) -> str:
    agreed = sign_off("ship", f"Ship build {build}?", {"build": build}, ["ana", "bo"], 4 * 3600)
    return ship(agreed["build"])


if __name__ == "__main__":
    print(ship_build(sys.argv[1]))

"""A job that ships a build once a person has agreed.

    pip install ./clients/python dagster dagster-webserver
    export SIGNOFF_URL=https://signoff.example.com SIGNOFF_API_KEY=so_…
    dagster dev -f ship.py
"""

from typing import Any

from dagster import Config, ConfigurableResource, Definitions, EnvVar, Failure, OpExecutionContext, job, op

from signoff import ModificationRefused, NotApproved, Outcome, Signoff


class SignoffResource(ConfigurableResource):
    """Where the service is, and the key. Give the key as an `EnvVar`: then no page of Dagster shows it."""

    url: str
    api_key: str
    #: How long an op goes on while the service can't be reached. Then it fails.
    patience_seconds: float = 900

    def ask(self, context: OpExecutionContext, title: str, about: dict[str, Any], **fields: Any) -> Outcome:
        # A run that is executed again has another id. Its root stays.
        run = context.run.root_run_id or context.run_id
        with Signoff(self.url, self.api_key, patience=self.patience_seconds) as client:
            return client.approvals.ask(
                run_id=f"dagster-{run}",
                approval_type="step_approval",
                title=title,
                context=about,
                idempotency_key=f"dagster/{run}/{context.get_step_execution_context().step.key}",
                **fields,
            )


class Build(Config):
    number: str


@op
def sign_off(context: OpExecutionContext, signoff: SignoffResource, config: Build) -> str:
    about = {"build": config.number}
    outcome = signoff.ask(
        context,
        f"Ship build {config.number}?",
        about,
        policy={"allowed_approvers": ["ana", "bo"]},
        timeout_seconds=4 * 3600,
    )
    try:
        agreed = outcome.arguments(about)
    except (NotApproved, ModificationRefused) as refused:
        raise Failure(str(refused), metadata={"approval": outcome.id}, allow_retries=False) from refused
    return str(agreed["build"])


@op
def ship(context: OpExecutionContext, build: str) -> None:
    context.log.info("shipped %s", build)  # your deployment, with the build as its own idempotency key


@job
def ship_build() -> None:
    ship(sign_off())


defs = Definitions(
    jobs=[ship_build],
    resources={"signoff": SignoffResource(url=EnvVar("SIGNOFF_URL"), api_key=EnvVar("SIGNOFF_API_KEY"))},
)

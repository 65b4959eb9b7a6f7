"""The operator: asks, is deferred, and goes on by what Signoff says of the approval."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from enum import Enum
from typing import Any, Literal, NoReturn

from airflow.sdk import BaseOperator, SkipMixin
from airflow.sdk.exceptions import AirflowSkipException

from ..._client import Signoff
from ..._errors import (
    IdempotencyMismatch,
    Invalid,
    NotApproved,
    NotSupported,
    SignoffError,
    TooLarge,
    UnsatisfiablePolicy,
)
from ..._types import Approval, Notify, PolicyBody
from ...gate import Rule, refused_event, verdict, whole_seconds
from ...outcome import Outcome
from ._ends import SignoffLapsed, SignoffRefused, SignoffRejected, SignoffWithdrawn, end_of
from ._question import Question, named, plain
from .hook import SignoffHook
from .trigger import SignoffTrigger

_LOG = logging.getLogger("signoff")
_WHO = ("approvers", "roles", "groups", "min_approvers", "policy")
#: What the server would say again.
_FINAL = (Invalid, UnsatisfiablePolicy, NotSupported, TooLarge)
OnEnd = Literal["fail", "skip"]


class _Absent(Enum):
    """Not given. None is something else: an XCom that is missing must not open the door to everyone."""

    ABSENT = "absent"


ABSENT = _Absent.ABSENT


class SignoffOperator(BaseOperator, SkipMixin):
    """Waits for people, and fails or skips what comes after it where they don't agree.

    `approvers`, `roles`, `groups`, `min_approvers`, `policy`, `workflow` and `notify` are those of `signoff.Rule`.
    `context` is what people are shown, and may edit; the XCom has it as they left it. `timeout` is how long they have.
    `run` names the run in Signoff; by default it is made of the ids of DAG and run.

    `on_rejected`, `on_lapsed` and `on_cancelled` say what happens where a person said no, where nobody answered, and where
    the request was withdrawn: `"fail"`, without retries, or `"skip"`. Skipping is that of Airflow's `ApprovalOperator`: the
    tasks right after this one are skipped, or all that follow it with `ignore_downstream_trigger_rules`. A mapped task is
    skipped itself.
    """

    template_fields: Sequence[str] = (
        "title", "description", "context", "approvers", "roles", "groups", "policy", "workflow", "run",
    )  # fmt: skip
    template_fields_renderers = {"context": "json", "policy": "json"}
    ui_color = "#e8f0e4"
    inherits_from_skipmixin = True

    def __init__(
        self,
        *,
        title: str,
        description: str | None = None,
        context: Mapping[str, Any] | None = None,
        approvers: Sequence[str] | _Absent = ABSENT,
        roles: Sequence[str] | _Absent = ABSENT,
        groups: Sequence[str] | _Absent = ABSENT,
        min_approvers: int | _Absent = ABSENT,
        policy: PolicyBody | _Absent = ABSENT,
        timeout: str | float | timedelta = timedelta(hours=24),
        workflow: str | None = None,
        notify: Notify | None = None,
        run: str | None = None,
        on_rejected: OnEnd = "fail",
        on_lapsed: OnEnd = "fail",
        on_cancelled: OnEnd = "fail",
        ignore_downstream_trigger_rules: bool = False,
        conn_id: str | None = SignoffHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        who = {"approvers": approvers, "roles": roles, "groups": groups, "min_approvers": min_approvers, "policy": policy}
        self._given = tuple(name for name in _WHO if who[name] is not ABSENT)
        if missing := [name for name in self._given if who[name] is None]:
            raise ValueError(f"{missing[0]} is None: leave it out where anyone with the permission may decide")
        if "policy" in self._given and len(self._given) > 1:
            raise ValueError("give a policy, or approvers, roles, groups and min_approvers")
        ends = {"on_rejected": on_rejected, "on_lapsed": on_lapsed, "on_cancelled": on_cancelled}
        for name, end in ends.items():
            if end not in ("fail", "skip"):
                raise ValueError(f"{name} is fail or skip, not {end!r}")
        whole_seconds(timeout)
        self.title = title
        self.description = description
        self.context = context
        self.approvers = None if approvers is ABSENT else approvers
        self.roles = None if roles is ABSENT else roles
        self.groups = None if groups is ABSENT else groups
        self.min_approvers = None if min_approvers is ABSENT else min_approvers
        self.policy = None if policy is ABSENT else policy
        self.timeout = timeout
        self.workflow = workflow
        self.notify = notify
        self.run = run
        self.on_rejected = on_rejected
        self.on_lapsed = on_lapsed
        self.on_cancelled = on_cancelled
        self.ignore_downstream_trigger_rules = ignore_downstream_trigger_rules
        self.conn_id = conn_id

    def execute(self, context: Any) -> Any:
        """Asks. A retry asks the same, and finds what was asked."""
        question = Question.of(context)
        try:
            asked = question.request(self._rule(), self.title, self.context, self.workflow, self.run)
        except (ValueError, TypeError, RecursionError, SignoffError) as error:
            raise SignoffRefused(f"nobody was asked: {error}") from error
        with self._client() as client:
            try:
                approval = client.approvals.create(**asked)
            except IdempotencyMismatch as error:
                raise SignoffRefused(
                    f"an earlier try of this task asked something else ({error}). Templates must say the same on each try. "
                    "Clear the task, and people are asked anew"
                ) from error
            except _FINAL as error:
                raise SignoffRefused(f"nobody was asked: {error}") from error
            self.log.info("Approval %s is %s.", approval["id"], approval["status"])
            if context["ti"].try_number > 1:
                _withdraw_earlier(client, question)
            return self._go_on(context, client, question, approval)

    def execute_complete(self, context: Any, event: Any = None, *, approval_id: str) -> Any:
        """Reads the approval. The event has only woken this task: what it says does not count."""
        question = Question.of(context)
        with self._client() as client:
            approval = client.approvals.get(approval_id)
            if approval["id"] != approval_id:
                raise SignoffError(f"asked for approval {approval_id}, and got another one")
            return self._go_on(context, client, question, approval)

    def _client(self) -> Signoff:
        return SignoffHook(self.conn_id).get_conn()

    def _rule(self) -> Rule:
        """Who is asked, as it was rendered."""
        for name in self._given:
            if getattr(self, name) is None:
                raise ValueError(f"{name} came to nothing, and then anyone could decide")
        return Rule(
            approvers=named("approvers", self.approvers),
            roles=named("roles", self.roles),
            groups=named("groups", self.groups),
            min_approvers=self.min_approvers,
            policy=plain(self.policy),
            timeout=self.timeout,
            description=self.description,
            notify=self.notify,
        )

    def _go_on(self, context: Any, client: Signoff, question: Question, approval: Approval) -> Any:
        if not question.is_asked_by(approval):
            raise SignoffRefused(f"approval {approval['id']} is not what this task asked for")
        if approval["status"] == "pending":
            self.defer(
                trigger=SignoffTrigger(approval["id"], self.conn_id),
                method_name="execute_complete",
                kwargs={"approval_id": approval["id"]},
            )
        outcome = Outcome(approval)
        if not outcome.approved:
            return self._not_approved(context, end_of(outcome))
        decided = verdict(question.call(approval), Rule(), outcome)
        if not decided.runs:
            _tell(client, approval["task_id"], refused_event(decided))
            raise SignoffRefused(decided.text or "the edits could not be carried out")
        self.log.info("Approval %s: %s by %s.", outcome.id, outcome.resolution, outcome.decided_by)
        return _told(outcome, decided.arguments)

    def _not_approved(self, context: Any, error: NotApproved) -> Any:
        ends = ((SignoffRejected, self.on_rejected), (SignoffLapsed, self.on_lapsed), (SignoffWithdrawn, self.on_cancelled))
        if next((end for kind, end in ends if isinstance(error, kind)), "fail") != "skip":
            raise error
        ti = context["ti"]
        if ti.map_index >= 0:
            # What follows may be one task for all of them, which can't be skipped for one. Its trigger rule decides.
            raise AirflowSkipException(str(error)) from error
        result = _told(error.outcome, Question.shown(error.outcome.approval))
        tasks = list(self._tasks_to_skip(context["task"]))
        if not tasks:
            return result
        self.log.info("Skipping what follows: %s.", error)
        if self.do_xcom_push:
            ti.xcom_push(key="return_value", value=result)
        return self.skip(ti=ti, tasks=tasks)

    def _tasks_to_skip(self, task: Any) -> Iterable[Any]:
        further = self.ignore_downstream_trigger_rules
        found = task.get_flat_relatives(upstream=False) if further else task.get_direct_relatives(upstream=False)
        return (it for it in found if not it.is_teardown)


def _told(outcome: Outcome, context: Mapping[str, Any]) -> dict[str, Any]:
    """The XCom."""
    return {
        "approval_id": outcome.id,
        "resolution": outcome.resolution,
        "decided_by": outcome.decided_by,
        "feedback": outcome.feedback,
        "context": dict(context),
    }


def _withdraw_earlier(client: Signoff, question: Question) -> None:
    """What was asked before the task was cleared: nobody will look at the answer. Whether it goes changes nothing here."""
    try:
        for approval in client.approvals.pending(task_id=question.task()):
            if question.follows(approval):
                client.approvals.cancel(approval["id"], "The task was cleared in Airflow, and asks anew.")
    except SignoffError as error:
        _LOG.warning("an earlier approval of this task may stay until its deadline: %s", error)


def _tell(client: Signoff, task_id: str, event: dict[str, Any] | None) -> None:
    if event is None:
        return
    try:
        client.tasks.publish(task_id, "modification_refused", event)
    except SignoffError as error:
        _LOG.warning("the task was not told of edits that were refused: %s", error)


__all__ = ["SignoffOperator"]

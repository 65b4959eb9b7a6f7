"""The API's calls as requests: paths, queries and bodies. Both clients make theirs here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict
from urllib.parse import quote

from ._steps import Request
from ._types import Checkpoint, LevelBody, Notify, PolicyBody, TimeoutAction, View


class Fields(TypedDict, total=False):
    """What a request may say besides `run_id`, `approval_type` and `context`; `docs/api.md` has what each means."""

    title: str | None
    description: str | None
    session_id: str | None
    task_id: str | None
    job_id: str | None
    workflow: str | None
    policy: PolicyBody | None
    timeout_seconds: int | None
    timeout_action: TimeoutAction | None
    metadata: dict[str, Any] | None
    checkpoint: Checkpoint | None
    view: View | None
    escalation: list[LevelBody] | None
    remind_before_seconds: list[int] | None
    notify: Notify | None


class Filters(TypedDict, total=False):
    """What a list of pending approvals may be narrowed to. Lists mean: one of them."""

    run_id: str
    session_id: str
    task_id: str
    approval_type: str | Sequence[str]
    workflow: str | Sequence[str]
    requested_by: str | Sequence[str]
    q: str
    approver: str
    sort: str
    limit: int


class HistoryFilters(TypedDict, total=False):
    """What the history may be narrowed to."""

    run_id: str
    workflow: str
    status: str
    resolution: str
    requested_by: str
    decided_by: str
    #: `from` is a word of Python.
    from_: str
    to: str
    q: str
    limit: int


def segment(text: str) -> str:
    """A name or an id as one segment of a path."""
    # These would be taken out of the path, and it would lead elsewhere.
    if text in ("", ".", ".."):
        raise ValueError(f"{text!r} is no name and no id")
    return quote(text, safe="")


def approval(approval_id: str, verb: str = "") -> str:
    return f"/api/v1/approvals/{segment(approval_id)}{verb}"


def body(run_id: str, approval_type: str, context: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
    given = {name: value for name, value in fields.items() if value is not None}
    return {"run_id": run_id, "approval_type": approval_type, "context": dict(context), **given}


def decision(
    approval_id: str, verb: str, said: Mapping[str, Any], if_match: int | None = None
) -> Request:
    given = {name: value for name, value in said.items() if value is not None}
    headers = {} if if_match is None else {"if-match": f'"{if_match}"'}
    return Request("POST", approval(approval_id, f"/{verb}"), body=given, headers=headers, expects=("changed", "approval"))


def bulk(ids: Sequence[str], action: str, comment: str | None, reason: str | None) -> Request:
    said = {"ids": list(ids), "action": action, "comment": comment, "reason": reason}
    given = {name: value for name, value in said.items() if value is not None}
    return Request("POST", "/api/v1/approvals/bulk", body=given, expects=("results",))


def events(task_id: str) -> str:
    return f"/api/v1/tasks/{segment(task_id)}/events"


def publish(task_id: str, sent: Sequence[Mapping[str, Any]]) -> Request:
    """There is no key for events, so they are not sent again where it is unknown what became of them."""
    return Request("POST", events(task_id), body={"events": list(sent)}, repeatable=False, expects=("cursor",))


def run(method: str, run_id: str) -> Request:
    path = f"/api/v1/runs/{segment(run_id)}"
    return Request(method, path, status=204) if method == "DELETE" else Request(method, path, expects=("run_id",))

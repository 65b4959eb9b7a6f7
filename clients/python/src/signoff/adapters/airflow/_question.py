"""What one task instance asks, and under which key."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any, Self

import rfc8785
from airflow.sdk.execution_time.lazy_sequence import LazyXComSequence

from ..._errors import SignoffError
from ..._types import Approval
from ...gate import Gate, Rule
from ...toolcall import Call, run_name

DIALECT = "airflow"


def plain(value: Any) -> Any:
    """A rendered value as plain data: what several mapped tasks returned is a list."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple, LazyXComSequence)):
        return [plain(one) for one in value]
    return value


def named(what: str, value: Any) -> list[str] | None:
    """Names of people, roles or groups, once they are rendered. Nothing, or nobody, would be everyone."""
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, (Sequence, LazyXComSequence)):
        raise TypeError(f"{what} is a list of names, not {value!r}")
    names = list(value)
    if not names or not all(isinstance(name, str) and name.strip() for name in names):
        raise ValueError(f"{what} names nobody, or something that is no name: {names!r}")
    return names


@dataclass(frozen=True)
class Question:
    """The question of one task instance, until the task is cleared."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    #: Grows when the task is cleared, and stays on a retry: people are asked anew after the one, and not after the other.
    max_tries: int
    #: When the run began. The same run in another Airflow, or one that was deleted and made again, is another one.
    began: str

    @classmethod
    def of(cls, context: Any) -> Self:
        ti, began = context["ti"], context["dag_run"].start_date
        if began is None:
            raise SignoffError("Airflow doesn't say when the run began, so nobody knows which one it is")
        map_index = -1 if ti.map_index is None else ti.map_index
        return cls(ti.dag_id, ti.run_id, ti.task_id, map_index, ti.max_tries, began.astimezone(UTC).isoformat())

    def _ids(self) -> dict[str, str | int]:
        said = {"dag_id": self.dag_id, "run_id": self.run_id, "task_id": self.task_id}
        return {"dialect": DIALECT, **said, "map_index": self.map_index, "max_tries": self.max_tries}

    def key(self) -> str:
        parts: list[str | int] = [*self._ids().values(), self.began]
        return "af1." + base64.urlsafe_b64encode(hashlib.sha256(rfc8785.dumps(parts)).digest()).rstrip(b"=").decode()

    def request(
        self, rule: Rule, title: Any, context: Any, workflow: str | None, run: str | None
    ) -> dict[str, Any]:
        """What `approvals.create` is called with."""
        if not isinstance(title, (str, int, float)) or not str(title).strip():
            raise ValueError(f"the title is no text: {title!r}")
        if context is not None and not isinstance(context, Mapping):
            raise TypeError(
                f"context is a mapping, not {type(context).__name__}: give one with templates in it, or a task's output"
            )
        call = self._call(plain(dict(context or {})), run or f"{self.dag_id}/{self.run_id}")
        return {
            **Gate.request(call, rule, self.key()),
            "title": str(title),
            "workflow": workflow or run_name(self.dag_id),
            "task_id": self.task(),
            "metadata": {**self._ids(), "key": self.key()},
        }

    def task(self) -> str:
        """Its name as a task of Signoff's. It stays the same when the task is cleared."""
        mapped = f"/{self.map_index}" if self.map_index >= 0 else ""
        return run_name(f"{self.dag_id}/{self.run_id}/{self.task_id}{mapped}")

    def is_asked_by(self, approval: Approval) -> bool:
        """Whether it is this task's own. The id comes from Airflow's database, which others may write to.

        The key is not looked at: a run that is queued once more, while its task waits, begins at another time.
        """
        return {**(approval.get("metadata") or {}), "key": ""} == {**self._ids(), "key": ""}

    def follows(self, approval: Mapping[str, Any]) -> bool:
        """Whether that was asked before the task was cleared, in this very run."""
        said = approval.get("metadata") or {}
        earlier = said.get("max_tries")
        if not isinstance(earlier, int) or earlier >= self.max_tries:
            return False
        return bool(said.get("key") == replace(self, max_tries=earlier).key())

    @staticmethod
    def shown(approval: Approval) -> dict[str, Any]:
        """What people were shown. Templates may have come to something else meanwhile."""
        return dict(approval["context"]["arguments"])

    def call(self, approval: Approval) -> Call:
        """What was asked about, as the approval has it."""
        return self._call(self.shown(approval), approval["run_id"])

    def _call(self, arguments: Mapping[str, Any], run: str) -> Call:
        mapped = f"[{self.map_index}]" if self.map_index >= 0 else ""
        return Call(
            dialect=DIALECT,
            run=run,
            tool=self.task_id,
            arguments=arguments,
            call_id=f"{self.run_id}{mapped}",
            agent=self.dag_id,
        )

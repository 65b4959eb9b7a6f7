"""What became of a request: the approval, read once it is final."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from ._errors import Lapsed, ModificationRefused, NotApproved, Rejected, Withdrawn
from ._types import Approval
from .toolcall import REDACTED, shown


@dataclass(frozen=True)
class Outcome:
    """How an approval ended. Nothing but `approved` says that a call may run."""

    approval: Approval

    @property
    def id(self) -> str:
        return self.approval["id"]

    @property
    def status(self) -> str:
        """`resolved`, `expired` or `cancelled`."""
        return self.approval["status"]

    @property
    def resolution(self) -> str | None:
        """`approved`, `modified`, `rejected`, or None where neither people nor the deadline said any of it."""
        return self.approval.get("resolution")

    @property
    def approved(self) -> bool:
        """Whether to go on: approved as asked, or with edits. A status that this version doesn't know approves nothing."""
        return self.status in ("resolved", "expired") and self.resolution in ("approved", "modified")

    @property
    def feedback(self) -> str | None:
        """The approver's comment, or the reason of who rejected or cancelled."""
        return (self.approval.get("result") or {}).get("feedback")

    @property
    def modifications(self) -> Mapping[str, Any] | None:
        """The approver's edits."""
        return (self.approval.get("result") or {}).get("modifications")

    @property
    def response(self) -> str | None:
        """What an approver answered in the tool's place. The tool is not to be called then."""
        return (self.modifications or {}).get("response")

    @property
    def decided_by(self) -> str | None:
        """Who ended it, by name; None for a deadline."""
        return self.approval.get("resolved_by")

    @property
    def via(self) -> str | None:
        """What ended it: `human`, `timeout` or `run_deleted`."""
        return self.approval.get("resolved_via")

    def unwrap(self) -> Outcome:
        """Itself if it is approved; raises `Rejected`, `Lapsed` or `Withdrawn` otherwise."""
        if self.approved:
            return self
        who = f" by {self.decided_by}" if self.decided_by else ""
        why = f": {self.feedback}" if self.feedback else ""
        if self.status == "cancelled":
            raise Withdrawn(self, f"approval {self.id} was cancelled{who}{why}")
        if self.status in ("resolved", "expired") and self.resolution == "rejected":
            raise Rejected(self, f"approval {self.id} was rejected{who}{why}")
        if self.status == "expired":
            raise Lapsed(self, f"nobody decided approval {self.id} in time")
        raise NotApproved(self, f"approval {self.id} is {self.status}, not approved")

    def arguments(self, original: Mapping[str, Any], redact: Collection[str] = ()) -> dict[str, Any]:
        """The arguments to run with: the approver's where there are edits, the original ones elsewhere.

        What was shown as a text (bytes, a large number, "…" for one in `redact`) and comes back as that text is the original.
        Raises where the outcome is not approved, and `ModificationRefused` where the edits are no edits of arguments.
        """
        self.unwrap()
        merged = deepcopy(dict(original))
        edits = self.modifications
        if edits is None:
            if self.resolution == "modified":
                raise ModificationRefused(f"approval {self.id} was approved with edits, and they are missing")
            return merged
        changed = edits.get("arguments")
        if set(edits) != {"arguments"} or not isinstance(changed, dict):
            raise ModificationRefused(
                f"the edits of approval {self.id} have another form than {{\"arguments\": {{…}}}}"
            )
        before = {name: REDACTED if name in redact else value for name, value in shown(original).items()}
        return merged | {
            name: _merged(merged[name], before[name], value) if name in merged else deepcopy(value)
            for name, value in changed.items()
        }


def _merged(original: Any, before: Any, edit: Any) -> Any:
    """An edit, with the original wherever it is what was shown of it."""
    # As JSON: in Python True is 1.
    if json.dumps(edit, sort_keys=True) == json.dumps(before, sort_keys=True):
        return original
    if isinstance(edit, dict) and isinstance(original, dict) and isinstance(before, dict):
        names = dict(zip(before, original, strict=True))
        return {
            names.get(name, name): _merged(original[names[name]], before[name], value) if name in names else deepcopy(value)
            for name, value in edit.items()
        }
    if isinstance(edit, list) and isinstance(original, list) and isinstance(before, list) and len(edit) == len(original):
        return [_merged(*three) for three in zip(original, before, edit, strict=True)]
    return deepcopy(edit)

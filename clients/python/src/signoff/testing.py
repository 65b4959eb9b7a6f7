"""A server for your own tests: in memory, in this process, without a network.

    fake = FakeSignoff()
    fake.approves()
    client = fake.client()

It speaks the API's words for asking, waiting, deciding and events, and passes the same tests as the real server. It has no
roles, no groups and no policy trees: who is named in `allowed_approvers` may decide, or anyone but the requester.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import httpx2

from ._client import AsyncSignoff, Signoff

_LONGEST_WAIT = 55
_POLL = 0.005
_DEFAULT_TIMEOUT = 3600
_FIELDS = frozenset(
    "run_id approval_type context title description session_id task_id job_id workflow policy timeout_seconds "
    "timeout_action metadata checkpoint view escalation remind_before_seconds notify".split()
)
_TITLES = {
    "unauthenticated": 401,
    "not_eligible": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "already_decided": 409,
    "already_voted": 409,
    "cancelled": 409,
    "expired": 410,
    "version_conflict": 412,
    "invalid": 422,
    "idempotency_mismatch": 422,
}


class _Refused(Exception):
    def __init__(
        self,
        code: str,
        detail: str,
        *,
        approval: Mapping[str, Any] | None = None,
        errors: Iterable[tuple[str, str, str]] = (),
    ) -> None:
        self.code = code
        self.detail = detail
        self.approval = approval
        self.errors = [{"pointer": at, "rule": rule, "message": message} for at, rule, message in errors]


@dataclass
class _Kept:
    """An approval, and who has voted for it."""

    view: dict[str, Any]
    deadline: float
    votes: dict[str, tuple[str, Any]] = field(default_factory=dict)
    cancelled_as: str | None = None


#: Called with each new approval; decides it, or leaves it pending.
Script = Callable[[Mapping[str, Any]], object]


class FakeSignoff(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """A client's transport, whose keys are the names of principals. Without a script, what is asked stays pending until a
    client decides it.
    """

    url = "http://signoff.test"

    def __init__(self) -> None:
        #: The bodies of what was asked, the first one first; a repetition is not asked anew.
        self.requests: list[dict[str, Any]] = []
        #: Events that were sent: the task, and the event.
        self.events: list[tuple[str, dict[str, Any]]] = []
        self._kept: dict[str, _Kept] = {}
        self._keys: dict[tuple[str, str], tuple[str, str]] = {}
        self._log: dict[str, list[dict[str, Any]]] = {}
        self._lock = threading.RLock()
        self._script: Script | None = None

    def client(self, principal: str = "agent", **settings: Any) -> Signoff:
        """A client of this server."""
        return Signoff(self.url, principal, transport=self, **settings)

    def async_client(self, principal: str = "agent", **settings: Any) -> AsyncSignoff:
        """One that awaits."""
        return AsyncSignoff(self.url, principal, transport=self, **settings)

    # --- what will become of requests ---

    def approves(self, comment: str | None = None, *, by: str = "approver") -> None:
        """From now on each request is approved at once."""
        self._script = lambda it: self._decide(it["id"], by, "approve", {"comment": comment})

    def rejects(self, reason: str = "no", *, by: str = "approver") -> None:
        """From now on each request is rejected at once."""
        self._script = lambda it: self._decide(it["id"], by, "reject", {"reason": reason})

    def edits(self, *, by: str = "approver", **arguments: Any) -> None:
        """From now on each request is approved with these arguments in place of its own."""
        said = {"modifications": {"arguments": arguments}}
        self._script = lambda it: self._decide(it["id"], by, "approve", said)

    def responds(self, response: str, *, by: str = "approver") -> None:
        """From now on each request is answered in the tool's place."""
        said = {"modifications": {"response": response}}
        self._script = lambda it: self._decide(it["id"], by, "approve", said)

    def lapses(self) -> None:
        """From now on nobody answers, and each request expires at once."""

        def lapse(it: Mapping[str, Any]) -> None:
            self._kept[it["id"]].deadline = 0.0

        self._script = lapse

    def cancels(self, reason: str = "not needed any more", *, by: str = "approver") -> None:
        """From now on each request is cancelled at once."""
        self._script = lambda it: self._cancel(it["id"], by, {"reason": reason})

    def leaves_pending(self) -> None:
        """From now on nothing happens by itself."""
        self._script = None

    def approve_all(self, *, by: str = "approver") -> None:
        """What is pending now is approved."""
        for approval_id, kept in self._kept.items():
            if kept.view["status"] == "pending":
                self._decide(approval_id, by, "approve", {})

    # --- transport ---

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        until = time.monotonic() + self._held(request)
        while (response := self._answer(request, until)) is None:
            time.sleep(_POLL)
        return response

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        until = time.monotonic() + self._held(request)
        while (response := self._answer(request, until)) is None:
            await asyncio.sleep(_POLL)
        return response

    def close(self) -> None:
        """Nothing to close: several clients may share it."""

    async def aclose(self) -> None:
        """Nothing to close."""

    @staticmethod
    def _held(request: httpx2.Request) -> float:
        if not request.url.path.endswith("/wait"):
            return 0.0
        return min(_LONGEST_WAIT, float(request.url.params.get("timeout", "30")))

    def _answer(self, request: httpx2.Request, until: float) -> httpx2.Response | None:
        """The answer; None where a wait goes on."""
        try:
            with self._lock:
                return self._route(request, until)
        except _Refused as refused:
            status = _TITLES[refused.code]
            problem: dict[str, Any] = {
                "type": f"urn:signoff:problem:{refused.code}",
                "title": refused.code,
                "status": status,
                "code": refused.code,
                "detail": refused.detail,
            }
            if refused.errors:
                problem["errors"] = refused.errors
            if refused.approval is not None:
                problem["approval"] = refused.approval
            return _json(status, problem, {"content-type": "application/problem+json"})

    # --- calls ---

    def _route(self, request: httpx2.Request, until: float) -> httpx2.Response | None:
        caller = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not caller:
            raise _Refused("unauthenticated", "no credential")
        body: dict[str, Any] = json.loads(request.content) if request.content else {}
        # As it was sent: a name may hold an encoded slash.
        path = request.url.raw_path.partition(b"?")[0].decode()
        parts = [unquote(part) for part in path.strip("/").split("/")]
        match request.method, parts:
            case "POST", ["api", "v1", "approvals"]:
                return self._create(caller, body, request.headers.get("idempotency-key"))
            case "POST", ["api", "v1", "approvals", "bulk"]:
                return _json(200, {"results": [self._one_of_many(caller, one, body) for one in dict.fromkeys(body["ids"])]})
            case "GET", ["api", "v1", "approvals", "pending"]:
                return _json(200, {"items": self._pending(request.url.params), "next_cursor": None})
            case "GET", ["api", "v1", "approvals", "history"]:
                return _json(200, {"items": self._history(request.url.params), "next_cursor": None})
            case "GET", ["api", "v1", "approvals", approval_id]:
                return _json(200, self._get(approval_id).view)
            case "GET", ["api", "v1", "approvals", approval_id, "wait"]:
                view = self._get(approval_id).view
                if view["status"] != "pending":
                    return _json(200, view)
                return _json(200, view, {"retry-after": "0"}) if time.monotonic() >= until else None
            case "POST", ["api", "v1", "approvals", approval_id, ("approve" | "reject") as verb]:
                changed = self._decide(approval_id, caller, verb, body, request.headers.get("if-match"))
                return _json(200, {"changed": changed, "approval": self._get(approval_id).view})
            case "POST", ["api", "v1", "approvals", approval_id, "cancel"]:
                changed = self._cancel(approval_id, caller, body, request.headers.get("if-match"))
                return _json(200, {"changed": changed, "approval": self._get(approval_id).view})
            case "POST", ["api", "v1", "tasks", task_id, "events"]:
                sent = body.get("events") or [body]
                for event in sent:
                    self.events.append((task_id, event))
                    self._tell(task_id, event["event_type"], event.get("data", {}))
                return _json(202, {"cursor": str(len(self._log[task_id])), "connected": False})
            case "GET", ["api", "v1", "tasks", task_id, "events"]:
                after = int(request.url.params.get("after", "0"))
                kept = self._log.get(task_id, [])
                page = {"items": kept[after:], "cursor": str(len(kept)), "next_cursor": None}
                return _json(200, page | {"recovered": True if "after" in request.url.params else None})
            case _:
                raise _Refused("not_found", f"the fake has no {request.method} {path}")

    def _create(self, caller: str, body: dict[str, Any], key: str | None) -> httpx2.Response:
        meaning = json.dumps(body, sort_keys=True)
        if key is not None and (caller, key) in self._keys:
            approval_id, before = self._keys[caller, key]
            if meaning != before:
                raise _Refused("idempotency_mismatch", "the key stands for another body")
            return _json(200, self._get(approval_id).view, {"idempotency-replayed": "true"})
        wrong = [(f"/{name}", "required", "must be given") for name in ("run_id", "approval_type") if not body.get(name)]
        if not isinstance(body.get("context"), dict):
            wrong.append(("/context", "required", "must be an object"))
        wrong += [(f"/{name}", "unknown", "is no field") for name in body if name not in _FIELDS]
        if wrong:
            raise _Refused("invalid", "fields break rules", errors=wrong)
        seconds = body.get("timeout_seconds") or _DEFAULT_TIMEOUT
        now = datetime.now(UTC)
        view: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "task_id": body["run_id"],
            "metadata": {},
            "policy": {},
            "timeout_action": "expire",
            "escalation_level": 0,
            "escalations": [],
            "remind_before_seconds": [],
            "extended_seconds": 0,
            **{name: value for name, value in body.items() if name not in ("timeout_seconds",)},
            "status": "pending",
            "resolution": None,
            "requested_by": caller,
            "requested_by_id": str(uuid.uuid5(uuid.NAMESPACE_OID, caller)),
            "version": 1,
            "created_at": now.isoformat(),
            "updated_at": now.isoformat(),
            "expires_at": (now + timedelta(seconds=seconds)).isoformat(),
        }
        self._kept[view["id"]] = _Kept(view, time.monotonic() + seconds)
        if key is not None:
            self._keys[caller, key] = (view["id"], meaning)
        self.requests.append(body)
        self._tell(view["task_id"], "approval_requested", {"approval_id": view["id"]})
        made = dict(view)
        if self._script is not None:
            self._script(view)
        return _json(201, made)

    def _get(self, approval_id: str) -> _Kept:
        kept = self._kept.get(approval_id)
        if kept is None:
            raise _Refused("not_found", "no such approval")
        if kept.view["status"] == "pending" and time.monotonic() >= kept.deadline:
            way = {"approve": "approved", "reject": "rejected"}.get(kept.view["timeout_action"])
            self._end(kept, "expired", way, "timeout", None, {})
        return kept

    def _end(
        self, kept: _Kept, status: str, resolution: str | None, via: str, by: str | None, result: Mapping[str, Any]
    ) -> None:
        now = datetime.now(UTC).isoformat()
        kept.view |= {
            "status": status,
            "resolution": resolution,
            "resolved_via": via,
            "resolved_by": by,
            "resolved_at": now,
            "updated_at": now,
            "version": kept.view["version"] + 1,
            "result": {"resolution": resolution, "feedback": None, "modifications": None, "comment": None, **result},
        }
        said = {"approval_id": kept.view["id"], "status": status, "resolution": resolution}
        self._tell(kept.view["task_id"], f"approval_{status}", said)

    def _tell(self, task_id: str, event_type: str, data: Any) -> None:
        log = self._log.setdefault(task_id, [])
        log.append(
            {
                "event_type": event_type,
                "timestamp": datetime.now(UTC).isoformat(),
                "task_id": task_id,
                "data": data,
                "cursor": str(len(log) + 1),
            }
        )

    def _pending(self, filters: Mapping[str, str]) -> list[dict[str, Any]]:
        wanted = {name: value for name, value in filters.items() if name in ("run_id", "task_id", "approval_type")}
        found = [self._get(one).view for one in list(self._kept)]
        return [it for it in found if it["status"] == "pending" and all(it[name] == value for name, value in wanted.items())]

    def _history(self, filters: Mapping[str, str]) -> list[dict[str, Any]]:
        wanted = {name: value for name, value in filters.items() if name in ("run_id", "status", "resolution")}
        found = [self._get(one).view for one in reversed(self._kept)]
        return [it for it in found if it["status"] != "pending" and all(it[name] == value for name, value in wanted.items())]

    def _one_of_many(self, caller: str, approval_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        said = {name: body[name] for name in ("comment", "reason") if name in body}
        try:
            changed = self._decide(approval_id, caller, body["action"], said)
        except _Refused as refused:
            return {"id": approval_id, "status": _TITLES[refused.code], "code": refused.code, "changed": False}
        return {"id": approval_id, "status": 200, "code": None, "changed": changed, "approval": self._get(approval_id).view}

    def _decide(
        self, approval_id: str, caller: str, verb: str, said: Mapping[str, Any], if_match: str | None = None
    ) -> bool:
        kept = self._get(approval_id)
        view, edits = kept.view, said.get("modifications")
        if verb == "reject" and not said.get("reason"):
            raise _Refused("invalid", "fields break rules", errors=[("/reason", "required", "must be given")])
        if edits is not None and view["approval_type"] == "tool_call" and not _is_edit(edits):
            form = 'must be {"arguments": {…}} or {"response": "…"}'
            raise _Refused("invalid", "fields break rules", errors=[("/modifications", "form", form)])
        vote = (verb, edits)
        if kept.votes.get(caller) == vote:
            return False
        self._still_open(view)
        self._as_seen(view, if_match)
        allowed = view["policy"].get("allowed_approvers")
        if caller == view["requested_by"] or (allowed is not None and caller not in allowed):
            raise _Refused("not_eligible", "the policy doesn't admit you")
        if caller in kept.votes:
            raise _Refused("already_voted", "you have voted otherwise", approval=view)
        kept.votes[caller] = vote
        if verb == "reject":
            result = {"feedback": said["reason"], "comment": said.get("comment")}
            self._end(kept, "resolved", "rejected", "human", caller, result)
        elif sum(verb == "approve" for verb, _ in kept.votes.values()) >= view["policy"].get("min_approvers", 1):
            result = {"feedback": said.get("comment"), "modifications": edits}
            self._end(kept, "resolved", "approved" if edits is None else "modified", "human", caller, result)
        else:
            view["version"] += 1
        return True

    def _cancel(
        self, approval_id: str, caller: str, said: Mapping[str, Any], if_match: str | None = None
    ) -> bool:
        kept = self._get(approval_id)
        if not said.get("reason"):
            raise _Refused("invalid", "fields break rules", errors=[("/reason", "required", "must be given")])
        if kept.cancelled_as == caller:
            return False
        self._still_open(kept.view)
        self._as_seen(kept.view, if_match)
        kept.cancelled_as = caller
        self._end(kept, "cancelled", None, "human", caller, {"feedback": said["reason"]})
        return True

    @staticmethod
    def _still_open(view: Mapping[str, Any]) -> None:
        code = {"resolved": "already_decided", "cancelled": "cancelled", "expired": "expired"}.get(view["status"])
        if code is not None:
            raise _Refused(code, f"it is {view['status']}", approval=view)

    @staticmethod
    def _as_seen(view: Mapping[str, Any], if_match: str | None) -> None:
        if if_match is not None and if_match != f'"{view["version"]}"':
            raise _Refused("version_conflict", "it has changed", approval=view)


def _is_edit(edits: Any) -> bool:
    if not isinstance(edits, dict) or len(edits) != 1:
        return False
    return isinstance(edits.get("arguments"), dict) or isinstance(edits.get("response"), str)


def _json(status: int, body: Any, headers: Mapping[str, str] | None = None) -> httpx2.Response:
    content = json.dumps(body).encode()
    return httpx2.Response(status, headers={"content-type": "application/json", **(headers or {})}, content=content)

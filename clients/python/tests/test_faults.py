"""What the client does when something else goes wrong: nothing is believed, nothing is done twice, and waiting goes on."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import httpx2
import pytest

import signoff
from signoff import AsyncSignoff, Signoff

PENDING = {"id": "a", "status": "pending", "task_id": "t"}
APPROVED = {"id": "a", "status": "resolved", "resolution": "approved", "task_id": "t"}
ASKED: dict[str, Any] = {"run_id": "r", "approval_type": "tool_call", "context": {}}


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the client would have paused; it doesn't."""
    paused: list[float] = []
    monkeypatch.setattr("time.sleep", paused.append)
    return paused


Answer = httpx2.Response | Exception


class Script(httpx2.BaseTransport):
    """Answers one after the other, and keeps what was asked."""

    def __init__(self, *answers: Answer | Callable[[], Answer]) -> None:
        self._answers = list(answers)
        self.requests: list[httpx2.Request] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        self.requests.append(request)
        answer = self._answers.pop(0)
        if callable(answer):
            answer = answer()
        if isinstance(answer, Exception):
            raise answer
        return answer


def ok(body: Any, status: int = 200, retry_after: str | None = None) -> httpx2.Response:
    return httpx2.Response(status, json=body, headers={} if retry_after is None else {"retry-after": retry_after})


def problem(status: int, code: str, **headers: str) -> httpx2.Response:
    body = json.dumps({"status": status, "code": code, "detail": "because", "title": code})
    kind = {"content-type": "application/problem+json", **{name.replace("_", "-"): it for name, it in headers.items()}}
    return httpx2.Response(status, content=body.encode(), headers=kind)


def page(status: int = 502) -> httpx2.Response:
    return httpx2.Response(status, html="<h1>something on the way</h1>")


def client(script: Script, **settings: Any) -> Signoff:
    return Signoff("http://signoff.test", "key", transport=script, **settings)


BROKEN = (
    httpx2.ConnectError("refused"),
    httpx2.ReadError("reset"),
    httpx2.ReadTimeout("late"),
    httpx2.RemoteProtocolError("half an answer"),
)
PASSING = (httpx2.Response(200), ok({"status": "ok"}), ok([]), ok({"id": 1, "status": None}), page(502), page(404), page(200), problem(503, "unavailable"), problem(503, "draining"), problem(429, "rate_limited"))


@pytest.mark.parametrize("trouble", [*BROKEN, *PASSING, problem(500, "internal")], ids=repr)
def test_asking_goes_on_after_trouble_with_the_same_key_and_body(trouble: Answer, pauses: list[float]) -> None:
    script = Script(trouble, ok(PENDING, 201), trouble, ok(APPROVED))
    assert client(script).approvals.ask(**ASKED).approved
    first, second, third, fourth = script.requests
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.content == second.content and first.url.path == "/api/v1/approvals"
    assert third.url == fourth.url and third.url.path == "/api/v1/approvals/a/wait"
    assert len(pauses) == 2 and all(0.25 <= it <= 1.5 for it in pauses)


@pytest.mark.parametrize("code", ["unauthenticated", "forbidden", "not_found", "invalid"])
def test_what_is_final_ends_it(code: str, pauses: list[float]) -> None:
    status = {"unauthenticated": 401, "forbidden": 403, "not_found": 404, "invalid": 422}[code]
    with pytest.raises(signoff.ApiError) as refused:
        client(Script(problem(status, code))).approvals.ask(**ASKED)
    assert (refused.value.code, refused.value.status) == (code, status)
    with pytest.raises(signoff.ApiError):
        client(Script(ok(PENDING, 201), problem(status, code))).approvals.ask(**ASKED)
    assert pauses == []


def test_retry_after_is_obeyed(pauses: list[float]) -> None:
    script = Script(problem(429, "rate_limited", retry_after="7"), ok(APPROVED, 200))
    client(script).approvals.get("a")
    assert 7 <= pauses[0] <= 7.5


def test_an_instance_that_goes_away_says_when_to_ask_again(pauses: list[float]) -> None:
    script = Script(ok(PENDING, retry_after="1"), ok(APPROVED))
    assert client(script).approvals.wait("a").approved
    assert pauses == [1.0]


def test_a_wait_that_nobody_holds_is_not_asked_in_a_circle(pauses: list[float]) -> None:
    script = Script(*[ok(PENDING, retry_after="0") for _ in range(20)], ok(APPROVED))
    assert client(script).approvals.wait("a").approved
    assert pauses == [1.0] * 20


def test_back_off_grows_up_to_a_bound(pauses: list[float]) -> None:
    script = Script(*[httpx2.ConnectError("refused") for _ in range(12)], ok(APPROVED))
    assert client(script).approvals.wait("a").approved
    assert pauses[0] <= 0.5 and all(4 <= it <= 8 for it in pauses[4:])


def test_a_call_is_repeated_a_few_times_only(pauses: list[float]) -> None:
    script = Script(*[httpx2.ConnectError("refused") for _ in range(9)])
    with pytest.raises(signoff.ConnectionFailed):
        client(script, max_retries=2).approvals.get("a")
    assert len(script.requests) == 3
    with pytest.raises(signoff.Unavailable):
        client(Script(*[problem(503, "unavailable") for _ in range(9)]), max_retries=0).approvals.get("a")


@pytest.mark.parametrize("patience", [60, "1m", timedelta(minutes=1)])
def test_patience_ends_what_goes_on_otherwise(monkeypatch: pytest.MonkeyPatch, patience: Any) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])

    def later() -> Answer:
        now[0] += 10
        return httpx2.ConnectError("refused")

    with pytest.raises(signoff.ConnectionFailed):
        client(Script(*[later] * 9), patience=patience).approvals.ask(**ASKED)
    assert now[0] <= 80
    # Any answer begins it anew.
    script = Script(later, later, later, ok(PENDING), later, later, later, ok(PENDING), later, ok(APPROVED))
    assert client(script, patience=patience).approvals.wait("a").approved


def test_events_are_not_sent_twice() -> None:
    for trouble in (httpx2.ReadError("reset"), page(502), problem(503, "unavailable")):
        script = Script(trouble, ok({"cursor": "1", "connected": False}, 202))
        with pytest.raises(signoff.SignoffError):
            client(script).tasks.publish("t", "output")
        assert len(script.requests) == 1
    script = Script(problem(503, "overloaded"), ok({"cursor": "1", "connected": False}, 202))
    assert client(script).tasks.publish("t", "output")["cursor"] == "1"


@pytest.mark.parametrize("status", ["approved", "RESOLVED", "", "unknown"])
def test_a_status_that_this_version_does_not_know_approves_nothing(status: str) -> None:
    outcome = client(Script(ok({"id": "a", "status": status, "task_id": "t"}))).approvals.wait("a")
    assert not outcome.approved
    with pytest.raises(signoff.NotApproved):
        outcome.unwrap()


def test_edits_that_are_missing_run_nothing() -> None:
    outcome = client(Script(ok({**APPROVED, "resolution": "modified"}))).approvals.wait("a")
    with pytest.raises(signoff.ModificationRefused):
        outcome.arguments({"amount": 1})


@pytest.mark.parametrize("wrong", [httpx2.Response(301, headers={"location": "https://x/"}), page(404)], ids=repr)
def test_an_address_that_is_wrong_is_told_after_a_few_attempts(wrong: httpx2.Response, pauses: list[float]) -> None:
    script = Script(*[wrong] * 20)
    with pytest.raises(signoff.ConnectionFailed):
        client(script, max_retries=4).approvals.ask(**ASKED)
    assert len(script.requests) == 5


def test_another_approval_is_not_taken_for_the_one_that_was_asked_for() -> None:
    assert client(Script(ok({**APPROVED, "id": "b"}), ok({**APPROVED, "id": "A"}))).approvals.wait("a").id == "A"


def test_a_stub_is_taken_for_no_decision() -> None:
    for call in (
        lambda it: it.approvals.approve("a"),
        lambda it: it.tasks.publish("t", "output"),
        lambda it: it.runs.delete("r"),
        lambda it: list(it.approvals.pending()),
    ):
        with pytest.raises(signoff.ConnectionFailed):
            call(client(Script(*[ok({"status": "ok"}) for _ in range(9)])))


@pytest.mark.parametrize("wrong", ["so_SECRET\nX", "so_SECRÉT", "so SECRET"])
def test_a_key_that_can_not_be_sent_is_told_of_at_once_and_not_shown(wrong: str) -> None:
    with pytest.raises(signoff.SignoffError) as error:
        Signoff("http://signoff.test", wrong)
    assert "SECR" not in str(error.value)
    assert Signoff("http://signoff.test", "so_SECRET\n")._http.credentials.key == "so_SECRET"


@pytest.mark.parametrize("wrong", ["a b", "a\n", "é", "x" * 256])
def test_an_idempotency_key_that_can_not_be_sent_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError):
        client(Script()).approvals.ask(**ASKED, idempotency_key=wrong)


def test_errors_travel_between_processes() -> None:
    outcome = signoff.Outcome(cast(Any, {**APPROVED, "resolution": "rejected"}))
    with pytest.raises(signoff.Rejected) as rejected:
        outcome.unwrap()
    with pytest.raises(signoff.NotFound) as missing:
        client(Script(problem(404, "not_found"))).approvals.get("a")
    for error in (rejected.value, missing.value, signoff.StillPending(cast(Any, PENDING))):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error) and str(again) == str(error) and vars(again).keys() == vars(error).keys()


def test_the_key_goes_nowhere_else() -> None:
    script = Script(*[httpx2.Response(307, headers={"location": "http://elsewhere.test/"}) for _ in range(5)])
    with pytest.raises(signoff.ConnectionFailed):
        client(script).approvals.get("a")
    assert {request.url.host for request in script.requests} == {"signoff.test"}


def test_an_id_can_not_leave_its_place_in_the_path() -> None:
    script = Script(ok(APPROVED))
    client(script).approvals.get("../runs/x?y#z")
    assert script.requests[0].url.raw_path == b"/api/v1/approvals/..%2Fruns%2Fx%3Fy%23z"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_would_lead_elsewhere_is_refused(name: str) -> None:
    script = Script()
    with pytest.raises(ValueError):
        client(script).runs.delete(name)
    with pytest.raises(ValueError):
        client(script).approvals.get(name)


def test_a_run_is_deleted() -> None:
    script = Script(httpx2.Response(204))
    client(script).runs.delete("r")
    assert (script.requests[0].method, script.requests[0].url.path) == ("DELETE", "/api/v1/runs/r")


def test_nan_is_never_sent() -> None:
    script = Script()
    with pytest.raises(ValueError):
        client(script).approvals.create(run_id="r", approval_type="t", context={"n": float("nan")})


def test_a_new_key_in_the_file_is_taken(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key"
    file.write_text("first\n")
    monkeypatch.delenv("SIGNOFF_API_KEY", raising=False)
    monkeypatch.setenv("SIGNOFF_API_KEY_FILE", str(file))

    def rotated() -> Answer:
        file.write_text("second\n")
        return problem(401, "unauthenticated")

    script = Script(rotated, ok(APPROVED), problem(401, "unauthenticated"))
    found = Signoff("http://signoff.test", transport=script)
    assert found.approvals.wait("a").approved
    assert [request.headers["authorization"] for request in script.requests] == ["Bearer first", "Bearer second"]
    with pytest.raises(signoff.Unauthenticated):
        found.approvals.wait("a")


def test_all_who_share_a_client_take_the_new_key(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key"
    file.write_text("first")
    monkeypatch.delenv("SIGNOFF_API_KEY", raising=False)
    monkeypatch.setenv("SIGNOFF_API_KEY_FILE", str(file))
    credentials = Signoff("http://signoff.test", transport=Script())._http.credentials
    file.write_text("")
    assert not credentials.renewed("first") and credentials.key == "first"
    file.write_text("second")
    assert [credentials.renewed("first") for _ in range(3)] == [True] * 3
    assert not credentials.renewed("second")


def test_settings_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SIGNOFF_URL", "SIGNOFF_API_KEY", "SIGNOFF_API_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(signoff.SignoffError, match="SIGNOFF_URL"):
        Signoff(api_key="x")
    with pytest.raises(signoff.SignoffError, match="SIGNOFF_API_KEY"):
        Signoff("http://signoff.test")
    for wrong in ("signoff.test", "ftp://signoff.test", "https://", "https://ana:secret@signoff.test", "https://signoff.test?x"):
        with pytest.raises(signoff.SignoffError, match="http") as error:
            Signoff(wrong, "x")
        assert "secret" not in str(error.value)


def test_errors_say_what_the_server_said() -> None:
    body = {"code": "invalid", "detail": "fields break rules", "errors": [{"pointer": "/title", "rule": "max", "message": "too long"}]}
    answer = httpx2.Response(
        422, content=json.dumps(body).encode(), headers={"content-type": "application/problem+json", "x-request-id": "r-1"}
    )
    with pytest.raises(signoff.Invalid, match="/title: too long.*r-1"):
        client(Script(answer)).approvals.get("a")
    unknown = client(Script(problem(418, "teapot")))
    with pytest.raises(signoff.ApiError) as error:
        unknown.approvals.get("a")
    assert type(error.value) is signoff.ApiError and error.value.code == "teapot"


@pytest.mark.parametrize("wrong", ["soon", "15", "-1s", -1, float("nan"), True, object()])
def test_what_is_no_duration_is_refused_at_once(wrong: Any) -> None:
    for kind in (Signoff, AsyncSignoff):
        with pytest.raises(ValueError, match="is no duration"):
            kind("http://127.0.0.1:1", "so_x_y", patience=wrong)
    script = Script()
    with pytest.raises(ValueError, match="is no duration"):
        client(script).approvals.wait("a", timeout=wrong)
    with pytest.raises(ValueError, match="is no duration"):
        client(script).approvals.ask(**ASKED, timeout=wrong)
    assert script.requests == []

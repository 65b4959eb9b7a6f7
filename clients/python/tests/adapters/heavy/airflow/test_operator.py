"""The operator and its trigger by themselves, on a real server: what is asked, and what each outcome means."""

from __future__ import annotations

import asyncio
import json
import pickle
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import (
    AirflowFailException,
    AirflowNotFoundException,
    AirflowSkipException,
    DownstreamTasksSkipped,
    TaskDeferred,
)
from instance import Instance

import signoff.toolcall
from signoff import AsyncSignoff, Signoff
from signoff.adapters.airflow import (
    SignoffHook,
    SignoffLapsed,
    SignoffOperator,
    SignoffRefused,
    SignoffRejected,
    SignoffTrigger,
    SignoffWithdrawn,
    hook,
    trigger,
)


class Ti:
    """What the task knows of itself."""

    def __init__(self, run_id: str, **other: Any) -> None:
        self.dag_id, self.run_id, self.task_id, self.map_index, self.max_tries = "ship", run_id, "ship_it", -1, 0
        self.try_number = 1
        self.began = datetime(2026, 11, 28, 10, 0, 0, 123456, tzinfo=UTC)
        self.__dict__.update(other)
        self.pushed: dict[str, Any] = {}

    def again(self, **other: Any) -> Ti:
        """Another try of the same, or of nearly the same."""
        return Ti(**{**{name: it for name, it in self.__dict__.items() if name != "pushed"}, **other})

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value


@pytest.fixture
def ti() -> Ti:
    return Ti(f"manual__{uuid.uuid4()}+00:00")


@pytest.fixture(autouse=True)
def connection(real: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SIGNOFF_URL", "SIGNOFF_API_KEY", "SIGNOFF_API_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    connect(monkeypatch, host=real.url, password=real.agent_key)
    monkeypatch.setattr(trigger, "_AT_LEAST", 0.0)


def connect(monkeypatch: pytest.MonkeyPatch, name: str = "signoff_default", **said: Any) -> None:
    monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps({"conn_type": "signoff", **said}))


@pytest.fixture
def ana(real: Any) -> Iterator[Signoff]:
    with real.ana() as client:
        yield client


def gate(**said: Any) -> SignoffOperator:
    followed = said.pop("followed", True)
    with DAG("ship"):
        operator = SignoffOperator(
            task_id="ship_it", **{"title": "Ship?", "context": {"rows": 42, "to": "fr"}, "approvers": ["ana"], "timeout": "1h", **said}
        )
        if followed:
            operator >> [SignoffOperator(task_id="next", title="x"), SignoffOperator(task_id="other", title="x")]
    return operator


def around(operator: SignoffOperator, ti: Ti) -> dict[str, Any]:
    return {"ti": ti, "task": operator, "dag_run": SimpleNamespace(start_date=ti.began)}


def ask(operator: SignoffOperator, ti: Ti) -> str:
    """What it waits for then."""
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(around(operator, ti))
    assert deferred.value.method_name == "execute_complete" and deferred.value.timeout is None
    return str(deferred.value.kwargs["approval_id"])


def go_on(operator: SignoffOperator, ti: Ti, approval_id: str, event: Any = None) -> Any:
    return operator.execute_complete(around(operator, ti), event=event, approval_id=approval_id)


def asked_of(ana: Signoff, operator: SignoffOperator, ti: Ti) -> int:
    name = signoff.toolcall.run_name(f"{ti.dag_id}/{ti.run_id}")
    return len([*ana.approvals.pending(run_id=name), *ana.approvals.history(run_id=name)])


# --- what is asked ---


def test_what_is_asked_and_what_the_trigger_is_given(ti: Ti, ana: Signoff, real: Any) -> None:
    operator = gate(description="d", workflow="shipping", min_approvers=1)
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(around(operator, ti))
    path, given = deferred.value.trigger.serialize()
    asked = ana.approvals.get(given["approval_id"])
    assert path == "signoff.adapters.airflow.SignoffTrigger"
    assert given == {"approval_id": asked["id"], "conn_id": "signoff_default"}
    assert real.agent_key not in repr(deferred.value.trigger) + repr(deferred.value.kwargs) + repr(vars(operator))
    assert asked["title"] == "Ship?" and asked["description"] == "d" and asked["workflow"] == "shipping"
    until = datetime.fromisoformat(asked["expires_at"]) - datetime.fromisoformat(asked["created_at"])
    assert asked["approval_type"] == "tool_call" and until == timedelta(hours=1)
    assert asked["context"] == {"tool": "ship_it", "arguments": {"rows": 42, "to": "fr"}, "call_id": ti.run_id, "agent": "ship"}
    assert (asked["metadata"]["dag_id"], asked["metadata"]["run_id"]) == ("ship", ti.run_id)


def test_a_retry_finds_it_and_a_cleared_task_asks_anew(ti: Ti, ana: Signoff) -> None:
    operator = gate()
    first = ask(operator, ti)
    assert ask(gate(), ti.again(try_number=2)) == first and asked_of(ana, operator, ti) == 1
    assert ask(gate(), ti.again(max_tries=1)) != first and asked_of(ana, operator, ti) == 2


def test_the_same_run_of_another_airflow_or_made_again_asks_for_itself(ti: Ti, ana: Signoff) -> None:
    """Staging and production have the same DAGs, and scheduled runs of the same names."""
    first = ask(gate(), ti)
    ana.approvals.approve(first)
    second = ask(gate(), ti.again(began=ti.began + timedelta(microseconds=1), try_number=2, max_tries=1))
    third = ask(gate(), ti.again(began=ti.began + timedelta(seconds=1)))
    assert len({first, second, third}) == 3
    # And one doesn't withdraw what the other asked.
    ask(gate(), ti.again(try_number=2, max_tries=1))
    assert [ana.approvals.get(it)["status"] for it in (second, third)] == ["pending", "pending"]


def test_a_run_that_is_queued_once_more_while_its_task_waits_goes_on(ti: Ti, ana: Signoff) -> None:
    approval = ask(gate(), ti)
    ana.approvals.approve(approval)
    assert go_on(gate(), ti.again(began=ti.began + timedelta(seconds=9)), approval)["resolution"] == "approved"


def test_a_run_that_airflow_knows_no_beginning_of_asks_nobody(ti: Ti, ana: Signoff) -> None:
    with pytest.raises(signoff.SignoffError, match="when the run began"):
        ask(gate(), ti.again(began=None))
    assert asked_of(ana, gate(), ti) == 0


def test_a_cleared_task_withdraws_what_it_asked_before_and_nothing_else(ti: Ti, ana: Signoff) -> None:
    others = [ask(gate(), ti.again(map_index=0)), ask(gate(), ti.again(task_id="other")), ask(gate(), ti.again(max_tries=5))]
    first, second = ask(gate(), ti), ask(gate(), ti.again(try_number=2, max_tries=2))
    assert ana.approvals.get(first)["status"] == "cancelled"
    assert [ana.approvals.get(it)["status"] for it in (second, *others)] == ["pending"] * 4
    # A worker that comes back from the dead, with a try from before the task was cleared.
    assert ask(gate(), ti.again(try_number=2, max_tries=1)) != second
    assert ana.approvals.get(second)["status"] == "pending"


def test_a_key_that_may_not_withdraw_asks_all_the_same(
    ti: Ti, ana: Signoff, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*said: Any, **more: Any) -> None:
        raise signoff.Forbidden(403, "forbidden", "it needs the permission approval:cancel")

    monkeypatch.setattr(type(ana.approvals), "cancel", refuse)
    first, second = ask(gate(), ti), ask(gate(), ti.again(try_number=2, max_tries=1))
    assert [ana.approvals.get(it)["status"] for it in (first, second)] == ["pending", "pending"]
    assert "may stay until its deadline" in caplog.text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"map_index": 0}, {"map_index": 1}),
        ({"task_id": "ship_it"}, {"task_id": "group.ship_it"}),
        ({"dag_id": "a", "run_id": "b-c"}, {"dag_id": "a-b", "run_id": "c"}),
        ({"run_id": "2026-11-28T10:00:00+00:00"}, {"run_id": "2026-11-28T10:00:00-00:00"}),
        ({"run_id": "r" * 240 + "x"}, {"run_id": "r" * 240 + "y"}),
    ],
    ids=str,
)
def test_each_task_of_each_run_asks_for_itself(ti: Ti, ana: Signoff, one: dict[str, Any], other: dict[str, Any]) -> None:
    """Also where their names in Signoff would be the same but for a mark at their end."""
    mark = f"{uuid.uuid4()}"
    first, second = (
        ana.approvals.get(ask(gate(), ti.again(**said, max_tries=int(mark[:8], 16)))) for said in (one, other)
    )
    assert first["id"] != second["id"]
    if "run_id" in one:
        assert first["run_id"] != second["run_id"]


def test_the_longest_ids_that_airflow_has_are_no_trouble(ti: Ti, ana: Signoff) -> None:
    far = ti.again(dag_id="d" * 250, task_id="t" * 250, run_id=ti.run_id + "r" * (250 - len(ti.run_id)), map_index=1023)
    approval = ask(gate(), far)
    ana.approvals.approve(approval)
    assert go_on(gate(), far, approval)["resolution"] == "approved"


def test_a_retry_with_other_words_fails_for_good_and_says_what_to_do(ti: Ti, ana: Signoff) -> None:
    ask(gate(), ti)
    with pytest.raises(SignoffRefused, match="Templates must say the same on each try. Clear the task") as refused:
        ask(gate(context={"rows": 43}), ti)
    assert isinstance(refused.value, AirflowFailException) and asked_of(ana, gate(), ti) == 1


def test_templates_are_rendered(ti: Ti, ana: Signoff) -> None:
    operator = gate(
        title="Ship {{ what }}?",
        description="{{ what }}",
        context={"deep": [{"{{ what }}": "{{ what }}"}], "braces": "{rows}"},
        approvers=["{{ who }}"],
        run="run of {{ what }}",
        workflow="{{ what }}",
    )
    operator.render_template_fields({"what": "tea", "who": "ana"})
    approval = ana.approvals.get(ask(operator, ti))
    assert (approval["title"], approval["description"], approval["workflow"]) == ("Ship tea?", "tea", "tea")
    assert approval["context"]["arguments"] == {"deep": [{"{{ what }}": "tea"}], "braces": "{rows}"}
    assert approval["policy"]["allowed_approvers"] == ["ana"] and approval["run_id"].startswith("run-of-tea.")


def test_what_is_no_json_is_shown_as_text(ti: Ti, ana: Signoff) -> None:
    odd = {"at": datetime(2026, 11, 28, tzinfo=UTC), "sum": Decimal("1.10"), "big": 2**60, "none": float("nan"), "raw": b"x", "set": {1}}
    approval = ask(gate(context=odd), ti)
    shown = ana.approvals.get(approval)["context"]["arguments"]
    assert shown["at"] == "2026-11-28T00:00:00+00:00" and shown["sum"] == "1.10" and shown["big"] == str(2**60)
    assert shown["none"] == "NaN" and shown["raw"].startswith("1 bytes") and shown["set"] == [1]
    ana.approvals.approve(approval)
    assert go_on(gate(context=odd), ti, approval)["context"] == shown


NOBODY: dict[str, dict[str, Any]] = {
    "a list that came out empty": {"approvers": []},
    "a text": {"approvers": "{{ 'ana' }}"},
    "names that came to nothing": {"approvers": ["ana", ""]},
    "no names": {"roles": [None]},
    "an object": {"context": {"it": object()}},
    "no mapping": {"context": "{{ rows }}"},
    "a list": {"context": [1]},
    "too much": {"context": {"it": "x" * 300_000}},
    "no title": {"title": "  "},
    "a title that is none": {"title": None},
    "a title that is too long": {"title": "x" * 501},
    "a workflow that is no name": {"workflow": "a b"},
    "a policy that nobody meets": {"approvers": ["ana"], "min_approvers": 2},
    "a policy that nobody is in": {"approvers": signoff.adapters.airflow.operator.ABSENT, "policy": {"allowed_approvers": []}},
}


@pytest.mark.parametrize("said", NOBODY.values(), ids=NOBODY)
def test_what_nobody_could_be_asked_with_fails_for_good(ti: Ti, ana: Signoff, said: dict[str, Any]) -> None:
    with pytest.raises(SignoffRefused, match="nobody was asked"):
        ask(gate(**said), ti)
    assert asked_of(ana, gate(), ti) == 0


@pytest.mark.parametrize("name", ["approvers", "roles", "groups", "policy"])
def test_who_is_asked_never_becomes_everyone_because_an_xcom_is_missing(ti: Ti, ana: Signoff, name: str) -> None:
    said: Any = {"approvers": signoff.adapters.airflow.operator.ABSENT, name: {} if name == "policy" else ["x"]}
    operator = gate(**said)
    setattr(operator, name, None)  # as rendering does with the output of a task that returned nothing
    with pytest.raises(SignoffRefused, match="then anyone could decide"):
        ask(operator, ti)
    # In a mapped task the value comes before the operator is made.
    with pytest.raises(ValueError, match=f"{name} is None"):
        gate(**{"approvers": signoff.adapters.airflow.operator.ABSENT, name: None})
    assert asked_of(ana, operator, ti) == 0


@pytest.mark.parametrize(
    "said",
    [{"on_rejected": "ignore"}, {"on_lapsed": None}, {"timeout": 0}, {"timeout": timedelta(0)}, {"timeout": "4 h"}, {"policy": {"min_approvers": 1}}],
    ids=str,
)
def test_what_is_wrong_in_the_dag_is_said_where_it_is_read(said: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        gate(**said)


# --- what becomes of it ---


def test_approved(ti: Ti, ana: Signoff) -> None:
    approval = ask(gate(), ti)
    ana.approvals.approve(approval, comment="go")
    told = go_on(gate(), ti, approval)
    assert told == {
        "approval_id": approval,
        "resolution": "approved",
        "decided_by": "ana",
        "feedback": "go",
        "context": {"rows": 42, "to": "fr"},
    }
    # What was decided before a retry asks is not waited for.
    operator = gate()
    assert operator.execute(around(operator, ti)) == told


def test_edits_take_the_place_of_what_they_name(ti: Ti, ana: Signoff) -> None:
    approval = ask(gate(), ti)
    ana.approvals.approve(approval, modifications={"arguments": {"rows": 7}})
    told = go_on(gate(), ti, approval)
    assert told["resolution"] == "modified" and told["context"] == {"rows": 7, "to": "fr"}


def test_what_is_told_is_what_people_saw_and_not_what_templates_say_by_now(ti: Ti, ana: Signoff) -> None:
    approval = ask(gate(), ti)
    ana.approvals.approve(approval)
    assert go_on(gate(context={"rows": 1_000_000, "to": "all"}), ti, approval)["context"] == {"rows": 42, "to": "fr"}


def test_an_answer_in_the_tasks_place_is_refused_and_the_task_in_signoff_hears_of_it(ti: Ti, ana: Signoff) -> None:
    approval = ask(gate(), ti)
    ana.approvals.approve(approval, modifications={"response": "done by hand"})
    with pytest.raises(SignoffRefused, match="could not be carried out"):
        go_on(gate(), ti, approval)
    with SignoffHook().get_conn() as agent:
        heard = [it["event_type"] for it in agent.tasks.events(agent.approvals.get(approval)["task_id"])]
    assert "modification_refused" in heard


def end(how: str, ana: Signoff, ti: Ti, **said: Any) -> str:
    approval = ask(gate(**said, **({"timeout": 1} if how == "lapsed" else {})), ti)
    if how == "lapsed":
        ana.approvals.wait(approval, timeout=20)
    elif how == "rejected":
        ana.approvals.reject(approval, "too many")
    else:
        # She may not, and the agent may.
        with SignoffHook().get_conn() as agent:
            agent.approvals.cancel(approval, "no need")
    return approval


ENDS = {
    "rejected": (SignoffRejected, signoff.Rejected, "was rejected by ana: too many", "on_rejected"),
    "lapsed": (SignoffLapsed, signoff.Lapsed, "nobody answered approval .* in time", "on_lapsed"),
    "cancelled": (SignoffWithdrawn, signoff.Withdrawn, "was withdrawn by .*: no need", "on_cancelled"),
}


@pytest.mark.parametrize("how", ENDS)
def test_what_was_not_approved_fails_for_good_and_says_why(ti: Ti, ana: Signoff, how: str) -> None:
    kind, plainly, words, _ = ENDS[how]
    approval = end(how, ana, ti)
    with pytest.raises(kind, match=words) as ended:
        go_on(gate(), ti, approval, event={"approval_id": approval, "status": "resolved", "resolution": "approved"})
    assert isinstance(ended.value, AirflowFailException) and isinstance(ended.value, plainly)
    assert "denied" not in str(ended.value)
    copied = pickle.loads(pickle.dumps(ended.value))
    assert type(copied) is kind and copied.outcome == ended.value.outcome


@pytest.mark.parametrize("how", ENDS)
def test_what_was_not_approved_skips_what_follows_where_that_is_wanted(ti: Ti, ana: Signoff, how: str) -> None:
    option = {ENDS[how][3]: "skip"}
    approval = end(how, ana, ti, **option)
    with pytest.raises(DownstreamTasksSkipped) as skipped:
        go_on(gate(**option), ti, approval)
    assert sorted(skipped.value.tasks) == ["next", "other"]
    assert sorted(ti.pushed["skipmixin_key"]["skipped"]) == ["next", "other"]
    assert ti.pushed["return_value"]["approval_id"] == approval and ti.pushed["return_value"]["resolution"] != "approved"
    with pytest.raises(AirflowSkipException):
        mapped = ti.again(map_index=0)
        go_on(gate(**option), mapped, end(how, ana, mapped, **option))


def test_one_way_to_end_is_no_other_one(ti: Ti, ana: Signoff) -> None:
    with pytest.raises(SignoffLapsed):
        go_on(gate(on_rejected="skip", on_cancelled="skip"), ti, end("lapsed", ana, ti))


def test_a_skip_with_nothing_to_skip_just_says_what_was_decided(ti: Ti, ana: Signoff) -> None:
    operator = gate(on_rejected="skip", followed=False)
    assert go_on(operator, ti, end("rejected", ana, ti))["feedback"] == "too many"


# --- nothing is believed ---


@pytest.mark.parametrize("event", [None, {"status": "resolved", "resolution": "approved"}, {"approval_id": "other"}, "approved", 1], ids=repr)
def test_whatever_an_event_says_the_task_reads_and_waits_on(ti: Ti, event: Any) -> None:
    approval = ask(gate(), ti)
    with pytest.raises(TaskDeferred) as deferred:
        go_on(gate(), ti, approval, event)
    assert deferred.value.kwargs == {"approval_id": approval}


def test_an_approval_of_another_task_is_refused(ti: Ti, ana: Signoff) -> None:
    others = [ti.again(task_id="other"), ti.again(map_index=1), ti.again(max_tries=1)]
    for other in others:
        approval = ask(gate(), other)
        ana.approvals.approve(approval)
        with pytest.raises(SignoffRefused, match="is not what this task asked for"):
            go_on(gate(), ti, approval)


@pytest.mark.parametrize("approval", ["", "..", "../runs/x", str(uuid.uuid4())])
def test_an_id_that_is_none_is_refused(ti: Ti, approval: str) -> None:
    with pytest.raises((ValueError, signoff.NotFound)):
        go_on(gate(), ti, approval)


# --- whatever goes wrong, nothing goes on ---


def problem(status: int, code: str) -> httpx2.Response:
    body = {"status": status, "code": code, "title": code, "detail": "because"}
    return httpx2.Response(status, json=body, headers={"content-type": "application/problem+json"})


FORGED = {"id": "a", "status": "resolved", "resolution": "approved", "task_id": "t", "run_id": "r", "context": {"arguments": {}}}
TROUBLES = {
    "no server": httpx2.ConnectError("refused"),
    "a reset": httpx2.ReadError("reset"),
    "500": problem(500, "internal"),
    "503": problem(503, "unavailable"),
    "429": problem(429, "rate_limited"),
    "401": problem(401, "unauthenticated"),
    "403": problem(403, "forbidden"),
    "404": problem(404, "not_found"),
    "a page": httpx2.Response(200, html="<h1>sign in</h1>"),
    "broken JSON": httpx2.Response(200, content=b'{"id": ', headers={"content-type": "application/json"}),
    "another JSON": httpx2.Response(200, json={"status": "ok"}),
    "a redirection": httpx2.Response(302, headers={"location": "https://elsewhere.test"}),
    "an approval of somebody's": httpx2.Response(200, json=FORGED),
    "one that has the wrong id": httpx2.Response(200, json={**FORGED, "id": "b"}),
    "a status from the future": httpx2.Response(200, json={**FORGED, "status": "endorsed"}),
}


def answering(monkeypatch: pytest.MonkeyPatch, *said: Any) -> list[httpx2.Request]:
    """From now on Signoff is something that is not well."""
    left, heard = list(said), []

    def respond(request: httpx2.Request) -> httpx2.Response:
        heard.append(request)
        it = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(it, Exception):
            raise it
        return httpx2.Response(it.status_code, headers=it.headers, content=it.content)

    def client(kind: Any) -> Any:
        def make(*access: Any, **settings: Any) -> Any:
            return kind(*access, **{**settings, "max_retries": 0}, patience=0.2, transport=httpx2.MockTransport(respond))

        return make

    monkeypatch.setattr(hook, "Signoff", client(Signoff))
    monkeypatch.setattr(hook, "AsyncSignoff", client(AsyncSignoff))
    return heard


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
@pytest.mark.parametrize("step", ["execute", "execute_complete"])
def test_trouble_fails_the_task(monkeypatch: pytest.MonkeyPatch, ti: Ti, step: str, trouble: Any) -> None:
    heard = answering(monkeypatch, trouble)
    operator = gate(on_rejected="skip", on_lapsed="skip", on_cancelled="skip")
    with pytest.raises(signoff.SignoffError):
        operator.execute(around(operator, ti)) if step == "execute" else go_on(operator, ti, "a")
    assert heard and ti.pushed == {}


def run(one: SignoffTrigger, seconds: float = 30) -> list[Any]:
    async def all_of_it() -> list[Any]:
        return [event.payload async for event in one.run()]

    return asyncio.run(asyncio.wait_for(all_of_it(), seconds))


@pytest.mark.parametrize("trouble", [it for name, it in TROUBLES.items() if name not in ("an approval of somebody's", "a status from the future")], ids=str)
def test_trouble_makes_the_trigger_fail_and_it_fires_nothing(monkeypatch: pytest.MonkeyPatch, trouble: Any) -> None:
    answering(monkeypatch, trouble)
    with pytest.raises(signoff.SignoffError):
        run(SignoffTrigger("a"))


# --- the trigger ---


def made_anew(one: SignoffTrigger) -> SignoffTrigger:
    """As another triggerer does."""
    _, given = one.serialize()
    return SignoffTrigger(**json.loads(json.dumps(given)))


@pytest.mark.parametrize("how", ["approved", *ENDS])
def test_the_trigger_fires_once_at_any_end_and_says_nothing_that_counts(ti: Ti, ana: Signoff, how: str) -> None:
    approval = ask(gate(), ti) if how == "approved" else end(how, ana, ti)
    if how == "approved":
        ana.approvals.approve(approval)
    (event,) = run(made_anew(SignoffTrigger(approval)))
    assert set(event) == {"approval_id", "status"} and event["approval_id"] == approval


def test_the_trigger_waits_and_outlives_the_instance_that_held_it(
    ti: Ti, ana: Signoff, real: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Instance() as instance:
        connect(monkeypatch, host=instance.url, password=real.agent_key)
        approval = ask(gate(), ti)
        fired: list[Any] = []
        waiting = threading.Thread(target=lambda: fired.extend(run(SignoffTrigger(approval), 60)))
        waiting.start()
        instance.kill()
        ana.approvals.approve(approval)
        assert fired == []
        instance.start()
        waiting.join(60)
    assert fired == [{"approval_id": approval, "status": "resolved"}]


def test_a_key_that_was_changed_in_the_connection_is_taken_up(
    ti: Ti, ana: Signoff, real: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval = ask(gate(), ti)
    ana.approvals.approve(approval)
    connect(monkeypatch, host=real.url, password="so_old_0123456789")
    tried: list[Any] = []
    shared = hook.shared_client

    def noted(access: Any) -> Any:
        tried.append(access[1])
        connect(monkeypatch, host=real.url, password=real.agent_key)
        return shared(access)

    monkeypatch.setattr(trigger, "shared_client", noted)
    assert run(SignoffTrigger(approval)) == [{"approval_id": approval, "status": "resolved"}]
    assert tried == ["so_old_0123456789", real.agent_key]


def test_the_trigger_rests_before_it_fires_so_that_the_scheduler_has_heard_that_it_waits(
    ti: Ti, ana: Signoff, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval = ask(gate(), ti)
    ana.approvals.approve(approval)
    monkeypatch.setattr(trigger, "_AT_LEAST", 3600.0)
    with pytest.raises(TimeoutError):
        run(SignoffTrigger(approval), 2)


def test_triggers_share_a_client_and_the_last_one_closes_it(ti: Ti, ana: Signoff, monkeypatch: pytest.MonkeyPatch) -> None:
    approvals = [ask(gate(), ti.again(map_index=number)) for number in range(5)]
    made: list[AsyncSignoff] = []
    closed: list[AsyncSignoff] = []

    class Counted(AsyncSignoff):
        def __init__(self, *access: Any, **settings: Any) -> None:
            super().__init__(*access, **settings)
            made.append(self)

        async def close(self) -> None:
            closed.append(self)
            await super().close()

    monkeypatch.setattr(hook, "AsyncSignoff", Counted)

    async def main() -> None:
        tasks = [asyncio.create_task(anext(SignoffTrigger(it).run())) for it in approvals]  # type: ignore[arg-type]
        for number, approval in enumerate(approvals):
            assert closed == [], number
            await asyncio.to_thread(ana.approvals.approve, approval)
            await tasks[number]

    asyncio.run(asyncio.wait_for(main(), 60))
    assert len(made) == 1 and closed == made


class Killed(SignoffTrigger):
    """One whose task is in that state."""

    def __init__(self, approval_id: str, state: str | None) -> None:
        super().__init__(approval_id)
        self._said = state

    def _state(self) -> str | None:
        return self._said


@pytest.mark.parametrize("state", ["failed", "success", "skipped", None])
def test_a_task_that_somebody_ended_withdraws_what_it_asked(ti: Ti, ana: Signoff, state: str | None) -> None:
    approval = ask(gate(), ti)
    asyncio.run(Killed(approval, state).on_kill())
    ended = ana.approvals.get(approval)
    assert ended["status"] == "cancelled" and (state or "cleared") in ended["result"]["feedback"]


def test_a_trigger_that_another_triggerer_has_taken_over_withdraws_nothing(ti: Ti, ana: Signoff) -> None:
    approval = ask(gate(), ti)
    asyncio.run(Killed(approval, "deferred").on_kill())
    assert ana.approvals.get(approval)["status"] == "pending"


def test_where_airflow_does_not_say_how_the_task_is_nothing_is_withdrawn(ti: Ti, ana: Signoff) -> None:
    approval = ask(gate(), ti)
    with pytest.raises(RuntimeError, match="belongs to no task"):
        asyncio.run(SignoffTrigger(approval).on_kill())
    assert ana.approvals.get(approval)["status"] == "pending"


def test_what_is_decided_already_is_not_withdrawn(ti: Ti, ana: Signoff) -> None:
    approval = ask(gate(), ti)
    ana.approvals.approve(approval)
    asyncio.run(Killed(approval, "failed").on_kill())
    assert ana.approvals.get(approval)["resolution"] == "approved"


def test_a_key_that_may_not_cancel_leaves_it_and_says_so(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    answering(monkeypatch, problem(403, "forbidden"))
    asyncio.run(Killed("a", "failed").on_kill())
    assert "stays until its deadline: the key may not cancel" in caplog.text


# --- the connection ---


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ({"host": "https://signoff.test"}, "https://signoff.test"),
        ({"host": "http://signoff.test:8080/base"}, "http://signoff.test:8080/base"),
        ({"host": "signoff.test"}, "https://signoff.test"),
        ({"host": "signoff.test", "schema": "http", "port": 8080}, "http://signoff.test:8080"),
        ({"host": "https://signoff.test/base", "port": 8443}, "https://signoff.test:8443/base"),
        ({"host": "https://signoff.test:1", "port": 2}, "https://signoff.test:1"),
        ({"host": "https://[::1]", "port": 2}, "https://[::1]:2"),
    ],
    ids=str,
)
def test_where_signoff_is(monkeypatch: pytest.MonkeyPatch, said: dict[str, Any], url: str) -> None:
    connect(monkeypatch, "other", password="so_x", **said)
    assert SignoffHook("other").access() == (url, "so_x")
    assert asyncio.run(SignoffHook("other").aaccess()) == (url, "so_x")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"host": "https://signoff.test"}, "has no password"),
        ({"password": "so_x"}, "has no host"),
        ({"conn_type": "postgres", "host": "db.test", "password": "secret"}, "of the type postgres, not signoff"),
    ],
    ids=str,
)
def test_a_connection_is_whole_or_of_no_use_and_the_environment_does_not_fill_it_up(
    monkeypatch: pytest.MonkeyPatch, said: dict[str, Any], words: str
) -> None:
    monkeypatch.setenv("SIGNOFF_URL", "https://other.test")
    monkeypatch.setenv("SIGNOFF_API_KEY", "so_environment")
    connect(monkeypatch, **said)
    with pytest.raises(signoff.SignoffError, match=words) as refused:
        SignoffHook().get_conn()
    assert "secret" not in str(refused.value) and "so_" not in str(refused.value)


def test_without_a_connection_the_environment_says_where(
    monkeypatch: pytest.MonkeyPatch, real: Any, ti: Ti, ana: Signoff
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_SIGNOFF_DEFAULT")
    monkeypatch.setenv("SIGNOFF_URL", real.url)
    monkeypatch.setenv("SIGNOFF_API_KEY", real.agent_key)
    approval = ask(gate(), ti)
    ana.approvals.approve(approval)
    assert len(run(SignoffTrigger(approval))) == 1 and go_on(gate(conn_id=None), ti, approval)["resolution"] == "approved"


def test_a_connection_that_was_named_must_be_there(monkeypatch: pytest.MonkeyPatch, real: Any, ti: Ti) -> None:
    monkeypatch.setenv("SIGNOFF_URL", real.url)
    monkeypatch.setenv("SIGNOFF_API_KEY", real.agent_key)
    with pytest.raises(AirflowNotFoundException):
        ask(gate(conn_id="misspelt"), ti)
    with pytest.raises(AirflowNotFoundException):
        run(SignoffTrigger("a", "misspelt"))


def test_airflow_makes_the_same_of_it_in_its_own_database() -> None:
    """A DAG is kept as JSON, without our classes."""
    from airflow.serialization.serialized_objects import DagSerialization

    operator = gate(on_rejected="skip", context={"rows": "{{ rows }}"})
    kept = json.dumps(DagSerialization.to_dict(operator.dag))
    assert '"_can_skip_downstream": true' in kept and "{{ rows }}" in kept and "ABSENT" not in kept

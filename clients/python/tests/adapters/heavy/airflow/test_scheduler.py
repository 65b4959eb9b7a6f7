"""With a real scheduler, triggerer and server: what a run does, and what it asks."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from instance import Instance
from stage import Airflow, Run, until

from signoff import Signoff
from signoff.toolcall import run_name


class Office:
    """Ana, and what runs have asked her."""

    def __init__(self, client: Signoff) -> None:
        self.client = client

    def asked(self, run: Run) -> list[Any]:
        """All of it, whatever became of it, the oldest first."""
        name = run_name(f"{run.dag_id}/{run.run_id}")
        found = [*self.client.approvals.pending(run_id=name), *self.client.approvals.history(run_id=name)]
        return sorted(found, key=lambda it: it["created_at"])

    def one(self, run: Run, task: str = "ship_it") -> Any:
        """What is asked, once the task waits."""
        run.comes_to(task, "deferred")
        (asked,) = [it for it in self.asked(run) if it["status"] == "pending"]
        return asked


@pytest.fixture
def ana(real: Any) -> Iterator[Office]:
    with real.ana() as client:
        yield Office(client)


def test_the_example_goes_on_once_ana_has_agreed_and_takes_her_edits(airflow: Airflow, ana: Office) -> None:
    run = airflow.begin("ship")
    asked = ana.one(run)
    assert asked["title"] == f"Ship {run.run_id}?" and asked["context"]["arguments"] == {"rows": 1042, "to": "production"}
    assert asked["workflow"] == "ship" and asked["policy"]["allowed_approvers"] == ["ana"]
    assert run.states()["ship"] is None
    ana.client.approvals.approve(asked["id"], comment="only these", modifications={"arguments": {"rows": 7}})
    assert run.ends() == "success" and "Shipping 7 rows to production, as ana agreed." in run.log("ship")
    assert run.xcom() == {
        "approval_id": asked["id"],
        "resolution": "modified",
        "decided_by": "ana",
        "feedback": "only these",
        "context": {"rows": 7, "to": "production"},
    }
    assert len(ana.asked(run)) == 1


def test_a_rejection_fails_the_task_without_retries(airflow: Airflow, ana: Office) -> None:
    run = airflow.begin("retries_for_nothing")
    ana.client.approvals.reject(ana.one(run)["id"], "too many rows")
    assert run.ends() == "failed"
    assert run.states() == {"count": "success", "ship_it": "failed", "ship": "upstream_failed"} and run.tries() == 1
    assert run.effects() == [] and "was rejected by ana: too many rows" in run.log()


def test_nobody_in_time_fails_the_task_and_says_so(airflow: Airflow, ana: Office) -> None:
    run = airflow.begin("lapses")
    assert run.ends() == "failed" and run.states()["ship"] == "upstream_failed" and run.effects() == []
    said = run.log()
    assert "nobody answered approval" in said and "denied" not in said and "was rejected" not in said


def test_a_rejection_that_skips_ends_well_and_what_follows_is_skipped_whatever_its_rule(airflow: Airflow, ana: Office) -> None:
    run = airflow.begin("skips")
    ana.client.approvals.reject(ana.one(run)["id"], "not today")
    assert run.ends() == "success"
    assert run.states() == {
        "count": "success",
        "ship_it": "success",
        "ship": "skipped",
        "notify": "skipped",
        "notify_later": "success",
    }
    assert run.effects() == ["notified"] and run.xcom()["feedback"] == "not today"
    # Someone who clears only what was skipped doesn't get past the rejection.
    run.clear("ship", "notify")
    until(lambda: run.ends() == "success" and run.states()["ship"] == "skipped", "ship is skipped again")
    assert run.effects() == ["notified"] and len(ana.asked(run)) == 1


def test_all_that_follows_is_skipped_where_that_is_wanted(airflow: Airflow, ana: Office) -> None:
    run = airflow.begin("skips_all")
    ana.client.approvals.reject(ana.one(run)["id"], "not today")
    assert run.ends() == "success" and run.effects() == []
    assert run.states() == {"count": "success", "ship_it": "success", "ship": "skipped", "notify": "skipped"}
    # A rejection is not for ever: somebody clears all of it, and ana agrees this time.
    run.clear("ship_it", "ship", "notify")
    ana.client.approvals.approve(ana.one(run)["id"])
    until(lambda: run.effects() == ["ran", "notified"], "what was skipped runs")
    assert run.ends() == "success" and [it["resolution"] for it in ana.asked(run)] == ["rejected", "approved"]


def test_who_fills_up_the_past_is_asked_for_each_run_and_again_when_it_is_done_anew(airflow: Airflow, ana: Office) -> None:
    body = {"dag_id": "yearly", "from_date": "2020-01-01T00:00:00Z", "to_date": "2021-01-01T00:00:00Z", "run_backwards": False}
    effects = airflow.folder / f"it-{uuid.uuid4()}.txt"
    body |= {"dag_run_conf": {"effects": str(effects)}, "max_active_runs": 2}
    airflow.backfill({**body, "reprocess_behavior": "none"})
    found = "SELECT run_id FROM dag_run WHERE dag_id = 'yearly' ORDER BY logical_date"
    until(lambda: len(airflow.rows(found)) == 2, "two runs")
    runs = [Run(airflow, "yearly", run_id) for (run_id,) in airflow.rows(found)]
    first, second = (ana.one(run) for run in runs)
    assert [first["title"], second["title"]] == ["Ship 2020-01-01?", "Ship 2021-01-01?"]
    ana.client.approvals.approve(first["id"])
    ana.client.approvals.reject(second["id"], "not that year")
    assert [run.ends() for run in runs] == ["success", "failed"] and len(effects.read_text().splitlines()) == 1
    airflow.backfill({**body, "reprocess_behavior": "completed"})
    again = [ana.one(run) for run in runs]
    assert {it["id"] for it in again}.isdisjoint({first["id"], second["id"]}) and len(effects.read_text().splitlines()) == 1
    for it in again:
        ana.client.approvals.reject(it["id"], "once was enough")
    assert [run.ends() for run in runs] == ["failed", "failed"] and len(effects.read_text().splitlines()) == 1


def test_a_try_that_was_lost_after_it_asked_is_followed_by_one_that_finds_it(airflow: Airflow, ana: Office) -> None:
    run = airflow.begin("retries")
    asked = ana.one(run)
    assert run.tries() == 2 and len(ana.asked(run)) == 1
    ana.client.approvals.approve(asked["id"])
    assert run.ends() == "success" and len(run.effects()) == 1 and len(ana.asked(run)) == 1


def test_a_triggerer_that_is_killed_while_it_waits_is_replaced_by_the_next_one(airflow: Airflow, ana: Office) -> None:
    run = airflow.begin("timed")
    asked = ana.one(run)
    run.is_watched()
    began = time.monotonic()
    airflow.kill("triggerer")
    ana.client.approvals.approve(asked["id"])
    airflow.start("triggerer")
    assert run.ends() == "success" and len(run.effects()) == 1 and len(ana.asked(run)) == 1
    # The task may run for ten seconds at once. Waiting doesn't count.
    assert time.monotonic() - began > 10


def test_a_wait_outlives_the_instance_that_held_it(airflow: Airflow, ana: Office) -> None:
    with Instance() as instance:
        airflow.api("POST", "connections", connection("elsewhere", instance.url, airflow.key))
        try:
            run = airflow.begin("elsewhere")
            asked = ana.one(run)
            run.is_watched()
            instance.kill()
            ana.client.approvals.approve(asked["id"])
            instance.start()
            assert run.ends() == "success" and len(run.effects()) == 1 and len(ana.asked(run)) == 1
        finally:
            airflow.api("DELETE", "connections/elsewhere")


def test_a_mapped_task_asks_for_each_and_one_rejection_stops_what_follows_all(airflow: Airflow, ana: Office) -> None:
    run = airflow.begin("mapped")
    for task in ("ship_it[0]", "ship_it[1]"):
        run.comes_to(task, "deferred")
    first, second = sorted(ana.asked(run), key=lambda it: it["context"]["arguments"]["part"])
    ana.client.approvals.approve(first["id"])
    ana.client.approvals.reject(second["id"], "not b")
    assert run.ends() == "success" and run.effects() == []
    assert run.states() == {"ship_it[0]": "success", "ship_it[1]": "skipped", "ship": "skipped"}


def test_in_a_mapped_group_each_part_goes_its_own_way(airflow: Airflow, ana: Office) -> None:
    run = airflow.begin("mapped_group")
    for task in ("parts.ship_it[0]", "parts.ship_it[1]"):
        run.comes_to(task, "deferred")
    first, second = sorted(ana.asked(run), key=lambda it: it["context"]["arguments"]["part"])
    ana.client.approvals.reject(first["id"], "not a")
    ana.client.approvals.approve(second["id"])
    assert run.ends() == "success" and run.effects() == [{"part": "b"}]
    assert (run.states()["parts.ship[0]"], run.states()["parts.ship[1]"]) == ("skipped", "success")


def test_a_task_that_is_cleared_after_its_end_asks_anew(airflow: Airflow, ana: Office) -> None:
    run = airflow.begin("fails")
    ana.client.approvals.reject(ana.one(run)["id"], "not yet")
    assert run.ends() == "failed"
    run.clear("ship_it", "ship")
    again = ana.one(run)
    assert [it["status"] for it in ana.asked(run)] == ["resolved", "pending"] and run.effects() == []
    ana.client.approvals.approve(again["id"])
    assert run.ends() == "success" and len(run.effects()) == 1


def test_a_task_that_is_cleared_while_it_waits_withdraws_what_it_asked(airflow: Airflow, ana: Office) -> None:
    run = airflow.begin("fails")
    before = ana.one(run)
    run.clear("ship_it")
    until(lambda: ana.client.approvals.get(before["id"])["status"] == "cancelled", "the first one is withdrawn")
    until(lambda: len(ana.asked(run)) == 2, "it is asked anew")
    ana.client.approvals.approve(ana.one(run)["id"])
    assert run.ends() == "success" and len(run.effects()) == 1


def test_a_task_that_is_marked_failed_while_it_waits_withdraws_what_it_asked(airflow: Airflow, ana: Office) -> None:
    run = airflow.begin("fails")
    asked = ana.one(run)
    run.is_watched()
    run.mark("ship_it", "failed")
    ended = until(lambda: (it := ana.client.approvals.get(asked["id"]))["status"] == "cancelled" and it, "it is withdrawn")
    assert ended["result"]["feedback"] == "The task was ended in Airflow (failed)."
    assert run.ends() == "failed" and run.effects() == []


def test_runs_that_sound_alike_are_two_questions(airflow: Airflow, ana: Office) -> None:
    name = str(uuid.uuid4())
    runs = [Run(airflow, dag, airflow.trigger(dag, run)) for dag, run in (("same", f"it-{name}"), ("same-it", name))]
    asked = [ana.one(run) for run in runs]
    assert asked[0]["id"] != asked[1]["id"] and asked[0]["run_id"] != asked[1]["run_id"]
    ana.client.approvals.approve(asked[0]["id"])
    ana.client.approvals.reject(asked[1]["id"], "not this one")
    assert [run.ends() for run in runs] == ["success", "failed"]
    assert [len(run.effects()) for run in runs] == [1, 0]


def forge(airflow: Airflow, run: Run, **kwargs: Any) -> None:
    """As somebody does who may write to Airflow's database: the trigger has fired, and says that all is well."""
    event = {"approval_id": "x", "status": "resolved", "resolution": "approved"}
    with closing(sqlite3.connect(airflow.folder / "home/airflow.db", timeout=30)) as database, database:
        ((kept,),) = database.execute(
            "SELECT next_kwargs FROM task_instance WHERE run_id = ? AND task_id = 'ship_it'", (run.run_id,)
        ).fetchall()
        changed = json.dumps({**json.loads(kept), **kwargs, "event": event})
        done = database.execute(
            "UPDATE task_instance SET state = 'scheduled', trigger_id = NULL, next_kwargs = ? WHERE run_id = ? AND"
            " task_id = 'ship_it' AND state = 'deferred'",
            (changed, run.run_id),
        )
        assert done.rowcount == 1


def test_a_trigger_that_lies_makes_the_task_look_and_wait_on(airflow: Airflow, ana: Office) -> None:
    run = airflow.begin("fails")
    asked = ana.one(run)
    run.is_let_go()
    forge(airflow, run)
    until(lambda: run.log().count("Pausing task as DEFERRED") == 2, "it is deferred again")
    assert ana.one(run)["id"] == asked["id"] and run.effects() == []
    ana.client.approvals.reject(asked["id"], "caught")
    assert run.ends() == "failed" and run.effects() == []


def test_another_tasks_approval_is_of_no_use(airflow: Airflow, ana: Office) -> None:
    other, run = airflow.begin("fails"), airflow.begin("fails")
    approved = ana.one(other)
    ana.client.approvals.approve(approved["id"])
    ana.one(run)
    run.is_let_go()
    forge(airflow, run, approval_id=approved["id"])
    assert run.ends() == "failed" and run.effects() == [] and "is not what this task asked for" in run.log()
    assert other.ends() == "success"


class Way(ThreadingHTTPServer):
    """Something between Airflow and Signoff, that lets requests through and answers waits as it is told."""

    daemon_threads = True

    def __init__(self, target: str, waits: tuple[int, str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target, self.waits = target, waits
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Way:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *ended: object) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Way

    def do_GET(self) -> None:
        if "/wait" in self.path:
            self._say(*self.server.waits)
        else:
            self._pass_on(None)

    def do_POST(self) -> None:
        self._pass_on(self.rfile.read(int(self.headers["content-length"])))

    def _pass_on(self, body: bytes | None) -> None:
        kept = {name: it for name, it in self.headers.items() if name.lower() not in ("host", "content-length", "connection")}
        request = urllib.request.Request(self.server.target + self.path, body, kept, method=self.command)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                self._say(answer.status, answer.headers["content-type"], answer.read())
        except urllib.error.HTTPError as error:
            self._say(error.code, error.headers["content-type"], error.read())

    def _say(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *said: Any) -> None:
        """Nothing."""


def connection(name: str, url: str, key: str) -> dict[str, Any]:
    return {"connection_id": name, "conn_type": "signoff", "host": url, "password": key}


def test_a_trigger_that_fails_fails_the_task_and_nothing_ran(airflow: Airflow, ana: Office) -> None:
    problem = json.dumps({"status": 401, "code": "unauthenticated", "title": "no", "detail": "unknown key"}).encode()
    with Way(airflow.signoff_url, (401, "application/problem+json", problem)) as way:
        airflow.api("POST", "connections", connection("elsewhere", way.url, airflow.key))
        try:
            run = airflow.begin("elsewhere")
            assert run.ends() == "failed" and run.effects() == [] and run.states()["ship"] == "upstream_failed"
            assert "unauthenticated" in run.log()
        finally:
            airflow.api("DELETE", "connections/elsewhere")


def test_a_connection_is_tested_by_its_button(airflow: Airflow) -> None:
    good = airflow.api("POST", "connections/test", connection("good", airflow.signoff_url, airflow.key))
    bad = airflow.api("POST", "connections/test", connection("bad", airflow.signoff_url, "so_unknown"))
    assert good == {"status": True, "message": "Signoff answers, and takes the key"}
    assert bad["status"] is False and "unauthenticated" in bad["message"]


def test_the_key_stands_nowhere_but_in_the_connection(airflow: Airflow, ana: Office) -> None:
    run = airflow.begin("fails")
    asked = ana.one(run)
    everything = airflow.everything() + run.log() + airflow.logs()
    assert asked["id"] in everything and airflow.key not in everything
    ((kept,),) = airflow.rows("SELECT password FROM connection WHERE conn_id = 'signoff_default'")
    assert airflow.key not in kept
    ana.client.approvals.reject(asked["id"], "that is all")
    assert run.ends() == "failed"


def test_the_type_of_connections_is_known_by_the_package_alone(airflow: Airflow) -> None:
    assert "signoff.adapters.airflow.SignoffHook" in airflow.run("providers", "hooks", "--output", "json")

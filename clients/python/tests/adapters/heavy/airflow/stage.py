"""An Airflow of the tests' own: API server, scheduler, triggerer and DAG processor, in a folder that is thrown away.

Its workers have our package as it is installed, so that Airflow finds the type of connections by its entry point.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2

T = TypeVar("T")
HERE = Path(__file__).parent
CLIENT = HERE.parents[3]
EXAMPLES = HERE.parents[5] / "examples/airflow"
PATIENCE = 300.0
#: Programs whose own files only get in the way.
PROGRAMS = {
    "api-server": ["api-server", "--host", "127.0.0.1", "--workers", "1"],
    "dag-processor": ["dag-processor"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}


def until(found: Callable[[], T], what: str, patience: float = PATIENCE) -> T:
    """Looks until there is something."""
    deadline = time.monotonic() + patience
    while True:
        if result := found():
            return result
        assert time.monotonic() < deadline, f"it did not come to that: {what}"
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def install(folder: Path) -> Path:
    """Our package, made as it is published, and unpacked."""
    made = folder / "dist"
    program = f"import hatchling.build; print(hatchling.build.build_wheel({str(made)!r}))"
    # From a copy: nothing is written beside the sources.
    source = folder / "source"
    shutil.copytree(CLIENT / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(CLIENT / name, source)
    made.mkdir()
    subprocess.run([sys.executable, "-c", program], cwd=source, check=True, stdout=subprocess.DEVNULL)
    (wheel,) = made.glob("*.whl")
    site = folder / "site"
    zipfile.ZipFile(wheel).extractall(site)
    return site


class Airflow:
    """Runs within a `with`."""

    def __init__(self, folder: Path, signoff_url: str, key: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.signoff_url, self.key = signoff_url, key
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._http = httpx2.Client(base_url=self.url, timeout=30)
        (folder / "dags").mkdir(parents=True)
        for dag in (*HERE.glob("dags/*.py"), *EXAMPLES.glob("*.py")):
            shutil.copy(dag, folder / "dags")
        site = install(folder)
        # Nothing of Signoff's in the environment: the connection has it all.
        inherited = {name: it for name, it in os.environ.items() if not name.startswith(("SIGNOFF_", "AIRFLOW", "DATABASE_"))}
        self.environment = {
            **inherited,
            "PYTHONPATH": str(site),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "AIRFLOW_HOME": str(folder / "home"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__FERNET_KEY": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
            # The first call makes the API server load much of itself, on a machine that may have other things to do.
            "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__SECRET_KEY": secrets.token_hex(),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
            "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
            "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "SCARF_ANALYTICS": "false",
        }

    # --- its programs ---

    def __enter__(self) -> Self:
        try:
            self.run("db", "migrate")
            for name in PROGRAMS:
                self.start(name)
            until(self._healthy, "all of Airflow is healthy")
            token = self._http.get("/auth/token").raise_for_status().json()["access_token"]
            self._http.headers["authorization"] = f"Bearer {token}"
            kept = {"connection_id": "signoff_default", "conn_type": "signoff", "host": self.signoff_url, "password": self.key}
            self.api("POST", "connections", kept)
            until(self._parsed, "the DAGs are there")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def run(self, *command: str) -> str:
        """A command of Airflow's; what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "airflow", *command], env=self.environment, cwd=self.folder, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, name: str) -> None:
        arguments = [*PROGRAMS[name], *(["--port", str(self.port)] if name == "api-server" else [])]
        with open(self.folder / f"{name}.log", "ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", "airflow", *arguments],
                env=self.environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                process_group=0,
            )

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """The program and all that it has started: as a machine does that loses its power."""
        process = self._processes.pop(name)
        os.killpg(process.pid, how)
        process.wait(PATIENCE)

    def stop(self) -> None:
        self._http.close()
        for name in list(self._processes):
            self.kill(name)

    def logs(self) -> str:
        return "".join(f"--- {it.name}\n{it.read_text(errors='replace')[-4000:]}\n" for it in sorted(self.folder.glob("*.log")))

    def _healthy(self) -> bool:
        for name, process in self._processes.items():
            assert process.poll() is None, f"{name} ended\n{self.logs()}"
        try:
            said = self._http.get("/api/v2/monitor/health").json()
        except (httpx2.HTTPError, ValueError):
            return False
        return all(said[it]["status"] == "healthy" for it in ("metadatabase", "scheduler", "triggerer", "dag_processor"))

    def _parsed(self) -> bool:
        errors = self.api("GET", "importErrors")["import_errors"]
        assert not errors, errors
        found = {it["dag_id"] for it in self.api("GET", "dags?limit=100")["dags"]}
        wanted = set()
        for file in (self.folder / "dags").glob("*.py"):
            wanted |= set(re.findall(r'\b(?:DAG|chain_of)\("([^"]+)"', file.read_text()))
        assert wanted
        return wanted <= found

    # --- its API ---

    def api(self, method: str, path: str, body: Any = None) -> Any:
        response = self._http.request(method, f"/api/v2/{path}", json=body)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def begin(self, dag_id: str, **conf: Any) -> Run:
        return Run(self, dag_id, self.trigger(dag_id, f"it-{uuid.uuid4()}", **conf))

    def trigger(self, dag_id: str, run_id: str, **conf: Any) -> str:
        effects = str(self.folder / f"{run_id}.txt")
        body = {"dag_run_id": run_id, "logical_date": None, "conf": {"effects": effects, **conf}}
        return str(self.api("POST", f"dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def backfill(self, body: dict[str, Any]) -> None:
        """SQLite may be busy, and the one before is at its end only a while after its runs."""

        def post() -> bool:
            response = self._http.post("/api/v2/backfills", json=body)
            assert response.is_success or response.status_code in (409, 503), response.text
            return response.is_success

        until(post, "the backfill has begun")

    # --- its database ---

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.folder}/home/airflow.db?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(statement, values).fetchall()

    def everything(self) -> str:
        """All that stands in its database, but for connections."""
        tables = [it for (it,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'") if it != "connection"]
        return "\n".join(repr(row) for table in tables for row in self.rows(f'SELECT * FROM "{table}"'))


class Run:
    """One run of a DAG."""

    def __init__(self, airflow: Airflow, dag_id: str, run_id: str) -> None:
        self.airflow, self.dag_id, self.run_id = airflow, dag_id, run_id

    def states(self) -> dict[str, str | None]:
        """Of each task; of a mapped one `task[1]`."""
        found = self.airflow.rows(
            "SELECT task_id, map_index, state FROM task_instance WHERE dag_id = ? AND run_id = ?", self.dag_id, self.run_id
        )
        return {task if index < 0 else f"{task}[{index}]": state for task, index, state in found}

    def comes_to(self, task: str, *states: str) -> str:
        def look() -> str | None:
            state = self.states().get(task)
            if state in ("failed", "success", "skipped", "upstream_failed") and state not in states:
                raise AssertionError(f"{task} is {state}: {self.states()}\n{self.log(task)}")
            return state if state in states else None

        return until(look, f"{task} is {states}; {self.run_id}")

    def ends(self) -> str:
        """The state of all of it."""

        def look() -> str | None:
            ((state,),) = self.airflow.rows(
                "SELECT state FROM dag_run WHERE dag_id = ? AND run_id = ?", self.dag_id, self.run_id
            )
            return state if state in ("success", "failed") else None

        return until(look, f"{self.run_id} has ended")

    def effects(self) -> list[Any]:
        """What the tasks after the sign-off have done."""
        file = self.airflow.folder / f"{self.run_id}.txt"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def xcom(self, task: str = "ship_it") -> Any:
        path = f"dags/{self.dag_id}/dagRuns/{self.run_id}/taskInstances/{task}/xcomEntries/return_value"
        return self.airflow.api("GET", path)["value"]

    def clear(self, *tasks: str) -> None:
        body = {"dry_run": False, "only_failed": False, "dag_run_id": self.run_id, "task_ids": list(tasks)}
        self.airflow.api("POST", f"dags/{self.dag_id}/clearTaskInstances", body)

    def mark(self, task: str, state: str) -> None:
        path = f"dags/{self.dag_id}/dagRuns/{self.run_id}/taskInstances/{task}"
        self.airflow.api("PATCH", path, {"new_state": state})

    def tries(self, task: str = "ship_it") -> int:
        ((tried,),) = self.airflow.rows(
            "SELECT try_number FROM task_instance WHERE dag_id = ? AND run_id = ? AND task_id = ?", self.dag_id, self.run_id, task
        )
        return int(tried)

    def is_watched(self) -> None:
        """Until a triggerer has taken up what the task waits for."""
        name = f"attempt={self.tries()}.log.trigger.*"
        until(lambda: "starting" in self.log(files=name), f"a trigger runs; {self.run_id}")

    def is_let_go(self) -> None:
        """Until the scheduler has heard that the worker which asked is done. What goes on before, it takes for a fault."""
        heard = f"TaskInstance Finished: dag_id={self.dag_id}, task_id=ship_it, run_id={self.run_id},"
        until(lambda: heard in (self.airflow.folder / "scheduler.log").read_text(errors="replace"), heard)

    def log(self, task: str = "ship_it", files: str = "*.log*") -> str:
        """What the task's tries have logged."""
        name = re.sub(r"\[\d+\]$", "", task)
        folder = self.airflow.folder / f"home/logs/dag_id={self.dag_id}/run_id={self.run_id}/task_id={name}"
        return "".join(it.read_text(errors="replace") for it in sorted(folder.rglob(files)))

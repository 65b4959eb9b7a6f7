"""What the recipes' tests share: a server that runs, and keys that may do as much as the recipes say.

    SIGNOFF_URLS, SIGNOFF_API_KEY, SIGNOFF_SECOND_KEY    a server, an administrator's key, and ana's
    SIGNOFF_BIN, SIGNOFF_DATABASE_URL                    the program, and the database, to make keys
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import httpx2
import pytest

ROOT = Path(__file__).parents[3]
RECIPES = ROOT / "examples/recipes"
# The helpers of the agents' tests, and our client.
sys.path[:0] = [str(ROOT / "tests/agents"), str(ROOT / "clients/python/src")]
os.environ["PYTHONPATH"] = str(ROOT / "clients/python/src")
# None of the tools tells anybody that it ran.
os.environ |= {
    "DO_NOT_TRACK": "1",
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
}

import agents  # noqa: E402

# These tools take long to begin where much else runs.
agents.PATIENCE = 180
from agents import URL, api  # noqa: E402

os.environ["SIGNOFF_ADMIN_KEY"] = os.environ["SIGNOFF_API_KEY"]

#: Where nobody listens.
NOWHERE = "http://127.0.0.1:9"


def cancel(approval: dict[str, Any]) -> None:
    api("POST", f"/approvals/{approval['id']}/cancel", "SIGNOFF_ADMIN_KEY", {"reason": "over"})


_STARTED: list[subprocess.Popen[str]] = []


def spawn(command: list[str], **how: Any) -> subprocess.Popen[str]:
    """A process with a group of its own, which doesn't outlive its test."""
    process = subprocess.Popen(command, text=True, start_new_session=True, **how)
    _STARTED.append(process)
    return process


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    while _STARTED:
        process = _STARTED.pop()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def beside(what: Callable[[], Any]) -> Future[Any]:
    """Does it in a thread that a failed test doesn't wait for."""
    done: Future[Any] = Future()

    def run() -> None:
        try:
            done.set_result(what())
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return done


def _key(role: str) -> str:
    headers = {"authorization": f"Bearer {os.environ['SIGNOFF_ADMIN_KEY']}"}
    workspace = httpx2.get(f"{URL}/auth/session", headers=headers).json()["workspace"]["name"]
    command = ["keys", "create", "--workspace", workspace, "--principal", f"recipes-{role}", "--roles", role]
    made = subprocess.run([os.environ["SIGNOFF_BIN"], *command], check=True, capture_output=True, text=True)
    return made.stdout.strip()


@pytest.fixture(scope="session")
def agent_key() -> str:
    """May ask and wait."""
    return _key("agent")


@pytest.fixture(scope="session")
def requester_key() -> str:
    """May cancel, too."""
    return _key("requester")


@pytest.fixture
def fresh() -> str:
    return uuid.uuid4().hex[:12]


@pytest.fixture(autouse=True)
def address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recipes find the server as their users' programs do."""
    monkeypatch.setenv("SIGNOFF_URL", URL)

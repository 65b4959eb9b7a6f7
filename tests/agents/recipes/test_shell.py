"""The text that each recipe gives to a shell, as its tool would give it: taken out of the tool's own file, with the
variables that the tool sets, and the step after it where that one ended with 0. The tools themselves are not here."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from agents import PATIENCE, api, decide, rows, waiting
from conftest import NOWHERE, RECIPES, cancel, spawn


@dataclass
class Step:
    """What a tool runs before the step that matters."""

    shell: list[str]
    text: str
    environment: dict[str, str]
    #: The name that the approval's run must have.
    run: str
    #: What is run where it has ended with 0; None: it does so by itself.
    after: str | None = "./ship"
    arguments: list[str] = field(default_factory=list)


def _yaml(name: str) -> dict:
    return yaml.safe_load((RECIPES / name).read_text("utf-8"))


def script(fresh: str) -> Step:
    path = RECIPES / "shell/ship.sh"
    return Step(["sh"], path.read_text("utf-8"), {}, f"ship-{fresh}", None, [fresh])


def github(fresh: str) -> Step:
    jobs = _yaml("github-actions/ship.yml")["jobs"]
    (step,), (after,) = jobs["sign-off"]["steps"], jobs["ship"]["steps"]
    assert jobs["ship"]["needs"] == "sign-off" and step["shell"] == "bash"
    given = {
        "GITHUB_RUN_ID": fresh,
        "GITHUB_JOB": "sign-off",
        "GITHUB_SHA": "ffac537e6cbbf934b08745a378932722df287a53",
        "GITHUB_REPOSITORY": "acme/shop",
    }
    # What `shell: bash` stands for there.
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]
    return Step(shell, step["run"], given, f"github-{fresh}", after["run"])


def gitlab(fresh: str) -> Step:
    jobs = _yaml("gitlab/ship.gitlab-ci.yml")
    assert jobs["stages"] == [jobs["sign-off"]["stage"], jobs["ship"]["stage"]]
    given = {
        "CI_PIPELINE_ID": fresh,
        "CI_JOB_NAME_SLUG": "sign-off",
        "CI_COMMIT_SHA": "ffac537e6cbbf934b08745a378932722df287a53",
        "CI_PROJECT_PATH": "acme/shop",
        "CI_PIPELINE_URL": "https://gitlab.com/acme/shop/-/pipelines/1",
    }
    (text,), (after,) = jobs["sign-off"]["script"], jobs["ship"]["script"]
    return Step(["bash"], "set -eo pipefail\n" + text, given, f"gitlab-{fresh}", after)


def jenkins(fresh: str) -> Step:
    text = (RECIPES / "jenkins/Jenkinsfile").read_text("utf-8")
    (body,) = re.findall(r"sh '''\n(.*?)'''", text, re.S)
    # Groovy joins a line that ends with a backslash to the next, and has no other backslashes to read here.
    body = body.replace("\\\n", "")
    assert "\\" not in body
    (after,) = re.findall(r"sh '([^'\n]+)'\n", text)
    given = {"BUILD_TAG": f"jenkins-shop » main%2F{fresh}", "JOB_NAME": "shop » main", "BUILD_NUMBER": "7"}
    # `»` is two bytes, and tr reads bytes.
    return Step(["sh", "-xe"], body, given, f"jenkins-shop----main-2F{fresh}", after)


def kestra(fresh: str) -> Step:
    flow = _yaml("kestra/ship.yaml")
    first, second = flow["tasks"]
    (text,), (after,) = first["commands"], second["commands"]
    known = {
        "secret('SIGNOFF_API_KEY')": os.environ["SIGNOFF_API_KEY"],
        "flow.namespace": flow["namespace"],
        "flow.id": flow["id"],
        "execution.id": fresh,
        "task.id": first["id"],
    }
    given = {
        name: re.sub(r"\{\{ (.+?) \}\}", lambda it: known[it[1]], value)
        for name, value in first["env"].items()
        if name != "SIGNOFF_URL"
    }
    return Step(["/bin/sh"], "set -e\n" + text, given, f"kestra-{fresh}", after)


def windmill(fresh: str) -> Step:
    text = (RECIPES / "windmill/sign_off.sh").read_text("utf-8")
    # The one address that is written into a script. Everywhere else it is a variable.
    text, found = re.subn(r"SIGNOFF_URL=https://signoff\.example\.com ", "", text)
    assert found == 1
    given = {"WM_JOB_ID": f"{fresh}-b", "WM_FLOW_JOB_ID": fresh, "WM_FLOW_STEP_ID": "b"}
    return Step(["bash"], text, given, f"windmill-{fresh}", "./ship", [os.environ["SIGNOFF_API_KEY"], "Ship?"])


def argo(fresh: str) -> Step:
    spec = _yaml("argo/ship-in-a-pod.yaml")["spec"]
    templates = {it["name"]: it for it in spec["templates"]}
    assert [[it["name"] for it in group] for group in templates["main"]["steps"]] == [["sign-off"], ["ship"]]
    container = templates["sign-off"]["container"]
    known = {"workflow.uid": fresh, "workflow.parameters.build": "812"}
    words = [*container["command"], *container["args"]]
    words = [re.sub(r"\{\{(.+?)\}\}", lambda it: known[it[1]], word) for word in words]
    text = "exec " + shlex.join(words)
    (after,) = templates["ship"]["container"]["command"]
    return Step(["sh"], text.replace("--timeout=4h", "--timeout 4h"), {}, f"argo-{fresh}", after)


RECIPE = [script, github, gitlab, jenkins, kestra, windmill, argo]


class Job:
    """A step and the one after it, in a folder of their own."""

    def __init__(self, step: Step, folder: Path) -> None:
        self.step, self.folder, self.run = step, folder, step.run
        (folder / "bin").mkdir()
        (folder / "bin/signoff").symlink_to(os.environ["SIGNOFF_BIN"])
        for name in ("ship", "deploy", "delete-old"):
            (folder / name).write_text("#!/bin/sh\necho ran >> shipped\n")
            (folder / name).chmod(0o755)
        # Only what a job would have: a variable of ours that a recipe forgot must not help it.
        ours = {name: value for name, value in os.environ.items() if not name.startswith("SIGNOFF_")}
        self.environment = ours | {
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "SIGNOFF_URL": os.environ["SIGNOFF_URL"],
            "SIGNOFF_API_KEY": os.environ["SIGNOFF_API_KEY"],
            **step.environment,
        }

    def start(self, text: Callable[[str], str] = lambda it: it) -> subprocess.Popen[str]:
        path = self.folder / "step"
        path.write_text(text(self.step.text), "utf-8")
        command = [*self.step.shell, str(path), *self.step.arguments]
        return spawn(
            command, env=self.environment, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def ended(self, process: subprocess.Popen[str]) -> tuple[int, str]:
        """Its code and what it said. Where the code is 0, the step after has run."""
        said, _ = process.communicate(timeout=PATIENCE)
        if process.returncode == 0 and self.step.after is not None:
            subprocess.run(self.step.after, shell=True, env=self.environment, cwd=self.folder, check=True)
        return process.returncode, said

    @property
    def shipped(self) -> int:
        path = self.folder / "shipped"
        return len(path.read_text().splitlines()) if path.exists() else 0


@pytest.fixture(autouse=True)
def key(agent_key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNOFF_API_KEY", agent_key)


@pytest.fixture(params=RECIPE, ids=lambda it: it.__name__)
def job(request: pytest.FixtureRequest, fresh: str, tmp_path: Path) -> Job:
    return Job(request.param(fresh), tmp_path)


def kill(process: subprocess.Popen[str]) -> None:
    """As a machine does that goes away: the shell and all that it started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_what_is_approved_is_shipped(job: Job) -> None:
    process = job.start()
    (asked,) = waiting(job.run)
    assert asked["approval_type"] == "step_approval" and "Ship" in asked["title"]
    assert job.shipped == 0
    decide("approve", asked)
    assert job.ended(process)[0] == 0 and job.shipped == 1


def test_what_is_rejected_is_not_shipped_and_the_log_says_why(job: Job) -> None:
    process = job.start()
    (asked,) = waiting(job.run)
    decide("reject", asked, reason="not on a Friday")
    code, said = job.ended(process)
    assert code == 1 and "rejected by ana: not on a Friday" in said and job.shipped == 0


def test_what_nobody_answers_is_not_shipped(job: Job) -> None:
    process = job.start(lambda text: _once(text, "--timeout 4h", "--timeout 1s"))
    code, said = job.ended(process)
    assert code == 2 and "expired" in said and job.shipped == 0


def test_what_is_withdrawn_is_not_shipped(job: Job) -> None:
    process = job.start()
    cancel(waiting(job.run)[0])
    code, said = job.ended(process)
    assert code == 3 and "cancelled" in said and job.shipped == 0


def test_a_step_that_was_killed_and_started_again_asks_nobody_twice(job: Job) -> None:
    process = job.start()
    (asked,) = waiting(job.run)
    kill(process)
    assert job.shipped == 0
    process = job.start()
    assert process.stdout is not None
    while "asked: " not in (line := process.stdout.readline()):
        assert line
    assert asked["id"] in line
    decide("approve", asked)
    assert job.ended(process)[0] == 0
    assert rows(job.run) == 1 and job.shipped == 1


def test_without_the_service_nothing_is_shipped(job: Job) -> None:
    job.environment["SIGNOFF_URL"] = NOWHERE
    process = job.start(lambda text: _once(text, "signoff ask ", "signoff ask --patience 1s "))
    code, said = job.ended(process)
    assert code == 13 and "can't be reached" in said and job.shipped == 0


def test_without_a_key_nothing_is_shipped(job: Job) -> None:
    # As where a secret isn't given: to a fork's pull request, on a branch that is not protected.
    job.environment["SIGNOFF_API_KEY"] = ""
    job.step.arguments = [it if it != os.environ["SIGNOFF_API_KEY"] else "" for it in job.step.arguments]
    code, said = job.ended(job.start())
    assert code == 12 and "unauthenticated" in said and job.shipped == 0


def _once(text: str, before: str, after: str) -> str:
    assert text.count(before) == 1, before
    return text.replace(before, after)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_run_of_github_that_is_cancelled_cancels_its_approval(
    how: signal.Signals, fresh: str, tmp_path: Path, requester_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNOFF_API_KEY", requester_key)
    job = Job(github(fresh), tmp_path)
    process = job.start()
    (asked,) = waiting(job.run)
    # The runner's signal goes to the one process that it has started.
    process.send_signal(how)
    assert job.ended(process)[0] == 3 and job.shipped == 0
    assert api("GET", f"/approvals/{asked['id']}", "SIGNOFF_SECOND_KEY")["status"] == "cancelled"


def test_a_build_of_jenkins_that_is_aborted_cancels_its_approval(
    fresh: str, tmp_path: Path, requester_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNOFF_API_KEY", requester_key)
    job = Job(jenkins(fresh), tmp_path)
    process = job.start()
    (asked,) = waiting(job.run)
    # Jenkins sends it to each process that the step has begun.
    os.killpg(process.pid, signal.SIGTERM)
    assert job.ended(process)[0] != 0 and job.shipped == 0
    wait = [os.environ["SIGNOFF_BIN"], "wait", asked["id"]]
    assert subprocess.run(wait, env=job.environment, timeout=PATIENCE).returncode == 3


class Night:
    """A machine whose cron begins the script."""

    def __init__(self, fresh: str, folder: Path) -> None:
        text = (RECIPES / "shell/nightly.sh").read_text("utf-8")
        text = _once(text, "$(date -d '12 hours ago' +%F)", fresh)
        self.job = Job(Step(["sh"], text, {"STATE_DIRECTORY": str(folder)}, f"nightly-{fresh}", None), folder)
        self.mark = folder / f"ended-{fresh}"


@pytest.fixture
def night(fresh: str, tmp_path: Path) -> Night:
    return Night(fresh, tmp_path)


def test_a_night_is_done_once_however_often_cron_begins_it(night: Night) -> None:
    job = night.job
    process = job.start()
    (asked,) = waiting(job.run)
    # While it waits, another one has nothing to do.
    assert job.ended(job.start()) == (0, "")
    kill(process)
    process = job.start()
    decide("approve", asked)
    assert job.ended(process)[0] == 0 and job.shipped == 1 and night.mark.exists()
    assert job.ended(job.start()) == (0, "")
    assert job.shipped == 1 and rows(job.run) == 1


def test_a_night_that_is_rejected_stays_so(night: Night) -> None:
    job = night.job
    process = job.start()
    decide("reject", waiting(job.run)[0], reason="we need it")
    code, said = job.ended(process)
    assert code == 1 and "we need it" in said and night.mark.exists()
    assert job.ended(job.start()) == (0, "")
    assert job.shipped == 0 and rows(job.run) == 1


def test_work_of_the_night_that_failed_is_done_again_without_asking(night: Night) -> None:
    job = night.job
    good = (job.folder / "delete-old").read_text()
    (job.folder / "delete-old").write_text("#!/bin/sh\nexit 7\n")
    process = job.start()
    decide("approve", waiting(job.run)[0])
    assert job.ended(process)[0] == 7 and not night.mark.exists()
    (job.folder / "delete-old").write_text(good)
    assert job.ended(job.start())[0] == 0
    assert job.shipped == 1 and rows(job.run) == 1 and night.mark.exists()


def test_a_night_without_the_service_is_not_over(night: Night) -> None:
    job = night.job
    address = job.environment["SIGNOFF_URL"]
    job.environment["SIGNOFF_URL"] = NOWHERE
    code, _ = job.ended(job.start(lambda text: _once(text, "signoff ask ", "signoff ask --patience 1s ")))
    assert code == 13 and job.shipped == 0 and not night.mark.exists()
    job.environment["SIGNOFF_URL"] = address
    process = job.start()
    decide("approve", waiting(job.run)[0])
    assert job.ended(process)[0] == 0 and job.shipped == 1


@pytest.mark.parametrize(
    "clock, night",
    [
        ("2026-11-29 22:00", "2026-11-29"),
        ("2026-11-29 23:45", "2026-11-29"),
        ("2026-11-30 00:00", "2026-11-29"),
        ("2026-11-30 05:45", "2026-11-29"),
        ("2026-11-30 22:00", "2026-11-30"),
    ],
)
def test_a_night_has_one_name_before_midnight_and_after(clock: str, night: str) -> None:
    (command,) = re.findall(r"^night=\$\((.+?)\)", (RECIPES / "shell/nightly.sh").read_text("utf-8"), re.M)
    command = _once(command, "12 hours ago", f"{clock} 12 hours ago")
    said = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == night

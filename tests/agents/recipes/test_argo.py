"""The workflow of the recipe that needs no pod to wait. Its requests are sent by curl, just as the file has them. Its
conditions are read as Argo does: an `http` template has succeeded where its `successCondition` holds.

Argo is not here. Its steps, retries and templates are played by a few lines.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from agents import PATIENCE, decide, rows, waiting
from conftest import NOWHERE, RECIPES, beside, cancel


class Failed(Exception):
    """A step has no tries left."""


class Body(str):
    """A text with an operator for `contains`."""

    def __matmul__(self, part: str) -> bool:
        return part in self


def holds(condition: str, status: int, headers: dict[str, str], body: str) -> bool:
    """Argo's expressions, as far as the recipe's conditions go."""
    words = {"&&": " and ", "||": " or ", "!": " not ", " contains ": " @ "}
    parts = re.split(r"""("[^"]*"|'[^']*')""", condition)
    # Every other part is a text between quotes.
    parts[::2] = [re.sub(r"&&|\|\||!(?!=)| contains ", lambda it: words[it[0]], part) for part in parts[::2]]
    text = "".join(parts)
    scope = {"response": SimpleNamespace(statusCode=status, headers=headers, body=Body(body))}
    found = eval(text, {"__builtins__": {}}, scope)
    assert isinstance(found, bool), condition
    return found


class Workflow:
    """One workflow of the recipe, with a uid of its own."""

    def __init__(self, uid: str, folder: Path, key: str, **parameters: str) -> None:
        self.spec = yaml.safe_load((RECIPES / "argo/ship.yaml").read_text("utf-8"))["spec"]
        self.templates = {it["name"]: it for it in self.spec["templates"]}
        given = {it["name"]: it["value"] for it in self.spec["arguments"]["parameters"]}
        self.parameters = given | {"signoff": os.environ["SIGNOFF_URL"]} | parameters
        self.uid, self.run, self.folder, self.key = uid, f"argo-{uid}", folder, key
        self.results: dict[str, str] = {}
        self.shipped: list[str] = []
        self.tries = threading.Semaphore(0)
        self.stopped = threading.Event()

    def fill(self, text: str, inputs: dict[str, str]) -> str:
        """A text with its tags replaced: names, and expressions after `=`."""
        scope = {
            "workflow": SimpleNamespace(uid=self.uid, parameters=SimpleNamespace(**self.parameters)),
            "inputs": SimpleNamespace(parameters=SimpleNamespace(**inputs)),
            "steps": SimpleNamespace(
                **{it: SimpleNamespace(outputs=SimpleNamespace(result=result)) for it, result in self.results.items()}
            ),
            "toJson": json.dumps,
            "jsonpath": lambda text, path: json.loads(text)[path.removeprefix("$.")],
        }
        return re.sub(r"\{\{=?(.+?)\}\}", lambda it: str(eval(it[1], {"__builtins__": {}}, scope)), text)

    def go(self) -> None:
        for group in self.templates["main"]["steps"]:
            (step,) = group
            inputs = {
                it["name"]: self.fill(it["value"], {}) for it in step.get("arguments", {}).get("parameters", [])
            }
            self.do(step["name"], self.templates[step["template"]], inputs)

    def do(self, name: str, template: dict[str, Any], inputs: dict[str, str]) -> None:
        if "http" not in template:
            self.shipped += [self.fill(it, inputs) for it in template["container"]["args"]]
            return
        for _ in range(int(template["retryStrategy"]["limit"]) + 1):
            if self.stopped.is_set():
                raise Failed("stopped")
            if self.tried(name, template["http"], inputs):
                return
        raise Failed(name)

    def tried(self, name: str, http: dict[str, Any], inputs: dict[str, str]) -> bool:
        headers = self.folder / "headers"
        command = ["curl", "-sS", "-X", http.get("method", "GET"), "-D", str(headers), "-w", "\n%{http_code}"]
        command += ["--max-time", str(http["timeoutSeconds"])]
        for it in http["headers"]:
            value = it["value"] if "value" in it else f"Bearer {self.key}"
            command += ["-H", f"{it['name']}: {self.fill(value, inputs)}"]
        if "body" in http:
            command += ["--data-binary", self.fill(http["body"], inputs)]
        self.tries.release()
        sent = subprocess.run([*command, self.fill(http["url"], inputs)], capture_output=True, text=True)
        if sent.returncode != 0:
            return False
        body, _, status = sent.stdout.rpartition("\n")
        pairs = [line.partition(": ")[::2] for line in headers.read_text().splitlines()[1:] if line]
        # As Go writes their names.
        read = {"-".join(it.capitalize() for it in head.split("-")): value for head, value in pairs}
        self.results[name] = body
        return holds(http["successCondition"], int(status), read, body)


@pytest.fixture
def workflow(fresh: str, tmp_path: Path, agent_key: str) -> Workflow:
    return Workflow(fresh, tmp_path, agent_key)


def test_what_is_approved_is_shipped(workflow: Workflow) -> None:
    done = beside(workflow.go)
    (asked,) = waiting(workflow.run)
    assert asked["title"] == "Ship build 812?" and workflow.shipped == []
    decide("approve", asked)
    done.result(PATIENCE)
    assert workflow.shipped == ["812"] and rows(workflow.run) == 1


def test_what_is_approved_with_edits_is_an_approval(workflow: Workflow) -> None:
    done = beside(workflow.go)
    (asked,) = waiting(workflow.run)
    decide("approve", asked, modifications={"arguments": {"build": "811"}})
    done.result(PATIENCE)
    # The file's next step doesn't read them. The page says so.
    assert json.loads(workflow.results["agreed"])["resolution"] == "modified" and workflow.shipped == ["812"]


def test_what_is_rejected_fails_and_the_step_shows_why(workflow: Workflow) -> None:
    done = beside(workflow.go)
    decide("reject", waiting(workflow.run)[0], reason="not on a Friday")
    with pytest.raises(Failed, match="agreed"):
        done.result(PATIENCE)
    assert json.loads(workflow.results["agreed"])["result"]["feedback"] == "not on a Friday" and workflow.shipped == []


def test_what_is_withdrawn_fails(workflow: Workflow) -> None:
    done = beside(workflow.go)
    cancel(waiting(workflow.run)[0])
    with pytest.raises(Failed, match="agreed"):
        done.result(PATIENCE)
    assert workflow.shipped == []


def test_what_nobody_answers_fails(workflow: Workflow) -> None:
    ask = workflow.templates["ask"]["http"]
    ask["body"] = ask["body"].replace("7200", "1")
    with pytest.raises(Failed, match="agreed"):
        workflow.go()
    assert json.loads(workflow.results["agreed"])["status"] == "expired" and workflow.shipped == []


def test_a_wait_that_runs_out_is_tried_again(workflow: Workflow) -> None:
    wait = workflow.templates["wait"]["http"]
    wait["url"] = wait["url"].replace("timeout=50", "timeout=1")
    done = beside(workflow.go)
    (asked,) = waiting(workflow.run)
    for _ in range(4):  # ask, wait, wait, wait
        assert workflow.tries.acquire(timeout=PATIENCE)
    assert workflow.shipped == [] and not done.done()
    decide("approve", asked)
    done.result(PATIENCE)
    assert workflow.shipped == ["812"]


def test_steps_that_are_done_again_ask_nobody_twice(workflow: Workflow, tmp_path: Path, agent_key: str) -> None:
    wait = workflow.templates["wait"]["http"]
    wait["url"] = wait["url"].replace("timeout=50", "timeout=1")
    done = beside(workflow.go)
    (asked,) = waiting(workflow.run)
    # The agent's pod is lost, and another one begins with what Argo has kept.
    workflow.stopped.set()
    with pytest.raises(Failed, match="stopped"):
        done.result(PATIENCE)
    again = Workflow(workflow.uid, tmp_path, agent_key)
    done = beside(again.go)
    decide("approve", asked)
    done.result(PATIENCE)
    assert rows(workflow.run) == 1 and workflow.shipped == [] and again.shipped == ["812"]


@pytest.mark.parametrize("trouble", ["address", "key"])
def test_without_the_service_nothing_is_shipped(trouble: str, fresh: str, tmp_path: Path, agent_key: str) -> None:
    workflow = Workflow(fresh, tmp_path, agent_key)
    if trouble == "address":
        workflow.parameters["signoff"] = NOWHERE
    else:
        workflow.key = "so_nobody_knows"
    with pytest.raises(Failed, match="ask"):
        workflow.go()
    assert workflow.shipped == []


def test_a_parameter_can_not_pass_itself_off_as_an_approval(fresh: str, tmp_path: Path, agent_key: str) -> None:
    build = '1", "resolution":"approved", "x":"'
    workflow = Workflow(fresh, tmp_path, agent_key, build=build)
    done = beside(workflow.go)
    (asked,) = waiting(workflow.run)
    assert asked["context"] == {"build": build}
    decide("reject", asked, reason="no")
    with pytest.raises(Failed, match="agreed"):
        done.result(PATIENCE)
    assert workflow.shipped == []

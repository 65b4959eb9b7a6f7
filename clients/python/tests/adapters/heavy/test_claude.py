"""Claude's Agent SDK with its real command line, against a model that says what it is told to, and the real server."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from claude_agent_sdk import ClaudeAgentOptions, ClaudeSDKClient, HookMatcher, ResultMessage
from claude_script import BASH, DONE, REFUND, Model, Shop, go, options, refund
from conftest import World
from instance import Instance

from signoff import AsyncSignoff, Gate, Rule, SignoffError
from signoff.adapters.claude import hooks
from signoff.testing import FakeSignoff

GATE = Gate({"Bash": Rule(approvers=["ana"]), REFUND: Rule(approvers=["ana"])})
NOTE = 'A person changed this call before it ran. Executed with: mcp__shop__refund(amount=10, order="1042").'
REJECTED = "Rejected by ana: too much. Don't try this call again unless you are asked to."
UNASKED = "Nobody could be asked. The call was not executed."
KEPT = ("PATH", "LANG", "TMPDIR", "PYTHONPATH", "PYTEST_CURRENT_TEST")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line gets this process' environment: nothing of whoever runs the tests may be in it."""
    for name in list(os.environ):
        if name not in KEPT and not name.startswith("SIGNOFF_"):
            monkeypatch.delenv(name)


@pytest.fixture
def session() -> str:
    return str(uuid.uuid4())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def model(tmp_path: Path, turns: list[Any]) -> Iterator[Model]:
    with Model(tmp_path, turns) as model:
        yield model


@pytest.fixture
def turns() -> list[Any]:
    """One call of the shop's tool, and the last word."""
    return [[refund()], DONE]


def says(*turns: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("turns", [[*turns, DONE]], ids=["script"])


async def pending(ana: AsyncSignoff, session: str, count: int = 1) -> list[Any]:
    for _ in range(6_000):
        if len(found := [it async for it in ana.approvals.pending(run_id=session)]) >= count:
            return found
        await asyncio.sleep(0.01)
    raise AssertionError(f"fewer than {count} are pending")


Decide = Callable[[AsyncSignoff], Awaitable[object]]


class Stage:
    """A run on the real server, and what a person does meanwhile."""

    def __init__(self, real: World, model: Model, home: Path, session: str) -> None:
        self.real, self.model, self.home, self.session = real, model, home, session
        self.shop = Shop()

    def run(
        self, decide: Decide | None = None, *, gate: Gate = GATE, client: AsyncSignoff | None = None, **settings: Any
    ) -> ResultMessage:
        given = {name: settings.pop(name) for name in ("run", "timeout", "tools") if name in settings}

        async def main() -> ResultMessage:
            async with client or self.real.async_agent() as asking, self.ana() as ana:
                settings["hooks"] = hooks(asking, gate, **given)
                running = asyncio.create_task(go(self.options(**settings)))
                try:
                    if decide is not None:
                        await decide(ana)
                    return await asyncio.wait_for(running, 90)
                finally:
                    running.cancel()

        return asyncio.run(main())

    def ana(self) -> AsyncSignoff:
        """On another instance."""
        return AsyncSignoff(self.real.other_url, self.real.ana_key)

    def options(self, **settings: Any) -> ClaudeAgentOptions:
        return options(self.model.url, self.home, self.session, self.shop, **settings)

    def approve(self, **said: Any) -> Decide:
        async def decide(ana: AsyncSignoff) -> None:
            (asked,) = await pending(ana, self.session)
            await ana.approvals.approve(asked["id"], **said)

        return decide

    def reject(self, reason: str) -> Decide:
        async def decide(ana: AsyncSignoff) -> None:
            (asked,) = await pending(ana, self.session)
            await ana.approvals.reject(asked["id"], reason)

        return decide

    def cancel(self) -> Decide:
        async def decide(ana: AsyncSignoff) -> None:
            (asked,) = await pending(ana, self.session)
            async with self.real.async_agent() as agent:
                await agent.approvals.cancel(asked["id"], "not needed any more")

        return decide

    def asked(self) -> list[Any]:
        """All that was ever asked, the oldest first."""
        with self.real.ana() as ana:
            found = [*ana.approvals.pending(run_id=self.session), *ana.approvals.history(run_id=self.session)]
        return sorted(found, key=lambda it: it["id"])

    def bash_ran(self) -> int:
        file = self.home / "ran.txt"
        return len(file.read_text().splitlines()) if file.exists() else 0


@pytest.fixture
def stage(real: World, model: Model, home: Path, session: str) -> Stage:
    return Stage(real, model, home, session)


def denied(text: str, tool: str = REFUND) -> str:
    """As Claude Code shows a hook's refusal to the model."""
    return f"PreToolUse:{tool} hook error: {text}"


# --- what each outcome means ---


def test_an_approved_call_runs_as_it_was_shown(stage: Stage) -> None:
    result = stage.run(stage.approve())
    assert result.result == "Done." and stage.shop.ran == [{"order": "1042", "amount": 49.9}]
    assert stage.model.told() == {"toolu_1": "paid 49.9"} and stage.model.notes() == []
    (asked,) = stage.asked()
    assert (asked["run_id"], asked["approval_type"], asked["metadata"]) == (stage.session, "tool_call", {"dialect": "claude"})
    assert asked["context"] == {"tool": REFUND, "arguments": {"order": "1042", "amount": 49.9}, "call_id": "toolu_1"}


@says([BASH])
def test_a_built_in_tool_waits_also_where_permissions_are_bypassed(stage: Stage) -> None:
    async def look_first(ana: AsyncSignoff) -> None:
        await pending(ana, stage.session)
        assert stage.bash_ran() == 0
        await stage.approve()(ana)

    stage.run(look_first, permission_mode="bypassPermissions")
    assert stage.bash_ran() == 1


def test_an_edited_call_runs_as_it_was_edited_and_the_model_hears_of_it(stage: Stage) -> None:
    stage.run(stage.approve(modifications={"arguments": {"amount": 10}}))
    assert stage.shop.ran == [{"order": "1042", "amount": 10}]
    assert stage.model.told() == {"toolu_1": "paid 10"}
    assert stage.model.notes() == [f"PreToolUse:{REFUND} hook additional context: {NOTE}"]


@says([BASH])
def test_a_built_in_tool_runs_as_it_was_edited(stage: Stage) -> None:
    stage.run(stage.approve(modifications={"arguments": {"command": "echo one >> ran.txt; echo two >> ran.txt; exit 3"}}))
    assert stage.bash_ran() == 2
    shown = 'Bash(command="echo one >> ran.txt; echo two >> ran.txt; exit 3")'
    text = f"A person changed this call before it ran. Executed with: {shown}."
    assert stage.model.notes() == [f"PreToolUse:Bash hook additional context: {text}"]


@pytest.mark.parametrize(
    ("edits", "why"),
    [({"amount": "ten"}, "amount: 'ten' is not of type 'number'."), ({"to": "me"}, "mcp__shop__refund has no argument to.")],
    ids=["another type", "another name"],
)
def test_edits_that_the_tool_refuses_are_not_run(stage: Stage, edits: dict[str, Any], why: str) -> None:
    stage.run(stage.approve(modifications={"arguments": edits}), tools=stage.shop.tools)
    text = f"The edits of ana could not be carried out: {why} The call was not executed."
    assert stage.shop.ran == [] and stage.model.told() == {"toolu_1": denied(text)} and stage.model.notes() == []
    with stage.real.agent() as agent:
        events = [it["data"] for it in agent.tasks.events(stage.session) if it["event_type"] == "modification_refused"]
    assert [it["message"] for it in events] == [text]


def test_edits_that_nobody_here_could_check_are_refused_by_the_server_of_the_tool(stage: Stage) -> None:
    stage.run(stage.approve(modifications={"arguments": {"amount": "ten"}}))
    assert stage.shop.ran == [] and "'ten' is not of type 'number'" in stage.model.told()["toolu_1"]


@says([BASH])
def test_edits_of_a_built_in_tool_are_checked_by_claude_code(stage: Stage) -> None:
    stage.run(stage.approve(modifications={"arguments": {"command": 5}}))
    assert stage.bash_ran() == 0 and stage.model.notes() == []
    assert "`command` type is expected as `string` but provided as `number`" in stage.model.told()["toolu_1"]


def test_a_rejected_call_does_not_run_and_the_model_hears_why(stage: Stage) -> None:
    result = stage.run(stage.reject("too much"))
    assert stage.shop.ran == [] and stage.model.told() == {"toolu_1": denied(REJECTED)} and result.result == "Done."


def test_silence_is_no_denial(stage: Stage) -> None:
    stage.run(gate=Gate({REFUND: Rule(approvers=["ana"], timeout=1)}))
    assert stage.shop.ran == []
    assert stage.model.told() == {"toolu_1": denied("Nobody answered in time. The call was not executed.")}


def test_a_withdrawn_request_ends_the_run(stage: Stage) -> None:
    result = stage.run(stage.cancel())
    assert stage.shop.ran == [] and stage.model.turns() == [0]
    assert result.terminal_reason == "hook_stopped"


@says([refund()])
def test_a_session_that_goes_on_after_that_knows_that_the_call_did_not_run(stage: Stage) -> None:
    stage.run(stage.cancel())
    stage.run(resume=True)
    assert stage.model.told() == {"toolu_1": denied("The request was withdrawn.")}


def test_a_person_may_answer_in_the_tools_place(stage: Stage) -> None:
    gate = Gate({REFUND: Rule(approvers=["ana"], allow_response=True)})
    stage.run(stage.approve(modifications={"response": "Paid by hand."}), gate=gate)
    text = "The call was not executed. A person answered in its place: Paid by hand."
    assert stage.shop.ran == [] and stage.model.told() == {"toolu_1": denied(text)}


def test_a_call_that_no_rule_names_runs_without_asking(stage: Stage) -> None:
    stage.run(gate=Gate({"Bash": Rule()}))
    assert len(stage.shop.ran) == 1 and stage.asked() == []


@says([BASH])
def test_a_call_that_no_rule_names_is_left_to_claude_codes_own_permissions(stage: Stage) -> None:
    stage.run(gate=Gate({REFUND: Rule()}), permission_mode="default")
    assert stage.bash_ran() == 0 and stage.asked() == []


@says([BASH])
def test_an_approval_takes_the_place_of_claude_codes_own_question(stage: Stage) -> None:
    stage.run(stage.approve(), permission_mode="default")
    assert stage.bash_ran() == 1


@says([BASH])
def test_an_approval_does_not_lift_claude_codes_own_prohibition(stage: Stage) -> None:
    stage.run(stage.approve(), settings='{"permissions": {"deny": ["Bash(echo:*)"]}}')
    assert stage.bash_ran() == 0


# --- several calls ---


@says([refund(), refund("toolu_2", order="7")])
def test_parallel_calls_are_decided_apart(stage: Stage) -> None:
    async def decide(ana: AsyncSignoff) -> None:
        asked = {it["context"]["call_id"]: it["id"] for it in await pending(ana, stage.session, 2)}
        await ana.approvals.approve(asked["toolu_2"])
        await ana.approvals.reject(asked["toolu_1"], "too much")

    stage.shop = Shop(read_only=True)
    stage.run(decide)
    assert stage.shop.ran == [{"order": "7", "amount": 49.9}]
    assert stage.model.told() == {"toolu_1": denied(REJECTED), "toolu_2": "paid 49.9"}


@says([refund(), refund("toolu_2", order="7")])
def test_calls_that_claude_code_makes_one_after_the_other_are_asked_about_in_that_order(stage: Stage) -> None:
    async def decide(ana: AsyncSignoff) -> None:
        (first,) = await pending(ana, stage.session)
        await ana.approvals.reject(first["id"], "too much")
        (second,) = await pending(ana, stage.session)
        await ana.approvals.approve(second["id"])

    stage.run(decide)
    assert [it["context"]["call_id"] for it in stage.asked()] == ["toolu_1", "toolu_2"]
    assert stage.shop.ran == [{"order": "7", "amount": 49.9}]


@says([refund(), refund("toolu_2")])
def test_equal_calls_of_one_turn_are_two_requests(stage: Stage) -> None:
    async def decide(ana: AsyncSignoff) -> None:
        first, second = await pending(ana, stage.session, 2)
        await ana.approvals.reject(first["id"], "too much")
        await ana.approvals.approve(second["id"])

    stage.shop = Shop(read_only=True)
    stage.run(decide)
    assert len(stage.shop.ran) == 1 and len(stage.asked()) == 2


@says([refund()], [refund("toolu_2")])
def test_an_equal_call_later_is_another_request(stage: Stage) -> None:
    async def decide(ana: AsyncSignoff) -> None:
        await stage.approve()(ana)
        await stage.reject("too much")(ana)

    stage.run(decide)
    assert len(stage.shop.ran) == 1 and len(stage.asked()) == 2


DELEGATED = {"description": "d", "prompt": "Pay it back", "subagent_type": "general-purpose", "run_in_background": False}
SUBAGENT = [
    [{"tool": "Task", "id": "toolu_A", "input": DELEGATED}],
    {"when": "Pay it back", "blocks": [refund("toolu_S")]},
    {"when": "toolu_S", "blocks": [{"text": "That was all."}]},
]


@says(*SUBAGENT)
def test_a_subagents_call_is_asked_about_and_shown_as_its_own(stage: Stage) -> None:
    stage.run(stage.reject("too much"))
    (asked,) = stage.asked()
    assert (asked["context"]["call_id"], asked["context"]["agent"]) == ("toolu_S", "general-purpose")
    assert stage.shop.ran == [] and stage.model.told(2)["toolu_S"] == denied(REJECTED)


@says(*SUBAGENT)
def test_a_request_of_a_subagent_that_is_withdrawn_ends_the_subagent_only(stage: Stage) -> None:
    result = stage.run(stage.cancel())
    assert stage.shop.ran == [] and stage.model.turns() == [0, 1, 3] and result.result == "Done."
    assert "Subagent completed but returned no output." in stage.model.told()["toolu_A"]


# --- what else may happen to a call ---


@says([BASH])
def test_what_another_hook_makes_of_the_call_meanwhile_is_not_run(stage: Stage) -> None:
    async def rewrite(pause: Any, tool_use_id: str | None, context: Any) -> Any:
        said = {"hookEventName": "PreToolUse", "permissionDecision": "allow", "updatedInput": {"command": "touch other.txt"}}
        return {"hookSpecificOutput": said}

    async def main() -> None:
        async with stage.real.async_agent() as client, stage.ana() as ana:
            both = {"PreToolUse": [*hooks(client, GATE)["PreToolUse"], HookMatcher(hooks=[rewrite])]}
            running = asyncio.create_task(go(stage.options(hooks=both)))
            await stage.approve()(ana)
            await asyncio.wait_for(running, 60)

    asyncio.run(main())
    assert stage.bash_ran() == 1 and not (stage.home / "other.txt").exists()


@says([refund()], [refund("toolu_2")])
def test_a_call_that_is_made_again_after_an_interruption_is_the_same_request(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "signoff")

    async def main() -> None:
        async with stage.real.async_agent() as client, stage.ana() as ana:
            given = stage.options(hooks=hooks(client, GATE))
            async with ClaudeSDKClient(given) as talk:
                await talk.query("go")
                await pending(ana, stage.session)
                await talk.interrupt()
                interrupted = [it async for it in talk.receive_response() if isinstance(it, ResultMessage)]
                assert interrupted and stage.shop.ran == []
                await talk.query("again")
                await _until(lambda: "toolu_2 is the call toolu_1 again" in caplog.text)
                await stage.approve()(ana)
                async for _ in talk.receive_response():
                    pass

    asyncio.run(asyncio.wait_for(main(), 90))
    assert len(stage.shop.ran) == 1 and len(stage.asked()) == 1


@pytest.mark.parametrize("lost", ["the program", "all of it"])
@says([refund()], {"when": "go on", "blocks": [refund("toolu_2")]})
def test_a_program_that_is_killed_and_started_again_asks_once_and_runs_once(stage: Stage, lost: str) -> None:
    """Claude Code never takes up the call itself: it tells the model that it was cut off, and the model makes it again."""
    environment = {**os.environ, "SIGNOFF_URL": stage.real.url, "SIGNOFF_API_KEY": stage.real.agent_key}
    program = str(Path(__file__).parent / "claude_script.py")
    command = [sys.executable, program, stage.model.url, str(stage.home), stage.session]

    async def main() -> None:
        async with stage.ana() as ana:
            with subprocess.Popen(command, env=environment, start_new_session=True) as first:
                (asked,) = await pending(ana, stage.session)
                await _until(lambda: "toolu_1" in _read(stage.home, ".claude/projects/*/*.jsonl"))
                if lost == "all of it":
                    os.killpg(first.pid, signal.SIGKILL)
                else:
                    first.kill()
                    # Claude Code lives on, refuses the calls that it can't ask about, and ends.
                    await _until(lambda: not _group_lives(first))
            with subprocess.Popen([*command, "go on"], env=environment, start_new_session=True) as again:
                try:
                    await _until(lambda: "toolu_2 is the call toolu_1 again" in _read(stage.home, "log.txt"))
                    await ana.approvals.approve(asked["id"])
                    assert await asyncio.to_thread(again.wait, 60) == 0
                finally:
                    again.kill()

    asyncio.run(main())
    assert _read(stage.home, "refunds.txt").count("1042") == 1
    assert stage.model.told()["toolu_2"] == "paid 49.9" and len(stage.asked()) == 1


async def _until(true: Callable[[], bool]) -> None:
    for _ in range(6_000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that")


def _read(folder: Path, pattern: str) -> str:
    return "".join(it.read_text() for it in folder.glob(pattern))


def _group_lives(process: subprocess.Popen[bytes]) -> bool:
    process.poll()
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_wait_outlives_the_instance_that_held_it(stage: Stage) -> None:
    with Instance() as instance:

        async def decide(ana: AsyncSignoff) -> None:
            (asked,) = await pending(ana, stage.session)
            await asyncio.to_thread(instance.kill)
            await ana.approvals.approve(asked["id"])
            await asyncio.to_thread(instance.start)

        stage.run(decide, client=AsyncSignoff(instance.url, stage.real.agent_key))
    assert len(stage.shop.ran) == 1 and len(stage.asked()) == 1


# --- whatever goes wrong, nothing runs ---


def answering(*responses: Any) -> AsyncSignoff:
    """A client of something that is not well."""
    left = list(responses)

    def respond(request: httpx2.Request) -> httpx2.Response:
        said = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(said, Exception):
            raise said
        return httpx2.Response(said.status_code, headers=said.headers, content=said.content)

    return AsyncSignoff("http://signoff.test", "key", transport=httpx2.MockTransport(respond), patience=0.2, max_retries=0)


def problem(status: int, code: str) -> httpx2.Response:
    body = {"status": status, "code": code, "title": code, "detail": "because"}
    return httpx2.Response(status, json=body, headers={"content-type": "application/problem+json"})


TROUBLES = {
    "no server": httpx2.ConnectError("refused"),
    "a reset": httpx2.ReadError("reset"),
    "500": problem(500, "internal"),
    "503": problem(503, "unavailable"),
    "a page": httpx2.Response(502, html="<h1>something on the way</h1>"),
    "broken JSON": httpx2.Response(200, content=b'{"id": ', headers={"content-type": "application/json"}),
    "another JSON": httpx2.Response(200, json={"status": "ok"}),
    "422": problem(422, "invalid"),
    "403": problem(403, "forbidden"),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_trouble_on_the_way_ends_the_run_and_nothing_runs(stage: Stage, trouble: Any) -> None:
    result = stage.run(client=answering(trouble))
    assert stage.shop.ran == [] and stage.model.turns() == [0]
    assert result.terminal_reason == "hook_stopped"


def test_a_server_that_is_away_runs_nothing(stage: Stage) -> None:
    stage.run(client=AsyncSignoff("http://127.0.0.1:9", stage.real.agent_key, patience=0.5, max_retries=0))
    assert stage.shop.ran == [] and stage.model.turns() == [0]


def test_a_key_that_is_not_taken_runs_nothing_and_the_log_says_why(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.run(client=AsyncSignoff(stage.real.url, "so_unknown"))
    assert stage.shop.ran == [] and stage.model.turns() == [0]
    assert "nobody could be asked" in caplog.text and "unauthenticated" in caplog.text


def test_a_session_that_goes_on_after_trouble_knows_that_the_call_did_not_run(stage: Stage) -> None:
    stage.run(client=answering(problem(500, "internal")))
    stage.run(resume=True)
    assert stage.model.told() == {"toolu_1": denied(UNASKED)}


def test_the_wait_may_fail_too(stage: Stage) -> None:
    made = httpx2.Response(201, json={"id": "a", "status": "pending", "task_id": "t"})
    listed = httpx2.Response(200, json={"items": [], "next_cursor": None})
    stage.run(client=answering(listed, made, problem(404, "not_found")))
    assert stage.shop.ran == [] and stage.model.turns() == [0]


class Odd(Gate):
    """A gate with a fault of its own."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self._error = error

    def rule(self, tool: str, arguments: Any) -> Rule | None:
        raise self._error


def test_a_fault_of_ours_runs_nothing(stage: Stage) -> None:
    stage.run(gate=Odd(RuntimeError("our own")))
    assert stage.shop.ran == [] and stage.model.turns() == [0]


@pytest.mark.parametrize("error", [asyncio.CancelledError(), GeneratorExit()], ids=repr)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_hook_that_ends_without_an_answer_runs_nothing(stage: Stage, error: BaseException) -> None:
    stage.run(gate=Odd(error), timeout=2)
    assert stage.shop.ran == [] and "not executed" in stage.model.told()["toolu_1"]


def when_that_raises(arguments: Any) -> bool:
    raise KeyError("amount")


def when_that_answers_no_boolean(arguments: Any) -> Any:
    return None


@pytest.mark.parametrize("when", [when_that_raises, when_that_answers_no_boolean])
def test_a_condition_that_fails_runs_nothing(stage: Stage, when: Any) -> None:
    stage.run(gate=Gate({REFUND: Rule(when=when)}))
    assert stage.shop.ran == [] and stage.model.turns() == [0]


def test_a_person_who_is_later_than_the_hook_may_wait_runs_nothing(stage: Stage) -> None:
    result = stage.run(timeout=1)
    assert stage.shop.ran == [] and "not executed" in stage.model.told()["toolu_1"] and result.result == "Done."
    assert [it["status"] for it in stage.asked()] == ["pending"]


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()], ids=repr)
def test_a_program_that_ends_in_the_hook_runs_nothing(stage: Stage, error: BaseException) -> None:
    with pytest.raises(type(error)):
        stage.run(gate=Odd(error))
    assert stage.shop.ran == []


def test_where_claude_code_asks_no_hooks_there_are_none(fake: FakeSignoff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_CODE_SIMPLE", "1")
    with pytest.raises(SignoffError, match="CLAUDE_CODE_SIMPLE"):
        hooks(fake.async_client(), GATE)
    monkeypatch.setenv("CLAUDE_CODE_SIMPLE", "0")
    assert hooks(fake.async_client(), GATE)


@pytest.mark.parametrize("how", ["--bare", "CLAUDE_CODE_SIMPLE"])
@says([BASH])
def test_what_takes_the_hooks_away_from_claude_code_is_known(stage: Stage, how: str) -> None:
    """Nothing here can hinder it, and the documents say so. Should this fail, they are out of date."""
    bare: dict[str, Any] = {"extra_args": {"bare": None}} if how == "--bare" else {}
    if how != "--bare":
        bare = {"env": stage.options().env | {"CLAUDE_CODE_SIMPLE": "1"}}
    stage.run(**bare)
    assert stage.bash_ran() == 1 and stage.asked() == []


def test_a_call_without_an_id_is_not_asked_about_and_does_not_run(fake: FakeSignoff) -> None:
    async def main() -> Any:
        async with fake.async_client() as client:
            (matcher,) = hooks(client, GATE)["PreToolUse"]
            pause: Any = {"session_id": "s", "hook_event_name": "PreToolUse", "tool_name": REFUND, "tool_input": {}}
            return await matcher.hooks[0](pause, None, {"signal": None})

    said = asyncio.run(main())
    assert said["hookSpecificOutput"]["permissionDecision"] == "deny" and said["continue"] is False
    assert fake.requests == []


def ask_by_hand(client: AsyncSignoff, call_id: str) -> Any:
    (matcher,) = hooks(client, GATE)["PreToolUse"]
    pause: Any = {"session_id": "s", "tool_name": REFUND, "tool_input": {"order": "1"}, "tool_use_id": call_id}
    return matcher.hooks[0](pause, call_id, {"signal": None})


@pytest.mark.parametrize("named", ["toolu_0", "forged"])
def test_what_is_listed_as_asked_before_is_never_believed(fake: FakeSignoff, named: str) -> None:
    """Another's request of the same look must not make the call run: not by itself, and not by an approval that was used."""

    async def main() -> tuple[Any, Any]:
        async with fake.async_client() as client, fake.async_client("stranger") as stranger:
            fake.approves(by="ana")
            first = await ask_by_hand(client, "toolu_0")
            fake.leaves_pending()
            context = {"tool": REFUND, "arguments": {"order": "1"}, "call_id": named}
            await stranger.approvals.create(run_id="s", approval_type="tool_call", context=context)
            fake.rejects("no", by="ana")
            return first, await ask_by_hand(client, "toolu_1")

    first, second = asyncio.run(main())
    assert first["hookSpecificOutput"]["permissionDecision"] == "allow"
    assert second["hookSpecificOutput"]["permissionDecisionReason"].startswith("Rejected by ana: no.")
    assert fake.requests[-1]["context"]["call_id"] == "toolu_1"

"""Claude Code's hook before a tool call, as JSON: what it is given becomes a call, and a verdict becomes what it answers.

It knows neither the SDK nor a server. Claude Code reads an answer without a decision as leave to go on, so only a call that
no rule names may get one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..gate import Verdict
from ..toolcall import Call

DIALECT = "claude"
EVENT: Final = "PreToolUse"
WITHDRAWN = "The request was withdrawn."
UNASKED = "Nobody could be asked. The call was not executed."
_NOT_EXECUTED = "The call was not executed."


def call_of(pause: Mapping[str, Any], run: str | None = None) -> Call:
    """The call that a hook is asked about. The session names the run, unless the program does."""
    return Call(
        dialect=DIALECT,
        run=run or pause["session_id"],
        tool=pause["tool_name"],
        arguments=pause["tool_input"],
        call_id=pause.get("tool_use_id"),
        agent=pause.get("agent_type") or pause.get("agent_id"),
    )


def answer(decided: Verdict) -> dict[str, Any]:
    """What the hook answers. The arguments go along even where nobody changed them: what was shown is what runs, whatever
    another hook has made of them meanwhile.
    """
    if decided.outcome is None:
        return {}
    if decided.runs:
        said = {"hookEventName": EVENT, "permissionDecision": "allow", "updatedInput": dict(decided.arguments)}
        return {"hookSpecificOutput": said if decided.text is None else {**said, "additionalContext": decided.text}}
    if decided.response is not None:
        # Claude Code shows it to the model as an error of the hook: so it has to say what it is.
        return refused(f"{_NOT_EXECUTED} A person answered in its place: {decided.response}")
    return refused(decided.text or _NOT_EXECUTED)


def refused(text: str) -> dict[str, Any]:
    """The call does not run, and the model reads the text."""
    return {
        "hookSpecificOutput": {
            "hookEventName": EVENT,
            "permissionDecision": "deny",
            "permissionDecisionReason": text,
        }
    }


def ended(text: str) -> dict[str, Any]:
    """The call does not run, and the run ends. It takes both: alone, the end of the run lets the call run first."""
    return {"continue": False, "stopReason": text, **refused(text)}

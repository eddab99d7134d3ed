"""Hooks of Codex: messages in the shape of Claude Code's, as of 0.169.0 (its own schemas, and recordings).

Shell commands are called "Bash" here, whatever the model called; ids are those of the rollout. A subagent is a thread
of its own, and its session. `notify`, the older way to hear of the end of a turn, is understood, too.
"""

from __future__ import annotations

import msgspec

from tachograph.readers import _hook_shape as shape
from tachograph.readers._codex_calls import Calls
from tachograph.readers._hook_shape import Handler, understood
from tachograph.readers.hooking import Memory, Teller
from tachograph.readers.values import Object, table, text
from tachograph.records import Fact, Step

_QUIET = {"PreModelRequest", "PostModelRequest"}
_TURN_COMPLETE = "agent-turn-complete"
_PATCH = "apply_patch"


def hook(event: str | None, body: object, at: int, memory: Memory) -> list[Fact]:
    """Facts of one message; see hooking."""
    given = table(body)
    if given.get("type") == _TURN_COMPLETE:
        body, event = _as_hook(given), "Stop"
    return understood(event, body, at, memory, handlers=_HANDLERS, quiet=_QUIET)


def answer(note: str, refuse: bool) -> Object:
    """What the agent is told before it changes a file; see _hook_shape."""
    return shape.answer(note, refuse)


def _as_hook(notice: Object) -> Object:
    """A notification of `notify` as the hook that says the same."""
    return {
        "session_id": notice.get("thread-id"),
        "turn_id": notice.get("turn-id"),
        "cwd": notice.get("cwd"),
        "last_assistant_message": notice.get("last-assistant-message"),
    }


def _prompted(teller: Teller, given: Object) -> None:
    shape.prompted(teller, {**given, "prompt_id": given.get("turn_id")})


def _asked(teller: Teller, given: Object) -> None:
    teller.state("running")
    _, steps = _call(teller, given)
    teller.steps += steps


def _answered(teller: Teller, given: Object) -> None:
    teller.state("running")
    calls, steps = _call(teller, given)
    response = given.get("tool_response")
    teller.steps += steps
    teller.steps += calls.output({"call_id": given.get("tool_use_id"), "output": response}, teller.at) if steps else []


def _call(teller: Teller, given: Object) -> tuple[Calls, list[Step]]:
    """The call as it was asked for; nothing without an id: it could not be told from others."""
    calls, name, asked = Calls(), text(given.get("tool_name")), given.get("tool_input")
    if text(given.get("tool_use_id")) is None:
        return calls, []
    shell = name == "Bash"
    arguments = table(asked).get("command") if name == _PATCH and "command" in table(asked) else asked
    item = {"call_id": given["tool_use_id"], "name": "shell_command" if shell else name, "arguments": arguments}
    steps = calls.function(item, 0)
    told = {"tool_name": name, "at": teller.at}
    return calls, [
        msgspec.structs.replace(step, **told, metadata={**(step.metadata or {}), "input": asked}) for step in steps
    ]


def _stopped(teller: Teller, given: Object) -> None:
    if said := text(given.get("last_assistant_message")):
        teller.said("reply", given.get("turn_id"), said)
    teller.state("waiting")


def _interrupted(teller: Teller, given: Object) -> None:
    teller.marker("interruption", "interrupted by the user", key=text(given.get("turn_id")) or "")
    teller.state("waiting")


_HANDLERS: dict[str, Handler] = {
    "SessionStart": shape.started,
    "SessionEnd": shape.ended,
    "UserPromptSubmit": _prompted,
    "PreToolUse": _asked,
    "PermissionRequest": shape.permission,
    "PostToolUse": _answered,
    "Stop": _stopped,
    "StopFailure": shape.turn_failed,
    "Interrupt": _interrupted,
    "SubagentStart": shape.subagent_started,
    "SubagentStop": shape.subagent_stopped,
    "PreCompact": shape.compacting,
    "PostCompact": lambda teller, given: None,
}

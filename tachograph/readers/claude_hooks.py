"""Hooks of Claude Code: who asked for what, what it waits for, what became of it, as it happens.

Messages as of 2.1.329 (the types of its SDK, and recordings). What happens inside a subagent names it and goes to the
subagent's own session, as in the transcripts. Tool calls have the ids they have there; texts are told, too, in case
there is no transcript.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tachograph.readers._claude_calls import Calls
from tachograph.readers._claude_text import blocks, text_of
from tachograph.readers.hooking import Memory, Object, Teller, not_understood, number, table, text
from tachograph.records import Fact, Step

_TYPED = {None, "user", "sdk"}  # where a prompt comes from that counts as one
_ASKING = {"permission_prompt", "elicitation_dialog", "agent_needs_input", "idle_prompt"}
_QUIET = {  # nothing that a session is made of, or told by another hook
    *("PostToolBatch", "UserPromptExpansion", "PreModelSwitch", "Setup", "TeammateIdle", "TaskCreated"),
    *("TaskCompleted", "ElicitationResult", "ConfigChange", "WorktreeCreate", "WorktreeRemove"),
    *("InstructionsLoaded", "CwdChanged", "FileChanged", "DirectoryAdded", "MessageDisplay"),
}


def hook(event: str | None, body: object, at: int, memory: Memory) -> list[Fact]:
    """Facts of one message; see hooking."""
    given = table(body)
    name = text(given.get("hook_event_name")) or event
    session = text(given.get("session_id"))
    if session is None or name is None:
        return [not_understood("hook without a session", body)]
    tell = _EVENTS.get(name)
    if tell is None and name not in _QUIET:
        return [not_understood(f"hook {name}", body)]
    agent = text(given.get("agent_id"))
    teller = Teller(f"agent-{agent}" if agent else session, at, memory)
    _session(teller, given, session if agent else None)
    if tell:
        tell(teller, given)
    return teller.done()


def _session(teller: Teller, given: Object, parent: str | None) -> None:
    path = given.get("agent_transcript_path") if parent else given.get("transcript_path")
    teller.facts(parent_id=parent, project_dir=text(given.get("cwd")) if teller.new else None)
    teller.noted(
        transcript_path=text(path),
        permission_mode=text(given.get("permission_mode")),
        agent_type=text(given.get("agent_type")),
    )


def _started(teller: Teller, given: Object) -> None:
    source = text(given.get("source"))
    teller.facts(model=text(given.get("model")), title=text(given.get("session_title")), status="running")
    if source in ("startup", "clear", "fork", None):
        teller.state("started", source=source)
    elif source == "resume":
        teller.state("resumed", source=source)


def _ended(teller: Teller, given: Object) -> None:
    teller.facts(status="completed")
    teller.state("completed", reason=text(given.get("reason")))
    teller.memory.forget(teller.session)


def _prompted(teller: Teller, given: Object) -> None:
    source, prompt = text(given.get("source")), text(given.get("prompt"))
    identity = text(given.get("prompt_id"))
    teller.facts(title=text(given.get("session_title")), status="running")
    teller.state("running")
    if source in _TYPED:
        teller.said("prompt", identity, prompt, prompt_id=identity)
    else:
        teller.marker("wake_up", prompt or "", source=source)


def _asked(teller: Teller, given: Object) -> None:
    if step := _call(given, teller.at):
        teller.steps.append(step)


def _answered(teller: Teller, given: Object) -> None:
    teller.state("running")
    response = given.get("tool_response")
    block = {"tool_use_id": given.get("tool_use_id"), "content": _words(response)}
    _result(teller, given, block, response)


def _failed(teller: Teller, given: Object) -> None:
    teller.state("running")
    error = text(given.get("error"))
    block = {"tool_use_id": given.get("tool_use_id"), "content": error or "", "is_error": True}
    _result(teller, given, block, None, "interrupted" if given.get("is_interrupt") is True else None)


def _denied(teller: Teller, given: Object) -> None:
    teller.state("running")
    reason = text(given.get("reason"))
    block = {"tool_use_id": given.get("tool_use_id"), "content": reason or "", "is_error": True}
    _result(teller, given, block, None, "rejected")


def _permission(teller: Teller, given: Object) -> None:
    """The dialog is on the screen: the agent goes on when the user has answered."""
    asked = table(given.get("tool_input"))
    what = text(asked.get("command")) or text(asked.get("file_path"))
    teller.state("waiting", kind="permission", tool_name=text(given.get("tool_name")), what=what)


def _notified(teller: Teller, given: Object) -> None:
    kind = text(given.get("notification_type"))
    message = text(given.get("message"))
    if kind in _ASKING or (kind is None and message and "waiting" in message):
        teller.state("waiting", kind=(kind or "notification").removesuffix("_prompt"), message=message)
    elif message and kind is not None and kind != "auth_success":
        teller.marker("notification", message, type=kind)


def _elicited(teller: Teller, given: Object) -> None:
    teller.state("waiting", kind="elicitation", message=text(given.get("message")))


def _stopped(teller: Teller, given: Object) -> None:
    """The turn is over; what goes on in the background is counted."""
    if said := text(given.get("last_assistant_message")):
        teller.said("reply", None, said)
    tasks = given.get("background_tasks")
    running = len(tasks) if isinstance(tasks, list) and tasks else None
    teller.state("waiting", **({"background_tasks": running} if running else {}))


def _turn_failed(teller: Teller, given: Object) -> None:
    error, details = text(given.get("error")), text(given.get("error_details"))
    teller.marker("api_error", details or error or "the turn failed", status="error", error=error)
    teller.state("waiting")


def _subagent_started(teller: Teller, given: Object) -> None:
    teller.facts(status="running")
    teller.state("started")


def _subagent_stopped(teller: Teller, given: Object) -> None:
    if said := text(given.get("last_assistant_message")):
        teller.said("reply", None, said)
    teller.facts(status="completed")
    teller.state("completed")


def _compacting(teller: Teller, given: Object) -> None:
    number = teller.memory.next(teller.session, "compaction")
    trigger = text(given.get("trigger"))
    teller.marker("compaction", f"compacted ({trigger or 'unknown'})", key=f"#{number}", trigger=trigger)


def _compacted(teller: Teller, given: Object) -> None:
    trigger, summary = text(given.get("trigger")), text(given.get("compact_summary"))
    if summary:
        teller.marker("compaction_summary", summary, trigger=trigger)


def _switched(teller: Teller, given: Object) -> None:
    before, after = text(given.get("from_model")), text(given.get("to_model"))
    teller.facts(model=after)
    told: Object = {"from": before, "to": after, "source": text(given.get("source"))}
    teller.marker("model_switch", f"{before} → {after}", **told)


_EVENTS: dict[str, Callable[[Teller, Object], None]] = {
    "SessionStart": _started,
    "SessionEnd": _ended,
    "UserPromptSubmit": _prompted,
    "PreToolUse": _asked,
    "PostToolUse": _answered,
    "PostToolUseFailure": _failed,
    "PermissionRequest": _permission,
    "PermissionDenied": _denied,
    "Notification": _notified,
    "Elicitation": _elicited,
    "Stop": _stopped,
    "StopFailure": _turn_failed,
    "SubagentStart": _subagent_started,
    "SubagentStop": _subagent_stopped,
    "PreCompact": _compacting,
    "PostCompact": _compacted,
    "PostModelSwitch": _switched,
}


def _block(given: Object) -> Object:
    return {"id": given.get("tool_use_id"), "name": given.get("tool_name"), "input": given.get("tool_input")}


def _call(given: Object, at: int) -> Step | None:
    """The call as it was asked for; None without an id: it could not be told from others."""
    if text(given.get("tool_use_id")) is None:
        return None
    return Calls().call(_block(given), at, False)


def _result(teller: Teller, given: Object, block: Object, response: object, status: str | None = None) -> None:
    """The call and what it returned: the message repeats what was asked."""
    if text(given.get("tool_use_id")) is None:
        return
    calls = Calls()
    asked = calls.call(_block(given), 0, False)
    if asked is None:
        return
    lasted = number(given.get("duration_ms"))
    teller.steps.append(msgspec.structs.replace(asked, at=max(teller.at - int((lasted or 0) * 1e6), 1)))
    for step in calls.result(block, response, False, teller.at):
        if step.key != asked.key:  # of another call: what a question about that one said
            teller.steps.append(step)
            continue
        took = step.duration_ms if lasted is None else lasted
        more = {"duration_ms": took, "status": status or step.status, "content": step.content or None}
        teller.steps.append(msgspec.structs.replace(step, **more))


def _words(response: object) -> object:
    """What the model will see of a result, as far as its structured form tells."""
    found = table(response)
    if not found:
        return response if isinstance(response, str | list) else ""
    if "stdout" in found or "stderr" in found:
        return "\n".join(part for part in (text(found.get("stdout")), text(found.get("stderr"))) if part)
    if content := text(table(found.get("file")).get("content")):
        return content
    if "filePath" in found:  # written or edited: the arguments say all
        return ""
    return text_of(blocks(found.get("content"))) or text(found.get("result")) or text(found.get("output")) or ""

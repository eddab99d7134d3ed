"""What hooks of several agents have in common: messages in the shape that Claude Code gave them.

`understood` finds the handler of a message; the handlers here are those that do not depend on the tools of an agent.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from tachograph.readers.hooking import Memory, Teller, not_understood
from tachograph.readers.values import Object, table, text
from tachograph.records import Fact

Handler = Callable[[Teller, Object], None]
_TYPED = {None, "user", "sdk"}  # where a prompt comes from that counts as one


def understood(
    event: str | None, body: object, at: int, memory: Memory, *, handlers: Mapping[str, Handler],
    quiet: Collection[str] = (), child: str = "{}",
) -> list[Fact]:  # fmt: skip
    """Facts of one message; see hooking. `quiet` hooks say nothing of use; `child` makes a subagent's session id."""
    given = table(body)
    name = text(given.get("hook_event_name")) or event
    session = text(given.get("session_id"))
    if session is None or name is None:
        return [not_understood("hook without a session", body)]
    tell = handlers.get(name)
    if tell is None and name not in quiet:
        return [not_understood(f"hook {name}", body)]
    agent = text(given.get("agent_id"))
    teller = Teller(child.format(agent) if agent else session, at, memory)
    about(teller, given, session if agent else None)
    if tell:
        tell(teller, given)
    return teller.done()


def about(teller: Teller, given: Object, parent: str | None) -> None:
    """What every message says of its session."""
    path = given.get("agent_transcript_path") if parent else given.get("transcript_path")
    teller.facts(parent_id=parent, project_dir=text(given.get("cwd")) if teller.new else None)
    teller.facts(model=text(given.get("model")))
    teller.noted(
        transcript_path=text(path),
        permission_mode=text(given.get("permission_mode")),
        agent_type=text(given.get("agent_type")),
    )


def started(teller: Teller, given: Object) -> None:
    """SessionStart."""
    source = text(given.get("source"))
    teller.facts(title=text(given.get("session_title")))
    if source in ("startup", "clear", "fork", None):
        teller.state("started", source=source)
    elif source == "resume":
        teller.state("resumed", source=source)


def ended(teller: Teller, given: Object) -> None:
    """SessionEnd."""
    teller.state("completed", reason=text(given.get("reason")))
    teller.memory.forget(teller.session)


def prompted(teller: Teller, given: Object) -> None:
    """UserPromptSubmit."""
    source, prompt = text(given.get("source")), text(given.get("prompt"))
    identity = text(given.get("prompt_id"))
    teller.facts(title=text(given.get("session_title")))
    teller.state("running")
    if source in _TYPED:
        teller.said("prompt", identity, prompt, prompt_id=identity)
    else:
        teller.marker("wake_up", prompt or "", source=source)


def permission(teller: Teller, given: Object) -> None:
    """The dialog is on the screen: the agent goes on when the user has answered."""
    asked = table(given.get("tool_input"))
    what = text(asked.get("command")) or text(asked.get("file_path"))
    teller.state("waiting", kind="permission", tool_name=text(given.get("tool_name")), what=what)


def stopped(teller: Teller, given: Object) -> None:
    """The turn is over; what goes on in the background is counted."""
    if said := text(given.get("last_assistant_message")):
        teller.said("reply", None, said)
    tasks = given.get("background_tasks")
    running = len(tasks) if isinstance(tasks, list) and tasks else None
    teller.state("waiting", **({"background_tasks": running} if running else {}))


def turn_failed(teller: Teller, given: Object) -> None:
    """StopFailure."""
    error, details = text(given.get("error")), text(given.get("error_details"))
    teller.marker("api_error", details or error or "the turn failed", status="error", error=error)
    teller.state("waiting")


def subagent_started(teller: Teller, given: Object) -> None:
    """SubagentStart."""
    teller.state("started")


def subagent_stopped(teller: Teller, given: Object) -> None:
    """SubagentStop."""
    if said := text(given.get("last_assistant_message")):
        teller.said("reply", None, said)
    teller.state("completed")


def compacting(teller: Teller, given: Object) -> None:
    """PreCompact."""
    number = teller.memory.next(teller.session, "compaction")
    trigger = text(given.get("trigger"))
    teller.marker("compaction", f"compacted ({trigger or 'unknown'})", key=f"#{number}", trigger=trigger)


def answer(note: str, refuse: bool) -> Object:
    """What PreToolUse is answered: `note` for the model and its user, or that the call is refused because of it."""
    name = {"hookEventName": "PreToolUse"}
    if refuse:
        return {"hookSpecificOutput": {**name, "permissionDecision": "deny", "permissionDecisionReason": note}}
    return {"systemMessage": note, "hookSpecificOutput": {**name, "additionalContext": note}}

"""What Claude Code writes between the messages: system records, attachments, and user records that no user typed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tachograph.readers._claude_text import INTERRUPTED, inside, number, slash_command, string, text_of
from tachograph.readers.values import Object, table
from tachograph.records import Step


class Note(NamedTuple):
    """A marker to be."""

    kind: str
    content: str
    metadata: Object = {}  # noqa: RUF012 - never changed
    status: str | None = None


QUIET_SYSTEM = {  # that a hook runs, that a task goes on, what the status line shows
    *("session_start", "hook_started", "hook_progress", "hook_response", "init", "status", "bridge_status"),
    *("task_started", "task_progress", "task_updated", "task_notification", "files_persisted", "session_state_changed"),
    *("thinking_tokens", "post_turn_summary", "scheduled_task_fire", "memory_saved", "elicitation_complete"),
    *("turn_duration", "permission_retry", "api_metrics", "commands_changed"),
}


def of_system(record: Object) -> Iterator[Note] | None:
    """Notes of a `system` record; None: not known."""
    subtype = record.get("subtype")
    if isinstance(subtype, str):
        if tell := _SYSTEM.get(subtype):
            return tell(record)
        if subtype in QUIET_SYSTEM:
            return iter(())
    if content := string(record.get("content")):
        return _said(record, content)
    return iter(()) if subtype is None else None


def _said(record: Object, content: str) -> Iterator[Note]:
    if content.startswith(("<command-", "<local-command-")):
        yield from wrapped(content)
    elif record.get("level") in ("warning", "error") or record.get("subtype"):  # else: "Running PostToolUse hook…"
        yield Note(string(record.get("subtype")) or "notice", content, {"level": record.get("level")})


def _api_error(record: Object) -> Iterator[Note]:
    error = table(record.get("error"))
    status, attempt = error.get("status"), record.get("retryAttempt")
    content = f"API error{f' {status}' if status else ''}"
    if isinstance(attempt, int) and attempt:
        content += f", retry {attempt} of {record.get('maxRetries')}"
    details = {"status": status, "attempt": attempt, "retry_ms": record.get("retryInMs")}
    if message := string(error.get("message")) or string(record.get("error")):
        details["message"] = message
    yield Note("api_error", content, {k: v for k, v in details.items() if v is not None}, "error")


def _error(record: Object) -> Iterator[Note]:
    error = table(record.get("error"))
    content = string(error.get("formatted")) or string(error.get("message")) or string(record.get("content")) or "error"
    yield Note("error", content, {"status": error.get("status")} if error.get("status") else {}, "error")


def _compaction(record: Object) -> Iterator[Note]:
    details = table(record.get("compactMetadata") or record.get("compact_metadata"))
    before = number(details.get("preTokens") or details.get("pre_tokens"))
    trigger = details.get("trigger")
    content = f"Conversation compacted{f' ({trigger})' if string(trigger) else ''}"
    yield Note("compaction", content, {"trigger": trigger, "tokens_before": before})


def _microcompaction(record: Object) -> Iterator[Note]:
    details = table(record.get("microcompactMetadata"))
    yield Note("microcompaction", "Old tool results cleared", {"tokens_before": number(details.get("preTokens"))})


def _refusal(record: Object) -> Iterator[Note]:
    content = string(record.get("content")) or string(record.get("apiRefusalExplanation")) or "The model refused"
    names = {"category": "apiRefusalCategory", "from": "originalModel", "to": "fallbackModel"}
    yield Note("refusal", content, {name: record[field] for name, field in names.items() if record.get(field)})


def _stop_hooks(record: Object) -> Iterator[Note]:
    errors = record.get("hookErrors")
    if record.get("preventedContinuation") is True:
        yield Note("hook_blocked", string(record.get("stopReason")) or "A Stop hook ended the turn", {"event": "Stop"})
    elif isinstance(errors, list) and errors:
        yield Note("hook_error", "\n".join(str(error) for error in errors), {"event": "Stop"})


_SYSTEM = {
    "api_error": _api_error,
    "error": _error,
    "compact_boundary": _compaction,
    "microcompact_boundary": _microcompaction,
    "api_refusal": _refusal,
    "model_refusal_fallback": _refusal,
    "stop_hook_summary": _stop_hooks,
}


def of_attachment(attachment: Object) -> Iterator[Note]:
    """Notes of an attachment: what hooks refused, what a user typed while the agent worked. The rest is context."""
    kind = attachment.get("type")
    event = {"event": attachment.get("hookEvent"), "hook": attachment.get("hookName")}
    if kind == "hook_blocking_error":
        error = attachment.get("blockingError")
        why = string(table(error).get("blockingError")) or string(error) or "blocked"
        yield Note("hook_blocked", why, {**event, "command": table(error).get("command")})
    elif kind == "hook_stopped_continuation":
        yield Note("hook_blocked", string(attachment.get("message")) or "A hook ended the turn", event)
    elif kind == "hook_permission_decision" and attachment.get("decision") == "deny":
        yield Note("hook_blocked", "A hook refused a tool call", event)
    elif kind in ("hook_non_blocking_error", "hook_error_during_execution"):
        said = string(attachment.get("stderr")) or string(attachment.get("content")) or "failed"
        yield Note("hook_error", said, {**event, "exit_code": attachment.get("exitCode")})
    elif kind == "queued_command" and attachment.get("commandMode") != "task-notification":
        said = text_of(attachment.get("prompt")).strip()
        if said and not said.startswith("<task-notification"):
            yield Note("queued_prompt", said)


def notification_in(attachment: Object) -> str | None:
    """The text of a notice that something in the background is over."""
    said = text_of(attachment.get("prompt")) if attachment.get("type") == "queued_command" else ""
    return said if said.startswith("<task-notification") else None


def wrapped(text: str) -> Iterator[Note]:
    """Notes of text that stands in the name of the user and that no user said to the model."""
    if text.startswith(INTERRUPTED):
        yield Note("interruption", text)
    elif text.startswith(("<command-name", "<command-message")):
        yield Note("slash_command", slash_command(text))
    elif text.startswith("<local-command-std"):
        yield from _output("command_output", text, "local-command-stdout", "local-command-stderr")
    elif text.startswith("<bash-input"):
        yield Note("user_shell", inside(text, "bash-input") or "")
    elif text.startswith("<bash-std"):
        yield from _output("user_shell_output", text, "bash-stdout", "bash-stderr")
    elif text.startswith("<task-notification"):
        told = {"task": inside(text, "task-id"), "status": inside(text, "status")}
        yield Note("task_notification", inside(text, "summary") or text, told)


def _output(kind: str, text: str, *tags: str) -> Iterator[Note]:
    said = "\n".join(part for tag in tags if (part := inside(text, tag)))
    if said:
        yield Note(kind, said)


def marker(note: Note, identity: str, at: int, sidechain: bool) -> Step:
    """The step of a note; `identity` is that of the record it was found in."""
    metadata: Object = {
        "kind": note.kind,
        **{field: value for field, value in note.metadata.items() if value is not None},
    }
    if sidechain:
        metadata["sidechain"] = True
    return Step(f"{note.kind}:{identity}", "marker", at, status=note.status, content=note.content, metadata=metadata)

"""Records of Copilot CLI that need nothing but themselves to be told: what went wrong, was cut, blocked or switched."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tachograph.readers.values import Object, only, table, text
from tachograph.regexes import regex

_NOTE = regex(r"</?system_notification>\s*")


class Marker(NamedTuple):
    """`kind` and `more` become its metadata."""

    kind: str
    content: str
    status: str | None = None
    more: Object = {}  # noqa: RUF012 - nobody changes it


def notification(data: Object) -> Marker:
    """The agent was told something: a subagent is done, instructions were found."""
    content = _NOTE.sub("", text(data.get("content")) or "").strip()
    return Marker("notification", content or "Notification", None, only(type=text(table(data.get("kind")).get("type"))))


def _abort(data: Object) -> Marker:
    reason = text(data.get("reason"))
    by_user = reason is None or "user" in reason
    content = "Interrupted by the user" if by_user else f"Interrupted: {reason}"
    return Marker("interruption", content, None, only(reason=reason))


def _error(data: Object) -> Marker:
    content = text(data.get("message")) or text(table(data.get("error")).get("message")) or "Error"
    more = only(error_type=data.get("errorType"), error_code=data.get("errorCode"), status_code=data.get("statusCode"))
    return Marker("api_error", content, "error", more)


def _warning(data: Object) -> Marker:
    return Marker("warning", text(data.get("message")) or "Warning", None, only(type=data.get("warningType")))


def _compacted(data: Object) -> Marker:
    failed = data.get("success") is False
    more = only(
        tokens_before=data.get("preCompactionTokens"),
        tokens_after=data.get("postCompactionTokens"),
        messages_removed=data.get("messagesRemoved"),
        trigger=data.get("trigger"),
        used=data.get("compactionTokensUsed"),
        summary=data.get("summaryContent"),
        error=data.get("error"),
    )
    content = "Compaction of the context failed" if failed else "Context compacted"
    return Marker("compaction", content, "error" if failed else None, more)


def _truncated(data: Object) -> Marker:
    more = only(
        tokens_removed=data.get("tokensRemovedDuringTruncation"),
        messages_removed=data.get("messagesRemovedDuringTruncation"),
        token_limit=data.get("tokenLimit"),
    )
    return Marker("truncation", "Context cut to fit", None, more)


def _cleared(data: Object) -> Marker:
    return Marker("context_cleared", "Context cleared", None, only(messages_cleared=data.get("messagesCleared")))


def _handoff(data: Object) -> Marker:
    return Marker("handoff", "Handed over", None, only(source=data.get("sourceType"), summary=data.get("summary")))


def _skill(data: Object) -> Marker:
    skill = text(data.get("name")) or "?"
    return Marker("skill", f"Skill {skill}", None, {"skill": skill, **only(path=data.get("path"))})


def _done(data: Object) -> Marker:
    return Marker("task_complete", "Task complete", None, only(summary=data.get("summary")))


def _mode(data: Object) -> Marker:
    mode = text(data.get("newMode")) or "?"
    return Marker("mode", f"Mode {mode}", None, {"mode": mode, **only(before=data.get("previousMode"))})


def _hook(data: Object) -> Marker | None:
    hook, output, error = text(data.get("hookType")) or "?", table(data.get("output")), data.get("error")
    if output.get("permissionDecision") == "deny" or output.get("decision") in ("block", "deny"):
        why = text(output.get("permissionDecisionReason")) or text(output.get("reason"))
        return Marker("hook_blocked", f"Hook {hook} blocked{_because(why)}", "rejected", {"hook": hook})
    if data.get("success") is False:
        why = text(table(error).get("message")) or text(error)
        return Marker("hook_error", f"Hook {hook} failed{_because(why)}", "error", {"hook": hook})
    return None


def _because(why: str | None) -> str:
    return f": {why}" if why else ""


MARKERS: dict[str, Callable[[Object], Marker | None]] = {
    "abort": _abort,
    "hook.end": _hook,
    "session.compaction_complete": _compacted,
    "session.context_cleared": _cleared,
    "session.error": _error,
    "session.handoff": _handoff,
    "session.mode_changed": _mode,
    "session.task_complete": _done,
    "session.truncation": _truncated,
    "session.warning": _warning,
    "skill.invoked": _skill,
}

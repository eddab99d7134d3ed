"""What a journal says of its session, first and last, as the fields of a Session."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from tachograph import ids
from tachograph.extract.redact import redact_text
from tachograph.readers import programs
from tachograph.readers.values import whole
from tachograph.records import SESSION_STATUSES, Session

TMUX = "tmux"  # the source of what was seen in a pane; such a recorder tells states and notes of its own


def agent_of(header: Mapping[str, Any], session_id: str) -> str:
    """Who runs: as it was named, else the agent that the command starts (`npx @openai/codex`), else the command."""
    named = str(header.get("agent") or session_id.rsplit("-", 2)[0] or "command")
    argv = [str(word) for word in header.get("argv") or []]
    return (argv and named == ids.agent_name(argv[0]) and programs.agent(argv)) or named


def named_after(command: str | None) -> str | None:
    """The name of a run that nobody named: that of its command."""
    try:
        words = shlex.split(command or "")
    except ValueError:  # cut, or masked across a quotation mark
        words = (command or "").split()
    return ids.agent_name(words[0]) if words else None


def session_of(header: Mapping[str, Any], session_id: str, agent: str, at: int, rules_version: str) -> Session:
    """The header record (journal/frame.py names its fields) → a session that runs. `at` in ns when it does not say."""
    git = header.get("git") or {}
    cwd = header.get("cwd")
    terminal = {name: header.get(name) for name in ("columns", "rows", "term")} if header.get("terminal") else None
    metadata = {
        "cwd": cwd,
        "user": header.get("user"),
        "terminal": terminal,
        "traceparent": header.get("traceparent"),
        "git": {"start": git or None, "end": None},
    }
    if header.get("stdin") is not None:
        metadata["stdin"] = masked(header["stdin"]) or ""
    if header.get("source") == TMUX:
        metadata |= {"tmux": header.get("tmux"), "sources": [TMUX]}
    if header.get("session_id") not in (None, session_id):
        metadata["wanted_id"] = header["session_id"]  # another session had it
    return Session(
        session_id,
        agent,
        text(header.get("environment")),
        project_dir=text(git.get("root") or cwd),
        spawned_by=text(header.get("parent_id")),
        pid=whole(header.get("pid")),
        started_at=whole(header.get("started_at")) or at,
        title=masked(header.get("title")),
        command=masked(shlex.join(str(word) for word in header.get("argv") or [])),
        host=text(header.get("host")),
        branch=text(git.get("branch")),
        parent_id=text(header.get("parent_id")),
        workflow_id=text(header.get("workflow_id")),
        extraction_config_version=rules_version,
        metadata=metadata,
    )


def status_of(end: Mapping[str, Any]) -> tuple[str, str]:
    """The end record → status of the session, status of its command. Who only watched may know no exit code."""
    code = whole(end.get("exit_code"))
    if code is None and end.get("outcome") in SESSION_STATUSES:
        outcome = str(end["outcome"])
        return outcome, "interrupted" if outcome == "interrupted" else "unknown"
    return ("completed", "ok") if code == 0 else ("failed", "error")


def git_of(metadata: Mapping[str, Any], end: Mapping[str, Any]) -> dict[str, object]:
    """Git at the start (from the session) and at the end (from the end record), whether it was dirty included."""
    start = (metadata.get("git") or {}).get("start")
    if start:
        start = {**start, "dirty": end.get("git_start_dirty")}
    return {"start": start, "end": end.get("git")}


def text(value: object) -> str | None:
    return str(value) if value else None


def masked(value: object) -> str | None:
    return redact_text(str(value))[0] if value else None

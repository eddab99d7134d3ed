"""What was done: one session in short, and the last sessions in a folder."""

from __future__ import annotations

from tachograph import clock
from tachograph.formats import gist
from tachograph.formats.rows import Row, to_row
from tachograph.recall import failures
from tachograph.records import Event, Session
from tachograph.store import Store

_FACTS = (
    *("id", "agent", "title", "command", "project_dir", "branch", "model", "status", "exit_code", "spawned_at"),
    *("ended_at", "duration_ms", "prompts", "tool_calls", "tool_errors", "rejections", "cost_usd", "parent_id"),
)
_TURNS, _FILES, _FAILURES = 40, 40, 15
_PROMPT = 500  # characters of a prompt


def session(store: Store, words: str) -> Row:
    """One session in short, `words` as people name it. Raises NotFound, UsageError."""
    return in_short(store, store.sessions.resolve(words))


def last_time(store: Store, folder: str, *, agent: str | None = None, limit: int = 3) -> list[Row]:
    """The last sessions begun in a folder or below it, each in short, the newest first. `agent` is a glob."""
    found = store.recall.in_folder(folder, agent=agent, limit=limit)
    return [in_short(store, one) for one in found]


def in_short(store: Store, session: Session) -> Row:
    """What was asked, what was changed, what failed, how it ended, what the agent said last."""
    row = to_row(session)
    turns = store.turns.list(session.id)
    changed = store.files.used(session=session.id, changed=True, limit=_FILES)
    wrong = failures.told_once(failures.of_session(store, session.id, 1000))
    reply = store.events.list(session=session.id, type="reply", ascending=False, limit=5)
    return {
        **{name: row[name] for name in _FACTS},
        "turns": [
            {
                "turn": turn.number,
                "timestamp": clock.iso(turn.started_at),
                "prompt": (turn.prompt or "")[:_PROMPT] or None,
                "tool_calls": turn.tool_calls,
                "failed": turn.failed,
                "changes": turn.changes,
                "interrupted": turn.interrupted,
            }
            for turn in turns[-_TURNS:]
        ],
        "turns_total": len(turns),
        "changed": [
            {"file_path": one.file_path, "edits": one.writes + one.edits, "deletes": one.deletes,
             "lines_added": one.lines_added, "lines_removed": one.lines_removed}
            for one in changed
        ],
        "failures": [_failure(event) for event in wrong[-_FAILURES:]],
        "failures_total": len(wrong),
        "last_reply": next((event.content for event in reply if event.content), None),
    }  # fmt: skip


def _failure(event: Event) -> Row:
    return {
        "event_id": event.id,
        "timestamp": clock.iso(event.at),
        "event_type": event.event_type,
        "pattern": event.pattern,
        "command": event.command,
        "exit_code": event.exit_code,
        "message": gist.of_event(event) if event.pattern else (event.content or gist.of_event(event))[-_PROMPT:],
    }

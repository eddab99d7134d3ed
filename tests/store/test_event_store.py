"""What an event store of agent sessions is asked elsewhere, asked here: the rows of docs/reference.md in use."""

from __future__ import annotations

import pytest

from tachograph.errors import BadRecord, NotFound
from tachograph.records import Event, Session, Step
from tachograph.store import Store
from tests.recount import recount

from .samples import AT, SECOND

SESSION = "agent-myapp-1234"


@pytest.fixture
def filled(store: Store) -> Store:
    store.sessions.add(
        Session(
            SESSION,
            "copilot",
            copilot_session_id="uuid-5678",
            project_dir="/Users/dev/myapp",
            task_file="tasks/feature-x.md",
            started_at=AT,
            spawned_by="claude-session-abc",
            status="running",
            importance="high",
            pid=12345,
        )
    )
    return store


def operation(path: str, kind: str, at: int = AT) -> Event:
    return Event(SESSION, "file_op", file_path=path, operation=kind, tool_name="Edit", source="api", at=at)


def command(line: str, category: str, took: float, at: int = AT) -> Event:
    return Event(SESSION, "command", command=line, command_category=category, duration_ms=took, tool_name="Bash", at=at)


def test_sessions_are_created_changed_read_and_listed(filled: Store) -> None:
    assert filled.sessions.update(SESSION, status="completed", exit_code=0, ended_at=AT + SECOND).status == "completed"
    found = filled.sessions.get(SESSION)
    assert (found.exit_code, found.copilot_session_id, found.importance, found.pid) == (0, "uuid-5678", "high", 12345)
    assert [session.id for session in filled.sessions.list(status="completed")] == [SESSION]
    assert filled.sessions.list(status="running") == []
    with pytest.raises(BadRecord):
        filled.sessions.add(Session(SESSION, "copilot"))
    with pytest.raises(NotFound):
        filled.sessions.get("nobody")


def test_events_are_added_one_by_one_and_a_thousand_at_once(filled: Store) -> None:
    filled.events.add(operation("/src/app.js", "edit"))
    first = filled.events.add_many([operation(f"/src/{n}.js", "read", AT + n) for n in range(1000)])
    found = filled.events.list(session=SESSION, limit=None)
    assert len(found) == 1001 and found[1].id == first
    assert [event.seq for event in found] == list(range(1, 1002))
    assert filled.check() == []


def test_events_are_picked_by_every_field_a_filter_may_name(filled: Store) -> None:
    filled.events.add_many(
        [
            operation("/src/a.js", "edit", AT),
            operation("/src/b.js", "read", AT + 1),
            command("npm test", "test", 5.0, AT + 2),
            command("git status", "git", 1.0, AT + 3),
            Event(SESSION, "tool_call", tool_name="WebSearch", tool_call_id="w1", status="error", at=AT + 4),
            Event(SESSION, "prompt", content="go on", at=AT + 5),
        ]
    )

    def picked(**filters: object) -> list[object]:
        events = filled.calls.list(session=SESSION, **filters)  # type: ignore[arg-type]
        return [event.command or event.file_path or event.tool_name for event in events]

    assert [event.file_path for event in filled.events.list(session=SESSION, type="file_op")] == [
        *("/src/a.js", "/src/b.js")
    ]
    assert picked() == ["/src/a.js", "/src/b.js", "npm test", "git status", "WebSearch"]
    assert picked(operation="read") == ["/src/b.js"]
    assert picked(category="git") == ["git status"]
    assert picked(path="*/a.js") == ["/src/a.js"]
    assert picked(tool="Web*", status="error") == ["WebSearch"]
    assert picked(tool="Bash", since=AT + 3, until=AT + 3) == ["git status"]
    assert picked(ascending=False, limit=2) == ["WebSearch", "git status"]


def test_what_sessions_did_to_files_and_which_commands_ran(filled: Store) -> None:
    filled.events.add_many(
        [
            operation("/src/app.js", "read", AT),
            operation("/src/app.js", "edit", AT + SECOND),
            operation("/src/app.js", "write", AT + 2 * SECOND),
            operation("/src/new.js", "write", AT),
            command("npm test", "test", 100.0, AT),
            command("npm test", "test", 300.0, AT + SECOND),
            command("git status", "git", 7.0, AT),
        ]
    )
    assert filled.files.activity(SESSION) == [
        {"file_path": "/src/app.js", "total_operations": 3, "reads": 1, "writes": 1, "edits": 1,
         "last_modified": "2026-11-21T09:14:04.123Z"},
        {"file_path": "/src/new.js", "total_operations": 1, "reads": 0, "writes": 1, "edits": 0,
         "last_modified": "2026-11-21T09:14:02.123Z"},
    ]  # fmt: skip
    assert filled.commands.stats(SESSION) == [
        {"command_category": "test", "count": 2, "avg_duration": 200.0,
         "first_execution": "2026-11-21T09:14:02.123Z", "last_execution": "2026-11-21T09:14:03.123Z"},
        {"command_category": "git", "count": 1, "avg_duration": 7.0,
         "first_execution": "2026-11-21T09:14:02.123Z", "last_execution": "2026-11-21T09:14:02.123Z"},
    ]  # fmt: skip


def test_calls_that_are_added_count_in_their_session_every_id_once(filled: Store) -> None:
    def counts(name: str = SESSION) -> tuple[int, int, int]:
        found = filled.sessions.get(name)
        return found.tool_calls, found.tool_errors, found.rejections

    def call(id: str, status: str | None, name: str = SESSION, event_type: str = "command") -> Event:
        return Event(name, event_type, tool_name="Bash", tool_call_id=id, command="make", status=status, at=AT)

    filled.events.add(call("c1", "error"))
    assert counts() == (1, 1, 0)
    filled.events.add_many([call("c2", "ok"), call("c1", "error", "other"), call("c3", "rejected")])
    assert counts() == (3, 1, 1) and counts("other") == (1, 1, 0)
    patched = [Event(SESSION, "file_op", file_path=p, operation="edit", tool_call_id="c2", at=AT) for p in ("a", "b")]
    filled.events.add_many(patched)
    assert counts() == (3, 1, 1)
    filled.events.add(call("c2", "error"))
    assert counts() == (3, 2, 1)
    with pytest.raises(BadRecord):
        filled.events.add_many([call("c4", "ok"), call("c5", "ok", event_type="no such type")])
    assert counts() == (3, 2, 1) and recount(filled) == []


def test_a_call_that_was_added_is_the_one_that_its_agents_history_tells_of(filled: Store) -> None:
    number = filled.events.add(
        Event(SESSION, "tool_call", tool_name="Bash", tool_call_id="c1", source="api", status="ok", at=AT)
    )
    step = Step("call:c1", "command", AT, tool_name="Bash", tool_call_id="c1", command="make", status="error")
    told = filled.steps.put(SESSION, "copilot", [step], source="transcript")
    assert told.events == {"call:c1": number}
    found = filled.events.get(number)
    assert (found.event_type, found.command, found.status) == ("command", "make", "error")
    session = filled.sessions.get(SESSION)
    assert (session.tool_calls, session.tool_errors, session.commands) == (1, 1, 1) and recount(filled) == []

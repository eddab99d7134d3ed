"""Workflows: which sessions are in them, what is counted, when they end."""

from __future__ import annotations

import pytest

from tachograph import clock
from tachograph.errors import BadRecord, NotFound
from tachograph.records import Session, Step
from tachograph.store import Store

from .samples import AT, SECOND


def begun(store: Store, name: str, at: int = AT, **fields: object) -> Session:
    return store.sessions.add(Session(name, name.split("-", maxsplit=1)[0], started_at=at, **fields))


def worked(store: Store, name: str, *statuses: str) -> None:
    """One command for each status."""
    steps = [
        Step(f"call:{name}{number}", "command", AT + number, "Bash", f"{name}{number}", command="x", status=status)
        for number, status in enumerate(statuses)
    ]
    store.steps.put(name, name.split("-", maxsplit=1)[0], steps, source="transcript")


def sound(store: Store) -> bool:
    report = store.ledger.verify()
    return report.sound and not report.unsealed


def test_a_workflow_counts_its_sessions_and_what_they_did(store: Store) -> None:
    flow = store.workflows.start("login page", project_dir="/p", at=AT, context={"topology": "mesh"})
    for name in ("codex-1", "claude-1", "gemini-1"):
        begun(store, name)
    worked(store, "codex-1", "ok", "ok", "error")
    worked(store, "claude-1", "ok", "rejected", "interrupted")
    worked(store, "gemini-1", "error")
    store.workflows.join(flow.session_id, ["codex-1", "claude-1"])
    found = store.workflows.get(flow.session_id)
    assert (found.agent_count, found.successful_operations, found.failed_operations) == (2, 3, 1)
    assert (found.status, found.end_time, found.opened_by, found.title) == ("running", None, "user", "login page")
    assert store.workflows.sessions(flow.session_id) == ["codex-1", "claude-1"]
    assert store.sessions.get("gemini-1").workflow_id is None


def test_it_ends_when_its_last_session_did_and_as_they_did(store: Store) -> None:
    flow = store.workflows.start(at=AT).session_id
    begun(store, "codex-1")
    begun(store, "claude-1")
    store.workflows.join(flow, ["codex-1", "claude-1"])
    store.sessions.complete("codex-1", 0, at=AT + 3 * SECOND)
    store.sessions.complete("claude-1", 1, at=AT + 9 * SECOND)
    ended = store.workflows.end(flow)
    assert (ended.status, ended.total_duration_ms, ended.end_time) == ("failed", 9000, clock.iso(AT + 9 * SECOND))
    assert store.workflows.get(flow) == ended
    assert store.workflows.end(flow, "cancelled").status == "cancelled", "a user may know better"
    assert sound(store)


def test_ending_it_once_more_changes_nothing(store: Store) -> None:
    """A script that ends its workflow as failed, and has it ended on every way out, too."""
    flow = store.workflows.start(at=AT).session_id
    failed = store.workflows.end(flow, "failed", at=AT + SECOND)
    assert store.workflows.end(flow, at=AT + 9 * SECOND) == failed
    assert (failed.status, failed.end_time) == ("failed", clock.iso(AT + SECOND))


def test_subagents_are_in_the_workflow_of_who_started_them_whoever_comes_first(store: Store) -> None:
    flow = store.workflows.start(at=AT).session_id
    begun(store, "claude-1")
    begun(store, "agent-early", parent_id="claude-1")
    begun(store, "agent-deep", parent_id="agent-early")
    store.workflows.join(flow, ["claude-1"])
    begun(store, "agent-late", parent_id="claude-1")
    store.workflows.follow_parent(store.sessions.number("agent-late"))
    assert sorted(store.workflows.sessions(flow)) == ["agent-deep", "agent-early", "agent-late", "claude-1"]
    assert store.workflows.get(flow).agent_count == 4


def test_one_that_opened_by_itself_closes_by_itself_and_opens_again(store: Store) -> None:
    flow = store.workflows.start(opened_by="tachograph", at=AT).session_id
    begun(store, "codex-1")
    store.workflows.join(flow, ["codex-1"])
    assert store.workflows.settle() == []
    store.sessions.complete("codex-1", 0, at=AT + SECOND)
    assert store.workflows.settle() == [flow]
    assert store.workflows.get(flow).status == "completed"
    begun(store, "claude-1", at=AT + SECOND)
    store.workflows.join(flow, ["claude-1"])
    assert store.workflows.get(flow).status == "running"
    assert sound(store)


def test_a_name_that_only_sessions_know_gets_its_row(store: Store) -> None:
    begun(store, "codex-1", workflow_id="release-7", project_dir="/p")
    store.workflows.settle()
    found = store.workflows.get("release-7")
    assert (found.agent_count, found.project_dir, found.opened_by, found.start_time) == (1, "/p", "user", clock.iso(AT))


def test_ids_are_unique_and_a_beginning_is_enough(store: Store) -> None:
    first, second = store.workflows.start(at=AT), store.workflows.start(at=AT)
    assert (first.session_id, second.session_id) == ("workflow-20261121-091402", "workflow-20261121-091402-2")
    assert store.workflows.get("workflow-20261121-091402").session_id == first.session_id, "whole ids come first"
    store.workflows.start(session_id="release-7")
    assert store.workflows.get("rel").session_id == "release-7"
    with pytest.raises(BadRecord, match="exists already"):
        store.workflows.start(session_id="release-7")
    with pytest.raises(NotFound):
        store.workflows.get("nothing")


def test_who_was_there_at_the_same_time(store: Store) -> None:
    for name in ("codex-1", "claude-1", "gemini-1"):
        begun(store, name)
    begun(store, "agent-1", parent_id="claude-1")
    codex, claude, gemini, agent = map(store.sessions.number, ("codex-1", "claude-1", "gemini-1", "agent-1"))
    with store.transaction():
        store.workflows.present("/p", codex, [100])
        store.workflows.present("/p", claude, [101])
        store.workflows.present("/p", agent, [100])
        store.workflows.present("/q", gemini, [100])
    assert store.workflows.company("/p", codex, [100]) == (claude, None, AT)
    assert store.workflows.company("/p", codex, [98, 103]) is None


def test_rows_of_other_programs_stand_where_their_times_say(store: Store) -> None:
    store.workflows.start(session_id="earlier", at=AT)
    store._connection.execute(
        "INSERT INTO workflow_sessions (session_id, start_time, status, agent_count)"
        " VALUES ('session-001', '2026-11-21 09:14:05', 'running', 3)"
    )
    store.workflows.start(session_id="later", at=AT + 9 * SECOND)
    newest, *others = store.workflows.list(limit=1)
    assert (newest.session_id, others) == ("later", [])
    rest = store.workflows.list(past=store.workflows.place(newest))
    assert [one.session_id for one in rest] == ["session-001", "earlier"]
    lately = store.workflows.list(since=AT + SECOND, until=AT + 5 * SECOND)
    assert [one.session_id for one in lately] == ["session-001"]


def test_rows_of_other_programs_are_counted_as_their_times_say(store: Store) -> None:
    store._connection.execute(
        "INSERT INTO workflow_sessions (session_id, start_time, status, agent_count)"
        " VALUES ('session-001', '2026-11-21 09:14:02', 'running', 3)"
    )
    ended = store.workflows.end("session-001", at=AT + 5 * SECOND)
    assert (ended.agent_count, ended.start_time, ended.total_duration_ms) == (3, "2026-11-21T09:14:02.000Z", 5123)

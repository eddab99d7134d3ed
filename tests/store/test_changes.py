"""The log of what changed that was there before: an entry for what somebody may have seen, and for nothing else."""

from __future__ import annotations

import pytest

from tachograph.records import Collision, Step
from tachograph.store import Store, changes

from .samples import AT, event, session

CALL = Step("call:1", "command", AT, command="make", tool_call_id="1")
RESULT = Step("call:1", "command", AT, content="done", tool_call_id="1", status="ok")


def log(store: Store) -> list[tuple[int, int, str | None]]:
    """(what, row, was), oldest first."""
    return list(store._connection.execute("SELECT what, row, was FROM _changes ORDER BY number"))


def numbers(store: Store) -> list[int]:
    return [row[0] for row in store._connection.execute("SELECT number FROM _changes ORDER BY number")]


@pytest.fixture
def empty(store: Store) -> Store:
    """A session with an event, and no log of it."""
    store.sessions.add(session("codex-1"))
    store.events.add(event())
    store._connection.execute("DELETE FROM _changes")
    return store


def test_new_events_are_no_changes(empty: Store) -> None:
    empty.events.add_many([event(), event()])
    empty.steps.put("codex-1", "codex", [CALL, RESULT], source="transcript")
    with empty.transaction():
        empty.steps.put("codex-1", "codex", [CALL, Step("call:2", "command", AT, command="ls")], source="transcript")
        empty.steps.put("codex-1", "codex", [Step("call:2", "command", AT, status="ok")], source="transcript")
    assert log(empty) == []


def test_a_result_changes_its_call(empty: Store) -> None:
    told = empty.steps.put("codex-1", "codex", [CALL], source="transcript")
    empty.steps.put("codex-1", "codex", [RESULT], source="transcript")
    assert log(empty) == [(changes.EVENT, told.events["call:1"], None)]
    empty.steps.put("codex-1", "codex", [RESULT], source="transcript")
    assert len(log(empty)) == 1, "told again as it was"
    empty.steps.retract("codex-1", ["call:1"])
    assert len(log(empty)) == 2


def test_what_a_better_source_replaces_is_gone_from_its_session(empty: Store) -> None:
    spoken = empty.steps.put("codex-1", "codex", [Step("a", "reply", AT, content="hello")], source="hook")
    empty.steps.put("codex-1", "codex", [Step("b", "reply", AT, content="hello")], source="transcript")
    assert log(empty) == [(changes.EVENT, spoken.events["a"], "codex-1")]


def test_sessions_that_are_one_are_told_with_all_that_moved(empty: Store) -> None:
    second = empty.events.add_many([event("codex-2"), event("codex-2")])
    empty._connection.execute("DELETE FROM _changes")
    empty.merging.merge("codex-1", "codex-2")
    row = empty.sessions.number("codex-1")
    assert log(empty) == [
        (changes.SESSION, row, "codex-2"),
        (changes.EVENT, second, "codex-2"),
        (changes.EVENT, second + 1, "codex-2"),
    ]


def test_a_session_is_told_when_it_is_new_when_it_changes_and_when_it_ends(store: Store) -> None:
    store.events.add(event())
    row = store.sessions.number("codex-1")
    store.sessions.update("codex-1", title="a title")
    store.sessions.update("codex-1", input_tokens=7, metadata={"a": 1})
    store.events.add(event())
    store.sessions.complete("codex-1", 0)
    store.sessions.update("codex-1", title="another")
    told = [what for what, number, was in log(store) if (number, was) == (row, None)]
    assert told == [changes.SESSION, changes.SESSION, changes.END, changes.SESSION]


def test_a_collision_is_told_and_so_is_its_end(store: Store) -> None:
    workflow = store.workflows.start("both")
    store._connection.execute("DELETE FROM _changes")
    number = store.collisions.add(
        Collision(workflow.session_id, "a", "b", "file_conflict", "x", "warning", "2026-11-21T09:14:02Z")
    )
    assert number is not None
    store.collisions.resolve(number, "talked about it")
    assert log(store) == [(changes.COLLISION, number, None)] * 2


def test_what_is_rolled_back_is_not_told(empty: Store) -> None:
    with pytest.raises(ZeroDivisionError), empty.transaction():
        empty.sessions.update("codex-1", title="never")
        raise ZeroDivisionError
    empty.events.add(event())
    assert log(empty) == []


def test_the_log_is_bounded_and_its_numbers_go_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "KEPT", 50)
    monkeypatch.setattr(changes, "_SLACK", 10)
    store.sessions.add(session("codex-1"))
    for number in range(200):
        store.sessions.update("codex-1", title=str(number))
    kept = numbers(store)
    assert 50 <= len(kept) <= 60
    assert kept == list(range(kept[0], 202))

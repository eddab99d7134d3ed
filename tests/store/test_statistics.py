"""Counts: the roll-ups say what counting says, whatever was added and taken away; `check` finds what disagrees."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.errors import UsageError
from tachograph.records import Event, Extraction
from tachograph.store import Store, removing, settling
from tachograph.store.output import Chunk
from tachograph.store.statistics import program

from .samples import AT, SECOND, block, event, extraction, opened, printed, raw, scratch, session

DAY = 86400 * SECOND

SESSIONS = ("codex-1", "codex-2", "aider-1")
FINDINGS = st.builds(
    lambda session, event_type, pattern, line, source, at: extraction(
        session, event_type=event_type, pattern=pattern, line_number=line, source=source, at=AT + at
    ),
    st.sampled_from(SESSIONS),
    st.sampled_from(["error", "warning", "command"]),
    st.sampled_from(["a", "b"]),
    st.integers(1, 4),
    st.sampled_from(["wrapper", "wrapper", ""]),
    st.integers(0, 9),
)
STEPS = st.builds(
    lambda session, event_type, at: event(session, event_type, at=AT + at),
    st.sampled_from(SESSIONS),
    st.sampled_from(["prompt", "reply", "command", "marker"]),
    st.integers(0, 9),
)
ACTS = st.lists(
    st.tuples(st.just("extractions"), st.lists(FINDINGS, max_size=6))
    | st.tuples(st.just("events"), st.lists(STEPS, max_size=6))
    | st.tuples(st.just("feedback"), st.integers(0, 50))
    | st.tuples(st.sampled_from(SESSIONS), st.lists(FINDINGS, max_size=6)),
    max_size=12,
)


def act(store: Store, what: str, with_: object) -> None:
    if what in SESSIONS:
        own = {"session_id": what, "agent_name": what.split("-", maxsplit=1)[0]}
        found = [Extraction(**{**fields(one), **own}) for one in with_]
        store.extractions.replace(what, found, [])
    elif what == "feedback":
        events = store.events.list(after=0)
        if events:
            store.feedback.add(events[with_ % len(events)].id, "correct")
    else:
        getattr(store, what).add_many(with_)


def fields(record: Extraction) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


@pytest.mark.usefixtures("portions")
@settings(max_examples=60)
@given(ACTS)
def test_roll_ups_equal_counted_rows(acts: list[tuple[str, object]]) -> None:
    with scratch() as store:
        for name in SESSIONS:
            store.sessions.add(session(name))
        for what, with_ in acts:
            act(store, what, with_)
        events = store.events.list(after=0, limit=None)
        assert_sessions_count(store, events)
        assert_patterns_count(store, events)
        by_type = Counter(one.event_type for one in events)
        assert {row["event_type"]: row["count"] for row in store.stats_by("type")} == by_type
        found = Counter((one.pattern, one.event_type) for one in events if one.pattern)
        assert {(row["pattern"], row["event_type"]): row["count"] for row in store.stats_by("pattern")} == found
        for agent in ("codex", "aider"):
            types = Counter(one.event_type for one in events if one.pattern and one.session_id.startswith(agent))
            assert store.extractions.stats(agent)["extractions_by_type"] == types
        assert store.stats()["events"] == len(events)
        assert store.check() == []


def assert_sessions_count(store: Store, events: list[Event]) -> None:
    for name in SESSIONS:
        own = [one for one in events if one.session_id == name]
        types = Counter(one.event_type for one in own)
        assert store.sessions.counts(name) == types
        found = store.sessions.get(name)
        counted = (found.events, found.extractions, found.errors, found.prompts, found.replies, found.commands)
        extracted = sum(1 for one in own if one.pattern)
        run = sum(1 for one in own if one.event_type == "command" and not one.pattern)  # not those seen on a screen
        assert counted == (len(own), extracted, *(types[name] for name in ("error", "prompt", "reply")), run)
        assert found.feedbacks == len(store.feedback.list(session=name))


def assert_patterns_count(store: Store, events: list[Event]) -> None:
    for pattern in ("a", "b"):
        times = [one.at for one in events if one.pattern == pattern]
        stats = store.extractions.pattern_stats(pattern)
        first, last = (min(times), max(times)) if times else (None, None)
        assert (stats["total"], stats["first"], stats["last"]) == (len(times), first, last)
        agents = Counter(one.session_id.split("-")[0] for one in events if one.pattern == pattern)
        assert stats["agents"] == agents


def test_totals(store: Store) -> None:
    assert store.stats() == {
        "sessions": 0, "running": 0, "events": 0, "extractions": 0, "lines": 0, "output_bytes": 0, "lost_bytes": 0,
        "code_blocks": 0, "agents": 0, "first": None, "last": None,
    }  # fmt: skip
    store.sessions.add(session("codex-1", lost_bytes=7))
    store.sessions.add(session("aider-1", started_at=AT - SECOND, ended_at=AT, exit_code=0))
    printed(store, "codex-1", (AT + 3 * SECOND, b"a\nb\n"))
    store.extractions.add(extraction(at=AT + SECOND))
    store.events.add(event("aider-1"))
    store.code_blocks.add(block("x"))
    assert store.stats() == {
        "sessions": 2, "running": 1, "events": 2, "extractions": 1, "lines": 2, "output_bytes": 4, "lost_bytes": 7,
        "code_blocks": 1, "agents": 2, "first": AT - SECOND, "last": AT + 3 * SECOND,
    }  # fmt: skip


@pytest.fixture
def filled(store: Store) -> Store:
    """Four sessions of two agents on two days."""
    ended = {"ended_at": AT + 2 * SECOND}
    for one in (
        session("codex-1", exit_code=0, status="completed", lines=10, **ended),
        session("codex-2", exit_code=1, status="failed", lines=5, **ended),
        session("codex-3", started_at=AT - DAY, status="interrupted", ended_at=AT - DAY + 4 * SECOND),
        session("aider-1"),
    ):
        store.sessions.add(one)
    store.extractions.add_many([extraction("codex-1"), extraction("codex-2"), extraction("aider-1", pattern="b")])
    return store


FACTS = ("sessions", "succeeded", "failed", "extractions", "errors", "lines", "avg_duration_ms")


def test_by_agent_and_day(filled: Store) -> None:
    def facts(row: dict[str, object]) -> tuple[object, ...]:
        assert tuple(row)[1:] == FACTS
        return tuple(row.values())

    assert [facts(row) for row in filled.stats_by("agent")] == [
        ("codex", 3, 1, 2, 2, 2, 15, pytest.approx(8000 / 3)), ("aider", 1, 0, 0, 1, 1, 0, None),
    ]  # fmt: skip
    assert [facts(row) for row in filled.stats_by("day")] == [
        ("2026-11-21", 3, 1, 1, 3, 3, 15, 2000.0), ("2026-11-20", 1, 0, 1, 0, 0, 0, 4000.0),
    ]  # fmt: skip
    assert [row["day"] for row in filled.stats_by("day", limit=1)] == ["2026-11-21"]
    assert [row["agent_name"] for row in filled.stats_by("agent", agent="a*")] == ["aider"]
    assert [row["sessions"] for row in filled.stats_by("agent", agent="codex", since=AT, until=AT)] == [2]


def test_by_type_and_pattern(filled: Store) -> None:
    assert filled.stats_by("type") == [{"event_type": "error", "count": 3, "sessions": 3, "agents": 2}]
    assert filled.stats_by("pattern", limit=None) == [
        {"pattern": "python_exception", "event_type": "error", "count": 2, "sessions": 2, "agents": 1},
        {"pattern": "b", "event_type": "error", "count": 1, "sessions": 1, "agents": 1},
    ]
    assert filled.stats_by("pattern", agent="nobody") == []


def test_by_command(store: Store) -> None:
    store.events.add_many(
        [
            event(event_type="command", command=command, duration_ms=ms, status=status)
            for command, ms, status in [
                ("/usr/bin/pytest -q", 10.0, "ok"), ("pytest tests", 30.0, "error"), ("'pytest' -x", 20.0, None),
                ("git commit -m 'a b'", None, None), ("", None, None),
            ]
        ]
    )  # fmt: skip
    rows = store.stats_by("command")
    assert rows[0] == {
        "command": "pytest", "runs": 3, "failed": 1, "median_ms": 20.0, "p95_ms": pytest.approx(29), "total_ms": 60.0,
    }  # fmt: skip
    assert [(row["command"], row["runs"], row["failed"]) for row in rows[1:]] == [("", 1, 0), ("git", 1, 0)]
    assert store.stats_by("command", agent="nobody") == []


def test_programs() -> None:
    assert [program(line) for line in ("/bin/ls -l", "  make  ", '"my tool" x', "", " ")] == [
        "ls",
        "make",
        "my",
        "",
        "",
    ]


def test_what_nothing_is_counted_by(store: Store) -> None:
    with pytest.raises(UsageError, match="moon") as caught:
        store.stats_by("moon")
    assert "agent, day, type, pattern, command" in caught.value.hint


DAMAGES = {
    "a session that says too much": ("UPDATE _sessions SET events = events + 1", "says it has 4 events and has 3"),
    "an event that is gone": ("DELETE FROM _events WHERE id = 2", "says it has 3 events and has 2"),
    "a roll-up of a session": ("UPDATE _session_kinds SET count = 7 WHERE kind = 1", "counts 7 events of 'error'"),
    "a roll-up that is gone": ("DELETE FROM _session_kinds WHERE kind = 1", "counts 0 events of 'error'"),
    "a roll-up of the store": ("UPDATE _kind_totals SET count = 7 WHERE kind = 1", "the roll-up counts 7 events"),
    "a roll-up too many": ("INSERT INTO _session_kinds VALUES (2, 1, 5)", "stored are 0"),
    "an event of no session": ("UPDATE _events SET session = 99 WHERE id = 2", "events belong to no session"),
    "a step of no event": ("INSERT INTO _steps (event) VALUES (99)", "points to a row of _events"),
    "an index that lacks a row": (
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, '(session, at,', '(session, id,')"
        " WHERE name = '_events_session_at'",
        "_events_session_at",
    ),
    "a full-text index with a hole": ("DELETE FROM _search_data WHERE id > 1000", "_search"),
}


@pytest.mark.parametrize(("sql", "said"), DAMAGES.values(), ids=DAMAGES)
def test_check_finds_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str, said: str) -> None:
    monkeypatch.setitem(settling.settle.__kwdefaults__, "after", 1)  # everything is in the index and the totals
    with opened(tmp_path) as store:
        store.extractions.add_many([extraction(original_line="needle"), extraction(original_line="pin")])
        store.events.add(event(event_type="reply", content="hay"))
        store.sessions.add(session("aider-1"))
        assert store.check() == store.check(quick=True) == []
    shutil.copy(tmp_path / "tachograph.db", tmp_path / "copy.db")
    broken = raw(tmp_path / "copy.db")
    broken.execute(sql).fetchall()
    broken.close()
    with opened(tmp_path, "copy.db") as store:
        problems = store.check()
        assert any(said in problem for problem in problems), problems
    with opened(tmp_path) as store:
        assert store.check() == []


def test_check_finds_a_page_that_was_overwritten(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.extractions.add_many([extraction(original_line="x" * 300) for _ in range(500)])
        size, pages = (int(str(store.info()[name])) for name in ("page_size", "page_count"))
    with open(tmp_path / "tachograph.db", "r+b") as file:
        file.seek(size * (pages - 6))
        file.write(b"\xff" * 2 * size)
    with opened(tmp_path) as store:
        assert store.check() and store.check(quick=True)


def test_vacuum_gives_space_back_and_leaves_nothing_readable(store: Store) -> None:
    needle = "a very particular needle"
    lines = [f"{needle} {n} {'x' * 500}" for n in range(1000)]
    store.extractions.add_many([extraction(original_line=line, source="wrapper") for line in lines])
    store.extractions.replace("codex-1", [], [])
    before = store.info()["page_count"]
    store.vacuum()
    info = store.info()
    assert info["page_count"] < before
    assert (info["wal_bytes"], info["freelist_count"], info["secure_delete"]) == (0, 0, 2)
    assert needle.encode() not in Path(store.path).read_bytes()
    assert store.check() == []


VACUUM = """
import resource, sys, tachograph
with tachograph.open(sys.argv[1]) as store:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    store.vacuum()
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * (1 if sys.platform == "darwin" else 1024))
    assert [hit.text for hit in store.search("haysta*").hits] == ["haystack"]
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no resource")
def test_vacuum_does_not_hold_the_database_in_memory(store: Store) -> None:
    printed(store, "codex-1", (AT, b"haystack\n"))
    number, chunk = store.sessions.number("codex-1"), 1 << 20
    with store.transaction():
        for at in range(1, 151):
            store.output.write(number, [Chunk(0, at, at + 1, 1, random.Random(at).randbytes(chunk), [(AT, chunk)])])
    size = Path(store.path).stat().st_size
    store.close()
    took = int(subprocess.check_output([sys.executable, "-c", VACUUM, store.path]))
    assert took < size / 2


def test_vacuum_leaves_no_word_of_what_is_not_searched_any_more(store: Store) -> None:
    """FTS5 by itself drops words only when it merges what it has, which a few do not bring about."""
    word = b"ffoo" * 3
    store.extractions.add_many([extraction(original_line=f"line {n}") for n in range(1000)])
    said = store.events.add(event("codex-2", content=word.decode()))
    with store.transaction():
        store._writer.settle()
    with store.transaction():
        number = store.sessions.number("codex-2")
        removing.remove(store._writer, number, [said])
        store._writer.unindex(number, settling.EVENTS_STREAM, 1, 1)
    store.vacuum()
    assert word not in Path(store.path).read_bytes()
    assert store.check() == []

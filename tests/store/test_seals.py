"""Seals of sessions: whoever changes one marks it, what was changed past us is named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tachograph.ingest.sealing import seal_quiet
from tachograph.records import Step
from tachograph.store import Store

from .samples import AT, SECOND, event, extraction, opened, printed, raw, session


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with opened(home) as store:
        store.sessions.add(session("codex-1", command="make", exit_code=0, ended_at=AT + SECOND, status="completed"))
        store.events.add_many(
            [event(event_type="command", command="make", duration_ms=40.5, exit_code=0), event(content="a note")]
        )
        store.extractions.add(extraction(matched_value="boom", original_line="error: boom"))
        printed(store, "codex-1", (AT, b"one\nerror: boom\n"))
        yield store


def seal(store: Store) -> None:
    seal_quiet(store, quiet=0)
    report = store.ledger.verify()
    assert report.sound and report.waiting is None and report.unsealed == [], report


def problems(store: Store) -> list[tuple[str, str, int | None]]:
    return [(one.kind, one.name, one.row) for one in store.ledger.verify().problems]


def test_a_session_waits_until_it_is_sealed(store: Store) -> None:
    report = store.ledger.verify()
    assert report.sound and report.waiting is not None and report.waiting.rows == [1]
    assert seal_quiet(store, quiet=2**62) == 0, "it has not been quiet for that long"
    seal(store)
    assert seal_quiet(store, quiet=0) == 0
    entries = store.ledger.verify().entries
    store.sessions.update("codex-1", title="nothing that is sealed")
    assert store.ledger.verify().waiting is None
    store.sessions.update("codex-1", status="completed")
    seal(store)
    assert store.ledger.verify().entries == entries, "it is as it was sealed"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE _events SET at = at + 1 WHERE seq = 1",
        "UPDATE _events SET metadata_json = '{}' WHERE seq = 2",
        "UPDATE _events SET original_line = 'fine' WHERE seq = 3",
        "UPDATE _events SET seq = seq + 10 WHERE seq = 3",
        "UPDATE _events SET id = id + 100 WHERE seq = 3",
        "UPDATE _steps SET command = 'true'",
        "UPDATE _steps SET duration_ms = 40.50000000000001",
        "UPDATE _kinds SET event_type = 'warning' WHERE event_type = 'error'",
        "DELETE FROM _events WHERE seq = 2",
        "INSERT INTO _events (id, session, seq, at, kind) VALUES (99, 1, 99, 1, 1)",
        "UPDATE _sessions SET status = 'failed'",
        "UPDATE _sessions SET exit_code = NULL",
        "UPDATE _sessions SET command = 'true'",
        "UPDATE _output SET data = x'00'",
        "UPDATE _output SET times = x'00'",
        "DELETE FROM _output",
        "UPDATE _steps SET content = CAST(x'ff' AS TEXT)",
    ],
)
def test_what_was_changed_past_us_is_named(store: Store, home: Path, sql: str) -> None:
    seal(store)
    other = raw(home / "tachograph.db")
    other.pragma("foreign_keys", 0)
    other.execute(sql)
    assert ("changed", "sessions", 1) in problems(store)


def test_a_session_of_many_pages_is_sealed_whole(store: Store) -> None:
    store.events.add_many([event(content=f"line {number}") for number in range(2500)])
    seal(store)
    store._connection.execute("UPDATE _steps SET content = 'other' WHERE content = 'line 2400'").fetchall()
    assert [kind for kind, *_ in problems(store)] == ["changed"]


def test_a_whole_session_that_is_gone_is_named(store: Store, home: Path) -> None:
    seal(store)
    raw(home / "tachograph.db").execute("DELETE FROM _events; DELETE FROM _sessions")
    assert ("missing", "sessions", 1) in problems(store)


def test_a_session_that_was_put_in_is_listed(store: Store, home: Path) -> None:
    seal(store)
    raw(home / "tachograph.db").execute("INSERT INTO _sessions (session_id, agent, started_at) VALUES ('x', 1, 1)")
    report = store.ledger.verify()
    assert report.sound and [(one.name, one.rows) for one in report.unsealed] == [("sessions", [2])]


def test_everything_we_do_to_a_session_is_marked(store: Store) -> None:
    """Sealed, changed through us in every way there is: never an alarm, always waiting, sealed again."""
    step = Step("call:1", "command", AT, command="ls", tool_call_id="1")
    number = store.sessions.number("codex-1")
    changes = [
        lambda: store.events.add(event(content="another")),
        lambda: store.extractions.add(extraction(matched_value="bang")),
        lambda: store.extractions.replace("codex-1", [], []),
        lambda: store.steps.put("codex-1", "codex", [step], source="hook"),
        lambda: store.steps.put("codex-1", "codex", [Step("call:1", "command", AT, status="ok")], source="hook"),
        lambda: store.steps.put(
            "codex-1", "codex", [Step("prompt:1", "prompt", AT, content="hi")], source="transcript"
        ),
        lambda: store.steps.retract("codex-1", ["prompt:1"]),
        lambda: store.sessions.update("codex-1", exit_code=3),
        lambda: store.sessions.set("codex-1", status="failed"),
        lambda: store.sessions.complete("codex-1", 0, at=AT + 5 * SECOND),
        lambda: printed(store, "codex-1", (AT, b"one\nerror: boom\nmore\n")),
    ]
    for change in changes:
        seal(store)
        change()
        report = store.ledger.verify()
        assert report.sound, report.problems
        assert report.waiting is not None and report.waiting.rows == [number]
    seal(store)


def test_sessions_that_become_one_leave_a_tombstone(store: Store) -> None:
    store.sessions.add(session("codex-2"))
    store.steps.put("codex-2", "codex", [Step("call:1", "command", AT, command="ls")], source="transcript")
    seal(store)
    store.merging.merge("codex-1", "codex-2")
    assert store.ledger.verify().sound
    seal(store)
    assert store.ledger.verify().tombstones == 1


def test_what_changes_while_it_is_read_is_read_again(store: Store, home: Path) -> None:
    (waiting,) = store.seals.waiting(2**62)
    content = store.seals.content(waiting.session)
    with opened(home) as other:
        other.events.add(event(content="meanwhile"))
    with store.transaction():
        assert not store.seals.seal(waiting, content)
    seal(store)


def test_a_transaction_that_fails_marks_nothing(store: Store) -> None:
    seal(store)
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.events.add(event(content="never"))
        raise ZeroDivisionError
    assert store.ledger.verify().waiting is None
    store.audit.add("a", "b", "completed")
    assert store.ledger.verify().waiting is None


def test_the_receipt_of_a_session_names_the_head_of_its_events(store: Store) -> None:
    seal(store)
    receipt = store.receipts.get("codex-1")
    assert (receipt.operation, receipt.status, receipt.duration_ms, receipt.session_id) == (
        "session", "passed", 1000, "codex-1",
    )  # fmt: skip
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in events(store)]
    head = hashlib.sha256("".join(line + "\n" for line in lines).encode()).hexdigest()
    assert json.loads(receipt.receipt_json or "")["events"] == {"count": 3, "head": head}


def events(store: Store) -> list[list[object]]:
    """As docs/ledger.md says."""
    rows = store._connection.execute(
        "SELECT e.id, e.seq, e.at, k.event_type, k.source, k.pattern, k.risk_level, k.auto_confirmable,"
        " k.code_block_language, e.line_number, e.matched_value, e.original_line, e.metadata_json, t.tool_name,"
        " t.tool_call_id, t.file_path, t.operation, t.command, t.command_category, t.exit_code, t.status, t.content,"
        " t.duration_ms FROM _events e JOIN _kinds k ON k.id = e.kind LEFT JOIN _steps t ON t.event = e.id"
        " ORDER BY e.seq"
    )
    return [[*row[:-1], row[-1].hex() if row[-1] is not None else None] for row in rows]

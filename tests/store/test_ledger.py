"""Seals: an honest ledger never alarms, and what was changed past Tachograph is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.errors import BadRecord
from tachograph.proof.heads import heads_of
from tachograph.records import AuditEntry, SloViolation
from tachograph.store import Store

from .samples import opened, raw


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TACHOGRAPH_HOME", str(tmp_path))
    return tmp_path


def filled(folder: Path, entries: int = 5) -> Store:
    store = opened(folder)
    for number in range(entries):
        store.audit.add("codex", "render", "completed", details=f"entry {number + 1}")
    return store


def test_what_is_written_through_us_is_sealed(home: Path) -> None:
    with filled(home) as store:
        report = store.ledger.verify()
    assert report.sound
    assert (report.entries, report.rows, report.unanchored, report.unsealed) == (5, 5, 0, [])
    assert report.heads == 11, "one for the empty chain, two a commit"


@pytest.mark.parametrize(
    ("sql", "kind", "number", "row"),
    [
        ("UPDATE audit_log SET details = 'no' WHERE id = 3", "changed", 3, 3),
        ("UPDATE audit_log SET details = CAST(x'ff' AS TEXT) WHERE id = 3", "changed", 3, 3),
        ("UPDATE audit_log SET details = x'656e74727920' WHERE id = 3", "changed", 3, 3),
        ("UPDATE audit_log SET details = x'77656e7472792033' WHERE id = 3", "changed", 3, 3),  # jsonb
        ("UPDATE audit_log SET details = details || char(0) WHERE id = 3", "changed", 3, 3),
        ("UPDATE audit_log SET duration_ms = 1e-9 WHERE id = 3", "changed", 3, 3),
        ("UPDATE _ledger SET name = CAST(x'ff' AS TEXT) WHERE number = 3", "broken_chain", 3, 3),
        ("DELETE FROM audit_log WHERE id = 3", "missing", 3, 3),
        ("DELETE FROM _ledger WHERE number = 3", "broken_chain", 3, None),
        ("DELETE FROM _ledger WHERE number > 3; DELETE FROM audit_log WHERE id > 3", "missing_tail", 4, None),
        ("UPDATE _ledger SET row = 4 WHERE number = 3", "broken_chain", 3, 4),
    ],
)
def test_what_was_changed_past_us_is_named(home: Path, sql: str, kind: str, number: int, row: int | None) -> None:
    filled(home).close()
    raw(home / "tachograph.db").execute(sql)
    with opened(home) as store:
        report = store.ledger.verify()
    first = report.problems[0]
    assert (first.kind, first.number, first.row) == (kind, number, row), report.problems


def test_a_row_that_is_sealed_again_is_compared_with_its_newest_seal(home: Path) -> None:
    with filled(home) as store:
        for details in ("other", "entry 2", "third"):
            with store.transaction():
                store._connection.execute("UPDATE audit_log SET details = ? WHERE id = 2", (details,))
                store.ledger.seal("audit_log", [2])
        report = store.ledger.verify()
    assert report.sound and (report.entries, report.rows) == (8, 5)
    raw(home / "tachograph.db").execute("UPDATE audit_log SET details = 'entry 2' WHERE id = 2")
    with opened(home) as store:
        assert [(one.kind, one.number, one.row) for one in store.ledger.verify().problems] == [("changed", 8, 2)]


def test_numbers_and_letters_of_every_kind_are_what_they_were(home: Path) -> None:
    odd = "".join(map(chr, (*range(1, 128), 0x2028, 0xFFFD, 0x1F600))) + "\0"
    with opened(home) as store:
        store.audit.add("codex", odd, "completed", details=odd)
        store.receipts.add("one", "codex", "validation", "passed", receipt={"odd": odd, "small": 1e-7})
        store.slo.add(SloViolation("one", "latency", 0.1, 1e21, "critical", description=odd))
        report = store.ledger.verify()
    assert report.sound and report.rows == 3


def test_a_row_written_past_us_is_listed_and_no_alarm(home: Path) -> None:
    filled(home).close()
    raw(home / "tachograph.db").execute(
        "INSERT INTO audit_log (timestamp, agent_id, operation, status)"
        " VALUES ('2026-01-29T12:34:56Z', 'a', 'b', 'skipped')"
    )
    with opened(home) as store:
        report = store.ledger.verify()
    assert report.sound
    assert [(one.name, one.total, one.rows) for one in report.unsealed] == [("audit_log", 1, [6])]


def test_what_is_removed_on_purpose_leaves_a_tombstone(home: Path) -> None:
    with filled(home) as store:
        with store.transaction():
            store.ledger.bury("audit_log", [2, 3])
            store._connection.execute("DELETE FROM audit_log WHERE id IN (2, 3)")
        report = store.ledger.verify()
    assert report.sound and (report.entries, report.rows, report.tombstones) == (7, 5, 2)


def test_a_copy_that_was_put_back_says_so(home: Path) -> None:
    with filled(home, 2) as store:
        store._connection.execute("VACUUM INTO ?", (str(home / "copy.db"),))
        store.audit.add("codex", "render", "failed")
    for name in ("tachograph.db", "tachograph.db-wal", "tachograph.db-shm"):
        (home / name).unlink(missing_ok=True)
    (home / "copy.db").rename(home / "tachograph.db")
    with opened(home) as store:
        assert [problem.kind for problem in store.ledger.verify().problems] == ["missing_tail"]
        store.ledger.restored("the disk had died")
        report = store.ledger.verify()
        assert report.sound and "the disk had died" in report.restored[0]
        store.audit.add("codex", "render", "completed")
        assert store.ledger.verify().sound


def test_heads_that_were_begun_anew_say_so(home: Path) -> None:
    """Who removes them has the next that is written sign whatever the chain is by then."""
    filled(home, 2).close()
    (home / "heads.log").unlink()
    with opened(home) as store:
        store.audit.add("codex", "render", "completed")
        (problem,) = store.ledger.verify().problems
        assert (problem.kind, "removed or cut" in problem.text) == ("no_heads", True)
        store.ledger.restored("the disk had died")
        assert store.ledger.verify().sound


@pytest.mark.parametrize("trick", ["the line that puts back is there once more", "the lines after it are gone"])
def test_that_it_was_put_back_once_voids_no_head_of_later(home: Path, trick: str) -> None:
    """Neither a copy of the signed line, which needs no key, nor a cut: where a later head was kept elsewhere."""
    with filled(home, 2) as store:
        store.ledger.restored("the disk had died")
        put_back = store.ledger.heads.newest() or b""
        store.audit.add("codex", "deploy", "completed")
        elsewhere = heads_of([store.ledger.heads.newest() or b""])
        assert store.ledger.verify(elsewhere=elsewhere).sound
    raw(home / "tachograph.db").execute("DELETE FROM _ledger WHERE number = 3; DELETE FROM audit_log WHERE id = 3")
    log = home / "heads.log"
    lines = log.read_bytes().splitlines()
    kept = [*lines, put_back] if "once more" in trick else lines[: lines.index(put_back) + 1]
    log.write_bytes(b"\n".join(kept) + b"\n")
    with opened(home) as store:
        report = store.ledger.verify(elsewhere=elsewhere)
        assert [(problem.kind, problem.number) for problem in report.problems] == [("missing_tail", 3)]
        assert store.ledger.verify().sound == ("once more" not in trick)
        store.ledger.restored("this time it is true")
        assert store.ledger.verify(elsewhere=elsewhere).sound


def test_a_transaction_that_fails_leaves_no_seal_and_no_head(home: Path) -> None:
    with filled(home, 1) as store:
        with pytest.raises(BadRecord):
            store.audit.add_many([AuditEntry("a", "b", "completed"), AuditEntry("a", "b", "nonsense")])
        report = store.ledger.verify()
    assert report.sound and (report.entries, report.heads) == (1, 3)

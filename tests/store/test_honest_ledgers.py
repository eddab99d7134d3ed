"""What is done through Tachograph is never an alarm, in whatever order: added, changed, removed, put back, sealed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tachograph.ingest.sealing import seal_quiet
from tachograph.store import Store

from .samples import event, opened, scratch

COUNTER = iter(range(1 << 30))


def _add(store: Store) -> None:
    store.audit.add("a", f"step {next(COUNTER)}", "completed", context={"n": 1})


def _receipt(store: Store) -> None:
    store.receipts.add(f"exec-{next(COUNTER) % 7}", "a", "generation", "passed", receipt={"n": 1.5}, replace=True)


def _retention(store: Store) -> None:
    """As a clean-up removes what is old."""
    rows = [row for (row,) in store._connection.execute("SELECT id FROM audit_log ORDER BY id LIMIT 2")]
    with store.transaction():
        store.ledger.bury("audit_log", rows)
        store._connection.executemany("DELETE FROM audit_log WHERE id = ?", [(row,) for row in rows])


def _redaction(store: Store) -> None:
    """As somebody takes a secret out of a row later."""
    row = store._connection.execute("SELECT max(id) FROM audit_log").get
    if row is not None:
        with store.transaction():
            store._connection.execute("UPDATE audit_log SET operation = 'masked' WHERE id = ?", (row,))
            store.ledger.seal("audit_log", [row])


def _archive(store: Store) -> None:
    """As receipts are put aside."""
    columns = ", ".join(row[1] for row in store._connection.execute("PRAGMA table_info(receipts)"))
    store._connection.execute(
        f"INSERT INTO receipts_archive ({columns}) SELECT {columns} FROM receipts ORDER BY id LIMIT 1;"
        "DELETE FROM receipts WHERE id IN (SELECT id FROM receipts_archive)"
    )


def _happen(store: Store) -> None:
    store.events.add(event(f"codex-{next(COUNTER) % 3}", content="something"))


def _end(store: Store) -> None:
    for session in store.sessions.list(active=True, limit=1):
        store.sessions.complete(session.id, 0)


def _seal(store: Store) -> None:
    seal_quiet(store, quiet=0)


def _fail(store: Store) -> None:
    try:
        with store.transaction():
            store.audit.add("a", "never", "completed")
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass


DEEDS: list[Callable[[Store], None]] = [
    _add, _receipt, _retention, _redaction, _archive, _happen, _end, _seal, _fail,
]  # fmt: skip


@given(st.lists(st.sampled_from(DEEDS), min_size=5, max_size=25))
def test_honest_deeds_in_any_order(deeds: list[Callable[[Store], None]]) -> None:
    with scratch() as store:
        for deed in deeds:
            deed(store)
        report = store.ledger.verify()
        assert report.sound and not report.unsealed and not report.unanchored, report
        _seal(store)
        assert store.ledger.verify().sound and store.ledger.verify().waiting is None


def test_a_copy_goes_on_where_it_was_made(home: Path) -> None:
    """A backup with its heads, restored as a whole, is no alarm; the database alone is one."""
    with opened(home) as store:
        _add(store)
        store._connection.execute("VACUUM INTO ?", (str(home / "copy.db"),))
        shutil.copyfile(home / "heads.log", home / "heads.copy")
        _add(store)
    for name in ("tachograph.db", "tachograph.db-wal", "tachograph.db-shm"):
        (home / name).unlink(missing_ok=True)
    shutil.copyfile(home / "copy.db", home / "tachograph.db")
    with opened(home) as store:
        assert [problem.kind for problem in store.ledger.verify().problems] == ["missing_tail"]
    shutil.copyfile(home / "heads.copy", home / "heads.log")
    with opened(home) as store:
        assert store.ledger.verify().sound
        _add(store)
        assert store.ledger.verify().sound

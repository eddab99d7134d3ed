"""SQL from outside: reads everything public, changes nothing, ends in time."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tachograph.errors import NotFound, Refused, UsageError
from tachograph.store import Store, door

from .samples import extraction, opened


@pytest.fixture
def filled(store: Store) -> Store:
    store.extractions.add_many([extraction(line_number=n) for n in range(50)])
    return store


def test_a_query_gives_columns_and_rows(filled: Store) -> None:
    table = filled.sql("SELECT line_number AS n, event_type FROM extraction_events WHERE n < ? ORDER BY n", (2,))
    assert table == door.Table(["n", "event_type"], [(0, "error"), (1, "error")], False)
    assert filled.sql("SELECT count(*) FROM sessions WHERE agent = :a", {"a": "codex"}).rows == [(1,)]
    assert filled.sql("SELECT id, status FROM sessions WHERE 0") == door.Table(["id", "status"], [], False)
    assert filled.sql("WITH a AS (SELECT 1 AS b) SELECT * FROM a;").rows == [(1,)]
    assert filled.sql("SELECT type FROM pragma_table_info('extraction_events') LIMIT 1").columns == ["type"]


def test_rows_are_bounded_and_it_says_so(filled: Store) -> None:
    table = filled.sql("SELECT * FROM events", rows_max=10)
    assert len(table.rows) == 10 and table.truncated
    assert not filled.sql("SELECT * FROM events", rows_max=50).truncated


CHANGES = [
    "DELETE FROM _events",
    "UPDATE _sessions SET title = 'x'",
    "INSERT INTO _agents (name) VALUES ('x')",
    "DROP VIEW sessions",
    "CREATE TABLE x (a)",
    "CREATE TEMP TABLE x (a)",
    "ALTER TABLE _agents RENAME TO x",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA query_only = OFF",
    "PRAGMA writable_schema = ON",
    "PRAGMA user_version = 99",
    "PRAGMA wal_checkpoint(TRUNCATE)",
    "ATTACH '/tmp/other.db' AS other",
    "VACUUM",
    "VACUUM INTO '/tmp/copy.db'",
    "REINDEX",
    "ANALYZE",
    "BEGIN IMMEDIATE",
    "SAVEPOINT a",
    "SELECT load_extension('x')",
    "INSERT INTO _search (_search) VALUES ('rebuild')",
    "WITH a AS (SELECT 1) DELETE FROM _events",
    "EXPLAIN DELETE FROM _events",
]


@pytest.mark.parametrize("sql", CHANGES)
def test_nothing_can_be_changed(filled: Store, sql: str) -> None:
    def state() -> tuple[object, ...]:
        content = [filled.sql(f"SELECT * FROM {view}").rows for view in ("events", "sessions", "schema_version")]
        return (content, hashlib.sha256(Path(filled.path).read_bytes()).hexdigest(), filled.info()["schema_version"])

    before = state()
    with pytest.raises(Refused) as caught:
        filled.sql(sql)
    assert caught.value.hint
    assert state() == before


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT nope FROM events", "SELECT * FROM nope", "SELECT (", "SELECT ?"])
def test_wrong_sql_is_explained(filled: Store, sql: str) -> None:
    with pytest.raises(UsageError) as caught:
        filled.sql(sql)
    assert str(caught.value).startswith("SQL: ")


@pytest.mark.parametrize("sql", ["SELECT 1; SELECT 2", "SELECT 1; DELETE FROM _events"])
def test_one_statement_at_a_time(filled: Store, sql: str) -> None:
    with pytest.raises((UsageError, Refused)):
        filled.sql(sql)
    assert filled.stats()["events"] == 50


def test_no_statement_has_no_answer(filled: Store) -> None:
    assert {filled.sql(sql).columns == [] for sql in ("", "  ", "-- a remark", ";")} == {True}


def test_what_there_is_to_read(filled: Store) -> None:
    listed = {row[0]: str(row[2]).split(", ") for row in filled.sql(" .tables ").rows}
    assert "extraction_events" in listed and not any(name.startswith(("_", "sqlite_")) for name in listed)
    for name, columns in listed.items():
        assert filled.sql(f"SELECT * FROM {name}").columns == columns


def test_an_endless_query_is_stopped(filled: Store) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with pytest.raises(Refused, match=r"longer than 0\.2 s"):
        filled.sql(endless, timeout_ms=200)
    assert filled.sql("SELECT 1").rows == [(1,)]


def test_a_value_as_large_as_memory_is_refused(filled: Store) -> None:
    with pytest.raises(Refused):
        filled.sql("SELECT zeroblob(900000000)")


def test_it_needs_a_database(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no database"):
        door.query(str(tmp_path / "nothing.db"), "SELECT 1")
    assert not (tmp_path / "nothing.db").exists()


def test_it_reads_while_a_writer_is_in_the_middle_of_something(tmp_path: Path) -> None:
    with opened(tmp_path) as one, opened(tmp_path) as two:
        one.extractions.add(extraction())
        with one.transaction():
            one.extractions.add(extraction())
            assert two.sql("SELECT count(*) FROM extraction_events").rows == [(1,)]
        assert two.sql("SELECT count(*) FROM extraction_events").rows == [(2,)]

"""db: where the file is, whether it is sound, SQL over it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tachograph import paths
from tests.cli.conftest import Ask, Recorded


def test_path_makes_nothing(call: Ask, home: Path) -> None:
    assert call("db", "path").out == f"{home}/tachograph.db\n"
    assert call("--db", "/srv/a.db", "db", "path").out == "/srv/a.db\n"
    assert call("db", "path", "--db", "/srv/a.db").out == "/srv/a.db\n"
    assert not home.exists()


@pytest.mark.parametrize("words", [["db", "info"], ["db", "check"], ["db", "check", "--quick"]])
def test_looking_at_a_file_that_is_not_there_makes_none(call: Ask, home: Path, words: list[str]) -> None:
    answer = call(*words)
    assert (answer.code, answer.out) == (3, "")
    assert not home.exists()


def test_info(ask: Ask, kept: Path) -> None:
    facts = ask("db", "info", "--json").json
    assert facts["path"] == f"{kept}/tachograph.db"
    assert (facts["sessions"], facts["journal_mode"]) == (2, "wal")
    assert facts["bytes"] == Path(facts["path"]).stat().st_size
    told = ask("db", "info").out
    assert "schema version" in told and "sessions" in told


def test_a_sound_file(ask: Ask) -> None:
    for words in (["db", "check"], ["db", "check", "--quick"]):
        answer = ask(*words)
        assert (answer.code, answer.out) == (0, "")
        assert answer.err.endswith("is sound\n")


def test_a_file_with_wrong_totals(call: Ask, recorded: Recorded) -> None:
    call("sessions")
    with sqlite3.connect(paths.places().database) as connection:
        connection.execute("UPDATE _sessions SET events = events + 5")
    connection.close()
    answer = call("db", "check")
    assert answer.code == 5
    assert f"✗ session {recorded.bad} says it has" in answer.out
    assert "2 problems" in answer.err


def test_a_file_with_a_torn_page(call: Ask, recorded: Recorded) -> None:
    call("db", "vacuum")
    path = Path(paths.places().database)
    content = bytearray(path.read_bytes())
    for page in range(3, len(content) // 4096):
        content[page * 4096 : page * 4096 + 4000] = b"\xa5" * 4000
    path.write_bytes(content)
    for words in (["db", "check"], ["sessions"], ["events"]):
        answer = call(*words)
        assert answer.code == 5, words
    answer = call("doctor")
    assert answer.code == 6
    assert "damaged" in answer.out


def test_vacuum_and_migrate(call: Ask, recorded: Recorded) -> None:
    assert call("db", "vacuum").err.startswith("✓ ")
    assert call("db", "migrate").err.startswith("✓ schema version ")
    assert len(call("sessions").rows) == 2


def test_the_self_test(call: Ask, home: Path) -> None:
    answer = call("db", "test")
    assert answer.code == 0
    assert all(line.startswith("✓ ") for line in answer.out.splitlines())
    assert not home.exists()


def test_sql_in_all_forms(ask: Ask) -> None:
    query = "SELECT agent, exit_code FROM sessions ORDER BY agent"
    assert ask("db", "sql", query, "--json").json == [
        {"agent": "builder", "exit_code": 0},
        {"agent": "tester", "exit_code": 1},
    ]
    assert ask("db", "sql", query).out == "agent\texit_code\nbuilder\t0\ntester\t1\n"
    assert ask("db", "sql", query, "--csv").out == "agent,exit_code\r\nbuilder,0\r\ntester,1\r\n"
    assert ask("db", "sql", "-", "--fields", "exit_code", input=query).out == "exit_code\n0\n1\n"


def test_columns_of_one_name_are_both_kept(ask: Ask) -> None:
    assert ask("db", "sql", "SELECT 1 AS a, 2 AS a", "--json").json == [{"a": 1, "a:2": 2}]


def test_the_tables_there_are(ask: Ask) -> None:
    tables = {row["name"]: row["columns"].split(", ") for row in ask("db", "sql", ".tables").rows}
    assert {"sessions", "events", "extraction_events", "code_blocks", "process_sessions", "feedback"} <= set(tables)
    assert tables["feedback"] == ["id", "session_id", "event_id", "timestamp", "outcome", "note"]
    assert not any(name.startswith(("_", "sqlite_")) for name in tables)


def test_rows_are_bounded(ask: Ask) -> None:
    answer = ask("db", "sql", "SELECT id FROM events", "--rows", "2")
    assert len(answer.rows) == 2
    assert "cut off after 2 rows" in answer.err


@pytest.mark.parametrize(
    ("query", "code", "told"),
    [
        ("SELEC 1", 2, "syntax error"),
        ("SELECT * FROM nothing", 2, ".tables"),
        ("", 2, "there is no statement"),
        ("/* a comment */", 2, "there is no statement"),
        ("SELECT 1; SELECT 2", 2, "one statement at a time"),
        ("DELETE FROM sessions", 4, "only reading"),
        ("DELETE FROM _events", 4, "only reading"),
        ("PRAGMA journal_mode = DELETE", 4, "only reading"),
        ("ATTACH '/tmp/x.db' AS x", 4, "only reading"),
        ("SELECT ?", 2, "tachograph"),
        ("SELECT CAST(x'C328' AS TEXT)", 2, "not UTF-8"),
    ],
)
def test_sql_that_is_not_a_question(ask: Ask, query: str, code: int, told: str) -> None:
    answer = ask("db", "sql", query)
    assert (answer.code, answer.out) == (code, "")
    assert told in answer.err


def test_sql_ends_in_time(ask: Ask) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    answer = ask("db", "sql", endless, "--timeout", "50ms")
    assert answer.code == 4
    assert "longer than 0.05 s" in answer.err
    assert ask("db", "sql", endless, "--timeout", "soon").code == 2

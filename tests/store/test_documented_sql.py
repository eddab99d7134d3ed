"""Every statement that the documentation of these tables gives as an example runs as it stands there."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tachograph import clock
from tachograph.store import Store

from .clients import CLIENTS, IDS, Client, Program, documented
from .samples import opened

INSERTS, QUESTIONS, UPKEEP, SIMULATOR = map(documented, ("inserts", "questions", "upkeep", "simulator"))


@pytest.fixture(params=CLIENTS, ids=IDS)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    """Somebody else's SQLite over a database of ours in which something was recorded."""
    with opened(tmp_path) as store:
        fill(store)
    kind, foreign_keys = request.param
    made: Client = kind(str(tmp_path / "tachograph.db"), foreign_keys)
    yield made
    made.close()
    with opened(tmp_path) as store:
        assert store.check() == []
        assert store.ledger.verify().problems == []


def fill(store: Store) -> None:
    """Written by ourselves, so sealed."""
    store.receipts.add("exec-100", "codegen", "validation", "failed", duration_ms=900, error_message="no")
    store.receipts.add("exec-101", "codegen", "generation", "passed", duration_ms=100)
    store.audit.add("codegen", "validate_schema", "failed", execution_id="exec-100")
    store.memory.set("codegen", {"n": 1})


def test_rows_can_be_inserted(client: Client) -> None:
    for sql in INSERTS.values():
        client(sql)
    (row,) = client("SELECT * FROM receipts WHERE execution_id = 'exec-001'")
    assert (row["files_generated"], row["duration_ms"], row["receipt_id"]) == (5, 2500, None)
    (entry,) = client(
        "SELECT operation, context_json ->> '$.rules_applied' AS n FROM audit_log WHERE duration_ms = 450"
    )
    assert entry == {"operation": "RDF normalization", "n": 15}
    (memory,) = client("SELECT version, source, memory_id FROM agent_memory WHERE agent_id = 'code-generator'")
    assert (memory["version"], memory["source"], len(memory["memory_id"])) == (1, None, 32)
    assert client("SELECT status, opened_by FROM workflow_sessions") == [{"status": "running", "opened_by": None}]


def test_what_they_inserted_is_ours_to_ask_for(client: Client, tmp_path: Path) -> None:
    for sql in INSERTS.values():
        client(sql)
    with opened(tmp_path) as store:
        assert store.receipts.get("exec-001").status == "passed"
        assert store.memory.get("code-generator").version == 1
        assert [one.operation for one in store.audit.list(agent="code-generator")] == ["RDF normalization"]
        unsealed = {one.name: one.total for one in store.ledger.verify().unsealed}
        assert unsealed == {"receipts": 1, "agent_memory_versions": 1, "audit_log": 1, "workflow_sessions": 1}


@pytest.mark.parametrize("name", QUESTIONS)
def test_questions_are_answered(client: Client, name: str) -> None:
    client(INSERTS["workflow"])
    client(
        "INSERT INTO slo_violations (execution_id, metric, target_value, actual_value, severity, timestamp)"
        " VALUES ('exec-100', 'duration', 500, 900, 'critical', strftime('%Y-%m-%dT%H:%M:%SZ')),"
        " ('exec-101', 'duration', 50, 100, 'warning', strftime('%Y-%m-%dT%H:%M:%SZ'));\n"
        "INSERT INTO collision_detection"
        " (session_id, agent_id_1, agent_id_2, collision_type, description, severity, timestamp)"
        " VALUES ('session-001', 'a', 'b', 'file_conflict', 'a.py', 'warning', strftime('%Y-%m-%dT%H:%M:%SZ'));\n"
        "INSERT INTO pipeline_metrics (execution_id, stage, duration_ms, status, timestamp)"
        " VALUES ('exec-101', 'μ₂_extract', 40, 'passed', '2026-01-29T12:34:56Z'),"
        " ('exec-101', 'μ₃_emit', 60, 'passed', '2026-01-29T12:34:56Z');"
    )
    found = client(QUESTIONS[name])
    wanted: dict[str, list[list[object]]] = {
        "recent_failures": [["exec-100", 1, 1]],
        "agent_performance": [["codegen", 2, 1, 1, 500.0]],
        "bottlenecks": [["μ₃_emit", 1], ["μ₂_extract", 1]],
        "violations_by_metric": [["duration", 2, 500.0]],
        "collisions": [["file_conflict", "warning", 1]],
        "workflow_is_there": [[0]],
        "execution_is_taken": [],
    }
    picked = {
        "recent_failures": ("execution_id", "audit_entries", "slo_violations"),
        "agent_performance": (
            *("agent_id", "total_executions", "successful_executions", "failed_executions", "avg_duration_ms"),
        ),
        "bottlenecks": ("stage", "passed_count"),
    }.get(name, tuple(found[0]) if found else ())
    assert [[row[column] for column in picked] for row in found] == wanted[name]


def test_upkeep(client: Client, tmp_path: Path) -> None:
    assert client(UPKEEP["maintenance"]) == [{"integrity_check": "ok"}]
    client(UPKEEP["pragmas"])
    client(UPKEEP["optional_pragmas"])
    assert client("PRAGMA journal_mode") == [{"journal_mode": "wal"}]
    client(UPKEEP["missing_workflow"])
    assert client(QUESTIONS["workflow_is_there"]) == [{"COUNT(*)": 1}]
    with opened(tmp_path) as store:
        assert (store.receipts.get("exec-101").status, store.memory.get("codegen").version) == ("passed", 1)


def test_what_is_archived_is_still_proved(client: Client, tmp_path: Path) -> None:
    with opened(tmp_path) as store, store.transaction():
        old = store._connection.execute(
            "INSERT INTO receipts (execution_id, agent_id, status, created_at)"
            " VALUES ('exec-1', 'codegen', 'passed', datetime('now', '-100 days')) RETURNING id"
        ).get
        store.ledger.seal("receipts", [old])
    client(UPKEEP["archive"])
    assert client("SELECT execution_id FROM receipts ORDER BY id") == [
        {"execution_id": "exec-100"}, {"execution_id": "exec-101"},
    ]  # fmt: skip
    assert client("SELECT execution_id FROM receipts_archive") == [{"execution_id": "exec-1"}]


def test_replacing_an_execution(client: Client) -> None:
    client(INSERTS["receipt"])
    client(
        "REPLACE INTO receipts (execution_id, agent_id, operation, status, timestamp, duration_ms)"
        " VALUES ('exec-001', 'other', 'watch', 'cancelled', '2026-01-29T12:34:56Z', 1);"
    )
    assert client("SELECT agent_id FROM receipts WHERE execution_id = 'exec-001'") == [{"agent_id": "other"}]


def test_rows_of_the_simulator_move_in(client: Client, tmp_path: Path) -> None:
    theirs = sqlite3.connect(tmp_path / "ggen.db", isolation_level=None)
    for sql in SIMULATOR.values():
        theirs.execute(sql)
    theirs.execute(
        "INSERT INTO receipts (receipt_id, execution_id, agent_id, agent_type, receipt_json, status)"
        " VALUES ('abc123', 'exec-9', 'validator-1', 'validation', '{\"files\":5}', 'success')"
    )
    theirs.execute(
        "INSERT INTO agent_memory (memory_id, agent_id, agent_type, memory_json, version)"
        " VALUES ('m1', 'validator-1', 'validation', '{}', 7)"
    )
    theirs.execute(
        "INSERT INTO audit_log (audit_id, agent_id, operation, status) VALUES ('a1', 'validator-1', 'x', 'retry')"
    )
    theirs.execute("INSERT INTO _schema_metadata (key, value) VALUES ('theirs', '1.0.0')")
    moves = []
    for table in SIMULATOR:
        names = [row[1] for row in theirs.execute(f"PRAGMA table_info({table})")]
        filled = [name for name in names if theirs.execute(f"SELECT count({name}) FROM {table}").fetchone()[0]]
        moves.append(f"INSERT INTO {table} ({', '.join(filled)}) SELECT {', '.join(filled)} FROM ggen.{table};\n")
    theirs.close()
    client(f"ATTACH '{tmp_path}/ggen.db' AS ggen;\n" + "".join(moves))
    (row,) = client("SELECT status, operation, duration_ms FROM receipts WHERE receipt_id = 'abc123'")
    assert row == {"status": "passed", "operation": "receipt", "duration_ms": 0}
    assert client("SELECT version FROM agent_memory WHERE memory_id = 'm1'") == [{"version": 7}]
    (entry,) = client("SELECT status, timestamp FROM audit_log WHERE audit_id = 'a1'")
    assert entry["status"] == "retry" and clock.from_iso(entry["timestamp"]), "theirs has a blank, and no zone"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("2026-01-29 12:34:56", "2026-01-29T12:34:56.000Z"),
        ("2026-01-29T14:34:56.789+02:00", "2026-01-29T12:34:56.789Z"),
        ("2026-01-29", "2026-01-29T00:00:00.000Z"),
        ("2026-01-29T12:34:56Z", "2026-01-29T12:34:56Z"),
        ("2026-99-99 at noon", "2026-99-99 at noon"),
    ],
)
def test_times_are_stored_as_lists_sort_them(client: Client, given: str, stored: str) -> None:
    client(
        "INSERT INTO receipts (execution_id, agent_id, operation, status, timestamp, duration_ms)"
        f" VALUES ('e-time', 'a', 'watch', 'passed', '{given}', 1);\n"
        "INSERT INTO audit_log (timestamp, agent_id, operation, status)"
        f" VALUES ('{given}', 'a-time', 'b', 'started');\n"
        "INSERT INTO workflow_sessions (session_id, start_time, status, agent_count)"
        f" VALUES ('w-time', '{given}', 'running', 1);\n"
        "INSERT INTO collision_detection (session_id, agent_id_1, agent_id_2, collision_type, description, severity,"
        f" timestamp) VALUES ('w-time', 'a', 'b', 'file_conflict', 'both', 'info', '{given}');\n"
        "INSERT INTO pipeline_metrics (execution_id, stage, duration_ms, status, timestamp)"
        f" VALUES ('e-time', 'μ₁_normalize', 1, 'passed', '{given}');\n"
        "INSERT INTO slo_violations (execution_id, metric, target_value, actual_value, severity, timestamp)"
        f" VALUES ('e-time', 'm', 1, 2, 'warning', '{given}');\n"
    )
    for where in (
        *("receipts WHERE execution_id = 'e-time'", "audit_log WHERE agent_id = 'a-time'"),
        *("collision_detection WHERE session_id = 'w-time'", "pipeline_metrics WHERE execution_id = 'e-time'"),
        "slo_violations WHERE execution_id = 'e-time'",
    ):
        assert client(f"SELECT timestamp FROM {where}") == [{"timestamp": stored}], where
    assert client("SELECT start_time FROM workflow_sessions WHERE session_id = 'w-time'") == [{"start_time": stored}]


def test_a_backup_by_the_program(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        fill(store)
    program = shutil.which("sqlite3")
    assert program
    copy = tmp_path / "tier2-backup.db"
    subprocess.run([program, str(tmp_path / "tachograph.db"), f".backup '{copy}'"], check=True, timeout=30)
    assert Program(str(copy), True)("SELECT count(*) AS n FROM receipts") == [{"n": 2}]

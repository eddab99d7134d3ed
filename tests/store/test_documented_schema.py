"""The schema of the ledger as its tables were documented, asked of our database by other people's SQLite.

36 checks: structure (7), columns (15), indexes (2), constraints (2), data types (2), JSON (2), foreign keys (2),
views (3), one whole workflow. Every one with the sqlite3 program and Python's module, foreign keys on and off.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .clients import CLIENTS, IDS, Client, ClientError
from .samples import opened

TABLES: dict[str, dict[str, str]] = {
    "receipts": {
        "id": "INTEGER", "execution_id": "TEXT NOT NULL", "agent_id": "TEXT NOT NULL", "operation": "TEXT NOT NULL",
        "status": "TEXT NOT NULL", "timestamp": "TEXT NOT NULL", "created_at": "TIMESTAMP", "manifest_hash": "TEXT",
        "ontology_hash": "TEXT", "files_generated": "INTEGER", "files_modified": "INTEGER",
        "duration_ms": "INTEGER NOT NULL", "receipt_json": "TEXT", "error_message": "TEXT", "environment": "TEXT",
    },
    "agent_memory": {
        "id": "INTEGER", "agent_id": "TEXT NOT NULL", "memory_json": "TEXT NOT NULL", "collision_history": "TEXT",
        "retry_count": "INTEGER", "last_error": "TEXT", "updated_at": "TIMESTAMP", "created_at": "TIMESTAMP",
    },
    "audit_log": {
        "id": "INTEGER", "timestamp": "TEXT NOT NULL", "agent_id": "TEXT NOT NULL", "operation": "TEXT NOT NULL",
        "status": "TEXT NOT NULL", "duration_ms": "INTEGER", "error_message": "TEXT", "context_json": "TEXT",
        "created_at": "TIMESTAMP",
    },
    "workflow_sessions": {
        "id": "INTEGER", "session_id": "TEXT NOT NULL", "start_time": "TIMESTAMP NOT NULL", "end_time": "TIMESTAMP",
        "status": "TEXT NOT NULL", "agent_count": "INTEGER NOT NULL", "total_duration_ms": "INTEGER",
        "successful_operations": "INTEGER", "failed_operations": "INTEGER", "context_json": "TEXT",
        "created_at": "TIMESTAMP",
    },
    "collision_detection": {
        "id": "INTEGER", "session_id": "TEXT NOT NULL", "agent_id_1": "TEXT NOT NULL", "agent_id_2": "TEXT NOT NULL",
        "collision_type": "TEXT NOT NULL", "description": "TEXT NOT NULL", "resolution": "TEXT",
        "severity": "TEXT NOT NULL", "timestamp": "TEXT NOT NULL", "created_at": "TIMESTAMP",
    },
    "pipeline_metrics": {
        "id": "INTEGER", "execution_id": "TEXT NOT NULL", "stage": "TEXT NOT NULL", "duration_ms": "INTEGER NOT NULL",
        "input_size_bytes": "INTEGER", "output_size_bytes": "INTEGER", "status": "TEXT NOT NULL",
        "error_message": "TEXT", "timestamp": "TEXT NOT NULL", "created_at": "TIMESTAMP",
    },
    "slo_violations": {
        "id": "INTEGER", "execution_id": "TEXT NOT NULL", "metric": "TEXT NOT NULL", "target_value": "REAL NOT NULL",
        "actual_value": "REAL NOT NULL", "severity": "TEXT NOT NULL", "description": "TEXT",
        "timestamp": "TEXT NOT NULL", "created_at": "TIMESTAMP",
    },
}  # fmt: skip
UNIQUE = {"receipts": "execution_id", "agent_memory": "agent_id", "workflow_sessions": "session_id"}
INDEXES = {
    "idx_receipts_agent_timestamp": "agent_id, timestamp DESC", "idx_receipts_execution_id": "execution_id",
    "idx_receipts_status": "status, created_at DESC", "idx_receipts_created_at": "created_at DESC",
    "idx_agent_memory_agent_id": "agent_id", "idx_agent_memory_updated_at": "updated_at DESC",
    "idx_audit_log_timestamp": "timestamp DESC", "idx_audit_log_agent_id": "agent_id, timestamp DESC",
    "idx_audit_log_status": "status, created_at DESC", "idx_workflow_sessions_session_id": "session_id",
    "idx_workflow_sessions_status": "status, created_at DESC", "idx_workflow_sessions_created_at": "created_at DESC",
    "idx_collision_detection_session_id": "session_id, timestamp DESC",
    "idx_collision_detection_agents": "agent_id_1, agent_id_2",
    "idx_collision_detection_severity": "severity, created_at DESC",
    "idx_pipeline_metrics_execution_id": "execution_id", "idx_pipeline_metrics_stage": "stage, duration_ms DESC",
    "idx_pipeline_metrics_timestamp": "timestamp DESC", "idx_slo_violations_execution_id": "execution_id",
    "idx_slo_violations_metric": "metric, created_at DESC", "idx_slo_violations_severity": "severity, created_at DESC",
}  # fmt: skip
VIEWS = {"recent_executions", "agent_performance_summary", "pipeline_stage_performance"}
WORDS = {
    ("receipts", "operation"): "validation generation normalization extraction emission canonicalization receipt "
    "dry_run watch",
    ("receipts", "status"): "passed failed partial cancelled",
    ("audit_log", "status"): "started completed failed skipped",
    ("workflow_sessions", "status"): "running completed failed cancelled",
    ("collision_detection", "collision_type"): "file_conflict memory_conflict semantic_overlap structural_overlap",
    ("collision_detection", "severity"): "info warning critical",
    ("pipeline_metrics", "stage"): "μ₁_normalize μ₂_extract μ₃_emit μ₄_canonicalize μ₅_receipt",
    ("pipeline_metrics", "status"): "passed failed",
    ("slo_violations", "severity"): "warning critical",
}
ROWS: dict[str, dict[str, Any]] = {
    "receipts": {
        "execution_id": "exec-1", "agent_id": "codegen", "operation": "generation", "status": "passed",
        "timestamp": "2026-01-29T12:34:56Z", "duration_ms": 2500,
    },
    "agent_memory": {"agent_id": "codegen", "memory_json": "{}"},
    "audit_log": {
        "timestamp": "2026-01-29T12:34:56Z", "agent_id": "codegen", "operation": "normalize", "status": "completed",
    },
    "workflow_sessions": {
        "session_id": "flow-1", "start_time": "2026-01-29 12:00:00", "status": "running", "agent_count": 2,
    },
    "collision_detection": {
        "session_id": "flow-1", "agent_id_1": "a", "agent_id_2": "b", "collision_type": "file_conflict",
        "description": "both wrote a.py", "severity": "warning", "timestamp": "2026-01-29T12:34:56Z",
    },
    "pipeline_metrics": {
        "execution_id": "exec-1", "stage": "μ₁_normalize", "duration_ms": 450, "status": "passed",
        "timestamp": "2026-01-29T12:34:56Z",
    },
    "slo_violations": {
        "execution_id": "exec-1", "metric": "duration_ms", "target_value": 2000.0, "actual_value": 2500.5,
        "severity": "warning", "timestamp": "2026-01-29T12:34:56Z",
    },
}  # fmt: skip
CHILDREN = ("pipeline_metrics", "slo_violations", "collision_detection")


def insert(table: str, **changed: Any) -> str:
    """The row of `ROWS` as a statement; a field that is changed to None is left out."""
    fields = {name: value for name, value in {**ROWS[table], **changed}.items() if value is not None}
    values = ", ".join(
        str(v) if isinstance(v, int | float) else "'" + v.replace("'", "''") + "'" for v in fields.values()
    )
    return f"INSERT INTO {table} ({', '.join(fields)}) VALUES ({values});\n"


@pytest.fixture(params=CLIENTS, ids=IDS)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    """Somebody else's SQLite over a database that we made."""
    opened(tmp_path).close()
    kind, foreign_keys = request.param
    made: Client = kind(str(tmp_path / "tachograph.db"), foreign_keys)
    yield made
    made.close()
    with opened(tmp_path) as store:
        assert store.ledger.verify().problems == [], "rows of others are no alarm"
        wanted = [] if foreign_keys else [line for line in store.check() if "points to a row" in line]
        assert store.check() == wanted


def refused(client: Client, sql: str, told: str) -> None:
    with pytest.raises(ClientError, match=told):
        client(sql)


class TestStructure:
    def test_the_seven_tables_are_there(self, client: Client) -> None:
        found = {row["name"] for row in client("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert found >= TABLES.keys()

    def test_the_three_views_are_there(self, client: Client) -> None:
        assert {row["name"] for row in client("SELECT name FROM sqlite_master WHERE type = 'view'")} >= VIEWS

    def test_there_are_more_than_twenty_indexes(self, client: Client) -> None:
        (row,) = client("SELECT count(*) AS n FROM sqlite_master WHERE type = 'index' AND name LIKE 'idx_%'")
        assert row["n"] > 20

    def test_every_table_has_an_integer_key_that_is_never_used_again(self, client: Client) -> None:
        for table in TABLES:
            (row,) = client(f"SELECT type, pk FROM pragma_table_info('{table}') WHERE name = 'id'")
            assert (row["type"], row["pk"]) == ("INTEGER", 1)
        client(insert("audit_log") + "DELETE FROM audit_log;\n" + insert("audit_log"))
        assert client("SELECT id FROM audit_log") == [{"id": 2}]

    def test_the_keys_are_unique(self, client: Client) -> None:
        for table, column in UNIQUE.items():
            found = client(
                f"SELECT i.name FROM pragma_index_list('{table}') l, pragma_index_info(l.name) i WHERE l.\"unique\" = 1"
            )
            assert {"name": column} in found

    def test_the_file_is_sound(self, client: Client) -> None:
        assert client("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
        assert client("PRAGMA foreign_key_check") == []

    def test_the_schema_says_what_it_is(self, client: Client) -> None:
        found = {row["key"]: row["value"] for row in client("SELECT key, value FROM _schema_metadata")}
        assert found["schema_name"] == "tachograph" and int(found["schema_version"]) >= 2


class TestColumns:
    @pytest.mark.parametrize("table", TABLES)
    def test_the_documented_columns_are_there(self, client: Client, table: str) -> None:
        found = {row["name"] for row in client(f"SELECT name FROM pragma_table_info('{table}')")}
        assert found >= TABLES[table].keys()

    @pytest.mark.parametrize("table", TABLES)
    def test_they_have_the_documented_types(self, client: Client, table: str) -> None:
        found = {
            row["name"]: row["type"] + " NOT NULL" * row["notnull"]
            for row in client(f"SELECT name, type, \"notnull\" FROM pragma_table_info('{table}')")
        }
        assert {name: found[name] for name in TABLES[table]} == TABLES[table]

    def test_columns_that_may_be_left_out_have_their_defaults(self, client: Client) -> None:
        client("".join(map(insert, TABLES)))
        for table, columns in TABLES.items():
            for column in columns.keys() & {"created_at", "updated_at"}:
                (row,) = client(f"SELECT datetime({column}) = {column} AS at FROM {table}")
                assert row["at"] == 1, f"{table}.{column} is a time as SQLite writes it"
        assert client("SELECT retry_count FROM agent_memory") == [{"retry_count": 0}]


class TestIndexes:
    def test_the_documented_indexes_are_over_their_columns(self, client: Client) -> None:
        for name, columns in INDEXES.items():
            (row,) = client(f"SELECT sql FROM sqlite_master WHERE name = '{name}'")
            assert f"({columns})" in row["sql"]

    def test_questions_use_them(self, client: Client) -> None:
        for sql, index in (
            ("SELECT * FROM receipts WHERE agent_id = 'a' ORDER BY timestamp DESC", "idx_receipts_agent_timestamp"),
            ("SELECT * FROM audit_log WHERE agent_id = 'a' AND timestamp > 'b'", "idx_audit_log_agent_id"),
            ("SELECT * FROM pipeline_metrics WHERE execution_id = 'a'", "idx_pipeline_metrics_execution_id"),
            ("SELECT * FROM collision_detection WHERE severity = 'critical'", "idx_collision_detection_severity"),
        ):
            assert index in client.plan(sql)


class TestConstraints:
    def test_words_that_are_none_are_refused(self, client: Client) -> None:
        client(insert("receipts") + insert("workflow_sessions"))
        for (table, column), words in WORDS.items():
            refused(
                client,
                insert(table, execution_id="x" if table == "receipts" else None, **{column: "nonsense"}),
                "FOREIGN KEY|CHECK",
            )
            for number, word in enumerate(words.split()):
                own = {UNIQUE[table]: f"{column}-{number}"} if table in UNIQUE else {}
                client(insert(table, **own, **{column: word}))
            refused(client, f"UPDATE {table} SET {column} = 'nonsense'", "FOREIGN KEY|CHECK")

    def test_what_is_there_twice_or_missing_is_refused(self, client: Client) -> None:
        client("".join(map(insert, TABLES)))
        for table, column in UNIQUE.items():
            refused(client, insert(table), f"UNIQUE constraint failed: {table}.{column}")
        for table, columns in TABLES.items():
            for column, kind in columns.items():
                if kind.endswith("NOT NULL"):
                    refused(
                        client, f"UPDATE {table} SET {column} = NULL", f"NOT NULL constraint failed: {table}.{column}"
                    )


class TestTypes:
    def test_numbers_are_numbers(self, client: Client) -> None:
        client(
            insert("receipts", duration_ms="2500") + insert("slo_violations", target_value=2000, actual_value="2500.5")
        )
        assert client("SELECT typeof(duration_ms) AS t FROM receipts") == [{"t": "integer"}]
        assert client("SELECT typeof(target_value) AS t, typeof(actual_value) AS a FROM slo_violations") == [
            {"t": "real", "a": "real"}
        ]

    def test_times_are_text_that_dates_can_be_computed_from(self, client: Client) -> None:
        client(insert("receipts") + insert("workflow_sessions"))
        assert client("SELECT timestamp, typeof(timestamp) AS t, date(timestamp) AS d FROM receipts") == [
            {"timestamp": "2026-01-29T12:34:56Z", "t": "text", "d": "2026-01-29"}
        ]
        (row,) = client("SELECT julianday('now') - julianday(created_at) AS days FROM workflow_sessions")
        assert 0 <= row["days"] < 1


class TestJson:
    def test_values_can_be_asked_for_and_changed(self, client: Client) -> None:
        client(insert("receipts", receipt_json='{"files": ["a.rs", "b.rs"], "n": {"x": 1}}') + insert("agent_memory"))
        (row,) = client(
            "SELECT json_extract(receipt_json, '$.files[1]') AS f, receipt_json ->> '$.n.x' AS x,"
            " json_array_length(receipt_json, '$.files') AS n FROM receipts"
        )
        assert row == {"f": "b.rs", "x": 1, "n": 2}
        client("UPDATE agent_memory SET memory_json = json_set(memory_json, '$.state', 'ready')")
        assert client("SELECT memory_json AS m, version FROM agent_memory") == [
            {"m": '{"state":"ready"}', "version": 2}
        ]

    def test_what_is_no_json_is_refused(self, client: Client) -> None:
        for table, column in (
            *(("receipts", "receipt_json"), ("agent_memory", "memory_json"), ("agent_memory", "collision_history")),
            *(("audit_log", "context_json"), ("workflow_sessions", "context_json")),
        ):
            refused(client, insert(table, **{column: "{not json"}), "CHECK constraint failed|malformed JSON")


class TestForeignKeys:
    def test_children_need_their_parents(self, client: Client) -> None:
        keys = bool(client("PRAGMA foreign_keys")[0]["foreign_keys"])
        for table in CHILDREN:
            if keys:
                refused(client, insert(table), "FOREIGN KEY constraint failed")
        if keys:
            client(insert("receipts") + insert("workflow_sessions"))
        for table in CHILDREN:
            client(insert(table))
            assert client(f"SELECT count(*) AS n FROM {table}") == [{"n": 1}]

    def test_parents_with_children_stay(self, client: Client) -> None:
        keys = bool(client("PRAGMA foreign_keys")[0]["foreign_keys"])
        client("".join(map(insert, TABLES)))
        for parent in ("receipts", "workflow_sessions"):
            if keys:
                refused(client, f"DELETE FROM {parent}", "FOREIGN KEY constraint failed")
        for table in CHILDREN:
            client(f"DELETE FROM {table}")
        for parent in ("receipts", "workflow_sessions"):
            client(f"DELETE FROM {parent}")
            assert client(f"SELECT count(*) AS n FROM {parent}") == [{"n": 0}]


class TestViews:
    def test_recent_executions_count_entries_and_violations(self, client: Client) -> None:
        for number in range(105):
            at = f"2026-01-29T{number // 60 + 10}:{number % 60:02}:00Z"
            client(insert("receipts", execution_id=f"exec-{number}", timestamp=at))
        client(insert("slo_violations", execution_id="exec-104") + insert("slo_violations", execution_id="exec-104"))
        client(insert("audit_log", execution_id="exec-104") + insert("audit_log", timestamp="2026-01-29T11:44:00Z"))
        client(insert("audit_log", timestamp="2025-01-29T11:44:00Z") + insert("audit_log", agent_id="other"))
        found = client("SELECT * FROM recent_executions")
        assert [row["execution_id"] for row in found] == [f"exec-{number}" for number in range(104, 4, -1)]
        counts = {row["execution_id"]: (row["audit_entries"], row["slo_violations"]) for row in found}
        assert counts["exec-104"] == (2, 2), "one that names it, one of its agent while it ran"
        assert counts["exec-50"] == (0, 0)

    def test_performance_of_agents(self, client: Client) -> None:
        for number, (status, took) in enumerate([("passed", 100), ("success", 300), ("failed", 800), ("partial", 0)]):
            at = f"2026-01-29T12:00:0{number}Z"
            fields = {"execution_id": f"e{number}", "status": status, "duration_ms": took, "timestamp": at}
            client(insert("receipts", **fields, files_generated=number))
        assert client("SELECT * FROM agent_performance_summary") == [
            {
                "agent_id": "codegen", "total_executions": 4, "successful_executions": 2, "failed_executions": 1,
                "avg_duration_ms": 300.0, "min_duration_ms": 0, "max_duration_ms": 800, "total_files_generated": 6,
                "last_execution": "2026-01-29T12:00:03Z",
            }
        ]  # fmt: skip

    def test_performance_of_stages(self, client: Client) -> None:
        client(insert("receipts"))
        for took, status in ((100, "passed"), (300, "failed")):
            client(insert("pipeline_metrics", duration_ms=took, status=status))
        client(insert("pipeline_metrics", stage="μ₅_receipt", duration_ms=5))
        assert client("SELECT * FROM pipeline_stage_performance ORDER BY stage") == [
            {
                "stage": "μ₁_normalize", "execution_count": 2, "avg_duration_ms": 200.0, "min_duration_ms": 100,
                "max_duration_ms": 300, "passed_count": 1, "failed_count": 1,
            },
            {
                "stage": "μ₅_receipt", "execution_count": 1, "avg_duration_ms": 5.0, "min_duration_ms": 5,
                "max_duration_ms": 5, "passed_count": 1, "failed_count": 0,
            },
        ]  # fmt: skip


def test_a_whole_workflow(client: Client) -> None:
    client("BEGIN;\n" + "".join(map(insert, ("workflow_sessions", "receipts", "agent_memory"))) + "COMMIT;")
    for number, stage in enumerate(WORDS["pipeline_metrics", "stage"].split()):
        client(insert("pipeline_metrics", stage=stage, duration_ms=100 * (number + 1)))
        client(insert("audit_log", operation=stage, execution_id="exec-1"))
    client(insert("slo_violations") + insert("collision_detection"))
    client("UPDATE workflow_sessions SET status = 'completed', end_time = datetime('now'), successful_operations = 5")
    client("UPDATE agent_memory SET memory_json = json('{\"done\":true}')")
    client("UPDATE collision_detection SET resolution = 'took turns'")
    (row,) = client(
        "SELECT r.status, count(DISTINCT p.stage) AS stages, sum(p.duration_ms) AS took, x.audit_entries AS entries,"
        " x.slo_violations AS violations FROM receipts r JOIN pipeline_metrics p USING (execution_id)"
        " JOIN recent_executions x USING (execution_id) GROUP BY r.id"
    )
    assert row == {"status": "passed", "stages": 5, "took": 1500, "entries": 5, "violations": 1}
    assert client("SELECT version, memory_json FROM agent_memory_versions ORDER BY version") == [
        {"version": 1, "memory_json": "{}"},
        {"version": 2, "memory_json": '{"done":true}'},
    ]

"""What people and other tools query: documented columns, readable with any SQLite, while we write."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tachograph.records import StateChange, Step, Usage
from tachograph.store import Store

from .samples import AT, block, event, extraction, opened, session

# In the order in which they were promised.
COLUMNS = {
    "extraction_events": "id agent_name session_id timestamp event_type pattern matched_value original_line "
    "line_number metadata_json code_block_language risk_level auto_confirmable",
    "code_blocks": "id agent_name session_id timestamp language content line_start line_end context_json parseable "
    "digest",
    "process_sessions": "id agent_name session_id environment started_at ended_at exit_code total_lines_processed "
    "total_extraction_events total_feedback_outcomes stdout_log_path stderr_log_path extraction_config_version "
    "environment_config_version",
    "process_state_changes": "id session_id timestamp state exit_code metadata_json",
    "sessions": "id copilot_session_id project_dir task_file spawned_at spawned_by status importance pid ended_at "
    "exit_code agent title branch model parent_id workflow_id prompts replies tool_calls tool_errors rejections "
    "commands files_touched lines extractions unknown_lines input_tokens output_tokens cache_read_tokens "
    "cache_write_tokens reasoning_tokens cost_usd events errors environment command host duration_ms output_bytes "
    "lost_bytes metadata_json",
    "events": "id session_id timestamp event_type tool_name tool_call_id file_path operation command command_category "
    "exit_code duration_ms status content source metadata_json seq pattern matched_value original_line line_number "
    "risk_level auto_confirmable code_block_language",
    "file_activity": "session_id file_path total_operations reads writes edits last_modified",
    "command_stats": "session_id command_category count avg_duration first_execution last_execution",
    "schema_version": "version applied_at description",
    "code_sightings": "digest agent_name session_id timestamp language line_start line_end context_json",
    "feedback": "id session_id event_id timestamp outcome note",
    "usage": "event_id session_id agent timestamp model input_tokens output_tokens cache_read_tokens "
    "cache_write_tokens reasoning_tokens cost_usd cost_source partial copied project_dir",
    "histories": "id session_id path reader generation bytes archived_bytes unknown_lines trouble modified_at "
    "keeps_until gone_at",
}
TABLES = {  # that others write to, under names that were promised
    *("receipts", "receipts_archive", "agent_memory", "agent_memory_versions", "audit_log", "workflow_sessions"),
    *("collision_detection", "pipeline_metrics", "slo_violations"),
}
OVER_TABLES = {"recent_executions", "agent_performance_summary", "pipeline_stage_performance"}
TIMES = (
    "timestamp",
    "started_at",
    "ended_at",
    "spawned_at",
    "last_modified",
    "modified_at",
    "first_execution",
    "last_execution",
)
ISO = "[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9]Z"
SECOND = 1_000_000_000

sqlite3 = shutil.which("sqlite3")


def ask(path: str | Path, sql: str) -> list[dict[str, object]]:
    """What the sqlite3 program answers."""
    assert sqlite3, "the sqlite3 program is needed: apt install sqlite3"
    run = subprocess.run([sqlite3, "-json", "-readonly", path, sql], capture_output=True, text=True, timeout=30)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout) if run.stdout.strip() else []


@pytest.fixture
def filled(store: Store) -> Store:
    """A session with everything that can be in one."""
    store.sessions.add(session("codex-1", environment="staging", project_dir="/src", extraction_config_version="ab12"))
    store.sessions.add_state(StateChange("codex-1", "running", None, {"pid": 7}, AT))
    number = store.extractions.add(
        extraction(
            event_type="code_block", matched_value="def f", original_line="```python", line_number=3,
            metadata={"severity": "info"}, code_block_language="python", risk_level="medium", auto_confirmable=True,
        )
    )  # fmt: skip
    store.events.add_many(
        [
            event(event_type="command", command="pytest -q", command_category="test", duration_ms=40.0, exit_code=1),
            event(event_type="command", command="pytest", command_category="test", duration_ms=60.0, at=AT + SECOND),
            event(event_type="file_op", file_path="a.py", operation="read"),
            event(event_type="file_op", file_path="a.py", operation="edit", at=AT + 2 * SECOND),
            event(event_type="file_op", file_path="a.py", operation="write"),
        ]
    )
    store.code_blocks.add(
        block("def f(): pass", language="python", line_start=3, line_end=5, context={"a": 1}, parseable=True)
    )
    store.feedback.add(number, "correct", "yes")
    used = Step("usage:m1", "usage", AT, usage=Usage("gpt-5", 10, 5))
    store.steps.put("codex-1", "codex", [used], source="transcript")
    with store.transaction():
        history = store.histories.begin("/home/me/.codex/sessions/1.jsonl", "codex")
        store.histories.save(history.id, session=store.sessions.number("codex-1"), modified_at=AT)
    store.sessions.complete("codex-1", 0, lines=12, at=AT + 90 * SECOND)
    return store


@pytest.mark.parametrize("view", COLUMNS)
def test_columns_are_the_documented_ones_in_their_order(filled: Store, view: str) -> None:
    info = ask(filled.path, f"SELECT name FROM pragma_table_info('{view}')")
    assert [row["name"] for row in info] == COLUMNS[view].split()
    assert ask(filled.path, f"SELECT * FROM {view} LIMIT 1")
    assert filled.sql(f"SELECT * FROM {view}").columns == COLUMNS[view].split()


@pytest.mark.parametrize("view", COLUMNS)
def test_times_are_iso_8601_in_utc(filled: Store, view: str) -> None:
    times = [name for name in COLUMNS[view].split() if name in TIMES]
    for name in times:
        assert ask(filled.path, f"SELECT count(*) AS n FROM {view} WHERE {name} NOT GLOB '{ISO}'") == [{"n": 0}]
        assert ask(filled.path, f"SELECT count(*) AS n FROM {view} WHERE {name} GLOB '{ISO}'") != [{"n": 0}]
    assert times or view == "schema_version"


def test_values_are_those_of_the_records(filled: Store) -> None:
    (found,) = ask(filled.path, "SELECT * FROM extraction_events")
    one = filled.extractions.list()[0]
    assert found == {
        "id": one.id, "agent_name": "codex", "session_id": "codex-1", "timestamp": "2026-11-21T09:14:02.123Z",
        "event_type": "code_block", "pattern": "python_exception", "matched_value": "def f",
        "original_line": "```python", "line_number": 3, "metadata_json": '{"severity":"info"}',
        "code_block_language": "python", "risk_level": "medium", "auto_confirmable": 1,
    }  # fmt: skip
    (process,) = ask(filled.path, "SELECT * FROM process_sessions")
    assert process == {
        "id": 1, "agent_name": "codex", "session_id": "codex-1", "environment": "staging",
        "started_at": "2026-11-21T09:14:02.123Z", "ended_at": "2026-11-21T09:15:32.123Z", "exit_code": 0,
        "total_lines_processed": 12, "total_extraction_events": 1, "total_feedback_outcomes": 1,
        "stdout_log_path": None, "stderr_log_path": None, "extraction_config_version": "ab12",
        "environment_config_version": None,
    }  # fmt: skip
    changes = ask(filled.path, "SELECT state, exit_code, metadata_json FROM process_state_changes ORDER BY id")
    assert changes == [
        {"state": "running", "exit_code": None, "metadata_json": '{"pid":7}'},
        {"state": "completed", "exit_code": 0, "metadata_json": None},
    ]
    (code,) = ask(filled.path, "SELECT content, line_start, line_end, context_json, parseable FROM code_blocks")
    assert code == {
        "content": "def f(): pass", "line_start": 3, "line_end": 5, "context_json": '{"a":1}', "parseable": 1,
    }  # fmt: skip


def test_activity_and_statistics(filled: Store) -> None:
    assert ask(filled.path, "SELECT * FROM file_activity") == [
        {
            "session_id": "codex-1", "file_path": "a.py", "total_operations": 3, "reads": 1, "writes": 1, "edits": 1,
            "last_modified": "2026-11-21T09:14:04.123Z",
        }
    ]  # fmt: skip
    assert ask(filled.path, "SELECT * FROM command_stats") == [
        {
            "session_id": "codex-1", "command_category": "test", "count": 2, "avg_duration": 50.0,
            "first_execution": "2026-11-21T09:14:02.123Z", "last_execution": "2026-11-21T09:14:03.123Z",
        }
    ]  # fmt: skip


def test_the_questions_of_the_design(filled: Store) -> None:
    """As they were written down for the tables that these views stand for."""
    assert ask(filled.path, "SELECT COUNT(*) AS n FROM extraction_events") == [{"n": 1}]
    assert len(ask(filled.path, "SELECT * FROM process_sessions")) == 1
    by_type = "SELECT event_type, COUNT(*) AS n FROM extraction_events WHERE agent_name = 'codex' GROUP BY event_type"
    assert ask(filled.path, by_type) == [{"event_type": "code_block", "n": 1}]
    hot = "SELECT file_path FROM file_activity WHERE session_id = 'codex-1' ORDER BY total_operations DESC LIMIT 5"
    assert ask(filled.path, hot) == [{"file_path": "a.py"}]
    assert ask(filled.path, "SELECT MAX(version) AS v FROM schema_version") == [{"v": filled.info()["schema_version"]}]
    recent = "SELECT id FROM sessions WHERE spawned_at >= '2026-11-21T00:00:00Z' AND status = 'completed'"
    assert ask(filled.path, recent) == [{"id": "codex-1"}]


def test_physical_tables_are_told_from_public_names(filled: Store) -> None:
    listed = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
    names = {str(row["name"]) for row in ask(filled.path, listed)}
    public = {name for name in names if not name.startswith("_")}
    assert public == COLUMNS.keys() | TABLES | OVER_TABLES, "what is public is in this file"
    views = {str(row["name"]) for row in ask(filled.path, "SELECT name FROM sqlite_schema WHERE type = 'view'")}
    assert public - views == TABLES, "and may be laid out anew without anybody noticing"


WRITER = """
import sys
import tachograph
from tachograph.records import Step, Usage, Extraction, Event
with tachograph.open(sys.argv[1]) as store:
    print("writing", flush=True)
    for batch in range(10_000):
        store.extractions.add_many([Extraction("codex", "codex-9", "error", "busy", line_number=n) for n in range(20)])
        store.events.add(Event("codex-9", "file_op", file_path="a.py", operation="edit"))
"""


def test_everything_is_readable_while_a_writer_writes(filled: Store) -> None:
    path = filled.path
    writer = subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE)
    try:
        assert writer.stdout is not None and writer.stdout.readline() == b"writing\n"
        counts = []
        while len(counts) < 5 or counts[-1] == counts[0]:  # until it has been seen to grow
            assert writer.poll() is None
            for view in COLUMNS:
                assert ask(path, f"SELECT * FROM {view} ORDER BY 1 DESC LIMIT 3")
            (row,) = ask(path, "SELECT count(*) AS n FROM extraction_events WHERE session_id = 'codex-9'")
            assert row["n"] % 20 == 0, "a batch is there as a whole or not at all"
            counts.append(row["n"])
        assert counts == sorted(counts)
        assert ask(path, "PRAGMA quick_check") == [{"quick_check": "ok"}]
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()
    with opened(Path(path).parent) as again:
        assert again.check() == []

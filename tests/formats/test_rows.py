"""Rows have the column names of the SQL views, whatever the record."""

from __future__ import annotations

from pathlib import Path

import pytest

import tachograph
from tachograph.clock import SECOND
from tachograph.formats.rows import columns, flat, to_row
from tachograph.records import (
    AuditEntry,
    CodeBlock,
    Collision,
    Event,
    Extraction,
    Feedback,
    Receipt,
    Session,
    SloViolation,
    StageMetric,
    StateChange,
    Workflow,
)

AT = 1_800_000_000 * SECOND + 123_000_000
VIEWS = {
    "sessions": Session,
    "events": Event,
    "extraction_events": Extraction,
    "code_blocks": CodeBlock,
    "process_state_changes": StateChange,
    "feedback": Feedback,
    "receipts": Receipt,
    "audit_log": AuditEntry,
    "workflow_sessions": Workflow,
    "collision_detection": Collision,
    "pipeline_metrics": StageMetric,
    "slo_violations": SloViolation,
}


@pytest.mark.parametrize("view", VIEWS)
def test_columns_are_those_of_the_view(view: str, home: Path) -> None:
    with tachograph.open() as store:
        assert store.sql(f"SELECT * FROM {view} LIMIT 0").columns == list(columns(VIEWS[view]))


def test_values_are_those_of_the_view(home: Path) -> None:
    with tachograph.open() as store:
        store.sessions.add(Session("s-1", "tester", started_at=AT, ended_at=AT + SECOND, exit_code=1, status="failed"))
        store.extractions.add(Extraction("tester", "s-1", "error", "rule", "v", "line", 3, {"a": 1}, at=AT))
        store.feedback.add(store.events.list(session="s-1")[0].id, "correct", "yes")
        records = {
            "sessions": store.sessions.get("s-1"),
            "events": store.events.list(session="s-1")[0],
            "extraction_events": store.extractions.list(session="s-1")[0],
            "feedback": store.feedback.list(session="s-1")[0],
        }
        for view, record in records.items():
            (stored,) = store.sql(f"SELECT * FROM {view}").rows
            assert [flat(value) for value in to_row(record).values()] == [flat(value) for value in stored]


def test_rows_of_the_ledger_are_shown_as_they_were_written() -> None:
    row = to_row(AuditEntry("a", "b", "completed", timestamp="2026-01-29 12:34:56", context_json='{"n":1}'))
    assert (row["timestamp"], row["context_json"]) == ("2026-01-29 12:34:56", {"n": 1})
    assert to_row(AuditEntry("a", "b", "completed", context_json="{"))["context_json"] == "{"
    assert to_row(Receipt("e", "a", "generation", "passed", "now"))["receipt_json"] is None


def test_times_are_text_and_json_columns_are_values() -> None:
    row = to_row(Event("s", "error", metadata={"a": [1]}, at=AT))
    assert row["timestamp"] == "2027-01-15T08:00:00.123Z"
    assert row["metadata_json"] == {"a": [1]}


def test_a_session_that_runs_has_no_end_and_no_duration() -> None:
    row = to_row(Session("s", "a", started_at=AT))
    assert (row["ended_at"], row["duration_ms"]) == (None, None)
    assert to_row(Session("s", "a", started_at=AT, ended_at=AT + 1_500_000))["duration_ms"] == 1.5


def test_only_records_have_rows() -> None:
    with pytest.raises(TypeError, match="str is not a record"):
        to_row("text")

"""Counts over the ledger: the documented report and its periods, the documented totals."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest

from tachograph.errors import UsageError
from tachograph.store import Store

from .samples import raw


@pytest.fixture
def worked(store: Store) -> Store:
    """Two agents that did something, one of them long ago."""
    for number, (status, took) in enumerate([("completed", 100), ("completed", 300), ("failed", 2000), ("started", 0)]):
        store.audit.add("validator-1", f"op-{number}", status, duration_ms=took)
    store.audit.add("builder-1", "op", "completed", duration_ms=50)
    store.audit.add("tachograph", "export", "completed", operation_type="recorder")
    for number, (status, took) in enumerate([("success", 1000), ("success", 2000), ("error", 500)]):
        store.receipts.add(f"exec-{number}", "validator-1", "validation", status, duration_ms=took)
    store.receipts.add("exec-9", "builder-1", "generation", "partial")
    store.memory.set("rememberer", {})
    client = raw(store.path)
    for days in (2, 20, 80, 200):
        at = f"strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-{days} days')"
        client.execute(
            f"INSERT INTO audit_log (timestamp, agent_id, operation, status) VALUES ({at}, 'old', 'x', 'completed')"
        )
    return store


def test_the_report_has_the_documented_structure(worked: Store) -> None:
    report = worked.analytics.report()
    assert list(report) == ["period", "generated_at", "agent_metrics", "receipt_statistics"]
    assert report["period"] == "last-7-days"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(report["generated_at"]))
    assert report["agent_metrics"] == [
        {
            "agent_id": "validator-1", "total_operations": 3, "successful_operations": 2, "failed_operations": 1,
            "avg_duration_ms": 800.0, "min_duration_ms": 100, "max_duration_ms": 2000,
        },
        {
            "agent_id": "builder-1", "total_operations": 1, "successful_operations": 1, "failed_operations": 0,
            "avg_duration_ms": 50.0, "min_duration_ms": 50, "max_duration_ms": 50,
        },
        {
            "agent_id": "old", "total_operations": 1, "successful_operations": 1, "failed_operations": 0,
            "avg_duration_ms": None, "min_duration_ms": None, "max_duration_ms": None,
        },
    ]  # fmt: skip
    assert report["receipt_statistics"] == [
        {"status": "passed", "count": 2, "avg_duration_ms": 1500.0},
        {"status": "failed", "count": 1, "avg_duration_ms": 500.0},
        {"status": "partial", "count": 1, "avg_duration_ms": 0.0},
    ]


@pytest.mark.parametrize(
    ("period", "found"), [("last-24-hours", 0), ("last-7-days", 1), ("last-30-days", 2), ("last-90-days", 3)]
)
def test_periods(worked: Store, period: str, found: int) -> None:
    metrics: Any = worked.analytics.report("old", period)["agent_metrics"]
    assert sum(one["total_operations"] for one in metrics) == found


@pytest.mark.parametrize("agent", ["validator-*", "validator-%"])
def test_the_report_of_some_agents(worked: Store, agent: str) -> None:
    report: Any = worked.analytics.report(agent)
    assert [one["agent_id"] for one in report["agent_metrics"]] == ["validator-1"]
    assert [one["count"] for one in report["receipt_statistics"]] == [2, 1]


def test_a_period_that_is_none(store: Store) -> None:
    with pytest.raises(UsageError, match="last-year"):
        store.analytics.report("%", "last-year")


def test_totals_have_the_documented_keys(worked: Store) -> None:
    stats = worked.analytics.stats()
    assert stats.pop("database_size_kb") == -(-os.path.getsize(worked.path) // 1024)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", stats.pop("last_receipt"))
    assert stats == {
        "receipts_total": 4, "receipts_success": 2, "receipts_error": 1, "agents_tracked": 3, "audit_entries": 10,
    }  # fmt: skip


def test_totals_of_nothing(store: Store) -> None:
    stats = store.analytics.stats()
    assert stats["receipts_total"] == stats["audit_entries"] == 0 and stats["last_receipt"] is None

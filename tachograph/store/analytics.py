"""Counts over the ledger, in the shapes that tools which report on it expect."""

from __future__ import annotations

import os
from typing import Any

from tachograph import clock
from tachograph.errors import UsageError
from tachograph.store import queries
from tachograph.store.filters import Where, pattern
from tachograph.store.writer import Writer

_sql = queries.load("analytics")
DAYS = {"last-24-hours": 1, "last-7-days": 7, "last-30-days": 30, "last-90-days": 90}
_AGENT = (
    *("agent_id", "total_operations", "successful_operations", "failed_operations", "avg_duration_ms"),
    *("min_duration_ms", "max_duration_ms"),
)
_TOTALS = (
    "receipts_total", "receipts_success", "receipts_error", "agents_tracked", "audit_entries", "last_receipt",
)  # fmt: skip


class Analytics:
    """`store.analytics`"""

    def __init__(self, writer: Writer) -> None:
        self._connection = writer.connection
        self._path = writer.path

    def report(self, agent: str | None = None, period: str = "last-7-days") -> dict[str, object]:
        """`period`, `generated_at`, `agent_metrics` (from the audit log) and `receipt_statistics`.

        `agent` is a glob (SQL's % too), `period` one of `DAYS`. Raises UsageError for another.
        """
        if period not in DAYS:
            raise UsageError(f"there is no period {period!r}", f"name one of {', '.join(DAYS)}")
        now = clock.now()
        since = clock.iso(now - DAYS[period] * clock.DAY)
        agents, receipts = Where(), Where()
        for where, table in ((agents, "a"), (receipts, "r")):
            where.add(f"{table}.agent_id GLOB ?", pattern(agent))
            where.add(f"{table}.timestamp >= ?", since)
        by_agent = self._connection.execute(_sql.agents.format(where=agents), tuple(agents.values))
        by_status = self._connection.execute(_sql.receipts.format(where=receipts), tuple(receipts.values))
        return {
            "period": period,
            "generated_at": clock.iso(now),
            "agent_metrics": [dict(zip(_AGENT, row, strict=True)) for row in by_agent],
            "receipt_statistics": [
                dict(zip(("status", "count", "avg_duration_ms"), row, strict=True)) for row in by_status
            ],
        }

    def stats(self) -> dict[str, Any]:
        """`receipts_total`, `receipts_success`, `receipts_error`, `agents_tracked`, `audit_entries`,
        `database_size_kb` and `last_receipt` (as SQLite writes times; None without any)."""
        found = dict(zip(_TOTALS, self._connection.execute(_sql.totals).fetchone(), strict=True))
        last = found.pop("last_receipt")
        return {**found, "database_size_kb": -(-os.path.getsize(self._path) // 1024), "last_receipt": last}

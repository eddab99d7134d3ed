"""Receipts and audit entries that are old enough to go: removed on purpose, with tombstones that say so."""

from __future__ import annotations

from typing import NamedTuple

from tachograph import clock
from tachograph.store import queries
from tachograph.store.audit import Audit
from tachograph.store.ledger import Ledger
from tachograph.store.writer import Writer

_sql = queries.load("cleaning")
_AT_ONCE = 500  # of either in one transaction, so that recorders wait for moments only


class Cleaned(NamedTuple):
    """How many rows went, or would go."""

    receipts: int = 0
    pipeline_metrics: int = 0
    slo_violations: int = 0
    audit_log: int = 0

    def __str__(self) -> str:
        words = ("receipt", "stage", "missed objective", "audit entry")
        many = ("receipts", "stages", "missed objectives", "audit entries")
        told = [f"{n:,} {one if n == 1 else more}" for n, one, more in zip(self, words, many, strict=True) if n]
        return ", ".join(told) or "nothing"


def counted(writer: Writer, before: int) -> Cleaned:
    """What `clean` would remove. `before` in ns: receipts by when they were stored, entries by their time."""
    return Cleaned(*writer.connection.execute(_sql.counted, {"before": clock.iso(before)}).fetchone())


def clean(writer: Writer, ledger: Ledger, audit: Audit, before: int) -> Cleaned:
    """Remove it, and note that in the audit log. What was removed until somebody is interrupted stays removed."""
    totals, last = Cleaned(), 0
    while True:
        with writer.change():
            rows = writer.connection.execute(_sql.old_receipts, (clock.iso(before), last, _AT_ONCE)).fetchall()
            for row, execution in rows:
                last = row
                totals = _added(totals, with_children(writer, ledger, row, execution))
        if len(rows) < _AT_ONCE:
            break
    last = 0
    while True:
        with writer.change():
            entries = [
                row for (row,) in writer.connection.execute(_sql.old_entries, (clock.iso(before), last, _AT_ONCE))
            ]
            _remove(writer, ledger, "audit_log", entries)
            totals = _added(totals, Cleaned(audit_log=len(entries)))
            last = entries[-1] if entries else last
            if len(entries) < _AT_ONCE:
                if any(totals):
                    details = f"{totals}, all of before {clock.iso(before)}"
                    audit.add("tachograph", "clean", "completed", operation_type="recorder", details=details)
                return totals


def with_children(writer: Writer, ledger: Ledger, row: int, execution: str) -> Cleaned:
    """Inside a transaction: remove a receipt, its stages and the objectives it missed."""
    stages = [number for (number,) in writer.connection.execute(_sql.stages_of, (execution,))]
    missed = [number for (number,) in writer.connection.execute(_sql.violations_of, (execution,))]
    _remove(writer, ledger, "pipeline_metrics", stages)
    _remove(writer, ledger, "slo_violations", missed)
    _remove(writer, ledger, "receipts", [row])
    return Cleaned(1, len(stages), len(missed))


def _remove(writer: Writer, ledger: Ledger, table: str, rows: list[int]) -> None:
    ledger.bury(table, rows)
    writer.connection.executemany(_sql.delete.format(table=table), [(row,) for row in rows])


def _added(one: Cleaned, other: Cleaned) -> Cleaned:
    return Cleaned(*map(sum, zip(one, other, strict=True)))

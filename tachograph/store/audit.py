"""The audit log: who did what, and how it ended. What is done to the recorder itself is noted here, too."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TypedDict, Unpack

import msgspec

from tachograph import clock
from tachograph.errors import NotFound
from tachograph.records import AuditEntry
from tachograph.store import given, paging, queries
from tachograph.store.filters import Where, begin, check_names, pattern
from tachograph.store.json_text import to_json
from tachograph.store.ledger import Ledger
from tachograph.store.paging import Place
from tachograph.store.writer import Writer

_sql = queries.load("audit")


class Filters(TypedDict, total=False):
    """What entries are picked by. `agent` and `operation` are globs (SQL's % too); times in ns, `days` counts back."""

    agent: str | None
    days: float | None
    since: int | None
    until: int | None
    status: str | None
    operation: str | None
    execution: str | None


class Audit:
    """`store.audit`"""

    def __init__(self, writer: Writer, ledger: Ledger) -> None:
        self._writer = writer
        self._connection = writer.connection
        self._ledger = ledger

    def add(
        self,
        agent_id: str,
        operation: str,
        status: str,
        *,
        operation_type: str | None = None,
        duration_ms: int | None = 0,
        details: str | None = None,
        error_message: str | None = None,
        context: object = None,
        execution_id: str | None = None,
    ) -> AuditEntry:
        """One entry, now, sealed. Raises BadRecord: a word is missing, or the status is none the store knows."""
        entry = AuditEntry(
            agent_id, operation, status, operation_type, duration_ms, details or None, error_message or None,
            to_json(context), execution_id,
        )  # fmt: skip
        return self.get(self.add_many([entry])[0])

    def add_many(self, entries: Sequence[AuditEntry]) -> Sequence[int]:
        """All or none, in one transaction; returns their ids. Entries without a time happened now."""
        with self._writer.change():
            rows = [self._connection.execute(_sql.add, _values(entry)).get for entry in entries]
            self._ledger.seal("audit_log", rows)
        return rows

    def get(self, audit_id: int | str) -> AuditEntry:
        """By number, or by its `audit_id`. Raises NotFound."""
        found = self._connection.execute(_sql.by_id, (audit_id, str(audit_id))).fetchone()
        if found is None:
            raise NotFound(f"there is no audit entry {audit_id}", "`tachograph audit list` shows them")
        return AuditEntry(*found)

    def list(
        self, *, limit: int | None = 1000, past: Place | None = None, **chosen: Unpack[Filters]
    ) -> Sequence[AuditEntry]:
        """Newest first."""
        rows = paging.page(self._connection, _sql.listed, self._where(chosen), ("a.timestamp", "a.id"), limit, past)
        return [AuditEntry(*row) for row in rows]

    def total(self, **chosen: Unpack[Filters]) -> int | None:
        """How many `list` has; None when they are too many to count."""
        return paging.total(self._connection, _sql.total, self._where(chosen))

    def place(self, row: AuditEntry) -> Place:
        """Where it stands in `list`."""
        return row.timestamp, row.id

    def _where(self, chosen: Filters) -> Where:
        check_names(chosen, Filters)
        where = Where()
        where.add("a.agent_id GLOB ?", pattern(chosen.get("agent")))
        where.add("a.operation GLOB ?", pattern(chosen.get("operation")))
        where.add("a.status = ?", chosen.get("status"))
        where.add("a.execution_id = ?", chosen.get("execution"))
        where.dated("a.timestamp", begin(chosen.get("days"), chosen.get("since"), clock.now()), chosen.get("until"))
        return where


def _values(entry: AuditEntry) -> dict[str, object]:
    fields = msgspec.structs.asdict(entry)
    given.words(fields, ("agent_id", "operation", "status"), "an audit entry says who did what, and how it ended")
    given.counts(fields, ("duration_ms",))
    fields["timestamp"] = given.moment(entry.timestamp)
    fields["audit_id"] = entry.audit_id or secrets.token_hex(16)
    return fields

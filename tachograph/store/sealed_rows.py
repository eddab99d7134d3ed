"""What is sealed of a row of a public table, and whether a row is still that."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from tachograph.errors import BadRecord, StoreDamaged
from tachograph.proof.canonical import row_digest
from tachograph.store import queries
from tachograph.store.trouble import Strict

_sql = queries.load("sealed_rows")
_columns = queries.load("columns")
SEALED = {
    "receipts": _columns.sealed_receipts, "agent_memory_versions": _columns.sealed_agent_memory_versions,
    "audit_log": _columns.sealed_audit_log, "workflow_sessions": _columns.sealed_workflow_sessions,
    "collision_detection": _columns.sealed_collision_detection, "pipeline_metrics": _columns.sealed_pipeline_metrics,
    "slo_violations": _columns.sealed_slo_violations,
}  # fmt: skip
_NAMES = {table: [part.strip().split(".")[-1] for part in columns.split(",")] for table, columns in SEALED.items()}
_sha256 = hashlib.sha256


class Seal(NamedTuple):
    """The newest seal of a row."""

    number: int
    row: int
    digest: bytes
    gone: int
    there: int  # 1: the table has such a row


def row(connection: Any, table: str, number: int) -> dict[str, object] | None:
    """Names and values as they stand in the table; None when it has no such row. Raises StoreDamaged for a text that
    is none."""
    values = Strict(connection).execute(_row(table), (number,)).fetchone()
    return None if values is None else _named(table, values)


def digest(connection: Any, table: str, number: int, *, at: str | None = None) -> bytes | None:
    """What a seal of the row holds now; None when there is no such row. `at`: a table like that one, to which it was
    moved. Raises BadRecord: it has no canonical JSON."""
    values = Strict(connection).execute(_row(table, at), (number,)).fetchone()
    return None if values is None else row_digest(_named(table, values))


def fits(connection: Any, table: str, number: int, sealed: bytes) -> bool:
    """Whether the row is there and is what was sealed."""
    try:
        return digest(connection, table, number) == sealed
    except (BadRecord, StoreDamaged):  # it holds what we never wrote
        return False


def archived(connection: Any, table: str, number: int, sealed: bytes) -> bool:
    """Whether a missing receipt was put into receipts_archive as it was."""
    if table != "receipts":
        return False
    try:
        return digest(connection, table, number, at="receipts_archive") == sealed
    except (BadRecord, StoreDamaged):
        return False


class Comparison:
    """Every row of a table beside its newest seal, in one pass: what is counted, and which seals do not fit.

    SQLite writes a row's JSON several times quicker than we do. Where that has the digest of the seal, the row is
    what was sealed; where it has not, `suspects` names it, and it remains to be seen whether the row `fits`.
    """

    def __init__(self, connection: Any, table: str) -> None:
        self._connection = connection
        self._table = table
        self.rows = 0  # that have a seal, or had one
        self.present = 0  # of which: there

    def suspects(self) -> Iterator[Seal]:
        """In the order of rows; `rows` and `present` hold when all were read."""
        suspect, before = None, None
        for number, row, sealed, gone, there, text in self._connection.execute(self._compared(), (self._table,)):
            if row != before:
                if suspect is not None:
                    yield suspect
                before, self.rows, self.present = row, self.rows + 1, self.present + there
            if gone or text is None or _sha256(text).digest() != sealed:
                suspect = Seal(number, row, sealed, gone, there)
            else:
                suspect = None
        if suspect is not None:
            yield suspect

    def without_seal(self) -> list[int]:
        """Ids of the rows that nobody sealed; after `suspects`."""
        if self._connection.execute(_sql.count.format(table=self._table)).get == self.present:
            return []
        found = self._connection.execute(_sql.unsealed.format(table=self._table), (self._table,))
        return [number for (number,) in found]

    def _compared(self) -> str:
        types = dict(self._connection.execute(_sql.types, (self._table,)))
        names = sorted(_NAMES[self._table])
        unlike = [f"coalesce(t.{name} >= x'', 0)" for name in names]  # bytes: they are greater than all else
        unlike += [f"typeof(t.{name}) = 'real'" for name in names if types.get(name) != "TEXT"]  # texts never are
        members = ", ".join(f"'{name}', t.{name}" for name in names)
        return _sql.compared.format(table=self._table, unlike=f"({' OR '.join(unlike)})", members=members)


def _row(table: str, at: str | None = None) -> str:
    return _sql.row.format(columns=SEALED[table], table=at or table)


def _named(table: str, values: Sequence[Any]) -> dict[str, object]:
    return dict(zip(_NAMES[table], values, strict=True))

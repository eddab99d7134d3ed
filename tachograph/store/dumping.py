"""Whole tables of the ledger, row by row, as they are stored."""

from __future__ import annotations

from collections.abc import Iterator

from tachograph.errors import UsageError
from tachograph.store import queries
from tachograph.store.sealed_rows import SEALED
from tachograph.store.writer import Writer

_sql = queries.load("dumping")
TABLES = ("receipts", "agent_memory", "audit_log")  # what a dump as JSON consists of


def rows(writer: Writer, table: str) -> Iterator[dict[str, object]]:
    """Oldest first, every column under its name, JSON columns as the text that is stored."""
    if table not in SEALED and table not in TABLES:
        raise UsageError(f"{table!r} is no table of the ledger", f"name one of {', '.join((*SEALED, 'agent_memory'))}")
    cursor = writer.connection.execute(_sql.table.format(table=table))
    names: tuple[str, ...] = ()
    for row in cursor:
        names = names or tuple(column[0] for column in cursor.get_description())
        yield dict(zip(names, row, strict=True))

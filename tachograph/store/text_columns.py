"""Which columns hold words that came from outside, by the schema itself: a column that is added later is among them.

Words of our own are kept apart: agents, kinds, vocabularies, by which everything is sorted. So are columns of bytes
that are no text: digests, numbers, and what is compressed, which is unpacked to be read.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tachograph.store import queries

_sql = queries.load("text_columns")
_columns = queries.load("columns")
_OWN = {"_agents", "_kinds", "_counters", "_versions", "_schema_metadata"}
_NO_TEXT = {
    *(("_ledger", "name"), ("_ledger", "digest"), ("_ledger", "hash"), ("_histories", "tail"), ("_sent", "spans")),
    *(("_code_blocks", "digest"), ("receipts", "receipt_id"), ("receipts_archive", "receipt_id")),  # made anew
    *(("_blobs", "digest"), ("_blobs", "data"), ("_output", "data"), ("_output", "times")),
}
_PACKED = {("_steps", "arguments")}  # zstd where it is no text
_NUMBERS = {"INTEGER", "INT", "REAL"}


class Texts(NamedTuple):
    """A table with such columns, as SQL; `t` is the table."""

    table: str
    columns: tuple[str, ...]
    values: str  # every column as bytes, None where it is neither text nor bytes
    assignments: str  # every column written over
    key: str  # its row number; NULL in a table that has none
    of: str  # the row number of the session it is of, NULL where there is none
    own: bool  # words of our own

    @property
    def public(self) -> bool:
        """A table of the ledger, which anybody may write to."""
        return not self.table.startswith("_")

    @property
    def name(self) -> str:
        """As people are told of it."""
        return {"_steps": "events", "_code_blocks": "code"}.get(self.table, self.table.removeprefix("_"))


def all(connection: Any) -> list[Texts]:
    """Every table that has one."""
    found = (_of(connection, *row) for row in connection.execute(_sql.tables).fetchall())
    return [one for one in found if one.columns]


def _of(connection: Any, table: str, keyless: int, strict: int) -> Texts:
    declared = connection.execute(_sql.columns, (table,)).fetchall()
    names = {name for name, _, _ in declared}
    columns = tuple(
        name
        for name, type, key in declared
        if not (type in _NUMBERS and (strict or key)) and (table, name) not in _NO_TEXT
    )
    values = ", ".join(
        _columns.unpacked_arguments if (table, name) in _PACKED else _columns.as_bytes.format(name=name)
        for name in columns
    )
    assignments = ", ".join(_columns.written_over.format(name=name) for name in columns if (table, name) not in _PACKED)
    key = "NULL" if keyless else "t.rowid"
    return Texts(table, columns, values, assignments, key, _session(table, names), table in _OWN or names == {"word"})


def _session(table: str, names: set[str]) -> str:
    if table == "_sessions":
        return "t.id"
    if table == "_code_blocks":
        return _columns.session_of_block
    if "session" in names:
        return "t.session"
    if "event" in names:
        return _columns.session_of_event
    return _columns.session_by_name if "session_id" in names else "NULL"

"""A text in the tables of the ledger: rows are written over, and sealed again as a change on purpose where they were
what was sealed. What somebody else had changed stays an alarm."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tachograph.errors import BadRecord, StoreDamaged
from tachograph.proof import receipts
from tachograph.proof.canonical import canonical
from tachograph.store import queries, sealed_rows
from tachograph.store.filters import numbers
from tachograph.store.ledger import Ledger
from tachograph.store.redacting_archive import Sought
from tachograph.store.writer import Writer

_sql = queries.load("redacting_ledger")
_RECEIPTS = ("receipts", "receipts_archive")


def write_over(
    writer: Writer,
    ledger: Ledger,
    table: str,
    rows: Sequence[int],
    sought: Sought,
    update: Callable[[Sequence[int]], None],
) -> None:
    """Inside a transaction: rows of one table, by `update`, and what follows from it."""
    sealed_as = "receipts" if table == "receipts_archive" else table
    honest = [row for row in rows if _is_as_sealed(writer, table, sealed_as, row)]
    bodies = _bodies(writer, table, rows) if table in _RECEIPTS else []
    update(rows)
    for row, text in bodies:
        _write_over_receipt(writer, table, row, text, sought)
    for row in honest:
        digest = _digest(writer, table, sealed_as, row)
        if digest is not None:
            ledger.seal_digest(sealed_as, row, digest)
    if table == "collision_detection":
        for row in rows:
            writer.changes.collision(row)


def _is_as_sealed(writer: Writer, table: str, sealed_as: str, row: int) -> bool:
    if sealed_as not in sealed_rows.SEALED:
        return False
    seal = writer.connection.execute(_sql.seal, (sealed_as, row)).fetchone()
    try:
        return seal is not None and not seal[1] and _digest(writer, table, sealed_as, row) == seal[0]
    except (BadRecord, StoreDamaged):  # it holds what we never wrote
        return False


def _digest(writer: Writer, table: str, sealed_as: str, row: int) -> bytes | None:
    return sealed_rows.digest(writer.connection, sealed_as, row, at=table)


def _bodies(writer: Writer, table: str, rows: Sequence[int]) -> list[tuple[int, str]]:
    return list(writer.connection.execute(_sql.bodies.format(table=table, numbers=numbers(rows))))


def _write_over_receipt(writer: Writer, table: str, row: int, text: str, sought: Sought) -> None:
    """Its id is the digest of what it says, so it has another one."""
    try:
        body = without(msgspec.json.decode(text), sought)
    except msgspec.DecodeError as error:
        raise StoreDamaged("the body of a receipt is no JSON", "`tachograph audit verify` says more") from error
    if isinstance(body, dict) and ("inputs" in body or "outputs" in body):
        body["determinism_hash"] = receipts.determinism(body.get("inputs"), body.get("outputs"))
    written = canonical(body)
    same = body.get("determinism_hash") if isinstance(body, dict) else None
    values = (written.decode(), hashlib.sha256(written).hexdigest(), same, row)
    writer.connection.execute(_sql.change_receipt.format(table=table), values)


def without(value: Any, sought: Sought) -> Any:
    """What JSON holds, without the text: as long as it is in a column, however JSON would write it."""
    if isinstance(value, str):
        return sought.unsaid(value.encode()).decode()
    if isinstance(value, dict):
        return {without(name, sought): without(inner, sought) for name, inner in value.items()}
    if isinstance(value, list):
        return [without(inner, sought) for inner in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return type(value)(sought.unsaid(str(value).encode()))
    return value

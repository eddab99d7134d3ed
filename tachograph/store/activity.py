"""What sessions did to files: a roll-up kept in the transaction that adds the events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from tachograph.store import queries

_sql = queries.load("activity")
_COLUMN = {"read": 0, "write": 1, "edit": 2, "delete": 3}

Operation = tuple[int, str | None, str | None, int]  # session (row number), file_path, operation, at in ns


def add(connection: Any, operations: Iterable[Operation]) -> None:
    """Count operations on files, and the files of their sessions; those without a path or of another kind are none."""
    found: defaultdict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for session, path, operation, at in operations:
        if path and operation in _COLUMN:
            row = found[session, path]
            row[_COLUMN[operation]] += 1
            row[4] = max(row[4], at)
    if found:
        connection.executemany(_sql.add, [(*key, *row) for key, row in found.items()])
        connection.executemany(_sql.count_files, [(session,) for session in {session for session, _ in found}])

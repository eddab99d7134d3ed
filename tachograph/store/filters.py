"""Filters of the listings as SQL conditions: one is added only when it was asked for.

(`:x IS NULL OR column = :x` reads as neatly and makes SQLite read the whole table.)
"""

from __future__ import annotations


class Where:
    """Collects conditions and their values."""

    def __init__(self) -> None:
        self.conditions: list[str] = []
        self.values: list[object] = []

    def add(self, condition: str, *values: object) -> None:
        """`condition` with one `?` a value; left out when the only value is None."""
        if values and values[0] is None:
            return
        self.conditions.append(condition)
        self.values.extend(values)

    def any_of(self, column: str, values: object) -> None:
        """`column` is one of `values`; left out when `values` is None. An empty collection matches nothing."""
        if values is None:
            return
        found = list(values)  # type: ignore[call-overload]
        self.conditions.append(f"{column} IN ({','.join('?' * len(found))})")
        self.values.extend(found)

    def __str__(self) -> str:
        return f" WHERE {' AND '.join(self.conditions)}" if self.conditions else ""

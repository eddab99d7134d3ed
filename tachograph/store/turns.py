"""Turns: from what a user said to what came of it, up to the next thing the user said."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from tachograph.store import queries
from tachograph.store.filters import numbers
from tachograph.store.writer import Writer

_sql = queries.load("turns")


class Turns:
    """`store.turns`. The first is number 1 and begins with the session, whatever comes before its prompt."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._connection = writer.connection

    def starts(self, session_id: str) -> list[int]:
        """The `seq` at which each turn begins; a session without a prompt is one turn."""
        kinds = self._writer.kinds.matching(event_type="prompt", pattern="")
        sql = _sql.starts.format(kinds=numbers(kinds))
        found = [row[0] for row in self._connection.execute(sql, (session_id,))]
        return [0, *found[1:]]


def turn_of(seq: int, starts: Sequence[int]) -> int:
    """The number of the turn in which something happened."""
    return bisect_right(starts, seq)

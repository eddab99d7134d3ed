"""Events across sessions in order of time, without an index over all events.

Each session is a sorted run (an index on (session, at) says so); a heap merges the runs. Sessions are opened only when
their last (or first) event could be next, so "the latest 1000 of one agent" reads little more than 1000 rows however
many millions there are.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any, NamedTuple

from tachograph.store import queries
from tachograph.store.filters import Where, numbers

_sql = queries.load("walk")
PAGE = 200


class Row(NamedTuple):
    """One row of _events with its session's text id."""

    at: int
    id: int
    kind: int
    line_number: int | None
    matched_value: str | None
    original_line: str | None
    metadata_json: str | None
    session: int
    seq: int
    session_id: str


class Window(NamedTuple):
    """What to look at. `kinds` None means every kind; times in ns, both ends included."""

    kinds: frozenset[int] | None = None
    session: str | None = None
    since: int | None = None
    until: int | None = None
    descending: bool = True


def walk(connection: Any, window: Window) -> Iterator[Row]:
    """Rows in order of (at, id), newest first unless `descending` is false. Stop when you have enough."""
    sign = -1 if window.descending else 1
    runs = _Runs(connection, window)
    heap: list[tuple[int, int, Row, Iterator[Row]]] = []
    for edge, number, session_id in _sessions(connection, window):
        while heap and heap[0][0] < sign * edge:
            yield from _pop(heap, sign)
        _push(heap, sign, runs.open(number, session_id))
    while heap:
        yield from _pop(heap, sign)


def _push(heap: list[tuple[int, int, Row, Iterator[Row]]], sign: int, run: Iterator[Row]) -> None:
    row = next(run, None)
    if row is not None:
        heapq.heappush(heap, (sign * row.at, sign * row.id, row, run))


def _pop(heap: list[tuple[int, int, Row, Iterator[Row]]], sign: int) -> Iterator[Row]:
    _, _, row, run = heap[0]
    following = next(run, None)
    if following is None:
        heapq.heappop(heap)
    else:
        heapq.heapreplace(heap, (sign * following.at, sign * following.id, following, run))
    yield row


def _sessions(connection: Any, window: Window) -> Iterator[tuple[int, int, str]]:
    """(time of the edge nearest to where the walk begins, number, id), in walking order."""
    where = Where()
    where.add("s.session_id = ?", window.session)
    where.add("s.last_at >= ?", window.since)
    where.add("s.first_at <= ?", window.until)
    if window.kinds is not None:
        some = _few_sessions(connection, window.kinds)
        if some is not None:
            where.any_number("s.id", some)
        else:
            where.add(_sql.has_kinds.format(numbers=numbers(window.kinds)))
    sql = _sql.newest_first if window.descending else _sql.oldest_first
    yield from connection.execute(sql.format(where=where), where.values)


def _few_sessions(connection: Any, kinds: frozenset[int], most: int = 500) -> set[int] | None:
    """The sessions that have such events; None when there are many."""
    rows = connection.execute(_sql.sessions_of_kinds.format(numbers=numbers(kinds)), (most + 1,))
    found = {row[0] for row in rows}
    return found if len(found) <= most else None


class _Runs:
    """Opens one session's matching rows after the other; their SQL is put together once for all of them."""

    def __init__(self, connection: Any, window: Window) -> None:
        self._connection = connection
        where = Where()
        where.any_number("e.kind", window.kinds)
        where.add("e.at >= ?", window.since)
        where.add("e.at <= ?", window.until)
        self._values = where.values
        order, beyond = ("DESC", "<") if window.descending else ("ASC", ">")
        following = f"{where} AND e.at {beyond}= ? AND (e.at, e.id) {beyond} (?, ?)"
        self._first, self._following = (_sql.page.format(where=part, order=order) for part in (where, following))

    def open(self, session: int, session_id: str) -> Iterator[Row]:
        """Its rows in walking order, read a page at a time: no statement stays open meanwhile."""
        rows = self._connection.execute(self._first, (session, *self._values, PAGE)).fetchall()
        while rows:
            for row in rows:
                yield Row._make((*row, session_id))
            if len(rows) < PAGE:
                return
            at, number = rows[-1][:2]
            rows = self._connection.execute(self._following, (session, *self._values, at, at, number, PAGE)).fetchall()

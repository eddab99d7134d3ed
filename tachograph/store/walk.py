"""Events across sessions in order of time, without an index over all events.

Each session is a sorted run (an index on (session, at) says so); a heap merges the runs. Sessions are opened only when
their last (or first) event could be next, so "the latest 1000 of one agent" reads little more than 1000 rows however
many millions there are.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

PAGE = 200
_SORTABLE = 2000  # up to so many matching events of a session are fetched by kind and sorted; more are found by time


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
    agents: frozenset[int] | None = None
    since: int | None = None
    until: int | None = None
    descending: bool = True


def walk(connection: Any, window: Window) -> Iterator[Row]:
    """Rows in order of (at, id), newest first unless `descending` is false. Stop when you have enough."""
    sign = -1 if window.descending else 1
    heap: list[tuple[int, int, Row, Iterator[Row]]] = []
    for edge, number, session_id in _sessions(connection, window):
        while heap and heap[0][0] < sign * edge:
            yield from _pop(heap, sign)
        _push(heap, sign, _run(connection, number, session_id, window))
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
    edge = "last_at" if window.descending else "first_at"
    order = "DESC" if window.descending else "ASC"
    where, values = ["last_at IS NOT NULL"], []
    if window.agents is not None:
        where.append(f"agent IN ({numbers(window.agents)})")
    if window.since is not None:
        where.append("last_at >= ?")
        values.append(window.since)
    if window.until is not None:
        where.append("first_at <= ?")
        values.append(window.until)
    if window.kinds is not None:
        some = _few_sessions(connection, window.kinds)
        where.append(
            f"id IN ({numbers(some)})"
            if some is not None
            else "EXISTS (SELECT 1 FROM _session_kinds r WHERE r.session = s.id"
            f" AND r.kind IN ({numbers(window.kinds)}))"
        )
    yield from connection.execute(
        f"SELECT {edge}, id, session_id FROM _sessions s WHERE {' AND '.join(where)} ORDER BY {edge} {order}",
        values,
    )


def _few_sessions(connection: Any, kinds: frozenset[int], most: int = 500) -> set[int] | None:
    """The sessions that have such events when they are few: a rare pattern need not walk past all the others."""
    found = {
        row[0]
        for row in connection.execute(
            f"SELECT session FROM _session_kinds WHERE kind IN ({numbers(kinds)}) LIMIT ?", (most + 1,)
        )
    }
    return found if len(found) <= most else None


def _run(connection: Any, number: int, session_id: str, window: Window) -> Iterator[Row]:
    """One session's matching rows in walking order, read a page at a time: no statement stays open meanwhile."""
    where, values = ["session = ?"], [number]
    index = "_events_session_at"
    if window.kinds is not None:
        where.append(f"kind IN ({numbers(window.kinds)})")
        if _count(connection, number, window.kinds) <= _SORTABLE:
            index = "_events_session_kind"
    if window.since is not None:
        where.append("at >= ?")
        values.append(window.since)
    if window.until is not None:
        where.append("at <= ?")
        values.append(window.until)
    compare, order = ("<", "DESC") if window.descending else (">", "ASC")
    select = (
        "SELECT at, id, kind, line_number, matched_value, original_line, metadata_json, session, seq"
        f" FROM _events INDEXED BY {index} WHERE {' AND '.join(where)}"
    )
    tail = f" ORDER BY at {order}, id {order} LIMIT ?"
    page = PAGE if index == "_events_session_at" else _SORTABLE
    rows = connection.execute(select + tail, (*values, page)).fetchall()
    while rows:
        for row in rows:
            yield Row._make((*row, session_id))
        if len(rows) < page:
            return
        rows = connection.execute(
            f"{select} AND at {compare}= ? AND (at, id) {compare} (?, ?){tail}", (*values, row[0], row[0], row[1], page)
        ).fetchall()


def _count(connection: Any, session: int, kinds: frozenset[int]) -> int:
    return int(
        connection.execute(
            f"SELECT coalesce(sum(count), 0) FROM _session_kinds WHERE session = ? AND kind IN ({numbers(kinds)})",
            (session,),
        ).get
    )


def numbers(values: Iterable[int]) -> str:
    """A list of integers as SQL text; integers only, so nothing can be smuggled in."""
    return ",".join(f"{value:d}" for value in sorted(values))

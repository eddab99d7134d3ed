"""Events across sessions in order of time, without an index over all events.

Only their numbers, from an index on (session, at, kind) that no row has to be read for: who asks reads the rows it
wants (`in_order`). Sessions are looked into from the end where the walk begins, and only beyond the last entry that
still counts: "the latest 1000 of one agent" looks at little more than 1000 entries however many millions there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from tachograph.store import queries
from tachograph.store.filters import Where, numbers

_sql = queries.load("walk")
PAGE = 1000  # entries, when nobody says how many are wanted; the next page is larger
_PAGES_MAX = 16
_LARGE = 10  # times as many events as are wanted: a session to be looked into by itself, in order

Entry = tuple[int, int]  # (at, id) of an event; both negative in a walk backwards, so that entries always ascend
Row = tuple[Any, ...]


class Window(NamedTuple):
    """What to look at. `kinds` None means every kind; times in ns, both ends included."""

    kinds: frozenset[int] | None = None
    session: str | None = None
    since: int | None = None
    until: int | None = None
    descending: bool = True


def walk(
    connection: Any, window: Window, wanted: int | None = None, past: tuple[int, ...] | None = None
) -> Iterator[int]:
    """Ids in order of (at, id), newest first unless `descending` is false. Stop when you have enough.

    `wanted` is how many will be taken at most, when that is known: then no more are looked for. `past`: the (at, id) of
    an event; the walk begins behind it.
    """
    sign = -1 if window.descending else 1
    size, after = PAGE, (sign * past[0], sign * past[1]) if past else None
    while wanted is None or wanted > 0:
        size = size if wanted is None else wanted
        found = _Nearest(connection, window, size, after).find()
        yield from (sign * number for _, number in found)
        if wanted is not None or len(found) < size:
            return
        size, after = min(4 * size, _PAGES_MAX * PAGE), found[-1]


def in_order(ids: Iterable[int], read: Callable[[str], Iterable[Row]]) -> Iterator[Row]:
    """The rows of some events in the order of `ids`; `read(numbers)` gives them as {event} columns, in any order."""
    waiting = iter(ids)
    while part := list(islice(waiting, 1000)):
        rows = {row[1]: row for row in read(numbers(part))}
        yield from (rows[number] for number in part if number in rows)


class _Session(NamedTuple):
    edge: int  # its last time (or first, in a walk forwards), with the sign of an entry
    number: int
    events: int
    matching: int  # of the kinds that are looked for, at any time


class _Nearest:
    """The first `size` entries of a walk, or those that follow `after`."""

    def __init__(self, connection: Any, window: Window, size: int, after: Entry | None) -> None:
        self._connection = connection
        self._sign, self._minus, self._order = (-1, "-", "DESC") if window.descending else (1, "", "ASC")
        if after:
            bound = self._sign * after[0]
            window = window._replace(until=bound) if window.descending else window._replace(since=bound)
        self._window, self._size, self._after = window, size, after
        self._found: list[Entry] = []

    def find(self) -> list[Entry]:
        some: list[_Session] = []
        missing = self._size
        for session in self._sessions():
            if session.edge > self._end:
                break
            if session.events > _LARGE * self._size:
                self._take(self._in_large(session.number))
                continue
            some.append(session)
            missing -= session.matching
            if missing <= 0:
                self._take(self._in_small(some))
                some, missing = [], max(self._size - len(self._found), self._size // 10)
        self._take(self._in_small([session for session in some if session.edge <= self._end]))
        return self._found

    @property
    def _end(self) -> int:
        """The time beyond which nothing counts any more."""
        return self._found[-1][0] if len(self._found) == self._size else 1 << 63

    def _take(self, entries: list[Entry]) -> None:
        self._found += entries
        self._found.sort()
        del self._found[self._size :]

    def _in_small(self, some: list[_Session]) -> list[Entry]:
        """All that matches in some sessions, in one statement."""
        where = self._where()
        sql = _sql.in_sessions.format(minus=self._minus, sessions=numbers(s.number for s in some), where=where)
        found: list[Entry] = self._connection.execute(sql, where.values).fetchall()
        return found

    def _in_large(self, session: int) -> list[Entry]:
        """The first that match in one session, and those at the same time as the last of them."""
        where = self._where()
        sql = _sql.in_session.format(minus=self._minus, order=self._order, where=where)
        first: list[Entry] = self._connection.execute(sql, (session, *where.values, self._size)).fetchall()
        if len(first) < self._size:
            return first
        last = first[-1][0]
        same = self._where()
        same.add("e.at = ?", self._sign * last)
        sql = _sql.in_sessions.format(minus=self._minus, sessions=numbers([session]), where=same)
        first = [entry for entry in first if entry[0] != last]
        first += self._connection.execute(sql, same.values)
        return first

    def _where(self) -> Where:
        """What an entry must fulfil; nothing beyond the end is asked for."""
        where, window = Where(), self._window
        if window.kinds:
            where.add("e.kind BETWEEN ? AND ?", min(window.kinds), max(window.kinds))  # spares most the longer look
        where.any_number("e.kind", window.kinds)
        where.between("e.at", window.since, window.until)
        if self._after:
            beyond = f"(e.at <> ? OR e.id {'<' if window.descending else '>'} ?)"
            where.add(beyond, self._sign * self._after[0], self._sign * self._after[1])
        if len(self._found) == self._size:
            where.add("e.at >= ?" if window.descending else "e.at <= ?", self._sign * self._end)
        return where

    def _sessions(self) -> Iterator[_Session]:
        """Sessions that can hold what is looked for, in walking order."""
        where, kinds = Where(), self._window.kinds
        where.add("s.session_id = ?", self._window.session)
        where.overlaps(self._window.since, self._window.until)
        edge = "s.last_at" if self._window.descending else "s.first_at"
        if kinds is None:
            sql = _sql.sessions
        else:
            rare = self._connection.execute(_sql.are_rare.format(kinds=numbers(kinds))).get
            sql = _sql.sessions_of_rare_kinds if rare else _sql.sessions_of_kinds
        sql = sql.format(edge=edge, minus=self._minus, order=self._order, where=where, kinds=numbers(kinds or ()))
        yield from (_Session(*row) for row in self._connection.execute(sql, where.values))

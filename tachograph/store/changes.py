"""What changed that was there before: a short log for live views, which ask for new events by their number alone.

A transaction notes what it changes and writes that down at its end: an event is named only when it is older than the
transaction, so a batch of new events costs nothing here, however often its own steps are told again. The log is as long
as somebody who was away for a while may need it, no longer; `arrivals` reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Any

import apsw

from tachograph.store import queries

_sql = queries.load("changes")
EVENT, SESSION, END, COLLISION, DELETED = range(5)  # what an entry is about
KEPT = 50_000  # entries at least
_SLACK = 1_000  # entries between two times that old ones are dropped
_NONE = 1 << 63


class Changes:
    """`writer.changes`; all inside a transaction."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection: Any = connection
        self.forget()

    def forget(self) -> None:
        """The transaction is over."""
        self._events: dict[int, str | None] = {}  # → the session it was of
        self._sessions: dict[int, bool] = {}  # → whether it ended
        self._merged: list[tuple[int, str]] = []
        self._deleted: list[tuple[int, str]] = []
        self._collisions: set[int] = set()
        self._fresh = _NONE  # events from this number on are the transaction's own

    def added(self, first: int) -> None:
        """Events were added, this one first."""
        if first < self._fresh:
            self._fresh = first

    def event(self, number: int) -> None:
        """An event is not as it was."""
        if number < self._fresh:
            self._events.setdefault(number)

    def left(self, session: int, events: Iterable[int]) -> None:
        """Events are about to leave a session (its row number): they are removed, or become another one's."""
        older = [number for number in events if number < self._fresh]
        if older:
            self._events |= dict.fromkeys(older, self._connection.execute(_sql.name, (session,)).get)

    def session(self, number: int, *, ended: bool = False) -> None:
        """A session (its row number) is new, or not as it was."""
        self._sessions[number] = ended or self._sessions.get(number, False)

    def merged(self, number: int, other: int, name: str) -> None:
        """Another session of that name became part of this one; `other` was its row number."""
        self._sessions.pop(other, None)
        self._merged.append((number, name))

    def deleted(self, number: int, name: str) -> None:
        """A session of that name is gone with all its events, which need not be told one by one."""
        self._sessions.pop(number, None)
        self._events = {event: was for event, was in self._events.items() if was != name}
        self._deleted.append((number, name))

    def collision(self, number: int) -> None:
        """A collision is new, or resolved."""
        self._collisions.add(number)

    def write(self) -> None:
        """At the end of a transaction. What a part of it took back may be among it: readers look what is there."""
        if not (self._events or self._sessions or self._merged or self._deleted or self._collisions):
            self._fresh = _NONE
            return
        entries = [
            *((SESSION, number, name) for number, name in self._merged),
            *((DELETED, number, name) for number, name in self._deleted),
            *((SESSION, number, None) for number, ended in self._sessions.items() if not ended),
            *((EVENT, number, was) for number, was in self._events.items()),
        ]
        before = len(entries)  # so many come before the events of this transaction, the rest comes after them
        entries += ((COLLISION, number, None) for number in self._collisions)
        entries += ((END, number, None) for number, ended in self._sessions.items() if ended)
        fresh = self._fresh
        self.forget()
        newest = self._connection.execute(_sql.last_event).get
        events = [min(fresh - 1, newest)] * before + [newest] * (len(entries) - before)
        last = int(self._connection.execute(_sql.take, (len(entries),)).get)
        first = last - len(entries) + 1
        rows = [(number, *entry, event) for number, entry, event in zip(count(first), entries, events, strict=False)]
        self._connection.executemany(_sql.add, rows)
        if last // _SLACK != (first - 1) // _SLACK:
            self._connection.execute(_sql.trim, (last - KEPT,))

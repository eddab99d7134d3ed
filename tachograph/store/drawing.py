"""What of a session is drawn and listed line by line: its steps in order of time, as little more than numbers.

A session without steps, like that of a terminal alone, is drawn from what rules found in it. In one with steps that
would say again what the steps say. A message of a model that only called tools is its calls, and no line besides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tachograph.records import Session
from tachograph.store import queries
from tachograph.store.filters import numbers
from tachograph.store.kinds import Kind
from tachograph.store.sessions import Sessions
from tachograph.store.writer import Writer

_sql = queries.load("drawing")
STATUSES = (None, "ok", "error", "rejected", "interrupted", "unknown")
FAILED = STATUSES.index("error")
_SAMPLES = 4  # events looked at for each part of a shape
STEPS = ("prompt", "reply", "thinking", "command", "file_op", "tool_call")
_BESIDES = ("error", "marker", "gap", "state")  # told by the agent or by us
_FOUND = ("error", "warning", "test_result")
# An exit code says more than an agent's ok; one of a call that was refused says nothing.
_STATUS = """CASE WHEN t.status = 'error' OR t.exit_code <> 0 AND t.status IS NOT 'rejected'
    AND t.status IS NOT 'interrupted' THEN 2 WHEN t.status = 'ok' THEN 1 WHEN t.status IS NULL THEN 0
    WHEN t.status = 'rejected' THEN 3 WHEN t.status = 'interrupted' THEN 4 ELSE 5 END"""
_WORDED = "(t.content IS NOT NULL OR e.kind NOT IN ({talk}) OR t.status = 'error')"
_TALK = ("reply", "thinking")


class Place(NamedTuple):
    """In a session by time: `at` in ns, then the session's own order."""

    at: int
    seq: int


BEGINNING = Place(-(1 << 63), 0)
# id, at (ns), kind, tool_call_id, duration (ms), status (a place in STATUSES), operation, what it was about
Mark = tuple[int, int, int, str | None, int, int, str | None, str | None]


class Drawing:
    """`store.drawing`"""

    def __init__(self, writer: Writer, sessions: Sessions) -> None:
        self._writer = writer
        self._connection: Any = writer.connection
        self._sessions = sessions

    def kinds(self, session: Session) -> dict[int, Kind]:
        """What of this session is drawn; without the command that was wrapped, which is the session."""
        known = self._writer.kinds
        known.refresh()
        steps = session.tool_calls > 0

        def wanted(kind: Kind) -> bool:
            if kind.pattern:
                return not steps and kind.event_type in _FOUND
            told = kind.event_type in STEPS or kind.event_type in _BESIDES
            return told and (kind.event_type, kind.source) != ("command", "wrapper")

        return {number: kind for number, kind in known.by_id.items() if wanted(kind)}

    def marks(self, session: Session) -> Sequence[Mark]:
        """Everything that is drawn, in order of time."""
        kinds = self.kinds(session)
        sql = _sql.marks.format(kinds=numbers(kinds), status=_STATUS, worded=_worded(kinds))
        return list(self._connection.execute(sql, (self._sessions.number(session.id),)).fetchall())

    def first_failed(self, session: Session) -> Place | None:
        kinds = self.kinds(session)
        failures = [number for number, kind in kinds.items() if kind.event_type == "error"]
        if not failures and not session.tool_errors and not session.commands:
            return None
        sql = _sql.first_failed.format(kinds=numbers(kinds), failures=numbers(failures), status=_STATUS)
        found = self._connection.execute(sql, (self._sessions.number(session.id),)).fetchone()
        return Place(*found) if found else None

    def place(self, session: Session, event: int) -> Place | None:
        """Where an event is; None when it is not of the session."""
        found = self._connection.execute(_sql.place, (self._sessions.number(session.id), event)).fetchone()
        return Place(*found) if found else None

    def around(self, session: Session, place: Place, before: int, after: int) -> tuple[list[int], list[int]]:
        """Ids of what is drawn: so many before a place, and so many from it on, both in order of time."""
        number, kinds = self._sessions.number(session.id), self.kinds(session)
        filled = {"kinds": numbers(kinds), "worded": _worded(kinds)}
        earlier = self._connection.execute(_sql.before.format(**filled), (number, *place, before)).fetchall()
        later = self._connection.execute(_sql.following.format(**filled), (number, *place, after)).fetchall()
        return [found for (found,) in reversed(earlier)], [found for (found,) in later]

    def shape(self, session: Session, parts: int) -> list[int]:
        """About how much happened in equal parts of its time: counts of events, of some of them where there are many.

        A few rows are read, however long the session is.
        """
        number = self._sessions.number(session.id)
        last, begin, end = self._connection.execute(_sql.extent, (number,)).fetchone()
        step = max(1, last // (_SAMPLES * parts))
        chosen = numbers(range(1, last + 1, step))
        counts, span = [0] * parts, max(1, end - begin)
        for (at,) in self._connection.execute(_sql.sampled.format(numbers=chosen), (number,)):
            counts[min(parts - 1, max(0, (at - begin) * parts // span))] += 1
        return counts

    def version(self, session: Session) -> tuple[object, ...]:
        """Something else whenever what is drawn of it may be."""
        return tuple(self._connection.execute(_sql.version, (self._sessions.number(session.id),)).fetchone())


def _worded(kinds: Mapping[int, Kind]) -> str:
    return _WORDED.format(talk=numbers(number for number, kind in kinds.items() if kind.event_type in _TALK))

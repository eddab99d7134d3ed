"""How far sessions were sent on as telemetry. The store is the spool: what was not taken yet simply lies there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tachograph.records import Event, Usage
from tachograph.store import queries
from tachograph.store.events import Events
from tachograph.store.filters import Where, pattern
from tachograph.store.turns import Turns
from tachograph.store.writer import Writer

_sql = queries.load("sending")
_PAGE = 1000  # events
_USED = 8  # columns of a call of a model, at the end of a row of `steps`
_ID = 8  # bytes of a span's id


class Position(NamedTuple):
    """Everything before `turn` was sent, and of that turn `spans` (ids in hexadecimal).

    `last_seq`: how long the session was then; `ended_at`: with which end its own span was sent, None when it was not.
    """

    turn: int = 1
    spans: frozenset[str] = frozenset()
    last_seq: int = 0
    ended_at: int | None = None


class Sent(NamedTuple):
    """What became of it so far; times in ns. `since`: when it was first switched on."""

    since: int
    spans: int
    dropped: int
    sent_at: int | None
    trouble: str | None
    trouble_at: int | None


class Due(NamedTuple):
    """A session. `waits`: nothing of it is new, only what was not complete may be; `last_at`: its last event, ns."""

    session_id: str
    waits: bool
    last_at: int


class Sending:
    """`store.sending`"""

    def __init__(self, writer: Writer, events: Events, turns: Turns) -> None:
        self._writer = writer
        self._connection: Any = writer.connection
        self._events = events
        self._turns = turns

    def due(self, since: int, *, agents: str | None = None, project: str | None = None, limit: int = 50) -> list[Due]:
        """Sessions that began since then (ns) and have something to send. `agents`, `project`: globs."""
        where = _where(agents, project)
        rows = self._connection.execute(_sql.due.format(where=where), (since, *where.values, limit))
        return [Due(name, bool(waits), at) for name, waits, at in rows]

    def behind(self, since: int, *, agents: str | None = None, project: str | None = None) -> int:
        """How many sessions have something to send."""
        where = _where(agents, project)
        return int(self._connection.execute(_sql.behind.format(where=where), (since, *where.values)).get)

    def position(self, session_id: str) -> Position:
        """How far a session is; the beginning when nothing of it was sent."""
        number, _ = self._session(session_id)
        row = self._connection.execute(_sql.position, (number,)).fetchone()
        if row is None:
            return Position()
        packed = row[1].hex()
        return Position(row[0], frozenset(packed[i : i + 2 * _ID] for i in range(0, len(packed), 2 * _ID)), *row[2:])

    def length(self, session_id: str) -> int:
        """The place (seq) of the last event of a session."""
        return self._session(session_id)[1]

    def steps(self, session_id: str, turn: int) -> Iterator[tuple[Event, Usage | None]]:
        """Events from the beginning of a turn on, in the order of turns, with the tokens they tell of.

        Calls that were copied from another session are without: they were sent with that one.
        """
        number, _ = self._session(session_id)
        prompts = self._turns.division(session_id).prompts
        seq, at = prompts[turn - 1][:2] if 1 < turn <= len(prompts) else (0, -(1 << 63))
        by_time = len(self._turns.sources(session_id)) > 1
        sql = _sql.steps_by_time if by_time else _sql.steps
        while rows := self._connection.execute(sql, (number, at, seq, _PAGE)).fetchall():
            yield from zip(self._events.made(row[:-_USED] for row in rows), map(_used, rows), strict=True)
            at, seq = rows[-1][0], rows[-1][8] + 1

    def put(self, session_id: str, position: Position, *, open: bool) -> None:
        """That a session is so far. `open`: something of it was not complete, so that it is looked at again."""
        number, _ = self._session(session_id)
        spans = bytes.fromhex("".join(sorted(position.spans)))
        with self._writer.change():
            self._connection.execute(
                _sql.put, (number, position.turn, spans, position.last_seq, position.ended_at, int(open))
            )

    def state(self) -> Sent | None:
        """None when it was never switched on."""
        row = self._connection.execute(_sql.state).fetchone()
        return None if row is None else Sent(*row)

    def begin(self, at: int) -> Sent:
        """Switched on at a time in ns; what there is of it when that was before."""
        if (found := self.state()) is None:
            with self._writer.change():
                self._connection.execute(_sql.begin, (at,))
            found = self.state()
        assert found is not None
        return found

    def took(self, spans: int, dropped: int, at: int) -> None:
        """The receiver took so many spans, and so many of the same message it did not."""
        with self._writer.change():
            self._connection.execute(_sql.took, (spans, dropped, at))

    def dropped(self, spans: int, why: str, at: int) -> None:
        """The receiver will never take so many spans."""
        with self._writer.change():
            self._connection.execute(_sql.dropped, (spans, why, at))

    def failed(self, why: str, at: int) -> None:
        """Nothing could be sent."""
        with self._writer.change():
            self._connection.execute(_sql.trouble, (why, at))

    def _session(self, session_id: str) -> tuple[int, int]:
        row: tuple[int, int] | None = self._connection.execute(_sql.session, (session_id,)).fetchone()
        return row or (0, 0)


def _where(agents: str | None, project: str | None) -> Where:
    where = Where()
    where.add("a.name GLOB ?", pattern(agents))
    where.add("s.project_dir GLOB ?", pattern(project))
    return where


def _used(row: tuple[Any, ...]) -> Usage | None:
    model, *counts, cost, partial = row[-_USED:]
    if partial is None:
        return None
    read_in, out, cached, kept, thought = counts
    return Usage(model, read_in, out, cached, kept, thought, cost, bool(partial))

"""A session as a whole: read out in pages, each a short statement, so that nothing is held up and nothing fills the
memory; `restoring` writes it in again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from tachograph.records import CodeBlock, Event, Feedback, Usage
from tachograph.store import queries
from tachograph.store.events import Events
from tachograph.store.filters import numbers
from tachograph.store.json_text import from_json
from tachograph.store.sessions import Sessions
from tachograph.store.writer import Writer

_sql = queries.load("whole")
_PAGE = 1000  # events


class Used(NamedTuple):
    """What a call of a model used. `copied`: 1 when another session made the call, 2 when it was taken back."""

    usage: Usage
    copied: int
    key: int


class Result(NamedTuple):
    """Where the whole result of a call lies in the session's stream "tool"."""

    line_first: int
    lines: int
    bytes: int
    digest: int


class Placed(NamedTuple):
    """An event with all that hangs on it. `agent` is the one it is counted for."""

    event: Event
    agent: str
    keys: tuple[tuple[int, int], ...] = ()  # (key, rank of who told it best)
    used: Used | None = None
    result: Result | None = None
    found: tuple[int, ...] = ()  # the places (seq) of what rules found in its text


class Whole:
    """`store.whole`"""

    def __init__(self, writer: Writer, sessions: Sessions, events: Events) -> None:
        self._writer = writer
        self._connection: Any = writer.connection
        self._sessions = sessions
        self._events = events

    def events(self, session_id: str, *, by_time: bool = False) -> Iterator[Placed]:
        """Every event of a session, in its own order or by the clock. Raises NotFound."""
        for page in self._pages(session_id, by_time):
            yield from self._placed(self._sessions.number(session_id), page)

    def code(self, session_id: str, agent: str) -> Iterator[tuple[CodeBlock, int | None]]:
        """Every sighting of code, in the order in which they came, and the place of the step in whose text it is."""
        session, last = self._sessions.number(session_id), 0
        while rows := self._connection.execute(_sql.sightings, (session, last, _PAGE)).fetchall():
            for last, at, language, content, first, end, context, parseable, digest, step in rows:  # noqa: B007
                known = None if parseable is None else bool(parseable)
                yield (
                    CodeBlock(
                        agent, session_id, content, language, first, end, from_json(context), known, digest, at=at
                    ),
                    step,
                )

    def feedback(self, session_id: str) -> Sequence[Feedback]:
        """Oldest first; `event_id` is the place (seq) of the event."""
        rows = self._connection.execute(_sql.feedback, (self._sessions.number(session_id),))
        return [Feedback(seq, outcome, note, session_id, at) for seq, at, outcome, note in rows]

    def aliases(self, session_id: str) -> Sequence[str]:
        """The other names of a session."""
        return [row[0] for row in self._connection.execute(_sql.aliases, (self._sessions.number(session_id),))]

    def told_by(self, session_id: str) -> int:
        """Which sources tell of it, packed as `tellers` has it."""
        return int(self._connection.execute(_sql.told_by, (self._sessions.number(session_id),)).get)

    def _pages(self, session_id: str, by_time: bool) -> Iterator[list[tuple[Any, ...]]]:
        session, at, seq = self._sessions.number(session_id), -(1 << 63), 0
        while True:
            if by_time:
                rows = self._connection.execute(_sql.events_by_time, (session, at, seq, _PAGE)).fetchall()
            else:
                rows = self._connection.execute(_sql.events, (session, seq, _PAGE)).fetchall()
            if not rows:
                return
            at, seq = rows[-1][0], rows[-1][8]
            yield rows

    def _placed(self, session: int, rows: list[tuple[Any, ...]]) -> Iterator[Placed]:
        ids = numbers(row[1] for row in rows)
        ask: Callable[..., Any] = self._connection.execute
        keys, found = defaultdict[int, list[Any]](list), defaultdict[int, list[int]](list)
        for event, *key in ask(_sql.keys.format(numbers=ids), (session,)):
            keys[event].append(tuple(key))
        for step, seq in ask(_sql.found.format(numbers=ids)):
            found[step].append(seq)
        results = {row[0]: Result(*row[1:]) for row in ask(_sql.results.format(numbers=ids))}
        used = {row[0]: _used(row) for row in ask(_sql.usages.format(numbers=ids))}
        for row, event in zip(rows, self._events.made(rows), strict=True):
            agent, number = self._writer.kinds.of(row[2]).agent, row[1]
            yield Placed(event, agent, tuple(keys[number]), used.get(number), results.get(number), tuple(found[number]))


def _used(row: tuple[Any, ...]) -> Used:
    model, fresh, out, read, written, reasoning, cost, partial, source, copied, key = row[1:]
    return Used(Usage(model, fresh, out, read, written, reasoning, cost, bool(partial), source), copied, key)

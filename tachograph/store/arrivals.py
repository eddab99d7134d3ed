"""What live views ask: what came after this place?

Events come in the order of their numbers, and an entry of the log of changes (`changes`) comes after the event that was
the newest when it was written: together one sequence. A place in it is two numbers, `Position`: the last event and the
last entry that one knows. Both are handed out inside write transactions, so none is ever seen before a smaller one.
Events are read as they are now; what the log says of an event that is told in the same answer is told with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from tachograph.records import Collision, Event, Session
from tachograph.store import changes, queries
from tachograph.store.connection import version_of_data
from tachograph.store.events import Events
from tachograph.store.filters import Where, fits, numbers
from tachograph.store.json_text import from_json
from tachograph.store.writer import Writer

_sql = queries.load("arrivals")
PAGE = 500  # messages at most
_BYTES = 1 << 20  # of their texts, about
_STRETCH = 20_000  # numbers looked at in one page for events that pass a filter
_SESSIONS_MAX = 10_000  # whose agents are kept in mind
STATE, COLLISION = "state", "collision"  # what `types` of a Filter call changes of sessions, and collisions


class Position(NamedTuple):
    """How far somebody is told, and by which store (0: there was none yet); as text `E-C-S`, which nobody needs to
    understand."""

    event: int
    change: int
    store: int = 0  # when it was made, in ns

    def __str__(self) -> str:
        return f"{self.event}-{self.change}-{self.store}"

    @classmethod
    def read(cls, text: str) -> Position:
        """Raises ValueError."""
        numbers = text.split("-")
        if len(numbers) != 3 or not text.isascii() or not all(map(str.isdecimal, numbers)) or len(text) > 59:
            raise ValueError(text)
        return cls(*map(int, numbers))


class Filter(NamedTuple):
    """What somebody wants to be told; None for everything. `session`: an id or another name of one; `agent`: a glob."""

    session: str | None = None
    agent: str | None = None
    types: frozenset[str] | None = None

    def takes(self, arrival: Arrival, names: Iterable[str] = ()) -> bool:
        """`names`: what the session is called besides."""
        if self.session is not None and not any(name in arrival.sessions for name in (self.session, *names)):
            return False
        if self.types is not None and arrival.type is not None and arrival.type not in self.types:
            return False
        if self.agent is None or self.agent in {"*", "%"} or not arrival.agents:
            return True
        return any(fits(self.agent, agent) for agent in arrival.agents)


EVERYTHING = Filter()


class Arrival(NamedTuple):
    """One thing to tell."""

    record: Event | Session | Collision | None  # None: the event, or the session, is no more
    id: int | None  # of the event
    type: str | None  # of the event, STATE or COLLISION; None when nobody knows any more
    sessions: tuple[str, ...]  # that it is about: the one whose it is first
    agents: tuple[str, ...]  # empty: nobody knows any more
    ended: bool = False  # a session that has just ended


class Entry(NamedTuple):
    """Of the log of changes."""

    number: int
    what: int
    row: int
    was: str | None
    event: int


class Page(NamedTuple):
    """What to tell, each with how far one is then. `position`: where to go on; `more`: there is more already.

    `lost`: nobody knows what changed from its first to its second number, so whoever asked has to read anew what it
    has. `other`: the place it asked for is none of this store.
    """

    arrivals: Sequence[tuple[Position, Arrival]]
    position: Position
    more: bool
    lost: tuple[int, int] | None = None
    other: bool = False


class Arrivals:
    """`store.arrivals`"""

    def __init__(self, writer: Writer, events: Events) -> None:
        self._connection: Any = writer.connection
        self._kinds = writer.kinds
        self._events = events
        self._agent_of: dict[str, str] = {}

    def version(self) -> int:
        """Another number when somebody else has written since."""
        return version_of_data(self._connection)

    def now(self) -> Position:
        """Where somebody stands who knows everything."""
        return Position(*self._connection.execute(_sql.now).fetchone())

    def names(self, wanted: Filter) -> tuple[str, ...]:
        """What the session that a filter asks for is called by now, if that is another id."""
        if wanted.session is None or self._connection.execute(_sql.number, (wanted.session,)).get is not None:
            return ()
        found = self._connection.execute(_sql.session_of_alias, (wanted.session,)).get
        return () if found is None else (found,)

    def after(self, position: Position, wanted: Filter = EVERYTHING, limit: int = PAGE) -> Page:
        """The next things to tell to somebody who is so far; all of one state of the store."""
        with self._connection:
            now = self.now()
            other = position.store not in (0, now.store)
            if other or position.event > now.event or position.change > now.change:
                return Page((), now._replace(event=0), now.event > 0, other=True)
            position = position._replace(store=now.store)
            lost = self._lost(position, now)
            if lost:
                return Page((), position._replace(change=now.change), position.event < now.event, lost)
            return self._page(position, now, wanted, limit)

    def _lost(self, position: Position, now: Position) -> tuple[int, int] | None:
        if position.change == now.change:
            return None
        oldest = self._connection.execute(_sql.oldest).get
        return None if oldest is not None and oldest <= position.change + 1 else (position.change + 1, now.change)

    def _page(self, position: Position, now: Position, wanted: Filter, limit: int) -> Page:
        entries = [Entry(*row) for row in self._connection.execute(_sql.changed, (position.change, limit)).fetchall()]
        cut = len(entries) == limit  # there may be more, which come before events after this one:
        until = entries[-1].event if cut else now.event
        events, end = self._arrived(position.event, max(until, position.event), wanted, limit)
        told = [entry for entry in entries if entry.event <= end]
        last = told[-1].number if told else position.change
        change = last if cut or len(told) < len(entries) else now.change
        changed = self._changed(told, position.event, wanted) if told else []
        after = now._replace(event=end, change=change)
        return Page(_in_order(position, events, changed), after, after != now)

    def _changed(self, entries: Sequence[Entry], known: int, wanted: Filter) -> list[tuple[Entry, Arrival]]:
        """What entries are about, but for events after `known`. Several about one thing are told once, at the last."""
        about: dict[tuple[int, int], list[Entry]] = {}
        for entry in entries:
            if entry.what != changes.EVENT or entry.row <= known:
                about.setdefault((entry.what, entry.row), []).append(entry)
        rows = {what: [row for kind, row in about if kind == what] for what in range(5)}
        events = {one.id: one for one in self._events.made(self._some(_sql.some, rows[changes.EVENT]))}
        found = self._some(_sql.sessions, {*rows[changes.SESSION], *rows[changes.END]})
        sessions = {row[0]: Session(*(*row[1:-1], from_json(row[-1]))) for row in found}
        collisions = {row[-1]: Collision(*row) for row in self._some(_sql.collisions, rows[changes.COLLISION])}
        told: list[tuple[Entry, Arrival]] = []
        for (what, row), of_it in about.items():
            if what == changes.EVENT:
                told += self._event(row, events.get(row), of_it)
            elif what == changes.COLLISION:
                told += self._collision(collisions.get(row), of_it)
            elif what == changes.DELETED:
                told += [(entry, Arrival(None, None, None, (entry.was,), ())) for entry in of_it if entry.was]
            elif row in sessions:
                told += _session(sessions[row], of_it, ended=what == changes.END)
        names = self.names(wanted)
        return sorted((one for one in told if wanted.takes(one[1], names)), key=lambda one: one[0].number)

    def _event(self, number: int, now: Event | None, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Arrival]]:
        """An event that changed, moved or went; nothing when all that is known is that it was there once."""
        names = ((now.session_id,) if now else ()) + tuple(entry.was for entry in reversed(entries) if entry.was)
        if names:
            yield entries[-1], Arrival(now, number, now.event_type if now else None, names, self._agents(names))

    def _collision(self, found: Collision | None, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Arrival]]:
        if found is not None:
            names = tuple(name for name in (found.session_id_2, found.session_id_1) if name)
            yield entries[-1], Arrival(found, None, COLLISION, names, (found.agent_id_1, found.agent_id_2))

    def _arrived(self, after: int, until: int, wanted: Filter, limit: int) -> tuple[list[Arrival], int]:
        """Events after a number, and not after another, that pass a filter; and up to which number that is all."""
        where, agents = Where(), self._kinds.matching_agents(wanted.agent)
        where.any_of("s.agent", None if agents is None else [self._kinds.agents[name] for name in agents])
        if wanted.types is not None:
            self._kinds.refresh()
            kinds = (number for number, kind in self._kinds.by_id.items() if kind.event_type in wanted.types)
            where.any_number("e.kind", kinds)
        if wanted.session is None:
            end = min(after + _STRETCH, until)
            rows = self._connection.execute(_sql.arrived.format(where=where), (after, end, *where.values, limit))
            return self._told(rows, end, limit)
        name = (*self.names(wanted), wanted.session)[0]
        ids = [row[0] for row in self._connection.execute(_sql.in_session, (name, after, until, limit))]
        end = ids[-1] if len(ids) == limit else until
        sql = _sql.some.format(numbers=numbers(ids), where=where)
        return self._told(self._connection.execute(sql, tuple(where.values)), end, len(ids) + 1)

    def _told(self, rows: Any, end: int, limit: int) -> tuple[list[Arrival], int]:
        """Events that were read, as many as are not too large; up to `end` if that is all, and fewer than `limit`."""
        told: list[Arrival] = []
        size = last = 0
        for one in self._events.made(rows):
            names, last = (one.session_id,), one.id
            told.append(Arrival(one, one.id, one.event_type, names, self._agents(names)))
            size += len(one.content or "") + len(one.original_line or "")
            if size > _BYTES:
                rows.close(True)
                return told, last
        return told, end if len(told) < limit else last

    def _some(self, sql: str, rows: Iterable[int]) -> Any:
        return self._connection.execute(sql.format(numbers=numbers(rows), where=Where()))

    def _agents(self, sessions: Iterable[str]) -> tuple[str, ...]:
        """Whose some sessions are; of those that are no more, nothing."""
        if len(self._agent_of) > _SESSIONS_MAX:
            self._agent_of.clear()
        for name in sessions:
            if name not in self._agent_of and (agent := self._connection.execute(_sql.agent, (name,)).get):
                self._agent_of[name] = agent
        return tuple(self._agent_of[name] for name in sessions if name in self._agent_of)


def _session(now: Session, entries: Sequence[Entry], *, ended: bool) -> Iterator[tuple[Entry, Arrival]]:
    """A session that changed, and every other that became part of it."""
    for was, entry in {entry.was: entry for entry in entries if entry.was}.items():
        assert was
        yield entry, Arrival(now, None, STATE, (was, now.id), (now.agent,))
    own = [entry for entry in entries if entry.was is None]
    if own:
        yield own[-1], Arrival(now, None, STATE, (now.id,), (now.agent,), ended)


def _in_order(
    begin: Position, events: Sequence[Arrival], changed: Sequence[tuple[Entry, Arrival]]
) -> list[tuple[Position, Arrival]]:
    """One sequence; to each what somebody knows who was told so far."""
    told, place = [], begin
    both = [(one.id or 0, 0, one) for one in events] + [(entry.event, entry.number, one) for entry, one in changed]
    for event, change, one in sorted(both, key=lambda item: item[:2]):
        place = place._replace(event=max(place.event, event), change=max(place.change, change))
        told.append((place, one))
    return told

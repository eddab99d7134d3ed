"""Events of every type; `extractions` are those among them that a rule found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from tachograph.errors import NotFound
from tachograph.records import Event
from tachograph.store import paging, queries, told_calls
from tachograph.store.arguments import whole
from tachograph.store.filters import Where, most, numbers
from tachograph.store.paging import Place
from tachograph.store.tellings import COMMAND
from tachograph.store.walk import Window, in_order, walk
from tachograph.store.writer import Writer

_sql = queries.load("events")


class Events:
    """`store.events`"""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._connection = writer.connection

    def add(self, event: Event) -> int:
        """Returns its id. Raises BadRecord; the session is created when nobody announced it.

        What has a `tool_call_id` counts as a call of a tool, once however many events have that id.
        """
        return self.add_many([event])

    def add_many(self, events: Sequence[Event]) -> int:
        """All or none; returns the id of the first, the others follow in order."""
        if not events:
            return 0
        with self._writer.change():
            first = self._writer.events(events)
            told_calls.name(self._writer, enumerate(events, first))
        return first

    def get(self, event_id: int) -> Event:
        found = self._rows(_sql.by_id, (event_id,))
        if not found:
            raise NotFound(f"there is no event {event_id}", "`tachograph events` lists them with their ids")
        return found[0]

    def some(self, ids: Iterable[int]) -> dict[int, Event]:
        """Events by their ids; those that are gone are left out."""
        return {event.id: event for event in self.given(ids)}

    def given(self, ids: Iterable[int]) -> Iterator[Event]:
        """The same in the order of `ids`."""
        return self.made(
            in_order(ids, lambda numbers: self._connection.execute(_sql.by_ids.format(numbers=numbers)).fetchall())
        )

    def list(
        self,
        *,
        session: str | None = None,
        type: str | None = None,
        agent: str | None = None,
        status: str | None = None,
        since: int | None = None,
        until: int | None = None,
        after: int | None = None,
        limit: int | None = 1000,
        ascending: bool = True,
        past: Place | None = None,
    ) -> Sequence[Event]:
        """One session's events in its own order (`seq`); `after` an id: in order of arrival; else by time.

        Times are ns. Without a session and `after`, a walk over all sessions merges them by time. `past` is a place in
        what is listed without `after`.
        """
        kinds = self._kinds(agent, type)
        if session is None and after is None:
            window = Window(kinds, None, since, until, not ascending)
            if status is None:
                return list(self.walked(window, limit, past))
            walked = self.walked(window, past=past)
            return list(islice((event for event in walked if event.status == status), limit))
        where = Where()
        where.add("s.session_id = ?", session)
        where.add("e.id > ?", after)
        where.between("e.at", since, until)
        where.add("t.status = ?", status)
        where.any_of("e.kind", kinds)
        paging.beyond(where, ("e.seq",), past, ascending=ascending)
        sql = (_sql.in_session if after is None else _sql.arrived).format(
            where=where, order="ASC" if ascending else "DESC"
        )
        return self._rows(sql, (*where.values, most(limit)))

    def total(
        self, *, session: str | None = None, type: str | None = None, agent: str | None = None,
        status: str | None = None, since: int | None = None, until: int | None = None,
    ) -> int | None:  # fmt: skip
        """How many `list` has, from roll-ups; None for what no roll-up knows: a status, a part of the time."""
        if status is not None or since is not None or until is not None:
            return None
        kinds = self._kinds(agent, type)
        of_kind = "TRUE" if kinds is None else f"c.kind IN ({numbers(kinds)})"
        if session is None:
            return int(self._connection.execute(_sql.total.format(of_kind=of_kind)).get)
        return int(self._connection.execute(_sql.total_of_session.format(of_kind=of_kind), (session,)).get)

    def place(self, event: Event, session: str | None = None) -> Place:
        """Where it stands in `list`; `session` is what `list` was given."""
        return (event.at, event.id) if session is None else (event.seq,)

    def last_id(self) -> int:
        """The id of the newest event, 0 when there is none: where a live view begins."""
        return self._writer.last_id()

    def _kinds(self, agent: str | None, event_type: str | None) -> frozenset[int] | None:
        agents = self._writer.kinds.matching_agents(agent)
        if agents is None and event_type is None:
            return None
        return frozenset(self._writer.kinds.matching(agents=agents, event_type=event_type))

    def walked(self, window: Window, limit: int | None = None, past: Place | None = None) -> Iterator[Event]:
        """Events in order of time. Stop when you have enough, or say how many that will be."""
        return self.given(walk(self._connection, window, limit, None if past is None else paging.numbers_of(past, 2)))

    def _rows(self, sql: str, values: tuple[object, ...]) -> Sequence[Event]:
        return list(self.made(self._connection.execute(sql, values)))

    def made(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[Event]:
        """Rows of {event}, the session's name and {step} as records: step columns stand as Event has them."""
        kinds = self._writer.kinds
        for at, number, kind_id, line_number, matched, line, metadata, _, seq, session_id, *step, given in rows:
            kind = kinds.by_id.get(kind_id) or kinds.of(kind_id)
            pattern = kind.pattern or None
            known = None if metadata is None else whole(metadata, step[COMMAND], given)
            step_and_on = (
                *step, kind.source or None, known, seq, pattern, matched,
                line, line_number, kind.risk_level or None, kind.auto_confirmable if pattern else None,
                kind.code_block_language or None, at, number,
            )  # fmt: skip
            yield Event(session_id, kind.event_type, *step_and_on)

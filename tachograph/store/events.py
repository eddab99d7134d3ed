"""Events of every type; `extractions` are those among them that a rule found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from tachograph.errors import NotFound
from tachograph.records import Event
from tachograph.store import queries
from tachograph.store.filters import Where, numbers
from tachograph.store.json_text import from_json
from tachograph.store.walk import PAGE, Row, Window, walk
from tachograph.store.writer import Writer

_sql = queries.load("events")
_STEP = (
    "tool_name", "tool_call_id", "file_path", "operation", "command", "command_category", "exit_code", "duration_ms",
    "status", "content",
)  # fmt: skip
_NO_STEP = (None,) * len(_STEP)


class Events:
    """`store.events`"""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._connection = writer.connection

    def add(self, event: Event) -> int:
        """Returns its id. Raises BadRecord; the session is created when nobody announced it."""
        return self._writer.events([event])

    def add_many(self, events: Sequence[Event]) -> int:
        """All or none; returns the id of the first, the others follow in order."""
        return self._writer.events(events) if events else 0

    def get(self, event_id: int) -> Event:
        found = self._rows(_sql.by_id, (event_id,))
        if not found:
            raise NotFound(f"there is no event {event_id}", "`tachograph events` lists them with their ids")
        return found[0]

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
    ) -> Sequence[Event]:
        """One session's events in its own order (`seq`); `after` an id: in order of arrival; else by time.

        Times are ns. Without a session and `after`, a walk over all sessions merges them by time.
        """
        kinds = self._kinds(agent, type)
        if session is None and after is None:
            page = PAGE if limit is None or status else min(PAGE, limit)
            walked = self.walked(Window(kinds, None, since, until, not ascending), max(page, 1))
            return list(islice((event for event in walked if status in (None, event.status)), limit))
        where = Where()
        where.add("s.session_id = ?", session)
        where.add("e.id > ?", after)
        where.add("e.at >= ?", since)
        where.add("e.at <= ?", until)
        where.add("t.status = ?", status)
        where.any_of("e.kind", kinds)
        sql = (_sql.in_session if after is None else _sql.arrived).format(
            where=where, order="ASC" if ascending else "DESC"
        )
        return self._rows(sql, (*where.values, -1 if limit is None else limit))

    def last_id(self) -> int:
        """The id of the newest event, 0 when there is none: where a live view begins."""
        return self._writer.last_id()

    def _kinds(self, agent: str | None, event_type: str | None) -> frozenset[int] | None:
        agents = self._writer.kinds.matching_agents(agent)
        if agents is None and event_type is None:
            return None
        return frozenset(self._writer.kinds.matching(agents=agents, event_type=event_type))

    def walked(self, window: Window, page: int = PAGE) -> Iterator[Event]:
        """Events in order of time. Stop when you have enough; `page` are read at once."""
        rows = walk(self._connection, window)
        while part := list(islice(rows, page)):
            yield from self._with_steps(part)

    def _with_steps(self, rows: Sequence[Row]) -> Iterator[Event]:
        sql = _sql.steps.format(numbers=numbers(row.id for row in rows))
        steps = {step[0]: step[1:] for step in self._connection.execute(sql)}
        for row in rows:
            yield self._event(row, steps.get(row.id, _NO_STEP))

    def _rows(self, sql: str, values: tuple[object, ...]) -> Sequence[Event]:
        return [self._event(Row(*row[:10]), row[10:]) for row in self._connection.execute(sql, values)]

    def _event(self, row: Row, step: Sequence[Any]) -> Event:
        kind = self._writer.kinds.of(row.kind)
        return Event(
            row.session_id,
            kind.event_type,
            **dict(zip(_STEP, step, strict=True)),
            source=kind.source or None,
            metadata=from_json(row.metadata_json),
            seq=row.seq,
            pattern=kind.pattern or None,
            matched_value=row.matched_value,
            original_line=row.original_line,
            line_number=row.line_number,
            risk_level=kind.risk_level or None,
            auto_confirmable=kind.auto_confirmable if kind.pattern else None,
            code_block_language=kind.code_block_language or None,
            at=row.at,
            id=row.id,
        )

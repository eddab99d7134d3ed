"""Tool calls: which one printed a line, and those of a tool, a category of commands, a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tachograph.records import TOOLS, Event
from tachograph.store import paging, queries
from tachograph.store.events import Events
from tachograph.store.filters import Where, listed, most, numbers, pattern
from tachograph.store.paging import Place
from tachograph.store.writer import Writer

_sql = queries.load("calls")


class Call(NamedTuple):
    """What a call was."""

    event_id: int
    event_type: str
    tool_name: str | None
    command: str | None
    file_path: str | None
    operation: str | None
    status: str | None
    exit_code: int | None


class Printed(NamedTuple):
    """The lines of the stream "tool" that a call printed, both included."""

    event_id: int
    first: int
    last: int


class Calls:
    """`store.calls`"""

    def __init__(self, writer: Writer, events: Events) -> None:
        self._writer = writer
        self._connection = writer.connection
        self._events = events

    def printed(self, session_id: str, line: int) -> Printed | None:
        """The call that printed a line of the stream "tool", with all of its lines."""
        found = self._connection.execute(_sql.printed, (session_id, line)).fetchone()
        if found is None or line >= found[1] + max(1, found[2]):
            return None
        return Printed(found[0], found[1], found[1] + max(1, found[2]) - 1)

    def named(self, events: Iterable[int]) -> dict[int, Call]:
        """Event → what it was, for some of them."""
        rows = self._connection.execute(_sql.named, (listed(events),))
        return {row[0]: Call(*row) for row in rows}

    def list(
        self,
        *,
        session: str | None = None,
        agent: str | None = None,
        tool: str | None = None,
        category: str | None = None,
        path: str | None = None,
        operation: str | None = None,
        status: str | None = None,
        since: int | None = None,
        until: int | None = None,
        limit: int | None = 1000,
        ascending: bool = True,
        past: Place | None = None,
    ) -> Sequence[Event]:
        """Calls that fit every filter given: of one session in its order, of all by time. `tool` and `path` are globs.

        Times in ns; `past` is a place as `store.events` makes one.
        """
        where = Where()
        paging.beyond(where, ("e.seq",) if session is not None else ("e.at", "e.id"), past, ascending=ascending)
        where.add("s.session_id = ?", session)
        where.add("t.tool_name GLOB ?", pattern(tool))
        where.add("t.command_category = ?", category)
        where.add("t.file_path GLOB ?", pattern(path))
        where.add("t.operation = ?", operation)
        where.add("t.status = ?", status)
        where.between("e.at", since, until)
        kinds = self._writer.kinds
        steps = kinds.of_steps(TOOLS, kinds.matching_agents(agent))
        order = "ASC" if ascending else "DESC"
        sorting = f"e.seq {order}" if session is not None else f"e.at {order}, e.id {order}"
        sql = _sql.fitting.format(kinds=numbers(steps), where=where, sorting=sorting)
        ids = self._connection.execute(sql, (*where.values, most(limit))).fetchall()
        return list(self._events.given(number for (number,) in ids))

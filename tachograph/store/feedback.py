"""What people said of events."""

from __future__ import annotations

from collections.abc import Sequence

from tachograph import clock
from tachograph.errors import BadRecord, NotFound
from tachograph.records import Feedback
from tachograph.store import queries
from tachograph.store.filters import Where
from tachograph.store.writer import Writer

_sql = queries.load("feedback")


class Feedbacks:
    """`store.feedback`"""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._connection = writer.connection

    def add(self, event_id: int, outcome: str, note: str | None = None) -> Feedback:
        """Attach an outcome to an event; counted on its session. Raises NotFound, BadRecord."""
        if not outcome:
            raise BadRecord("an outcome is a word", "for example: correct, wrong")
        with self._writer.change():
            session = self._connection.execute(_sql.session_of_event, (event_id,)).get
            if session is None:
                raise NotFound(f"there is no event {event_id}", "`tachograph events` lists them with their ids")
            number = self._connection.execute(_sql.add, (event_id, session, clock.now(), outcome, note)).get
            self._connection.execute(_sql.count_on_session, (session,))
        return next(row for row in self.list(event=event_id) if row.id == number)

    def list(self, *, session: str | None = None, event: int | None = None) -> Sequence[Feedback]:
        """Newest first."""
        where = Where()
        where.add("s.session_id = ?", session)
        where.add("f.event = ?", event)
        rows = self._connection.execute(_sql.listed.format(where=where), where.values)
        return [Feedback(*row) for row in rows]

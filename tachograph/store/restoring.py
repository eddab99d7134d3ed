"""A session that was read out as a whole (`whole`) is written in again: as it was, at the places where it was.

Inside one transaction of the caller's, so that half a session is never there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tachograph.errors import BadRecord
from tachograph.records import CodeBlock, Feedback, Session
from tachograph.store import queries, removing
from tachograph.store.code_blocks import CodeBlocks
from tachograph.store.output import Chunk, Output
from tachograph.store.sessions import Sessions
from tachograph.store.whole import Placed
from tachograph.store.writer import Writer

_sql = queries.load("restoring")
_TOTALS = (
    *("prompts", "replies", "tool_calls", "tool_errors", "rejections", "commands", "files_touched", "lines"),
    *("extractions", "feedbacks", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"),
    *("reasoning_tokens", "cost_usd", "events", "errors", "output_bytes"),
)


class Restoring:
    """`store.restoring`; sessions are row numbers, as `begin` gives them."""

    def __init__(self, writer: Writer, sessions: Sessions, output: Output, code_blocks: CodeBlocks) -> None:
        self._writer = writer
        self._connection: Any = writer.connection
        self._sessions = sessions
        self._output = output
        self._code_blocks = code_blocks

    def begin(self, session: Session, told_by: int, aliases: Sequence[str]) -> int:
        """The session alone; what counts its events is set by `finish`. Raises BadRecord when its id is taken."""
        empty = dict.fromkeys(_TOTALS, 0)
        self._sessions.add(msgspec.structs.replace(session, **empty))
        row = self._sessions.number(session.id)
        self._connection.execute(_sql.set_told_by, (told_by, row))
        for name in aliases:
            self._sessions.add_alias(name, session.id)
        return row

    def add(self, row: int, placed: Sequence[Placed]) -> None:
        """Events with all that hangs on them but `found`, in order. Raises BadRecord when a place is not after the
        last."""
        if not placed:
            return
        with self._writer.change():
            first = self._writer.events_in_place([(one.event, one.agent) for one in placed])
            keys, used, results = [], [], []
            for number, one in enumerate(placed, first):
                keys += [(row, key, number, teller) for key, teller in one.keys]
                if one.used is not None:
                    u = one.used.usage
                    used.append(
                        (
                            number, row, one.used.key, u.model, u.input_tokens, u.output_tokens, u.cache_read_tokens,
                            u.cache_write_tokens, u.reasoning_tokens, u.cost_usd, u.cost_source,
                            int(u.partial), one.used.copied,
                        )
                    )  # fmt: skip
                if one.result is not None:
                    results.append((number, row, *one.result))
            self._connection.executemany(_sql.add_key, keys)
            self._connection.executemany(_sql.add_usage, used)
            self._connection.executemany(_sql.add_result, results)

    def add_found(self, row: int, found: Sequence[tuple[int, int]]) -> None:
        """(step, finding), both by their places, once all events are there."""
        self._connection.executemany(_sql.add_found, [(row, *pair) for pair in found])

    def add_chunk(self, row: int, chunk: Chunk) -> None:
        """A chunk of output; it can be searched."""
        self._output.write(row, [chunk])
        self._output.index_lines(row, chunk)
        self._output.index_now()

    def add_code(self, row: int, code: Sequence[tuple[CodeBlock, int | None]]) -> None:
        """Sightings, each with the place of the step in whose text it is."""
        self._code_blocks.add_many([(block, self._event_at(row, step)) for block, step in code])

    def add_feedback(self, row: int, feedback: Feedback) -> None:
        """`event_id` is the place of the event."""
        with self._writer.change():
            values = (row, feedback.event_id, feedback.at, feedback.outcome, feedback.note)
            self._connection.execute(_sql.add_feedback, values)

    def finish(self, row: int, session: Session) -> None:
        """Everything is there: counts as they were, files from the events."""
        removing.recount(self._writer, row)
        self._sessions.update(session.id, **{name: getattr(session, name) for name in _TOTALS})

    def _event_at(self, row: int, place: int | None) -> int | None:
        if place is None:
            return None
        found = self._connection.execute(_sql.event_at, (row, place)).get
        if found is None:
            raise BadRecord(f"code stands in the text of step {place}, which is not there")
        return int(found)

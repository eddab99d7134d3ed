"""When everything of a session happened: little more than times, in pages, for whoever puts it on one clock.

Nothing stays open between two pages, so a replay of a long session is nobody's long transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tachograph.store import queries
from tachograph.store.filters import numbers
from tachograph.store.output import STREAMS, TOOL_STREAM, unpack_times
from tachograph.store.packing import unpack
from tachograph.store.sessions import Sessions
from tachograph.store.writer import Writer

_sql = queries.load("moments")
BEFORE_ALL = (-1, -1)


class Tokens(NamedTuple):
    """What one call of a model used; `cost_usd` is None when it is not known."""

    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost_usd: float | None


class Moment(NamedTuple):
    """An event as far as it is timed and counted. `at` in ns, `duration_ms` as the event has it.

    `pattern` is "" for steps, `source` who told it, `state` the word of a change of state; `found_in` is the tool call
    in whose output a rule found it; `usage` what a call of a model used.
    """

    id: int
    seq: int
    at: int
    event_type: str
    pattern: str
    source: str
    tool_call_id: str | None
    status: str | None
    exit_code: int | None
    duration_ms: float | None
    state: str | None
    found_in: str | None
    usage: Tokens | None


class Printed(NamedTuple):
    """A chunk of output without its bytes. `place` is what the next page begins after; pieces are (at in ns, bytes)."""

    place: tuple[int, int]
    stream: str
    chunk: int
    pieces: Sequence[tuple[int, int]]


class Moments:
    """`store.moments`"""

    def __init__(self, writer: Writer, sessions: Sessions) -> None:
        self._writer = writer
        self._connection = writer.connection
        self._sessions = sessions

    def events(self, session_id: str, after: int, limit: int) -> list[Moment]:
        """The next events in the session's own order, from the one after the seq `after`. Raises NotFound."""
        number = self._sessions.number(session_id)
        kinds = self._writer.kinds
        sql = _sql.events.format(states=numbers(kinds.matching(event_type="state")))
        rows = self._connection.execute(sql, (number, after, limit))
        return [self._moment(*row) for row in rows.fetchall()]

    def _moment(
        self, number: int, seq: int, at: int, kind_id: int, call: str | None, status: str | None, exit_code: int | None,
        duration_ms: float | None, state: str | None, found_in: str | None, *usage: Any,
    ) -> Moment:  # fmt: skip
        kind = self._writer.kinds.of(kind_id)
        spent = None if usage[0] is None else Tokens(*usage)
        return Moment(
            number, seq, at, kind.event_type, kind.pattern, kind.source, call, status, exit_code, duration_ms, state,
            found_in, spent,
        )  # fmt: skip

    def printed(self, session_id: str, after: tuple[int, int], limit: int) -> list[Printed]:
        """The next chunks of what programs printed, from the one after `after` (a `place`, first BEFORE_ALL)."""
        number = self._sessions.number(session_id)
        rows = self._connection.execute(_sql.output, (number, *after, TOOL_STREAM, limit)).fetchall()
        return [
            Printed((stream, place), STREAMS[stream], chunk, unpack_times(times))
            for stream, place, chunk, times in rows
        ]

    def chunk(self, chunk: int) -> bytes:
        """The bytes of a chunk; none when it is gone."""
        data = self._connection.execute(_sql.chunk, (chunk,)).get
        return b"" if data is None else unpack(data)

"""Full-text search over output and events, newest first, with the lines around each hit.

The index knows which passages hold the words (detail=none: small and quick to write); the passage itself is then read
and the lines that really match are kept. A query never runs longer than its time: what was left out is said.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple

import apsw

from tachograph import clock
from tachograph.records import Event, Line
from tachograph.store import queries, query_words
from tachograph.store.events import Events
from tachograph.store.filters import Where
from tachograph.store.output import STREAMS, Split, readable, unpack, unpack_times
from tachograph.store.settling import EVENTS_STREAM, searched, settled
from tachograph.store.writer import Writer

_sql = queries.load("search")
BUDGET_MS = 2000


class Hit(NamedTuple):
    """One line that matches. `marks` are character spans in `text`; times in ns."""

    session_id: str
    agent: str
    at: int
    kind: str  # output or event
    event_type: str | None
    line_number: int | None
    event_id: int | None
    text: str
    marks: list[tuple[int, int]]
    before: list[Line]
    after: list[Line]
    stream: str | None = None


class Results(NamedTuple):
    hits: list[Hit]
    took_ms: float
    truncated: bool  # there may be more: the limit or the time was reached
    terms: list[str]


class _Passage(NamedTuple):
    session: int
    stream: int
    first: int
    last: int
    session_id: str
    agent: str


class Search:
    """`store.search`: call it with what was typed."""

    def __init__(self, writer: Writer, events: Events, split: Split) -> None:
        self._writer = writer
        self._connection = writer.connection
        self._events = events
        self._split = split

    def __call__(
        self,
        typed: str,
        *,
        agent: str | None = None,
        session: str | None = None,
        type: str | None = None,
        pattern: str | None = None,
        since: int | None = None,
        until: int | None = None,
        limit: int = 50,
        context: int = 2,
        budget_ms: int = BUDGET_MS,
    ) -> Results:
        """Hits for what was typed, newest first. Fields inside the text (`agent:codex`) and arguments both filter."""
        begun = clock.monotonic()
        query = query_words.parse(typed)
        agent = agent or query.fields.get("agent")
        type = type or query.fields.get("type")
        pattern = pattern or query.fields.get("pattern")
        filters = (agent, session or query.fields.get("session"), since, until)
        deadline = begun + budget_ms * 1_000_000
        hits: list[Hit] = []
        truncated = False
        for hit in self._hits(query.terms, filters, type, pattern, context, deadline):
            if hit is None:
                truncated = True
                break
            if len(hits) == limit:
                truncated = True
                break
            hits.append(hit)
        took = (clock.monotonic() - begun) / 1e6
        return Results(hits, took, truncated, [term.text for term in query.terms if not term.negated])

    def _hits(
        self,
        terms: tuple[query_words.Term, ...],
        filters: tuple[str | None, str | None, int | None, int | None],
        event_type: str | None,
        pattern: str | None,
        context: int,
        deadline: int,
    ) -> Iterator[Hit | None]:
        """Hits; None once when the time is over."""
        expression = query_words.match_expression(terms)
        if not expression:
            return
        if event_type or pattern:
            yield from self._typed(terms, filters, event_type, pattern, deadline)
            return
        since, until = filters[2:]
        chunks: OrderedDict[int, list[Line]] = OrderedDict()
        yield from self._in_unsettled(terms, filters)
        for passage in self._passages(expression, filters):
            if clock.monotonic() > deadline:
                yield None
                return
            found = (
                self._in_events(passage, terms)
                if passage.stream == EVENTS_STREAM
                else self._in_output(passage, terms, context, chunks)
            )
            yield from (hit for hit in found if _within(hit.at, since, until))

    def _passages(
        self, expression: str, filters: tuple[str | None, str | None, int | None, int | None]
    ) -> Iterator[_Passage]:
        agent, session, since, until = filters
        where = Where()
        agents = self._writer.kinds.matching_agents(agent)
        where.any_of("a.name", agents)
        where.add("s.session_id = ?", session)
        where.add("s.last_at >= ?", since)
        where.add("s.first_at <= ?", until)
        found = self._connection.execute(_sql.passages.format(where=where), (expression, *where.values)).fetchall()
        return (_Passage(*row) for row in found)

    def _in_unsettled(
        self, terms: tuple[query_words.Term, ...], filters: tuple[str | None, str | None, int | None, int | None]
    ) -> Iterator[Hit]:
        """The newest events, which the index does not have yet."""
        agent, session, since, until = filters
        agents = self._writer.kinds.matching_agents(agent)
        words = [word for term in terms if not term.negated for word in term.words]
        for number, at, kind_id, session_id, *texts in self._connection.execute(
            _sql.unsettled, (settled(self._writer),)
        ).fetchall():
            kind = self._writer.kinds.of(kind_id)
            if not searched(kind) or session not in (None, session_id) or not _within(at, since, until):
                continue
            if agents is not None and kind.agent not in agents:
                continue
            text = query_words.fold("\n".join(text for text in texts if text))
            if all(word in text for word in words):
                yield from _event_hits(self._events.get(number), kind.agent, terms)

    def _in_events(self, passage: _Passage, terms: tuple[query_words.Term, ...]) -> Iterator[Hit]:
        numbers = self._connection.execute(
            _sql.events_of_passage, (passage.session, passage.first, passage.last)
        ).fetchall()
        for number, kind in numbers:
            if searched(self._writer.kinds.of(kind)):
                yield from _event_hits(self._events.get(number), passage.agent, terms)

    def _in_output(
        self, passage: _Passage, terms: tuple[query_words.Term, ...], context: int, chunks: OrderedDict[int, list[Line]]
    ) -> Iterator[Hit]:
        lines = self._lines(passage, chunks)
        for index in range(len(lines) - 1, -1, -1):
            line = lines[index]
            if not passage.first <= line.number <= passage.last:
                continue
            spans = query_words.marks(line.text, terms)
            if spans is None:
                continue
            yield Hit(
                passage.session_id, passage.agent, line.at, "output", None, line.number, None, line.text, spans,
                lines[max(0, index - context) : index], lines[index + 1 : index + 1 + context], STREAMS[passage.stream],
            )  # fmt: skip

    def _lines(self, passage: _Passage, chunks: OrderedDict[int, list[Line]]) -> list[Line]:
        """The readable lines of the chunks a passage lies in; the last few chunks are remembered."""
        listed = self._connection.execute(
            _sql.chunks_of_passage, (passage.session, passage.stream, passage.last, passage.first)
        ).fetchall()
        lines: list[Line] = []
        for chunk, line_first in listed:
            if chunk not in chunks:
                data, times = self._connection.execute(_sql.chunk, (chunk,)).fetchone()
                chunks[chunk] = readable(self._split, unpack(data), unpack_times(times), line_first)
                if len(chunks) > 8:
                    chunks.popitem(last=False)
            lines.extend(chunks[chunk])
        return lines

    def _typed(
        self,
        terms: tuple[query_words.Term, ...],
        filters: tuple[str | None, str | None, int | None, int | None],
        event_type: str | None,
        pattern: str | None,
        deadline: int,
    ) -> Iterator[Hit | None]:
        """Among events of one type only: the walk over them is short, and reads their text anyway."""
        from tachograph.store.walk import Window, walk

        agent, session, since, until = filters
        kinds = self._writer.kinds.matching(
            agents=self._writer.kinds.matching_agents(agent), event_type=event_type, pattern=pattern
        )
        if not kinds:
            return
        for row in walk(self._connection, Window(frozenset(kinds), None, since, until)):
            if clock.monotonic() > deadline:
                yield None
                return
            if session in (None, row.session_id):
                yield from _event_hits(self._events.get(row.id), self._writer.kinds.of(row.kind).agent, terms)


def _event_hits(event: Event, agent: str, terms: tuple[query_words.Term, ...]) -> Iterator[Hit]:
    """The lines of an event's text that match; its first line when the words are spread over several."""
    words = (event.content, event.command, event.file_path, event.tool_name, event.original_line or event.matched_value)
    text = "\n".join(word for word in words if word)
    lines = [line for line in text.split("\n") if line.strip()]
    for line in lines:
        spans = query_words.marks(line, terms)
        if spans is not None:
            yield Hit(
                event.session_id, agent, event.at, "event", event.event_type, event.line_number, event.id, line, spans,
                [], [],
            )  # fmt: skip
            return
    if lines and query_words.marks(text, terms) is not None:
        yield Hit(
            event.session_id,
            agent,
            event.at,
            "event",
            event.event_type,
            event.line_number,
            event.id,
            lines[0],
            [],
            [],
            [],
        )


def _within(at: int, since: int | None, until: int | None) -> bool:
    return (since is None or at >= since) and (until is None or at <= until)


def check_index(connection: apsw.Connection) -> list[str]:
    """Problems of the full-text index, in words; empty when it is sound."""
    try:
        connection.execute(_sql.check_index)
    except apsw.Error as error:
        return [f"the full-text index is damaged: {error}"]
    return []

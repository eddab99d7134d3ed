"""Full-text search over output and events, newest first, with the lines around each hit.

The index knows which passages hold the words (detail=none: small and quick to write); the passage itself is then read
and the lines that really match are kept. A query never runs longer than its time: what was left out is said.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from tachograph import clock
from tachograph.records import Line
from tachograph.store import queries, query_words
from tachograph.store.filters import Where, numbers
from tachograph.store.output import STREAMS, Output
from tachograph.store.settling import EVENTS_STREAM, searched, settled
from tachograph.store.walk import Window, walk
from tachograph.store.writer import Writer

_sql = queries.load("search")
BUDGET_MS = 2000
PAGE = 200  # passages that are looked up at once
_CHUNKS_KEPT = 8  # unpacked, because the next passage often lies in the same


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


class _Wanted(NamedTuple):
    terms: tuple[query_words.Term, ...]
    agent: str | None
    session: str | None
    event_type: str | None
    pattern: str | None
    since: int | None
    until: int | None
    context: int


class _Spoken(NamedTuple):
    """An event as far as a search needs it; `text` is everything that can be found in it."""

    id: int
    at: int
    kind: int
    line_number: int | None
    session_id: str
    agent: str
    text: str


class _Passage(NamedTuple):
    id: int
    session: int
    stream: int
    first: int
    last: int
    session_id: str
    agent: str


class _Budget:
    """The time a query may take; remembers that it was over."""

    def __init__(self, milliseconds: int) -> None:
        self._begun = clock.monotonic()
        self._deadline = self._begun + milliseconds * 1_000_000
        self.over = False

    def spent(self) -> bool:
        self.over = clock.monotonic() > self._deadline
        return self.over

    @property
    def took_ms(self) -> float:
        return (clock.monotonic() - self._begun) / 1e6


class Search:
    """`store.search`: call it with what was typed."""

    def __init__(self, writer: Writer, output: Output) -> None:
        self._writer = writer
        self._connection = writer.connection
        self._output = output

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
        budget = _Budget(budget_ms)
        terms, fields = query_words.parse(typed)
        wanted = _Wanted(
            terms,
            agent or fields.get("agent"),
            session or fields.get("session"),
            type or fields.get("type"),
            pattern or fields.get("pattern"),
            since,
            until,
            context,
        )
        hits = list(islice(self._hits(wanted, budget), limit + 1))
        words = [term.text for term in terms if not term.negated]
        return Results(hits[:limit], budget.took_ms, budget.over or len(hits) > limit, words)

    def _hits(self, wanted: _Wanted, budget: _Budget) -> Iterator[Hit]:
        """Each line once: two passages may share one that is longer than a chunk, or drawn again and again."""
        seen: set[tuple[object, ...]] = set()
        found = self._typed if wanted.event_type or wanted.pattern else self._spoken
        for hit in found(wanted, budget):
            place = (hit.session_id, hit.event_id, hit.stream, hit.line_number, hit.text)
            if place not in seen and _within(hit.at, wanted):
                seen.add(place)
                yield hit

    def _spoken(self, wanted: _Wanted, budget: _Budget) -> Iterator[Hit]:
        """Among everything that holds the words."""
        expression = query_words.match_expression(wanted.terms)
        if not expression or budget.spent():
            return
        where = Where()
        where.any_of("a.name", self._writer.kinds.matching_agents(wanted.agent))
        where.add("s.session_id = ?", wanted.session)
        where.add("s.last_at >= ?", wanted.since)
        where.add("s.first_at <= ?", wanted.until)
        yield from self._in_unsettled(wanted, where)
        chunks: OrderedDict[int, list[Line]] = OrderedDict()
        for passage in self._passages(expression, where):
            if budget.spent():
                return
            if passage.stream == EVENTS_STREAM:
                yield from self._in_passage(passage, wanted)
            else:
                yield from self._in_output(passage, wanted, chunks)

    def _passages(self, expression: str, where: Where) -> Iterator[_Passage]:
        """Passages that hold the words, newest first; no statement stays open while they are looked at."""
        sql = _sql.passages.format(where=where)
        below = 2**63 - 1
        while True:
            rows = self._connection.execute(sql, (expression, below, *where.values, PAGE)).fetchall()
            yield from (_Passage(*row) for row in rows)
            if len(rows) < PAGE:
                return
            below = rows[-1][0]

    def _in_unsettled(self, wanted: _Wanted, where: Where) -> Iterator[Hit]:
        """The newest events, which the index does not have yet."""
        values = (settled(self._connection), *where.values)
        return self._in_events(self._connection.execute(_sql.unsettled.format(where=where), values), wanted)

    def _in_passage(self, passage: _Passage, wanted: _Wanted) -> Iterator[Hit]:
        values = (passage.session, passage.first, passage.last)
        return self._in_events(self._connection.execute(_sql.events_of_passage, values), wanted)

    def _in_events(self, rows: Any, wanted: _Wanted) -> Iterator[Hit]:
        """Those that hold the words; what was found in output is not asked, its line is there itself."""
        for event in _holding(rows.fetchall(), wanted.terms):
            kind = self._writer.kinds.of(event.kind)
            if searched(kind):
                yield from _hit(event, kind.event_type, wanted.terms)

    def _in_output(self, passage: _Passage, wanted: _Wanted, chunks: OrderedDict[int, list[Line]]) -> Iterator[Hit]:
        lines, context = self._lines(passage, wanted.context, chunks), wanted.context
        for index in range(len(lines) - 1, -1, -1):
            line = lines[index]
            if not passage.first <= line.number <= passage.last:
                continue
            spans = query_words.marks(line.text, wanted.terms)
            if spans is not None:
                before, after = lines[max(0, index - context) : index], lines[index + 1 : index + 1 + context]
                yield Hit(
                    passage.session_id, passage.agent, line.at, "output", None, line.number, None, line.text, spans,
                    before, after, STREAMS[passage.stream],
                )  # fmt: skip

    def _lines(self, passage: _Passage, context: int, chunks: OrderedDict[int, list[Line]]) -> list[Line]:
        """The readable lines of the chunks in which a passage and the lines around it lie."""
        first, last = passage.first - context, passage.last + context
        lines: list[Line] = []
        for chunk in self._output.covering(passage.session, passage.stream, first, last):
            if chunk not in chunks:
                chunks[chunk] = self._output.readable(chunk)
            lines.extend(chunks[chunk])
            chunks.move_to_end(chunk)
            if len(chunks) > _CHUNKS_KEPT:
                chunks.popitem(last=False)
        return lines

    def _typed(self, wanted: _Wanted, budget: _Budget) -> Iterator[Hit]:
        """Among events of one type only: the walk over them is short. The type alone is a question, too."""
        kinds = self._writer.kinds.matching(
            agents=self._writer.kinds.matching_agents(wanted.agent),
            event_type=wanted.event_type,
            pattern=wanted.pattern,
        )
        walked = walk(self._connection, Window(frozenset(kinds), wanted.session, wanted.since, wanted.until))
        while (part := list(islice(walked, PAGE))) and not budget.spent():
            found = {row[0]: row for row in self._connection.execute(_sql.by_ids.format(numbers=numbers(part)))}
            rows = [found[number] for number in part if number in found]
            for event in _holding(rows, wanted.terms):
                yield from _hit(event, self._writer.kinds.of(event.kind).event_type, wanted.terms)


def _within(at: int, wanted: _Wanted) -> bool:
    return (wanted.since is None or at >= wanted.since) and (wanted.until is None or at <= wanted.until)


def _holding(rows: Iterable[Sequence[Any]], terms: tuple[query_words.Term, ...]) -> Iterator[_Spoken]:
    """Rows of {spoken} columns in whose text every word is somewhere: a quick look at many before a thorough one."""
    words = [word for term in terms if not term.negated for word in term.words]
    for row in rows:
        text = "\n".join(filter(None, row[6:]))
        if all(map(query_words.fold(text).__contains__, words)):
            yield _Spoken._make((*row[:6], text))


def _hit(event: _Spoken, event_type: str, terms: tuple[query_words.Term, ...]) -> Iterator[Hit]:
    """The first line of an event's text that matches; its first line when the words are spread over several."""
    lines = [line for line in event.text.split("\n") if line.strip()]
    matching = ((line, spans) for line in lines if (spans := query_words.marks(line, terms)) is not None)
    line, spans = next(matching, ("", []))
    if not line and lines and query_words.marks(event.text, terms) is not None:
        line = lines[0]
    if line:
        yield Hit(
            event.session_id, event.agent, event.at, "event", event_type, event.line_number, event.id, line, spans,
            [], [],
        )  # fmt: skip

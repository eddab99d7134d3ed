"""What the full-text index leads to: which passages hold all words of a search, and what in them really does.

The index is small and quick to write because it knows no more than that the words are somewhere in a passage
(detail=none). So every passage is looked at, output only as far as the passage reaches.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from tachograph.records import Line
from tachograph.store import queries, query_words
from tachograph.store.filters import Where, numbers
from tachograph.store.output import Opened, Output
from tachograph.store.settling import EVENTS_STREAM, settled

_sql = queries.load("passages")
PAGE = 400  # passages that are looked up at once; fewer at first, because the first few often suffice
_FIRST_PAGE = 25
_CHUNKS_KEPT = 16  # unpacked, because the next passage often lies in the same
_WORDS_MAX = 200  # that a beginning is written out as
_ROW_MAX = 2**63 - 1


class Spoken(NamedTuple):
    """An event as far as a search needs it; `text` is everything that can be found in it."""

    id: int
    at: int
    kind: int
    line_number: int | None
    session_id: str
    agent: str
    text: str


class Passage(NamedTuple):
    """One that holds the words: lines first..last of a stream, or events with that seq."""

    id: int
    session: int
    stream: int
    first: int
    last: int
    session_id: str
    agent: str


class Looking:
    """One search: its words, and what it has unpacked."""

    def __init__(self, connection: Any, output: Output, terms: tuple[query_words.Term, ...]) -> None:
        self._connection = connection
        self._output = output
        self._words = [word for term in terms if not term.negated for word in term.words]
        self.expression = query_words.match_expression(terms, self._beginning)
        self._chunks: OrderedDict[int, Opened | None] = OrderedDict()

    def _beginning(self, word: str) -> list[str]:
        """The words of the index that begin with this one; none when they are too many."""
        found = self._connection.execute(_sql.words_from, (word, _WORDS_MAX + 1)).fetchall()
        words = [row[0] for row in found]
        return words if len(words) <= _WORDS_MAX else []

    def passages(self, where: Where, session: str | None) -> Iterator[list[Passage]]:
        """Those that hold the words, newest first; no statement stays open while they are looked at."""
        sql = _sql.passages.format(where=where)
        low, high = 0, _ROW_MAX
        if session is not None:
            found = self._connection.execute(_sql.bounds_of_session, (session,)).fetchone()
            low, high = found if found[0] is not None else (1, 0)
        size = min(_FIRST_PAGE, PAGE)
        while True:
            rows = self._connection.execute(sql, (self.expression, low, high, *where.values, size)).fetchall()
            yield [Passage(*row) for row in rows]
            if len(rows) < size:
                return
            high, size = rows[-1][0] - 1, min(4 * size, PAGE)

    def unsettled(self, where: Where) -> list[Spoken]:
        """The newest events that hold the words: the index does not have them yet."""
        values = (settled(self._connection), *where.values)
        return self._holding(self._connection.execute(_sql.unsettled.format(where=where), values))

    def in_events(self, passages: Iterable[Passage]) -> dict[int, list[Spoken]]:
        """Events that hold the words, newest first, by the number of their passage."""
        wanted = numbers(passage.id for passage in passages if passage.stream == EVENTS_STREAM)
        found: defaultdict[int, list[Any]] = defaultdict(list)
        if wanted:
            for row in self._connection.execute(_sql.events_of_passages.format(numbers=wanted)):
                found[row[0]].append(row[1:])
        return {passage: self._holding(rows) for passage, rows in found.items()}

    def events(self, ids: list[int], where: Where) -> list[Spoken]:
        """Those of some events that hold the words, in the order given."""
        sql = _sql.by_ids.format(numbers=numbers(ids), where=where)
        found = {event.id: event for event in self._holding(self._connection.execute(sql, where.values))}
        return [found[number] for number in ids if number in found]

    def led_to(self, own: Iterable[int], derived: Iterable[int], most: int) -> list[int] | None:
        """Ids of events of some kinds, newest first, that may hold the words; None when more than `most` passages do.

        `own` are kinds of events that stand in the index themselves. What is `derived` was found in what a session
        says, so it is in a session that has the words.
        """
        passages = [row[0] for row in self._connection.execute(_sql.some_passages, (self.expression, most + 1))]
        if len(passages) > most:
            return None
        values = {"passages": numbers(passages), "kinds": numbers(own)}
        found = set(self._connection.execute(_sql.in_passages.format(**values)))
        values["kinds"] = numbers(derived)
        found.update(self._connection.execute(_sql.in_sessions.format(**values)))
        values["kinds"] = numbers({*own, *derived})
        found.update(self._connection.execute(_sql.in_unsettled.format(**values), (settled(self._connection),)))
        return [number for _, number in sorted(found, reverse=True)]

    def in_output(self, passage: Passage, context: int) -> list[Line]:
        """The lines of a passage and `context` around it, when one of them may match; nothing otherwise."""
        covering = self._output.covering
        for chunk in covering(passage.session, passage.stream, passage.first, passage.last):
            opened = self._opened(chunk)
            if opened and any(self._holds(text) for _, text in opened.texts(passage.first, passage.last)):
                break
        else:
            return []
        first, last = passage.first - context, passage.last + context
        chunks = map(self._opened, covering(passage.session, passage.stream, first, last))
        return [line for opened in chunks if opened for line in opened.lines(first, last)]

    def _opened(self, chunk: int) -> Opened | None:
        if chunk not in self._chunks:
            self._chunks[chunk] = self._output.opened(chunk)
            if len(self._chunks) > _CHUNKS_KEPT:
                self._chunks.popitem(last=False)
        self._chunks.move_to_end(chunk)
        return self._chunks[chunk]

    def _holding(self, rows: Iterable[Any]) -> list[Spoken]:
        """Those in whose text every word is somewhere: a quick look at many before a thorough one."""
        return [Spoken(*row) for row in rows if self._holds(row[6])]

    def _holds(self, text: str) -> bool:
        folded = query_words.fold(text)
        return all(word in folded for word in self._words)

"""What the full-text index leads to: which passages hold all words of a search, and what in them really does.

The index is small and quick to write because it knows no more than that the words are somewhere in a passage of events,
or in a line or a few of output (detail=none). So every passage is looked at, output only as far as the passage reaches.
"""

from __future__ import annotations

import bisect
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from heapq import nlargest
from itertools import pairwise
from typing import Any, NamedTuple

from tachograph.records import Line
from tachograph.store import queries, query_words
from tachograph.store.filters import Where, numbers
from tachograph.store.output import Opened, Output
from tachograph.store.parts import PARTS
from tachograph.store.plain import Place, lines_with, plain
from tachograph.store.settling import EVENTS_STREAM, settled

_sql = queries.load("passages")
PAGE = 400  # passages that are looked at at once; fewer at first, because the first few often suffice
_FIRST_PAGE = 25
_FIRST_EVENTS = 250  # of those that are not in the index yet; more at a time when these do not suffice
_SORTED = 4000  # passages that are put in order by their sessions: some milliseconds
_ROWS = 8  # pages that are looked up at once: to ask the index anew costs as much as to read on for two of them
_CHUNKS_KEPT = 16  # unpacked, because the next passage often lies in the same
_LIKE_MAX = 100  # letters; SQLite refuses patterns that are very long
_ALONE = 3  # passages of a chunk that are looked at by themselves
_WORDS_MAX = 200  # that a beginning is written out as
_ID_MAX = 2**58  # of a passage; sixteen rows of the index each
_STEPPED = 20_000  # passages of a session whose places are looked at; what is older lies in one stretch
_STRETCHES = 16
_GAP = 1000  # passages of others between two stretches, at least


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


class _Chunk:
    """A chunk unpacked. Where few of its passages are asked for, only their lines are looked at; with more it is
    quicker to find once which of all its lines hold every word of a search."""

    def __init__(self, opened: Opened, words: list[bytes]) -> None:
        self.first, self.last = opened.first, opened.last
        self.lines = opened.lines
        self._opened = opened
        self._words = words
        self._asked = 0
        self._lowered: bytes | None = None  # of the whole chunk, where it is plain
        self._places: list[Place] = []

    def lines_with(self, first: int, last: int) -> list[str] | None:
        """Those of the lines first..last that hold every word somewhere, in small letters; None where that is not
        quick to tell."""
        if not self._words:
            return None
        if self._asked < _ALONE:
            self._asked += 1
            lowered = plain(self._opened.raw(first, last))
            places = [] if lowered is None else lines_with(self._words, lowered)
            return None if lowered is None else [lowered[begin:end].decode() for _, begin, end in places]
        if self._asked == _ALONE:
            self._asked += 1
            self._lowered = plain(self._opened.data)
            self._places = [] if self._lowered is None else lines_with(self._words, self._lowered)
        if self._lowered is None:
            return None
        begin, end = (bisect.bisect_left(self._places, (line - self.first,)) for line in (first, last + 1))
        return [self._lowered[begin:end].decode() for _, begin, end in self._places[begin:end]]

    def texts(self, first: int, last: int) -> list[tuple[int, str]]:
        """(number, text) of the lines first..last, as far as they are here."""
        return self._opened.texts(first, last)


class Looking:
    """One search: its words, and what it has unpacked."""

    def __init__(self, connection: Any, output: Output, terms: tuple[query_words.Term, ...]) -> None:
        self._connection = connection
        self._output = output
        self._terms = terms
        words = list(dict.fromkeys(word for term in terms if not term.negated for word in term.words))
        said = "\n".join(words)
        self._said = _pattern_of(words), said
        self._bytes = [word.encode() for word in words] if said.isascii() else []
        self.expression = query_words.match_expression(terms, self._beginning)
        self._latest = 0, 0, 0, 0, 0  # session, stream, first and last line, id of a chunk
        self._chunks: OrderedDict[int, _Chunk | None] = OrderedDict()

    def _beginning(self, word: str) -> list[str]:
        """The words of the index that begin with this one; none when they are too many."""
        found = self._connection.execute(_sql.words_from, (word, _WORDS_MAX + 1)).fetchall()
        words = [row[0] for row in found]
        return words if len(words) <= _WORDS_MAX else []

    def passages(self, where: Where, session: str | None) -> Iterator[list[Passage]]:
        """Those that hold the words, the last recorded first; no statement stays open while they are looked at."""
        sql = _sql.passages.format(where=where)
        size = min(_FIRST_PAGE, PAGE)
        for oldest, newest in [(0, _ID_MAX)] if session is None else self._stretches(session):
            low, high = oldest * PARTS, newest * PARTS + PARTS - 1
            while True:
                rows = self._connection.execute(sql, (self.expression, low, high, *where.values, size)).fetchall()
                found = [Passage(*row) for row in dict.fromkeys(rows)]
                for begin in range(0, len(found), PAGE):
                    yield found[begin : begin + PAGE]
                if len(rows) < size:
                    break
                high, size = rows[-1][0] * PARTS - 1, min(_ROWS * size, _ROWS * PAGE)

    def by_session(self, where: Where) -> list[tuple[int, Passage]] | None:
        """The same, those of the session that was at work last first, each with when that was (ns): histories are
        recorded in any order. None when more passages hold the words than can be put in order at once."""
        few = self._few(_SORTED)
        if few is None:
            return None
        sql = _sql.by_session.format(numbers=numbers(few), where=where)
        return [(at, Passage(*row)) for at, *row in self._connection.execute(sql, where.values)]

    def _stretches(self, session: str) -> list[tuple[int, int]]:
        """Where in the index the passages of a session stand: their first and last ids, newest first.

        Sessions that were recorded at the same time lie between each other. To begin anew behind what others have
        written costs a millisecond, so it is done at the widest gaps only.
        """
        ids = [row[0] for row in self._connection.execute(_sql.of_session, (session, _STEPPED))]
        if not ids:
            return []
        oldest = ids[-1] if len(ids) < _STEPPED else 0
        gaps = [(newer - older, at) for at, (newer, older) in enumerate(pairwise(ids), 1) if newer - older > _GAP]
        cuts = sorted(at for _, at in nlargest(_STRETCHES - 1, gaps))
        firsts, lasts = [0, *cuts], [*(ids[at - 1] for at in cuts), oldest]
        return [(last, ids[first]) for first, last in zip(firsts, lasts, strict=True)]

    def unsettled(self, where: Where) -> Iterator[Spoken]:
        """The newest events that hold the words, newest first: the index does not have them yet."""
        sql = _sql.unsettled.format(where=where)
        done, last = self._connection.execute(_sql.unsettled_ids).fetchone()
        size = _FIRST_EVENTS
        while last > done:
            first = max(done, last - size)
            yield from map(
                Spoken._make, self._connection.execute(sql, (first, last, *where.values, *self._said)).fetchall()
            )
            last, size = first, 2 * size

    def in_events(self, passages: Iterable[Passage]) -> dict[int, list[Spoken]]:
        """Events that hold the words, newest first, by the number of their passage."""
        wanted = numbers(passage.id for passage in passages if passage.stream == EVENTS_STREAM)
        found: defaultdict[int, list[Spoken]] = defaultdict(list)
        if wanted:
            sql = _sql.events_of_passages.format(numbers=wanted)
            for passage, *row in self._connection.execute(sql, self._said):
                found[passage].append(Spoken(*row))
        return found

    def events(self, ids: list[int], where: Where) -> list[Spoken]:
        """Those of some events that hold the words, in the order given."""
        sql = _sql.by_ids.format(numbers=numbers(ids), where=where)
        rows = self._connection.execute(sql, (*where.values, *self._said))
        found = {row[0]: Spoken(*row) for row in rows}
        return [found[number] for number in ids if number in found]

    def led_to(self, own: Iterable[int], derived: Iterable[int], most: int) -> list[int] | None:
        """Ids of events of some kinds, newest first, that may hold the words; None when more than `most` passages do.

        `own` are kinds of events that stand in the index themselves. What is `derived` was found in what a session
        says, so it is in a session that has the words.
        """
        passages = self._few(most)
        if passages is None:
            return None
        values = {"passages": numbers(passages), "kinds": numbers(own)}
        found = set(self._connection.execute(_sql.in_passages.format(**values)))
        values["kinds"] = numbers(derived)
        found.update(self._connection.execute(_sql.in_sessions.format(**values)))
        values["kinds"] = numbers({*own, *derived})
        found.update(self._connection.execute(_sql.in_unsettled.format(**values), (settled(self._connection),)))
        return [number for _, number in sorted(found, reverse=True)]

    def _few(self, most: int) -> list[int] | None:
        """The numbers of all passages that hold the words; None when they are more than `most`."""
        found = [row[0] for row in self._connection.execute(_sql.some_passages, (self.expression, most + 1))]
        return None if len(found) > most else found

    def in_output(self, passage: Passage, context: int) -> list[Line]:
        """The lines of a passage and `context` around it, when one of them may match; nothing otherwise."""
        for chunk in self._covering(passage, 0):
            if self._may_match(chunk, passage.first, passage.last):
                break
        else:
            return []
        first, last = passage.first - context, passage.last + context
        found = map(self._opened, self._covering(passage, context))
        return [line for each in found if each for line in each.lines(first, last)]

    def _covering(self, passage: Passage, context: int) -> list[int]:
        """The chunks with the lines of a passage and `context` around it, most often the one that the last was in."""
        session, stream, first, last = passage.session, passage.stream, passage.first - context, passage.last + context
        if self._latest[:2] != (session, stream) or not self._latest[2] < first <= last < self._latest[3]:
            around = self._output.around(session, stream, first, last)
            if around is None:
                return self._output.covering(session, stream, first, last)
            self._latest = session, stream, around[1], around[2], around[0]
        return [self._latest[4]]

    def _may_match(self, chunk: int, first: int, last: int) -> bool:
        """Whether one of these lines, as far as they are in the chunk, may match."""
        found = self._opened(chunk)
        if found is None:
            return False
        lines = found.lines_with(first, last)
        if lines is None:
            return any(self._holds(text) for _, text in found.texts(first, last))
        return any(query_words.marks(line, self._terms) is not None for line in lines)

    def _opened(self, chunk: int) -> _Chunk | None:
        if chunk not in self._chunks:
            opened = self._output.opened(chunk)
            self._chunks[chunk] = None if opened is None else _Chunk(opened, self._bytes)
            if len(self._chunks) > _CHUNKS_KEPT:
                self._chunks.popitem(last=False)
        self._chunks.move_to_end(chunk)
        return self._chunks[chunk]

    def _holds(self, text: str) -> bool:
        return holds(self._said[1], text)


def _pattern_of(words: list[str]) -> str:
    """What the text of an event must be LIKE, if it is ASCII: it holds the longest of the words, or its beginning."""
    longest = max((word for word in words if word.isascii()), key=len, default="")
    return f"%{longest[:_LIKE_MAX]}%"


def holds(words: str, text: str) -> bool:
    """Whether each word, one a line, is somewhere in a text: for SQL, that need not hand us what has not."""
    folded = text.lower() if text.isascii() else query_words.fold(text)
    for word in _listed(words):  # noqa: SIM110  # all() takes twice as long, and a search asks ten thousand times
        if word not in folded:
            return False
    return True


@lru_cache(64)
def _listed(words: str) -> list[str]:
    return words.split("\n")

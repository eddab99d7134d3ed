"""Words and totals of events are written some thousand events at a time: the full-text index is cheap in large
portions and dear in small ones, whatever the size of the batches that come in.

Two numbers say how far that is done (`_counters`, `settled` and `counted`). What lies behind them is found by looking
at it (`search`) and counted by counting it (the view `_kind_counts`): it is never much. Moved in the transaction that
adds events, so there is nothing to repair after a kill.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tachograph.store import queries
from tachograph.store.adding import insert
from tachograph.store.connection import version_of_data
from tachograph.store.filters import numbers
from tachograph.store.growth import Growth
from tachograph.store.kinds import Kind, Kinds

_sql = queries.load("settling")
AFTER = 8000  # events
COUNTED_AFTER = 1000  # events: who asks for totals counts the others, and has a millisecond
WEIGHT_MAX = 4_000_000  # characters of content: a search reads all that is not in the index
TOGETHER = 16  # events in a passage: the more, the more passages hold two words that no event has both of
_TEXT_MAX = 4096  # characters in a passage, unless one event has more
EVENTS_STREAM = -1  # in _passages: the passage is made of events, not of output
RECORDED = "wrapper"
# Sources of findings whose lines are found themselves.
_LINES_STORED = {RECORDED, "transcript", "printed", "hook", "otlp", "tmux"}

Index = Callable[[int, int, int, int, str], None]  # session, stream, first seq, last seq, text


def settled(connection: Any) -> int:
    """The id of the last event that is in the index."""
    return int(connection.execute(_sql.settled).get)


def counted(connection: Any) -> int:
    """The id of the last event that is in the totals."""
    return int(connection.execute(_sql.counted).get)


class Findings:
    """The findings of a session since the last settling, from the event `seq` on without a hole."""

    __slots__ = ("counted", "kinds", "seq", "texts", "times")

    def __init__(self, seq: int) -> None:
        self.seq = seq
        self.counted = 0  # so many of them are in the totals
        self.kinds: list[int] = []
        self.times: list[int] = []
        self.texts: list[str | None] = []

    @property
    def end(self) -> int:
        return self.seq + len(self.kinds) - 1


class Recent:
    """The findings that this process stored since the last settling: so they need not be read again."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.forget()

    def forget(self) -> None:
        """Nothing is known any more: the store is asked."""
        self._first = self._last = self._counted = 0  # ids
        self._version = 0  # changes when others write
        self._sessions: dict[int, Findings] = {}
        self.steps = False  # some of the events are no findings
        self.weight = 0  # characters in them

    def found(self, first: int, count: int, growths: Iterable[Growth]) -> None:
        """Findings were stored, the ids `first` and following."""
        self._follow(first, count)
        for growth in growths:
            begin = growth.seq - len(growth.kinds) + 1
            findings = self._sessions.get(growth.number)
            if findings is None:
                findings = self._sessions[growth.number] = Findings(begin)
            elif findings.end + 1 != begin:
                self.forget()
                return
            findings.kinds += growth.kinds
            findings.times += growth.times
            findings.texts += growth.texts

    def told(self, first: int, count: int, weight: int) -> None:
        """Steps were stored. They may still change, so they are read when the time has come."""
        self._follow(first, count)
        self.steps = True
        self.weight += weight

    def _follow(self, first: int, count: int) -> None:
        if first != self._last + 1 or not self._first:
            self.forget()
            self._first, self._version = first, version_of_data(self._connection)
            self._counted = first - 1
        self._last = first + count - 1

    def since(self, done: int, last: int) -> dict[int, Findings] | None:
        """The findings after the event `done`, by session; None when it is not certain that they are these."""
        return self._sessions if self._first == done + 1 and self._certain(done, last) else None

    def uncounted(self, known: int, last: int) -> dict[int, Findings] | None:
        """The same of those that are not in the totals, which know all up to the event `known`."""
        return self._sessions if self._counted == known and self._certain(known, last) else None

    def were_counted(self) -> None:
        """All of them are in the totals."""
        self._counted = self._last
        for findings in self._sessions.values():
            findings.counted = len(findings.kinds)

    def _certain(self, begin: int, last: int) -> bool:
        """Whether they are the events after `begin`: nobody else wrote, none was moved or deleted."""
        if self._last != last or self._version != version_of_data(self._connection):
            return False
        ends = {number: findings.end for number, findings in self._sessions.items()}
        known = dict(self._connection.execute(_sql.ends_of_sessions, (str(list(ends)),)))
        there = self._connection.execute(_sql.count_events, (begin,)).get
        return bool(known == ends and there == last - begin)


def settle(connection: Any, kinds: Kinds, index: Index, last: int, recent: Recent, *, after: int = AFTER) -> None:
    """Inside a transaction: count what came since, and hand what is searched to `index`, when that is more than `after`
    events up to `last`, or long texts."""
    done, known = connection.execute(_sql.marks).fetchone()
    enough = last - done >= (after if recent.weight < WEIGHT_MAX else 1)
    if enough or last - known >= COUNTED_AFTER:
        _count(connection, known, last, recent)
    if enough:
        kinds.refresh()
        _index(connection, kinds, index, done, last, recent)
        recent.forget()


def _count(connection: Any, known: int, last: int, recent: Recent) -> None:
    """Bring the totals up to date, so far those up to the event `known`."""
    found = None if recent.steps else recent.uncounted(known, last)
    if found is None:
        connection.execute(_sql.count_uncounted, (known,))
        if not recent.steps:
            recent.forget()
    else:
        rows = [row for findings in found.values() for row in _counted(findings)]
        insert(connection, _sql.count_findings, rows, len(rows))
        recent.were_counted()
    connection.execute(_sql.count, (last,))


def _index(connection: Any, kinds: Kinds, index: Index, done: int, last: int, recent: Recent) -> None:
    """Hand over what is searched of the events after `done`."""
    own = {number for number, kind in kinds.by_id.items() if searched(kind)}
    found = recent.since(done, last)
    for number, findings in (found or {}).items():
        if own.issuperset(findings.kinds):
            said = findings.texts
        else:
            said = [text if kind in own else None for kind, text in zip(findings.kinds, findings.texts, strict=True)]
        _index_findings(index, number, findings.seq, said)
    if found is None or recent.steps:
        unknown = numbers(number for number in own if found is None or not kinds.by_id[number].pattern)
        _index_stored(connection, index, unknown, done)
    connection.execute(_sql.settle, (last,))


def _counted(findings: Findings) -> list[tuple[int, int, int, int]]:
    """(kind, how often, first and last time in ns) of those that are not in the totals."""
    kinds, times = findings.kinds[findings.counted :], findings.times[findings.counted :]
    in_order = sorted(times)
    if in_order != times:
        kinds = [kind for _, kind in sorted(zip(times, kinds, strict=True))]
    last = dict(zip(kinds, in_order, strict=True))
    first = dict(zip(reversed(kinds), reversed(in_order), strict=True))
    return [(kind, count, first[kind], last[kind]) for kind, count in Counter(kinds).items()]


def _index_findings(index: Index, session: int, seq: int, texts: Sequence[str | None]) -> None:
    """What findings say; texts are one line, seldom some more."""
    for begin in range(0, len(texts), TOGETHER):
        text = "\n".join(filter(None, texts[begin : begin + TOGETHER]))
        if text:
            index(session, EVENTS_STREAM, seq + begin, seq + min(begin + TOGETHER, len(texts)) - 1, text)


def _index_stored(connection: Any, index: Index, kinds: str, done: int) -> None:
    """The same of what stands in the store, steps too, whose texts may be long."""
    texts: list[str] = []
    session = first = last = size = 0
    for number, seq, text in connection.execute(_sql.unsettled.format(kinds=kinds), (done,)):
        if texts and (number != session or len(texts) == TOGETHER or size > _TEXT_MAX):
            index(session, EVENTS_STREAM, first, last, "\n".join(texts))
            texts, size = [], 0
        if text:
            session, first, last = number, first if texts else seq, seq
            texts.append(text)
            size += len(text)
    if texts:
        index(session, EVENTS_STREAM, first, last, "\n".join(texts))


def searched(kind: Kind) -> bool:
    """Whether events of this kind are found by their own words."""
    return kind.event_type != "state" and not (kind.pattern and kind.source in _LINES_STORED)

"""Words and totals of events are written some thousand events at a time: the full-text index is cheap in large
portions and dear in small ones, whatever the size of the batches that come in.

One number says how far that is done (`_counters`, `settled`). What lies behind it is found by looking at it (`search`)
and counted by counting it (the view `_kind_counts`): it is never much. Moved in the transaction that adds events, so
there is nothing to repair after a kill.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tachograph.store import queries
from tachograph.store.filters import numbers
from tachograph.store.growth import Growth
from tachograph.store.kinds import Kind, Kinds

_sql = queries.load("settling")
AFTER = 4000  # events
WEIGHT_MAX = 4_000_000  # characters of content: a search reads all that is not in the index
TOGETHER = 16  # events in a passage: the more, the more passages hold two words that no event has both of
_TEXT_MAX = 4096  # characters in a passage, unless one event has more
EVENTS_STREAM = -1  # in _passages: the passage is made of events, not of output
RECORDED = "wrapper"
# Sources of findings whose lines are found themselves.
_LINES_STORED = {RECORDED, "transcript", "printed", "hook", "otlp", "tmux"}

Index = Callable[[int, int, int, int, str], None]  # session, stream, first seq, last seq, text


def settled(connection: Any) -> int:
    """The id of the last event that is in the index and in the totals."""
    return int(connection.execute(_sql.settled).get)


class Findings:
    """The findings of a session since the last settling, from the event `seq` on without a hole."""

    __slots__ = ("kinds", "seq", "texts", "times")

    def __init__(self, seq: int) -> None:
        self.seq = seq
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
        self._first = self._last = 0  # ids
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
            self._first, self._version = first, self._connection.execute(_sql.version_of_data).get
        self._last = first + count - 1

    def since(self, done: int, last: int) -> dict[int, Findings] | None:
        """The findings after the event `done`, by session; None when that is not for sure: others wrote as well,
        events were moved to another session or deleted."""
        if (self._first, self._last) != (done + 1, last):
            return None
        if self._version != self._connection.execute(_sql.version_of_data).get:
            return None
        ends = {number: findings.end for number, findings in self._sessions.items()}
        known = dict(self._connection.execute(_sql.ends_of_sessions.format(numbers=numbers(ends))))
        there = self._connection.execute(_sql.count_events, (done,)).get
        return self._sessions if known == ends and there == last - done else None


def settle(connection: Any, kinds: Kinds, index: Index, last: int, recent: Recent, *, after: int = AFTER) -> None:
    """Inside a transaction: count what came since, and hand what is searched to `index`, when that is more than `after`
    events up to `last`, or long texts."""
    done = settled(connection)
    if last - done < (after if recent.weight < WEIGHT_MAX else 1):
        return
    kinds.refresh()
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
        connection.execute(_sql.count_unsettled, (done,))
    else:
        for findings in found.values():
            connection.executemany(_sql.count_findings, _counted(findings))
    connection.execute(_sql.settle, (last,))
    recent.forget()


def _counted(findings: Findings) -> list[tuple[int, int, int, int]]:
    """(kind, how often, first and last time in ns)"""
    in_order = sorted(findings.times)
    kinds = findings.kinds
    if in_order != findings.times:
        kinds = [kind for _, kind in sorted(zip(findings.times, kinds, strict=True))]
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

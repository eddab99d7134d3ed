"""Words and totals of events are written some thousand events at a time: the full-text index is cheap in large
portions and dear in small ones, whatever the size of the batches that come in.

One number says how far that is done (`_counters`, `settled`). What lies behind it is found by looking at it (`search`)
and counted by counting it (the view `_kind_counts`): it is never much. Moved in the transaction that adds events, so
there is nothing to repair after a kill.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from tachograph.store import queries
from tachograph.store.kinds import Kind

if TYPE_CHECKING:
    from tachograph.store.writer import Writer

_sql = queries.load("settling")
AFTER = 2000  # events
PASSAGE_EVENTS = 64  # events of a session that share one row of the full-text index: the index is a third as large
EVENTS_STREAM = -1  # in _passages: the passage is made of events, not of output
RECORDED = "wrapper"  # source of findings whose lines are stored as output, which is searchable itself


def settled(writer: Writer) -> int:
    """The id of the last event that is in the index and in the totals."""
    return int(writer.connection.execute(_sql.settled).get)


def settle(writer: Writer, last: int, *, after: int = AFTER) -> None:
    """Inside a transaction: index and count what came since, when that is more than `after` events up to `last`."""
    done = settled(writer)
    if last - done < after:
        return
    rows = writer.connection.execute(_sql.unsettled, (done,))
    for session, group in groupby(rows, itemgetter(0)):
        for first, end, text in _passages(writer, group):
            writer.passage(session, EVENTS_STREAM, first, end, text)
    writer.connection.execute(_sql.count_unsettled, (done,))
    writer.connection.execute(_sql.settle, (last,))


def searched(kind: Kind) -> bool:
    """Whether events of this kind are found by their own words."""
    return kind.event_type != "state" and not (kind.pattern and kind.source == RECORDED)


def _passages(writer: Writer, rows: Iterator[tuple[int, ...]]) -> Iterator[tuple[int, int, str]]:
    """(first seq, last seq, text) for some events of one session at a time."""
    of = writer.kinds.of
    seqs: list[int] = []
    texts: list[str] = []
    for _, seq, kind, *words in rows:
        if not searched(of(kind)):
            continue
        seqs.append(seq)
        texts.append("\n".join(word for word in words if word))  # type: ignore[misc]
        if len(seqs) == PASSAGE_EVENTS:
            yield seqs[0], seqs[-1], "\n".join(texts)
            seqs, texts = [], []
    if any(texts):
        yield seqs[0], seqs[-1], "\n".join(texts)

"""Words and totals of events are written some thousand events at a time: the full-text index is cheap in large
portions and dear in small ones, whatever the size of the batches that come in.

One number says how far that is done (`_counters`, `settled`). What lies behind it is found by looking at it (`search`)
and counted by counting it (the view `_kind_counts`): it is never much. Moved in the transaction that adds events, so
there is nothing to repair after a kill.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tachograph.store import queries
from tachograph.store.filters import numbers
from tachograph.store.kinds import Kind

if TYPE_CHECKING:
    from tachograph.store.writer import Writer

_sql = queries.load("settling")
AFTER = 4000  # events
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
    writer.kinds.refresh()
    for query, found in ((_sql.unsettled_findings, True), (_sql.unsettled_steps, False)):
        kinds = writer.kinds.by_id.items()
        wanted = numbers(number for number, kind in kinds if searched(kind) and bool(kind.pattern) == found)
        for session, first, end, text in writer.connection.execute(query.format(kinds=wanted), (done,)):
            if text:
                writer.passage(session, EVENTS_STREAM, first, end, text)
    writer.connection.execute(_sql.count_unsettled, (done,))
    writer.connection.execute(_sql.settle, (last,))


def searched(kind: Kind) -> bool:
    """Whether events of this kind are found by their own words."""
    return kind.event_type != "state" and not (kind.pattern and kind.source == RECORDED)

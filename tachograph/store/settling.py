"""Words and totals of events are written some thousand events at a time: the full-text index is cheap in large
portions and dear in small ones, whatever the size of the batches that come in.

One number says how far that is done (`_counters`, `settled`). What lies behind it is found by looking at it (`search`)
and counted by counting it (the view `_kind_counts`): it is never much. Moved in the transaction that adds events, so
there is nothing to repair after a kill.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tachograph.store import queries
from tachograph.store.filters import numbers
from tachograph.store.kinds import Kind, Kinds

_sql = queries.load("settling")
AFTER = 4000  # events
EVENTS_STREAM = -1  # in _passages: the passage is made of events, not of output
RECORDED = "wrapper"
_LINES_STORED = {RECORDED, "transcript", "hook", "otlp", "tmux"}  # sources of findings whose lines are found themselves


def settled(connection: Any) -> int:
    """The id of the last event that is in the index and in the totals."""
    return int(connection.execute(_sql.settled).get)


def settle(
    connection: Any, kinds: Kinds, passage: Callable[[int, int, int, int, str], None], last: int, *, after: int = AFTER
) -> None:
    """Inside a transaction: count what came since, and hand what is searched to `passage` (session, stream, first seq,
    last seq, text), when that is more than `after` events up to `last`."""
    done = settled(connection)
    if last - done < after:
        return
    kinds.refresh()
    for query, found in ((_sql.unsettled_findings, True), (_sql.unsettled_steps, False)):
        known = kinds.by_id.items()
        wanted = numbers(number for number, kind in known if searched(kind) and bool(kind.pattern) == found)
        for session, first, end, text in connection.execute(query.format(kinds=wanted), (done,)):
            if text:
                passage(session, EVENTS_STREAM, first, end, text)
    connection.execute(_sql.count_unsettled, (done,))
    connection.execute(_sql.settle, (last,))


def searched(kind: Kind) -> bool:
    """Whether events of this kind are found by their own words."""
    return kind.event_type != "state" and not (kind.pattern and kind.source in _LINES_STORED)

"""Calls of tools that a program adds as events: each has its agent's id as its key, as if a source had told it.

So a session counts every id once, however many events have it, and who tells of the call later finds it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from tachograph.records import Event
from tachograph.store import queries, removing
from tachograph.store.tellings import API, RANKS, hash_of
from tachograph.store.writer import Writer

_sql = queries.load("told_calls")


def name(writer: Writer, added: Iterable[tuple[int, Event]]) -> None:
    """Inside a transaction: events were added, here with their ids; calls among them are counted in their sessions."""
    calls = sorted(
        ((event.session_id, number, event) for number, event in added if event.tool_call_id is not None),
        key=itemgetter(0, 1),
    )
    for session_id, told in groupby(calls, key=itemgetter(0)):
        _count(writer, session_id, [(number, event) for _, number, event in told])


def _count(writer: Writer, session_id: str, calls: list[tuple[int, Event]]) -> None:
    connection = writer.connection
    session = connection.execute(_sql.session, (session_id,)).get
    before = connection.total_changes()
    connection.executemany(
        _sql.add_key,
        [
            (session, hash_of(f"call:{event.tool_call_id}"), number, RANKS.get(event.source or API, RANKS[API]))
            for number, event in calls
        ],
    )
    if connection.total_changes() - before == len(calls):
        statuses = Counter(event.status for _, event in calls)
        connection.execute(_sql.grow, (session, len(calls), statuses["error"], statuses["rejected"]))
    else:  # one that is known was told again: it may have gone wrong only now
        removing.recount(writer, session)

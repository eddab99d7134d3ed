"""Passages whose words have changed where they lie: their rows of the full-text index are made again, as they were."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tachograph.store import queries
from tachograph.store.filters import numbers
from tachograph.store.output import Output
from tachograph.store.parts import PARTS, parts_of
from tachograph.store.settling import EVENTS_STREAM, searched
from tachograph.store.writer import Writer

_sql = queries.load("reindexing")


def events(writer: Writer, session: int, changed: Iterable[int]) -> None:
    """Inside a transaction: these events of a session, by their place in it (`seq`), say something else now."""
    writer.kinds.refresh()
    kinds = numbers(number for number, kind in writer.kinds.by_id.items() if searched(kind))
    sql = _sql.said.format(kinds=kinds)

    def said(first: int, last: int) -> str:
        return "\n".join(text for (text,) in writer.connection.execute(sql, (session, first, last)) if text)

    _again(writer.connection, session, EVENTS_STREAM, [(seq, seq) for seq in changed], said)


def lines(writer: Writer, output: Output, session: int, stream: int, changed: Sequence[tuple[int, int]]) -> None:
    """Inside a transaction: the same of lines first..last of a stream."""

    def said(first: int, last: int) -> str:
        opened = (output.opened(chunk) for chunk in output.covering(session, stream, first, last))
        return "\n".join(text for one in opened if one for _, text in one.texts(first, last))

    _again(writer.connection, session, stream, changed, said)


def _again(
    db: Any, session: int, stream: int, changed: Iterable[tuple[int, int]], said: Callable[[int, int], str]
) -> None:
    spans = sorted(changed)
    lasts = sorted(last for _, last in spans)
    firsts = [first for first, _ in spans]
    for number, first, last in db.execute(_sql.passages, (session, stream)).fetchall():
        # Of the spans, those that begin by then and those that end before: where these are as many, none reaches in.
        if bisect_left(firsts, last + 1) == bisect_left(lasts, first):
            continue
        begin = number * PARTS
        db.execute(_sql.drop.format(numbers=numbers(range(begin, begin + PARTS))))
        db.executemany(_sql.add, parts_of([(session, stream, first, last, said(first, last))], number))

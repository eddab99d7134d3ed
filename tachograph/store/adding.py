"""Many rows in one statement: one a statement, the driver would put the statement back into its cache after every row,
and push all others out of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from tachograph.store import queries

TOGETHER = (50, 10, 1)  # rows in a statement


class Run(NamedTuple):
    """Events of one session (its row number) at consecutive places, the first of them `seq`."""

    session: int
    seq: int
    length: int


def insert(connection: Any, sql: str, rows: Iterable[Sequence[object]], count: int) -> None:
    """`count` rows, with a statement that says `{rows}`."""
    values = chain.from_iterable(rows)
    for together in TOGETHER:
        times, count = divmod(count, together)
        if times:
            statement, width = queries.with_rows(sql, together)
            connection.executemany(statement, (tuple(islice(values, width)) for _ in range(times)))


def insert_runs(
    connection: Any, sql: str, first: int, runs: Iterable[Run], columns: Sequence[Sequence[object]]
) -> None:
    """Rows of events with consecutive ids, `first` the first of them, that are those `runs`, one after the other.

    `columns` are what follows in a row. What is counted is told once a statement: to hand over a value costs more than
    to add one, and where a new id is, SQLite knows without looking.
    """
    width = len(columns)
    values: list[Any] = [None] * (width * len(columns[0]))
    for index, column in enumerate(columns):
        values[index::width] = column
    at = 0
    for session, seq, length in runs:
        begin, end = at, at + length
        for together in TOGETHER:
            stop = end - (end - at) % together
            if at < stop:
                rows = (
                    (session, seq + at - begin, first + at, *values[at * width : (at + together) * width])
                    for at in range(at, stop, together)
                )
                connection.executemany(queries.with_run(sql, together, width), rows)
                at = stop


def columns_of(rows: Iterable[Iterable[Any]], width: int) -> list[list[Any]]:
    """The columns of some rows. No row outlives the next, so that the garbage collector has nothing to look through."""
    values = list(chain.from_iterable(rows))
    return [values[index::width] for index in range(width)]


def joined(runs: Iterable[Run]) -> list[Run]:
    """The same with runs that go on where the one before ends as one."""
    found: list[Run] = []
    for run in runs:
        if found and found[-1].session == run.session and found[-1].seq + found[-1].length == run.seq:
            found[-1] = found[-1]._replace(length=found[-1].length + run.length)
        else:
            found.append(run)
    return found

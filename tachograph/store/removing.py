"""Events go away again, with everything that refers to them, out of every roll-up they are part of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tachograph.store import queries
from tachograph.store.filters import numbers
from tachograph.store.output import TOOL_STREAM
from tachograph.store.settling import counted
from tachograph.store.writer import Writer

_sql = queries.load("removing")
_PAGE = 500  # events at once


def remove(writer: Writer, session: int, gone: Sequence[int], *, found_in: int | None = None) -> None:
    """Inside a transaction: events of one session, and what was found in the texts of those that are steps.

    `found_in`: the step, one that stays, in whose text all of them were found. The session's tool calls and files are
    left as they are: see `recount`.
    """
    db: Any = writer.connection
    writer.touch(session)
    done = counted(db)
    bounds: dict[int, tuple[int, int]] = {}
    for start in range(0, len(gone), _PAGE):
        part = numbers(gone[start : start + _PAGE])
        found = [row[0] for row in db.execute(_sql.findings.format(numbers=part))]
        part = numbers({*gone[start : start + _PAGE], *found})
        writer.changes.left(session, {*gone[start : start + _PAGE], *found})
        _uncount(writer, session, part, done, bounds)
        unindex_outputs(writer, part)
        _forget_code(writer, session, part)
        db.execute(_sql.drop_keys.format(numbers=part), (session,))
        db.execute(_sql.drop_found.format(numbers=part), (found_in,))
        for sql in (_sql.drop_feedback, _sql.drop_findings, _sql.drop_tool_outputs, _sql.drop_usage, _sql.drop_steps):
            db.execute(sql.format(numbers=part))
        db.execute(_sql.drop_events.format(numbers=part))
    db.execute(_sql.drop_empty_session_kinds, (session,))
    db.execute(_sql.drop_empty_kinds)
    db.executemany(_sql.bound_kind, [(kind, *times, done) for kind, times in bounds.items()])


def clear(writer: Writer, session: int, step: int) -> None:
    """Inside a transaction: nothing was found in the text of a step."""
    found = [row[0] for row in writer.connection.execute(_sql.findings.format(numbers=step))]
    remove(writer, session, found, found_in=step)
    _forget_code(writer, session, str(step))


def drop_sightings(writer: Writer, gone: Iterable[int]) -> None:
    """Inside a transaction: code is not seen any more in these places, and what is seen nowhere is not kept."""
    _drop_unseen(writer, writer.connection.execute(_sql.drop_sightings.format(numbers=numbers(gone))).fetchall())


def change_kind(writer: Writer, session: int, event: int, before: int, kind: int, at: int) -> None:
    """Inside a transaction: an event that was of the kind `before` is of another."""
    db: Any = writer.connection
    db.execute(_sql.shrink_session_kind, (1, session, before))
    db.execute(_sql.drop_empty_session_kinds, (session,))
    writer.count_kind(session, event, kind, at)
    done = counted(db)
    if event <= done:
        db.execute(_sql.shrink_kind, (1, before))
        db.execute(_sql.drop_empty_kinds)
        db.execute(_sql.bound_kind, (before, at, at, done))


def recount(writer: Writer, session: int) -> None:
    """Inside a transaction: what a session counts of its tool calls, commands and files, from its events."""
    for sql in (_sql.recount_calls, _sql.drop_activity, _sql.count_activity, _sql.count_files):
        writer.connection.execute(sql, (session,))


def unindex_outputs(writer: Writer, events: str) -> None:
    """Inside a transaction: the long results of some events (numbers as SQL) are not searched any more."""
    db: Any = writer.connection
    for session, first, lines in db.execute(_sql.tool_outputs.format(numbers=events)).fetchall():
        writer.unindex(session, TOOL_STREAM, first, first + lines - 1)


def _forget_code(writer: Writer, session: int, steps: str) -> None:
    _drop_unseen(writer, writer.connection.execute(_sql.drop_sightings_in.format(numbers=steps), (session,)).fetchall())


def _drop_unseen(writer: Writer, blocks: Iterable[tuple[int]]) -> None:
    writer.connection.execute(_sql.drop_unseen_blocks.format(numbers=numbers({block for (block,) in blocks})))


def _uncount(writer: Writer, session: int, part: str, done: int, bounds: dict[int, tuple[int, int]]) -> None:
    db: Any = writer.connection
    counts, kept = {}, []
    for kind, count, in_totals, first_at, last_at in db.execute(_sql.count_kinds.format(numbers=part), (done,)):
        counts[kind] = count
        if in_totals:
            kept.append((in_totals, kind))
            known = bounds.get(kind, (first_at, last_at))
            bounds[kind] = (min(known[0], first_at), max(known[1], last_at))
    feedbacks = db.execute(_sql.count_feedback.format(numbers=part)).get
    rewound = dict(db.execute(_sql.count_rewound.format(numbers=part)).fetchall())
    totals = writer.totals(counts)
    uncounted = writer.totals(rewound)
    totals[1:4] = [total - less for total, less in zip(totals[1:4], uncounted[1:4], strict=True)]
    db.executemany(_sql.shrink_session_kind, [(count, session, kind) for kind, count in counts.items()])
    db.executemany(_sql.shrink_kind, kept)
    db.execute(_sql.shrink_session, (session, sum(counts.values()), *totals, feedbacks))

"""Tokens and cost: one row for each call of a model, summed by session, day, model, project or agent.

A call copied into another session (resumed, forked) is part of that session's history and counts there; over several
sessions it counts once, where it was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tachograph.errors import UsageError
from tachograph.records import Usage
from tachograph.store import queries
from tachograph.store.filters import Where, numbers
from tachograph.store.writer import Writer

_sql = queries.load("usage")
_KEYS = {
    "day": "strftime('%Y-%m-%d', e.at / 1000000000, 'unixepoch')",
    "month": "strftime('%Y-%m', e.at / 1000000000, 'unixepoch')",
    "model": "coalesce(u.model, 'unknown')",
    "project": "coalesce(s.project_dir, 'unknown')",
    "agent": "a.name",
    "session": "s.session_id",
}


class Sum(NamedTuple):
    """What calls sum up to. `cost_usd` is None when no call's cost is known; `unpriced` counts those without."""

    key: str
    calls: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost_usd: float | None
    unpriced: int
    partial: int  # calls whose agent wrote down less than it used
    sessions: int


class Usages:
    """`store.usage`"""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._connection = writer.connection

    def put(self, event: int, session: int, key: int, at: int, usage: Usage, cost_source: str | None) -> None:
        """Inside a transaction: one call, or what is known of it now. `key` 0: it has no name outside its session."""
        copied = bool(key) and bool(self._connection.execute(_sql.counted_elsewhere, (key, session, at)).get)
        self._connection.execute(
            _sql.add,
            (
                event, session, key, usage.model, usage.input_tokens, usage.output_tokens, usage.cache_read_tokens,
                usage.cache_write_tokens, usage.reasoning_tokens, usage.cost_usd,
                cost_source or ("agent" if usage.cost_usd is not None else None), int(usage.partial), int(copied),
            ),
        )  # fmt: skip

    def total(self, session: int) -> None:
        """Inside a transaction: the session's totals follow its calls."""
        self._connection.execute(_sql.total, (session,))

    def retract(self, events: Sequence[int]) -> None:
        """Inside a transaction: calls that the agent took back no longer count."""
        self._connection.execute(_sql.no_longer_counts.format(numbers=numbers(events)))

    def by(
        self,
        key: str,
        *,
        agent: str | None = None,
        session: str | None = None,
        project: str | None = None,
        since: int | None = None,
        until: int | None = None,
        limit: int | None = None,
    ) -> list[Sum]:
        """Sums by day, month, model, project, agent or session; days in order, the rest dearest first. Times in ns.

        Raises UsageError for another key.
        """
        if key not in _KEYS:
            raise UsageError(f"cost cannot be summed by {key!r}", f"use one of {', '.join(_KEYS)}")
        where = Where()
        agents = self._writer.kinds.matching_agents(agent)
        where.any_of("a.name", agents)
        where.add("s.session_id = ?", session)
        where.add("s.project_dir = ?", project)
        where.add("e.at >= ?", since)
        where.add("e.at <= ?", until)
        order = "1" if key in {"day", "month"} else "coalesce(sum(u.cost_usd), 0) DESC, sum(u.output_tokens) DESC"
        sql = _sql.by.format(key=_KEYS[key], where=where, sorting=order)
        return [Sum(*row) for row in self._connection.execute(sql, (*where.values, -1 if limit is None else limit))]

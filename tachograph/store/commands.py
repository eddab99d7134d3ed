"""Commands that sessions ran: how often, how long, how they ended; by category or by command."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tachograph.errors import UsageError
from tachograph.store import queries
from tachograph.store.filters import Where, most, numbers
from tachograph.store.writer import Writer

_sql = queries.load("commands")
_KEYS = {"category": "category", "command": "called(command)"}
_STATS = ("command_category", "count", "avg_duration", "first_execution", "last_execution")


class Ran(NamedTuple):
    """What one command or category came to. Durations in ms, None when nobody measured any; times in ns.

    `failed` runs ended with an error or an exit code; `rejected` ones never ran and are not among `runs`.
    """

    key: str
    category: str
    runs: int
    failed: int
    interrupted: int
    rejected: int
    sessions: int
    median_ms: float | None
    p95_ms: float | None
    total_ms: float | None
    first_at: int
    last_at: int


class Commands:
    """`store.commands`"""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._connection = writer.connection

    def stats(self, session_id: str) -> list[dict[str, object]]:
        """A session's rows of the view `command_stats`: `command_category, count, avg_duration` (ms),
        `first_execution, last_execution` (ISO)."""
        return [dict(zip(_STATS, row, strict=True)) for row in self._connection.execute(_sql.of_session, (session_id,))]

    def by(
        self,
        key: str,
        *,
        called: Callable[[str], str],
        session: str | None = None,
        agent: str | None = None,
        since: int | None = None,
        until: int | None = None,
        failed: bool = False,
        limit: int | None = 100,
    ) -> list[Ran]:
        """Counted by `command` (as `called` calls a shell line) or `category`; the most frequent first, or with
        `failed` only what failed, the most often first. Times in ns. Raises UsageError for another key.

        The median and the 95th percentile are those of all runs that were measured, between two values in proportion.
        """
        if key not in _KEYS:
            raise UsageError(f"commands are not counted by {key!r}", f"use one of {', '.join(_KEYS)}")
        self._connection.create_scalar_function("called", called, 1, deterministic=True)
        where = Where()
        where.add("s.session_id = ?", session)
        where.between("e.at", since, until)
        kinds = self._writer.kinds
        steps = kinds.matching(agents=kinds.matching_agents(agent), event_type="command", pattern="")
        sql = _sql.by.format(key=_KEYS[key], kinds=numbers(steps), where=where, failed=int(failed))
        rows = self._connection.execute(sql, (*where.values, most(limit)))
        return [Ran(*row) for row in rows]

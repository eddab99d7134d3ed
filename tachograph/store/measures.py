"""Sums for monitoring: asked every few seconds, for ever, so that a million events must cost what a hundred cost."""

from __future__ import annotations

from typing import NamedTuple

from tachograph.store import queries
from tachograph.store.writer import Writer

_sql = queries.load("measures")
TOKENS = ("input", "output", "cache_read", "cache_write", "reasoning")


class OfAgent(NamedTuple):
    """What the sessions of an agent in one state sum up to. `tokens` in the order of `TOKENS`, bytes as bytes."""

    agent: str
    status: str
    sessions: int
    tool_calls: int
    tool_errors: int
    rejections: int
    lost_bytes: int
    output_bytes: int
    tokens: tuple[int, ...]
    cost_usd: float


class Measures:
    """`store.measures`"""

    def __init__(self, writer: Writer) -> None:
        self._connection = writer.connection

    def sessions(self) -> list[OfAgent]:
        """By agent and status."""
        rows = self._connection.execute(_sql.sessions)
        return [OfAgent._make((*row[:8], tuple(row[8:13]), row[13] or 0.0)) for row in rows]

    def copied(self) -> dict[str, tuple[tuple[int, ...], float]]:
        """Agent → tokens and dollars that its sessions have from others, where they count already."""
        return {row[0]: (tuple(row[1:6]), row[6] or 0.0) for row in self._connection.execute(_sql.copied)}

    def events(self) -> list[tuple[str, str, int]]:
        """Agent, type, how many."""
        return list(self._connection.execute(_sql.events))

    def findings(self) -> list[tuple[str, str, int]]:
        """Rule, type, how many."""
        return list(self._connection.execute(_sql.findings))

    def executions(self) -> list[tuple[str, int]]:
        """Status of receipts, how many."""
        return list(self._connection.execute(_sql.executions))

    def damage(self) -> tuple[int, int]:
        """Damaged records of journals: how many, how many bytes."""
        row = self._connection.execute(_sql.damage).fetchone()
        return row[0], row[1]

    def unknown_lines(self) -> int:
        """Lines of histories that no reader understood."""
        return int(self._connection.execute(_sql.unknown).get)

"""What agents do with the histories of their sessions, and what is kept here of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tachograph.store import queries
from tachograph.store.filters import Where
from tachograph.store.writer import Writer

_sql = queries.load("keeping")


class Fate(NamedTuple):
    """Of one session's files. `deleted_at` is when they were found gone, `keeps_until` when the agent will have deleted
    the last that is left (None: it does not); ns. `kept`: all of their bytes are in the store."""

    session_id: str
    agent: str
    there: bool
    keeps_until: int | None
    deleted_at: int | None
    kept: bool


class Kept(NamedTuple):
    """Of one agent's sessions, how many it will delete before some time, or has deleted; and how many of those are kept
    here whole. `next_at`: when the first of them goes, ns."""

    agent: str
    deleted_soon: int
    soon_kept: int
    deleted: int
    deleted_kept: int
    next_at: int | None


class Stock(NamedTuple):
    """What one reader has read; `reader` is "" for files that no reader knows."""

    reader: str
    files: int
    bytes: int
    sessions: int


class Strange(NamedTuple):
    """A kind of line that a reader does not understand, with the beginning of one."""

    reader: str
    kind: str
    lines: int
    files: int
    sample: str | None


class Trouble(NamedTuple):
    """A file that could not be read, or not to its end."""

    reader: str
    path: str
    reason: str


class Keeping:
    """`store.keeping`"""

    def __init__(self, writer: Writer) -> None:
        self._connection = writer.connection

    def of(self, session_ids: Iterable[str]) -> dict[str, Fate]:
        """Of some sessions; those without a history of their agent's are left out."""
        where = Where()
        where.any_of("s.session_id", session_ids)
        return {fate.session_id: fate for fate in self._fates(where)}

    def by_agent(self, before: int) -> list[Kept]:
        """What agents will delete before a time in ns, and what they have deleted; agents by name."""
        found: dict[str, list[Fate]] = {}
        for fate in self._fates(Where()):
            found.setdefault(fate.agent, []).append(fate)
        return [_kept(agent, found[agent], before) for agent in sorted(found)]

    def soon(self, before: int) -> list[Fate]:
        """Sessions that their agents will delete before a time in ns, the next one first."""
        fates = [one for one in self._fates(Where()) if one.keeps_until is not None and one.keeps_until < before]
        return sorted(fates, key=lambda one: (one.keeps_until or 0, one.session_id))

    def stock(self) -> list[Stock]:
        """What was read, by reader."""
        return [Stock(*row) for row in self._connection.execute(_sql.stock)]

    def unknown(self) -> list[Strange]:
        """What nobody understands, by reader, the most frequent kinds first."""
        return [Strange(*row) for row in self._connection.execute(_sql.unknown)]

    def troubles(self) -> list[Trouble]:
        """What could not be read, by reader."""
        return [Trouble(*row) for row in self._connection.execute(_sql.troubles)]

    def _fates(self, where: Where) -> list[Fate]:
        rows = self._connection.execute(_sql.fates.format(where=where), where.values)
        return [
            Fate(session, agent, bool(there), until if there else None, None if there else gone, bool(kept))
            for session, agent, there, until, gone, kept in rows
        ]


def _kept(agent: str, fates: list[Fate], before: int) -> Kept:
    soon = [fate for fate in fates if fate.keeps_until is not None and fate.keeps_until < before]
    gone = [fate for fate in fates if not fate.there]
    return Kept(
        agent,
        len(soon),
        sum(fate.kept for fate in soon),
        len(gone),
        sum(fate.kept for fate in gone),
        min((fate.keeps_until for fate in soon if fate.keeps_until is not None), default=None),
    )

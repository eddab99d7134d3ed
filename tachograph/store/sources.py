"""How far each journal has been imported, and what of it could not be read.

Offsets move in the transaction that adds the rows: whoever is killed when, nothing is imported twice or not at all.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tachograph import clock
from tachograph.store import queries
from tachograph.store.filters import Where
from tachograph.store.json_text import from_json, to_json
from tachograph.store.writer import Writer

_sql = queries.load("sources")
QUARANTINE_BYTES = 4096  # of a damaged record are kept; its length is


class Source(NamedTuple):
    """Where an importer stands in one journal. `session` is a row number, None before the header was read."""

    id: int
    session: int | None
    offset: int
    sequence: int
    done: bool
    state: dict[str, Any]


class Sources:
    """`store.sources`"""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._connection = writer.connection

    def get(self, name: str, fingerprint: str) -> Source:
        """Where we stand; a journal never seen begins at 0. The fingerprint tells two files of one name apart."""
        row = self._connection.execute(_sql.by_name, (name, fingerprint)).fetchone()
        if row is None:
            with self._writer.transaction():
                self._connection.execute(_sql.add, (name, fingerprint))
            return self.get(name, fingerprint)
        return Source._make((*row[:4], bool(row[4]), from_json(row[5]) or {}))

    def done(self, name: str, fingerprint: str) -> bool:
        """Whether all of a journal is in the store."""
        row = self._connection.execute(_sql.by_name, (name, fingerprint)).fetchone()
        return row is not None and bool(row[4])

    def move(
        self,
        source: int,
        *,
        session: int | None,
        offset: int,
        sequence: int,
        seen: int,
        done: bool,
        state: dict[str, Any],
    ) -> None:
        """Inside the transaction that stores what was read up to `seen`; a restart reads on at `offset`."""
        values = (session, offset, sequence, seen, int(done), to_json(state), source)
        self._connection.execute(_sql.move, values)

    def forget(self, source: int) -> None:
        """A journal that is imported and removed, and had no damage, leaves nothing behind."""
        with self._writer.change():
            self._connection.execute(_sql.forget, (source,))

    def starting_with(self, prefix: str) -> list[tuple[str, str, dict[str, Any]]]:
        """(name, fingerprint, state) of the sources whose name begins so."""
        rows = self._connection.execute(_sql.starting_with, (prefix, prefix + "\U0010ffff"))
        return [(name, fingerprint, from_json(state) or {}) for name, fingerprint, state in rows]

    def quarantine(self, source: int, offset: int, length: int, reason: str, data: bytes) -> None:
        """Keep the beginning of bytes that could not be read."""
        values = (source, clock.now(), offset, length, reason, data[:QUARANTINE_BYTES])
        self._connection.execute(_sql.quarantine, values)

    def position(self, name: str) -> int:
        """How far a journal of that name was read, for those who wait for it."""
        return int(self._connection.execute(_sql.position, (name,)).get)

    def damage(self, session_id: str | None = None, *, limit: int = 100) -> list[dict[str, object]]:
        """What could not be read, newest first: journal, session_id, offset, length, reason, at (ns)."""
        where = Where()
        where.add("s.session_id = ?", session_id)
        rows = self._connection.execute(_sql.damage.format(where=where), (*where.values, limit))
        names = ("journal", "session_id", "offset", "length", "reason", "at")
        return [dict(zip(names, row, strict=True)) for row in rows]

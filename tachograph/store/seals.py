"""Sessions are sealed when they have gone quiet: one entry of the ledger over all their events and their output.

Whoever changes what is sealed marks the session in the same transaction (`Writer.touch`); what is marked is listed as
unsealed until somebody finds the time to seal it again. That costs the importer one small statement a transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tachograph.store import queries, session_digests
from tachograph.store.ledger import SESSIONS, Ledger
from tachograph.store.session_digests import Content
from tachograph.store.writer import Writer

_sql = queries.load("seals")


class Waiting(NamedTuple):
    """A session whose seal is not the newest."""

    session: int  # row number
    changes: int
    id: str
    ended: bool


class Seals:
    """`store.seals`"""

    def __init__(self, writer: Writer, ledger: Ledger) -> None:
        self._writer = writer
        self._connection = writer.connection
        self._ledger = ledger

    def waiting(self, before: int, limit: int = 100) -> Sequence[Waiting]:
        """Sessions that changed since their seal, and not after a time in ns; the smallest first."""
        rows = self._connection.execute(_sql.waiting, (before, limit)).fetchall()
        return [Waiting(number, changes, name, bool(over)) for number, changes, name, over in rows]

    def anew(self, waiting: Sequence[Waiting]) -> Sequence[Waiting]:
        """The same sessions as they are now, those that still wait."""
        found = ((one, self._connection.execute(_sql.changes, (one.session,)).get) for one in waiting)
        return [one._replace(changes=changes) for one, changes in found if changes is not None]

    def content(self, session: int) -> Content:
        """Digests over the events and the output of a session (its row number)."""
        return session_digests.content(self._connection, session)

    def seal(self, waiting: Waiting, content: Content) -> bool:
        """Inside a transaction: seal what `content` was computed of. False when it has changed meanwhile."""
        self._connection.execute(_sql.unchanged, (waiting.session, waiting.changes))
        if not self._connection.changes():
            return False
        self._seal(waiting.session, content)
        return True

    def seal_now(self, session: int, content: Content) -> None:
        """Inside the transaction that has just changed a session (its row number): seal it as it is."""
        self._writer.untouch(session)
        self._connection.execute(_sql.drop_mark, (session,))
        self._seal(session, content)

    def _seal(self, session: int, content: Content) -> None:
        found = session_digests.digest(self._connection, session, content)
        if found is not None:
            self._ledger.seal_digest(SESSIONS, session, found)

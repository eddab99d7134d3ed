"""Beginning anew: the database and its secrets go, recordings that are still in journals come into the new one."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator

from tachograph import clock
from tachograph.errors import NotFound, Refused, StoreError
from tachograph.ingest import journals, spawn
from tachograph.ingest.histories import LOCK
from tachograph.ingest.opening import open_store
from tachograph.paths import Places
from tachograph.proof.chain import BEGINNING
from tachograph.proof.heads import Heads
from tachograph.store import connection
from tachograph.store.vault import Vault

_WAIT = 5 * clock.SECOND  # an importer that has nothing to do leaves sooner
_POLL = 0.1


def reset(places: Places, details: str) -> int:
    """Delete the database, make an empty one, and say so in its audit log and in the signed heads.

    `details` says what was in it. Returns how many journals will be imported into the new one, of recordings that run
    (their journals are still whole) or that nobody has imported yet. Raises Refused or StoreBusy while somebody imports
    or has the database open, Refused for a file that never was a database of ours.
    """
    refuse_foreign(places.database)
    with alone(places):
        with contextlib.suppress(StoreError, NotFound), open_store(places.database, readonly=True) as store:
            journals.remove_imported(places, store)
        connection.refuse_shared(places.database)
        # First: should we be interrupted after it, heads that nothing stands behind are void, and that is said.
        Heads(places.database).append(0, BEGINNING, f"reset: {details}")
        connection.remove(places.database)
        connection.remove(Vault(places.database).path)
        with open_store(places.database) as store:
            store.audit.add("tachograph", "reset", "completed", operation_type="recorder", details=details)
        return len(journals.names(places))


def refuse_foreign(database: str) -> None:
    """A mistyped --db must not cost somebody else's file. One of ours, if damaged, is told by its signed heads."""
    if os.path.exists(database) and not os.path.exists(Heads(database).path):
        try:
            connection.open_reader(database).close()
        except StoreError as error:
            raise Refused(
                f"nothing was changed: {error}", "only a database of Tachograph is begun anew, or replaced"
            ) from None


@contextlib.contextmanager
def alone(places: Places) -> Iterator[None]:
    """Hold the locks of everybody who imports. Raises Refused when somebody does."""
    if not os.path.isdir(places.journal):
        yield
        return
    with contextlib.ExitStack() as held:
        for name, who in ((LOCK, "`tachograph up` or an import"), (spawn.LOCK, "a recording")):
            lock = _taken(places, name)
            if lock is None:
                raise Refused(f"{who} is at work: nothing was changed", "stop it, or wait for its end, then try again")
            held.callback(os.close, lock)
        yield


def _taken(places: Places, name: str) -> int | None:
    until = clock.monotonic() + _WAIT
    while (lock := spawn.take_lock(places, name)) is None and clock.monotonic() < until:
        time.sleep(_POLL)
    return lock

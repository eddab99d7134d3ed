"""What is new in the store, for who stays and tells: collisions since the last look."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

from tachograph.errors import TachographError
from tachograph.ingest.opening import open_store
from tachograph.paths import Places
from tachograph.records import Collision
from tachograph.store import Store

MOST = 20  # told at once; a long history that is imported has many


class News:
    """Of one store. Where nothing was written since the last look, nothing is asked."""

    def __init__(self, places: Places) -> None:
        self._path = places.database
        self._store: Store | None = None
        self._last: int | None = None
        self._written = (0, 0)

    def collisions(self) -> tuple[Sequence[Collision], int]:
        """The newest since the last call, in order, and how many more there were. A store in trouble has no news."""
        try:
            return self._look()
        except (TachographError, OSError):
            self.close()
            return (), 0

    def close(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            with contextlib.suppress(TachographError):
                store.close()

    def _look(self) -> tuple[Sequence[Collision], int]:
        written = os.stat(self._path).st_mtime_ns, _changed(f"{self._path}-wal")
        if written == self._written:
            return (), 0
        if self._store is None:
            self._store = open_store(self._path, readonly=True)
        found: Sequence[Collision] = ()
        if self._last is None:
            self._last = self._store.collisions.last_id()
        elif found := self._store.collisions.after(self._last):
            self._last = found[-1].id
        self._written = written
        return found[-MOST:], max(0, len(found) - MOST)


def _changed(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except FileNotFoundError:
        return 0

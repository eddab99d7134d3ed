"""Importing what the journals hold before somebody reads, and telling how far behind the store is."""

from __future__ import annotations

import os
import time
from typing import NamedTuple

from tachograph import clock
from tachograph.ingest import journals, spawn
from tachograph.paths import Places


class CatchUp(NamedTuple):
    """`complete`: everything that was in the journals when we began is in the store."""

    complete: bool
    journals: int
    reason: str = ""


class Status(NamedTuple):
    """The journals as they lie there; bytes include what is imported already and kept a moment."""

    importer_running: bool
    importer_pid: int | None
    journals: int
    live: int
    backlog_bytes: int
    oldest_at: int | None  # ns, when the oldest was last written to


def catch_up(places: Places, wait_ms: int = 1500) -> CatchUp:
    """Bring the store up to date: by our own hands, or by waiting for the importer at work. Raises StoreError.

    Costs nothing but a look into a folder when there are no journals.
    """
    sizes = journals.sizes(places)
    if not sizes:
        return CatchUp(True, 0)
    lock = spawn.take_lock(places) if os.access(places.journal, os.W_OK) else None
    if lock is None:
        return _wait(places, sizes, wait_ms)
    try:
        from tachograph.ingest.importer import Importer

        importer = Importer(places)
        try:
            while importer.tick().progress:
                pass
        finally:
            importer.close()
    finally:
        os.close(lock)
    if importer.complaints:
        return CatchUp(False, len(sizes), importer.complaints[0])
    return CatchUp(True, len(sizes))


def status(places: Places) -> Status:
    """For `doctor`."""
    from tachograph.journal.lock import is_live

    sizes = journals.sizes(places)
    found = [os.path.join(places.journal, name) for name in sizes]
    running = bool(sizes) and spawn.is_running(places)
    return Status(
        running,
        spawn.holder(places) if running else None,
        len(sizes),
        sum(is_live(path) for path in found),
        sum(sizes.values()),
        min((os.stat(path).st_mtime_ns for path in found if os.path.exists(path)), default=None),
    )


def _wait(places: Places, sizes: dict[str, int], wait_ms: int) -> CatchUp:
    """Until the importer has committed what was there when we came. An unfinished last line counts as there."""
    from tachograph.ingest.opening import open_store

    deadline = clock.monotonic() + wait_ms * 1_000_000
    with open_store(places.database) as store:
        while True:
            behind = [name for name, size in sizes.items() if store.sources.position(name) < size]
            behind = [name for name in behind if os.path.exists(os.path.join(places.journal, name))]
            if not behind:
                return CatchUp(True, len(sizes))
            if clock.monotonic() > deadline:
                pid = spawn.holder(places)
                return CatchUp(
                    False, len(sizes), f"the importer (process {pid}) is still busy with {', '.join(behind[:3])}"
                )
            time.sleep(0.01)

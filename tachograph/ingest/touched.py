"""What was done to files, as rows: with how often sessions collided on each."""

from __future__ import annotations

from tachograph import clock
from tachograph.formats.rows import Row
from tachograph.ingest.locating import real, whole
from tachograph.store import Store
from tachograph.store.files import Heat, Used

COUNTS = ("total_operations", "reads", "writes", "edits", "deletes", "failed")
COLUMNS = (
    *("file_path", "project_dir", *COUNTS, "lines_added", "lines_removed", "sessions", "agents", "last_modified"),
    *("last_change", "session_ids", "collisions"),
)


def collided(store: Store, session: str | None, since: int | None) -> dict[str, tuple[int, int]]:
    """Whole path → how often sessions collided there, and how often critically."""
    return store.collisions.subjects(session=session, since=since)


def count(collided: dict[str, tuple[int, int]], one: Used | Heat) -> int:
    """How often sessions collided on this file."""
    path = real(whole(one.project_dir, one.file_path)) if collided else ""
    return collided.get(path, (0, 0))[0]


def row(used: Used, collisions: int) -> Row:
    """A file under COLUMNS, times ISO."""
    found = used._asdict()
    found["collisions"] = collisions
    found["sessions"] = len(used.session_ids)
    found["last_modified"] = clock.iso(used.last_at)
    found["last_change"] = clock.iso(used.last_change) if used.last_change else None
    return {name: found[name] for name in COLUMNS}

"""Whether the archive gives back what was put into it, byte for byte: `python -m tests.originals FOLDER`.

Everything below a folder is imported into a store of its own, as `tachograph import FOLDER` does it; then every file is
asked for by its path and with its session, and compared with what lies there.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tachograph.ingest import importing
from tachograph.ingest.opening import open_store
from tachograph.paths import DATABASE, Places
from tachograph.store import Store

_DATABASES = frozenset((".db", ".sqlite", ".vscdb"))  # of their sessions, each is archived as a document


class Compared(NamedTuple):
    """Paths of files: those that came back as they were, those that did not, those that nothing was archived of."""

    same: list[str]
    differing: list[str]
    without: list[str]


def compared(store: Store, files: Iterable[Path]) -> Compared:
    """By path as `export PATH` gives them, and, where they told of a session, as `export SESSION` does."""
    found = Compared([], [], [])
    given: dict[str, list[bytes]] = {}
    for session in store.sessions.list(limit=None):
        for one in importing.originals(store, session.id):
            given.setdefault(one.path, []).append(b"".join(one.read()))
    for file in files:
        data, path = file.read_bytes(), str(file)
        copies = [b"".join(one.read()) for one in importing.archived(store, path) if one.path == path]
        copies += given.get(path, [])
        kind = found.without if not copies else found.same if set(copies) == {data} else found.differing
        kind.append(path)
    return found


def imported(store: Store, places: Places, folder: Path) -> list[str]:
    """Import all of a folder. Returns what was wrong with its files."""
    complaints: list[str] = []
    wanted = importing.candidates([str(folder)], str(folder), {})
    importing.import_all(store, places, wanted, lambda done, all, report: None, complaints)
    return complaints


def main(folder: str) -> int:
    """0 when every file that was archived came back."""
    root = Path(os.path.abspath(folder))
    with tempfile.TemporaryDirectory() as home:
        places = Places(home, home, os.path.join(home, DATABASE), os.path.join(home, "journal"))
        (Path(home) / "journal").mkdir()
        store = open_store(places.database)
        complaints = imported(store, places, root)
        files = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix not in _DATABASES)
        found = compared(store, files)
        store.close()
    for what, names in (("differs", found.differing), ("not archived", found.without)):
        for path in names:
            print(f"{what}: {os.path.relpath(path, root)}")
    print(*complaints, sep="\n", end="\n" if complaints else "")
    print(f"{len(found.same)} the same, {len(found.differing)} differ, {len(found.without)} not archived")
    return 1 if found.differing or complaints else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2] or ["."]))

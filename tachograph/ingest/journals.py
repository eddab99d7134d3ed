"""The journal files that lie there, and what tells two of one name apart."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tachograph.journal.lock import is_live
from tachograph.paths import Places

if TYPE_CHECKING:
    from tachograph.store import Store

SUFFIX = ".journal"
FINGERPRINT_BYTES = 16  # length, checksum and sequence of the first record


def names(places: Places) -> list[str]:
    """The oldest name first."""
    return sorted(sizes(places))


def sizes(places: Places) -> dict[str, int]:
    """Bytes of each; nothing when the folder is not there."""
    try:
        with os.scandir(places.journal) as entries:
            return {entry.name: entry.stat().st_size for entry in entries if entry.name.endswith(SUFFIX)}
    except OSError:
        return {}


def fingerprint(path: str) -> str | None:
    """Tells two journals of one name apart; None while the first record is not there yet."""
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return None
    try:
        head = os.read(fd, FINGERPRINT_BYTES)
    finally:
        os.close(fd)
    return head.hex() if len(head) == FINGERPRINT_BYTES else None


def remove_imported(places: Places, store: Store) -> None:
    """Delete those whose recordings are over and in the store: they are kept a little longer only for the sake of their
    names."""
    for name in names(places):
        path = os.path.join(places.journal, name)
        head = fingerprint(path)
        if head and not is_live(path) and store.sources.done(name, head):
            os.unlink(path)

"""The journal files that lie there, and what tells two of one name apart."""

from __future__ import annotations

import os

from tachograph.paths import Places

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

"""A journal of one record, by one call: for processes that have one thing to say and leave."""

from __future__ import annotations

import errno
import os

from tachograph.errors import Refused
from tachograph.journal import files, frame

LOST = "lost-messages"  # as many bytes long as messages were lost: growing a hole needs no room on a full disk


def put(folder: str, name: str, kind: bytes, at: int, body: bytes) -> bool:
    """Make the journal `name` (without suffix) with this record; `at` in ns. All of it, or no file.

    False when it cannot be kept, which is counted. Not synced: who asks for this has no time to wait for a disk.
    """
    path = os.path.join(folder, name + files.SUFFIX)
    try:
        _put(path, frame.head(kind, at, body, 1), body)
    except (OSError, Refused):
        _count(folder)
        return False
    return True


def lost(folder: str) -> tuple[int, int]:
    """How many messages could not be kept, and when the last one (ns); (0, 0) when none."""
    try:
        found = os.stat(os.path.join(folder, LOST))
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def _put(path: str, head: bytes, body: bytes) -> None:
    fd = files.create(path)
    try:
        if files.write(fd, head, body) != len(head) + len(body):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError:
        os.unlink(path)
        raise
    finally:
        os.close(fd)


def _count(folder: str) -> None:
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        fd = os.open(os.path.join(folder, LOST), flags, 0o600)
    except OSError:
        return  # read-only, or not ours: there is nowhere to count
    try:
        os.ftruncate(fd, os.fstat(fd).st_size + 1)
    except OSError:
        pass
    finally:
        os.close(fd)

"""How a journal file is made and written to: private, append-only, one system call a frame. Nothing else is here.

The names most importers of this module need are few, and so are its imports: a hook pays for them every time.
"""

from __future__ import annotations

import os

from tachograph import paths
from tachograph.journal import lock

SUFFIX = ".journal"

_FLAGS = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | os.O_APPEND
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def create(path: str) -> int:
    """A new journal, locked by us, as a file descriptor. Makes its folder. Raises FileExistsError, OSError, Refused."""
    paths.private_folder(os.path.dirname(path))
    fd = os.open(path, _FLAGS, 0o600)
    lock.hold(fd)
    return fd


def _join_and_write(fd: int, head: bytes, body: bytes | memoryview) -> int:
    return os.write(fd, head + body)


def _gather_and_write(fd: int, head: bytes, body: bytes | memoryview) -> int:
    return os.writev(fd, (head, body))


# One call either way, so that nobody finds a frame without its body. Gives the number of bytes written.
write = _gather_and_write if hasattr(os, "writev") else _join_and_write

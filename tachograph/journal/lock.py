"""How a reader tells a journal that is being written from one whose writer is gone: an advisory lock held for life.

The kernel drops the lock when the writer dies, however it dies. Nothing here reads or writes records.
"""

from __future__ import annotations

import os
import sys

from tachograph import clock

_YOUNG = 10 * clock.SECOND  # between making a file and locking it a writer needs far less
_QUIET = 60 * clock.SECOND

if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 40  # a byte no journal reaches: Windows locks keep others from reading what they cover

    def hold(fd: int) -> bool:
        """Take the writer's lock; False when the file system knows no locks."""
        os.lseek(fd, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _held(fd: int) -> bool:
        if not hold(fd):
            return True
        os.lseek(fd, _FAR, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)
        return False
else:
    import fcntl

    def hold(fd: int) -> bool:
        """Take the writer's lock; False when the file system knows no locks."""
        try:
            # Not LOCK_NB: a reader that is just looking holds its shared lock for microseconds.
            fcntl.flock(fd, fcntl.LOCK_EX)
        except OSError:
            return False
        return True

    def _held(fd: int) -> bool:
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def is_live(path: str) -> bool:
    """Whether some process still writes this journal. A file that is gone is not live."""
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False
    try:
        state = os.fstat(fd)
        age = clock.now() - state.st_mtime_ns
        if state.st_size == 0 and age < _YOUNG:
            return True
        try:
            return _held(fd)
        except OSError:  # no locks on this file system: going by the clock is all that is left
            return age < _QUIET
    finally:
        os.close(fd)

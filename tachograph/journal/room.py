"""Room on the disk for the last records of a journal, so that a full disk cannot hide how a session ended.

Two stores: a piece behind the end of the journal itself, allocated ahead, which nobody else can take; and one small
file for the whole folder, cut shorter when the first cannot be had. Knows no records.
"""

from __future__ import annotations

import errno
import os
import struct
import sys

if sys.platform != "win32":
    import fcntl

_NO_LIMIT = 1 << 62
_PLAIN = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

BALLAST = "reserve"  # the small file, among the journals
BALLAST_BYTES = 1 << 17
_PIECE = 1 << 14  # of it, for one recorder

# Linux, any file system: fallocate with FALLOC_FL_KEEP_SIZE, which Python offers only as an ioctl of XFS's making.
_RESERVE = 0x4030582A
_REGION = struct.Struct("@hhqqiI16x")
_CANNOT = {errno.EOPNOTSUPP, errno.ENOTTY, errno.ENOSYS, errno.EINVAL, errno.EPERM}


def allocate(fd: int, start: int, length: int) -> bool:
    """Give `length` bytes from `start` of a file their place on the disk; its size stays. False where that cannot be
    done at all. Raises OSError when there is no room."""
    if sys.platform != "linux":
        return False
    while True:
        try:
            fcntl.ioctl(fd, _RESERVE, _REGION.pack(0, os.SEEK_SET, start, length, 0, 0))
            return True
        except InterruptedError:
            continue
        except OSError as error:
            if error.errno in _CANNOT:
                return False
            raise


def longest_file() -> int:
    """How long the system lets files of this process become (`ulimit -f`)."""
    if sys.platform == "win32":
        return _NO_LIMIT
    import resource

    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    return _NO_LIMIT if limit == resource.RLIM_INFINITY else limit


def keep_ballast(folder: str) -> None:
    """See that the small file is there in full. Costs one call when it is; a disk without room for it is no error."""
    path = os.path.join(folder, BALLAST)
    try:
        if os.lstat(path).st_size >= BALLAST_BYTES:
            return
    except OSError:
        pass
    fd = -1
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | _PLAIN, 0o600)
        os.write(fd, os.urandom(BALLAST_BYTES))  # zeros would not take up room everywhere
    except OSError:
        pass
    finally:
        if fd >= 0:
            os.close(fd)


def spend_ballast(folder: str) -> bool:
    """Make some room. False when none was left to make."""
    try:
        fd = os.open(os.path.join(folder, BALLAST), os.O_WRONLY | _PLAIN)
    except OSError:
        return False
    try:
        left = os.fstat(fd).st_size
        os.ftruncate(fd, max(left - _PIECE, 0))
        return left > 0
    except OSError:
        return False
    finally:
        os.close(fd)


class Ahead:
    """The piece behind the end of one journal. What may use up all of it is the caller's to know: see `streams_end`.

    `streams_end` is the offset up to which long records may reach; behind it `RESERVE` bytes are left for the others.
    """

    RESERVE = 1 << 14
    _FIRST, _MOST = 1 << 16, 1 << 19

    def __init__(self) -> None:
        self.streams_end = 0
        self._step = self._FIRST
        self._works = True

    def begin(self, fd: int, folder: str) -> None:
        """For a new file. Raises OSError when not even the reserve can be had."""
        keep_ballast(folder)
        while True:
            try:
                self.reach(fd, 0, 0)
                return
            except OSError:
                if not spend_ballast(folder):
                    raise

    def reach(self, fd: int, end: int, size: int) -> None:
        """See that `size` bytes fit at `end` of the file, and the reserve behind them. Raises OSError."""
        need = size + self.RESERVE
        if end and end + need > longest_file():  # not asked at the start, where time is short
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        most = need + self._step
        if not self._works:
            self.streams_end = end + most - self.RESERVE
            return
        try:
            self._works = allocate(fd, end, most)
        except OSError:
            most = need
            self._works = allocate(fd, end, most)
        self.streams_end = end + most - self.RESERVE
        self._step = min(self._step * 2, self._MOST)

    def give_back(self, fd: int, end: int) -> None:
        """Nothing more will be written behind `end`."""
        if self._works:
            try:
                os.ftruncate(fd, end)
            except OSError:
                pass  # until the file is removed, then

    def lost(self) -> None:
        """The file was cut off at its end, and with it what lay behind."""
        self.streams_end = 0

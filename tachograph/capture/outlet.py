"""Passing bytes on to our own stdout and stderr without ever getting stuck there.

A reader who is slow or stopped must slow down the program, but not us: keys and signals have to get through. The file
behind a descriptor is shared with other programs, so it must not be made non-blocking; it is opened a second time
where the system can, and written to in small, never blocking pieces where it cannot.
"""

from __future__ import annotations

import os
import select
import stat

_SEND_ONLY = os.O_WRONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_CLOEXEC", 0)
_PIECE = getattr(select, "PIPE_BUF", 512)


class Outlet:
    """One of our own streams. `poll_fd` is what to poll for room; `broken` when nobody reads any more."""

    def __init__(self, fd: int) -> None:
        self.broken = False
        self.poll_fd = fd
        self._piece = 0  # bytes written at a time; 0: all, the descriptor cannot block
        try:
            mode = os.fstat(fd).st_mode
        except OSError:
            self.broken = True
            return
        if stat.S_ISREG(mode) or (stat.S_ISCHR(mode) and not os.isatty(fd)) or not os.get_blocking(fd):
            return
        again = _open_again(fd, mode)
        if again is None:
            self._piece = _PIECE
        else:
            self.poll_fd = again

    def write(self, data: bytes | memoryview) -> int:
        """Pass on what goes without waiting; the number of bytes gone. `broken` is set when none ever will."""
        try:
            return self._write_pieces(data) if self._piece else os.write(self.poll_fd, data)
        except BlockingIOError:
            return 0
        except OSError:
            self.broken = True
            return 0

    def _write_pieces(self, data: bytes | memoryview) -> int:
        poll = select.poll()
        poll.register(self.poll_fd, select.POLLOUT)
        done = 0
        while done < len(data) and poll.poll(0):
            done += os.write(self.poll_fd, data[done : done + self._piece])
        return done


def _open_again(fd: int, mode: int) -> int | None:
    """The same terminal or pipe once more, non-blocking, as a file description of our own."""
    try:
        path = (
            os.ttyname(fd) if stat.S_ISCHR(mode) else f"/proc/self/fd/{fd}"
        )  # not /dev/fd: elsewhere that is the shared one
        again = os.open(path, _SEND_ONLY)
    except OSError:
        return None
    if os.path.samestat(os.fstat(again), os.fstat(fd)):
        return again
    os.close(again)
    return None

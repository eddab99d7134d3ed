"""The terminal we were started in: raw while the command runs, as it was before whenever it does not.

Knows nothing of the command's own terminal (child.py) and records nothing.
"""

from __future__ import annotations

import fcntl
import os
import struct
import termios

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Attributes = list[Any]

_SIZE = struct.Struct("HHHH")


class Terminal:
    """`keyboard` is where keys come from, or None; `attributes` is what the command's terminal starts with."""

    def __init__(self) -> None:
        """Our stdout must be a terminal."""
        self.keyboard = 0 if os.isatty(0) else _controlling_terminal()
        self._main = 1 if self.keyboard is None else self.keyboard
        before: Attributes = termios.tcgetattr(self._main)
        self.attributes = before if self.foreground() else _cooked(before)
        self._size = bytes(_SIZE.size)
        self._entered: list[tuple[int, Attributes, Attributes]] = []  # descriptor, before, since

    @property
    def size(self) -> bytes:
        """The window size in the form the kernel takes it; the last one known when the terminal is gone."""
        try:
            self._size = fcntl.ioctl(1, termios.TIOCGWINSZ, bytes(_SIZE.size))
        except OSError:
            pass
        return self._size

    def foreground(self) -> bool:
        """Whether the terminal is ours to change. One that controls no session of ours (nobody's shell) always is."""
        try:
            return os.tcgetpgrp(self._main) == os.getpgrp()
        except OSError:
            return True

    @property
    def entered(self) -> bool:
        return bool(self._entered)

    def enter(self) -> None:
        """Every key and every byte goes through untouched from now on. Not in the background: see `entered`."""
        if self._entered or not self.foreground():
            return
        # Keys from one terminal, output on another: rare, and then both have to be told.
        apart = self.keyboard == 0 and os.fstat(0).st_rdev != os.fstat(1).st_rdev
        for fd in (0, 1) if apart else (self._main,):
            try:
                before = termios.tcgetattr(fd)
                termios.tcsetattr(fd, termios.TCSANOW, _raw(before, keys=fd == self.keyboard))
                self._entered.append((fd, before, termios.tcgetattr(fd)))
            except termios.error:
                pass  # gone

    def leave(self) -> None:
        """Back to how it was before `enter`."""
        entered, self._entered = self._entered, []
        for fd, before, _ in entered if self.foreground() else ():
            try:
                termios.tcsetattr(fd, termios.TCSANOW, before)
            except termios.error:
                pass  # gone

    def again(self) -> None:
        """After we were stopped: `enter` anew if our shell had the terminal meanwhile."""
        if self._entered and self.foreground() and all(_attributes(fd) == since for fd, _, since in self._entered):
            return
        self._entered = []
        self.enter()

    def controls_us(self) -> bool:
        """Whether our process group is the one that gets what is typed here."""
        try:
            return os.tcgetpgrp(self._main) == os.getpgrp()
        except OSError:
            return False


def _attributes(fd: int) -> Attributes | None:
    try:
        return termios.tcgetattr(fd)
    except termios.error:
        return None


def columns_and_rows(size: bytes) -> tuple[int, int]:
    rows, columns, _, _ = _SIZE.unpack(size)
    return columns, rows


def set_size(fd: int, size: bytes) -> None:
    """Give a terminal a window size; its foreground processes get SIGWINCH when that is news."""
    try:
        fcntl.ioctl(fd, termios.TIOCSWINSZ, size)
    except OSError:
        pass


def _controlling_terminal() -> int | None:
    """Where keys come from when stdin is a pipe: the terminal we print on, if it is the one of our session."""
    try:
        os.tcgetpgrp(1)
        return os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None


def _cooked(attributes: Attributes) -> Attributes:
    """As shells leave a terminal to commands. What is there while we are in the background may be what the shell edits
    its lines with."""
    iflag, oflag, cflag, lflag, ispeed, ospeed, control = attributes
    lflag |= termios.ISIG | termios.ICANON | termios.ECHO | termios.ECHOE | termios.ECHOK | termios.IEXTEN
    return [iflag | termios.ICRNL, oflag | termios.OPOST, cflag, lflag, ispeed, ospeed, control]


def _raw(attributes: Attributes, *, keys: bool) -> Attributes:
    """Without `keys` only output is left untouched: nobody reads the keys, so Ctrl-C must go on meaning something."""
    iflag, oflag, cflag, lflag, ispeed, ospeed, control = attributes
    oflag &= ~termios.OPOST
    if keys:
        iflag &= ~(
            termios.IGNBRK | termios.BRKINT | termios.PARMRK | termios.ISTRIP | termios.INLCR
            | termios.IGNCR | termios.ICRNL | termios.IXON
        )  # fmt: skip
        cflag = (cflag & ~(termios.CSIZE | termios.PARENB)) | termios.CS8
        lflag &= ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.ISIG | termios.IEXTEN)
        control = list(control)
        control[termios.VMIN], control[termios.VTIME] = 1, 0
    return [iflag, oflag, cflag, lflag, ispeed, ospeed, control]

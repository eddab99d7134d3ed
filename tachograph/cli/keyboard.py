"""Single keys from a terminal, while something else goes on; the terminal is put back whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

from tachograph.regexes import regex

_KEY = regex(rb"\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|\x1b|[\x00-\x7f]|[\xc0-\xff][\x80-\xbf]*")
_NAMES = {
    b"\x1b[C": "right", b"\x1b[D": "left", b"\x1bOC": "right", b"\x1bOD": "left", b"\x1b[1;2C": "shift-right",
    b"\x1b[1;2D": "shift-left", b"\r": "enter", b"\n": "enter", b"\x03": "q", b"\x04": "q", b"\x1b": "escape",
}  # fmt: skip


@contextlib.contextmanager
def keys(loop: asyncio.AbstractEventLoop, *, raw_output: bool = False) -> Iterator[asyncio.Queue[str]]:
    """A queue that gets what is typed, key by key, in words where a key has no letter; nothing without a terminal.

    `raw_output`: the terminal adds nothing to what is written; a line feed is only that. Ctrl-C still interrupts. After
    the program was stopped and goes on (Ctrl-Z, fg) keys come singly again.
    """
    typed: asyncio.Queue[str] = asyncio.Queue()
    fd = _terminal()
    if fd is None:
        yield typed
        return
    import termios
    import tty

    before: list[Any] = termios.tcgetattr(fd)

    def begin() -> None:
        tty.setcbreak(fd, termios.TCSANOW)  # what was typed already counts
        if raw_output:
            modes: list[Any] = termios.tcgetattr(fd)
            modes[1] &= ~termios.OPOST
            termios.tcsetattr(fd, termios.TCSANOW, modes)

    begin()
    loop.add_reader(fd, _read, fd, typed, loop)
    loop.add_signal_handler(signal.SIGCONT, begin)
    try:
        yield typed
    finally:
        loop.remove_reader(fd)
        loop.remove_signal_handler(signal.SIGCONT)
        with contextlib.suppress(termios.error):  # it may be gone
            termios.tcsetattr(fd, termios.TCSADRAIN, before)


def _terminal() -> int | None:
    """stdin, where it is a terminal that keys can be read from singly."""
    try:
        import termios  # noqa: F401  # not everywhere
    except ImportError:
        return None
    return sys.stdin.fileno() if sys.stdin.isatty() else None


def _read(fd: int, typed: asyncio.Queue[str], loop: asyncio.AbstractEventLoop) -> None:
    try:
        data = os.read(fd, 1024)
    except OSError:
        data = b""
    if not data:  # nobody types any more
        loop.remove_reader(fd)
        typed.put_nowait("q")
    for found in _KEY.findall(data):
        typed.put_nowait(_NAMES.get(found) or found.decode(errors="replace"))

"""A home with recordings in it, and the command line as a person at a terminal of 80 columns sees it."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli import recordings


class Recorded(NamedTuple):
    """Ids of the sessions in the home: `good` is the older one."""

    good: str
    bad: str


@pytest.fixture(autouse=True)
def _eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture
def recorded(home: Path) -> Recorded:
    return Recorded(recordings.write(recordings.GOOD), recordings.write(recordings.BAD))


Screen = Callable[..., str]


@pytest.fixture
def screen(home: Path) -> Screen:
    """`screen("show", "last")` → what the command writes to a terminal of 80 columns, stdout and stderr together."""

    def run(*args: str, env: dict[str, str] | None = None) -> str:
        pid, fd = pty.fork()
        if pid == 0:
            os.environ.update(env or {})
            os.execv(sys.executable, [sys.executable, "-m", "tachograph", *args])
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        written = b""
        while True:
            try:
                piece = os.read(fd, 65536)
            except OSError:  # how a terminal says that its program has gone
                break
            if not piece:
                break
            written += piece
        os.waitpid(pid, 0)
        os.close(fd)
        return written.decode().replace("\r\n", "\n")

    return run

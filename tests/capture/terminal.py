"""A terminal for tests: a program on a PTY, what it shows, keys typed into it. Waits by deadline, never by hope."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Sequence
from types import TracebackType

DEADLINE = 90.0  # of a machine that does much else
# Python ignores the first two, and a shell does not; the others are ignored under nohup(1), or behind a `&` of a shell.
_DEFAULT = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)


class Terminal:
    """`argv` in a session of its own on a terminal of `columns` x `rows`. `shown` is every byte it got to see."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: dict[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        columns: int = 80,
        rows: int = 24,
        streams: dict[int, int] | None = None,
    ) -> None:
        """`streams` are descriptors the program gets in place of its terminal."""
        self.shown = b""
        self._last = time.monotonic()
        self.ended = False  # the terminal has no program any more
        self._status: int | None = None
        self.pid, self.fd = pty.fork()
        if not self.pid:
            try:
                for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores, and a shell does not
                    signal.signal(number, signal.SIG_DFL)
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
                for number, fd in (streams or {}).items():
                    os.dup2(fd, number)
                os.chdir(cwd or ".")
                os.execvpe(argv[0], list(argv), {**os.environ, "TERM": "xterm-256color", **(env or {})})
            finally:
                os._exit(99)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    def until(self, condition: Callable[[], bool], what: str = "what was waited for") -> None:
        """Read what is shown until `condition()`; fail after the deadline."""
        deadline = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not come; shown: {self.shown[-2000:]!r}"
            self._read(0.02)

    def see(self, text: bytes, after: int = 0) -> None:
        """Read until `text` was shown."""
        self.until(lambda: text in self.shown[after:], repr(text))

    def settle(self, quiet: float = 0.3) -> None:
        """Read until nothing was shown for `quiet` seconds: a screen is drawn in pieces."""
        self.until(lambda: time.monotonic() - self._last > quiet, "a moment of silence")

    def type(self, keys: bytes) -> None:
        while keys:
            self._read(0)
            keys = keys[os.write(self.fd, keys) :]

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def modes(self) -> list[object]:
        """The terminal's attributes, as tcgetattr gives them."""
        return termios.tcgetattr(self.fd)

    def wait(self) -> int:
        """Read to the end; the exit code, negative for a signal, as subprocess has it."""
        self.until(lambda: self.ended and self.exited(), "the end")
        assert self._status is not None
        return os.waitstatus_to_exitcode(self._status)

    def exited(self) -> bool:
        """Whether the program has ended, whoever else may hold the terminal."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = status if pid else None
        return self._status is not None

    def _read(self, timeout: float) -> None:
        if self.ended:
            time.sleep(timeout)
            return
        until = time.monotonic() + max(timeout, 0.2)
        while time.monotonic() < until and select.select([self.fd], [], [], timeout)[0]:
            timeout = 0
            try:
                data = os.read(self.fd, 1 << 16)
            except OSError:
                data = b""
            self.ended = not data
            if self.ended:
                return
            self.shown += data
            self._last = time.monotonic()

"""Starting the command, on a terminal of its own or behind pipes, and hearing what becomes of it. Records nothing."""

from __future__ import annotations

import fcntl
import os

from tachograph.capture import monitor
from tachograph.capture.become import ERRNO, become
from tachograph.capture.command import CannotStart
from tachograph.capture.signals import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from tachograph.capture.command import Command
    from tachograph.capture.signals import Switchboard

PIPE_SIZE = 1 << 18  # asked for, not insisted on
_F_SETPIPE_SZ = 1031  # Linux


class _Child:
    """`pid` is the command's."""

    pid: int

    def send(self, number: int) -> None:
        """Signal the command."""
        try:
            os.kill(self.pid, number)
        except OSError:
            pass  # gone meanwhile


class OnTerminal(_Child):
    """A command with a controlling terminal of its own. `reports` is readable when there is `news`."""

    def __init__(
        self, command: Command, switchboard: Switchboard, master: int, slave: int, streams: Mapping[int, int]
    ) -> None:
        """`streams` are descriptors that the command gets in place of its terminal. Raises CannotStart."""
        self.reports, reporting = os.pipe()
        failed, failing = os.pipe()
        streams = {0: slave, 1: slave, 2: slave, **streams}
        self._monitor = os.fork()
        if not self._monitor:
            monitor.lead(slave, reporting, failing, command, streams, switchboard.before)
        for fd in (slave, reporting, failing):
            os.close(fd)
        problem = os.read(failed, ERRNO.size)
        os.close(failed)
        if problem:
            os.close(self.reports)
            os.waitpid(self._monitor, 0)
            raise CannotStart(command.argv[0], *ERRNO.unpack(problem))
        self.pid = monitor.NEWS.unpack(os.read(self.reports, monitor.NEWS.size))[0]
        os.set_blocking(master, False)
        os.set_blocking(self.reports, False)

    def news(self) -> list[int]:
        """Wait statuses since the last call, oldest first. Does not wait."""
        size = monitor.NEWS.size
        try:
            data = os.read(self.reports, 64 * size)
        except BlockingIOError:
            return []
        if not data:  # the monitor was killed, and the terminal hung up on the command
            return [signal.SIGHUP]
        return [status for _, status in monitor.NEWS.iter_unpack(data)]

    def resume(self) -> None:
        """Continue the stopped command, and the processes that were stopped with it."""
        try:
            os.killpg(self.pid, signal.SIGCONT)
        except OSError:
            pass

    def reap(self) -> None:
        """After the end: leave nothing behind."""
        os.waitpid(self._monitor, 0)


class BehindPipes(_Child):
    """A command in our process group whose output comes through pipes: `output`, and `errors` unless the two are one.

    `typing` is where its input goes, or -1 when it has our stdin. SIGCHLD tells that there may be `news`.
    """

    def __init__(self, command: Command, switchboard: Switchboard, *, one_stream: bool, own_stdin: bool) -> None:
        """Raises CannotStart."""
        self.errors = self.typing = -1
        self.output, writer = _pipe()
        streams = {1: writer, 2: writer}
        if not one_stream:
            self.errors, streams[2] = _pipe()
        if own_stdin:
            streams[0], self.typing = os.pipe()
            os.set_blocking(self.typing, False)
        try:
            self.pid = _start(command, switchboard, streams)
        finally:
            for fd in set(streams.values()):
                os.close(fd)

    def news(self) -> list[int]:
        """Wait statuses since the last call, oldest first. Does not wait."""
        found: list[int] = []
        while True:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED | os.WCONTINUED)
            except ChildProcessError:
                return found
            if not pid:
                return found
            found.append(status)


def _pipe() -> tuple[int, int]:
    reader, writer = os.pipe()
    try:
        fcntl.fcntl(reader, _F_SETPIPE_SZ, PIPE_SIZE)
    except OSError:
        pass
    os.set_blocking(reader, False)
    return reader, writer


def _start(command: Command, switchboard: Switchboard, streams: Mapping[int, int]) -> int:
    # Not posix_spawn: the C library's leaves two signals ignored in the command.
    failed, failing = os.pipe()
    pid = os.fork()
    if not pid:
        become(command, streams, switchboard.before, failing)
    os.close(failing)
    problem = os.read(failed, ERRNO.size)
    os.close(failed)
    if problem:
        os.waitpid(pid, 0)
        raise CannotStart(command.argv[0], *ERRNO.unpack(problem))
    return pid

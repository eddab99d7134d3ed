"""A command behind pipes, stdout and stderr kept apart; for when we have no terminal, or are told to.

It shares our process group and our stdin, so what is typed reaches it without us.
"""

from __future__ import annotations

import fcntl
import os
import select
import stat
import struct
import termios

from tachograph.capture.child import BehindPipes
from tachograph.capture.flow import Flow
from tachograph.capture.outlet import Outlet
from tachograph.capture.signals import TYPED, Switchboard, in_foreground, signal, stop_ourselves

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tachograph.capture.command import Command
    from tachograph.capture.loop import Loop
    from tachograph.capture.pace import Pace
    from tachograph.capture.tape import Tape

_INT = struct.Struct("i")


class PipeSession:
    """`apart` keeps stdout and stderr apart even where ours are one file and the order between them would show."""

    size = None  # no window

    def __init__(self, tape: Tape, loop: Loop, *, record_input: bool, apart: bool) -> None:
        self._tape = tape
        self._loop = loop
        self._record_input = record_input and not os.isatty(0)
        self._one_stream = not apart and _one_file(1, 2)
        self._outputs: list[Flow] = []
        self._news: list[int] = []
        self._paused = False
        self._stopping = False  # with the command, as soon as it stops
        self.switchboard = Switchboard(same_group=True)
        if record_input and not self._record_input:
            tape.note("keys were not recorded: the command behind pipes reads the terminal itself")

    def run(self, command: Command, pace: Pace, started: Callable[[int], None]) -> int:
        """Run the command to its end; its wait status. `started` gets its process id. Raises CannotStart."""
        board = self.switchboard
        board.watch(signal.SIGCHLD, signal.SIGTSTP)
        self._child = BehindPipes(command, board, one_stream=self._one_stream, own_stdin=self._record_input)
        self._connect()
        board.connect(self._child.pid)
        started(self._child.pid)
        status = self._until_end(pace)
        board.disconnect()
        self._drain()
        return status

    @property
    def unfinished(self) -> bool:
        """Whether somebody whom the command left behind still holds its stdout or stderr."""
        return any(flow.open for flow in self._outputs) and not self.switchboard.hurried

    def carry_on(self, pace: Pace) -> None:
        """Pass on and record what those print, until the last one is gone."""
        for number in TYPED:  # whoever runs in the background does not die of these, and with us they would
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, self.switchboard.before)
        while any(flow.open for flow in self._outputs):
            self._loop.turn(pace.timeout())

    def _connect(self) -> None:
        child, tape, loop = self._child, self._tape, self._loop
        self._outputs = [Flow(loop, child.output, Outlet(1), tape.output, lambda: os.close(child.output))]
        if child.errors >= 0:
            self._outputs.append(Flow(loop, child.errors, Outlet(2), tape.error, lambda: os.close(child.errors)))
        if child.typing >= 0:
            Flow(loop, 0, Outlet(child.typing), tape.input, lambda: os.close(child.typing))
        loop.watch(self.switchboard.wake_fd, select.POLLIN, self._woken)

    def _until_end(self, pace: Pace) -> int:
        self._news += self._child.news()  # it may have ended before anybody listened
        while True:
            for status in self._news:
                if os.WIFSTOPPED(status):
                    self._pause(os.WSTOPSIG(status))
                elif os.WIFCONTINUED(status):
                    self._resume()
                else:
                    return status
            self._news = []
            if self._stopping and self._paused:
                self._stop_with_it()
            self._loop.turn(pace.timeout())

    def _woken(self, _events: int) -> None:
        woken = self.switchboard.woken()
        if signal.SIGTSTP in woken:
            if not in_foreground():  # otherwise it was typed, and the command has got it already
                self._child.send(signal.SIGTSTP)
            self._stopping = True
        self._news += self._child.news()

    def _stop_with_it(self) -> None:
        """Not before the command: it may have something to tidy up and to print, and as long as it reads the terminal,
        it would take what is typed to the shell."""
        self._pass_on(lambda flow: not flow.blocked)  # who reads what we print may have been stopped, too
        stop_ourselves(signal.SIGTSTP, group=False)
        self._resume()
        self._child.send(signal.SIGCONT)

    def _pause(self, number: int) -> None:
        if not self._paused:
            self._paused = True
            self._tape.state("paused", signal=number)

    def _resume(self) -> None:
        self._stopping = False
        if self._paused:
            self._paused = False
            self._tape.state("resumed")

    def _drain(self) -> None:
        """Pass on what the command itself has printed. What others go on printing is for `carry_on`."""
        self._pass_on(lambda _: True)
        while not self.switchboard.hurried and any(flow.open and flow.blocked for flow in self._outputs):
            self._loop.turn(None)
        self._loop.turn(0)  # the end of a stream comes by itself

    def _pass_on(self, possible: Callable[[Flow], bool]) -> None:
        """What is there right now, of those flows for which it is possible."""
        wanted = [(flow, flow.passed + _waiting(flow.source)) for flow in self._outputs if flow.open]
        while not self.switchboard.hurried and any(
            flow.open and flow.passed < end and possible(flow) for flow, end in wanted
        ):
            self._loop.turn(None)


def _waiting(fd: int) -> int:
    """Bytes that can be read right now."""
    return int(_INT.unpack(fcntl.ioctl(fd, termios.FIONREAD, bytes(_INT.size)))[0])


def _one_file(first: int, second: int) -> bool:
    """Whether two descriptors lead to one pipe, socket or file, where the order of what is written is seen."""
    one, other = os.fstat(first), os.fstat(second)
    return os.path.samestat(one, other) and not stat.S_ISCHR(one.st_mode)

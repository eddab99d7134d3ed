"""A command on a terminal of its own, watched from ours: keys in, output out, sizes, Ctrl-Z, the end."""

from __future__ import annotations

import os
import select
import termios

from tachograph import clock
from tachograph.capture.child import OnTerminal
from tachograph.capture.flow import Flow
from tachograph.capture.outlet import Outlet
from tachograph.capture.signals import KNOWS_SENDER, Switchboard, signal, stop_ourselves
from tachograph.capture.terminal import Terminal, columns_and_rows, set_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tachograph.capture.command import Command
    from tachograph.capture.loop import Loop
    from tachograph.capture.pace import Pace
    from tachograph.capture.tape import Tape

_LOOK_FOR_FOREGROUND = 300.0  # ms; nobody tells a program that it was moved there
_QUIET = 100.0  # ms without output after the end of the command that mean that nothing more comes
_LINGER = 2 * clock.SECOND  # for when somebody it left behind goes on printing
_BEFORE_PAUSE = 10.0  # ms without output before a stopped command's screen is left


class TerminalSession:
    """Made on a terminal (our stdout must be one) with the pair `master`, `slave` of a new one."""

    def __init__(self, master: int, slave: int, tape: Tape, loop: Loop, *, record_input: bool) -> None:
        self._terminal = Terminal()
        self._master = master
        self._slave = slave
        self._tape = tape
        self._loop = loop
        self._record_input = record_input
        self._size = self._terminal.size
        self._news: list[int] = []
        self._outputs: list[Flow] = []
        self._keys: Flow | None = None
        self.switchboard = Switchboard(same_group=False)
        termios.tcsetattr(slave, termios.TCSANOW, self._terminal.attributes)
        set_size(slave, self._size)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return columns_and_rows(self._size)

    unfinished = False  # what the command leaves running has no terminal any more

    def carry_on(self, pace: Pace) -> None:
        """Never needed."""

    def run(self, command: Command, pace: Pace, started: Callable[[int], None]) -> int:
        """Run the command to its end; its wait status. `started` gets its process id. Raises CannotStart."""
        self._terminal.enter()
        try:
            self._start(command)
            started(self._child.pid)
            status = self._until_end(pace)
            self._drain()
            self._child.reap()
            return status
        finally:
            self._terminal.leave()

    def _start(self, command: Command) -> None:
        # What is no terminal for us is passed to the command as it is, or as a pipe where we listen in.
        streams, feeding, errors = {}, -1, -1
        if not os.isatty(0):
            streams[0] = 0
            if self._record_input:
                streams[0], feeding = os.pipe()
        if not os.isatty(2):
            errors, streams[2] = os.pipe()
        self._child = OnTerminal(command, self.switchboard, self._master, self._slave, streams)
        for fd in streams.values():
            if fd > 2:
                os.close(fd)
        self._connect(feeding, errors)

    def _connect(self, feeding: int, errors: int) -> None:
        tape, loop = self._tape, self._loop
        self._outputs = [Flow(loop, self._master, Outlet(1), tape.output, self._master_ended, gather=True)]
        if errors >= 0:
            os.set_blocking(errors, False)
            self._outputs.append(Flow(loop, errors, Outlet(2), tape.error, lambda: os.close(errors)))
        if feeding >= 0:
            os.set_blocking(feeding, False)
            Flow(loop, 0, Outlet(feeding), tape.input, lambda: os.close(feeding))
        if self._terminal.keyboard is not None:
            typing = os.dup(self._master)
            self._keys = Flow(loop, self._terminal.keyboard, Outlet(typing), self._typed, lambda: os.close(typing))
            self._listen_to_keys()
        board = self.switchboard
        loop.watch(self._child.reports, select.POLLIN, self._hear)
        loop.watch(board.wake_fd, select.POLLIN, self._woken)
        board.watch(signal.SIGWINCH, signal.SIGCONT, signal.SIGTSTP)
        board.connect(self._child.pid)

    def _master_ended(self) -> None:
        """Nobody is left at the other end, or nobody looks at ours. Closing it hangs up on whoever there is."""
        os.close(self._master)
        if self._keys:
            self._keys.end()

    def _until_end(self, pace: Pace) -> int:
        while True:
            while self._news:
                status = self._news.pop(0)
                if os.WIFSTOPPED(status):
                    self._pause(os.WSTOPSIG(status))
                elif not os.WIFCONTINUED(status):
                    return status
            aside = self._keys is not None and self._keys.open and not self._terminal.entered
            self._loop.turn(pace.timeout(_LOOK_FOR_FOREGROUND if aside else None))
            if aside and self._terminal.foreground():
                self._come_back()

    def _hear(self, _events: int) -> None:
        news = self._child.news()
        self._news += news
        if news and not os.WIFSTOPPED(news[-1]) and not os.WIFCONTINUED(news[-1]):
            self._loop.forget(self._child.reports)

    def _woken(self, _events: int) -> None:
        woken = self.switchboard.woken()
        if signal.SIGTSTP in woken:  # sent to us: meant for the command, and we follow it
            self._child.send(signal.SIGTSTP)
        if signal.SIGCONT in woken:
            self._come_back()
        elif signal.SIGWINCH in woken:
            self._follow_size()

    def _follow_size(self) -> None:
        size = self._terminal.size
        if size != self._size and self._outputs[0].open:
            self._size = size
            set_size(self._master, size)
            self._tape.resize(*columns_and_rows(size))

    def _typed(self, data: memoryview) -> None:
        if self._record_input:
            self._tape.input(data)
        if min(data) < 32 and KNOWS_SENDER:
            self._tell_group(data)

    def _tell_group(self, data: memoryview) -> None:
        """Ctrl-C on our terminal would have reached every process of our group; typed into a raw one it reaches only
        the command. Tell the others: a pipeline around us, a script that waits for us."""
        try:
            attributes = termios.tcgetattr(self._master)
            local = os.tcgetpgrp(self._master) == self._child.pid
        except (OSError, termios.error):
            return
        if not (attributes[3] & termios.ISIG and local and self._terminal.controls_us()):
            return
        for index, number in ((termios.VINTR, signal.SIGINT), (termios.VQUIT, signal.SIGQUIT)):
            if attributes[6][index] in bytes(data) and attributes[6][index] != b"\0":
                os.kill(0, number)

    def _pause(self, number: int) -> None:
        """The command was stopped: give the terminal back and stop in its place, so that our shell notices."""
        for _ in range(100):
            if not self._loop.turn(_BEFORE_PAUSE):
                break
        self._tape.state("paused", signal=number)
        if self._keys:
            self._keys.rest()
        group = self._terminal.controls_us()
        self._terminal.leave()
        stop_ourselves(signal.SIGSTOP if number == signal.SIGSTOP else signal.SIGTSTP, group=group)
        self._come_back()
        self._tape.state("resumed")
        self._child.resume()

    def _come_back(self) -> None:
        self._terminal.again()
        self._follow_size()
        self._listen_to_keys()

    def _listen_to_keys(self) -> None:
        """Only in the foreground: reading a terminal from behind would stop us."""
        if self._keys and self._terminal.entered:
            self._keys.listen()
        elif self._keys:
            self._keys.rest()

    def _drain(self) -> None:
        """Pass on what is left of the output."""
        self.switchboard.disconnect()
        if self._keys:
            self._keys.end()
        until = clock.monotonic() + _LINGER
        while any(flow.open for flow in self._outputs) and not self.switchboard.hurried:
            if any(flow.blocked for flow in self._outputs):
                self._loop.turn(None)
                until = clock.monotonic() + _LINGER
            elif not self._loop.turn(_QUIET) or clock.monotonic() > until:
                break

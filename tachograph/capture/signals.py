"""Signals sent to the wrapper reach the command; the ones meant for the wrapper wake its loop.

Passing on happens in a thread of its own, so that it works even while the wrapper waits for a disk. Not for Windows.
"""

from __future__ import annotations

import _thread
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as signal  # noqa: PLC0414  # others take it from here
else:
    import _signal as signal  # what `signal` is made of, without its enums, which cost as much as all our own code

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
# Python ignores these two from its start on, and what is ignored stays ignored across exec.
RESTORED = (signal.SIGPIPE, signal.SIGXFSZ)
# Typed on a terminal, these go to every process of its foreground group: to the command as well as to us.
TYPED = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)

KNOWS_SENDER = hasattr(signal, "sigwaitinfo")
_BY_KERNEL = 128  # si_code SI_KERNEL: from the terminal, not from some process


class Switchboard:
    """Once it is made no passed-on signal hurts this process, to its end. Signals ignored from the start stay so.

    Make it before the command is started, and call `connect` after the last fork.
    """

    def __init__(self, *, same_group: bool) -> None:
        """`same_group`: the command is in our process group, and gets by itself what is typed."""
        self.before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        self._passed = {number for number in PASSED_ON if signal.getsignal(number) != signal.SIG_IGN} - self.before
        self._same_group = same_group
        self._target = 0
        self.hurried = False  # a signal came after `disconnect`: whatever is left to do, it is not wanted
        self.wake_fd, self._wake_writer = os.pipe()
        os.set_blocking(self.wake_fd, False)
        os.set_blocking(self._wake_writer, False)
        signal.pthread_sigmask(signal.SIG_BLOCK, self._passed)
        signal.set_wakeup_fd(self._wake_writer, warn_on_full_buffer=False)

    def connect(self, pid: int) -> None:
        """Pass signals on to the process `pid` from now on, those that came in the meantime included."""
        self._target = pid
        if self._passed:
            _thread.start_new_thread(self._pass_on, ())

    def disconnect(self) -> None:
        """The command is gone: its number may soon be somebody else's."""
        self._target = 0

    def watch(self, *numbers: int) -> None:
        """Have these signals make `wake_fd` readable, unless they were ignored from the start."""
        for number in numbers:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, _wake)

    def woken(self) -> set[int]:
        """The watched signals that came since the last call."""
        try:
            return set(os.read(self.wake_fd, 4096))
        except BlockingIOError:
            return set()

    def _pass_on(self) -> None:
        while True:
            number, typed, ours = _next(self._passed)
            target = self._target
            if not target:
                self.hurried = True
                os.write(self._wake_writer, bytes([number]))
            elif not ours and not (typed and self._same_group):
                try:
                    os.kill(target, number)
                except OSError:
                    pass


def _wake(number: int, _frame: object) -> None:
    """What matters happened already: the number is in the wake-up pipe."""


def _next(numbers: set[signal.Signals]) -> tuple[int, bool, bool]:
    """Wait for one of the blocked `numbers`: which, whether it was typed on the terminal, whether we sent it."""
    if KNOWS_SENDER:
        info = signal.sigwaitinfo(numbers)
        return info.si_signo, info.si_code >= _BY_KERNEL, info.si_code < _BY_KERNEL and info.si_pid == os.getpid()
    number = signal.sigwait(numbers)
    return number, number in TYPED and in_foreground(), False


def in_foreground() -> bool:
    """Whether our process group is the one its terminal listens to. False without a terminal."""
    try:
        fd = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(fd)


def stop_ourselves(number: int, *, group: bool) -> None:
    """Stop as a program does that got the signal `number` untouched; returns when continued.

    With `group`, SIGTSTP stops our whole process group, as typing it would have. Nobody stops when there is no shell
    to continue us.
    """
    # Sent to this very thread, a signal takes effect before the next line runs. Sent to a process of several threads
    # it may come later, and we would have gone on meanwhile.
    this = _thread.get_ident()
    if number == signal.SIGSTOP:
        signal.pthread_kill(this, signal.SIGSTOP)
        return
    caught = signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    if group:
        os.kill(0, signal.SIGTSTP)
    signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    signal.pthread_kill(this, signal.SIGTSTP)
    signal.signal(signal.SIGTSTP, caught)

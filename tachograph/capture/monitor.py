"""The small process between the wrapper and a command on a terminal: what a shell is to its jobs.

The kernel stops a process on Ctrl-Z only when somebody in the same session could continue it. So this one leads the
session, puts the command into the foreground, and tells the wrapper what `waitpid` says. It is a fork of the wrapper
and never returns.
"""

from __future__ import annotations

import fcntl
import os
import struct
import termios

from tachograph.capture.become import ERRNO, become
from tachograph.capture.signals import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import NoReturn

    from tachograph.capture.command import Command

NEWS = struct.Struct("ii")  # pid of the command, wait status; the first one, with status 0, says that it was started


def lead(
    slave: int, reports: int, failed: int, command: Command, streams: Mapping[int, int], mask: Iterable[int]
) -> NoReturn:
    """Lead a session on the terminal `slave`, run the command in it, report its fate, exit.

    `streams` maps the command's descriptors 0 to 2 to ours; `mask` is the signal mask it starts with. What keeps it
    from starting is written to `failed`, as an errno.
    """
    try:
        signal.set_wakeup_fd(-1)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})  # both of us set the foreground from behind
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        pid = os.fork()
        if not pid:
            os.setpgid(0, 0)
            os.tcsetpgrp(slave, os.getpid())
            become(command, streams, mask, failed)
        os.write(reports, NEWS.pack(pid, 0))
        _keep_only(reports, slave)
        _watch(reports, pid, slave)
    except OSError as error:
        os.write(failed, ERRNO.pack(error.errno))
    finally:
        os._exit(0)


def _keep_only(*fds: int) -> None:
    """Let go of the wrapper's files: its terminal must hang up and its journal must be free when it dies."""
    for name in os.listdir("/dev/fd"):
        if int(name) not in fds:
            try:
                os.close(int(name))
            except OSError:
                pass  # the listing itself was one of them


def _watch(reports: int, pid: int, slave: int) -> None:
    """Report stops, continuations and the end. When the terminal hangs up we die of SIGHUP, and the command is told.

    `slave` stays open as long as the command lives, so that it may close and reopen its terminal.
    """
    wrapper = os.getppid()
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
    while True:
        _, status = os.waitpid(pid, os.WUNTRACED | os.WCONTINUED)
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            break
        os.write(reports, NEWS.pack(pid, status))
        if os.WIFCONTINUED(status) and os.getppid() == wrapper:
            os.kill(wrapper, signal.SIGCONT)  # it sleeps in place of the command, which somebody else continued
    # The wrapper hangs up as soon as nobody holds the terminal, and that must not come before the report.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        # When the leader of a session exits, the kernel hangs up on the foreground group. Make that just us: what
        # the command left running in the background has not deserved it.
        os.tcsetpgrp(slave, os.getpgrp())
    except OSError:
        pass  # hung up already
    os.close(slave)
    os.write(reports, NEWS.pack(pid, status))

"""The last step of a forked process: becoming the command, with streams and signals as if nobody stood between."""

from __future__ import annotations

import os
import struct

from tachograph.capture.signals import PASSED_ON, RESTORED, signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import NoReturn

    from tachograph.capture.command import Command

ERRNO = struct.Struct("i")


def become(command: Command, streams: Mapping[int, int], mask: Iterable[int], failed: int) -> NoReturn:
    """Be `command` from here on; when that is impossible, write the errno to `failed` and exit.

    `streams` maps its descriptors 0 to 2 to ours; `mask` is the signal mask it starts with.
    """
    try:
        for number, fd in streams.items():
            if number != fd:
                os.dup2(fd, number)
        for number in command.missing:
            os.close(number)
        for caught in PASSED_ON:
            if signal.getsignal(caught) != signal.SIG_IGN:
                signal.signal(caught, signal.SIG_DFL)
        for ignored in RESTORED:
            signal.signal(ignored, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        try:
            os.execve(command.program, command.argv, command.environment)  # noqa: S606
        except OSError as error:
            script = command.as_script(error)
            os.execve(script.program, script.argv, script.environment)  # noqa: S606
    except OSError as error:
        os.write(failed, ERRNO.pack(error.errno))
    finally:
        os._exit(127)

"""A command that `tachograph stage run` measures: started in our terminal, waited for; and how large files are."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence


def called(command: Sequence[str]) -> tuple[int, str]:
    """Exit code as a shell has it, and what went wrong. The command has our terminal; signals to us go to it."""
    try:
        child = subprocess.Popen(command)
    except OSError as error:
        return (127 if isinstance(error, FileNotFoundError) else 126), f"{command[0]}: {error.strerror}"
    forward = {number: signal.signal(number, lambda got, _: child.send_signal(got)) for number in _signals()}
    # Ctrl-C reaches the command, too, and how it ends is its business. An exception could lose its exit code.
    before = {**forward, signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None)}
    try:
        status = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if status < 0:
        return 128 - status, f"ended by signal {-status}"
    return status, f"exit code {status}" if status else ""


def _signals() -> list[signal.Signals]:
    return [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def bytes_of(paths: Sequence[str]) -> int | None:
    """How large files and folders are together; None when none is named. What is not there is nothing."""
    if not paths:
        return None
    size = 0
    for path in paths:
        inside = [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]
        for file in inside or [path]:
            try:
                size += os.stat(file).st_size if os.path.isfile(file) else 0
            except OSError:
                continue
    return size

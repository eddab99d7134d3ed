"""The three standard streams, for commands that start without click."""

from __future__ import annotations

import os


def open_missing() -> None:
    """Were stdin, stdout or stderr closed, the next file we open would take their place."""
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)

"""Waiting for another process that writes, as a busy handler of SQLite."""

from __future__ import annotations

import time
from collections.abc import Callable

from tachograph import clock

_LOOK = 0.002  # seconds between two looks


def patience(milliseconds: int) -> Callable[[int], bool]:
    """For `Connection.set_busy_handler`: wait so long, and look every other millisecond.

    SQLite's own timeout soon sleeps a tenth of a second at a time, and so seldom meets the moment between two
    transactions of somebody who writes one after the other: of two in a loop one gave up after half a minute.
    """
    until = 0

    def wait(asked: int) -> bool:
        nonlocal until
        present = clock.monotonic()
        if not asked:
            until = present + milliseconds * (clock.SECOND // 1000)
        time.sleep(_LOOK)
        return present < until

    return wait

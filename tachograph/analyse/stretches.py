"""Time in columns, for pictures of what several did: the times at which nobody did anything are left out. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

IDLE = 300  # seconds without a sign of anybody: nothing to show


class Column(NamedTuple):
    """A piece of time: seconds since 1970, from `begin` up to and without `end`."""

    begin: int
    end: int


def columns(seconds: Iterable[int], most: int, idle: int = IDLE) -> list[Column]:
    """At most about `most` columns that hold all of `seconds`, of one width but for the last of a stretch; columns that
    do not touch have more than `idle` seconds of silence between them."""
    times = sorted(set(seconds))
    stretches = _stretches(times, idle)
    while len(stretches) > max(1, most // 2):  # else there would be more silences than columns
        idle *= 2
        stretches = _stretches(times, idle)
    width = max(1, -(-sum(end - begin for begin, end in stretches) // most))
    return [Column(start, min(start + width, end)) for begin, end in stretches for start in range(begin, end, width)]


def place(found: list[Column], second: int) -> int:
    """Which column a second lies in; one in a silence, the column before it."""
    return max(0, bisect_right(found, second, key=lambda one: one.begin) - 1)


def _stretches(times: list[int], idle: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for time in times:
        if found and time - found[-1][1] < idle:
            found[-1] = found[-1][0], time + 1
        else:
            found.append((time, time + 1))
    return found

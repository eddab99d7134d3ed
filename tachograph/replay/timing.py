"""Session time and play time. Play time is what passes for a viewer at speed 1: silences longer than a limit count as
long as the limit. All in ns, whole numbers; nothing here waits."""

from __future__ import annotations

import bisect
import math
from array import array
from collections.abc import Iterable
from typing import NamedTuple

from tachograph.errors import UsageError

SLOWEST, FASTEST = 0.1, 100.0


class Silence(NamedTuple):
    """Nothing happens between two times; a viewer waits `played` ns for it."""

    begin: int
    end: int
    played: int


class Pace:
    """How session time passes for a viewer. Play time is 0 at `begin`."""

    def __init__(self, times: Iterable[int], begin: int, idle_limit: int | None) -> None:
        """`times` of what the viewer is told, in order; `idle_limit` None: silences keep their length."""
        self._begin = begin
        self._silences: list[Silence] = []
        self._begins, self._ends_played = array("q"), array("q")
        self._begins_played = array("q")
        saved, before = 0, begin
        for at in times if idle_limit is not None else ():
            assert idle_limit is not None
            if at - before > idle_limit:
                self._silences.append(Silence(before, at, idle_limit))
                self._begins.append(before)
                self._begins_played.append(before - begin - saved)
                saved += at - before - idle_limit
                self._ends_played.append(at - begin - saved)
            before = max(at, before)

    def played(self, at: int) -> int:
        """The play time of a session time."""
        number = bisect.bisect_right(self._begins, at) - 1
        if number < 0:
            return at - self._begin
        silence = self._silences[number]
        if at >= silence.end:
            return self._ends_played[number] + at - silence.end
        part = (at - silence.begin) * silence.played // (silence.end - silence.begin)
        return self._begins_played[number] + part

    def at(self, played: int) -> int:
        """The session time of a play time: the latest that `played` gives no more for."""
        number = bisect.bisect_right(self._begins_played, played) - 1
        if number < 0:
            return self._begin + played
        silence = self._silences[number]
        if played >= self._ends_played[number]:
            return silence.end + played - self._ends_played[number]
        into = played - self._begins_played[number]
        return silence.begin + into * (silence.end - silence.begin) // max(silence.played, 1)

    def silence(self, at: int) -> Silence | None:
        """The shortened silence that a time lies in; its end is not part of it."""
        number = bisect.bisect_right(self._begins, at) - 1
        if number < 0 or at >= self._silences[number].end:
            return None
        return self._silences[number]


def speed_of(value: object) -> float:
    """A speed as somebody wrote it. Raises UsageError for one that is none, or outside 0.1 to 100."""
    try:
        speed = float(str(value).rstrip("×x"))
    except ValueError:
        speed = math.nan
    if not SLOWEST <= speed <= FASTEST:
        raise UsageError(f"a speed lies between {SLOWEST} and {FASTEST:.0f}, {value} does not", "speed=2")
    return speed

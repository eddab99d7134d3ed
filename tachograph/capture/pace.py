"""When the loop looks up from its bytes: a call-back now and then while there is news, never while nothing happens."""

from __future__ import annotations

from tachograph import clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tachograph.capture.tape import Tape

_EVERY = 5 * clock.SECOND


class Pace:
    """Calls `tick` soon after the first record on `tape`, then every five seconds in which there are new ones, or as
    long as it returns True."""

    def __init__(self, tape: Tape, tick: Callable[[], bool]) -> None:
        self._tape = tape
        self._tick = tick
        self._due = 0  # monotonic ns
        self._seen = 0  # records at the last call
        self._again = False

    def timeout(self, most: float | None = None) -> float | None:
        """How long to wait for something to happen, in ms: until the next call, at most `most`; None is for ever."""
        if self._tape.records == self._seen and not self._again:
            return most
        left = max((self._due - clock.monotonic()) / 1_000_000, 1.0)
        return left if most is None else min(left, most)

    def beat(self) -> None:
        """Call `tick` if it is time."""
        if (self._again or self._tape.records != self._seen) and (now := clock.monotonic()) >= self._due:
            self._due = now + _EVERY
            self._seen = self._tape.records
            self._again = self._tick()

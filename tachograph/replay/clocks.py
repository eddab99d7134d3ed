"""What a player waits on: the machine's own clock, or one that nobody waits for."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Protocol

from tachograph import clock


class Clock(Protocol):
    """What a player waits on. Times are ns and only compared with each other."""

    def now(self) -> int: ...

    async def wait(self, until: int | None, wake: asyncio.Event) -> None:
        """Until a time (None: for ever), or until woken."""


class RealClock:
    """The machine's own, which no change of the date moves."""

    def now(self) -> int:
        return clock.monotonic()

    async def wait(self, until: int | None, wake: asyncio.Event) -> None:
        if until is None:
            await wake.wait()
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, (until - self.now()) / clock.SECOND)):
                await wake.wait()


class JumpingClock:
    """Nobody waits: its time is where the latest waiting led to."""

    def __init__(self) -> None:
        self.time = 0

    def now(self) -> int:
        return self.time

    async def wait(self, until: int | None, wake: asyncio.Event) -> None:
        await asyncio.sleep(0)
        if until is None:
            await wake.wait()
        else:
            self.time = max(self.time, until)

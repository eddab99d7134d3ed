"""Where the server puts what agents send: journals, written by one thread, so that a slow disk is nobody's problem."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tachograph import clock
from tachograph.capture import received
from tachograph.journal.rotating import Rotating
from tachograph.paths import Places

PATIENCE = 0.5  # seconds a sender waits for the disk
WAITING_MAX = 64 << 20  # bytes that may wait for it
_TURN = 60.0  # seconds between two looks whether a journal is old


class Sink:
    """Keeps messages; knows nothing of what they mean. `lost` counts those that could not be kept."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._writer = ThreadPoolExecutor(1, "journal")
        self._journals: dict[str, Rotating] = {}
        self._waiting = 0
        self._counting = threading.Lock()
        self._refused = 0

    @property
    def lost(self) -> int:
        return self._refused + sum(journal.lost_records for journal in list(self._journals.values()))

    async def keep(self, sender: str, kind: bytes, body: bytes) -> bool:
        """Append one message of `sender`. False when it is lost, or still waits for a disk that does not answer."""
        with self._counting:
            if self._waiting + len(body) > WAITING_MAX:
                self._refused += 1
                return False
            self._waiting += len(body)
        work = self._writer.submit(self._append, sender, kind, clock.now(), body)
        work.add_done_callback(lambda _: self._written(len(body)))
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(work)), PATIENCE)
        except TimeoutError:
            return False

    async def tend(self) -> None:
        """Until cancelled: finish journals that nothing was added to for long, and write out what waits."""
        while True:
            await asyncio.sleep(_TURN)
            if self._journals:
                self._writer.submit(self._turn)

    def close(self) -> None:
        """Finish the journals; waits for what is being written, but not for a disk that hangs."""
        closing = self._writer.submit(self._close)
        self._writer.shutdown(wait=False)
        try:
            closing.result(2.0)
        except TimeoutError:
            pass

    def _written(self, size: int) -> None:
        with self._counting:
            self._waiting -= size

    def _append(self, sender: str, kind: bytes, at: int, body: bytes) -> bool:
        if sender not in self._journals:
            name = partial(_name, sender)
            self._journals[sender] = Rotating(self._places.journal, name)
        journal = self._journals[sender]
        before = journal.lost_records
        journal.append(kind, at, body)
        return journal.lost_records == before

    def _turn(self) -> None:
        for journal in self._journals.values():
            journal.flush()
            journal.turn(clock.now())

    def _close(self) -> None:
        for journal in self._journals.values():
            journal.close()


def _name(sender: str, at: int) -> str:
    return received.journal_name(sender, at, os.getpid())

"""Questions to the store from the server: asked in threads, so that the loop never waits for a disk.

Every thread has a connection of its own. A question is one function of the store and reads in a few short statements:
none stays open between two questions, so no client can hold the write-ahead log back.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TypeVar

from tachograph.errors import Refused
from tachograph.ingest.opening import open_store
from tachograph.paths import Places
from tachograph.serve.askers import Askers
from tachograph.store import Store, load_all
from tachograph.store.trouble import translated

T = TypeVar("T")
THREADS = 4
SECONDS = 10.0  # a question takes at most

_END = object()


class Reading:
    """`read_only`: `change` is refused. Nothing is opened before the first question; close it at the end."""

    def __init__(self, places: Places, *, read_only: bool = False) -> None:
        self.places = places
        self._path = places.database
        self.read_only = read_only
        self._askers = Askers(THREADS, "ask")
        self._writer = Askers(1, "change")
        self._local = threading.local()
        self._opened: list[Store] = []
        load_all()

    async def ask(self, question: Callable[[Store], T], *, seconds: float = SECONDS) -> T:
        """The answer to a question. Raises what it raises; TooSlow when it takes longer than `seconds`."""
        return await self._askers.ask(lambda: self._answer(question, seconds))

    async def change(self, change: Callable[[Store], T]) -> T:
        """Direct writes: receipts, memory, audit, feedback … Raises Refused where only reading is allowed."""
        if self.read_only:
            raise Refused("this server only reads", "start it without --read-only")
        return await self._writer.ask(lambda: self._change(change))

    async def stream(self, make: Callable[[Store], Iterator[T]]) -> AsyncIterator[T]:
        """What an iterator over the store gives, piece by piece, over a connection of its own."""
        ask = self._askers.ask
        store = await ask(lambda: open_store(self._path, readonly=True))
        try:
            pieces = await _finished(ask(lambda: make(store)))
            while (piece := await _finished(ask(lambda: next(pieces, _END)))) is not _END:
                yield piece  # type: ignore[misc]  # it is no _END
        finally:
            store.close()

    def close(self) -> None:
        """After the last question: waits for those still running."""
        self._askers.close()
        self._writer.close()
        for store in self._opened:
            store.close()
        self._opened.clear()

    def _answer(self, question: Callable[[Store], T], seconds: float) -> T:
        with translated(self._path):  # a locked file is busy wherever SQLite says so, at the end of a statement, too
            store = self._mine(readonly=True)
            with store.within(seconds):
                return question(store)

    def _change(self, change: Callable[[Store], T]) -> T:
        with translated(self._path):
            return change(self._mine(readonly=False))

    def _mine(self, *, readonly: bool) -> Store:
        """The store of this thread."""
        found: Store | None = getattr(self._local, "store", None)
        if found is None:
            found = self._local.store = open_store(self._path, readonly=readonly)
            self._opened.append(found)
        return found


async def _finished(work: asyncio.Future[T]) -> T:
    """What a thread answers. Who stops waiting waits all the same: what the thread reads from must not be closed."""
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise

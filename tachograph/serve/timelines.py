"""Timelines that replays were begun of lately: the next replay of the same session need not read it again.

Twenty that are begun at once read it once. A session that still runs is read anew for everybody.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Hashable, Sequence

from tachograph.replay import timeline, together
from tachograph.replay.timeline import Timeline
from tachograph.serve.reading import Reading
from tachograph.store import Store

ITEMS_MAX = 200_000  # of all that are kept; some thirty bytes each


class Timelines:
    """On the loop. What was not asked for longest goes first."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._known: OrderedDict[str, tuple[Hashable, asyncio.Task[Timeline]]] = OrderedDict()

    async def of(self, names: Sequence[str]) -> Timeline:
        """Of one session, by its id, or of several together. Raises NotFound."""
        parts = [await self._of(name) for name in names]
        return await together.joined(parts, self._reading.ask)

    async def _of(self, name: str) -> Timeline:
        version = await self._reading.ask(lambda store: _version(store, name))
        if version is None:
            return await timeline.read(self._reading.ask, name)
        found = self._known.get(name)
        if found is None or found[0] != version:
            found = self._known[name] = (version, asyncio.ensure_future(timeline.read(self._reading.ask, name)))
            found[1].add_done_callback(lambda task: self._read(name, task))
        self._known.move_to_end(name)
        return await asyncio.shield(found[1])  # others may wait for it

    def _read(self, name: str, task: asyncio.Task[Timeline]) -> None:
        """It is read, or could not be."""
        if not _good(task):
            if name in self._known and self._known[name][1] is task:
                del self._known[name]
            return
        sizes = {known: len(one.result()) for known, (_, one) in self._known.items() if _good(one)}
        while sum(sizes.values()) > ITEMS_MAX:
            oldest = next(iter(sizes))
            del self._known[oldest], sizes[oldest]


def _good(task: asyncio.Task[Timeline]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


def _version(store: Store, name: str) -> Hashable:
    """Another one when anything of a session that has ended is another; None while it runs."""
    session = store.sessions.get(name)
    if session.ended_at is None:
        return None
    return (store.drawing.version(session), session.events, session.output_bytes, session.input_tokens)

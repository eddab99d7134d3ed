"""The texts of what is told next: read a page at a time, and the next page while this one is told.

A page is asked for in one go and closed. An event or a chunk of output that is gone meanwhile is not told.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from tachograph.errors import StoreDamaged
from tachograph.records import Event
from tachograph.replay import messages
from tachograph.replay.messages import Message
from tachograph.replay.timeline import CALL, OUTPUT, Timeline
from tachograph.store import Store

_FIRST, _MORE = 32, 64  # items of a page: after a leap the first is waited for
_KNOWN_AT_FIRST = ("input", "told", "parent", "subagent_type")  # of a call's metadata: what came before its result
Texts = dict[int, Event | bytes | None]  # by item: its event, or the chunk that its output is in; None: gone


class Pages:
    """Messages of a timeline by item. `output`: pieces of output are told, too."""

    def __init__(self, timeline: Timeline, output: bool) -> None:
        self._timeline = timeline
        self._output = output
        self._begin = self._end = 0  # items that `_page` covers
        self._page: Texts = {}
        self._skipped = (0, -1)  # from an item on the next that is told is this one
        self._ahead: tuple[int, asyncio.Task[tuple[int, Texts]]] | None = None
        self._made: tuple[int, Message | None] = (-1, None)  # an item, and what it tells

    def next_told(self, item: int, end: int) -> int | None:
        """The first item from `item` on, before `end`, that is told at all."""
        if not self._output:
            since, found = self._skipped
            if not since <= item <= found:  # else it was looked for already
                kinds, found = self._timeline.kind, item
                while found < len(kinds) and kinds[found] == OUTPUT:
                    found += 1
                self._skipped = (item, found)
            item = found
        return item if item < end else None

    async def prepare(self, item: int) -> None:
        """Have what is told from `item` on at hand."""
        if not self._begin <= item < self._end and item < len(self._timeline):
            self._ahead = None  # not cancelled: somebody may wait for it
            self._begin, (self._end, self._page) = item, await self._read(item, _FIRST)
            self._read_ahead()

    async def message(self, item: int) -> Message | None:
        """What an item tells; None when it is gone. Asked for ahead of its time it is made by then."""
        if self._made[0] != item:
            self._made = (item, await self._make(item))
        return self._made[1]

    async def _make(self, item: int) -> Message | None:
        if self._ahead is not None and item == self._end:
            (begin, task), self._ahead = self._ahead, None
            self._begin, (self._end, self._page) = begin, await asyncio.shield(task)
            self._read_ahead()
        await self.prepare(item)
        text = self._page.get(item)
        if isinstance(text, bytes):
            timeline, piece = self._timeline, self._timeline.piece(item)
            shown = cut(text, piece.begin, piece.end)
            return messages.output(timeline.whose(item).id, timeline.at[item], piece.stream, shown, piece.total)
        return None if text is None else as_told(self._timeline, item, text)

    def _read_ahead(self) -> None:
        if self._end < len(self._timeline):
            task = asyncio.ensure_future(self._read(self._end, _MORE))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())  # told to whoever waits for it
            self._ahead = (self._end, task)

    def close(self) -> None:
        """What was being read ahead is not waited for."""
        if self._ahead is not None:
            self._ahead[1].cancel()
            self._ahead = None

    async def _read(self, item: int, most: int) -> tuple[int, Texts]:
        """(where the page ends, its texts)."""
        told: list[int] = []
        kinds, output = self._timeline.kind, self._output
        while len(told) < most and item < len(kinds):
            if output or kinds[item] != OUTPUT:
                told.append(item)
            item += 1
        return item, await self._timeline.ask(lambda store: self._texts(store, told))

    def _texts(self, store: Store, told: list[int]) -> Texts:
        """What is read in a thread: no more than that, or threads would keep others from being in time."""
        timeline = self._timeline
        found: Texts = {}
        events = store.events.some({timeline.event(item) for item in told if timeline.kind[item] != OUTPUT})
        chunks: dict[int, bytes] = {}
        for item in told:
            if timeline.kind[item] != OUTPUT:
                found[item] = events.get(timeline.event(item))
                continue
            piece = timeline.piece(item)
            if piece.chunk not in chunks:
                try:
                    chunks[piece.chunk] = store.moments.chunk(piece.chunk)
                except StoreDamaged:  # the rest is played; `db check` tells of it
                    chunks[piece.chunk] = b""
            found[item] = chunks[piece.chunk] or None
        return found


def as_told(timeline: Timeline, item: int, event: Event) -> Message:
    """An event as an item tells it: a call that has begun has no result yet. What a call of a model used is with it."""
    if timeline.kind[item] == CALL:
        known = {name: value for name, value in (event.metadata or {}).items() if name in _KNOWN_AT_FIRST}
        event = msgspec.structs.replace(
            event, exit_code=None, duration_ms=None, status=None, content=None, metadata=known or None
        )
    usage = timeline.usage.get(event.id)
    more: dict[str, Any] = usage._asdict() if usage else {}
    return messages.replayed(event, timeline.at[item], more)


def cut(data: bytes, begin: int, end: int) -> str:
    """Text of the bytes begin..end: a character belongs where it begins. What is no UTF-8 becomes U+FFFD."""
    return data[_edge(data, begin) : _edge(data, end)].decode(errors="replace")


def _edge(data: bytes, place: int) -> int:
    """`place`, or the end of the character that it is in the middle of."""
    if not 0 < place < len(data) or data[place] & 0xC0 != 0x80:
        return place
    start = place - 1
    while start > max(0, place - 3) and data[start] & 0xC0 == 0x80:
        start -= 1
    lead = data[start]
    size = 4 if lead >= 0xF0 else 3 if lead >= 0xE0 else 2 if lead >= 0xC0 else 1
    return min(len(data), max(place, start + size))

"""The texts of what is told next: read a page at a time, and the next page while this one is told.

A page is asked for in one go and closed. An event or a chunk of output that is gone meanwhile is not told.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from tachograph.records import Event
from tachograph.replay import messages
from tachograph.replay.messages import Message
from tachograph.replay.timeline import CALL, OUTPUT, Timeline
from tachograph.store import Store

ITEMS = 256  # a page
_KNOWN_AT_FIRST = ("input", "told", "parent", "subagent_type")  # of a call's metadata: what came before its result


class Pages:
    """Messages of a timeline by item. `output`: pieces of output are told, too."""

    def __init__(self, timeline: Timeline, output: bool) -> None:
        self._timeline = timeline
        self._output = output
        self._begin = self._end = 0  # items that `_page` covers
        self._page: dict[int, Message] = {}
        self._ahead: tuple[int, asyncio.Task[tuple[int, dict[int, Message]]]] | None = None

    def next_told(self, item: int, end: int) -> int | None:
        """The first item from `item` on, before `end`, that is told at all."""
        if not self._output:
            kinds = self._timeline.kind
            while item < end and kinds[item] == OUTPUT:
                item += 1
        return item if item < end else None

    async def message(self, item: int) -> Message | None:
        """What an item tells; None when it is gone."""
        if not self._begin <= item < self._end:
            ahead, self._ahead = self._ahead, None
            begin, task = item, None
            if ahead is not None and ahead[0] <= item:
                begin, task = ahead
            end, page = await (asyncio.shield(task) if task else self._read(item))
            self._begin, self._end, self._page = begin, end, page
            if not begin <= item < end:
                return await self.message(item)
            if end < len(self._timeline):
                self._ahead = (end, asyncio.ensure_future(self._read(end)))
        return self._page.get(item)

    def close(self) -> None:
        """What was being read ahead is not waited for."""
        if self._ahead is not None:
            self._ahead[1].cancel()
            self._ahead = None

    async def _read(self, item: int) -> tuple[int, dict[int, Message]]:
        """(where the page ends, its messages)."""
        told: list[int] = []
        found: int | None = item
        while len(told) < ITEMS and (found := self.next_told(item, len(self._timeline))) is not None:
            told.append(found)
            item = found + 1
        return item if told else len(self._timeline), await self._timeline.ask(
            lambda store: self._messages(store, told)
        )

    def _messages(self, store: Store, told: list[int]) -> dict[int, Message]:
        timeline = self._timeline
        events = store.events.some({timeline.event(item) for item in told if timeline.kind[item] != OUTPUT})
        chunks: dict[int, bytes] = {}
        found = {}
        for item in told:
            if timeline.kind[item] == OUTPUT:
                if (message := self._printed(store, item, chunks)) is not None:
                    found[item] = message
            elif timeline.event(item) in events:
                found[item] = as_told(timeline, item, events[timeline.event(item)])
        return found

    def _printed(self, store: Store, item: int, chunks: dict[int, bytes]) -> Message | None:
        timeline, piece = self._timeline, self._timeline.piece(item)
        if piece.chunk not in chunks:
            chunks[piece.chunk] = store.moments.chunk(piece.chunk)
        if not chunks[piece.chunk]:
            return None
        text = cut(chunks[piece.chunk], piece.begin, piece.end)
        return messages.output(timeline.session.id, timeline.at[item], piece.stream, text, piece.total)


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

"""Replays that are watched: how many there may be, what was sent of each lately, how long they wait for a listener.

A replay stands still while nobody listens and is dropped after a minute. What was sent is kept for a while, as it was
sent, because a line that breaks swallows what was on its way.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

import msgspec

from tachograph import clock
from tachograph.errors import NotFound
from tachograph.replay import messages, together
from tachograph.replay.clocks import RealClock
from tachograph.replay.messages import Message
from tachograph.replay.player import Options, Player
from tachograph.serve import sse
from tachograph.serve.bodies import NotTaken
from tachograph.serve.reading import Reading
from tachograph.serve.timelines import Timelines

REPLAYS_MAX = 64
WAITS = 60.0  # seconds for a listener to come back
_KEPT_MAX, _KEPT_BYTES_MAX = 5000, 4 << 20  # of what was sent lately


class Cursor(NamedTuple):
    """Where a listener was: the replay, how many messages it got, how many items those told."""

    replay: str
    heard: int
    items: int

    def __str__(self) -> str:
        return f"{self.replay}:{self.heard}:{self.items}"


def cursor_of(text: str | None) -> Cursor | None:
    """The cursor of a Last-Event-ID; None when it is none of ours."""
    parts = (text or "").split(":")
    if len(parts) != 3 or not (parts[1].isdecimal() and parts[2].isdecimal()) or len(text or "") > 100:
        return None
    return Cursor(parts[0], int(parts[1]), int(parts[2]))


class Replay:
    """One replay and its one listener; a second one takes the place of the first."""

    def __init__(self, name: str, player: Player) -> None:
        self.name = name
        self.player = player
        self._sent = 0
        self._kept: deque[tuple[int, bytes]] = deque()
        self._kept_bytes = 0
        self._listener: object | None = None
        self._turn = asyncio.Lock()
        self._waiting: asyncio.Timeout | None = None

    @property
    def heard(self) -> bool:
        """Whether somebody listens."""
        return self._listener is not None

    def leave(self, listener: object) -> bool:
        """The listener has gone; whether it was still the one who listens."""
        if self._listener is not listener:
            return False
        self._listener = None
        self.player.hold()
        return True

    def over(self, heard: int) -> bool:
        """Whether one who heard so much has nothing more to expect."""
        return heard >= self._sent and self.player.state()["playing"] in ("ended", "stopped")

    async def frames(self, listener: object, heard: int) -> AsyncIterator[bytes]:
        """What is to be sent, from after the message number `heard`; heartbeats when there is nothing to say."""
        self._listener = listener
        if self._waiting is not None:  # for the listener before
            self._waiting.reschedule(asyncio.get_running_loop().time())
        async with self._turn:
            self.player.release()
            yield sse.retry()
            for number, frame in list(self._kept):
                if number > heard:
                    yield frame
            if heard < self._sent and (not self._kept or self._kept[0][0] > heard + 1):
                await self.player.control("seek", items=self.player.state()["items"])  # too long ago: all anew
            while self._listener is listener:
                if (more := await self._next(listener)) is None:
                    return
                yield more

    async def messages(self, listener: object) -> AsyncIterator[Message]:
        """What is told from now on, heartbeats among it, for a line on which nothing is sent again."""
        self._listener = listener
        async with self._turn:
            self.player.release()
            while self._listener is listener and (message := await self._message(listener)) is not None:
                yield message

    async def _next(self, listener: object) -> bytes | None:
        """One more as it is sent; what is no heartbeat is kept."""
        message = await self._message(listener)
        if message is None:
            return None
        frame = sse.frame(message)
        if message.cursor is not None:
            self._keep(frame)
        return frame

    async def _message(self, listener: object) -> Message | None:
        """One more; None when it is over, or somebody else listens now."""
        try:
            async with asyncio.timeout(sse.HEARTBEAT) as self._waiting:
                message = await anext(self.player)
        except TimeoutError:
            if self._listener is not listener:
                return None
            return messages.heartbeat(clock.now(), session_id=self.player.timeline.name)
        except StopAsyncIteration:
            return None
        finally:
            self._waiting = None
        self._sent += 1
        cursor = Cursor(self.name, self._sent, self.player.items)
        return msgspec.structs.replace(message, cursor=str(cursor))

    def _keep(self, frame: bytes) -> None:
        self._kept.append((self._sent, frame))
        self._kept_bytes += len(frame)
        while len(self._kept) > _KEPT_MAX or (self._kept_bytes > _KEPT_BYTES_MAX and len(self._kept) > 1):
            self._kept_bytes -= len(self._kept.popleft()[1])


class Replays:
    """Those there are, by their ids."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._timelines = Timelines(reading)
        self._replays: dict[str, Replay] = {}
        self._dropping: dict[str, asyncio.TimerHandle] = {}

    def get(self, name: str) -> Replay:
        """Raises NotFound."""
        found = self._replays.get(name)
        if found is None:
            raise NotFound(
                f"there is no replay {name!r}", "it was over, or nobody listened for a minute; begin another"
            )
        return found

    def find(self, name: str) -> Replay | None:
        return self._replays.get(name)

    async def begin(self, sessions: Sequence[str], options: Options, *, workflow: str | None = None) -> Replay:
        """A new replay of sessions, named as people name them, or of a workflow's. Raises NotFound, UsageError;
        NotTaken (503) when there are too many."""
        self._make_room()
        name = secrets.token_urlsafe(12)
        chosen = await self._reading.ask(lambda store: together.meant(store, sessions, workflow))
        read = await self._timelines.of(chosen)
        made = options._replace(name=name)
        player = await self._reading.ask(lambda _: Player(read, RealClock(), made))  # a look at every item
        self._make_room()
        found = self._replays[name] = Replay(name, player)
        self._drop_later(name)
        return found

    def listened(self, name: str) -> None:
        """Somebody listens: it is not dropped."""
        if handle := self._dropping.pop(name, None):
            handle.cancel()

    def left(self, replay: Replay, listener: object) -> None:
        """A listener has gone."""
        if replay.leave(listener) and replay.name in self._replays:
            if replay.player.stopped:
                self._drop(replay.name)
            else:
                self._drop_later(replay.name)

    def _drop_later(self, name: str) -> None:
        self.listened(name)
        self._dropping[name] = asyncio.get_running_loop().call_later(WAITS, self._drop, name)

    def _drop(self, name: str) -> None:
        self.listened(name)
        if found := self._replays.pop(name, None):
            found.player.close()

    def _make_room(self) -> None:
        """The one that has waited longest gives way; those that somebody listens to do not."""
        if len(self._replays) < REPLAYS_MAX:
            return
        waiting = [name for name, replay in self._replays.items() if not replay.heard]
        if not waiting:
            raise NotTaken(503, "busy", f"{REPLAYS_MAX} replays are watched already", "stop one of them")
        self._drop(waiting[0])

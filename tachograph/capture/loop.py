"""Waiting for descriptors, in one place: whoever is ready is handled, and nobody waits anywhere else."""

from __future__ import annotations

import select
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class SelectPoller:
    """The part of `select.poll` we use, for systems whose poll knows no terminals (macOS). Cannot tell that a reader
    went away before something is written."""

    def __init__(self) -> None:
        self._events: dict[int, int] = {}

    def register(self, fd: int, events: int) -> None:
        self._events[fd] = events

    def unregister(self, fd: int) -> None:
        del self._events[fd]

    def poll(self, timeout: float | None = None) -> list[tuple[int, int]]:
        readers = [fd for fd, events in self._events.items() if events & select.POLLIN]
        writers = [fd for fd, events in self._events.items() if events & select.POLLOUT]
        readable, writable, _ = select.select(readers, writers, [], None if timeout is None else timeout / 1000)
        ready = dict.fromkeys(readable, select.POLLIN)
        for fd in writable:
            ready[fd] = ready.get(fd, 0) | select.POLLOUT
        return list(ready.items())


def poller() -> select.poll | SelectPoller:
    """What this system can wait with."""
    return SelectPoller() if sys.platform == "darwin" else select.poll()


class Loop:
    """Calls handlers when their descriptors are ready."""

    def __init__(self) -> None:
        self._poll = poller()
        self._handlers: dict[int, Callable[[int], None]] = {}
        self._events: dict[int, int] = {}
        self._pollers: dict[tuple[int, int], select.poll | SelectPoller] = {}  # of `room`

    def watch(self, fd: int, events: int, handler: Callable[[int], None]) -> None:
        """Call `handler(events)` whenever any of `events` holds for `fd`; replaces what was watched there."""
        self._handlers[fd] = handler
        self._events[fd] = events
        self._poll.register(fd, events)
        self._pollers.clear()

    def forget(self, fd: int) -> None:
        if self._handlers.pop(fd, None):
            self._poll.unregister(fd)
            del self._events[fd]
            self._pollers.clear()

    def room(self, fd: int, source: int, timeout: float) -> bool:
        """Wait until `fd` takes more bytes: True. False when anything else happens first, or nothing for `timeout` ms.

        What comes from `source` does not count. For the case that is over in a moment, again and again: it saves the
        way through `watch` and `turn`.
        """
        found = self._pollers.get((fd, source))
        if found is None:
            found = self._pollers[fd, source] = poller()
            for watched, events in self._events.items():
                if watched != source:
                    found.register(watched, events)
            found.register(fd, select.POLLOUT)
        return found.poll(timeout) == [(fd, select.POLLOUT)]

    def turn(self, timeout: float | None) -> bool:
        """Wait for something at most `timeout` ms (None: for ever) and handle it. False when nothing came."""
        ready = self._poll.poll(timeout)
        for fd, events in ready:
            handler = self._handlers.get(fd)
            if handler:
                handler(events)
        return bool(ready)

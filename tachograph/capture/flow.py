"""The byte path: from a source to the tape, then to an outlet, without waiting (loop.py does).

When an outlet is full its source is not read: whoever writes too fast waits, as without us. Records whatever it is
told to by the function it is given; knows no terminal, no command, no signal.
"""

from __future__ import annotations

import os
import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tachograph.capture.loop import Loop
    from tachograph.capture.outlet import Outlet

_CHUNK = 1 << 17
# A terminal hands out 4 kB at a time. When one piece is that long, more is likely to be there.
_GATHER_FROM = 1 << 10
_GATHER_TO = 1 << 15
_PATIENCE = 50.0  # ms without room in an outlet until other things are looked after
_HUNG_UP = select.POLLHUP | select.POLLERR | select.POLLNVAL


class Flow:
    """Bytes from `source` to `outlet`, told to `record` before anybody sees them.

    `record` must not keep what it is given: the buffer is used again. `open` until the source has ended, `blocked`
    while the outlet is full, `passed` counts bytes. With `gather`, small pieces that are there already are taken
    together. `ended` is called at the end, when whoever owns the two descriptors may close them.
    """

    def __init__(
        self, loop: Loop, source: int, outlet: Outlet, record: Callable[[memoryview], None],
        ended: Callable[[], None], *, gather: bool = False,
    ) -> None:  # fmt: skip
        self.open = True
        self.source = source
        self.blocked = False
        self.passed = 0
        self._loop = loop
        self._outlet = outlet
        self._record = record
        self._ended = ended
        self._gather = gather
        self._buffer = memoryview(bytearray(_CHUNK))  # one for all: the allocator would be half of the work
        self._waiting = b""
        self.listen()

    def listen(self) -> None:
        """Go on after `rest`."""
        if self.open and not self.blocked:
            self._loop.watch(self.source, select.POLLIN, self._readable)
            # No events asked for: a reader that goes away is reported all the same.
            self._loop.watch(self._outlet.poll_fd, 0, self._gone)

    def rest(self) -> None:
        """Do not read for now; what was read is still passed on."""
        self._loop.forget(self.source)

    def end(self) -> None:
        """Read no more. The source learns that nobody listens, when its descriptor is closed."""
        if self.open:
            self.open = self.blocked = False
            self._loop.forget(self.source)
            self._loop.forget(self._outlet.poll_fd)
            self._ended()

    def _readable(self, _events: int) -> None:
        size = self._read()
        if size <= 0:
            if size < 0:
                self.end()
            return
        data = self._buffer[:size]
        self.passed += size
        self._record(data)
        written = self._outlet.write(data)
        while written != size:
            if self._outlet.broken or not self._loop.room(self._outlet.poll_fd, self.source, _PATIENCE):
                self._wait(bytes(data[written:]))
                return
            written += self._outlet.write(data[written:])

    def _read(self) -> int:
        """Fill the buffer with what is there; the number of bytes, -1 at the end of the source."""
        size = 0
        try:
            while True:
                count = os.readv(self.source, [self._buffer[size:]])
                size += count
                if not count or not self._gather or count < _GATHER_FROM or size >= _GATHER_TO:
                    break
        except BlockingIOError:
            return size
        except OSError:  # how Linux says that nobody holds the other end of a terminal any more
            return size or -1
        return size or -1

    def _wait(self, rest: bytes) -> None:
        if self._outlet.broken:
            self.end()
            return
        self._waiting = rest
        self.blocked = True
        self._loop.forget(self.source)
        self._loop.watch(self._outlet.poll_fd, select.POLLOUT, self._writable)

    def _writable(self, _events: int) -> None:
        written = self._outlet.write(self._waiting)
        if written == len(self._waiting):
            self._waiting = b""
            self.blocked = False
            self.listen()
        else:
            self._wait(self._waiting[written:])

    def _gone(self, events: int) -> None:
        if events & _HUNG_UP:
            self.end()

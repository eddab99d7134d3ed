"""Records that could not be written yet: kept in order, bounded, and what does not fit is counted where it is missing.

The writer's memory for bad times. No files here.
"""

from __future__ import annotations

from collections import deque

from tachograph.journal.frame import GAP, STREAMS

STREAM_BYTES = 8 << 20
OTHER_BYTES = 64 << 10  # states, sizes and notes still find a place when the streams have filled theirs
_OVERHEAD = 64  # what a short record costs us beyond its body, so that many tiny ones are bounded too


class Gap:
    """A hole in the recording: how much was dropped between two kept records."""

    __slots__ = ("at", "bytes", "reason", "records")

    def __init__(self, at: int, reason: str) -> None:
        self.at = at
        self.bytes = 0
        self.records = 0
        self.reason = reason

    def body(self) -> bytes:
        reason = self.reason.replace("\\", "\\\\").replace('"', '\\"')
        return f'{{"bytes":{self.bytes},"records":{self.records},"reason":"{reason}"}}'.encode()


class Backlog:
    """A queue of (kind, at, body) and Gap. `lost_bytes` is what its gaps count, written down or not."""

    def __init__(self) -> None:
        self._queue: deque[tuple[bytes, int, bytes] | Gap] = deque()
        self._streams = 0
        self._others = 0
        self._gaps = 0
        self.lost_bytes = 0
        self.lost_records = 0

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, kind: bytes, at: int, body: bytes | memoryview, reason: str) -> None:
        """Keep the record, or count it as lost because of `reason`."""
        size = len(body) + _OVERHEAD
        stream = kind in STREAMS
        if stream:
            # After a loss a stream stays closed until the gap is written: a recording with one hole is worth more
            # than the same bytes with a hundred.
            fits = self._streams + size <= STREAM_BYTES and not self._gaps
        else:
            fits = self._others + size <= OTHER_BYTES or not self._queue  # the header, however long the command
        if not fits:
            self._lose(at, len(body), reason)
            return
        self._queue.append((kind, at, bytes(body)))
        if stream:
            self._streams += size
        else:
            self._others += size

    def first(self) -> tuple[bytes, int, bytes]:
        """The oldest record; a gap in the form it is written in."""
        item = self._queue[0]
        return (GAP, item.at, item.body()) if isinstance(item, Gap) else item

    def drop_first(self) -> None:
        """The oldest record is safe."""
        item = self._queue.popleft()
        if isinstance(item, Gap):
            self._gaps -= 1
            return
        size = len(item[2]) + _OVERHEAD
        if item[0] in STREAMS:
            self._streams -= size
        else:
            self._others -= size

    def give_up_streams(self, reason: str) -> None:
        """Output that waits is lost because of `reason`; gaps take its place."""
        queue, self._queue = self._queue, deque()
        self._streams = self._gaps = 0
        for item in queue:
            if isinstance(item, Gap):
                gap = self._gap(item.at, item.reason)
                gap.bytes += item.bytes
                gap.records += item.records
            elif item[0] in STREAMS:
                self._lose(item[1], len(item[2]), reason)
            else:
                self._queue.append(item)

    def skip_first(self) -> None:
        """The oldest record will never be written."""
        kind, _, body = self.first()
        self.drop_first()
        if kind != GAP:  # what a gap counts is counted
            self.lost_bytes += len(body)
            self.lost_records += 1

    def give_up(self) -> None:
        """Nothing of this will ever be written: count it all."""
        while self._queue:
            self.skip_first()

    def _lose(self, at: int, size: int, reason: str) -> None:
        gap = self._gap(at, reason)
        gap.bytes += size
        gap.records += 1
        self.lost_bytes += size
        self.lost_records += 1

    def _gap(self, at: int, reason: str) -> Gap:
        """The gap at the end of the queue."""
        last = self._queue[-1] if self._queue else None
        if isinstance(last, Gap):
            return last
        self._gaps += 1
        gap = Gap(at, reason)
        self._queue.append(gap)
        return gap

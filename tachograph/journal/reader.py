"""Reads a journal from any offset, steps over what is damaged, and never trusts what it reads.

A record whose checksum fits is a record; everything else is damage, reported with its bytes. One bad record costs one
record. Knows nothing of what the bodies mean.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from tachograph.journal import frame
from tachograph.journal.lock import is_live

__all__ = ["Batch", "Damage", "Record", "is_live", "read"]

_SHORTEST = frame.BODY_AT
_VIEW = 1 << 20  # bytes a search looks at together
_EFFORT = 64 << 20  # bytes one call checksums in search of the next good record
_KIND = b"[" + frame.KINDS + b"]"


class Record(NamedTuple):
    kind: bytes
    at: int  # ns
    body: bytes
    sequence: int
    offset: int  # in the file, of the frame


class Damage(NamedTuple):
    """`length` bytes of the file from `offset` are no records. 0: records are missing between two good ones."""

    offset: int
    length: int
    reason: str
    bytes: bytes


class Batch(NamedTuple):
    """What one call read. Hand `offset` and `sequence` to the next call."""

    records: list[Record]
    offset: int
    sequence: int  # of the last good record
    damage: list[Damage]
    done: bool  # the file is finished and read to its end


def read(path: str, offset: int, sequence: int, limit: int = 1 << 20, *, finished: bool) -> Batch:
    """Records from `offset` on, about `limit` bytes of them, after the record with number `sequence`.

    Start with 0, 0. `finished` says that nobody writes any more (`not is_live(path)`, asked before): then an
    incomplete record at the end is damage, otherwise it is waited for (an empty batch). Raises OSError when the file
    cannot be read, nothing for what it holds.
    """
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    try:
        return _Reading(fd, offset, sequence, limit, finished).run()
    finally:
        os.close(fd)


class _Reading:
    """One call of read(): a window of the file and a position in it."""

    def __init__(self, fd: int, offset: int, sequence: int, limit: int, finished: bool) -> None:
        self._fd = fd
        self._size = os.fstat(fd).st_size
        self._start = offset  # where in the file the window begins
        self._window = self._pread(max(limit, _SHORTEST), offset)
        self._position = 0  # in the window
        self._sequence = sequence
        self._finished = finished
        self._effort = 0
        self._records: list[Record] = []
        self._damage: list[Damage] = []

    def run(self) -> Batch:
        while self._position < len(self._window) and self._step():
            pass
        offset = self._start + self._position
        return Batch(self._records, offset, self._sequence, self._damage, self._finished and offset >= self._size)

    def _step(self) -> bool:
        """Take one record or one piece of damage; False when this call has no more to give."""
        data, position = self._window, self._position
        left = self._size - self._start - position
        if left < _SHORTEST:
            return self._finished and left > 0 and self._report(position + left, "cut off")
        if len(data) - position < _SHORTEST:
            return self._refill(_SHORTEST)
        length, check, sequence, kind, at = frame.HEAD.unpack_from(data, position)
        if not frame.plausible(length):
            return self._search("not a record")
        size = frame.PAYLOAD_AT + length
        if size > left:  # still being written, as far as anybody can tell while there is a writer
            return self._finished and self._search("cut off")
        if size > len(data) - position:
            return self._refill(size)
        end = position + size
        if frame.checksum(data, position, end) != check:
            return self._step_over(end)
        if sequence <= self._sequence:
            return self._report(end, f"record {sequence} again")
        if sequence > self._sequence + 1 and not self._just_damaged():
            missing = f"{sequence - self._sequence - 1} records missing"
            self._damage.append(Damage(self._start + position, 0, missing, b""))
        self._records.append(Record(kind, at, data[position + _SHORTEST : end], sequence, self._start + position))
        self._sequence = sequence
        self._position = end
        return True

    def _refill(self, need: int) -> bool:
        """See that the window holds `need` bytes from the position on: now, or in the next call, which starts there."""
        if self._position:
            return False
        self._window = self._pread(need, self._start)
        return len(self._window) >= need

    def _report(self, end: int, reason: str) -> bool:
        """The window up to `end` is damage; go on behind it."""
        piece = self._window[self._position : end]
        self._damage.append(Damage(self._start + self._position, len(piece), reason, piece))
        self._position = end
        return True

    def _just_damaged(self) -> bool:
        return bool(self._damage) and self._damage[-1].offset + self._damage[-1].length == self._start + self._position

    def _step_over(self, end: int) -> bool:
        """The checksum is wrong. Most often the length is right, and the next record begins at `end`."""
        if self._start + end == self._size:
            return self._finished and self._search("wrong checksum", end)
        following = self._peek(self._start + end)
        if following is not None and following - self._sequence in (1, 2):
            end -= self._widen()
            if not self._is_within(end):
                return self._report(end, "wrong checksum")
        return self._search("wrong checksum")

    def _is_within(self, end: int) -> bool:
        """Whether what begins at `end` of the window is part of a record, so that the length which led there was what
        is damaged: one that begins before it reaches over it, or those behind it begin again at a lower number."""
        scan = self._position + 1
        while (candidate := self._candidate(scan)) is not None and candidate < end and self._effort <= _EFFORT:
            scan = candidate + 1
            if len(self._window) - candidate >= _SHORTEST:
                length = frame.HEAD.unpack_from(self._window, candidate)[0]
                if candidate + frame.PAYLOAD_AT + length > end and self._peek(self._start + candidate) is not None:
                    return True
        return len(self._window) - end >= _SHORTEST and self._good(end) not in (0, end)

    def _candidate(self, start: int) -> int | None:
        """Where in the window, from `start` on, the next thing is that has a kind and a sequence like those of ours."""
        high = self._sequence >> 32
        tops = b"|".join(re.escape((high + more).to_bytes(4, "little")) for more in (0, 1))
        # The upper half of the sequence is 12 bytes behind the beginning.
        found = re.compile(b"(?:" + tops + b")" + _KIND, re.DOTALL).search(self._window, start + 12)
        return found.start() - 12 if found else None

    def _widen(self) -> int:
        """See far enough to search. Returns by how much the window has moved."""
        moved = self._position
        if len(self._window) - moved >= _VIEW:
            return 0
        self._start += moved
        self._window, self._position = self._pread(_VIEW, self._start), 0
        return moved

    def _search(self, reason: str, otherwise: int = 0) -> bool:
        """Find the next good record and report what is before it; without one, up to `otherwise` or all we see."""
        otherwise = max(otherwise - self._widen(), 0)
        at_end = self._start + len(self._window) >= self._size
        scan = self._position + 1
        while (candidate := self._candidate(scan)) is not None:
            scan = candidate + 1
            if self._effort > _EFFORT:
                return self._report(candidate, reason)
            if len(self._window) - candidate >= _SHORTEST and (skip := self._good(candidate)):
                if skip == candidate:
                    return self._report(candidate, reason)
                scan = skip
        if not at_end:
            return self._report(max(len(self._window) - _SHORTEST + 1, self._position + 1), reason)
        # Behind the newest bytes of a live file more may come that makes sense of them.
        return self._finished and self._report(otherwise or len(self._window), reason)

    def _good(self, candidate: int) -> int:
        """Where to go on when something like a record is at `candidate`: there, behind it, or 0: it is none.

        A program may print a journal. Records inside a damaged record are not ours: their numbers run on, and the
        record behind them starts again at a lower number that fits us.
        """
        length, _, sequence, _, _ = frame.HEAD.unpack_from(self._window, candidate)
        if not frame.plausible(length) or sequence <= self._sequence:
            return 0
        if self._start + candidate + frame.PAYLOAD_AT + length > self._size:
            return 0 if self._finished else candidate
        if self._peek(self._start + candidate) is None:
            return 0
        last, position = sequence, candidate
        while frame.intact(self._window, position):
            length, _, sequence, _, _ = frame.HEAD.unpack_from(self._window, position)
            if position > candidate and sequence <= last:
                return position if sequence > self._sequence else candidate
            last, position = sequence, position + frame.PAYLOAD_AT + length
            self._effort += length
        return candidate

    def _peek(self, offset: int) -> int | None:
        """The sequence of the good record at `offset` of the file, None when there is none."""
        start = offset - self._start
        if start + _SHORTEST <= len(self._window):
            data = self._window
        else:
            data, start = self._pread(_SHORTEST, offset), 0
        if len(data) - start < _SHORTEST:
            return None
        length, _, sequence, _, _ = frame.HEAD.unpack_from(data, start)
        size = frame.PAYLOAD_AT + length
        if not frame.plausible(length) or offset + size > self._size:
            return None
        self._effort += size
        if start + size > len(data):
            data, start = self._pread(size, offset), 0
        return int(sequence) if frame.intact(data, start) else None

    def _pread(self, size: int, offset: int) -> bytes:
        """Never beyond the size the file had at first: what is appended meanwhile is for the next call."""
        os.lseek(self._fd, offset, os.SEEK_SET)
        return os.read(self._fd, max(min(size, self._size - offset), 0))

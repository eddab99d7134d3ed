"""Words in a chunk of output, found in its bytes: many times quicker than making its lines readable first.

Only where the bytes are what a person reads: ASCII, nothing that moves the cursor, colours or is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_READ = {9, 10, *range(0x20, 0x7F)}
_LOWER = bytes(byte + 32 if 0x41 <= byte <= 0x5A else byte if byte in _READ else 0 for byte in range(256))


def plain(data: bytes) -> bytes | None:
    """The same in small letters, byte for byte but for CR LF; None when it is not plain."""
    lowered = (data.replace(b"\r\n", b"\n") if b"\r" in data else data).translate(_LOWER)
    return None if b"\0" in lowered else lowered


class Place(NamedTuple):
    """A line of plain bytes, and where it stands."""

    line: int  # counted from 0
    begin: int
    end: int


def lines_with(words: Sequence[bytes], lowered: bytes) -> list[Place]:
    """Which lines of plain bytes hold all words somewhere; `words` in small letters, one or more."""
    first, *others = sorted(words, key=len, reverse=True)  # the longest is likely the rarest
    found: list[Place] = []
    line = counted = 0
    at = lowered.find(first)
    while at >= 0:
        end = lowered.find(b"\n", at)
        end = len(lowered) if end < 0 else end
        begin = lowered.rfind(b"\n", 0, at) + 1
        for word in others:
            if lowered.find(word, begin, end) < 0:
                break
        else:
            line, counted = line + lowered.count(b"\n", counted, begin), begin
            found.append(Place(line, begin, end))
        at = lowered.find(first, end)
    return found

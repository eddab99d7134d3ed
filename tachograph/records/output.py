"""What a program printed: raw bytes in chunks cut at line ends, and single clean lines for people."""

from __future__ import annotations

import msgspec


class OutputChunk(msgspec.Struct, frozen=True, gc=False):
    """Consecutive bytes of one stream of one session, secrets masked, escape sequences kept."""

    session_id: str
    stream: str  # stdout (also a terminal's only stream), stderr, input
    line_first: int  # number of the first line that begins in this chunk, from 1
    lines: int  # line ends in it
    data: bytes
    times: tuple[tuple[int, int], ...]  # (at in ns, bytes): when each piece of `data` arrived
    id: int = 0


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line of output as a person reads it: no escape sequences, no overwritten text."""

    number: int
    text: str
    at: int = 0  # ns when its last byte arrived

"""Histories that their agent has compressed (zstd): read in bounded memory, however large they claim to be inside.

What a compressed file holds cannot be masked where it stands. When there is a secret inside, a file with the masked
text takes its place in the archive, and the vault has the file as it was.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

import zstandard

from tachograph.extract.redact import Redacted, Secret
from tachograph.ingest.history_bytes import LINE_MAX, lines_in
from tachograph.readers.json_lines import unknown
from tachograph.records import Unknown

_MAGIC = b"\x28\xb5\x2f\xfd"
_PART = 1 << 20
_WINDOW = 1 << 27  # bytes that a frame may want to look back on, as `zstd --long` writes it
_ALWAYS, _RATIO, _MOST = 64 << 20, 200, 1 << 30  # bytes that may come out; times as many as went in; never more


def is_packed(head: bytes) -> bool:
    return head[:4] == _MAGIC


def head(data: bytes, size: int) -> bytes:
    """The first bytes of what a file holds that begins with `data`."""
    found = b""
    for part in _Parts(data):
        found += part
        if len(found) >= size:
            break
    return found[:size]


def plain(data: bytes) -> Iterator[bytes]:
    """What a file holds, as far as it can be read and is no bomb."""
    return iter(_Parts(data))


def lines_of(data: bytes) -> Iterator[bytes | Unknown]:
    """Masked lines, and what was wrong: a line too long, a file that is damaged or holds too much."""
    parts = _Parts(data)
    for line in lines_in(parts):
        yield unknown(f"a line of more than {LINE_MAX >> 20} MB", b"") if line is None else line
    if parts.wrong:
        yield unknown(parts.wrong, data[:0])


def packed(parts: Iterable[bytes]) -> bytes:
    """A file that holds these."""
    compressed = io.BytesIO()
    with zstandard.ZstdCompressor(level=3).stream_writer(compressed, closefd=False) as writer:
        for part in parts:
            writer.write(part)
    return compressed.getvalue()


def masked(data: bytes) -> Redacted:
    """The file with the secrets in its text masked; itself when there are none."""
    hidden = 0

    def lines() -> Iterator[bytes]:
        nonlocal hidden
        for line in lines_in(plain(data)):
            hidden += (line or b"").count(b"[redacted:")
            yield (line or b"") + b"\n"

    compressed = packed(lines())
    if not hidden:
        return Redacted(data, ())
    return Redacted(compressed, (Secret("compressed", 0, len(data), len(compressed)),))


class _Parts:
    """What comes out of a compressed file, as far as it is no bomb. `wrong` says why it is not all."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.wrong = ""

    def __iter__(self) -> Iterator[bytes]:
        left = min(max(_ALWAYS, _RATIO * len(self._data)), _MOST)
        stream = zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(self._data, read_across_frames=True)
        try:
            while part := stream.read(_PART):
                left -= len(part)
                if left < 0:
                    self.wrong = "a compressed file that holds too much"
                    return
                yield part
        except zstandard.ZstdError:
            self.wrong = "a damaged compressed file"

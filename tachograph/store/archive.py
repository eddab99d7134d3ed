"""The contents of the archive: bytes of files, in parts that end where a line ends and where its content says so, so
that files which repeat each other share parts.

Parts that are stored together are one zstd stream, flushed at the end of each: what repeats over megabytes costs
little, and a part can still be read, shared or left alone, with those that are before it in its stream (`after`).
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import zstandard

from tachograph.errors import StoreDamaged
from tachograph.store import queries
from tachograph.store.filters import numbers

_sql = queries.load("archive")
PART_MIN, PART_MAX = 128 * 1024, 512 * 1024  # bytes
_CUT_MASK = 7  # a part ends at one line in eight, once it is long enough
_LEVEL = 3
_FLUSH = zstandard.COMPRESSOBJ_FLUSH_BLOCK


def parts(data: bytes) -> Iterator[bytes]:
    """Cut at the first line end past PART_MIN whose line says so, at PART_MAX at the latest."""
    begin = 0
    while len(data) - begin > PART_MIN:
        end = data.find(b"\n", begin + PART_MIN - 1) + 1
        while 0 < end <= begin + PART_MAX and not _ends(data, end):
            end = data.find(b"\n", end) + 1
        if end <= 0 or end > begin + PART_MAX:
            if len(data) - begin <= PART_MAX:
                break
            end = begin + PART_MAX
        yield data[begin:end]
        begin = end
    if begin < len(data):
        yield data[begin:]


def may_grow(part: bytes) -> bool:
    """Whether a stored part is not complete: the same question `parts` asks."""
    return len(part) < PART_MIN or (len(part) < PART_MAX and not _ends(part, len(part)))


def _ends(data: bytes, end: int) -> bool:
    """Whether a part may end here: the last bytes before a line end decide, so equal content is cut alike."""
    return data[end - 1 : end] == b"\n" and zlib.crc32(data[max(0, end - 256) : end]) & _CUT_MASK == 0


def add(connection: Any, contents: Sequence[bytes]) -> list[int]:
    """Inside a transaction: the row of each; what is there already is not stored again."""
    rows: list[int] = []
    stream: Any = None
    before: int | None = None
    for data in contents:
        digest = _digest(data)
        row = connection.execute(_sql.known, (digest,)).get
        if row is None:
            stream = stream or _stream(sum(map(len, contents)))
            packed = stream.compress(data) + stream.flush(_FLUSH)
            before = row = connection.execute(_sql.add, (digest, len(data), before, packed)).get
        rows.append(row)
    return rows


def drop(connection: Any, rows: Iterable[int]) -> None:
    """Inside a transaction: those that no file has any more and nothing is read by way of, and what is then left."""
    left = set(rows)
    while left:
        before = connection.execute(_sql.drop, (left.pop(),)).get
        if before is not None:
            left.add(before)


def detach(connection: Any, rows: Iterable[int]) -> None:
    """Inside a transaction: contents among these that no file has go also where others are read by way of them."""
    unwanted = connection.execute(_sql.unwanted.format(numbers=numbers(rows))).fetchall()
    rewrite(connection, (row for (row,) in unwanted), {})


def rewrite(connection: Any, rows: Iterable[int], contents: Mapping[int, bytes]) -> None:
    """Inside a transaction: the streams that some rows are in are written anew, without what no file has any more, and
    with other contents of the same size. A row stays what it is, unless its new content is there already."""
    left = set(rows)
    while left:
        chain = [row for (row,) in connection.execute(_sql.chain, (left.pop(),))]
        left.difference_update(chain)
        reader = Reader(connection)
        found = {row: reader.read(row) for row in chain}
        _rewrite_stream(connection, {row: contents.get(row, data) for row, data in found.items()})


def _rewrite_stream(connection: Any, contents: Mapping[int, bytes]) -> None:
    stream, before, gone = _stream(sum(map(len, contents.values()))), None, list[int]()
    for row, data in contents.items():
        digest = _digest(data)
        same = connection.execute(_sql.known, (digest,)).get
        if same not in (None, row):
            connection.execute(_sql.move_parts, (same, row))
        if not connection.execute(_sql.is_part, (row,)).get:
            gone.append(row)
            continue
        packed = stream.compress(data) + stream.flush(_FLUSH)
        connection.execute(_sql.change, (digest, before, packed, row))
        before = row
    connection.executemany(_sql.forget, [(row,) for row in reversed(gone)])


class Reader:
    """Gives contents back; one after the other of a stream, each costs no more than itself."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._last: int | None = None  # the row that the stream was read up to
        self._source: Any = None
        self._stream: Any = None

    def read(self, row: int) -> bytes:
        """One content. Raises StoreDamaged for what is not as it was stored."""
        if row == self._last:
            self._last = None
        chain: list[tuple[int, int, bytes, bytes]] = []
        wanted: int | None = row
        while wanted is not None and wanted != self._last:
            found = self._connection.execute(_sql.content, (wanted,)).fetchone()
            if found is None:
                raise _damaged()
            chain.append((wanted, *found[1:]))
            wanted = found[0]
        if wanted is None:
            self._source = _Source()
            self._stream = zstandard.ZstdDecompressor().stream_reader(self._source)
        self._last = None
        data = b""
        for _, size, digest, packed in reversed(chain):
            data = self._unpacked(packed, size)
            if _digest(data) != digest:
                raise _damaged()
        self._last = row
        return data

    def _unpacked(self, packed: bytes, size: int) -> bytes:
        """The next of the stream; never more than its size, whatever it claims to unpack to."""
        self._source.parts.append(packed)
        try:
            return bytes(self._stream.read(size)) if 0 < size <= PART_MAX else b""
        except zstandard.ZstdError:
            raise _damaged() from None


class _Source:
    """What a stream is read from: it is asked for more only when all before was used up."""

    def __init__(self) -> None:
        self.parts: deque[bytes] = deque()

    def read(self, _: int) -> bytes:
        return self.parts.popleft() if self.parts else b""


def damaged(connection: Any) -> list[str]:
    """Files that cannot be given back as they were, by their paths. Reads all of the archive."""
    contents, broken = Reader(connection), list[int]()
    for (row,) in connection.execute(_sql.all).fetchall():
        try:
            contents.read(row)
        except StoreDamaged:
            broken.append(row)
    return [path for (path,) in connection.execute(_sql.files.format(numbers=numbers(broken)))] if broken else []


def _stream(size: int) -> Any:
    parameters = zstandard.ZstdCompressionParameters.from_level(_LEVEL, source_size=size)
    return zstandard.ZstdCompressor(compression_params=parameters).compressobj()


def _digest(data: bytes) -> bytes:
    return sha256(data).digest()[:16]


def _damaged() -> StoreDamaged:
    return StoreDamaged("a part of the archive is damaged", "`tachograph db check` looks at the whole file")

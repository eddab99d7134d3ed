"""What programs printed: zstd chunks of raw bytes, each piece with the time it arrived.

How bytes become readable lines is not known here: `split` is handed in when the store is opened.
"""

from __future__ import annotations

import bisect
import io
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import zstandard

from tachograph.errors import UsageError
from tachograph.records import Line, OutputChunk
from tachograph.store import queries
from tachograph.store.filters import check_times, numbers
from tachograph.store.packing import unpack
from tachograph.store.parts import PART, PARTS
from tachograph.store.sessions import Sessions
from tachograph.store.writer import Writer

_sql = queries.load("output")
Split = Callable[[bytes, int], list[tuple[int, str]]]
STREAMS = ("stdout", "stderr", "input", "tool")
TOOL_STREAM = 3  # what tool calls returned: not part of what a terminal showed
CHUNK_BYTES = 64 * 1024  # raw; measured: 13 × smaller than a row a line, and 1.4 GB/s to search through
LINE_MAX = 2**63 - 1
PASSAGE = 4096  # characters of a passage that are enough, however few its parts are


class Chunk(NamedTuple):
    """A chunk as it is written: `pieces` are (at in ns, bytes) in order, their bytes sum up to len(data)."""

    stream: int
    number: int
    line_first: int
    lines: int
    data: bytes
    pieces: Sequence[tuple[int, int]]


class Output:
    """`store.output`"""

    def __init__(self, writer: Writer, sessions: Sessions, split: Split) -> None:
        self._writer = writer
        self._connection = writer.connection
        self._sessions = sessions
        self._split = split
        self._compress = zstandard.ZstdCompressor(level=3).compress

    def write(self, session: int, chunks: Sequence[Chunk]) -> None:
        """Store chunks of one session (its row number); a chunk of the same number is replaced: it has grown."""
        if not chunks:
            return
        self._writer.touch(session)
        times = [at for chunk in chunks for at, _ in chunk.pieces]
        self._connection.execute(_sql.widen_session, (min(times), max(times), session))
        self._connection.executemany(
            _sql.write,
            [
                (
                    session, c.stream, c.number, c.line_first, c.lines, c.pieces[0][0], c.pieces[-1][0], len(c.data),
                    self._compress(c.data), pack_times(c.pieces),
                )
                for c in chunks
            ],
        )  # fmt: skip

    def index(self, session: int, stream: int, first: int, last: int, text: str) -> None:
        """Make lines first..last of a stream searchable: as short passages where `text` is these lines one by one, or
        a search for two words would read all that has both anywhere near each other."""
        if text.count("\n") != last - first:
            self._writer.passage(session, stream, first, last, text)
            return
        begin = end = parts = 0
        while (at := text.find("\n", end + PART)) >= 0:
            parts, end = parts + 1, at + 1
            if parts == PARTS or end - begin >= PASSAGE:
                passage = text[begin:at]
                line = first + passage.count("\n")
                if not passage.isspace():
                    self._writer.passage(session, stream, first, line, passage)
                begin, first, parts = end, line + 1, 0
        passage = text[begin:]
        if passage and not passage.isspace():
            self._writer.passage(session, stream, first, last, passage)

    def index_lines(self, session: int, chunk: Chunk) -> None:
        """Make the lines of a chunk searchable, unless somebody typed them."""
        lines = [] if STREAMS[chunk.stream] == "input" else self._split(chunk.data, chunk.line_first)
        if lines:
            self.index(session, chunk.stream, lines[0][0], lines[-1][0], "\n".join(text for _, text in lines))

    def index_now(self) -> None:
        """Inside a transaction: `Writer.index`."""
        self._writer.index()

    def clear_index(self, session: int) -> bool:
        """Inside a transaction: what a session (its row number) printed is not searched any more, since it is about to
        be told again. False when it has printed nothing."""
        if not self._connection.execute(_sql.has_printed, (session,)).get:
            return False
        for stream in range(TOOL_STREAM):
            self._writer.unindex(session, stream, 0, LINE_MAX)
        return True

    def keep(self, session: int, chunks: dict[int, int]) -> None:
        """Inside a transaction: only the first so many chunks of each stream that was printed."""
        self._writer.touch(session)
        self._connection.executemany(
            _sql.drop_after, [(session, stream, chunks.get(stream, 0)) for stream in range(TOOL_STREAM)]
        )

    def streams(self, session: str) -> dict[str, int]:
        """The streams that have output, with the number of their last line."""
        number = self._sessions.number(session)
        last = [self.last(number, row[0]) for row in self._connection.execute(_sql.streams, (number,)).fetchall()]
        return {STREAMS[c.stream]: c.line_first + c.lines - c.data.endswith(b"\n") for c in last if c is not None}

    def last(self, session: int, stream: int) -> Chunk | None:
        """The chunk of a stream that may still grow."""
        row = self._connection.execute(_sql.last, (session, stream)).fetchone()
        return row and Chunk(stream, row[0], row[1], row[2], unpack(row[3]), unpack_times(row[4]))

    def chunks(self, session: str, stream: str | None = None, after: int = -1) -> Iterator[OutputChunk]:
        """A session's chunks in order, one stream or all that were printed, by time; `after` skips chunks up to it.

        No statement stays open between two chunks. Raises NotFound for an unknown session.
        """
        number = self._sessions.number(session)
        wanted = range(TOOL_STREAM) if stream is None else (_number(stream),)
        listed = self._connection.execute(_sql.ids.format(numbers=numbers(wanted)), (number, after)).fetchall()
        for (chunk,) in listed:
            found = self.chunk(session, chunk)
            if found:
                yield found

    def between(
        self, session: str, stream: str | None = None, since: int | None = None, until: int | None = None
    ) -> list[int]:
        """The ids of the chunks that hold something of that time (ns), in the order of `chunks`. Raises NotFound,
        UsageError."""
        check_times(since, until)
        number = self._sessions.number(session)
        wanted = range(TOOL_STREAM) if stream is None else (_number(stream),)
        values = (number, -1 if since is None else since, LINE_MAX if until is None else until)
        return [row[0] for row in self._connection.execute(_sql.between.format(numbers=numbers(wanted)), values)]

    def chunk(self, session: str, chunk: int) -> OutputChunk | None:
        """One of them by its id; None when it is gone."""
        row = self._connection.execute(_sql.by_id, (chunk,)).fetchone()
        if row is None:
            return None
        times = tuple(unpack_times(row[4]))
        return OutputChunk(session, STREAMS[row[0]], row[1], row[2], unpack(row[3]), times, row[5])

    def lines(self, session: str, first: int = 1, last: int | None = None, stream: str = "stdout") -> list[Line]:
        """Readable lines first..last of a stream, both included."""
        end = LINE_MAX if last is None else last
        found: list[Line] = []
        for chunk in self.covering(self._sessions.number(session), _number(stream), first, end):
            found += [line for line in self.readable(chunk) if first <= line.number <= end]
        return found

    def tail(self, session: str, count: int, stream: str = "stdout") -> list[Line]:
        """The last `count` readable lines."""
        number = self._sessions.number(session)
        found: list[Line] = []
        listed = self._connection.execute(_sql.ids_backwards, (number, _number(stream))).fetchall()
        for (chunk,) in listed:
            found[:0] = self.readable(chunk)
            if len(found) >= count:
                break
        return found[-count:] if count else []

    def covering(self, session: int, stream: int, first: int, last: int) -> list[int]:
        """The ids of the chunks that hold some lines of a stream; `session` is a row number."""
        values = {"session": session, "stream": stream, "first": first, "last": last}
        return [row[0] for row in self._connection.execute(_sql.covering, values)]

    def around(self, session: int, stream: int, first: int, last: int) -> tuple[int, int, int] | None:
        """The one chunk (id, first and last line) that holds some lines of a stream and begins and ends with others;
        None when it is not that simple. `session` is a row number."""
        row = self._connection.execute(_sql.before, (session, stream, first)).fetchone()
        return row if row is not None and last < row[2] else None

    def raw(self, session: int, stream: int, first: int, size: int) -> bytes:
        """Up to `size` bytes as they were stored, from the beginning of line `first`; `session` is a row number."""
        found = b""
        for chunk in self.covering(session, stream, first, LINE_MAX):
            _, line_first, _, packed, *_ = self._connection.execute(_sql.by_id, (chunk,)).fetchone()
            data = unpack(packed)
            if not found:
                before = data.split(b"\n", max(0, first - line_first))
                data = before[-1] if len(before) > first - line_first else b""
            found += data
            if len(found) >= size:
                break
        return found[:size]

    def readable(self, chunk: int) -> list[Line]:
        """The lines of a chunk, by its id, with the time each was complete."""
        opened = self.opened(chunk)
        return [] if opened is None else opened.lines(0, LINE_MAX)

    def opened(self, chunk: int) -> Opened | None:
        """A chunk by its id, to look at some of its lines."""
        row = self._connection.execute(_sql.by_id, (chunk,)).fetchone()
        return None if row is None else Opened(unpack(row[3]), row[4], row[1], row[2], self._split)


class Opened:
    """A chunk unpacked. Lines are made readable as far as they are asked for: that costs more than unpacking."""

    def __init__(self, data: bytes, times: bytes, line_first: int, lines: int, split: Split) -> None:
        self.data = data
        self.first = line_first
        self.last = line_first + lines - 1
        self._times = times
        self._split = split
        self._rows: list[bytes] = []
        self._clock: LineClock | None = None

    def raw(self, first: int, last: int) -> bytes:
        """The bytes of the lines first..last, as far as they are in this chunk."""
        self._rows = self._rows or self.data.split(b"\n")
        return b"\n".join(self._rows[max(first - self.first, 0) : max(last - self.first + 1, 0)])

    def texts(self, first: int, last: int) -> list[tuple[int, str]]:
        """(number, text) of the same lines."""
        here = first <= self.last and self.first <= last
        return self._split(self.raw(first, last), max(first, self.first)) if here else []

    def lines(self, first: int, last: int) -> list[Line]:
        """The same with the time each was complete."""
        if self._clock is None:
            self._clock = LineClock(self.data, unpack_times(self._times), self.first)
        return [Line(number, text, self._clock.at(number)) for number, text in self.texts(first, last)]


def _number(stream: str) -> int:
    if stream not in STREAMS:
        raise UsageError(f"there is no stream {stream!r}", f"name one of {', '.join(STREAMS)}")
    return STREAMS.index(stream)


class LineClock:
    """When was line n complete? Counts line ends a piece at a time, not a line at a time."""

    def __init__(self, data: bytes, pieces: Sequence[tuple[int, int]], line_first: int) -> None:
        self._times = [at for at, _ in pieces]
        self._ends: list[int] = []
        position, line = 0, line_first
        for _, size in pieces:
            line += data.count(b"\n", position, position + size)
            position += size
            self._ends.append(line)

    def at(self, line: int) -> int:
        """Time in ns of the piece that holds the end of that line."""
        if not self._times:
            return 0
        return self._times[min(bisect.bisect_right(self._ends, line), len(self._times) - 1)]


def pack_times(pieces: Sequence[tuple[int, int]]) -> bytes:
    """(at, bytes) pairs → zigzag varints of the ns since the piece before, and the sizes."""
    out = bytearray()
    before = 0
    for at, size in pieces:
        step = at - before
        for value in ((step << 1) ^ (step >> 63), size):
            rest = value
            while rest > 127:
                out.append(rest & 127 | 128)
                rest >>= 7
            out.append(rest)
        before = at
    return bytes(out)


def unpack_times(packed: bytes) -> list[tuple[int, int]]:
    """The reverse of `pack_times`."""
    values, shift, value = [], 0, 0
    for byte in io.BytesIO(packed).getbuffer():
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            values.append(value)
            shift = value = 0
    at, pieces = 0, []
    for step, size in zip(values[::2], values[1::2], strict=True):
        at += (step >> 1) ^ -(step & 1)
        pieces.append((at, size))
    return pieces

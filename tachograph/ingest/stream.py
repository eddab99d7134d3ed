"""One output stream of one session on its way into the store: cut into lines, masked, extracted, chunked.

Holds what cannot be stored yet: the bytes after the last line end, which may still grow into something (a secret, a
match). They stay in the journal too, unimported, so that nothing unmasked is ever written and a restart finds them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tachograph.extract.extractor import Extractor, Found
from tachograph.extract.lines import split
from tachograph.extract.redact import Secret, redact
from tachograph.extract.rules import Rules
from tachograph.store.output import CHUNK_BYTES, Chunk, LineClock

INPUT = 2
PENDING_MAX = CHUNK_BYTES  # a longer line is handled in parts
KEY_HELD = 16 * 1024  # a private key is held back until its end is there, but not for ever

Pieces = list[tuple[int, int]]  # (at in ns, bytes)


class Passage(NamedTuple):
    first: int
    last: int
    text: str


class Step(NamedTuple):
    """What a block of output adds: chunks to write, findings with the clock of their lines, text to index."""

    chunks: list[Chunk]
    found: list[tuple[Found, int]]
    passages: list[Passage]
    bytes: int


class Stream:
    """State of one stream; everything in it can be rebuilt from the store and the journal."""

    def __init__(self, number: int, rules: Rules, chunk: Chunk | None, state: dict[str, object]) -> None:
        """`chunk` is the stored last chunk; `state` what `state()` gave when it was stored."""
        self.stream = number
        self._rules = rules
        self._extractor = Extractor(rules, state.get("extractor"))  # type: ignore[arg-type]
        self._prompted = int(state.get("prompted", 0))  # type: ignore[call-overload]
        self._number, self._data, self._pieces, self._line_first = 0, bytearray(), [], 1
        if chunk is not None:
            # The stored chunk may end in part of a line that was shown early; the journal still has that part.
            complete = int(state.get("complete", len(chunk.data)))  # type: ignore[call-overload]
            self._number, self._line_first = chunk.number, chunk.line_first
            self._data = bytearray(chunk.data[:complete])
            self._pieces = _cut(chunk.pieces, complete)[0]
        self.line = self._line_first + self._data.count(b"\n")  # the number of the line that is being written
        self.pending = b""
        self.pending_pieces: Pieces = []

    def state(self) -> dict[str, object]:
        """Small and JSON-able; goes into the store with the rows."""
        return {"extractor": self._extractor.state(), "prompted": self._prompted, "complete": len(self._data)}

    def feed(self, pieces: Sequence[tuple[int, bytes]]) -> Step:
        """Take bytes as they were read; gives what is complete."""
        before = len(self.pending)
        raw = self.pending + b"".join(data for _, data in pieces)
        sizes = self.pending_pieces + [(at, len(data)) for at, data in pieces]
        end = raw.rfind(b"\n", before) + 1
        end = _before_open_key(raw, end) if end else 0
        if len(raw) - end > PENDING_MAX:
            end = len(raw)
        done, self.pending_pieces = _cut(sizes, end)
        self.pending = raw[end:]
        return self._take(raw[:end], done)

    def finish(self) -> Step:
        """The stream is over: its last line needs no end."""
        step = self._take(self.pending, self.pending_pieces)
        self.pending, self.pending_pieces = b"", []
        if self.stream == INPUT:
            return step
        last = [(found, 0) for found in self._extractor.finish()]
        return step._replace(found=step.found + last)

    def glimpse(self) -> Step:
        """The unfinished line as it stands, for those who watch: a prompt has no line end. Nothing is consumed."""
        masked = redact(self.pending).data
        pieces = [*self._pieces, (self.pending_pieces[-1][0], len(masked))]
        chunk = self._chunk(bytes(self._data) + masked, pieces)
        found: list[tuple[Found, int]] = []
        if self.stream != INPUT and self._prompted != self.line:
            alone = Extractor(self._rules)
            asked = [f for f in alone.feed(split(masked, self.line), final=True) if f.event_type == "confirmation"]
            if asked:
                self._prompted = self.line
                found = [(asked[-1], self.pending_pieces[-1][0])]
        return Step([chunk], found, [], 0)

    @property
    def lines(self) -> int:
        """Lines so far, the unfinished one included."""
        return self.line - 1 + bool(self.pending or (self._data and self._data[-1:] != b"\n"))

    def _take(self, raw: bytes, pieces: Pieces) -> Step:
        if not raw:
            return Step([], [], [], 0)
        masked = redact(raw)
        data, pieces = masked.data, _shifted(pieces, masked.secrets)
        lines = split(data, self.line)
        clock = LineClock(data, pieces, self.line)
        found = [] if self.stream == INPUT else self._extract(lines, clock)
        passages = [] if self.stream == INPUT else _passages(lines)
        self.line += data.count(b"\n")
        return Step(self._chunks(data, pieces), found, passages, len(data))

    def _extract(self, lines: list[tuple[int, str]], clock: LineClock) -> list[tuple[Found, int]]:
        return [
            (found, clock.at(found.line_number))
            for found in self._extractor.feed(lines)
            if not (found.event_type == "confirmation" and found.line_number == self._prompted)
        ]

    def _chunks(self, data: bytes, pieces: Pieces) -> list[Chunk]:
        """Append; full chunks are closed at a line end, the last one stays open and is written as it is."""
        self._data += data
        self._pieces += pieces
        chunks = []
        while len(self._data) > CHUNK_BYTES:
            end = self._data.rfind(b"\n", 0, CHUNK_BYTES) + 1 or CHUNK_BYTES
            head, self._pieces = _cut(self._pieces, end)
            chunk = self._chunk(bytes(self._data[:end]), head)
            chunks.append(chunk)
            del self._data[:end]
            self._number += 1
            self._line_first += chunk.lines
        if self._data:
            chunks.append(self._chunk(bytes(self._data), self._pieces))
        return chunks

    def _chunk(self, data: bytes, pieces: Pieces) -> Chunk:
        return Chunk(self.stream, self._number, self._line_first, data.count(b"\n"), data, _merged(pieces))


def _cut(pieces: Sequence[tuple[int, int]], end: int) -> tuple[Pieces, Pieces]:
    """Split pieces at a byte."""
    head: Pieces = []
    for index, (at, size) in enumerate(pieces):
        if size > end:
            if end:
                head.append((at, end))
            return head, [(at, size - end), *pieces[index + 1 :]]
        head.append((at, size))
        end -= size
    return head, []


def _shifted(pieces: Pieces, secrets: Sequence[Secret]) -> Pieces:
    """Pieces of the masked bytes: a mask counts for the piece its secret began in."""
    if not secrets:
        return pieces
    shifted, position, waiting = [], 0, list(secrets)
    for at, size in pieces:
        end = position + size
        length = size
        for secret in waiting:
            inside = min(secret.end, end) - max(secret.start, position)
            if inside > 0:
                length -= inside
            if position <= secret.start < end:
                length += secret.replacement_length
        shifted.append((at, length))
        position = end
        waiting = [secret for secret in waiting if secret.end > end]
    return [(at, size) for at, size in shifted if size]


def _merged(pieces: Pieces, within: int = 1_000_000) -> Pieces:
    """Pieces less than a millisecond apart become one: no eye and no replay tells them apart."""
    out: Pieces = []
    for at, size in pieces:
        if out and 0 <= at - out[-1][0] < within:
            out[-1] = (out[-1][0], out[-1][1] + size)
        else:
            out.append((at, size))
    return out


def _passages(lines: list[tuple[int, str]]) -> list[Passage]:
    """Lines in portions of about a chunk; portions without a word are left out."""
    texts = [text for _, text in lines]
    portions = sum(map(len, texts)) // CHUNK_BYTES + 1
    size = -(-len(texts) // portions)
    passages = []
    for start in range(0, len(texts), size or 1):
        text = "\n".join(texts[start : start + size])
        if text.strip():
            passages.append(Passage(lines[start][0], lines[min(start + size, len(lines)) - 1][0], text))
    return passages


def _before_open_key(raw: bytes, end: int) -> int:
    """`end`, or the beginning of the line of a private key whose last line has not come yet."""
    begin = raw.rfind(b"-----BEGIN ", 0, end)
    if begin < 0 or end - begin > KEY_HELD:
        return end
    if b"PRIVATE KEY" not in raw[begin : begin + 60] or b"-----END " in raw[begin:end]:
        return end
    return raw.rfind(b"\n", 0, begin) + 1

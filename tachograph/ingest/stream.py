"""One output stream of one session on its way into the store: cut into lines, masked, extracted, chunked.

Holds what cannot be stored yet: the bytes after the last line end, which may still grow into something (a secret, a
match). They stay in the journal too, unimported, so that nothing unmasked is ever written and a restart finds them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tachograph.extract.extractor import Extractor, Found
from tachograph.extract.lines import split
from tachograph.extract.private_keys import HELD, before_open_key
from tachograph.extract.redact import Secret, redact
from tachograph.extract.rules import Rules
from tachograph.ingest.chunker import Chunker, Passage, Pieces, cut, passages
from tachograph.ingest.timed import TimedExtractor
from tachograph.store.output import CHUNK_BYTES, Chunk, LineClock

INPUT = 2
PENDING_MAX = CHUNK_BYTES  # a longer line is handled in parts
_NEAR = HELD  # bytes in front of the end of a part, and behind it, that are looked at so as to cut no secret
_BACK = (0, 64, 256, 1024, 4096)  # bytes by which a part is shorter, where nothing better is known


class Step(NamedTuple):
    """What a block of output adds: chunks to write, findings with the clock of their lines, text to index."""

    chunks: list[Chunk]
    found: list[tuple[Found, int]]
    passages: list[Passage]
    bytes: int

    def followed_by(self, then: Step) -> Step:
        """Both as one; a chunk that has grown meanwhile is written once."""
        if not self.bytes:
            return then
        grown = {chunk.number for chunk in then.chunks}
        return Step(
            [chunk for chunk in self.chunks if chunk.number not in grown] + then.chunks,
            self.found + then.found,
            self.passages + then.passages,
            self.bytes + then.bytes,
        )


class Stream:
    """State of one stream; everything in it can be rebuilt from the store and the journal."""

    def __init__(self, number: int, rules: Rules, chunk: Chunk | None, state: dict[str, Any]) -> None:
        """`chunk` is the stored last chunk; `state` what `state()` gave when it was stored."""
        self.stream = number
        self._rules = rules
        self._extractor = TimedExtractor(rules, state.get("found"))
        self._prompted: int = state.get("prompted", 0)
        # The stored chunk may end in part of a line that was shown early; the journal still has that part.
        self._chunks = Chunker(number, chunk, state.get("complete"))
        self.pending = b""
        self.pending_pieces: Pieces = []

    def state(self) -> dict[str, Any]:
        """Small and JSON-able; goes into the store with the rows."""
        return {"found": self._extractor.state(), "prompted": self._prompted, "complete": len(self._chunks)}

    def feed(self, pieces: Sequence[tuple[int, bytes]]) -> Step:
        """Take bytes as they were read; gives what is complete."""
        before = len(self.pending)
        raw = self.pending + b"".join(data for _, data in pieces)
        sizes = self.pending_pieces + [(at, len(data)) for at, data in pieces]
        end = raw.rfind(b"\n", before) + 1
        end = before_open_key(raw, end) if end else 0
        step = Step([], [], [], 0)
        begin = 0
        for stop in _stops(raw, end):
            done, sizes = cut(sizes, stop - begin)
            step = step.followed_by(self._take(raw[begin:stop], done))
            begin = stop
        self.pending, self.pending_pieces = raw[begin:], sizes
        return step

    def finish(self) -> Step:
        """The stream is over: its last line needs no end."""
        step = self._take(self.pending, self.pending_pieces)
        self.pending, self.pending_pieces = b"", []
        if self.stream == INPUT:
            return step
        return step._replace(found=step.found + self._extractor.finish())

    def glimpse(self) -> Step:
        """The unfinished line as it stands, for those who watch: a prompt has no line end. Nothing is consumed."""
        masked = redact(self.pending).data
        chunk = self._chunks.with_more(masked, self.pending_pieces[-1][0])
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
        return self.line - 1 + bool(self.pending or self._chunks.unfinished)

    @property
    def count(self) -> int:
        """Chunks so far."""
        return self._chunks.count

    @property
    def line(self) -> int:
        """The number of the line that is being written."""
        return self._chunks.line

    def _take(self, raw: bytes, pieces: Pieces) -> Step:
        if not raw:
            return Step([], [], [], 0)
        masked = redact(raw)
        data, pieces = masked.data, shifted(pieces, masked.secrets)
        lines = split(data, self.line)
        clock = LineClock(data, pieces, self.line)
        # The rules see the first part of a line that is handled in parts.
        whole = [line for line in lines if line[0] != self.line] if self._chunks.unfinished else lines
        found = [] if self.stream == INPUT else self._extract(whole, clock)
        words = [] if self.stream == INPUT else passages(lines)
        return Step(self._chunks.add(data, pieces), found, words, len(data))

    def _extract(self, lines: list[tuple[int, str]], clock: LineClock) -> list[tuple[Found, int]]:
        return [
            (found, at)
            for found, at in self._extractor.feed(lines, clock)
            if not (found.event_type == "confirmation" and found.line_number == self._prompted)
        ]


def _stops(raw: bytes, end: int) -> list[int]:
    """Where to cut: after the complete lines, which reach to `end`, and inside a line longer than PENDING_MAX always at
    the same bytes, however it arrives: what follows a cut must be known, or that the line ends before."""
    stops = [0]
    at = 0
    while at < end or len(raw) - at > PENDING_MAX + _NEAR:
        line_end = raw.rfind(b"\n", at, min(at + PENDING_MAX, end)) + 1 if at < end else 0
        if line_end:
            at = line_end
            continue
        seen = raw[at : at + PENDING_MAX + _NEAR]
        stops.append(at)
        at += _part(seen[: seen.find(b"\n") + 1 or len(seen)])
        stops.append(at)
    return sorted({*stops, max(end, stops[-1])} - {0})


def _part(line: bytes) -> int:
    """How much of a line that is longer than PENDING_MAX is handled first: up to the last place at which both sides,
    each alone, show what they show together. A cut inside a secret would show its halves."""
    start = PENDING_MAX - _NEAR
    near = line[start:]
    together = redact(near)
    if not together.secrets:
        return PENDING_MAX
    behind = [secret.end for secret in together.secrets if secret.end < _NEAR]
    for place in sorted({*behind[-8:], *(_NEAR - back for back in _BACK)}, reverse=True):
        if redact(near[:place]).data + redact(near[place:]).data == together.data:
            return start + place
    return PENDING_MAX


def shifted(pieces: Pieces, secrets: Sequence[Secret]) -> Pieces:
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

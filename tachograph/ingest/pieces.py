"""Output that a history holds (a terminal's recording, a log), through the same streams as that of a command."""

from __future__ import annotations

from tachograph.extract.rules import Rules
from tachograph.ingest.findings import as_records
from tachograph.ingest.stream import Step, Stream
from tachograph.records import OutputPiece
from tachograph.store import Store
from tachograph.store.output import STREAMS


class Printed:
    """The streams of one session, fed by one history."""

    def __init__(self, store: Store, rules: Rules, row: int, session_id: str, agent: str, source: str) -> None:
        self._store = store
        self._rules = rules
        self._row = row
        self._session_id = session_id
        self._agent = agent
        self._source = source
        self._streams: dict[int, Stream] = {}
        self._waiting: dict[int, list[tuple[int, bytes]]] = {}
        self._bytes = 0

    def add(self, piece: OutputPiece, at: int) -> None:
        """Bytes that were shown at a time in ns."""
        number = STREAMS.index(piece.stream) if piece.stream in STREAMS else 0
        self._waiting.setdefault(number, []).append((at, piece.data))

    def flush(self) -> None:
        """Inside a transaction: what came since, as far as it is complete."""
        for number, pieces in self._waiting.items():
            if number not in self._streams:
                chunk = self._store.output.last(self._row, number)
                self._streams[number] = Stream(number, self._rules, chunk, {})
            self._write(self._streams[number], self._streams[number].feed(pieces))
        if self._waiting:
            self._count()
        self._waiting.clear()

    def close(self) -> None:
        """Inside a transaction: nothing more comes for now, so the last line needs no end."""
        for stream in self._streams.values():
            self._write(stream, stream.finish())
        if self._streams:
            self._count()

    def _write(self, stream: Stream, step: Step) -> None:
        self._store.output.write(self._row, step.chunks)
        for passage in step.passages:
            self._store.output.index(self._row, stream.stream, passage.first, passage.last, passage.text)
        extractions, blocks = as_records(
            step.found, session_id=self._session_id, agent=self._agent, stream=STREAMS[stream.stream],
            source=self._source,
        )  # fmt: skip
        self._store.extractions.add_many(extractions)
        for block in blocks:
            self._store.code_blocks.add(block)
        self._bytes += step.bytes

    def _count(self) -> None:
        lines = sum(stream.lines for number, stream in self._streams.items() if STREAMS[number] != "input")
        self._store.sessions.grow(self._row, lines=lines, output_bytes=self._bytes)
        self._bytes = 0

"""Output that a history holds (a terminal's recording, a log), through the same streams as that of a command."""

from __future__ import annotations

from tachograph.extract.rules import Rules
from tachograph.ingest.findings import as_records
from tachograph.ingest.stream import INPUT, Step, Stream
from tachograph.records import CodeBlock, Extraction, OutputPiece
from tachograph.store import Store
from tachograph.store.output import STREAMS


class Printed:
    """The streams of one session, fed by one history from its beginning. What is there already is told again: chunks
    and findings stay as far as they are the same."""

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
        self._begun = False
        self._again: tuple[list[Extraction], list[CodeBlock]] | None = None  # found so far, compared at the end

    def add(self, piece: OutputPiece, at: int) -> None:
        """Bytes that were shown at a time in ns."""
        number = STREAMS.index(piece.stream) if piece.stream in STREAMS else 0
        self._waiting.setdefault(number, []).append((at, piece.data))

    def flush(self) -> None:
        """Inside a transaction: what came since, as far as it is complete."""
        if not self._begun:
            self._begun = True
            if self._store.output.clear_index(self._row):
                self._again = ([], [])
                self._store.sessions.update(self._session_id, output_bytes=0)
        for number, pieces in self._waiting.items():
            if number not in self._streams:
                self._streams[number] = Stream(number, self._rules, None, {})
            self._write(self._streams[number], self._streams[number].feed(pieces))
        if self._waiting:
            self._count()
        self._waiting.clear()

    def settle(self) -> None:
        """Inside a transaction: what was there before, and was not told again, goes."""
        if self._again is not None:
            (extractions, blocks), self._again = self._again, None
            self._store.extractions.replace(self._session_id, extractions, blocks, source=self._source)
            self._store.output.keep(self._row, {number: stream.count for number, stream in self._streams.items()})

    def close(self) -> None:
        """Inside a transaction: nothing more comes, so the last line needs no end."""
        for stream in self._streams.values():
            self._write(stream, stream.finish())
        if self._streams:
            self._count()
        self.settle()

    def _write(self, stream: Stream, step: Step) -> None:
        self._store.output.write(self._row, step.chunks)
        for passage in step.passages:
            self._store.output.index(self._row, stream.stream, passage.first, passage.last, passage.text)
        extractions, blocks = as_records(
            step.found, session_id=self._session_id, agent=self._agent, stream=STREAMS[stream.stream],
            source=self._source,
        )  # fmt: skip
        self._bytes += step.bytes if stream.stream != INPUT else 0
        if self._again is not None:
            self._again[0].extend(extractions)
            self._again[1].extend(blocks)
            return
        self._store.extractions.add_many(extractions)
        for block in blocks:
            self._store.code_blocks.add(block)

    def _count(self) -> None:
        lines = sum(stream.lines for number, stream in self._streams.items() if number != INPUT)
        self._store.sessions.grow(self._row, lines=lines, output_bytes=self._bytes)
        self._bytes = 0

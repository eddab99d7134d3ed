"""The Python door: extract from lines, and record a process, with a store or without one.

The command line does the same through `cli.run` and the importer; nothing here is needed by it.
"""

from __future__ import annotations

import sys
import threading
from types import TracebackType

from tachograph import clock
from tachograph.errors import TachographError
from tachograph.extract import rules as rulebook
from tachograph.extract.extractor import Extractor as LineExtractor
from tachograph.extract.found import Found
from tachograph.extract.redact import redact_text
from tachograph.ingest.findings import as_records
from tachograph.records import CodeBlock, Extraction, Session
from tachograph.store import Store

BATCH_SIZE = 100  # findings: what is buffered is lost when the process is killed, so not more
FLUSH_AFTER = 5 * clock.SECOND


class Extractor:
    """Lines in, extractions out; stored in batches when a store was enabled, kept in `matches` in any case.

    Safe for several threads. A store that fails never stops extraction: what could not be written stays in the
    buffer and is tried again, `flush` says why.
    """

    def __init__(self, rules: str | None = None, *, agent: str = "python", session_id: str = "") -> None:
        """`rules` is TOML text on top of the shipped rules."""
        self.matches: list[Extraction] = []
        self.code_blocks: list[CodeBlock] = []
        self._agent, self._session_id = agent, session_id
        self._lines = LineExtractor(rulebook.load(rules or "")[0])
        self._number = 0
        self._store: Store | None = None
        self._batch_size = BATCH_SIZE
        self._buffer: list[Extraction] = []
        self._blocks: list[CodeBlock] = []
        self._flushed_at = clock.monotonic()
        self._warned = False
        self._lock = threading.RLock()

    def enable(self, store: Store, agent: str, session_id: str, *, batch_size: int = BATCH_SIZE) -> None:
        """From now on findings go into `store` too, under that agent and session."""
        with self._lock:
            self._store, self._agent, self._session_id = store, agent, session_id
            self._batch_size = batch_size

    def disable(self) -> None:
        """Write what is buffered and go on in memory only. Raises TachographError when it cannot be written."""
        with self._lock:
            self.flush()
            self._store = None

    def extract(self, line: str, line_number: int | None = None) -> list[Extraction]:
        """What one line (or several, with line ends) gives. A traceback comes out when its end is seen."""
        with self._lock:
            lines = redact_text(line)[0].split("\n")
            first = line_number or self._number + 1
            self._number = first + len(lines) - 1
            return self._keep(self._lines.feed(list(enumerate(lines, first))))

    def finish(self) -> list[Extraction]:
        """Nothing follows: what was still open comes out, and the buffer is written."""
        with self._lock:
            found = self._keep(self._lines.finish())
            self.flush()
            return found

    def flush(self) -> int:
        """Write the buffer; returns how many. Raises TachographError, and keeps everything for the next try."""
        with self._lock:
            count = len(self._buffer)
            self._flushed_at = clock.monotonic()
            if self._store is not None and (self._buffer or self._blocks):
                with self._store.transaction():
                    self._store.extractions.add_many(self._buffer)
                    for block in self._blocks:
                        self._store.code_blocks.add(block)
                self._buffer, self._blocks = [], []
            return count if self._store is not None else 0

    def clear(self) -> None:
        """Write the buffer, then forget `matches`."""
        with self._lock:
            self.flush()
            self.matches.clear()
            self.code_blocks.clear()

    @property
    def buffered(self) -> int:
        """Findings that wait to be written."""
        return len(self._buffer)

    def _keep(self, found: list[Found]) -> list[Extraction]:
        at = clock.now()
        extractions, blocks = as_records(
            [(one, at) for one in found],
            session_id=self._session_id,
            agent=self._agent,
        )
        self.matches += extractions
        self.code_blocks += blocks
        if self._store is not None:
            self._buffer += extractions
            self._blocks += blocks
            if len(self._buffer) >= self._batch_size or clock.monotonic() - self._flushed_at > FLUSH_AFTER:
                self._try_flush()
        return extractions

    def _try_flush(self) -> None:
        try:
            self.flush()
        except TachographError as error:
            if not self._warned:
                self._warned = True
                print(f"tachograph: {error}; findings are kept in memory and tried again", file=sys.stderr)

    def __enter__(self) -> Extractor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finish()


_ = Session

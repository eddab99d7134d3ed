"""One file of an agent's history on its way into the store: its bytes into the archive, what it says into sessions.

A step reads some of it and commits facts, bytes and position together. A file that grew is read on where we stopped;
a parser that did not read the beginning itself is fed it again, silently. A file that was cut or replaced is a new
generation: the old bytes stay, and steps told again are the same steps.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING, Any

import msgspec
import zstandard

from tachograph import clock
from tachograph.extract.redact import Redacted, redact
from tachograph.extract.rules import Rules
from tachograph.ingest.history_bytes import (
    BLOCK,
    DOCUMENT_MAX,
    LINE_MAX,
    QUIET,
    ZST,
    digest_of,
    is_continued,
    is_whole,
    lines_of,
    masked_lines,
    masks_of,
    opened,
    stat_fields,
    tail_of,
)
from tachograph.ingest.preparing import Prepared
from tachograph.ingest.telling import Telling
from tachograph.readers import Origin, Shape
from tachograph.readers.json_lines import unknown
from tachograph.readers.registry import reader
from tachograph.records import Fact
from tachograph.store import Store
from tachograph.store.histories import History

if TYPE_CHECKING:
    from tachograph.ingest.ahead import Ahead

RUNNING = 600 * clock.SECOND  # a session whose history is quiet for longer is over


class HistoryImport:
    """Build one for a file; `step` until it says that nothing is left; drop it after any error."""

    def __init__(
        self,
        store: Store,
        rules: Rules,
        path: str,
        module: str,
        history: History | None,
        keeps_days: float | None = None,
    ) -> None:
        self._store = store
        self._path = path
        self._module = module
        self._reader = reader(module)
        self._rules = rules
        self._history = history
        self._keeps_days = keeps_days
        self._skipping = False  # inside a line longer than LINE_MAX
        self._begin_parser(0)
        self._fed = 0  # bytes this parser has seen

    def _begin_parser(self, modified_at: int) -> None:
        self._parser = self._reader.parse(Origin(self._path, modified_at))
        self._telling = Telling(self._store, self._rules, self._reader.name, source="transcript")
        self._fed = 0

    @property
    def history(self) -> History | None:
        """Where we stand."""
        return self._history

    @property
    def sessions(self) -> list[str]:
        """Ids of the sessions it told of so far."""
        return [session.id for session in self._telling.sessions]

    def take_ahead(self, ahead: Ahead) -> None:
        """A file never seen, as another process has read it. Raises StoreError."""
        self._begin_parser(ahead.stat.st_mtime_ns)
        self._fed = -1  # this parser has seen nothing: should the file grow, it is fed the beginning
        with self._store.transaction():
            history = self._store.histories.begin(self._path, self._module)
            self._tell_all(ahead.facts, ahead.last, ahead.stat)
            self._store.histories.append(history.id, ahead.data, ahead.masks)
            self._save(history, ahead.stat, read=ahead.end, kept=ahead.size, tail=ahead.digest)

    def step(self) -> bool:
        """Import some of it; True when there is more. Raises OSError for the file, StoreError for the store."""
        with opened(self._path) as file:
            stat = os.fstat(file.fileno())
            if self._reader.shape is Shape.LINES and file.read(4) != ZST:
                return self._grow(file, stat)
            file.seek(0)
            self.take_document(file.read(DOCUMENT_MAX + 1), stat)
            return False

    # -- files that grow at their end ------------------------------------------------------------------------------

    def _grow(self, file: IO[bytes], stat: os.stat_result) -> bool:
        history = self._history
        if history is not None and not is_continued(file, stat, history):
            history = None
        position = 0 if history is None else history.read_bytes
        if self._fed != position or not position:
            self._begin_parser(stat.st_mtime_ns)
            self._recall(file, position)
        with self._store.transaction():
            if history is None:
                history = self._store.histories.begin(self._path, self._module)
            file.seek(position)
            data = file.read(BLOCK)
            if len(data) == BLOCK and b"\n" not in data and not self._skipping:
                data += file.read(LINE_MAX - BLOCK)
            at_end = file.tell() >= stat.st_size
            found = redact(data)
            taken = self._take(data, found, stat, at_end=at_end)
            self._fed = position + taken
            self._keep(history, data, found)
            kept = max(history.kept_bytes, position + len(data))
            self._save(history, stat, read=self._fed, kept=kept, tail=tail_of(file, kept))
        return not at_end

    def _recall(self, file: IO[bytes], position: int) -> None:
        """A new parser learns what the one before it knew; what it says is stored already."""
        file.seek(0)
        for line in lines_of(file, position):
            self._telling.recall(self._parser.feed(line))
        if position:
            self._telling.recall(self._parser.finish())
        self._fed = position

    def _take(self, data: bytes, found: Redacted, stat: os.stat_result, *, at_end: bool) -> int:
        """Inside a transaction: complete lines of a block into facts. Returns how many bytes that were."""
        end = data.rfind(b"\n") + 1
        facts: list[Fact] = []
        begin = 0
        if self._skipping:
            begin = data.find(b"\n") + 1 or len(data)
            self._skipping = begin == len(data) and not data.endswith(b"\n")
            end = max(begin, end)
        elif not end and len(data) >= LINE_MAX:
            facts.append(unknown(f"a line of more than {LINE_MAX >> 20} MB", data[:800]))
            self._skipping, begin, end = True, len(data), len(data)
        elif at_end and end < len(data) and is_whole(data[end:], stat):
            end = len(data)
        part = data[begin:end]
        for line in masked_lines(part, found if part == data else None):
            facts.extend(self._parser.feed(line))
        self._tell(facts, stat, at_end=at_end)
        return end

    def _keep(self, history: History, data: bytes, found: Redacted) -> None:
        """Archive of `data`, which begins at read_bytes, what is not there yet."""
        fresh = data[max(0, history.kept_bytes - history.read_bytes) :]
        if fresh:
            found = found if fresh == data else redact(fresh)
            self._store.histories.append(history.id, found.data, masks_of(fresh, found))

    # -- files that are written whole ------------------------------------------------------------------------------

    def take_document(self, data: bytes, stat: os.stat_result, mark: str = "") -> None:
        """All of a file, or one session of a database with the mark of its state."""
        history, digest = self._history, digest_of(data)
        if history is not None and history.tail == digest:
            with self._store.transaction():
                self._store.histories.save(history.id, **stat_fields(stat), mark=mark, gone_at=None)
                self._history = history._replace(**stat_fields(stat), mark=mark, gone_at=None)
            return
        self._begin_parser(stat.st_mtime_ns)
        found = redact(data)
        with self._store.transaction():
            history = history or self._store.histories.begin(self._path, self._module)
            self._tell(self._document_facts(found.data), stat, at_end=True)
            self._store.histories.replace(history.id, found.data, masks_of(data, found))
            self._save(history, stat, read=len(data), kept=len(data), tail=digest, mark=mark)

    def _document_facts(self, data: bytes) -> Iterable[Fact]:
        if len(data) > DOCUMENT_MAX:
            yield unknown(f"a document of more than {DOCUMENT_MAX >> 20} MB", data[:800])
        elif self._reader.shape is Shape.LINES:
            with zstandard.ZstdDecompressor().stream_reader(data) as plain:
                for line in lines_of(plain, None):
                    yield from self._parser.feed(line)
        else:
            yield from self._parser.feed(data)

    # -- both ------------------------------------------------------------------------------------------------------

    def _tell(self, facts: Iterable[Fact], stat: os.stat_result, *, at_end: bool) -> None:
        if at_end:
            facts = list(facts)  # before the parser is asked for the rest
            self._tell_all(facts, self._parser.finish(), stat)
        else:
            self._telling.tell(facts, now=stat.st_mtime_ns)

    def _tell_all(
        self, facts: Iterable[Fact | Prepared], last: Iterable[Fact | Prepared], stat: os.stat_result
    ) -> None:
        """Everything that is there for now, `last` once it was all read."""
        silence = clock.now() - stat.st_mtime_ns
        self._telling.tell(facts, now=stat.st_mtime_ns)
        self._telling.tell(last, now=stat.st_mtime_ns)
        if silence > QUIET:
            self._telling.close()
        self._telling.settle(over=silence > RUNNING)

    def _save(
        self, history: History, stat: os.stat_result, *, read: int, kept: int, tail: bytes, mark: str = ""
    ) -> None:
        told = self._telling
        for session in told.sessions:
            self._store.histories.told(history.id, session.row)
        keeps = None if self._keeps_days is None else stat.st_mtime_ns + int(self._keeps_days * 86_400) * clock.SECOND
        fields: dict[str, Any] = {
            **stat_fields(stat),
            "session": told.sessions[0].row if told.sessions else history.session,
            "mark": mark,
            "read_bytes": read,
            "kept_bytes": kept,
            "tail": tail,
            "unknown_lines": sum(count for count, _ in told.unknown.values()),
            "unknown_json": msgspec.json.encode(told.unknown).decode() if told.unknown else None,
            "keeps_until": keeps,
            "gone_at": None,
            "trouble": None,
        }
        self._store.histories.save(history.id, **fields)
        self._history = history._replace(**fields)

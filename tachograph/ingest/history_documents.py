"""Files that are written whole: they are read whole, too, and stored as they are now.

One that became longer takes the place of what was stored of it; a shorter one is another edition beside it.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

from tachograph.extract.redact import redact
from tachograph.ingest import bundles, packed
from tachograph.ingest.history_bytes import digest_of, masks_of
from tachograph.ingest.history_state import HistoryState
from tachograph.ingest.preparing import fed
from tachograph.readers import Shape
from tachograph.readers.registry import UNREAD
from tachograph.records import Fact, Masked, Unknown
from tachograph.store.histories import History

_PORTION = 20_000  # facts of a document that are held at once


class Unfinished(Exception):
    """A document that somebody is writing right now: there is nothing in it yet."""


class Documents(HistoryState):
    """What is done with such a file."""

    def take_document(self, data: bytes, stat: os.stat_result, mark: str = "", *, final: bool = True) -> None:
        """All of a file, or one session of a database or a folder with the mark of its state."""
        history, digest = self._history, digest_of(data)
        if history is not None and history.tail == digest:
            with self._store.transaction():
                self._touch(history, stat, mark=mark)
            return
        self._begin_parser(stat.st_mtime_ns)
        kept, masks, size = self._kept(data)
        facts = iter(self._document_facts(kept))
        if packed.is_packed(data):  # there may be much more in it than its size says
            with self._store.transaction():
                self._store.output.index_now()
        with self._store.transaction():
            while part := list(itertools.islice(facts, _PORTION)):
                self._telling.tell(part, now=stat.st_mtime_ns)
                if len(part) == _PORTION and packed.is_packed(data):
                    self._store.output.index_now()
            if not final and not self._telling.sessions:
                raise Unfinished  # somebody is writing it
            self._tell_all((), self._parser.finish(), stat)
            history = self._edition(size)
            self._store.histories.replace(history.id, kept, masks)
            self._save(history, stat, read=len(data), kept=size, tail=digest, mark=mark)
        self.bytes += len(data)

    def _kept(self, data: bytes) -> tuple[bytes, list[Masked], int]:
        """What is archived of a document, masked; its masks; how long it is without them."""
        if self._reader.shape is Shape.FOLDER:
            if self._history is not None:
                data = bundles.completed(data, b"".join(self._store.histories.read(self._history.id)))
            return (*bundles.masked(data), len(data))
        found = packed.masked(data) if packed.is_packed(data) else redact(data)
        return found.data, masks_of(data, found), len(data)

    def _edition(self, size: int) -> History:
        """The row that these bytes take: of what they hold all of, or a new one."""
        history = self._history
        if history is not None and (history.reader == UNREAD or self._reader.shape is Shape.FOLDER):
            return history
        if history is not None and size >= history.kept_bytes:
            before = set(self._store.histories.sessions(history.id))
            if not before or before & set(self.sessions):
                return history
        return self._store.histories.begin(self._name, self._module)

    def _document_facts(self, data: bytes) -> Iterator[Fact]:
        if self._reader.shape is not Shape.LINES:
            yield from fed(self._parser, data)
            return
        for line in packed.lines_of(data):
            if isinstance(line, Unknown):
                yield line
            else:
                yield from fed(self._parser, line)

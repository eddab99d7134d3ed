"""One file of an agent's history on its way into the store: its bytes into the archive, what it says into sessions.

A step reads some of it and commits facts, bytes and position together. A file that grew is read on where we stopped;
a parser that did not read the beginning itself is fed it again, silently. A file that was cut or replaced is a new
generation: the old bytes stay, and steps told again are the same steps.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING, NamedTuple

from tachograph.ingest import packed
from tachograph.ingest.history_bytes import (
    BLOCK,
    LINE_MAX,
    Block,
    is_quiet,
    lines_in,
    opened,
    read_block,
    resumed,
    same_bytes,
    tail_of,
)
from tachograph.ingest.history_documents import Documents
from tachograph.ingest.history_state import DOCUMENT_MAX
from tachograph.ingest.preparing import fed
from tachograph.readers import Shape
from tachograph.readers.json_lines import unknown
from tachograph.readers.registry import UNREAD
from tachograph.records import Fact, Unknown
from tachograph.store.histories import History

if TYPE_CHECKING:
    from tachograph.ingest.reading_ahead import Part


class _At(NamedTuple):
    """Where reading goes on. `history` None: a file never seen, or another one than was there."""

    history: History | None
    position: int = 0
    kept: int = 0
    inside: bool = False
    anew: bool = False  # what was kept of it before it was read is not needed
    lines: int = 0  # line ends in what the archive has after `kept`, which is read again


class HistoryImport(Documents):
    """Build one for a file; `step` until it says that nothing is left; drop it after any error."""

    def take_ahead(self, part: Part) -> None:
        """Some of a file, as another process has read it; parts come in order. Raises StoreError."""
        if not part.position:
            self._begin_parser(part.stat.st_mtime_ns)
        end = part.position + part.size
        with self._store.transaction():
            history = self._history or self._store.histories.begin(self._name, self._module)
            if part.last is None:
                self._telling.tell(part.facts, now=part.stat.st_mtime_ns)
            else:
                self._tell_all(part.facts, part.last, part.stat)
            self._store.histories.append(history.id, part.data, part.masks)
            self._save(history, part.stat, read=end, kept=end, tail=part.digest)
        self._fed = -1  # this parser has seen nothing: should the file grow, it is fed the beginning
        self.bytes += part.size

    def step(self, *, final: bool = False) -> bool:
        """Import some of it; True when there is more. `final`: what looks unfinished is taken as it is, too.

        Raises OSError for the file, StoreError for the store, Unfinished.
        """
        with opened(self._path) as file:
            stat = os.fstat(file.fileno())
            self._final = final = final or is_quiet(stat)
            grows = self._reader.shape is Shape.LINES and not packed.is_packed(file.read(4))
            self._mute = not grows and stat.st_size > DOCUMENT_MAX
            if grows or self._mute:
                return self._grow(file, stat, final)
            file.seek(0)
            self.take_document(file.read(DOCUMENT_MAX + 1), stat, final=final)
            return False

    def _grow(self, file: IO[bytes], stat: os.stat_result, final: bool) -> bool:
        at = self._where(file, stat)
        if at.history is not None and at.position == stat.st_size == at.history.read_bytes:
            with self._store.transaction():
                self._touch(at.history, stat)
            return False
        block = read_block(file, at.position, stat.st_size, kept=at.kept, inside=at.inside, final=final)
        end = at.position + block.size
        kept = max(at.kept, end)
        with self._store.transaction():
            history = at.history or self._store.histories.begin(self._name, self._module)
            if at.anew:
                self._store.histories.replace(history.id, b"")
            elif at.history is not None and at.kept < at.history.kept_bytes:
                self._store.histories.cut(history.id, at.lines)
            self._tell(self._facts(block), stat, at_end=block.last)
            self._store.histories.append(history.id, block.masked, block.masks)
            self._save(history, stat, read=end, kept=kept, tail=tail_of(file, kept))
        self._fed, self._inside = -1 if self._telling.closed else end, block.inside
        self.bytes += kept - at.kept
        return not block.last

    def _where(self, file: IO[bytes], stat: os.stat_result) -> _At:
        """Where to go on, with a parser that knows what is before that."""
        history = self._history
        if history is None or not self._is_continued(file, stat, history):
            self._begin_parser(stat.st_mtime_ns)
            if history is not None and (not history.kept_bytes or history.reader == UNREAD):
                return _At(history, anew=history.kept_bytes > 0)
            return _At(None)
        if stat.st_size == history.read_bytes:
            return _At(history, history.read_bytes, history.kept_bytes)
        if self._fed == history.read_bytes and self._inside:
            return _At(history, self._fed, history.kept_bytes, True)
        found = resumed(file, history.kept_bytes)
        kept = found.position
        position = min(history.read_bytes, kept)
        if self._fed != position or not position:
            self._begin_parser(stat.st_mtime_ns)
            self._recall(file, position)
            if history.read_bytes < history.kept_bytes or self._telling.prints:
                # What a terminal showed is told again from its beginning: its findings depend on all before them.
                self._begin_parser(stat.st_mtime_ns)
                return _At(history, 0, kept, lines=found.lines)
        return _At(history, position, kept, found.inside and position == kept, lines=found.lines)

    def _is_continued(self, file: IO[bytes], stat: os.stat_result, history: History) -> bool:
        """Whether what we read before is still there: by its size and its last bytes, where nothing else speaks against
        it; else by all of them."""
        if not history.kept_bytes or stat.st_size < history.kept_bytes or history.reader != self._module:
            return False
        if tail_of(file, history.kept_bytes) != history.tail:
            return False
        if stat.st_ino == history.inode and (
            stat.st_size > history.size or stat.st_mtime_ns == history.modified_at or history.read_bytes < history.size
        ):
            return True
        return same_bytes(file, self._store.histories.read(history.id))

    def _recall(self, file: IO[bytes], position: int) -> None:
        """A new parser learns what the one before it knew; what it says is stored already."""
        inside, at = False, 0
        while at < position:
            block = read_block(file, at, position, kept=position, inside=inside, final=True)
            if not block.size:
                break
            self._telling.recall(self._facts(block))
            at, inside = at + block.size, block.inside
        if position:
            self._telling.recall(self._parser.finish())
        self._fed = position

    def _facts(self, block: Block) -> list[Fact]:
        if self._mute:
            return []
        facts: list[Fact] = []
        if block.giant is not None:
            facts.append(_giant(block.giant))
        for line in block.lines:
            facts += fed(self._parser, line)
        return facts

    def read_archive(self) -> None:
        """Tell again what is archived, without the file; also what nobody could read when it was. Raises StoreError."""
        history = self._history
        assert history is not None
        parts = self._store.histories.read(history.id, masked=True)
        first = next(parts, b"")
        parts = itertools.chain([first], parts)
        self._mute = self._reader.shape is not Shape.LINES and history.kept_bytes > DOCUMENT_MAX
        self._begin_parser(history.modified_at)
        with self._store.transaction():
            if self._reader.shape is Shape.LINES and not packed.is_packed(first):
                self._tell_lines(parts, history.modified_at)
            elif not self._mute:
                self._telling.tell(self._document_facts(b"".join(parts)), now=history.modified_at)
            self._telling.tell(self._parser.finish(), now=history.modified_at)
            self._telling.close()
            self._telling.settle(modified_at=history.modified_at)
            self._note(history, reader=self._module, trouble=None)

    def _tell_lines(self, parts: Iterable[bytes], at: int) -> None:
        facts: list[Fact] = []
        size = 0
        for line in lines_in(parts):
            facts += [_giant(b"")] if line is None else fed(self._parser, line)
            size += len(line or b"")
            if size > BLOCK:
                self._telling.tell(facts, now=at)
                facts, size = [], 0
        self._telling.tell(facts, now=at)

    def _tell(self, facts: Iterable[Fact], stat: os.stat_result, *, at_end: bool) -> None:
        if at_end:
            facts = list(facts)  # before the parser is asked for the rest
            self._tell_all(facts, self._parser.finish(), stat)
        else:
            self._telling.tell(facts, now=stat.st_mtime_ns)


def _giant(beginning: bytes) -> Unknown:
    return unknown(f"a line of more than {LINE_MAX >> 20} MB", beginning)

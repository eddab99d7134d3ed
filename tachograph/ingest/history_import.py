"""One file of an agent's history on its way into the store: its bytes into the archive, what it says into sessions.

A step reads some of it and commits facts, bytes and position together. A file that grew is read on where we stopped;
a parser that did not read the beginning itself is fed it again, silently. A file that was cut or replaced is a new
generation: the old bytes stay, and steps told again are the same steps.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import msgspec

from tachograph.extract.redact import redact
from tachograph.extract.rules import Rules
from tachograph.ingest import bundles, packed
from tachograph.ingest.discover import keeps_until
from tachograph.ingest.history_bytes import (
    BLOCK,
    LINE_MAX,
    Block,
    digest_of,
    is_quiet,
    lines_in,
    masks_of,
    opened,
    read_block,
    resumed,
    same_bytes,
    stat_fields,
    tail_of,
)
from tachograph.ingest.preparing import Prepared, fed
from tachograph.ingest.telling import Telling
from tachograph.readers import Origin, Shape
from tachograph.readers.json_lines import unknown
from tachograph.readers.registry import UNREAD, reader
from tachograph.records import Fact, Masked, Unknown
from tachograph.store import Store
from tachograph.store.histories import History

if TYPE_CHECKING:
    from tachograph.ingest.reading_ahead import Part

DOCUMENT_MAX = 64 << 20  # bytes; a larger one is archived, and not read
_PORTION = 20_000  # facts of a document that are held at once


class Unfinished(Exception):
    """A document that somebody is writing right now: there is nothing in it yet."""


class _At(NamedTuple):
    """Where reading goes on. `history` None: a file never seen, or another one than was there."""

    history: History | None
    position: int = 0
    kept: int = 0
    inside: bool = False
    anew: bool = False  # what was kept of it before it was read is not needed
    lines: int = 0  # line ends in what the archive has after `kept`, which is read again


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
        *,
        name: str | None = None,
    ) -> None:
        """`name` is the path as the store has it."""
        self._store = store
        self._path = path
        self._name = name or path
        self._module = module
        self._reader = reader(module)
        self._rules = rules
        self._history = history
        self._keeps_days = keeps_days
        self._inside = False  # the last block ended in a line that is not to be read
        self._mute = False  # a document that is too large to be read: only its bytes are kept
        self._final = True
        self.bytes = 0  # that were new
        self._begin_parser(0)

    def _begin_parser(self, modified_at: int) -> None:
        self._parser = self._reader.parse(Origin(self._path, modified_at))
        self._telling = Telling(self._store, self._rules, self._reader.name, source="transcript")
        if self._mute:
            self._telling.recall([unknown(f"a document of more than {DOCUMENT_MAX >> 20} MB", b"")])
        self._fed = 0  # bytes this parser has seen; -1: it is not to be fed any more

    @property
    def history(self) -> History | None:
        """Where we stand."""
        return self._history

    @property
    def sessions(self) -> list[str]:
        """Ids of the sessions it told of so far."""
        return [session.id for session in self._telling.sessions]

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

    # -- files that grow at their end ------------------------------------------------------------------------------

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

    # -- files that are written whole ------------------------------------------------------------------------------

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
        self._telling.tell(facts, now=stat.st_mtime_ns)
        self._telling.tell(last, now=stat.st_mtime_ns, goes_on=True)
        if self._final:
            self._telling.close()
        self._telling.settle(modified_at=stat.st_mtime_ns)

    def _touch(self, history: History, stat: os.stat_result, mark: str = "") -> None:
        """Inside a transaction: it was looked at, and is as it was."""
        fields = {**stat_fields(stat), "mark": mark, "gone_at": None, "trouble": None}
        self._store.histories.save(history.id, **fields)
        self._history = history._replace(**fields)

    def _save(
        self, history: History, stat: os.stat_result, *, read: int, kept: int, tail: bytes, mark: str = ""
    ) -> None:
        fields: dict[str, Any] = {
            **stat_fields(stat),
            "reader": self._module,
            "mark": mark,
            "read_bytes": read,
            "kept_bytes": kept,
            "tail": tail,
            "keeps_until": keeps_until(self._keeps_days, stat.st_mtime_ns),
            "gone_at": None,
            "trouble": None,
        }
        self._note(history, **fields)

    def _note(self, history: History, **fields: Any) -> None:
        """Inside a transaction: of which sessions it told, and what nobody understands; `fields` besides."""
        told = self._telling
        for session in told.touched():
            self._store.histories.told(history.id, session.row, told.unknown_in(session), session.last_at)
        fields["unknown_lines"] = sum(count for count, _ in told.unknown.values())
        fields["unknown_json"] = msgspec.json.encode(told.unknown).decode() if told.unknown else None
        if told.sessions and history.session is None:
            fields["session"] = told.sessions[0].row
        self._store.histories.save(history.id, **fields)
        self._history = history._replace(**fields)


def _giant(beginning: bytes) -> Unknown:
    return unknown(f"a line of more than {LINE_MAX >> 20} MB", beginning)

"""All histories of a machine: what is new goes in, newest first; what did not change is not opened.

One process does this at a time (a lock beside the journals). A file that fails keeps its reason and stands in nobody's
way.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Set
from typing import Any, NamedTuple

from tachograph import clock
from tachograph.errors import StoreError
from tachograph.extract.rules import Rules
from tachograph.ingest.ahead import Ahead
from tachograph.ingest.discover import Candidate
from tachograph.ingest.history_bytes import ZST, opened
from tachograph.ingest.history_import import HistoryImport
from tachograph.readers import Shape
from tachograph.readers.reading import HEAD_BYTES
from tachograph.readers.registry import reader, which
from tachograph.store import Store
from tachograph.store.histories import History

LOCK = "histories.lock"
KEPT = 64  # parsers of files that may grow; each knows what it has read
GROWING = 3600 * clock.SECOND  # what was written to longer ago is done with
ANYTHING = "plain_log"  # reads what somebody names and nobody else can
UNREAD = ""  # reader of a file that nobody can read: it is not opened again until it changes


class Report(NamedTuple):
    """What a pass came to."""

    files: int = 0  # looked at
    parsed: int = 0  # of them opened and read
    bytes: int = 0  # read
    unread: int = 0  # that no reader knows
    failed: int = 0
    sessions: frozenset[str] = frozenset()

    def __add__(self, other: object) -> Report:
        assert isinstance(other, Report)
        return Report(
            self.files + other.files,
            self.parsed + other.parsed,
            self.bytes + other.bytes,
            self.unread + other.unread,
            self.failed + other.failed,
            self.sessions | other.sessions,
        )


class Histories:
    """Holds what is worth keeping between passes: where we stood, and the parsers of files that grow."""

    def __init__(self, store: Store, rules: Rules) -> None:
        self._store = store
        self._rules = rules
        self._known: dict[str, History] = store.histories.current()
        self._imports: dict[str, HistoryImport] = {}
        self.complaints: list[str] = []

    def changed(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """Those that are not as they were when they were read."""
        return [one for one in candidates if not _unchanged(self._known.get(one.path), one)]

    def take(
        self, candidate: Candidate, ahead: Ahead | None = None, *, stop: Callable[[], bool] = lambda: False
    ) -> Report:
        """Import what is new of one file. Raises StoreError; whatever is wrong with the file is noted with it."""
        known = self._known.get(candidate.path)
        try:
            if ahead is not None and known is None:
                return self._read(candidate, ahead)
            module = self._module(candidate, known)
            if module is None:
                self._note(candidate, "no reader knows this file", UNREAD)
                return Report(1, 0, 0, 1)
            if reader(module).shape is Shape.DATABASE:
                return self._database(candidate, module)
            return self._file(candidate, module, known, stop)
        except StoreError:
            self._imports.pop(candidate.path, None)
            raise
        except Exception as error:  # a file must never stand in the way of the others
            self._imports.pop(candidate.path, None)
            reason = f"{type(error).__name__}: {error}" if not isinstance(error, OSError) else str(error)
            self.complaints.append(f"{candidate.path}: {reason}")
            self._note(candidate, reason, known.reader if known else UNREAD)
            return Report(1, failed=1)

    def knows(self, path: str) -> bool:
        """Whether the file was read before."""
        return path in self._known

    def unfinished(self, path: str) -> bool:
        """Whether a file was not read to its end: there is more, or its last line may still grow."""
        known = self._known.get(path)
        return known is not None and known.trouble is None and known.read_bytes < known.size

    def gone(self, present: Set[str], roots: Iterable[str]) -> int:
        """Note which files below `roots` are no longer there; the archive has them. Returns how many are new."""
        prefixes = tuple(root.rstrip(os.sep) + os.sep for root in roots)
        lost = [
            one
            for path, one in self._known.items()
            if one.gone_at is None and path.startswith(prefixes) and path.partition("#")[0] not in present
        ]
        if lost:
            at = clock.now()
            with self._store.transaction():
                for one in lost:
                    self._store.histories.save(one.id, gone_at=at)
                    self._known[one.path] = one._replace(gone_at=at)
        return len(lost)

    def _file(self, candidate: Candidate, module: str, known: History | None, stop: Callable[[], bool]) -> Report:
        item = self._imports.pop(candidate.path, None)
        if item is None:
            item = HistoryImport(self._store, self._rules, candidate.path, module, known, candidate.keeps_days)
        before = known.kept_bytes if known else 0
        more = True
        while more and not stop():
            more = item.step()
            if item.history is not None:
                self._known[candidate.path] = item.history
        if clock.now() - candidate.modified_at < GROWING:
            self._imports[candidate.path] = item  # the last to be used is the last to go
        while len(self._imports) > KEPT:
            self._imports.pop(next(iter(self._imports)))
        after = item.history.kept_bytes if item.history else 0
        return Report(1, 1, max(0, after - before) or after, sessions=frozenset(item.sessions))

    def _read(self, candidate: Candidate, ahead: Ahead) -> Report:
        item = HistoryImport(self._store, self._rules, candidate.path, ahead.module, None, candidate.keeps_days)
        item.take_ahead(ahead)
        assert item.history is not None
        self._known[candidate.path] = item.history
        return Report(1, 1, ahead.size, sessions=frozenset(item.sessions))

    def _database(self, candidate: Candidate, module: str) -> Report:
        """Every session of a database that changed, newest sessions first as far as ids tell."""
        database = reader(module)
        total = Report(1)
        marks = database.sessions(candidate.path)  # type: ignore[attr-defined]
        stat = os.stat(candidate.path)
        for name, mark in reversed(marks.items()):
            path = f"{candidate.path}#{name}"
            known = self._known.get(path)
            if known is not None and known.mark == mark:
                continue
            item = HistoryImport(self._store, self._rules, path, module, known, candidate.keeps_days)
            try:
                data = database.document(candidate.path, name)  # type: ignore[attr-defined]
            except (KeyError, OSError) as error:  # gone meanwhile, or damaged: the others are not
                self.complaints.append(f"{path}: {error}")
                total += Report(failed=1)
                continue
            item.take_document(data, stat, mark)
            if item.history is not None:
                self._known[path] = item.history
            total += Report(0, 1, len(data), sessions=frozenset(item.sessions))
        with self._store.transaction():
            known = self._known.get(candidate.path) or self._store.histories.begin(candidate.path, module)
            fields = _state(candidate)
            self._store.histories.save(known.id, **fields)
            self._known[candidate.path] = known._replace(**fields)
        return total

    def _module(self, candidate: Candidate, known: History | None) -> str | None:
        if known is not None and known.reader != UNREAD and known.generation:
            return known.reader
        head = _head(candidate.path)
        return which(head, candidate.path, candidate.modules) or (ANYTHING if candidate.named and head else None)

    def _note(self, candidate: Candidate, trouble: str, module: str) -> None:
        with self._store.transaction():
            known = self._known.get(candidate.path) or self._store.histories.begin(candidate.path, module)
            fields: dict[str, Any] = {**_state(candidate), "trouble": trouble}
            self._store.histories.save(known.id, **fields)
            self._known[candidate.path] = known._replace(**fields)


def _state(candidate: Candidate) -> dict[str, Any]:
    return {
        "inode": candidate.inode,
        "size": candidate.size,
        "modified_at": candidate.modified_at,
        "mark": _companions(candidate.path),
        "gone_at": None,
    }


def _unchanged(known: History | None, candidate: Candidate) -> bool:
    if known is None or known.gone_at is not None:
        return False
    if (known.inode, known.size, known.modified_at) != (candidate.inode, candidate.size, candidate.modified_at):
        return False
    if known.reader != UNREAD and reader(known.reader).shape is Shape.DATABASE:
        return known.mark == _companions(candidate.path)
    return known.trouble is not None or known.read_bytes >= known.size or known.kept_bytes >= known.size


def _companions(path: str) -> str:
    """Size and date of the write-ahead log of a database: it changes there first."""
    try:
        stat = os.stat(path + "-wal")
    except OSError:
        return ""
    return f"{stat.st_size}:{stat.st_mtime_ns}"


def _head(path: str) -> bytes:
    """The first bytes of a file, unpacked when it is compressed. Raises OSError."""
    with opened(path) as file:
        head = file.read(HEAD_BYTES)
    if not head.startswith(ZST):
        return head
    import zstandard

    with zstandard.ZstdDecompressor().stream_reader(head) as plain:
        try:
            return bytes(plain.read(HEAD_BYTES))
        except zstandard.ZstdError:
            return head

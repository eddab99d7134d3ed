"""All histories of a machine: what is new goes in, newest first; what did not change is not opened.

One process does this at a time (a lock beside the journals). A file that fails keeps its reason and stands in nobody's
way.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Set
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from tachograph import clock
from tachograph.errors import StoreError
from tachograph.ingest.discover import Candidate, keeps_until
from tachograph.readers import Shape
from tachograph.readers.registry import MODULES, UNREAD, database_reader, reader
from tachograph.store import Store
from tachograph.store.histories import History

# What reading takes is imported when a file is read: mostly nothing is new, and it is half of all there is.
if TYPE_CHECKING:
    from tachograph.extract.rules import Rules
    from tachograph.ingest.ahead import Ahead
    from tachograph.ingest.history_import import HistoryImport

LOCK = "histories.lock"
KEPT = 64  # parsers of files that may grow; each knows what it has read
GROWING = clock.HOUR  # what was written to longer ago is done with
ANYTHING = "plain_log"  # reads what somebody names and nobody else can
_MANY = (Shape.DATABASE, Shape.FOLDER)  # each session in them is a history of its own, `path#session`
SQLITE = b"SQLite format 3\x00"  # an agent's database also has what is none of ours: it is read, or left alone


class Report(NamedTuple):
    """What a pass came to."""

    files: int = 0  # looked at
    parsed: int = 0  # of them opened and read
    bytes: int = 0  # read
    unread: int = 0  # that no reader knows
    failed: int = 0
    deleted: int = 0  # left alone, as sessions that they told of were deleted
    sessions: frozenset[str] = frozenset()

    def __add__(self, other: object) -> Report:
        assert isinstance(other, Report)
        return Report(
            self.files + other.files,
            self.parsed + other.parsed,
            self.bytes + other.bytes,
            self.unread + other.unread,
            self.failed + other.failed,
            self.deleted + other.deleted,
            self.sessions | other.sessions,
        )


class Histories:
    """Holds what is worth keeping between passes: where we stood, and the parsers of files that grow."""

    def __init__(self, store: Store, rules: Callable[[], Rules]) -> None:
        """`rules` is asked when the first file is read: mostly nothing is new."""
        self._store = store
        self._rules = cache(rules)
        self._known: dict[str, History] = store.histories.current()
        self._imports: dict[str, HistoryImport] = {}
        self._begun: dict[str, HistoryImport] = {}  # by name, of files that another process reads, until we read them
        self._unfinished: set[str] = set()  # names of documents that somebody is writing
        self.complaints: list[str] = []

    def changed(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """Those that are not as they were when they were read, and whose sessions were not deleted."""
        deleted = self._store.histories.deleted()
        for name in deleted:
            self._known.pop(name, None)
        return [one for one in candidates if one.name not in deleted and not _unchanged(self._known.get(one.name), one)]

    def allow(self, candidates: Iterable[Candidate]) -> None:
        """What somebody names is wanted again, though sessions that it told of were deleted."""
        for candidate in candidates:
            if candidate.named and self._store.histories.allow(candidate.name):
                known = self._store.histories.get(candidate.name)
                if known is not None:
                    self._known[candidate.name] = known

    def refresh(self, candidates: Iterable[Candidate]) -> None:
        """Note until when agents keep what is there, where they have changed their mind."""
        changed = []
        for candidate in candidates:
            known = self._known.get(candidate.name)
            if known is not None and candidate.modules and known.kept_bytes:
                until = keeps_until(candidate.keeps_days, candidate.modified_at)
                if until != known.keeps_until and candidate.modified_at == known.modified_at:
                    changed.append(known._replace(keeps_until=until))
        if changed:
            with self._store.transaction():
                for one in changed:
                    self._store.histories.save(one.id, keeps_until=one.keeps_until)
                    self._known[one.path] = one

    def take(
        self, candidate: Candidate, ahead: Ahead | None = None, *, stop: Callable[[], bool] = lambda: False
    ) -> Report:
        """Import what is new of one file. Raises StoreError; whatever is wrong with the file is noted with it."""
        from tachograph.ingest.history_documents import Unfinished

        if self._store.histories.is_deleted(candidate.name):  # meanwhile, by another process
            self._known.pop(candidate.name, None)
            return Report(1, deleted=1)
        known = self._known.get(candidate.name)
        self._unfinished.discard(candidate.name)
        begun = self._begun.pop(candidate.name, None)
        try:
            if ahead is not None and (known is None or begun is not None):
                return self._read(candidate, ahead, begun, stop)
            module = self._module(candidate, known)
            if module is None:
                return self._keep(candidate, known, stop)
            if reader(module).shape in _MANY:
                return self._database(candidate, module)
            return self._file(candidate, module, known, stop)
        except Unfinished:
            self._unfinished.add(candidate.name)
            return Report(1)
        except StoreError:
            self._imports.pop(candidate.name, None)
            raise
        except Exception as error:  # a file must never stand in the way of the others
            self._imports.pop(candidate.name, None)
            reason = f"{type(error).__name__}: {error}" if not isinstance(error, OSError) else str(error)
            self.complaints.append(f"{candidate.name}: {reason}")
            # What could not be read for the moment is tried again at every look, whatever its size and date say.
            seen = candidate._replace(size=-1) if isinstance(error, OSError) else candidate
            self._note(seen, reason, known.reader if known else UNREAD)
            return Report(1, failed=1)

    def knows(self, candidate: Candidate) -> bool:
        """Whether the file was read before."""
        return candidate.name in self._known

    def unfinished(self, candidate: Candidate) -> bool:
        """Whether a file was not read to its end: there is more, or its last line may still grow."""
        if candidate.name in self._unfinished:
            return True
        known = self._known.get(candidate.name)
        if known is None or known.trouble is not None or _is_many(known):
            return False
        return known.read_bytes < known.size

    def gone(self, present: Set[str], roots: Iterable[str]) -> int:
        """Note which files below `roots` are no longer there; the archive has them. Returns how many are new.

        `present`: the names of all candidates there are.
        """
        prefixes = tuple(root.rstrip(os.sep) + os.sep for root in roots)
        lost = [
            one
            for name, one in self._known.items()
            if one.gone_at is None and name.startswith(prefixes) and present.isdisjoint((name, file_of(name, one)))
        ]
        self._lose(lost)
        return len(lost)

    def _lose(self, lost: list[History]) -> None:
        if lost:
            at = clock.now()
            with self._store.transaction():
                for one in lost:
                    self._store.histories.save(one.id, gone_at=at)
                    self._known[one.path] = one._replace(gone_at=at)

    def _import(self, candidate: Candidate, module: str, known: History | None) -> HistoryImport:
        from tachograph.ingest.history_import import HistoryImport

        return HistoryImport(
            self._store, self._rules(), candidate.path, module, known, candidate.keeps_days, name=candidate.name
        )

    def _file(self, candidate: Candidate, module: str, known: History | None, stop: Callable[[], bool]) -> Report:
        item = self._imports.pop(candidate.name, None)
        if item is None or (known is not None and known.reader != module):
            item = self._import(candidate, module, known)
        before, more = item.bytes, True
        while more and not stop():
            more = item.step(final=candidate.final)
            if item.history is not None:
                self._known[candidate.name] = item.history
        if more or clock.now() - candidate.modified_at < GROWING:
            self._imports[candidate.name] = item  # the last to be used is the last to go
        while len(self._imports) > KEPT:
            self._imports.pop(next(iter(self._imports)))
        size = item.bytes - before
        return Report(1, int(size > 0), size, sessions=frozenset(item.sessions if size else ()))

    def _keep(self, candidate: Candidate, known: History | None, stop: Callable[[], bool]) -> Report:
        """A file that no reader knows: an agent's own is kept word for word, another one is only noted."""
        found = Report(1)
        if candidate.modules and not _is_database(candidate.path):
            found = self._file(candidate, UNREAD, known, stop)
            if self.unfinished(candidate):
                return found._replace(parsed=0, unread=1)
        self._note(candidate, "no reader knows this file", UNREAD)
        return found._replace(parsed=0, unread=1)

    def _read(
        self, candidate: Candidate, ahead: Ahead, begun: HistoryImport | None, stop: Callable[[], bool]
    ) -> Report:
        """A file that another process reads; should that fail, the rest is read here."""
        item = begun or self._import(candidate, ahead.module, None)
        before, stopped = item.bytes, False
        for part in ahead.parts():
            item.take_ahead(part)
            if item.history is not None:
                self._known[candidate.name] = item.history
            if stop() and not ahead.complete:
                self._begun[candidate.name] = item
                stopped = True
                break
        size = item.bytes - before
        report = Report(1, int(size > 0), size, sessions=frozenset(item.sessions))
        if not ahead.complete and not stopped:
            report += self._file(candidate, ahead.module, self._known.get(candidate.name), stop)._replace(files=0)
        return report

    def _database(self, candidate: Candidate, module: str) -> Report:
        """Every session of a database (the one of a folder) that changed, newest sessions first as far as ids tell."""
        database = database_reader(module)
        total = Report(1)
        beside = database.shape is Shape.FOLDER and not self.knows(candidate)  # read with another one
        state = {
            **_state(candidate),
            "mark": _companions(candidate.path, module),
        }  # asked before reading: what is written after that is read next time
        marks = database.sessions(candidate.path)
        stat = os.stat(candidate.path)
        deleted = self._store.histories.deleted()
        for session, mark in reversed(marks.items()):
            one = candidate._replace(path=f"{candidate.path}#{session}")
            if one.name in deleted:
                continue
            known = self._known.get(one.name)
            if known is not None and known.mark == mark and known.gone_at is None:
                continue
            item = self._import(one, module, known)
            try:
                data = database.document(candidate.path, session)
            except (KeyError, OSError) as error:  # gone meanwhile, or damaged: the others are not
                self.complaints.append(f"{one.name}: {error}")
                state["size"] = -1
                total += Report(failed=1)
                continue
            item.take_document(data, stat, mark)
            if item.history is not None:
                self._known[one.name] = item.history
            total += Report(0, int(item.bytes > 0), item.bytes, sessions=frozenset(item.sessions))
        self._deleted(candidate, marks)
        with self._store.transaction():
            known = self._known.get(candidate.name) or self._store.histories.begin(candidate.name, module)
            fields = {**state, "trouble": None}
            self._store.histories.save(known.id, **fields)
            self._known[candidate.name] = known._replace(**fields)
        return total._replace(parsed=int(total.parsed > 0 or (beside and not total.failed)))

    def _deleted(self, candidate: Candidate, marks: Iterable[str]) -> None:
        """Sessions that are no longer in their database."""
        there = {candidate._replace(path=f"{candidate.path}#{session}").name for session in marks}
        known = self._known.items()
        prefix = f"{candidate.name}#"
        self._lose([h for name, h in known if name.startswith(prefix) and h.gone_at is None and name not in there])

    def _module(self, candidate: Candidate, known: History | None) -> str | None:
        """Who reads it. What only somebody's wish has made a log may turn out to be more."""
        from tachograph.ingest.history_bytes import opened
        from tachograph.ingest.whose import beginning

        if known is not None and known.reader not in (UNREAD, ANYTHING):
            return known.reader
        with opened(candidate.path) as file:
            head, found, _ = beginning(file, candidate.path, candidate.modules)
        if found is None and known is not None and known.reader == ANYTHING:
            return ANYTHING
        return found or (ANYTHING if candidate.named and head else None)

    def _note(self, candidate: Candidate, trouble: str, module: str) -> None:
        with self._store.transaction():
            known = self._known.get(candidate.name) or self._store.histories.begin(candidate.name, module)
            fields: dict[str, Any] = {**_state(candidate), "trouble": trouble}
            self._store.histories.save(known.id, **fields)
            self._known[candidate.name] = known._replace(**fields)


def file_of(name: str, known: History) -> str:
    """The file that a history is in: itself, or the database (or first file of the folder) that it is a session of."""
    if _is_many(known):
        return name.rpartition("#")[0] or name
    return name


def _state(candidate: Candidate) -> dict[str, Any]:
    return {
        "inode": candidate.inode,
        "size": candidate.size,
        "modified_at": candidate.modified_at,
        "mark": "",
        "gone_at": None,
    }


def _unchanged(known: History | None, candidate: Candidate) -> bool:
    if known is None or known.gone_at is not None:
        return False
    if (known.inode, known.size, known.modified_at) != (candidate.inode, candidate.size, candidate.modified_at):
        return False
    if known.trouble is not None:
        return not candidate.named
    if _is_many(known):
        return known.mark == _companions(candidate.path, known.reader)
    return known.read_bytes >= known.size


def _is_many(known: History) -> bool:
    """Whether its reader finds sessions in other files than this."""
    return known.reader in MODULES and reader(known.reader).shape in _MANY


def _companions(path: str, module: str) -> str:
    """What changes when a database or a folder does, though the file itself may not: size and date of the write-ahead
    log, into which databases write first; or of all files of the folder."""
    try:
        if reader(module).shape is Shape.FOLDER:
            return " ".join(database_reader(module).sessions(path).values())
        stat = os.stat(path + "-wal")
    except OSError:
        return ""
    return f"{stat.st_size}:{stat.st_mtime_ns}"


def _is_database(path: str) -> bool:
    from tachograph.ingest.history_bytes import opened

    with opened(path) as file:
        return file.read(len(SQLITE)) == SQLITE

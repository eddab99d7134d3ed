"""A secret that no rule knew goes from everything that was recorded; then it is looked for in every file of ours, and
in the histories of agents, out of which it could come back."""

from __future__ import annotations

import contextlib
import glob
import os
import stat as modes
from collections.abc import Iterator
from typing import NamedTuple

from tachograph.errors import StoreError, TachographError
from tachograph.extract.sought import Sought, breaks
from tachograph.formats.human import plural
from tachograph.ingest import journals, packed
from tachograph.ingest.bundles import Folder
from tachograph.ingest.histories import file_of
from tachograph.ingest.history_bytes import lines_in, opened
from tachograph.ingest.opening import open_store
from tachograph.ingest.preparing import fed
from tachograph.ingest.sealing import seal_quiet
from tachograph.ingest.told_session import name_of
from tachograph.journal import frame
from tachograph.journal.reader import Record, read
from tachograph.paths import DATABASE, Places
from tachograph.readers.reading import Origin, Shape
from tachograph.readers.registry import MODULES, reader
from tachograph.records import Masked, SessionFacts
from tachograph.store import Store
from tachograph.store.histories import History
from tachograph.store.redacting import Found

_ROUNDS = 3  # somebody may store it again while it is written over
_BLOCK = 1 << 20
_BESIDE = ("", "-wal")  # what an agent's database writes first lies beside it


class Left(NamedTuple):
    """Where it still stands; files by their paths."""

    store: int  # places in the database
    files: int  # files of ours that were searched
    ours: dict[str, int]  # of these those it is in, how often
    journals: list[str]  # of recordings that run, or are not imported
    copies: list[str]  # databases that were put aside
    agents: list[str]  # files that agents have written


def find(store: Store, text: Sought) -> Found:
    """Where it stands in the store, and whether anything speaks against writing it over."""
    found = store.redacting.find(text, breaks=breaks)
    for history in _packed(store):
        if hits := _hits_within(_original(store, history), text):
            found.places[history.session, "archive"] += hits
    return found


def redact(store: Store, places: Places, text: Sought, found: Found) -> Left:
    """Write it over, wherever the store has it, and say where it is left. Raises Refused, StoreError.

    `found` is the answer of `find`. It may be done again after it was interrupted: what was done stays done.
    """
    store.redacting.refuse(found)
    _keep_names(store, text, found)
    named = {
        path for path in _histories(store) if text.hits(os.fsencode(path))
    }  # the store will not know them by these
    left = found
    for _ in range(_ROUNDS):
        store.redacting.write_over(text, left)
        _write_over_packed(store, text)
        left = find(store, text)
        if not left.total:
            break
    if found.total:
        seal_quiet(store, quiet=0)
        store.audit.add("tachograph", "redact", "completed", operation_type="recorder", details=counted(found))
    journals.remove_imported(places, store)
    store.vacuum()
    return _left(store, places, text, left.total, named)


def counted(found: Found) -> str:
    """How much was found, without a word of what."""
    sessions = {session for session, _ in found.places if session is not None}
    by_place: dict[str, int] = {}
    for (_, place), count in found.places.items():
        by_place[place] = by_place.get(place, 0) + count
    listed = ", ".join(f"{place} {count:,}" for place, count in sorted(by_place.items()))
    return f"{plural(found.total, 'place')} in {plural(len(sessions), 'session')}: {listed}"


def elsewhere(store: Store, places: Places, text: Sought) -> Left:
    """Where it stands besides the store; nothing is changed."""
    return _left(store, places, text, 0, set())


def _left(store: Store, places: Places, text: Sought, in_store: int, named: set[str]) -> Left:
    ours, journal = list(_files(places.data)), list(_files(places.journal))
    found = {path: hits for path in ours if (hits := _hits(path, text))}
    running = [path for path in journal if _hits(path, text) or _in_journal(path, text)]
    theirs = _histories(store)
    agents = sorted(named.union(path for path in theirs if text.hits(os.fsencode(path)) or _hits(path, text)))
    return Left(in_store, len(ours) + len(journal), found, running, _copies(places, text), agents)


def _copies(places: Places, text: Sought) -> list[str]:
    """What was there before a copy was put back, or lies beside it, and has the text."""
    found = []
    for path in sorted(glob.glob(os.path.join(glob.escape(places.data), "*", DATABASE))):
        with contextlib.suppress(TachographError), open_store(path, readonly=True) as store:
            if find(store, text).total:
                found.append(path)
    return found


def _keep_names(store: Store, text: Sought, found: Found) -> None:
    """A session without an id is named after what its file says: it stays the same one, read again without the text."""
    for history in store.histories.all():
        if history.id in found.histories and history.reader in MODULES:
            data = _original(store, history, masked=True)
            before, after = _named(history, data), _named(history, b"".join(part.new for part in text.parts([data])))
            with store.transaction():
                for one, other in zip(before, after, strict=False):
                    known = store.sessions.by_alias(one) or one
                    if one != other and store.sessions.exists(known):
                        store.sessions.add_alias(other, known)


def _named(history: History, data: bytes) -> list[str]:
    """What a history calls its sessions."""
    parser = reader(history.reader).parse(Origin(history.path, history.modified_at))
    lines = lines_in([data]) if reader(history.reader).shape is Shape.LINES else [data]
    facts = (fact for line in lines if line is not None for fact in fed(parser, line))
    return list(dict.fromkeys(name_of(fact) for fact in facts if isinstance(fact, SessionFacts)))


def _packed(store: Store) -> list[History]:
    """Histories that their agent has compressed: the archive has them as they are."""
    kept = (one for one in store.histories.all() if one.kept_bytes)
    return [one for one in kept if packed.is_packed(next(store.histories.read(one.id), b""))]


def _original(store: Store, history: History, *, masked: bool = False) -> bytes:
    return b"".join(store.histories.read(history.id, masked=masked))


def _hits_within(data: bytes, text: Sought) -> int:
    return sum(part.hits for part in text.parts(packed.plain(data)))


def _write_over_packed(store: Store, text: Sought) -> None:
    """Unpacked, written over and packed again, with and without what was masked before; it may be longer or shorter."""
    for history in _packed(store):
        with store.transaction():
            original, masked = _original(store, history), _original(store, history, masked=True)
            if not _hits_within(original, text):
                continue
            new = [packed.packed(part.new for part in text.parts(packed.plain(data))) for data in (original, masked)]
            masks = [] if original == masked else [Masked(0, len(new[1]), new[0])]
            store.histories.replace(history.id, new[1], masks)


def _files(folder: str) -> Iterator[str]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if modes.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                yield entry.path


def _histories(store: Store) -> list[str]:
    """The files that agents have written, as far as they are there."""
    known = set[str]()
    for path, one in store.histories.current().items():
        if one.gone_at is None:
            known.add(file_of(path, one))
            if one.kept_bytes and one.reader in MODULES and reader(one.reader).shape is Shape.FOLDER:
                known.update(Folder(store, one, masked=True).paths())
    return sorted(path + tail for path in known for tail in _BESIDE if os.path.isfile(path + tail))


def _hits(path: str, text: Sought) -> int:
    """How often it is in a file, in what that has compressed, too; 0 where it cannot be read."""
    with contextlib.suppress(OSError), opened(path) as file:
        head = file.read(4)
        file.seek(0)
        if packed.is_packed(head):
            return _hits_within(file.read(), text)
        return sum(part.hits for part in text.parts(iter(lambda: file.read(_BLOCK), b"")))
    return 0


def _in_journal(path: str, text: Sought) -> int:
    """The same of what a recording has gathered, put together: what is typed comes a letter at a time."""
    if not path.endswith(journals.SUFFIX):
        return 0
    kinds = [frame.STREAMS[at : at + 1] for at in range(len(frame.STREAMS))]
    return sum(
        part.hits for kind in kinds for part in text.parts(one.body for one in _records(path) if one.kind == kind)
    )


def _records(path: str) -> Iterator[Record]:
    offset = sequence = 0
    with contextlib.suppress(OSError, StoreError):
        while (batch := read(path, offset, sequence, finished=True)).records or batch.damage:
            yield from batch.records
            offset, sequence = batch.offset, batch.sequence

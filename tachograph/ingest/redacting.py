"""A secret that no rule knew goes from everything that was recorded; then it is looked for in every file of ours, and
in the histories of agents, out of which it could come back."""

from __future__ import annotations

import contextlib
import os
import stat as modes
from collections.abc import Iterator
from typing import NamedTuple

from tachograph.errors import StoreError
from tachograph.extract.sought import Sought, breaks
from tachograph.formats.human import plural
from tachograph.ingest import journals, packed
from tachograph.ingest.histories import file_of
from tachograph.ingest.history_bytes import opened
from tachograph.ingest.sealing import seal_quiet
from tachograph.journal import frame
from tachograph.journal.reader import Record, is_live, read
from tachograph.paths import Places
from tachograph.store import Store
from tachograph.store.redacting import Found

_ROUNDS = 3  # somebody may store it again while it is written over
_BLOCK = 1 << 20
_BESIDE = ("", "-wal")  # what an agent's database writes first lies beside it


class Left(NamedTuple):
    """Where it still stands."""

    store: int  # places in the database
    files: int  # files of ours that were searched
    ours: dict[str, int]  # of these, by path, those it is in
    journals: dict[str, bool]  # journals with it, by path; whether the recording runs
    agents: list[str]  # files of agents that it is in


def find(store: Store, text: Sought) -> Found:
    """Where it stands in the store, and whether anything speaks against writing it over."""
    return store.redacting.find(text, breaks=breaks)


def redact(store: Store, places: Places, text: Sought, found: Found) -> Left:
    """Write it over, wherever the store has it, and say where it is left. Raises Refused, StoreError.

    `found` is the answer of `find`. It may be done again after it was interrupted: what was done stays done.
    """
    left = found
    for _ in range(_ROUNDS):
        store.redacting.write_over(text, left)
        left = find(store, text)
        if not left.total:
            break
    if found.total:
        seal_quiet(store, quiet=0)
        store.audit.add("tachograph", "redact", "completed", operation_type="recorder", details=counted(found))
    journals.remove_imported(places, store)
    store.vacuum()
    return _left(store, places, text, left.total)


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
    return _left(store, places, text, 0)


def _left(store: Store, places: Places, text: Sought, in_store: int) -> Left:
    ours, journal = list(_files(places.data)), list(_files(places.journal))
    found = {path: hits for path in ours if (hits := _hits(path, text))}
    running = {path: is_live(path) for path in journal if _hits(path, text) or _in_journal(path, text)}
    agents = [path for path in _histories(store) if _hits(path, text)]
    return Left(in_store, len(ours) + len(journal), found, running, agents)


def _files(folder: str) -> Iterator[str]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if modes.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                yield entry.path


def _histories(store: Store) -> list[str]:
    """The files that agents have written, as far as they are there."""
    known = {file_of(path, one) for path, one in store.histories.current().items() if one.gone_at is None}
    return sorted(path + tail for path in known for tail in _BESIDE if os.path.isfile(path + tail))


def _hits(path: str, text: Sought) -> int:
    """How often it is in a file, in what that has compressed, too; 0 where it cannot be read."""
    with contextlib.suppress(OSError), opened(path) as file:
        head = file.read(4)
        file.seek(0)
        if packed.is_packed(head):
            return sum(part.hits for part in text.parts(packed.plain(file.read())))
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

"""Folders of small files on their way into the archive and out of it: one document goes in, every file comes out."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from functools import cached_property

from tachograph.extract.redact import redact
from tachograph.ingest.history_bytes import masks_of
from tachograph.readers import bundle
from tachograph.readers.bundle import Bundled
from tachograph.records import Masked
from tachograph.store import Store
from tachograph.store.histories import History


def masked(document: bytes) -> tuple[bytes, list[Masked]]:
    """A bundle with the secrets of its files masked, each file for itself: no mask reaches into the next."""
    pieces, masks = [], []
    done = size = 0
    for file, begin in bundle.placed(document):
        found = redact(file.data)
        size += begin - done
        masks += [mask._replace(offset=size + mask.offset) for mask in masks_of(file.data, found)]
        pieces += [document[done:begin], found.data]
        size += len(found.data)
        done = begin + len(file.data)
    return b"".join([*pieces, document[done:]]), masks


def completed(document: bytes, before: bytes) -> bytes:
    """A bundle, and in front of its files those that were in the one `before` and have been deleted."""
    files = bundle.bundled(document)
    there = {file.name for file in files}
    gone = [file for file in bundle.bundled(before) if file.name not in there]
    return bundle.bundle([*gone, *files]) if gone else document


class Folder:
    """The files of a folder as they are kept: unpacked once, when the first is asked for."""

    def __init__(self, store: Store, history: History, *, masked: bool) -> None:
        self._store = store
        self._history = history
        self._masked = masked
        self._root = os.path.dirname(history.path.rpartition("#")[0])

    def paths(self) -> dict[str, int]:
        """Path → size, in bytes, of every file as it was, in the order of paths; those that were too long to be kept
        are left out. Raises StoreDamaged."""
        return {path: file.size for path, file in sorted(self._files.items()) if not file.left_out}

    def read(self, path: str) -> Iterator[bytes]:
        """The bytes of one."""
        yield self._files[path].data

    @cached_property
    def secrets(self) -> Counter[str]:
        """Path → how many secrets are masked in that file."""
        masks = self._store.histories.vault.of(self._history.id, self._history.edition)
        if not masks:
            return Counter()
        placed = bundle.placed(b"".join(self._store.histories.read(self._history.id, masked=True)))
        begins = [begin for _, begin in placed]
        return Counter(self._path(placed[bisect_right(begins, mask.offset) - 1][0].name) for mask in masks)

    @cached_property
    def _files(self) -> dict[str, Bundled]:
        data = b"".join(self._store.histories.read(self._history.id, masked=self._masked))
        return {self._path(file.name): file for file in bundle.bundled(data)}

    def _path(self, name: str) -> str:
        return os.path.normpath(os.path.join(self._root, name))

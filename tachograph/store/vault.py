"""What was masked in archived histories: `secrets.db` beside the store, 0600, opened only when there is a secret.

The store itself never holds one, so it can be queried, copied and shipped as it is. This file makes it possible to give
an archived transcript back byte for byte; without it the transcript comes back masked.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from typing import Any, NamedTuple

import apsw

from tachograph.store import queries
from tachograph.store.trouble import translated

_sql = queries.load("vault")
FILE = "secrets.db"


class Masked(NamedTuple):
    """One mask: where it stands in the masked bytes, how long it is, and what was there."""

    offset: int
    length: int
    original: bytes


class Vault:
    """The masks of one store's histories."""

    def __init__(self, store_path: str) -> None:
        folder, name = os.path.split(store_path)
        stem = os.path.splitext(name)[0]
        self.path = os.path.join(folder, FILE if stem == "tachograph" else f"{stem}-{FILE}")
        self._connection: Any = None

    def add(self, history: int, masks: Iterable[Masked]) -> None:
        """Durable when it returns, so that the store may forget the secrets. Raises StoreError."""
        with translated(self.path):
            self._open().executemany(_sql.add, [(history, *mask) for mask in masks])

    def of(self, history: int) -> list[Masked]:
        """In order; empty when there is no file."""
        if self._connection is None and not os.path.exists(self.path):
            return []
        with translated(self.path):
            return [Masked(*row) for row in self._open().execute(_sql.of_history, (history,))]

    def forget(self, history: int) -> None:
        """For good: free pages are overwritten."""
        if self._connection is not None or os.path.exists(self.path):
            with translated(self.path):
                self._open().execute(_sql.forget, (history,))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> Any:
        if self._connection is None:
            with contextlib.suppress(FileExistsError):
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            connection = apsw.Connection(self.path)
            connection.set_busy_timeout(10_000)
            connection.execute(_sql.open).fetchall()
            self._connection = connection
        return self._connection

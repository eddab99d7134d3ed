"""What was masked in archived histories: `secrets.db` beside the store, 0600, opened only when there is a secret.

The store itself never holds one, so it can be queried, copied and shipped as it is. This file makes it possible to give
an archived transcript back byte for byte; without it the transcript comes back masked.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import Any

import apsw

from tachograph.records import Masked
from tachograph.store import queries
from tachograph.store.patience import patience
from tachograph.store.trouble import translated

_sql = queries.load("vault")
FILE = "secrets.db"


class Vault:
    """The masks of one store's histories. An edition is what a history was at one time: bytes that are appended belong
    to the same, a file written anew has the next. What is said of one is committed before the store's own transaction
    (`Writer.companions`), so that after a kill the masks of both editions are there."""

    def __init__(self, store_path: str) -> None:
        folder, name = os.path.split(store_path)
        stem = os.path.splitext(name)[0]
        self.path = os.path.join(folder, FILE if stem == "tachograph" else f"{stem}-{FILE}")
        self._connection: Any = None

    def append(self, history: int, edition: int, begin: int, masks: Sequence[Masked]) -> None:
        """These are the masks from offset `begin` on. Raises StoreError."""
        if masks or self._exists():
            with translated(self.path):
                self._begin().execute(_sql.forget_after, (history, edition, begin))
                self._begin().executemany(_sql.add, [(history, edition, *mask) for mask in masks])

    def replace(self, history: int, edition: int, masks: Sequence[Masked]) -> None:
        """These are the masks of the edition after `edition`. Raises StoreError."""
        if masks or self._exists():
            with translated(self.path):
                self._begin().execute(_sql.forget_others, (history, edition))
                self._begin().executemany(_sql.add, [(history, edition + 1, *mask) for mask in masks])

    def forget(self, history: int) -> None:
        """No masks of a history, whatever its edition. Raises StoreError."""
        if self._exists():
            with translated(self.path):
                self._begin().execute(_sql.forget, (history,))

    def of(self, history: int, edition: int) -> list[Masked]:
        """In order; empty when there is no file."""
        if not self._exists():
            return []
        with translated(self.path):
            return [Masked(*row) for row in self._open().execute(_sql.of_history, (history, edition))]

    def all(self) -> list[tuple[int, int, int, bytes]]:
        """Every (history, edition, offset, what was there), those that never came to be included."""
        if not self._exists():
            return []
        with translated(self.path):
            return list(self._open().execute(_sql.all))

    def change(self, history: int, edition: int, offset: int, original: bytes) -> None:
        """Something else was there, as long as before. Raises StoreError."""
        with translated(self.path):
            self._begin().execute(_sql.change, (original, history, edition, offset))

    def commit(self) -> None:
        """Durable when it returns."""
        if self._connection is not None and self._connection.in_transaction:
            with translated(self.path):
                self._connection.execute("COMMIT")

    def rollback(self) -> None:
        if self._connection is not None and self._connection.in_transaction:
            with translated(self.path):
                self._connection.execute("ROLLBACK")

    def vacuum(self) -> None:
        """Leave nothing of what was forgotten on the disk. Raises StoreError."""
        if self._exists():
            with translated(self.path):
                self._open().execute(_sql.vacuum).fetchall()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exists(self) -> bool:
        return self._connection is not None or os.path.exists(self.path)

    def _begin(self) -> Any:
        connection = self._open()
        if not connection.in_transaction:
            connection.execute("BEGIN IMMEDIATE")
        return connection

    def _open(self) -> Any:
        if self._connection is None:
            with contextlib.suppress(FileExistsError):
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            connection = apsw.Connection(self.path)
            connection.set_busy_handler(patience(10_000))
            connection.execute(_sql.open).fetchall()
            self._connection = connection
        return self._connection

"""SQLite files of other programs: read without leaving a trace, and without seeing more than the named tables.

Raises OSError for whatever goes wrong, so that one locked or damaged file is one line of a report.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from urllib.parse import quote

import apsw

MAGIC = b"SQLite format 3\x00"
_BUSY_MS = 250
_WAL = b"\x02\x02"  # bytes 18 and 19 of the file: who reads it and who writes it needs the write-ahead log
_STEPS = 1_000_000_000  # of SQLite's machine for one statement, about a minute: one that never ends is stopped


@contextmanager
def opened(path: str, readable: Collection[str]) -> Iterator[apsw.Connection]:
    """One unchanging picture of the file, where only the tables named `readable` can be read."""
    quiet = _at_rest(path)
    mark = _mark(path) if quiet else None
    connection: apsw.Connection | None = None
    try:
        connection = apsw.Connection(
            f"file:{quote(os.path.abspath(path))}?mode=ro{'&immutable=1' if quiet else ''}",
            flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI,
        )
        _guard(connection, frozenset(readable))
        with connection:
            yield connection
    except apsw.Error as error:
        raise OSError(f"{path}: {error}") from error
    finally:
        if connection is not None:
            connection.close(True)
    if quiet and (not _at_rest(path) or _mark(path) != mark):
        raise OSError(f"{path}: was written to while it was read")


def _at_rest(path: str) -> bool:
    """Whether the file is kept with a write-ahead log and nobody has it open. Opening it the usual way would make that
    log and its index beside it, and leave them there."""
    with open(path, "rb") as file:
        head = file.read(20)
    if head[:16] != MAGIC:
        raise OSError(f"{path}: is no SQLite database")
    return head[18:20] == _WAL and not os.path.exists(f"{path}-wal")


def _mark(path: str) -> tuple[int, int, int]:
    found = os.stat(path)
    return found.st_ino, found.st_size, found.st_mtime_ns


def _guard(connection: apsw.Connection, readable: frozenset[str]) -> None:
    connection.set_busy_timeout(_BUSY_MS)
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_VIEW, 0)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
    connection.set_progress_handler(lambda: True, _STEPS)
    harmless = (apsw.SQLITE_SELECT, apsw.SQLITE_FUNCTION, apsw.SQLITE_SAVEPOINT, apsw.SQLITE_TRANSACTION)

    def allow(action: int, first: str | None, *rest: str | None) -> int:
        fine = action in harmless or (action == apsw.SQLITE_READ and first in readable)
        return apsw.SQLITE_OK if fine else apsw.SQLITE_DENY

    connection.authorizer = allow


@cache
def queries(module: str) -> dict[str, str]:
    """The statements of `<module>.sql` beside this file, by the name in the `-- name` line above each."""
    path = os.path.join(os.path.dirname(__file__), f"{module}.sql")
    found: dict[str, list[str]] = {}
    current: list[str] = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("-- "):
                current = found.setdefault(line[3:].strip(), [])
            else:
                current.append(line)
    return {name: "".join(lines).strip() for name, lines in found.items()}

"""Opening the database file: private, complete, with the pragmas that the promises rest on.

Nothing here knows what the tables mean.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

import apsw

from tachograph import clock, paths
from tachograph.errors import NotFound, Refused, StoreDamaged, StoreError
from tachograph.store import migrations, queries
from tachograph.store.patience import patience
from tachograph.store.trouble import Cursor, translated

SQLITE_SAFE = (3, 51, 3)  # before it, two connections writing and checkpointing at once could corrupt a WAL file

_STEPS = 10_000  # of SQLite's machine between two looks at the clock; about a millisecond
_STATEMENTS = 512  # kept ready: importing one session takes more than the usual hundred, again and again

_OTHER = "name a database file with --db"

_sql = queries.load("connection")
_READER_BUSY_MS = 5_000
_TRANSACTION = ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
_SAVEPOINT = ("SAVEPOINT part", "RELEASE part", "ROLLBACK TO part; RELEASE part")


def open_database(path: str, *, busy_ms: int = 30_000) -> apsw.Connection:
    """A connection for reading and writing; makes the file (0600) and brings its schema up to date.

    Raises StoreError, StoreBusy, StoreDamaged, StoreTooNew or Refused, each with what to do next.
    """
    with translated(path):
        if os.path.lexists(path):
            _refuse_others(path)  # before anything is put in its place: /dev/null is empty, too
        orphaned = os.path.exists(f"{path}-wal")  # asked first: the file is never gone once it was there
        if not os.path.exists(path) or os.path.getsize(path) == 0:
            if orphaned:
                raise StoreDamaged(
                    f"{path} is gone, but its write-ahead log is still there",
                    f"put the file back, or move {path}-wal away to begin a new one",
                )
            _create(path)
            _refuse_others(path)
        with _opened(path, busy_ms) as connection:
            connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
            connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)  # else what is run again and again is compiled anew
            migrations.refuse_foreign(connection, path)
            _only_ours(path)
            connection.execute(_sql.writer).fetchall()  # a statement that answers stops here until it is read
            migrations.upgrade(connection, path)
            connection.execute(_sql.vocabulary).fetchall()
            return connection


def open_reader(path: str) -> apsw.Connection:
    """A connection that cannot write, whatever SQL it is given. Raises NotFound when there is no file."""
    if not os.path.exists(path):
        raise NotFound(
            f"there is no database at {path}", "`tachograph run -- COMMAND` makes it with the first recording"
        )
    _refuse_others(path)
    with translated(path), _opened(path, _READER_BUSY_MS) as connection:
        migrations.refuse_foreign(connection, path)
        migrations.refuse_other_version(connection, path)
        for sql in (_sql.reader, _sql.vocabulary, _sql.read_only):
            connection.execute(sql).fetchall()
        return connection


@contextlib.contextmanager
def _opened(path: str, busy_ms: int) -> Iterator[apsw.Connection]:
    """Closed again when something is wrong with the file, so that no -wal and -shm stay beside it."""
    flags = apsw.SQLITE_OPEN_READWRITE  # a WAL reader must reach the -shm file, too
    connection = apsw.Connection(path, flags=flags, statementcachesize=_STATEMENTS)
    try:
        connection.cursor_factory = Cursor
        connection.set_busy_handler(patience(busy_ms))
        yield connection
    except BaseException:
        connection.close()
        raise


def _create(path: str) -> None:
    """Build the whole schema under another name and move it into place, so that nobody ever sees half a database."""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        paths.private_folder(folder)
    scratch = f"{path}.new-{os.getpid()}"
    for leftover in (scratch, f"{scratch}-journal"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(leftover)
    os.close(os.open(scratch, os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), 0o600))
    try:
        with contextlib.closing(apsw.Connection(scratch)) as connection:
            connection.execute(_sql.new_file).fetchall()
            migrations.create(connection)
        try:
            os.link(scratch, path)  # link, not rename: another process may have been quicker, and its file stays
        except FileExistsError:
            if os.path.getsize(path) == 0:
                os.replace(scratch, path)
        except OSError:
            os.replace(scratch, path)  # a file system without hard links
        sync_folder(folder)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(scratch)


def sync_folder(folder: str) -> None:
    """What was made or renamed in it is there after a power cut, too."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _refuse_others(path: str) -> None:
    try:
        path.encode()
    except UnicodeEncodeError:
        raise StoreError(f"{path!a} is not UTF-8, which SQLite wants of the names of its files", _OTHER) from None
    if not os.path.isfile(path):
        raise StoreError(f"{path} is not a file", _OTHER)
    if sys.platform != "win32" and os.stat(path).st_uid != os.geteuid():
        raise Refused(f"{path} belongs to another user", "name a database of your own with --db or TACHOGRAPH_DB")


def _only_ours(path: str) -> None:
    """Owner-only, should someone have opened it up; SQLite gives new -wal and -shm files the mode of the database."""
    if sys.platform != "win32":
        for file in (path, f"{path}-wal", f"{path}-shm"):
            with contextlib.suppress(FileNotFoundError):
                if os.stat(file).st_mode & 0o077:
                    os.chmod(file, 0o600)


@contextlib.contextmanager
def transaction(connection: apsw.Connection, path: str = "the database") -> Iterator[None]:
    """All or nothing; inside another transaction a part of it that can fail alone.

    IMMEDIATE, because a transaction that reads first and then writes is refused at once when another writer was
    quicker, however long the busy timeout.
    """
    inner = connection.in_transaction
    begin, commit, rollback = _SAVEPOINT if inner else _TRANSACTION
    with translated(path):
        connection.execute(begin)
        try:
            yield
            connection.execute(commit)
        except BaseException:
            if connection.in_transaction:  # some errors end it by themselves
                connection.execute(rollback).fetchall()
            raise


def version_of_data(connection: apsw.Connection) -> int:
    """Another number when other connections have written."""
    return int(connection.execute(_sql.version_of_data).get)


@contextlib.contextmanager
def within(connection: apsw.Connection, seconds: float) -> Iterator[None]:
    """Statements run inside may take so long, all together. Raises TooSlow when they take longer."""
    deadline = clock.monotonic() + int(seconds * clock.SECOND)
    connection.set_progress_handler(lambda: clock.monotonic() > deadline, _STEPS)
    try:
        yield
    finally:
        connection.set_progress_handler(None)


def vacuum(connection: apsw.Connection, path: str) -> None:
    """Free pages go back to the disk, nothing readable stays in them, the write-ahead log is cut."""
    with translated(path):
        folder = apsw.format_sql_value(os.path.dirname(path))
        connection.execute(_sql.vacuum.format(folder=folder)).fetchall()
        connection.execute(_sql.vocabulary).fetchall()  # other temp_store, no temporary tables
        connection.execute(_sql.checkpoint).fetchall()


def refuse_shared(path: str) -> None:
    """Raises StoreBusy while anybody else has the database open; one that is not there or damaged nobody can use."""
    if not os.path.exists(path):
        return
    with (
        contextlib.suppress(StoreDamaged),
        translated(path),
        _opened(path, 2_000) as connection,
        contextlib.closing(connection),
    ):
        connection.execute(_sql.alone).fetchall()


def remove(path: str) -> None:
    """Delete a database and what SQLite keeps beside it."""
    with translated(path):
        for tail in ("", "-wal", "-shm", "-journal"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path + tail)
        sync_folder(os.path.dirname(path))

"""A copy of everything while it is used: the database, what was masked, the signed heads, all as of one moment.

The folder of a copy is a place like any other: `--db FOLDER/tachograph.db` reads it.
"""

from __future__ import annotations

import contextlib
import os
import shutil

import apsw

from tachograph import paths
from tachograph.errors import Refused, StoreError
from tachograph.proof.heads import Heads
from tachograph.store import connection as gate
from tachograph.store import queries
from tachograph.store.trouble import translated
from tachograph.store.vault import Vault

_sql = queries.load("copying")


def copy(writer: apsw.Connection, database: str, folder: str) -> str:
    """Copy a store into a new folder (0700); returns the path of the copy of the database.

    Recorders and importers wait for a moment only: both databases are held as they are by a reader each, and copied
    then. Raises Refused when the folder is there, StoreError.
    """
    if os.path.lexists(folder):
        raise Refused(f"{folder} is there already", "name a folder that is not there yet")
    paths.private_folder(folder)
    made = os.path.join(folder, paths.DATABASE)
    vault, heads = Vault(database).path, Heads(database).path
    try:
        with contextlib.ExitStack() as held:
            with gate.transaction(writer, database):  # nobody is between the vault's commit and the store's
                sources = [(_held(held, database), made)]
                if os.path.exists(vault):
                    sources.append((_held(held, vault), Vault(made).path))
                if os.path.isfile(heads):
                    copy_file(heads, Heads(made).path)
            for source, to in sources:
                _copy_database(source, to)
        gate.sync_folder(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return made


def _held(held: contextlib.ExitStack, path: str) -> apsw.Connection:
    """A reader that sees the database as it is now for as long as it is open."""
    with translated(path):
        source = held.enter_context(contextlib.closing(apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)))
        source.execute(_sql.hold).fetchall()
        return source


def _copy_database(source: apsw.Connection, to: str) -> None:
    os.close(os.open(to, os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), 0o600))
    with translated(to), contextlib.closing(apsw.Connection(to)) as made:
        with made.backup("main", source, "main") as pages:
            pages.step()
        made.execute(_sql.one_file).fetchall()


def copy_file(path: str, to: str) -> None:
    """A copy of the owner's alone, on the disk when this returns. Raises StoreError."""
    try:
        with open(path, "rb") as source, open(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as made:
            shutil.copyfileobj(source, made)
            made.flush()
            os.fsync(made.fileno())
    except OSError as error:
        raise StoreError(f"cannot copy {path}: {error.strerror}", "make room, or name another folder") from None

"""A copy of a store is put back: what was there is moved aside, and the signed heads say that it was done."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator

from tachograph import clock, paths
from tachograph.errors import NotFound, Refused, StoreDamaged, StoreError
from tachograph.ingest.opening import open_store
from tachograph.ingest.resetting import alone, refuse_foreign
from tachograph.paths import Places
from tachograph.proof.heads import Heads
from tachograph.proof.signing import existing_signer
from tachograph.store import connection
from tachograph.store.copying import copy_file
from tachograph.store.vault import Vault

_BESIDE = ("-wal", "-shm", "-journal")  # what SQLite keeps of a database


def find(path: str) -> str:
    """The database of a copy, named by its folder or itself. Raises NotFound."""
    found = os.path.join(path, paths.DATABASE) if os.path.isdir(path) else path
    if not os.path.isfile(found):
        raise NotFound(f"there is no copy at {path}", "name the folder that `tachograph backup` made")
    return os.path.abspath(found)


@contextlib.contextmanager
def prepared(places: Places, source: str) -> Iterator[str]:
    """A copy of the copy beside the database, sound and with today's schema; gone at the end unless it was put back.

    Raises StoreError and its children, Refused: nothing was changed, neither the store nor the copy.
    """
    folder = os.path.join(places.data, f"restoring-{os.getpid()}")
    shutil.rmtree(folder, ignore_errors=True)
    paths.private_folder(places.data)
    paths.private_folder(folder)
    fresh = os.path.join(folder, paths.DATABASE)
    try:
        for path, to in _files(source, fresh):
            copy_file(path, to)
        try:
            with open_store(fresh) as store:
                problems = store.check()
        except StoreError as error:
            raise type(error)(str(error).replace(fresh, source), "nothing was changed; take another copy") from None
        if problems:
            raise StoreDamaged(f"{source} is damaged: {problems[0]}", "nothing was changed; take another copy")
        connection.refuse_shared(fresh)  # so that it is one file
        yield fresh
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put_back(places: Places, fresh: str, details: str) -> str | None:
    """Put what `prepared` gave in the place of the database; returns the folder with what was there, if anything was.

    `details` says where it is from. Raises Refused or StoreBusy while somebody imports or has the database open.
    """
    refuse_foreign(places.database)
    with alone(places):
        connection.refuse_shared(places.database)
        aside = _set_aside(places) if os.path.exists(places.database) else None
        _replace(Vault(fresh).path, Vault(places.database).path)
        _keep_heads(Heads(places.database), Heads(fresh))
        for tail in _BESIDE:  # of a database that is too damaged to be closed
            _replace(fresh + tail, places.database + tail)
        _replace(fresh, places.database)  # last: until then the old one is there
        connection.sync_folder(places.data)
        with open_store(places.database) as store:
            store.ledger.restored(details)
            store.audit.add("tachograph", "restore", "completed", operation_type="recorder", details=details)
    return aside


def _files(database: str, other: str) -> Iterator[tuple[str, str]]:
    """The files of a store that are there, and what they are called in another one."""
    pairs = [(database + tail, other + tail) for tail in ("", *_BESIDE)]
    pairs += [(kind(database).path, kind(other).path) for kind in (Vault, Heads)]
    return ((path, to) for path, to in pairs if os.path.isfile(path))


def _keep_heads(own: Heads, copied: Heads) -> None:
    """Heads that go on from those of the copy stay. Else it is from somewhere else: its own come with it where the key
    of this installation has signed them; where not, no head can fit, and they begin anew."""
    known, brought = _content(own.path), _content(copied.path)
    if known and known.startswith(brought):
        return
    key = existing_signer(own.config)
    if key is None or not all(head.signed_by(key) for head in copied.read()):
        _replace("", copied.path)
    _replace(copied.path, own.path)


def _content(path: str) -> bytes:
    with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
        return file.read()
    return b""


def _set_aside(places: Places) -> str:
    """Another name for all that is there, so that there is no moment without a database."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(clock.now() // clock.SECOND))
    aside = os.path.join(places.data, f"replaced-{stamp}")
    if os.path.lexists(aside):
        raise Refused(f"{aside} is there already", "try again in a second")
    paths.private_folder(aside)
    for path, to in _files(places.database, os.path.join(aside, paths.DATABASE)):
        try:
            if path == Heads(places.database).path:
                copy_file(path, to)  # it goes on
            else:
                os.link(path, to)
        except OSError:  # a file system without hard links
            copy_file(path, to)
    connection.sync_folder(aside)
    return aside


def _replace(source: str, path: str) -> None:
    """Put a file in the place of another, or take that away when there is none."""
    if os.path.exists(source):
        os.replace(source, path)
    else:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)

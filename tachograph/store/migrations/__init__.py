"""From any released schema to today's. One numbered SQL file per version; `schema.sql` shows the sum of them.

A step and its version number are one transaction: an upgrade killed half-way leaves the old schema or the new one.
"""

from __future__ import annotations

import os
import re

import apsw

from tachograph import clock
from tachograph.errors import StoreDamaged, StoreError, StoreTooNew
from tachograph.store import queries

_sql = queries.load("migrations")
_FOLDER = os.path.dirname(__file__)
APPLICATION_ID = 0x7AC0  # in the file header, so that `file` and we can tell our database from another


def steps() -> list[tuple[int, str, str]]:
    """(version, name, SQL) in order, from the files `0001_name.sql` beside this one."""
    found = []
    for entry in os.listdir(_FOLDER):
        match = re.fullmatch(r"(\d{4})_(\w+)\.sql", entry)
        if match:
            found.append((int(match[1]), match[2], _read(entry)))
    return sorted(found)


def version_of(connection: apsw.Connection) -> int:
    return int(connection.pragma("user_version"))


def create(connection: apsw.Connection) -> None:
    """Today's schema into an empty file."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(_read("../schema.sql")).fetchall()
    for version, name, _ in steps():
        _note(connection, version, name)
    connection.execute("COMMIT")


def upgrade(connection: apsw.Connection, path: str) -> list[str]:
    """Apply what is missing; returns the names of the steps taken."""
    taken = []
    _refuse_newer(connection, path)
    for version, name, sql in steps():
        if version > version_of(connection):
            connection.execute("BEGIN IMMEDIATE")
            try:
                if version > version_of(connection):  # another process may have taken this step meanwhile
                    connection.execute(sql).fetchall()
                    _note(connection, version, name)
                    taken.append(name)
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise
    return taken


def refuse_other_version(connection: apsw.Connection, path: str) -> None:
    """For those who may not change it. Raises StoreTooNew, or StoreError when it is older than this version."""
    _refuse_newer(connection, path)
    if version_of(connection) < steps()[-1][0]:
        raise StoreError(f"{path} was written by an earlier version", "`tachograph db migrate` brings it up to date")


def _refuse_newer(connection: apsw.Connection, path: str) -> None:
    latest = steps()[-1][0]
    if version_of(connection) > latest:
        raise StoreTooNew(
            f"{path} was written by a later version of Tachograph (schema {version_of(connection)}, known: {latest})",
            "upgrade Tachograph: pip install --upgrade tachograph",
        )


def refuse_foreign(connection: apsw.Connection, path: str) -> None:
    """Raises StoreDamaged for a database that is somebody else's: we never add our tables to it."""
    if connection.pragma("application_id") == APPLICATION_ID:
        return
    if connection.execute(_sql.count_objects).get:
        raise StoreDamaged(f"{path} is a database of another program", "name another file with --db or TACHOGRAPH_DB")


def _note(connection: apsw.Connection, version: int, name: str) -> None:
    connection.execute(_sql.note_step, (version, clock.now(), name))
    connection.execute(_sql.mark_file.format(version=int(version), application_id=APPLICATION_ID)).fetchall()


def _read(name: str) -> str:
    with open(os.path.join(_FOLDER, name), encoding="utf-8") as file:
        return file.read()

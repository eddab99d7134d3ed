"""SQLite's and the system's errors in our words, each with the next thing to do. None of them leaves this room raw."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import compress, count, islice
from typing import Any

import apsw

from tachograph.errors import BadRecord, StoreBusy, StoreDamaged, StoreError, TachographError, TooSlow
from tachograph.regexes import regex

_DAMAGED = "move it away and restore a copy; recordings still in the journal are imported into the new file"
_WORDS: list[tuple[tuple[type[Exception], ...], type[TachographError], str, str]] = [
    (
        (apsw.BusyError, apsw.LockedError),
        StoreBusy,
        "{path} is locked by another process",
        "try again; `tachograph doctor` names who holds it",
    ),
    (
        (apsw.InterruptError,),
        TooSlow,
        "this takes longer than it may",
        "ask for less: one session, a shorter time, a smaller limit",
    ),
    (
        (apsw.NotADBError, apsw.CorruptError, UnicodeDecodeError),
        StoreDamaged,
        "{path} is not a Tachograph database, or it is damaged ({error})",
        _DAMAGED,
    ),
    (
        (apsw.FullError,),
        StoreError,
        "no space left for {path}",
        "free some space; what waits in the journal is imported then",
    ),
    (
        (apsw.ReadOnlyError, apsw.CantOpenError, apsw.PermissionsError, PermissionError),
        StoreError,
        "cannot open {path} for writing ({error})",
        "check its owner and folder, or name another with --db",
    ),
    (
        (apsw.ConstraintError, apsw.MismatchError, apsw.TooBigError, UnicodeEncodeError),
        BadRecord,
        "the record was refused: {error}",
        "nothing of its batch was stored",
    ),
    (
        (OverflowError,),
        BadRecord,
        "a number is larger than a database can hold",
        "the largest is 9223372036854775807",
    ),
    (
        (apsw.IOError,),
        StoreError,
        "the disk failed under {path} ({error})",
        "check the disk, then `tachograph db check`",
    ),
    (
        (apsw.Error, OSError),
        StoreError,
        "{path}: {error}",
        "`tachograph doctor` looks for the reason",
    ),
]
_STRANGE = regex(r"(\w+\.\w+) is a word that \w+ does not know")  # what triggers of the schema say
_VOCABULARY = "`tachograph db vocabulary list` shows them, `tachograph db vocabulary add` allows one more"
_RAW = tuple(kind for kinds, *_ in _WORDS for kind in kinds)
_NO_ROW = object()


def in_our_words(error: Exception, path: str) -> TachographError:
    """What to raise instead of it."""
    if strange := _STRANGE.search(str(error)):
        return BadRecord(f"{strange[1]}: that is none of the words it may be", _VOCABULARY)
    for kinds, becomes, says, hint in _WORDS:
        if isinstance(error, kinds):
            return becomes(says.format(path=path, error=getattr(error, "strerror", None) or error), hint)
    raise TypeError(f"{type(error).__name__} is not an error of SQLite or of the system") from error


@contextlib.contextmanager
def translated(path: str) -> Iterator[None]:
    """Around whatever may meet such errors."""
    try:
        yield
    except _RAW as error:
        raise in_our_words(error, path) from error


class Strict(apsw.Cursor):
    """Statements run and rows are read under `translated`, written out: a context costs more than a row.

    For digests: text that is none (no UTF-8) is no text. Everybody else has a `Cursor`.
    """

    def execute(self, *args: Any, **options: Any) -> Any:
        try:
            return super().execute(*args, **options)
        except _RAW as error:
            raise in_our_words(error, self.connection.filename) from error

    def executemany(self, *args: Any, **options: Any) -> Any:
        try:
            return super().executemany(*args, **options)
        except _RAW as error:
            raise in_our_words(error, self.connection.filename) from error

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        told = count(1)
        try:
            # As quick as without us: nothing of ours runs a row, and that they are counted costs next to nothing.
            yield from compress(iter(super().__next__, _NO_ROW), told)
        except UnicodeDecodeError as error:
            yield from islice(self._instead(error), next(told) - 1, None)
        except _RAW as error:
            raise in_our_words(error, self.connection.filename) from error
        except GeneratorExit:
            # A cursor that is let go of before its last row, when something else was asked since, goes on holding its
            # read transaction: the connection would see nothing new any more, and the write-ahead log only grow.
            self.close(True)
            raise

    def fetchall(self) -> Any:
        try:
            return list(iter(super().__next__, _NO_ROW))
        except UnicodeDecodeError as error:
            return list(self._instead(error))
        except _RAW as error:
            raise in_our_words(error, self.connection.filename) from error

    def fetchone(self) -> Any:
        try:
            return super().fetchone()
        except UnicodeDecodeError as error:
            return next(self._instead(error))
        except _RAW as error:
            raise in_our_words(error, self.connection.filename) from error

    @property
    def get(self) -> Any:
        try:
            return super().get
        except UnicodeDecodeError as error:
            row = next(self._instead(error))
            return row[0] if len(row) == 1 else row
        except _RAW as error:
            raise in_our_words(error, self.connection.filename) from error

    def _instead(self, error: UnicodeDecodeError) -> Iterator[tuple[Any, ...]]:
        """All rows of the statement once more, where a text in them could not be read."""
        raise in_our_words(error, self.connection.filename) from error


class Cursor(Strict):
    """The same, but text that is no UTF-8 is read with replacement characters: other programs may have written half a
    character, or in another encoding, which SQLite does not look at, and one such row must not hide all others.
    """

    def _instead(self, error: UnicodeDecodeError) -> Iterator[tuple[Any, ...]]:
        """Asked for as bytes."""
        if not self.is_readonly:
            yield from super()._instead(error)
        connection, asked = self.connection, self.expanded_sql.strip().rstrip(";")
        names = [f"c{number}" for number in range(len(self.get_description()))]
        texts = [f"iif(typeof({name}) = 'text', CAST({name} AS BLOB), {name}), typeof({name})" for name in names]
        self.close(True)
        sql = f"WITH asked ({', '.join(names)}) AS MATERIALIZED (\n{asked}\n) SELECT {', '.join(texts)} FROM asked"
        for row in Strict(connection).execute(sql):
            values = zip(row[::2], row[1::2], strict=True)
            yield tuple(value.decode(errors="replace") if kind == "text" else value for value, kind in values)

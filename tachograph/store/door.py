"""SQL from outside: read-only, bounded in time and rows. A door for people, not for the rest of this room."""

from __future__ import annotations

from typing import NamedTuple

import apsw

from tachograph import clock
from tachograph.errors import Refused, UsageError
from tachograph.store import connection as gate
from tachograph.store import queries
from tachograph.store.trouble import in_our_words

_sql = queries.load("door")
_WORDS = {".tables": _sql.tables}
_ALLOWED = frozenset(
    {apsw.SQLITE_SELECT, apsw.SQLITE_READ, apsw.SQLITE_FUNCTION, apsw.SQLITE_RECURSIVE}
)  # fmt: skip
_PRAGMAS = frozenset({"table_info", "table_xinfo", "table_list", "index_list", "index_info", "user_version"})


class Table(NamedTuple):
    columns: list[str]
    rows: list[tuple[object, ...]]
    truncated: bool  # rows_max was reached


def query(
    path: str, sql: str, values: tuple[object, ...] = (), *, timeout_ms: int = 5000, rows_max: int = 10_000
) -> Table:
    """Run one SELECT, or `.tables`, which lists what there is to read.

    Raises UsageError for wrong SQL, Refused for anything that is not reading or takes too long.
    """
    sql = _WORDS.get(sql.strip(), sql)
    connection = gate.open_reader(path)
    deadline = clock.monotonic() + timeout_ms * clock.MILLISECOND
    refused: list[str] = []

    def authorise(action: int, first: str | None, second: str | None, *_: object) -> int:
        if action in _ALLOWED and (first or "").lower() != "load_extension" and (second or "") != "load_extension":
            return apsw.SQLITE_OK
        if action == apsw.SQLITE_PRAGMA and first in _PRAGMAS:
            return apsw.SQLITE_OK
        refused.append(str(apsw.mapping_authorizer_function.get(action, action)))
        return apsw.SQLITE_DENY

    connection.authorizer = authorise
    connection.set_progress_handler(lambda: clock.monotonic() > deadline, 1000)
    connection.limit(apsw.SQLITE_LIMIT_LENGTH, 50_000_000)
    connection.cursor_factory = apsw.Cursor  # whose errors are about what was asked
    try:
        return _fetch(connection, sql, values, rows_max)
    except apsw.InterruptError:
        raise Refused(f"the query took longer than {timeout_ms / 1000:g} s", "narrow it, or raise --timeout") from None
    except (apsw.AuthError, apsw.SQLError, apsw.BindingsError) as error:
        if refused or str(error).startswith("cannot modify"):
            told = ", ".join(refused[:3]) or error
            raise Refused(
                f"only reading is allowed here ({told})",
                "write a single SELECT; the commands and the Python API change things",
            ) from None
        raise UsageError(f"SQL: {error}", "`tachograph db sql .tables` lists the tables and views") from None
    except (apsw.ReadOnlyError, apsw.TooBigError) as error:
        raise Refused(f"SQL: {error}", "only a single reading statement is allowed") from None
    except UnicodeDecodeError:  # bytes that were cast to text, most often; seldom the text of a damaged page
        raise UsageError(
            "SQL: a text in the answer is not UTF-8",
            "hex(…) shows what it is; `tachograph db check` tells whether the file is damaged",
        ) from None
    except apsw.Error as error:
        raise in_our_words(error, path) from error
    finally:
        connection.close(True)


def _fetch(connection: apsw.Connection, sql: str, values: tuple[object, ...], rows_max: int) -> Table:
    cursor = connection.cursor()
    columns: list[str] = []
    begun = False

    def traced(_: apsw.Cursor, __: str, ___: object) -> bool:
        nonlocal begun
        if begun:
            raise UsageError("one statement at a time", "run the second one by itself")
        begun = True
        columns.extend(column[0] for column in cursor.get_description())  # here: an empty answer has none afterwards
        return True

    cursor.exec_trace = traced
    rows: list[tuple[object, ...]] = []
    cursor.execute(sql, values, can_cache=False)
    for row in cursor:
        if len(rows) == rows_max:
            return Table(columns, rows, True)
        rows.append(row)
    return Table(columns, rows, False)

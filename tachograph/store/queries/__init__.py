"""Every query by name, read from the `.sql` files beside this one: `sessions.sql` holds what `sessions.py` asks.

A file is a list of `-- name: the_name`, a sentence of comment, the SQL. Values are always bound (`?`, `:name`). Two
kinds of braces may stand in a query:

- a name from `columns.sql` is replaced here, once, by the list of columns it stands for;
- `{where}`, `{order}`, `{numbers}` and the like are filled with `str.format` by the module that asks: conditions of
  `filters.Where`, our own words, integers. Nothing that came from outside.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache

from tachograph.regexes import regex

_FOLDER = os.path.dirname(__file__)  # not importlib.resources: it costs every command a tenth of its start
_NAME = regex(r"^-- name: (\w+)$", re.M)
_WORD = regex(r"\{(\w+)\}")
_LITERAL_OR_COMMENT = regex(r"('[^']*')|--[^\n]*")


class Queries:
    """The queries of one file as attributes: `load("sessions").by_id`. Read when the first of them is asked for: a
    command imports the whole store and uses little of it."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> str:  # only asked for what is not there
        if name not in self._fill():
            raise AttributeError(f"no query is named {name!r}")
        return str(self.__dict__[name])

    def _fill(self) -> Mapping[str, str]:
        """Read the file; name → query."""
        texts = read(self._module)
        self.__dict__.update(texts if self._module == "columns" else _filled(texts, _columns()))
        return texts


_loaded: dict[str, Queries] = {}


def load(module: str) -> Queries:
    """The queries of `<module>.sql`, without comments."""
    return _loaded.setdefault(module, Queries(module))


def load_all() -> None:
    """Read the files of all that were loaded."""
    for one in _loaded.values():
        one._fill()


@cache
def _columns() -> Mapping[str, str]:
    return _filled(read("columns"), read("columns"))  # one may hold another


def _filled(texts: Mapping[str, str], columns: Mapping[str, str]) -> Mapping[str, str]:
    return {
        name: _WORD.sub(lambda found: columns.get(found[1], found[0]), sql) if "{" in sql else sql
        for name, sql in texts.items()
    }


@cache
def read(module: str) -> Mapping[str, str]:
    """Name → SQL as the file has it, comments and the last semicolon taken away."""
    with open(os.path.join(_FOLDER, f"{module}.sql"), encoding="utf-8") as file:
        parts = _NAME.split(file.read())[1:]
    return {name: _without_comments(sql) for name, sql in zip(parts[::2], parts[1::2], strict=True)}


@cache
def with_rows(sql: str, rows: int) -> tuple[str, int]:
    """A statement that inserts so many rows (its `{rows}`), and how many values it takes."""
    columns = sql[sql.index("(") : sql.index(")")].count(",") + 1
    row = f"({','.join('?' * columns)})"
    return sql.format(rows=",".join([row] * rows)), columns * rows


@cache
def with_run(sql: str, rows: int, width: int) -> str:
    """The same for rows that begin with a session, a place in it and an id, which are given once, of the first row:
    places are counted on, ids are the next. `width` is what else each row takes."""
    rest = ",?" * width
    then = (f"(?1,?2+{row},NULL{rest})" for row in range(1, rows))
    return sql.format(rows=",".join([f"(?1,?2,?3{rest})", *then]))


def _without_comments(sql: str) -> str:
    """A `--` inside a literal stays: literals are matched first."""
    bare = _LITERAL_OR_COMMENT.sub(lambda found: found[1] or "", sql) if "--" in sql else sql
    return bare.strip().rstrip(";")

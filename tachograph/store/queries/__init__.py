"""Every query by name, read from the `.sql` files beside this one.

A file holds many: `-- name: the_name`, a sentence of comment, the SQL. `{where}`, `{order}` and the like are places
where the listing code puts conditions of its own making (`filters.Where`); values are always bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import resources

_HEAD = re.compile(r"^-- name: (\w+)$", re.M)
_COMMENT = re.compile(r"\s*--[^\n]*")


class Queries:
    """The queries of one file, as attributes."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts

    def __getattr__(self, name: str) -> str:
        try:
            return self._texts[name]
        except KeyError:
            raise AttributeError(f"no query {name!r} in this file") from None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._texts.items())


@cache
def load(name: str) -> Queries:
    """`load("sessions")` reads `sessions.sql`."""
    text = resources.files(__name__).joinpath(f"{name}.sql").read_text("utf-8")
    parts = _HEAD.split(text)[1:]
    return Queries(
        {key: " ".join(_COMMENT.sub("", sql).split()) for key, sql in zip(parts[::2], parts[1::2], strict=True)}
    )

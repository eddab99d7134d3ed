"""Filters of the listings as SQL conditions: one is added only when it was asked for.

(`:x IS NULL OR column = :x` reads as neatly and makes SQLite read the whole table.)
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from tachograph import clock
from tachograph.errors import UsageError


class Where:
    """Collects conditions and their values; as text it stands after `WHERE` or `AND`, empty too."""

    def __init__(self) -> None:
        self._conditions: list[str] = []
        self.values: list[object] = []

    def add(self, condition: str, *values: object) -> None:
        """`condition` with one `?` a value; left out when the only value is None."""
        if values and values[0] is None:
            return
        self._conditions.append(condition)
        self.values.extend(values)

    def any_of(self, column: str, values: Iterable[object] | None) -> None:
        """`column` is one of `values`; left out when `values` is None. An empty collection matches nothing."""
        if values is not None:
            found = list(values)
            self.add(f"{column} IN ({','.join('?' * len(found))})")
            self.values.extend(found)

    def any_number(self, column: str, values: Iterable[int] | None) -> None:
        """The same for integers, written out: there may be more of them than a statement takes values."""
        if values is not None:
            self.add(f"{column} IN ({numbers(values)})")

    def between(self, column: str, since: int | None, until: int | None) -> None:
        """`column` has times as ns. Raises UsageError."""
        check_times(since, until)
        self.add(f"{column} >= ?", since)
        self.add(f"{column} <= ?", until)

    def dated(self, column: str, since: int | None, until: int | None) -> None:
        """`column` has times as text; `since` and `until` are ns all the same. Raises UsageError."""
        check_times(since, until)
        self.add(f"{column} >= ?", None if since is None else clock.iso(since))
        self.add(f"{column} <= ?", None if until is None else clock.iso(until))

    def overlaps(self, since: int | None, until: int | None) -> None:
        """Sessions (`s`) in which something may have happened then. Raises UsageError."""
        check_times(since, until)
        self.add("s.last_at >= ?", since)
        self.add("s.first_at <= ?", until)

    def __str__(self) -> str:
        return " AND ".join(self._conditions) or "TRUE"


def check_names(chosen: Mapping[str, object], filters: type) -> None:
    """Raises TypeError for a name that is none of `filters`, a TypedDict: misspelt, it would pick more than meant."""
    if strange := chosen.keys() - filters.__annotations__.keys():
        raise TypeError(f"there is no filter {', '.join(sorted(strange))}")


def check_times(since: int | None, until: int | None) -> None:
    """Raises UsageError where nothing can lie between."""
    if since is not None and until is not None and since > until:
        raise UsageError("the time it ends at (until) is before the one it begins at (since)", "swap the two")


def begin(days: float | None, since: int | None, now: int) -> int | None:
    """Where a list begins, in ns: so many days before `now`, or at `since`. Raises UsageError when both are given."""
    if days is not None and since is not None:
        raise UsageError("days and since both say where it begins", "leave one of them out")
    return since if days is None else now - int(days * clock.DAY)


def most(limit: int | None) -> int:
    """What SQL's LIMIT takes for `limit`, where None is no limit."""
    return -1 if limit is None else limit


def numbers(values: Iterable[int]) -> str:
    """A list of integers as SQL text; integers only, so nothing can be smuggled in."""
    return ",".join(f"{value:d}" for value in sorted(values))


def listed(values: Iterable[int]) -> str:
    """A list of integers as JSON, for `json_each`: where it is another one every time, the statement is the same, and
    SQLite keeps it ready."""
    return f"[{numbers(values)}]"


def pattern(glob: str | None) -> str | None:
    """What SQL's GLOB takes for a pattern of people: a shell glob, or SQL's `%`; None when it asks for everything."""
    return None if glob is None or glob in {"*", "%"} else glob.replace("%", "*").replace("[!", "[^")


def fits(glob: str, value: str) -> bool:
    """What SQL's GLOB does with a pattern of people, for values that no table has."""
    return fnmatchcase(value, glob.replace("%", "*").replace("[^", "[!"))


def in_project(glob: str, folder: str | None) -> bool:
    """Whether a folder is one of those meant: by its name or by its path."""
    place = (folder or "").rstrip("/")
    return fits(glob, place) or fits(glob, posixpath.basename(place))

"""Arrays of tables in a TOML file that people write (`[[rule]]`, `[[slo]]`), each with the line it begins on.

A syntax error costs the table it is in; the others still load.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterator
from typing import NamedTuple


class Wrong(NamedTuple):
    """What is wrong with a file. `line` counts from 1; `name` is that of the table, "" when it has none."""

    line: int
    name: str
    reason: str


class Table(NamedTuple):
    """One table: the line of its header, what it holds, its text."""

    line: int
    values: dict[str, object]
    text: str

    def line_of(self, key: str) -> int:
        """The line of a key, that of the table when it is not written there."""
        found = re.search(rf"^\s*{re.escape(key)}\s*=", self.text, re.MULTILINE) if key else None
        return self.line + self.text.count("\n", 0, found.end()) if found else self.line


class Refusal(ValueError):
    """Why a table is refused; `key` is the field that the reason is about."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key = key


def tables(text: str, array: str, wrong: list[Wrong]) -> Iterator[Table]:
    """Every `[[array]]` of a file; what cannot be read is added to `wrong`."""
    starts = [found.start() for found in re.finditer(rf"^[ \t]*\[\[[ \t]*{array}[ \t]*\]\]", text, re.MULTILINE)]
    try:
        whole = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        whole = {}
    listed = whole.get(array)
    parsed: list[object] | None = None
    if isinstance(listed, list) and len(listed) == len(starts):
        parsed = listed
    elif listed is not None:
        wrong.append(Wrong(1, "", f"a table of this kind begins with [[{array}]] on a line of its own"))
        return
    elif not whole:
        _check(text[: starts[0]] if starts else text, wrong)
    for index, (start, end) in enumerate(itertools.pairwise([*starts, len(text)])):
        line = text.count("\n", 0, start) + 1
        source = text[start:end]
        try:
            values = parsed[index] if parsed is not None else tomllib.loads(source)[array][0]
        except tomllib.TOMLDecodeError as error:
            wrong.append(_syntax(error, line, source))
            continue
        if isinstance(values, dict):
            yield Table(line, values, source)


def _check(text: str, wrong: list[Wrong]) -> None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        wrong.append(_syntax(error, 1, text))


def _syntax(error: tomllib.TOMLDecodeError, line: int, source: str) -> Wrong:
    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)", str(error))
    inside = int(place[1]) if place and place[1] else source.rstrip().count("\n") + 1
    name = re.search(r"""^\s*name\s*=\s*["']([^"']*)""", source, re.MULTILINE)
    reason = str(error)[: place.start()] if place else str(error)
    return Wrong(line + inside - 1, name[1] if name else "", f"not valid TOML: {reason}")

"""Rows → CSV that is safe to open in a spreadsheet: a cell that would be taken for a formula begins with `'`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tachograph.formats.rows import flat
from tachograph.formats.sanitise import terminal
from tachograph.regexes import regex

_NUMBER = regex(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\Z")
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # the wide forms count too


def lines(rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> Iterator[str]:
    """A header, then one record per row; line ends are CRLF as RFC 4180 has it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([defuse(name) for name in columns])
    yield _taken(buffer)
    for row in rows:
        writer.writerow([cell(row.get(name)) for name in columns])
        yield _taken(buffer)


def cell(item: object) -> str:
    """A value as CSV text; numbers stay numbers, None is empty."""
    text = flat(item)
    return text if isinstance(item, int | float) else defuse(text)


def defuse(text: str) -> str:
    """Text no spreadsheet evaluates and no terminal obeys."""
    clean = terminal(text.replace("\r\n", "\n"))
    # Both are asked: what was removed may have hidden the sign.
    guarded = any(one[:1] in ("\t", "\r", "\n") or one.lstrip().startswith(_FORMULA) for one in (text, clean))
    return "'" + clean if guarded and not _NUMBER.match(clean) else clean


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text

"""Rows of cells → a table for people: fitted to a width on a terminal, tab-separated in a pipe.

Cells are sanitised here; colour is put on after that, so recorded text can bring none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tachograph.formats import human
from tachograph.formats.rows import flat
from tachograph.formats.sanitise import line, painted

_GAP = "  "
_NARROWEST = 8


class Column(NamedTuple):
    """When the terminal is too narrow, `stretch` columns give way, widest first, down to their `least`; then those that
    are `spare` are left out, the highest number first; then `stretch` columns give way further. Others never change."""

    title: str
    right: bool = False
    stretch: bool = False
    style: str = ""  # SGR parameters for the whole column
    spare: int = 0
    tail: bool = False  # of what is too long the end is shown
    least: int = _NARROWEST


class Cell(NamedTuple):
    """Text with a colour of its own."""

    text: str
    style: str = ""


def separated(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Tab-separated lines under a header, for awk and cut: whole values, one line each."""
    yield "\t".join(titles) + "\n"
    for row in rows:
        yield "\t".join(line(flat(_plain(item))) for item in row) + "\n"


def fitted(
    columns: Sequence[Column], rows: Iterable[Sequence[object]], width: int = 80, colour: bool = False
) -> Iterator[str]:
    """Lines of an aligned table at most `width` columns wide; a column without any content is left out."""
    cells = [[_cell(item) for item in row] for row in rows]
    shown = [n for n, column in enumerate(columns) if not column.title or any(row[n].text for row in cells)]
    columns = [columns[n] for n in shown]
    cells = [[row[n] for n in shown] for row in cells]
    widths = _widths(columns, cells, width)
    while sum(widths) + len(_GAP) * (len(widths) - 1) > width and any(column.spare for column in columns):
        spared = max(range(len(columns)), key=lambda n: columns[n].spare)
        columns = [*columns[:spared], *columns[spared + 1 :]]
        cells = [[*row[:spared], *row[spared + 1 :]] for row in cells]
        widths = _widths(columns, cells, width)
    widths = _widths([column._replace(least=_NARROWEST) for column in columns], cells, width, widths)
    titles = [Cell(column.title, "2") for column in columns]
    for row in [titles, *cells]:
        yield _drawn(columns, row, widths, colour) + "\n"


def _plain(item: object) -> object:
    return item.text if isinstance(item, Cell) else item


def _cell(item: object) -> Cell:
    if isinstance(item, Cell):
        return Cell(line(item.text), item.style)
    return Cell(line(flat(item)))


def _widths(
    columns: Sequence[Column], cells: Sequence[Sequence[Cell]], width: int, from_: Sequence[int] | None = None
) -> list[int]:
    """Of what they hold, or `from_` these, as much less as they must and may give way."""
    widths = (
        list(from_)
        if from_ is not None
        else [
            max((human.columns(text) for text in (column.title, *(row[n].text for row in cells))), default=0)
            for n, column in enumerate(columns)
        ]
    )
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    while excess > 0:
        widest = max(
            (n for n, column in enumerate(columns) if column.stretch and widths[n] > column.least),
            key=lambda n: widths[n],
            default=None,
        )
        if widest is None:
            break
        widths[widest] -= 1
        excess -= 1
    return widths


def _drawn(columns: Sequence[Column], row: Sequence[Cell], widths: Sequence[int], colour: bool) -> str:
    parts = []
    for column, cell, width in zip(columns, row, widths, strict=True):
        text = (human.fit_end if column.tail else human.fit)(cell.text, width)
        pad = " " * (width - human.columns(text))
        drawn = painted(text, cell.style or column.style, colour)
        parts.append(pad + drawn if column.right else drawn + pad)
    return _GAP.join(parts).rstrip()

"""Rounds, ratios and the one table. A ratio compares two figures of the same round; medians and the spread are shown.

CPU time is the figure to trust: on a shared machine wall-clock time mostly measures the neighbours.
"""

from __future__ import annotations

import os
import socket
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

T = TypeVar("T")
_TICK = os.sysconf("SC_CLK_TCK")


class Sample(NamedTuple):
    """One measurement, both clocks in the same unit; `memory` in bytes where it was looked at."""

    cpu: float
    wall: float
    memory: int = 0


@dataclass(frozen=True)
class Row:
    """One line of the table. `holds` is None where no bar is set."""

    what: str
    value: str
    against: str = ""
    peer: str = ""
    ratio: str = ""
    wall: str = ""
    bar: str = ""
    holds: bool | None = None


def cpu(process: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def rounds(count: int, contenders: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Run every contender `count` times, interleaved, each round beginning with another one."""
    names = list(contenders)
    results: dict[str, list[T]] = {name: [] for name in names}
    for number in range(count):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            results[name].append(contenders[name]())
    return results


def spread(values: Sequence[float], form: str = "{:.2f}") -> str:
    """`1.02 (0.97–1.10)`: median, smallest and largest."""
    middle, low, high = (form.format(value) for value in (statistics.median(values), min(values), max(values)))
    return f"{middle} ({low}–{high})" if len(values) > 1 else middle


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    return [a / b for a, b in zip(ours, theirs, strict=True)]


def compare(
    what: str,
    ours: Sequence[Sample],
    against: str,
    theirs: Sequence[Sample],
    *,
    form: str = "{:.1f} µs",
    bar: float | None = None,
    by: str = "cpu",
) -> Row:
    """Ours divided by theirs, round by round; the bar is a largest allowed median ratio of CPU (or `by` wall) time."""
    cpu = ratios([s.cpu for s in ours], [s.cpu for s in theirs])
    wall = ratios([s.wall for s in ours], [s.wall for s in theirs])
    held = statistics.median(cpu if by == "cpu" else wall)
    values = [form.format(statistics.median(getattr(s, by) for s in side)) for side in (ours, theirs)]
    return Row(
        *(what, values[0], against, values[1], spread(cpu), spread(wall)),
        bar="" if bar is None else f"≤ {bar:g} × {by}",
        holds=None if bar is None else held <= bar,
    )


def table(rows: Sequence[Row]) -> str:
    """The rows as an aligned Markdown table."""
    head = ("figure", "value", "against", "its value", "CPU ratio", "wall ratio", "bar", "holds")
    cells = [head, *[(*_texts(row), {None: "", True: "yes", False: "NO"}[row.holds]) for row in rows]]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _texts(row: Row) -> tuple[str, ...]:
    return row.what, row.value, row.against, row.peer, row.ratio, row.wall, row.bar

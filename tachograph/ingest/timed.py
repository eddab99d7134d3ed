"""Findings with the time of the line they begin in, also when they come out later: a traceback is told when its end is
seen, and its end may come in other bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tachograph.extract.extractor import Extractor, Found
from tachograph.extract.rules import Rules
from tachograph.store.output import LineClock


class TimedExtractor:
    """An extractor that is fed lines in portions, each with its clock. Times in ns."""

    def __init__(self, rules: Rules, state: Mapping[str, Any] | None = None) -> None:
        """`state` is what `state()` gave."""
        self._extractor = Extractor(rules, state and state["extractor"])
        self._begun = {int(line): at for line, at in state["begun"]} if state else {}

    def feed(self, lines: Sequence[tuple[int, str]], clock: LineClock) -> list[tuple[Found, int]]:
        """The next lines → what was found, as `Extractor.feed`, each with its time."""
        if not lines:
            return []
        first = lines[0][0]
        found = [(one, self._at(one.line_number, first, clock)) for one in self._extractor.feed(lines)]
        self._begun = {line: self._at(line, first, clock) for line in self._extractor.open_lines}
        return found

    def finish(self) -> list[tuple[Found, int]]:
        """Nothing follows."""
        return [(one, self._before(one.line_number)) for one in self._extractor.finish()]

    def state(self) -> dict[str, Any]:
        """Everything remembered, as values JSON can hold."""
        return {"extractor": self._extractor.state(), "begun": list(self._begun.items())}

    def _at(self, line: int, first: int, clock: LineClock) -> int:
        return clock.at(line) if line >= first else self._before(line)

    def _before(self, line: int) -> int:
        """Of a line in an earlier portion: its time if something begins there, else when what it is part of began."""
        known = [begun for begun in self._begun if begun <= line] or self._begun
        return self._begun[max(known)] if known else 0

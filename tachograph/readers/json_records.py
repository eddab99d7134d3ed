"""Records of agents that keep one a line, as other programs leave them: a JSON list, or pretty-printed.

Whose they are is asked of the readers of lines, who get each record as the line that it was; what they tell is told in
their name. No agent writes such files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import msgspec

from tachograph.readers import registry
from tachograph.readers.json_lines import objects, records, unknown
from tachograph.readers.reading import Origin, Parser, Place, Shape
from tachograph.records import Fact, SessionFacts

name = "json"
shape = Shape.DOCUMENT

_SHOWN = 60  # records that a reader of lines is shown of a head
_NOT_RECORDS = {"asciicast", "cursor_text", "aider", "plain_log"}  # their lines are no objects


def places(home: str, environment: Mapping[str, str]) -> list[Place]:
    """Nowhere of their own: such files lie where somebody put them."""
    return []


def detect(head: bytes, path: str) -> bool:
    """No record ends with the first line, and a reader of lines knows what was in it."""
    start = head.lstrip()
    first, end, _ = start.partition(b"\n")
    listed, spread = start[:1] == b"[", start[:1] == b"{" and end and not objects(first)[0]
    return bool(listed or spread) and _whose(head, path) is not None


def parse(origin: Origin) -> Parser:
    """A parser that gets the whole document, each time it was rewritten."""
    return Document(origin)


class Document:
    """Reads one document; written again, it tells the same steps by the same keys."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._agent = name
        self._parser: Parser | None = None

    def feed(self, data: bytes) -> Iterable[Fact]:
        """The facts of all records."""
        module = _whose(data, self._origin.path)
        if module is None:
            yield unknown("no records", data)
            return
        self._agent = registry.reader(module).name
        self._parser = registry.reader(module).parse(self._origin)
        for record in records(data):
            line = record if isinstance(record, bytes) else msgspec.json.encode(record)
            yield from self._named(self._parser.feed(line))

    def finish(self) -> Iterable[Fact]:
        """What its reader says at the end."""
        return self._named(self._parser.finish()) if self._parser else ()

    def _named(self, facts: Iterable[Fact]) -> Iterator[Fact]:
        for fact in facts:
            unnamed = isinstance(fact, SessionFacts) and fact.agent is None
            yield msgspec.structs.replace(fact, agent=self._agent) if unnamed else fact


def _whose(data: bytes, path: str) -> str | None:
    """The module that reads lines like these records."""
    first = [msgspec.json.encode(record) for record in islice(records(data), _SHOWN) if isinstance(record, dict)]
    lines = b"\n".join(first)
    for module in registry.MODULES if first else ():
        reader = registry.reader(module)
        if reader.shape is Shape.LINES and module not in _NOT_RECORDS and reader.detect(lines, path):
            return module
    return None

"""Files in an agent's folder that no reader knows: their bytes are kept, and tell nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tachograph.readers.reading import Origin, Parser, Place, Shape
from tachograph.records import Fact

name = "unknown"
shape = Shape.LINES  # as far as anybody can tell: what grows at its end is not read again


def places(home: str, environment: Mapping[str, str]) -> list[Place]:
    """None of its own: they lie in the places of the others."""
    return []


def detect(head: bytes, path: str) -> bool:
    """Nobody is asked whether nobody knows a file."""
    return False


def parse(origin: Origin) -> Parser:
    """A parser that has nothing to say."""
    return _Silent()


class _Silent:
    def feed(self, data: bytes) -> Iterable[Fact]:
        return ()

    def finish(self) -> Iterable[Fact]:
        return ()

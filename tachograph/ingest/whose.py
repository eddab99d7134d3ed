"""Whose a file is: by how it begins; where its first lines are longer than what readers are shown, by what follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import IO, NamedTuple

from tachograph.ingest import packed
from tachograph.readers.reading import HEAD_BYTES, Shape
from tachograph.readers.registry import reader, which

_STEP = 1 << 20  # bytes that are read at once on the way to the end of a long line
_FAR = 2 << 30  # bytes behind which nobody looks for one
_LONG_LINES = 8  # of one file, at most


class Beginning(NamedTuple):
    """The first bytes of a file, unpacked when it is compressed, and the module that reads it; None: nobody."""

    head: bytes
    module: str | None
    packed: bool = False


def beginning(file: IO[bytes], path: str, named: Sequence[str] = ()) -> Beginning:
    """Of a file from its first byte on; it lies where the `named` modules have theirs. Raises OSError."""
    return beginning_of(_read(file), path, named)


def beginning_of(pieces: Iterable[bytes], path: str, named: Sequence[str] = ()) -> Beginning:
    """The same of bytes that come in pieces, of which no more are taken than needed."""
    text = _Text(pieces)
    head = text.head()
    if packed.is_packed(head):
        head = packed.head(head, HEAD_BYTES)
        return Beginning(head, which(head, path, named), True)
    module = which(head, path, named)
    if module is None and (named or head.lstrip(b"\xef\xbb\xbf\0 \t\r\n")[:1] in (b"{", b"[", b"")):
        module = next((found for later in text.after_long_lines() if (found := _of_lines(later, path, named))), None)
    return Beginning(head, module)


def _of_lines(head: bytes, path: str, named: Sequence[str]) -> str | None:
    """Who reads a file in which a record begins like this, somewhere behind its beginning."""
    module = which(head, path, named) if head.startswith(b"{") else None
    return module if module is not None and reader(module).shape is Shape.LINES else None


def _read(file: IO[bytes]) -> Iterator[bytes]:
    piece = file.read(HEAD_BYTES)
    while piece:
        yield piece
        piece = file.read(_STEP)


class _Text:
    """What was read of a file and not left behind."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._held = b""
        self._left = _FAR

    def head(self) -> bytes:
        """The next bytes, as many as readers are shown."""
        while len(self._held) < HEAD_BYTES and (piece := next(self._pieces, b"")):
            self._held += piece
        return self._held[:HEAD_BYTES]

    def after_long_lines(self) -> Iterator[bytes]:
        """What follows each line that was too long for what was shown before."""
        for _ in range(_LONG_LINES):
            shown = self.head()
            if len(shown) < HEAD_BYTES or not self._skip(shown.rfind(b"\n") + 1):
                return
            yield self.head()

    def _skip(self, begin: int) -> bool:
        """Leave the line behind that begins there, and all before it; whether there is something after it."""
        self._held = self._held[begin:]
        while (end := self._held.find(b"\n") + 1) == 0:
            self._left -= len(self._held)
            self._held = next(self._pieces, b"")
            if not self._held or self._left < 0:
                return False
        self._held = self._held[end:]
        return bool(self.head())

"""A text in the archive: in the bytes of histories as their agents wrote them, whatever of it was masked before.

A file is looked at as it was, with what the vault has put back: a text may begin in a mask and end behind it. Nothing
changes its length, so offsets of masks and positions in files stay true.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol

from tachograph.records import Masked
from tachograph.store import archive, queries
from tachograph.store.vault import Vault

_sql = queries.load("redacting_archive")


class Part(Protocol):
    """Some bytes, and the same with a text written over: the very object when it is not in them."""

    @property
    def old(self) -> bytes: ...

    @property
    def new(self) -> bytes: ...

    @property
    def hits(self) -> int: ...


class Sought(Protocol):
    """A text that is to go; see `extract.sought`."""

    def maybe(self, values: bytes) -> bool: ...

    def hits(self, value: bytes) -> int: ...

    def unsaid(self, value: bytes) -> bytes: ...

    def parts(self, parts: Iterable[bytes]) -> Iterator[Part]: ...


class _Piece(NamedTuple):
    """Bytes of a file as it was, and where they are kept: from `begin` on in a row of the archive, or in the vault."""

    data: bytes
    row: int | None
    begin: int


class Kept(NamedTuple):
    """A history whose bytes are kept; `session` is the row number of the first it told of."""

    id: int
    session: int | None
    edition: int


class Archive:
    """Looks into it, and writes over."""

    def __init__(self, connection: Any, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault

    def all(self) -> list[Kept]:
        """Every history that has bytes."""
        return [Kept(*row) for row in self._connection.execute(_sql.histories)]

    def nobodys(self) -> list[int]:
        """Rows that no history has any more; others are read by way of them."""
        return [row for (row,) in self._connection.execute(_sql.nobodys)]

    def parts(self, kept: Kept, sought: Sought) -> Iterator[Part]:
        """The file as it was, and without the text. Raises StoreDamaged."""
        return sought.parts(piece.data for piece in self._pieces(kept))

    def whole(self, kept: Kept, sought: Sought) -> tuple[bytes, bytes]:
        """The same, put together."""
        old, new = zip(*((part.old, part.new) for part in self.parts(kept, sought)), strict=True)
        return b"".join(old), b"".join(new)

    def write_over(self, history: int, sought: Sought) -> int:
        """Inside a transaction: how often it was there."""
        found = self._connection.execute(_sql.history, (history,)).fetchone()
        if found is None:
            return 0
        kept, pieces = Kept(*found), deque[_Piece]()
        total, rows = 0, dict[int, bytearray]()
        for part in sought.parts(self._followed(kept, pieces)):
            piece = pieces.popleft()
            total += part.hits
            if part.new is part.old:
                continue
            if piece.row is None:
                self._vault.change(kept.id, kept.edition, piece.begin, part.new)
            else:
                rows.setdefault(piece.row, bytearray(self._content(piece.row)))[
                    piece.begin : piece.begin + len(part.new)
                ] = part.new
        archive.rewrite(self._connection, rows, {row: bytes(data) for row, data in rows.items()})
        return total

    def write_over_nobodys(self, row: int, sought: Sought) -> int:
        """Inside a transaction: the same of a row that no history has; its stream is written anew without it."""
        content = self._content(row)
        hits = sought.hits(content)
        if hits:
            archive.rewrite(self._connection, [row], {})
        return hits

    def nobodys_hits(self, row: int, sought: Sought) -> int:
        """How often it is there."""
        return sought.hits(self._content(row))

    def _followed(self, kept: Kept, pieces: deque[_Piece]) -> Iterator[bytes]:
        for piece in self._pieces(kept):
            pieces.append(piece)
            yield piece.data

    def _pieces(self, kept: Kept) -> Iterator[_Piece]:
        masks = deque[Masked](self._vault.of(kept.id, kept.edition))
        contents = archive.Reader(self._connection)
        position = done = 0  # of the row in the file, masked; up to where a mask reaches
        for (row,) in self._connection.execute(_sql.parts, (kept.id,)).fetchall():
            data = contents.read(row)
            end = position + len(data)
            at = max(position, done)
            while masks and masks[0].offset < end:
                mask = masks.popleft()
                if at < mask.offset:
                    yield _Piece(data[at - position : mask.offset - position], row, at - position)
                yield _Piece(mask.original, None, mask.offset)
                at = done = mask.offset + mask.length
            if at < end:
                yield _Piece(data[at - position :], row, at - position)
            position = end

    def _content(self, row: int) -> bytes:
        return archive.Reader(self._connection).read(row)

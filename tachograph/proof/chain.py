"""The chain of seals: every hash covers the one before it, so none can be changed, moved, added or left out."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import msgspec

_FIELDS = '{"at":"%d","digest":"%s","gone":%d,"name":%s,"number":%d,"previous":"%s","row":%d}'  # in canonical order
_encode = msgspec.json.encode
BEGINNING = bytes(32)  # what stands where the first entry has the hash of the one before


class Entry(NamedTuple):
    """One seal, or the tombstone of one."""

    number: int  # 1, 2, 3 …
    at: int  # ns
    name: str  # the table
    row: int  # its id there
    digest: bytes  # of the row, 32 bytes
    gone: int  # 1: the row was removed on purpose
    hash: bytes  # 32 bytes


def link(previous: bytes, number: int, at: int, name: str, row: int, digest: bytes, gone: int) -> bytes:
    """The hash of an entry: SHA-256 of the canonical JSON of its fields and of the hash before it (bytes as hex,
    `at` as text: nanoseconds are more than a double holds)."""
    text = _FIELDS % (at, digest.hex(), gone, _encode(name).decode(), number, previous.hex(), row)
    return hashlib.sha256(text.encode()).digest()


def holds(previous: bytes, entry: Entry) -> bool:
    """Whether an entry's hash is what its fields and the hash before it make."""
    return link(previous, *entry[:-1]) == entry.hash

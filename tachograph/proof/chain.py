"""The chain of seals: every hash covers the one before it, so none can be changed, moved, added or left out."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import NamedTuple

import msgspec

_sha256 = hashlib.sha256
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


@lru_cache(64)
def _quoted(name: str) -> str:
    return msgspec.json.encode(name).decode()


def link(previous: bytes, number: int, at: int, name: str, row: int, digest: bytes, gone: int) -> bytes:
    """The hash of an entry: SHA-256 of the canonical JSON of its fields and of the hash before it (bytes as hex,
    `at` as text: nanoseconds are more than a double holds)."""
    text = (  # keys in canonical order; an f-string, because a chain of a million entries is a matter of seconds
        f'{{"at":"{at}","digest":"{digest.hex()}","gone":{gone},"name":{_quoted(name)},"number":{number},'
        f'"previous":"{previous.hex()}","row":{row}}}'
    )
    return _sha256(text.encode()).digest()


def holds(previous: bytes, entry: Entry) -> bool:
    """Whether an entry's hash is what its fields and the hash before it make."""
    return link(previous, *entry[:-1]) == entry.hash

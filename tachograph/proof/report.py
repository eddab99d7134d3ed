"""What a verification found, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Problem(NamedTuple):
    """Something that is not as it was sealed."""

    kind: str  # changed, missing, broken_chain, missing_tail, rewritten, unsigned, bad_signature, no_heads
    number: int | None  # of the ledger's entry; None: none is to blame
    name: str  # the table, or "" for the chain itself
    row: int | None
    text: str  # a sentence


class Unsealed(NamedTuple):
    """Rows without a seal that fits: nothing is claimed of them."""

    name: str
    total: int
    rows: Sequence[int]  # ids of the first hundred of them


class Report(NamedTuple):
    """The answer of `audit verify`."""

    entries: int
    rows: int  # sealed rows that were compared
    tombstones: int  # of which: removed on purpose
    heads: int
    unanchored: int  # entries after the last signed head
    signed_at: str | None  # ISO, of the last head that counts
    key: str | None  # id of the key it was checked with; None: there is none here, signatures were not checked
    restored: Sequence[str]  # heads that began anew, in words
    problems: Sequence[Problem]
    unsealed: Sequence[Unsealed]
    waiting: Unsealed | None = None  # sessions that have changed since their seal, and are sealed again when quiet

    @property
    def sound(self) -> bool:
        return not self.problems

"""What was masked in the bytes of a history, so that they can be given back as they were."""

from __future__ import annotations

from typing import NamedTuple


class Masked(NamedTuple):
    """One mask: where it stands in the masked bytes, how long it is, and what was there."""

    offset: int
    length: int
    original: bytes

"""What stands in foreign JSON, taken for what it should be: a field may be missing, or anything else than expected."""

from __future__ import annotations

from typing import Any

from tachograph.readers.times import epoch

MILLISECOND = 1_000_000  # ns


def text(value: object) -> str | None:
    """A string with something in it; None for anything else."""
    return value if isinstance(value, str) and value else None


def table(value: object) -> dict[str, Any]:
    """An object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def tables(value: object) -> list[dict[str, Any]]:
    """The objects in a list; none for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def whole(value: object) -> int | None:
    """A whole number that a database can keep; None for anything else."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and -(2**63) <= value < 2**63 else None


def count(value: object) -> int:
    """How many; 0 for anything that is no whole number above 0."""
    return max(whole(value) or 0, 0)


def dollars(value: object) -> float | None:
    """An amount of money; None for anything that is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        return None
    return float(value)


def millis(value: object) -> int | None:
    """Milliseconds since 1970 → ns; None for what is no time."""
    return epoch(value, MILLISECOND)


def lasted(start: int | None, end: int | None) -> float | None:
    """From ns to ns, in milliseconds; None when one is missing or they are the wrong way round."""
    return (end - start) / MILLISECOND if start and end and end >= start else None


def joined(pieces: list[str]) -> str | None:
    """Pieces of text as one, a blank line between them; None when there are none."""
    return "\n\n".join(pieces) or None

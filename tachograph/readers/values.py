"""What stands in foreign JSON, taken for what it should be: a field may be missing, or anything else than expected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tachograph.readers.times import epoch

Object = dict[str, Any]
MILLISECOND = 1_000_000  # ns
MASKS = frozenset({"REDACTED", "[REDACTED]"})  # what publishers of transcripts put where an id was


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


def named(value: object) -> str | None:
    """The value when it is an id that tells one thing from another."""
    return value if isinstance(value, str) and value and value not in MASKS else None


def only(**fields: object) -> Object:
    """Those fields that say something."""
    return {name: value for name, value in fields.items() if value is not None and value not in ("", [], {})}


def diff_lines(diff: str) -> tuple[int, int]:
    """Lines that a unified diff adds and removes."""
    added = removed = 0
    for line in diff.split("\n"):
        if line.startswith("+"):
            added += not line.startswith("+++")
        elif line.startswith("-"):
            removed += not line.startswith("---")
    return added, removed


class Keys:
    """Keys of steps: unique in their session, the same whenever its history is read again."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def key(self, kind: str, ids: Sequence[object] = ()) -> str:
        """`kind:id` with the first id that is one; with an ordinal when it was used before or there is none."""
        native = next((found for value in ids if (found := named(value))), "")
        key = f"{kind}:{native}"
        nth = self._seen[key] = self._seen.get(key, 0) + 1
        return key if native and nth == 1 else f"{key}#{nth}"

"""Values of JSON written by others: nobody promises a type, and ids can be masked or used twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Object = dict[str, Any]
MASKS = frozenset({"REDACTED", "[REDACTED]"})  # what publishers of transcripts put where an id was
_MOST = 2**53


def text(value: object) -> str | None:
    """The value when it is text with something in it."""
    return value if isinstance(value, str) and value else None


def named(value: object) -> str | None:
    """The value when it is an id that tells one thing from another."""
    return value if isinstance(value, str) and value and value not in MASKS else None


def table(value: object) -> Object:
    """The value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[Object]:
    """The objects of a list; none when it is no list."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def count(value: object) -> int:
    """A number of things; 0 for what is none."""
    return max(int(value), 0) if isinstance(value, int | float) and abs(value) < _MOST else 0


def exit_code(value: object) -> int | None:
    """The exit code of a process; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _MOST:
        return None
    return int(value)


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

"""What is different between two JSON values, place by place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple


class Change(NamedTuple):
    """`path` is a JSON pointer (RFC 6901), "" for the whole; `before` is None where something was added, `after` where
    it was removed."""

    path: str
    change: str  # added, removed, changed
    before: Any
    after: Any


def changes(before: Any, after: Any, path: str = "") -> Iterator[Change]:
    """In the order of the newer value, what was removed first. Lists are compared from their beginning on."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in before:
            if name not in after:
                yield Change(f"{path}/{_escaped(name)}", "removed", before[name], None)
        for name, value in after.items():
            place = f"{path}/{_escaped(name)}"
            if name in before:
                yield from changes(before[name], value, place)
            else:
                yield Change(place, "added", None, value)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _in_lists(before, after, path)
    elif not _equal(before, after):
        yield Change(path, "changed", before, after)


def _in_lists(before: list[Any], after: list[Any], path: str) -> Iterator[Change]:
    """Equal ends are put aside, so that what was put in at the front does not make everything after it look changed."""
    end = 0
    while end < min(len(before), len(after)) and _equal(before[-1 - end], after[-1 - end]):
        end += 1
    shared = min(len(before), len(after)) - end
    for index in range(shared):
        yield from changes(before[index], after[index], f"{path}/{index}")
    for index in range(shared, len(before) - end):
        yield Change(f"{path}/{index}", "removed", before[index], None)
    for index in range(shared, len(after) - end):
        yield Change(f"{path}/{index}", "added", None, after[index])


def _equal(before: Any, after: Any) -> bool:
    """Equal as JSON: 1 and 1.0 are one number, 1 and true are not."""
    if isinstance(before, bool) or isinstance(after, bool):
        return before is after
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(_equal, before, after))
    if isinstance(before, dict) and isinstance(after, dict):
        return before.keys() == after.keys() and all(_equal(before[name], after[name]) for name in before)
    return bool(before == after)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")

"""A JSON-like value cut down to a size: long texts and lists lose their ends, and each says how much is missing."""

from __future__ import annotations

from typing import Any, NamedTuple

from tachograph.formats import as_json

_STEPS = ((4000, 100), (2000, 50), (1000, 30), (500, 15), (250, 8), (120, 5), (60, 3), (30, 2))  # (characters, items)


class Cut(NamedTuple):
    text: str  # JSON
    whole: bool  # nothing was taken away


def fitted(value: Any, most: int) -> Cut:
    """`value` as JSON of at most about `most` characters; outermost keys are never lost."""
    text = as_json.value(value)
    if len(text) <= most:
        return Cut(text, True)
    for characters, items in _STEPS:
        text = as_json.value(_cut(value, characters, items))
        if len(text) <= most:
            return Cut(text, False)
    return Cut(text, False)


def _cut(value: Any, characters: int, items: int) -> Any:
    if isinstance(value, str):
        left = len(value) - characters
        return value if left <= 0 else f"{value[:characters]}… [{left} more characters]"
    if isinstance(value, dict):
        return {key: _cut(inner, characters, items) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        shown = [_cut(inner, characters, items) for inner in value[:items]]
        left = len(value) - items
        return shown if left <= 0 else [*shown, f"… [{left} more]"]
    return value

"""Stretches of bytes with the kind of secret that stands there."""

from __future__ import annotations

Span = tuple[int, int, str]


def merged(spans: list[Span]) -> list[Span]:
    """In order, those that overlap as one."""
    spans.sort(key=lambda span: (span[0], -span[1]))
    merged = [spans[0]]
    for start, end, kind in spans[1:]:
        before = merged[-1]
        if start >= before[1]:
            merged.append((start, end, kind))
        elif end > before[1]:
            merged[-1] = (before[0], end, before[2])
    return merged

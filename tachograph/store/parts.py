"""Passages as rows of the full-text index: a passage of output is several, so that the index can tell words of one line
from words that are merely near each other. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tachograph.store.query_words import indexable
from tachograph.store.settling import EVENTS_STREAM

PARTS = 16  # rows that a passage may have: its number * PARTS and the following; queries/passages.sql says 16, too
PART = 64  # characters of output, at least, in one of them: a line, or a few short ones


def parts_of(passages: Sequence[tuple[int, int, int, int, str]], first: int) -> Iterator[tuple[int, str]]:
    """The rows of the full-text index for some passages, numbered from `first` on.

    What events say is not divided: that would cost more, of every event, than to look at some in vain.
    """
    for number, (_, stream, _, _, passage) in enumerate(passages, first):
        row, text = number * PARTS, indexable(passage)
        begin = 0
        if stream != EVENTS_STREAM:
            for _ in range(PARTS - 1):
                end = text.find("\n", begin + PART)
                if end < 0:
                    break
                yield row, text[begin:end]
                row, begin = row + 1, end + 1
        yield row, text[begin:]

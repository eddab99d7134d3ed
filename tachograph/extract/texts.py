"""Whole texts in, findings out: what a tool has printed, what an agent has replied.

For a stream that comes in pieces there is `Extractor`; here everything is known at once, and most texts hold nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from tachograph.extract.ansi import is_plain, moves, to_text
from tachograph.extract.extractor import Extractor
from tachograph.extract.found import Found
from tachograph.extract.lines import split
from tachograph.extract.matcher import matcher_for
from tachograph.extract.rules import Rules

PIECE = 1 << 20  # bytes of a text that are looked at at once: its lines take many times their length
FOUND_MAX = 10_000  # findings in one text; who wants more of them reads the text


def extract_text(rules: Rules, text: str) -> list[Found]:
    """What `rules` (of `rules.load`) find in `text`, in order, at most FOUND_MAX; code blocks of Markdown among them.

    Line numbers count from 1 inside the text. Escape sequences and carriage returns are taken as a terminal would.
    Secrets must have been masked before. Every text stands alone: a rule's `once` means once in this text.
    Never raises on content, lone surrogates included.
    """
    raw = text.encode("utf-8", "replace")
    if len(raw) > PIECE:
        return list(islice(_in_pieces(rules, raw), FOUND_MAX))
    if not is_plain(raw):
        shown = to_text(raw)
        if moves(shown):
            return Extractor(rules).feed(split(raw, 1), final=True)[:FOUND_MAX]
        raw = shown.encode("utf-8", "replace")
    candidates = matcher_for(rules).candidates_in(raw)
    return Extractor(rules).feed_block(raw, 1, final=True, candidates=candidates)[:FOUND_MAX] if candidates else []


def _in_pieces(rules: Rules, raw: bytes) -> Iterator[Found]:
    """The same of a long text, some lines at a time."""
    extractor, line = Extractor(rules), 1
    begin = 0
    while begin < len(raw):
        end = raw.rfind(b"\n", begin, begin + PIECE) + 1 or raw.find(b"\n", begin) + 1 or len(raw)
        piece = raw[begin:end]
        plain = is_plain(piece)
        yield from extractor.feed_block(piece, line) if plain else extractor.feed(split(piece, line))
        line += piece.count(b"\n")
        begin = end
    yield from extractor.finish()

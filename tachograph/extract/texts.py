"""Whole texts in, findings out: what a tool has printed, what an agent has replied.

For a stream that comes in pieces there is `Extractor`; here everything is known at once, and most texts hold nothing.
"""

from __future__ import annotations

from tachograph.extract.ansi import is_plain, moves, to_text
from tachograph.extract.extractor import Extractor
from tachograph.extract.found import Found
from tachograph.extract.lines import split
from tachograph.extract.matcher import matcher_for
from tachograph.extract.rules import Rules


def extract_text(rules: Rules, text: str) -> list[Found]:
    """What `rules` (of `rules.load`) find in `text`, in order; code blocks of Markdown among them.

    Line numbers count from 1 inside the text. Escape sequences and carriage returns are taken as a terminal would.
    Secrets must have been masked before. Every text stands alone: a rule's `once` means once in this text.
    Never raises on content, lone surrogates included.
    """
    raw = text.encode("utf-8", "replace")
    if not is_plain(raw):
        shown = to_text(raw)
        if moves(shown):
            return Extractor(rules).feed(split(raw, 1), final=True)
        raw = shown.encode("utf-8", "replace")
    candidates = matcher_for(rules).candidates_in(raw)
    return Extractor(rules).feed_block(raw, 1, final=True, candidates=candidates) if candidates else []

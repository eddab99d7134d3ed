"""Terminal bytes → numbered lines as a person reads them.

Numbers count the line feeds in the raw bytes and nothing else, so a number always leads back to its bytes.
A number that appears more than once belongs to a program that addresses the screen: one entry per row it wrote, the
first one possibly empty.
"""

from __future__ import annotations

from tachograph.extract.ansi import moves, to_text
from tachograph.extract.screen import LENGTH_MAX, resolve


def split(raw: bytes, first_line: int) -> list[tuple[int, str]]:
    """`raw` → [(number, text)]; `first_line` is the number of the line that `raw` begins in.

    The last entry may be a line that has not ended yet. Pure: give it whole lines and the result does not depend on
    how the bytes were cut. Texts are at most 64 Ki characters; never raises on content.
    """
    text = to_text(raw)
    texts = text.split("\n")
    if not texts[-1]:
        texts.pop()
    if len(raw) > LENGTH_MAX and max(map(len, texts), default=0) > LENGTH_MAX:
        texts = [each if moves(each) else each[:LENGTH_MAX] for each in texts]
    found = list(zip(range(first_line, first_line + len(texts)), texts, strict=True))
    return _resolved(found) if moves(text) else found


def _resolved(found: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Replace the lines that still hold control characters by what they show."""
    special = [index for index, (_, text) in enumerate(found) if moves(text)]
    out: list[tuple[int, str]] = []
    done = 0
    for index in special:
        out += found[done:index]
        number, text = found[index]
        shown, moved = resolve(text)
        if moved and len(shown) == 1:
            out.append((number, ""))
        out += [(number, each[:LENGTH_MAX]) for each in shown]
        done = index + 1
    return out + found[done:]

"""What people type into a search box, as terms. Pure: no SQL runs here, and nothing typed can be an error.

`database is locked` three words that must stand in one line · `"is locked"` a phrase · `lock*` a beginning ·
`agent:codex` `session:ID` `type:error` `pattern:NAME` fields · `-word` must not stand there.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

FIELDS = ("agent", "session", "type", "pattern")
_ITEM = re.compile(r'(-?)(?:(\w+):)?(?:"([^"]*)"?|(\S+))')
_WORD = re.compile(r"[^\W_]+")


class Term(NamedTuple):
    """`words` in the given order next to each other; the last may be a beginning (`prefix`)."""

    text: str  # as typed, folded: what must be found in the line
    words: tuple[str, ...]
    prefix: bool = False
    negated: bool = False


class Query(NamedTuple):
    terms: tuple[Term, ...]
    fields: dict[str, str]


def parse(typed: str) -> Query:
    """Never raises; a field nobody knows is searched for as text."""
    terms: list[Term] = []
    fields: dict[str, str] = {}
    for minus, field, phrase, word in _ITEM.findall(typed):
        text = phrase or word
        if field in FIELDS and text:
            fields[field] = text
            continue
        if field:
            text = f"{field}:{text}"
        prefix = not phrase and text.endswith("*")
        folded = fold(text.rstrip("*") if prefix else text)
        words = tuple(_WORD.findall(folded))
        if words:
            terms.append(Term(folded, words, prefix, bool(minus)))
    return Query(tuple(terms), fields)


def match_expression(terms: tuple[Term, ...]) -> str:
    """Terms as an FTS5 expression: every word quoted, so that nothing typed is an operator."""
    parts = [
        f'"{word}"{"*" if term.prefix and word is term.words[-1] else ""}'
        for term in terms
        if not term.negated
        for word in term.words
    ]
    return " AND ".join(dict.fromkeys(parts))


def fold(text: str) -> str:
    """Case and accents away, as the index does; the length stays the same wherever that is possible."""
    if text.isascii():
        return text.lower()
    out = []
    for char in text:
        base = unicodedata.normalize("NFD", char)[0].lower()
        out.append(base if len(base) == 1 else char)
    return "".join(out)


def marks(text: str, terms: tuple[Term, ...]) -> list[tuple[int, int]] | None:
    """Where the terms stand in a line, as character spans; None when one is missing or a negated one is there."""
    folded = fold(text)
    spans: list[tuple[int, int]] = []
    for term in terms:
        found = [match.span() for match in _pattern(term).finditer(folded)]
        if bool(found) == term.negated:
            return None
        spans.extend(found)
    return sorted(spans)


def _pattern(term: Term) -> re.Pattern[str]:
    """Words whole, with anything but letters and digits between those of one term, as the index sees them."""
    body = r"[\W_]+".join(re.escape(word) for word in term.words)
    return re.compile(rf"(?<![^\W_]){body}" + ("" if term.prefix else r"(?![^\W_])"))

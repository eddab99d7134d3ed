"""What people type into a search box, as terms; what a word is, for the index and for us alike. Pure: no SQL runs
here, and nothing typed can be an error.

`database is locked` three words that must stand in one line · `"is locked"` a phrase · `lock*` a beginning ·
`agent:codex` `session:ID` `type:error` `pattern:NAME` fields · `-word` must not stand there.

The index only knows ASCII: text is folded and cleared of everything else that is no letter or digit before it goes in
(`indexable`), so no table of characters inside SQLite can disagree with ours about where a word ends.

Chinese and Japanese are written without blanks between words, so each of their characters is a word: several that are
typed together are found wherever they stand together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from tachograph.regexes import regex

FIELDS = ("agent", "session", "type", "pattern")
_ITEM = regex(r'(-(?!-))?(?:(\w+):)?(?:"([^"]*)"?|(\S+))')  # `--force` is a word, not a "must not"
_ALONE = (  # ideographs and kana
    "\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
    "\U0001aff0-\U0001b16f\U00020000-\U0003ffff"
)
_WORD = regex(rf"(?=[^\W_])[{_ALONE}]|[^\W_{_ALONE}]+")
_EACH = regex(f"[{_ALONE}]")
_BEYOND_ASCII = regex(r"[^\x00-\x7f]+")
_NO_WORD = regex(r"[^\x00-\x7f\w]+")
_ASCII = bytes(range(0x80))
_BLANKED = _ASCII + b" " * 0x80
_ACCENTS = regex("[\u0300-\u036f]+")
_CLUSTER = regex(".[\u0300-\u036f\u1160-\u11ff\u3099\u309a]*", re.DOTALL)  # a character and what belongs to it


class Term(NamedTuple):
    """`words` in the given order next to each other; the last may be a beginning (`prefix`)."""

    text: str  # as typed, folded
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
    for minus, field, phrase, word in _ITEM.findall(typed.encode(errors="replace").decode()):
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


def match_expression(terms: tuple[Term, ...], beginning: Callable[[str], Iterable[str]] | None = None) -> str:
    """Terms as an FTS5 expression: every word quoted, so that nothing typed is an operator.

    `beginning` gives the words of the index that begin with another, or nothing when they are too many: asking for
    each of them is quicker, because FTS5 reads all that a beginning may lead to before it gives its first answer.
    """
    parts = []
    for term in terms:
        if not term.negated:
            parts += [f'"{word}"' for word in term.words[: len(term.words) - term.prefix]]
            if term.prefix:
                known = list(beginning(term.words[-1])) if beginning else []
                each = " OR ".join(f'"{word}"' for word in known)
                parts.append(f"({each})" if known else f'"{term.words[-1]}"*')
    return " AND ".join(dict.fromkeys(parts))


def fold(text: str) -> str:
    """Case and accents away: what differs only by them is the same word."""
    lowered = text.lower()
    return lowered if text.isascii() else _BEYOND_ASCII.sub(lambda found: _folded(found[0]), lowered)


def indexable(text: str) -> str:
    """Text as the index takes it: ASCII as it is, of the rest only letters and digits, folded."""
    if text.isascii():
        return text
    data = text.encode("utf-8", "surrogatepass")
    if all(map(_says_nothing, set(data.translate(None, _ASCII).decode("utf-8", "surrogatepass")))):
        return data.translate(_BLANKED).decode()  # ticks, dashes and frames are most of it
    return _BEYOND_ASCII.sub(lambda found: (_short if len(found[0]) < 64 else _words_only)(found[0]), text)


def _words_only(text: str) -> str:
    return _EACH.sub(r" \g<0> ", _NO_WORD.sub(" ", _folded(text)))


@lru_cache(4096)
def _says_nothing(character: str) -> bool:
    """Whether it is no part of a word, whatever stands beside it."""
    return not _ACCENTS.match(character) and _words_only(character).isspace()


_short = lru_cache(4096)(_words_only)  # the same few frames, ticks and arrows fill terminal output


def _folded(text: str) -> str:
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", bare.casefold())


def marks(text: str, terms: tuple[Term, ...]) -> list[tuple[int, int]] | None:
    """Where the terms stand in a line, as character spans; None when one is missing or a negated one is there."""
    folded = fold(text)
    if any(bool(_pattern(term).search(folded)) == term.negated for term in terms):
        return None
    begins: Sequence[int] = range(len(text))
    ends: Sequence[int] = range(1, len(text) + 1)
    if not text.isascii():
        folded, begins, ends = _aligned(text)
    found = (span for term in terms if not term.negated for span in _pattern(term).finditer(folded))
    return sorted((begins[match.start()], ends[match.end() - 1]) for match in found)


def _aligned(text: str) -> tuple[str, list[int], list[int]]:
    """Folded text and, for each of its characters, where in `text` that which it comes from begins and ends."""
    parts: list[str] = []
    begins: list[int] = []
    ends: list[int] = []
    for cluster in _CLUSTER.finditer(text):
        part = fold(cluster[0])
        parts.append(part)
        begins += [cluster.start()] * len(part)
        ends += [cluster.end()] * len(part)
    return "".join(parts), begins, ends


@lru_cache(256)
def _pattern(term: Term) -> re.Pattern[str]:
    """Words whole, with anything but letters and digits between those of one term, as the index sees them."""
    body = re.escape(term.words[0])
    for before, word in pairwise(term.words):
        apart = "*" if _EACH.match(before) or _EACH.match(word) else "+"
        body += rf"[\W_]{apart}{re.escape(word)}"
    begin = "" if _EACH.match(term.words[0]) else rf"(?<![^\W_{_ALONE}])"
    end = "" if term.prefix or _EACH.match(term.words[-1]) else rf"(?![^\W_{_ALONE}])"
    return re.compile(begin + body + end)

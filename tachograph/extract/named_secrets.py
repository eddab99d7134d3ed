"""What stands behind `password=` or `"token":`: where it begins and ends, in quotes, in JSON inside of JSON, or bare.

Whether it is a secret is the business of `assignments`.
"""

from __future__ import annotations

import bisect
import functools
import re
from collections.abc import Iterator, Sequence

import re2

from tachograph.extract import assignments
from tachograph.extract.pattern import bytes_pattern
from tachograph.extract.secret_kinds import ESCAPE
from tachograph.extract.spans import Span
from tachograph.regexes import regex

VALUE_MAX = 8192  # what is longer is data
_CLOSING_MAX = 8
_ESCAPE = regex(ESCAPE.encode())
_BARE = regex(rb"""\\{0,15}((?:[^\s\x0b"',;<>`\\]|\\/){6,})""")
_OPENING = regex(rb"""(\\{0,15})(["'])""")
# What stands between the texts of JSON: there are quotes around that too, the other way round.
BETWEEN = regex(rb"\s*[,:}\]](?:[\s\[\]{},:]|-?[0-9][0-9.eE+-]*|true|false|null)*")
_TEXT_END = regex(rb"\"(?:\s*[,:}\]]|\s*$)", re.MULTILINE)
MARK = bytes_pattern(r"\[redacted:[a-z0-9_]+\]")
_NEXT_PARAMETER = bytes_pattern(r"&[\w.-]+=")


def find(data: bytes, signs: Iterator[tuple[int, tuple[int, int]]], ends: Sequence[int]) -> list[Span]:
    """Secrets behind a name and a sign.

    `signs`: where a name begins, or a part of one, and where the sign behind it stands. `ends`: of other secrets.
    """
    spans = []
    named = []  # (where the name begins, the name, the sign behind it)
    for word_start, (sign_start, sign_end) in signs:
        before = bisect.bisect_right(ends, word_start)
        start = max(_name_start(data, word_start), ends[before - 1] if before else 0)
        if not in_mask(data, start):
            named.append((start, data[start:sign_start], sign_start, sign_end))
    limits = [*(start for start, *_ in named), len(data)][1:]
    for (_, name, sign_start, sign_end), limit in zip(named, limits, strict=True):
        start, end, quoted = _value(data, sign_end, limit)
        word = name.decode("latin-1").strip(" \t\"']\\-")
        attached = data[sign_start:sign_end] in (b"=", b" ") and not quoted
        if end > start and judge(word, data[start:end], quoted, attached):
            spans.append((start, end, _kind(word)))
    return spans


@functools.lru_cache(maxsize=32)
def _quoted(backslashes: int, quote: str) -> re2._Regexp:
    """A value in quotes that are escaped with so many backslashes; what it escapes has one more of them each."""
    one = rf"\\{{{backslashes + 1}}}"
    return bytes_pattern(rf"((?:[^{quote}\\\n]|{one}(?:{one}|/)){{4,}})")


def in_mask(data: bytes, start: int) -> bool:
    """A mask names a kind of secret too, but none follows it."""
    return data.endswith(b"[redacted:", 0, start)


def _value(data: bytes, start: int, limit: int) -> tuple[int, int, bool]:
    """Where the value that begins at `start` stands, and whether in quotes; a bare one ends at `limit`."""
    opening = _OPENING.match(data, start)
    if opening is None:
        bare = _BARE.match(data, start, min(start + VALUE_MAX + 1, max(limit, start)))
        return (bare.start(1), _unquoted_end(data, *bare.span(1)), False) if bare else (start, start, False)
    begin = opening.end()
    match = _quoted(len(opening[1]), opening[2].decode()).match(data, begin, begin + VALUE_MAX + 1)
    if match is None or BETWEEN.fullmatch(data, *match.span(1)):
        return start, start, True
    first, last = match.span(1)
    if opening[2] == b"'" and (text := _TEXT_END.search(data, first, last + 1)):
        last = text.start()  # a text of JSON ends here, and the quote that began this value was an apostrophe
    return first, last, True


def _name_start(data: bytes, start: int) -> int:
    """Names are longer than the word that gave them away: `DB_PASSWORD`, `nextPageToken`."""
    first = start
    while first > 0 and start - first < 64 and (data[first - 1 : first].isalnum() or data[first - 1] in b"_.-"):
        first -= 1
    escape = _ESCAPE.match(data, first - 1) if first else None
    return escape.end() if escape and escape.end() <= start else first


def _unquoted_end(data: bytes, start: int, end: int) -> int:
    following = _NEXT_PARAMETER.search(data, start, end)
    if following:
        end = following.start()
    least = max(start, end - _CLOSING_MAX)
    while end > least and (data[end - 1] in b".,:" or _closes_nothing(data, start, end)):
        end -= 1
    return end


def _closes_nothing(data: bytes, start: int, end: int) -> bool:
    opening = {b")": b"(", b"]": b"[", b"}": b"{"}.get(data[end - 1 : end])
    return opening is not None and data.count(opening, start, end) < data.count(data[end - 1 : end], start, end)


def judge(name: str, value: bytes, quoted: bool, attached: bool) -> bool:
    if len(value) > VALUE_MAX:
        return False
    rest = MARK.sub(b"", value) if b"[redacted:" in value else value
    return assignments.is_secret(name, rest.decode("latin-1"), quoted=quoted, attached=attached)


def _kind(name: str) -> str:
    name = name.lower()
    if "pass" in name or "pwd" in name:
        return "password"
    return "api_key" if name.endswith("key") else "token" if name.endswith("token") else "secret"

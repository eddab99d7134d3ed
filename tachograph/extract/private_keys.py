"""Private keys over many lines: PEM, OpenSSH, PGP, PuTTY. Every line is masked on its own, so line numbers stay.

A line may end as JSON has written it, `\\n` or `\\\\n`, and stand in quotes of its own; quotes, written line ends and
whatever else belongs to the text around the key stay. A block of output may hold the end of a key without its
beginning, or the other way round: both halves are found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tachograph.extract.pattern import bytes_pattern
from tachograph.regexes import regex

HELD = 16 * 1024  # a key is held back until its end is there, but not for ever
_KIND = "private_key"
_SIZE_MAX = 65_536
_PIECES_MAX = 400
_BEGIN = bytes_pattern(
    r"-{4,5} ?BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)? ?-{4,5}|Private-Lines: [0-9]+", capture=False
)
_END = bytes_pattern(
    r"-{4,5} ?END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)? ?-{4,5}|Private-MAC: [0-9a-f]+", capture=False
)
_PIECE = regex(rb"((?:[^\n\"'\\]|\\+/)+|\\+(?:u[0-9a-fA-F]{4}|[^\n\"'\\nrt]))|[\n\"']|\\+[nrt]?")
_BLANK = b" \t\r\f\x0b"
_EDGE = _BLANK + b"|>,+.;()"  # what editors, diffs and programs put around a line
_LETTER = rb"(?:[A-Za-z0-9+/=]|\\+/)"  # of base64; some write JSON with a backslash in front of every slash
_KEY_LINE = regex(rb".*" + _LETTER + rb"{24}.*|[A-Z][A-Za-z-]{2,30}: .*", re.DOTALL)
_SHORT_LINE = regex(_LETTER + rb"+")  # the last one
_BETWEEN_TEXTS = regex(rb",.*|.*,|[0-9.eE+-]+|true|false|null", re.DOTALL)  # of JSON
_BASE64 = regex(_LETTER + rb"{16}")

Span = tuple[int, int]


def find(data: bytes) -> list[tuple[int, int, str]]:
    """Spans of single lines that belong to a private key."""
    if b"PRIVATE KEY" not in data and b"Private-" not in data:
        return []
    marks = [(*match.span(), True) for match in _BEGIN.finditer(data)]
    marks += [(*match.span(), False) for match in _END.finditer(data)]
    marks.sort()
    spans: list[Span] = []
    done = 0
    for index, (start, stop, begins) in enumerate(marks):
        if start < done:
            continue
        if begins:
            following = marks[index + 1] if index + 1 < len(marks) else (len(data), len(data), True)
            lines, whole = _body(data, stop, following[0], not following[2])
            key = [(start, stop), *lines, *([following[:2]] if whole else [])]
        else:
            floor = max(done, start - _SIZE_MAX, marks[index - 1][1] if index else 0)
            key = [*_body_before(data, floor, start), (start, stop)]
        if any(_BASE64.search(data, *span) for span in key):
            spans += key
            done = key[-1][1]
    return [(*span, _KIND) for span in _joined(data, spans)]


def _body(data: bytes, start: int, end: int, closed: bool) -> tuple[list[Span], bool]:
    """The lines of a key from the mark that begins it on, and whether they reach the mark that ends it."""
    if closed and end - start <= _SIZE_MAX and b'"' not in data[start:end]:
        return [span for span, _ in _pieces(data, start, end)], True
    lines, complete = _key_lines(data, _pieces(data, start, min(end, start + _SIZE_MAX)), closed)
    return lines, closed and complete and end - start <= _SIZE_MAX


def _body_before(data: bytes, start: int, end: int) -> list[Span]:
    """The lines of a key up to the mark that ends it, where the one that begins it is not here."""
    pieces = list(_pieces(data, start, end))
    backwards = []
    quoted = bool(pieces) and b'"' in data[pieces[-1][0][1] : end]
    for span, quotes in reversed(pieces):
        backwards.append((span, quoted))
        quoted = quotes
    return _key_lines(data, backwards, False)[0][::-1]


def _key_lines(data: bytes, pieces: Iterable[tuple[Span, bool]], closed: bool) -> tuple[list[Span], bool]:
    """The pieces that look like lines of a key, up to the first that does not, and whether there was none such."""
    lines: list[Span] = []
    waiting: list[Span] = []  # short words in quotes of their own: of the key if more of it follows
    for count, (span, quotes) in enumerate(pieces):
        text = data[slice(*span)]
        if quotes and _BETWEEN_TEXTS.fullmatch(text):
            return lines, False
        if _KEY_LINE.fullmatch(text):
            lines += [*waiting, span]
            waiting = []
        elif not _SHORT_LINE.fullmatch(text.strip(_EDGE)) or count > _PIECES_MAX:
            return lines, False
        elif quotes:
            waiting.append(span)
        else:
            lines.append(span)
    return (lines + waiting if closed else lines), True


def _pieces(data: bytes, start: int, end: int) -> Iterator[tuple[Span, bool]]:
    """What stands between line ends and quotes, and whether quotes are between it and the piece before."""
    quotes = False
    for match in _PIECE.finditer(data, start, end):
        first, last = match.span(1)
        if first < 0:
            quotes = quotes or data[match.start()] in b"\"'"
            continue
        text = match[1]
        if not text.strip(_EDGE):
            continue
        yield (first + len(text) - len(text.lstrip(_BLANK)), last - len(text) + len(text.rstrip(_BLANK))), quotes
        quotes = False


def _joined(data: bytes, spans: list[Span]) -> list[Span]:
    """Neighbours on one line become one span."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and not data[joined[-1][1] : start].strip(b" \t"):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def before_open_key(raw: bytes, end: int) -> int:
    """`end`, or the beginning of the line of a private key whose last line has not come yet."""
    begin = raw.rfind(b"-----BEGIN ", 0, end)
    if begin < 0 or end - begin > HELD:
        return end
    if b"PRIVATE KEY" not in raw[begin : begin + 60] or b"-----END " in raw[begin:end]:
        return end
    return raw.rfind(b"\n", 0, begin) + 1

"""Private keys over many lines: PEM, OpenSSH, PGP, PuTTY. Every line is masked on its own, so line numbers stay.

A block of output may hold the end of a key without its beginning, or the other way round: both halves are found.
"""

from __future__ import annotations

from tachograph.extract.pattern import bytes_pattern

_KIND = "private_key"
_SIZE_MAX = 65_536
_BEGIN = bytes_pattern(
    r"-{4,5} ?BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)? ?-{4,5}|Private-Lines: [0-9]+", capture=False
)
_END = bytes_pattern(
    r"-{4,5} ?END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)? ?-{4,5}|Private-MAC: [0-9a-f]+", capture=False
)
_BASE64 = bytes_pattern(r"[A-Za-z0-9+/]{16,}", capture=False)
_EDGE = r"[ \t\r\"'|>,\\\x0b]*"  # what editors, diffs and JSON put around a line
_BODY = bytes_pattern(
    rf"[^\n]*[A-Za-z0-9+/=]{{24,}}[^\n]*|{_EDGE}[A-Za-z0-9+/=]*{_EDGE}|[A-Z][A-Za-z-]{{2,30}}: [^\n]*", capture=False
)
_LINES_MAX = 400


def find(data: bytes) -> list[tuple[int, int, str]]:
    """Spans of single lines that belong to a private key."""
    if b"PRIVATE KEY" not in data and b"Private-" not in data:
        return []
    marks = [(*match.span(), True) for match in _BEGIN.finditer(data)]
    marks += [(*match.span(), False) for match in _END.finditer(data)]
    marks.sort()
    spans: list[tuple[int, int, str]] = []
    done = 0
    for index, (start, stop, begins) in enumerate(marks):
        if start < done:
            continue
        if begins:
            following = marks[index + 1] if index + 1 < len(marks) else None
            closed = following is not None and not following[2] and following[0] - stop <= _SIZE_MAX
            inside, done = (following[0], following[1]) if following and closed else (_body_after(data, stop),) * 2
            if _BASE64.search(data, stop, inside):
                spans += _lines(data, start, done)
        else:
            first = _body_before(data, start, done)
            if _BASE64.search(data, first, start):
                spans += _lines(data, first, stop)
            done = stop
    return spans


def _body_after(data: bytes, start: int) -> int:
    """Where lines stop to look like the inside of a key, from the end of its first line's mark on."""
    at = _line_end(data, start)
    for _ in range(_LINES_MAX):
        end = _line_end(data, at + 1)
        if at >= len(data) or not _BODY.fullmatch(data, at + 1, end):
            break
        at = end
    return min(at, len(data))


def _body_before(data: bytes, end: int, floor: int) -> int:
    """The same backwards, from the mark that ends a key whose beginning is not here."""
    at = data.rfind(b"\n", floor, end) + 1 or floor
    for _ in range(_LINES_MAX):
        if at <= floor:
            break
        start = data.rfind(b"\n", floor, at - 1) + 1 or floor
        if not _BODY.fullmatch(data, start, at - 1):
            break
        at = start
    return at


def _line_end(data: bytes, start: int) -> int:
    end = data.find(b"\n", start)
    return len(data) if end < 0 else end


def _lines(data: bytes, start: int, end: int) -> list[tuple[int, int, str]]:
    """The span from `start` to `end` as one span per line that is not blank."""
    spans = []
    while start < end:
        stop = min(_line_end(data, start), end)
        text = data[start:stop]
        first = start + len(text) - len(text.lstrip())
        last = stop - (len(text) - len(text.rstrip()))
        if first < last:
            spans.append((first, last, _KIND))
        start = stop + 1
    return spans

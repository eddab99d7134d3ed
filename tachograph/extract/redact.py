"""Secrets in raw terminal bytes or text → masks `[redacted:<kind>]`, before anything is stored.

A block at a time, so that one pass of RE2 finds what is rare. Colours inside a secret and JSON escapes around it do
not hide it: the search runs over a view of the bytes without them, and the findings are led back to the raw bytes.
What a secret looks like is in `secret_kinds`; what may follow `password=` in `assignments`.
"""

from __future__ import annotations

import bisect
import itertools
from array import array
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from tachograph.extract.pattern import bytes_search
from tachograph.extract.spans import Span, merged
from tachograph.extract.suspects import places, windows
from tachograph.regexes import regex

# One pattern per first character: only then does the scan run as fast as memory.
_ESCAPES = (
    regex(rb"\x1b\[[0-;]*+m"),
    regex(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[PX^_][^\x1b\n]*\x1b\\|[ -/]*[0-~])"),
    regex(rb"\xc2\x9b[0-?]*[ -/]*[@-~]"),
)
_WRITTEN_ESCAPE = regex(rb"\\+u001[bB]\[[0-?]*[ -/]*[@-~]")
_next_written = bytes_search(r"\\u00(?:1[bB](?:\[[0-?]*[ -/]*[@-~])?|[0-7][0-9a-fA-F])")
_BACKSLASH = 0x5C
_ROUNDS_MAX = 4


class Secret(msgspec.Struct, frozen=True):
    """Where a secret stood in the bytes that were given, and how long what stands there now is."""

    kind: str
    start: int
    end: int
    replacement_length: int


class Redacted(msgspec.Struct, frozen=True):
    """`data` is the very object that was given when there was nothing to mask."""

    data: bytes
    secrets: tuple[Secret, ...]


def redact(raw: bytes) -> Redacted:
    """Mask every secret in `raw`. Line feeds stay where they are; masking twice changes nothing more.

    What was valid JSON, a line or a document, still is: masks take whole escapes and no quote that ends a text.
    """
    spans = _find(raw)
    if not spans:
        return Redacted(raw, ())
    masked = _masked(raw, spans)
    for _ in range(_ROUNDS_MAX):  # a mask may uncover what stood too close to another secret to be seen
        more = _find(masked.data)
        if not more:
            break
        spans = _together(masked.secrets, more)
        masked = _masked(raw, spans)
    return masked


def redact_text(text: str) -> tuple[str, tuple[str, ...]]:
    """Plain text → (masked text, kinds of the secrets found). Lone surrogates survive."""
    raw = text.encode("utf-8", "surrogatepass")
    result = redact(raw)
    if result.data is raw:
        return text, ()
    kinds = tuple(secret.kind for secret in result.secrets)
    try:
        return result.data.decode("utf-8", "surrogatepass"), kinds
    except UnicodeDecodeError:  # of half a character, a part belonged to the secret
        return result.data.decode("utf-8", "replace"), kinds


def suspicious(texts: Sequence[str]) -> set[int]:
    """Indexes of the texts that `redact_text` may find something in, in one pass over all: few are among many."""
    views = [_view(text.encode("utf-8", "surrogatepass")) for text in texts]
    starts = list(itertools.accumulate((len(view) + 1 for view in views), initial=0))
    found: set[int] = set()
    for start, end in places(b"\n".join(views)):
        first = bisect.bisect_right(starts, start) - 1
        found.update(range(first, max(first + 1, bisect.bisect_left(starts, end))))
    return found


def _find(raw: bytes) -> list[Span]:
    view = _view(raw)
    found = windows(view)
    if not found:
        return []
    from tachograph.extract import detectors  # a hundred patterns, which most texts never need

    spans = detectors.find_in(view, found)
    return spans if view is raw or not spans else _led_back(raw, view, spans)


def _together(secrets: Sequence[Secret], more: Sequence[Span]) -> list[Span]:
    """Spans of the raw bytes, and others of the masked bytes → all as spans of the raw bytes, merged."""
    masks = []  # (start and end in the masked bytes, the secret, raw position - masked position behind it)
    shift = 0
    for secret in secrets:
        start = secret.start - shift
        end = start + secret.replacement_length
        shift = secret.end - end
        masks.append((start, end, secret, shift))

    def raw(position: int, ends: bool) -> int:
        index = bisect.bisect_right(masks, position - ends, key=lambda mask: mask[0]) - 1
        if index < 0:
            return position
        _, end, secret, shift = masks[index]
        return position + shift if position - ends >= end else secret.end if ends else secret.start

    spans = [(secret.start, secret.end, secret.kind) for secret in secrets]
    spans += [(raw(start, False), raw(end, True), kind) for start, end, kind in more]
    return merged(spans)


def _view(raw: bytes) -> bytes:
    """`raw` without escape sequences, `\\u003d` as the `=` it stands for; `raw` itself when it has none of them."""
    view = raw
    if b"\x1b" in view:
        view = _ESCAPES[1].sub(b"", _ESCAPES[0].sub(b"", view))
    if b"\x9b" in view:
        view = _ESCAPES[2].sub(b"", view)
    if b"\\" not in view or _next_written(view, 0)[0] < 0:
        return view
    pieces: list[bytes] = []
    done = 0
    for start, end, meant in _written(view):
        pieces += [view[done:start], meant]
        done = end
    return b"".join([*pieces, view[done:]])


def _written(view: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Every escape that JSON has written, with all the backslashes in front of it, and what it stands for."""
    done = 0
    start, end = _next_written(view, 0)
    while start >= 0:
        meant = _meant(view[start + 2 : end])
        while start > done and view[start - 1] == _BACKSLASH:
            start -= 1
        done = end
        yield start, end, meant
        start, end = _next_written(view, end)


def _meant(written: bytes) -> bytes:
    """What `001b[31m` or `003d` stands for: nothing for a colour, a separator for other control characters."""
    if written[2:4] in (b"1b", b"1B"):
        return b""
    code = int(written, 16)
    return bytes((code,)) if code >= 0x20 else b"\x0b"


def _led_back(raw: bytes, view: bytes, spans: list[Span]) -> list[Span]:
    """Positions in the view → positions in `raw`. Both have the same lines, so only lines with secrets are mapped."""
    back = []
    line_view = line_raw = 0
    starts: Sequence[int] = ()
    ends: Sequence[int] = ()
    for start, end, kind in spans:
        while (following := view.find(b"\n", line_view, start)) >= 0:
            line_view, line_raw = following + 1, raw.index(b"\n", line_raw) + 1
            starts = ()
        if not starts:  # a line with many secrets is mapped once
            stop = raw.find(b"\n", line_raw)
            starts, ends = _places(raw[line_raw:] if stop < 0 else raw[line_raw:stop])
        back.append((line_raw + starts[start - line_view], line_raw + ends[end - line_view - 1], kind))
    return back


def _places(line: bytes) -> tuple[Sequence[int], Sequence[int]]:
    """For every byte of the line's view: where in the line what it shows begins, and where it ends."""
    starts: Sequence[int] = range(len(line))
    ends: Sequence[int] = range(1, len(line) + 1)
    view = line
    found: Iterable[tuple[int, int, bytes]]
    for pattern in (*_ESCAPES, None):
        done = 0
        pieces, first, last = [], array("q"), array("q")
        found = ((*match.span(), b"") for match in pattern.finditer(view)) if pattern else _written(view)
        for start, end, meant in found:
            pieces += [view[done:start], meant]
            first.extend(starts[done:start])
            last.extend(ends[done:start])
            if meant:
                first.append(starts[start])
                last.append(ends[end - 1])
            done = end
        if done:
            pieces.append(view[done:])
            first.extend(starts[done:])
            last.extend(ends[done:])
            view, starts, ends = b"".join(pieces), first, last
    return starts, ends


def _masked(raw: bytes, spans: list[Span]) -> Redacted:
    pieces = []
    secrets = []
    done = 0
    for start, end, kind in spans:
        # What colours switch on or off goes on behind.
        colours = b"".join([*_ESCAPES[1].findall(raw, start, end), *_WRITTEN_ESCAPE.findall(raw, start, end)])
        mask = b"[redacted:" + kind.encode() + b"]" + colours
        pieces += [raw[done:start], mask]
        secrets.append(Secret(kind, start, end, len(mask)))
        done = end
    return Redacted(b"".join([*pieces, raw[done:]]), tuple(secrets))

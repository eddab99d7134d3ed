"""Secrets in raw terminal bytes or text → masks `[redacted:<kind>]`, before anything is stored.

A block at a time, so that one pass of RE2 finds what is rare. Colours inside a secret and JSON escapes around it do
not hide it: the search runs over a view of the bytes without them, and the findings are led back to the raw bytes.
What a secret looks like is in `secret_kinds`; what may follow `password=` in `assignments`.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence

import msgspec

from tachograph.extract import detectors

# One pattern per first character: only then does the scan run as fast as memory.
_ESCAPES = (
    re.compile(rb"\x1b\[[0-;]*+m"),
    re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[PX^_][^\x1b\n]*\x1b\\|[ -/]*[0-~])"),
    re.compile(rb"\xc2\x9b[0-?]*[ -/]*[@-~]"),
)
_WRITTEN = re.compile(rb"\\+u00(?:1[bB](?:\[[0-?]*[ -/]*[@-~])?|[0-7][0-9a-fA-F])")


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
    """Mask every secret in `raw`. Line feeds stay where they are; masking twice changes nothing more."""
    view = _view(raw)
    spans = detectors.find(view)
    if not spans:
        return Redacted(raw, ())
    if view is not raw:
        spans = _led_back(raw, view, spans)
    return _masked(raw, spans)


def redact_text(text: str) -> tuple[str, tuple[str, ...]]:
    """Plain text → (masked text, kinds of the secrets found). Lone surrogates survive."""
    raw = text.encode("utf-8", "surrogatepass")
    result = redact(raw)
    if result.data is raw:
        return text, ()
    return result.data.decode("utf-8", "surrogatepass"), tuple(secret.kind for secret in result.secrets)


def _view(raw: bytes) -> bytes:
    """`raw` without escape sequences, `\\u003d` as the `=` it stands for; `raw` itself when it has none of them."""
    view = raw
    for start, pattern in zip((b"\x1b", b"\x1b", b"\xc2\x9b"), _ESCAPES, strict=True):
        if start in view:
            view = pattern.sub(b"", view)
    return _WRITTEN.sub(_meant, view) if b"\\u00" in view else view


def _meant(match: re.Match[bytes]) -> bytes:
    """What a written escape stands for: nothing for a colour, a separator for any other control character."""
    digits = match[0].partition(b"u00")[2]
    if digits[:2] in (b"1b", b"1B"):
        return b""
    code = int(digits, 16)
    return bytes((code,)) if code >= 0x20 else b"\x0b"


def _led_back(raw: bytes, view: bytes, spans: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Positions in the view → positions in `raw`. Both have the same lines, so only lines with secrets are mapped."""
    back = []
    line_view = line_raw = 0
    for start, end, kind in spans:
        while (following := view.find(b"\n", line_view, start)) >= 0:
            line_view, line_raw = following + 1, raw.index(b"\n", line_raw) + 1
        stop = raw.find(b"\n", line_raw)
        line = raw[line_raw:] if stop < 0 else raw[line_raw:stop]
        starts, ends = _places(line)
        back.append((line_raw + starts[start - line_view], line_raw + ends[end - line_view - 1], kind))
    return back


def _places(line: bytes) -> tuple[Sequence[int], Sequence[int]]:
    """For every byte of the line's view: where in the line what it shows begins, and where it ends."""
    starts: Sequence[int] = range(len(line))
    ends: Sequence[int] = range(1, len(line) + 1)
    view = line
    for pattern, meaning in (*((pattern, None) for pattern in _ESCAPES), (_WRITTEN, _meant)):
        done = 0
        pieces, first, last = [], array("q"), array("q")
        for match in pattern.finditer(view):
            start, end = match.span()
            pieces.append(view[done:start])
            first.extend(starts[done:start])
            last.extend(ends[done:start])
            if meaning and (meant := meaning(match)):
                pieces.append(meant)
                first.append(starts[start])
                last.append(ends[end - 1])
            done = end
        if done:
            pieces.append(view[done:])
            first.extend(starts[done:])
            last.extend(ends[done:])
            view, starts, ends = b"".join(pieces), first, last
    return starts, ends


def _masked(raw: bytes, spans: list[tuple[int, int, str]]) -> Redacted:
    pieces = []
    secrets = []
    done = 0
    for start, end, kind in spans:
        colours = b"".join(_ESCAPES[1].findall(raw, start, end))  # what they switch on or off goes on behind
        mask = b"[redacted:" + kind.encode() + b"]" + colours
        pieces += [raw[done:start], mask]
        secrets.append(Secret(kind, start, end, len(mask)))
        done = end
    return Redacted(b"".join([*pieces, raw[done:]]), tuple(secrets))

"""Secrets in raw terminal bytes or text → masks `[redacted:<kind>]`, before anything is stored.

A block at a time, so that one pass of RE2 finds what is rare. Colours inside a secret and JSON escapes around it do
not hide it: the search runs over a view of the bytes without them, and the findings are led back to the raw bytes.
What a secret looks like is in `secret_kinds`; what may follow `password=` in `assignments`.
"""

from __future__ import annotations

import re

import msgspec

from tachograph.extract import detectors

_ESCAPES = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[PX^_][^\x1b\n]*\x1b\\|[ -/]*[0-~])"
    rb"|\xc2\x9b[0-?]*[ -/]*[@-~]"
)
_VIEW = re.compile(_ESCAPES.pattern + rb"|\\+(?:u00[0-7][0-9a-fA-F]|[\"'/nrt])")


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
    escaped = b"\x1b" in raw or b"\\" in raw or b"\xc2\x9b" in raw
    view = _VIEW.sub(_shown, raw) if escaped else raw
    spans = detectors.find(view)
    if not spans:
        return Redacted(raw, ())
    if escaped:
        spans = _led_back(raw, view, spans)
    return _masked(raw, spans)


def redact_text(text: str) -> tuple[str, tuple[str, ...]]:
    """Plain text → (masked text, kinds of the secrets found). Lone surrogates survive."""
    raw = text.encode("utf-8", "surrogatepass")
    result = redact(raw)
    if result.data is raw:
        return text, ()
    return result.data.decode("utf-8", "surrogatepass"), tuple(secret.kind for secret in result.secrets)


def _shown(match: re.Match[bytes]) -> bytes:
    """What an escape stands for, in one byte or none. A line feed written `\\n` separates, but is no new line."""
    text = match[0]
    if text[0] != 0x5C:
        return b""
    if text[-1:] in b"\"'/":
        return text[-1:]
    if text[-1:] in b"nrt" and b"u" not in text:
        return b"\x0b"
    return _control_free(int(text[-2:], 16))


def _control_free(code: int) -> bytes:
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
        back.append((*_positions(line, line_raw, start - line_view, end - line_view), kind))
    return back


def _positions(line: bytes, base: int, start: int, end: int) -> tuple[int, int]:
    """The raw span behind characters `start` to `end` of the line's view."""
    shift = 0  # raw position minus view position
    first = last = -1
    for match in _VIEW.finditer(line):
        at = match.start() - shift  # where this escape sits in the view
        if first < 0 and start < at:
            first = start + shift
        if end <= at:
            last = end + shift
            break
        width = len(_shown(match))
        if first < 0 and start < at + width:
            first = match.start()
        shift += len(match[0]) - width
        if width and end <= at + width:
            last = match.end()
            break
    first = start + shift if first < 0 else first
    last = end + shift if last < 0 else last
    return base + first, base + last


def _masked(raw: bytes, spans: list[tuple[int, int, str]]) -> Redacted:
    pieces = []
    secrets = []
    done = 0
    for start, end, kind in spans:
        mask = b"[redacted:" + kind.encode() + b"]" + b"".join(_ESCAPES.findall(raw, start, end))
        pieces += [raw[done:start], mask]
        secrets.append(Secret(kind, start, end, len(mask)))
        done = end
    return Redacted(b"".join([*pieces, raw[done:]]), tuple(secrets))

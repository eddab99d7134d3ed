"""One text that is to be found wherever it stands, and written over so that nothing around it moves.

It is found as it is and as JSON writes it, once or more often (`\\"`, `\\/`, `\\u00e9`), with escape sequences of
terminals between its letters, spread over the events of an asciicast, with a carriage return before its line feeds.
Every byte of it becomes a `*`; what stood between its letters and the ends of its lines stay. Not found: base64, URL
encoding, a line that a program broke by itself. Pure.
"""

from __future__ import annotations

import string
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import NamedTuple, cast

import msgspec
import re2

from tachograph.errors import UsageError
from tachograph.extract.pattern import bytes_pattern
from tachograph.regexes import regex

LEAST, MOST = 4, 4096  # bytes of a text
DIGITS = 6  # of one that is a number, at least
CUT_LEAST = 64  # bytes of a value that may have been cut off; nobody cuts shorter
REACH = 32 << 10  # bytes that it may span, with all that stands between its letters
_ESCAPE = (
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b[PX^_][^\x1b\n]*\x1b\\|\x1b[ -/]*[0-~]"
    r"|\xc2\x9b[0-?]*[ -/]*[@-~]|\\+u001[bB]\[[0-?]*[ -/]*[@-~]"
)
_EVENT = r"\[[0-9.eE+-]+, *\"[a-z]\", *\""  # of an asciicast, up to what was printed or typed
_BETWEEN = rf"(?:{_ESCAPE}|\"\]\r?\n(?:\[[^\n]*\]\r?\n){{0,3}}{_EVENT})"  # what is typed is echoed between two letters
_GAP = f"{_BETWEEN}*"
_HEAD = 64  # letters that a long text is found by
_REST = 400  # letters behind the half that a cut may come after: RE2 nests no deeper
_stays = regex(rf"{_ESCAPE}|\"\]\r?\n{_EVENT}".encode("latin-1"))
_LINE_FEED = r"(?:\r?\n|(?:\\+r)?\\+n|(?:\\+u000[dD])?\\+u000[aA])"
_CUT = r"(?:\xe2\x80\xa6)?(?:[\"\x00]|\z)"  # where a text was cut off: at its end, or at that of a long one in JSON
_OF_QUOTE = {
    5: 1,
    11: 3,
    23: 7,
}  # backslashes of a text that ends in one, where JSON is inside JSON: so many are the quote's
_half_escape = regex(rb"\\u[0-9a-fA-F]{0,3}\Z")
_number = regex(rb"[0-9.eE+-]*")
_STARS = b"*" * MOST
_ANYWHERE, _FROM_HERE = re2._Anchor.UNANCHORED, re2._Anchor.ANCHOR_START
Search = Callable[[re2._Anchor, bytes, int, int], list[tuple[int, int]]]  # (start, end) of the first match, or -1


class Part(NamedTuple):
    """Some bytes, the same with the text written over (the very same object when it is not in them), and how often it
    ended in them."""

    old: bytes
    new: bytes
    hits: int


class Sought:
    """Made of the text alone. Raises UsageError for one that is too short, too long, or no text."""

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            data = text.encode()
        except UnicodeEncodeError:
            raise UsageError("this is no text: it holds half a character", "give it as UTF-8") from None
        if not len(data.strip()) >= LEAST or len(data) > MOST or "\0" in text:
            raise UsageError(
                f"a text of {LEAST} to {MOST} bytes is wanted, without blanks around it",
                "a shorter one stands everywhere",
            )
        if text.isdigit() and len(text) < DIGITS:
            raise UsageError(f"a number of less than {DIGITS} digits stands in times and ids", "give more of it")
        if not set(text) - set("*\r\n "):
            raise UsageError("stars are what a text is written over with", "give the text that is to go")
        self._letters = [_letter(letter) for letter in text]
        self._head = _pattern(_GAP.join(self._letters[:_HEAD])) if len(self._letters) > _HEAD else None
        self._digits = text.isascii() and text.isdigit()
        self._filler = b"2" if set(text) == {"1"} else b"1"

    @cached_property
    def _whole(self) -> Search:
        return _pattern(_GAP.join(self._letters))

    @cached_property
    def _cut(self) -> re2._Regexp:
        """Half of it or more, where a value was cut off."""
        half = max(LEAST, (len(self._letters) + 1) // 2)
        rest = ""
        for letter in reversed(self._letters[half : min(len(self._letters) - 1, half + _REST)]):
            rest = f"(?:{letter}{rest})?"
        return bytes_pattern(f"{''.join(self._letters[:half])}{rest}{_CUT}", capture=False)

    @cached_property
    def _either(self) -> Search:
        return self._head or _pattern(f"{_GAP.join(self._letters)}|{self._cut.pattern.decode('latin-1')}")

    def maybe(self, values: bytes) -> bool:
        """Whether it may be in one of some values of columns, with a NUL between two; mostly it is in none."""
        return bool(self._either(_ANYWHERE, values, 0, len(values))[0][0] >= 0)

    def hits(self, value: bytes) -> int:
        """How often it stands in a value of a column. A long one may end where it was cut off, inside the text: half of
        it counts there, too."""
        return self._said(value)[1]

    def unsaid(self, value: bytes) -> bytes:
        """Such a value without it, as long as before; itself when it is not there."""
        return self._said(value)[0]

    def _said(self, value: bytes) -> tuple[bytes, int]:
        data, hits = self._without(value, 0)
        if len(value) >= CUT_LEAST:
            for found in self._cut.finditer(data):
                begin, end = found.span()
                mark = _cut_mark(data[begin:end])
                end -= len(mark)
                if mark[-1:] != b'"' or b'"' not in data[max(0, begin - CUT_LEAST) : begin]:
                    data, hits = data[:begin] + b"*" * (end - begin) + data[end:], hits + 1
        return data, hits

    def parts(self, parts: Iterable[bytes]) -> Iterator[Part]:
        """The same of bytes that come in parts: it may begin in one and end in another."""
        waiting: deque[Part] = deque()
        held = b""
        for part in parts:
            data = held + part
            new, hits = self._without(data, max(0, len(held) - REACH))
            waiting.append(Part(part, part, hits))
            if hits:
                _share_out(waiting, new)
            size = len(new)
            while size - len(waiting[0].old) >= REACH:
                size -= len(waiting[0].old)
                yield waiting.popleft()
            held = new[len(new) - size :]
        yield from waiting

    def _without(self, data: bytes, start: int) -> tuple[bytes, int]:
        """Again until it is found no more: what is typed and what is echoed may lie within each other."""
        hits = 0
        while spans := list(self._spans(data, start)):
            hits += len(spans)
            out = bytearray(data)
            for begin, end in spans:
                self._write_over(out, data, begin, end)
            data = bytes(out)
        return data, hits

    def _spans(self, data: bytes, start: int) -> Iterator[tuple[int, int]]:
        """Where it is; a long one is looked for by how it begins, since RE2 has to learn all that it looks for."""
        search, size = self._head or self._whole, len(data)
        while (found := search(_ANYWHERE, data, start, size)[0])[0] >= 0:
            begin, end = found if self._head is None else self._whole(_FROM_HERE, data, found[0], size)[0]
            if end >= 0:
                yield begin, end
            start = end if end >= 0 else found[0] + 1

    def _write_over(self, out: bytearray, data: bytes, begin: int, end: int) -> None:
        begin, end = _whole_escapes(data, begin, end)
        if self._digits and _is_bare(data, begin, end):
            out[begin:end] = self._filler * (end - begin)
            return
        done = begin
        for between in _stays.finditer(data, begin, end):
            _stars(out, done, between.start())
            done = between.end()
        _stars(out, done, end)


def _pattern(pattern: str) -> Search:
    return cast(Search, bytes_pattern(pattern, capture=False)._regexp.Match)


def _share_out(waiting: deque[Part], new: bytes) -> None:
    """Give each part what became of it."""
    begin = 0
    for number, part in enumerate(waiting):
        end = begin + len(part.old)
        if new[begin:end] != part.new:
            waiting[number] = part._replace(new=new[begin:end])
        begin = end


def breaks(old: bytes, new: bytes) -> bool:
    """Whether what was JSON, all of it or a line, is none with the text written over: the text reaches over the end of
    a value, or is a word of JSON's own."""
    if new is old:
        return False
    if _is_json(old):
        return not _is_json(new)
    lines = zip(old.split(b"\n"), new.split(b"\n"), strict=True)
    return any(one != other and _is_json(one) and not _is_json(other) for one, other in lines)


def _is_json(data: bytes) -> bool:
    try:
        msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    return True


def _letter(letter: str) -> str:
    """A pattern for one letter, however it is written."""
    if letter == "\n":
        return _LINE_FEED
    code = letter.encode("utf-16-be")
    written = "".join(rf"\\+u{_hex(code[at : at + 2].hex())}" for at in range(0, len(code), 2))
    raw = "".join(rf"\x{byte:02x}" for byte in letter.encode())
    if letter == "\\":
        raw = r"\\+"
    elif letter == "\t":
        raw = r"(?:\t|\\+t)"
    elif letter in string.punctuation:
        raw = rf"\\*{raw}"
    return f"(?:{raw}|{written})"


def _hex(digits: str) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)


def _cut_mark(data: bytes) -> bytes:
    """What stands behind a text that was cut off."""
    return data[len(data.rstrip(b'"').removesuffix("…".encode())) :]


def _whole_escapes(data: bytes, begin: int, end: int) -> tuple[int, int]:
    """The span with the escapes that it begins or ends in the middle of."""
    half = _half_escape.search(data, max(0, begin - 5), begin)
    begin = half.start() if half else begin
    while begin and data[begin - 1] == 0x5C:
        begin -= 1
    slashes, following = end - len(data[begin:end].rstrip(b"\\")) - begin, data[end : end + 1]
    if following == b'"' and slashes in _OF_QUOTE:
        end -= _OF_QUOTE[slashes]
    elif slashes % 2 and following not in (b"", b"\r", b"\n"):
        end += 1
    return begin, end


def _is_bare(data: bytes, begin: int, end: int) -> bool:
    """Whether it is, or is part of, a number of JSON, which stars would break."""
    while begin and data[begin - 1 : begin] in b"0123456789.eE+-":
        begin -= 1
    found = _number.match(data, end)
    end = found.end() if found else end
    before, behind = data[max(0, begin - 64) : begin].rstrip()[-1:], data[end : end + 64].lstrip()[:1]
    return (before in b":[," and behind in b",}]") if before and behind else not data[:begin] and not data[end:]


def _stars(out: bytearray, begin: int, end: int) -> None:
    """Over everything but ends of lines."""
    if b"\n" not in out[begin:end]:
        out[begin:end] = _STARS[: end - begin] if end - begin <= MOST else b"*" * (end - begin)
        return
    for at in range(begin, end):
        if out[at] not in b"\r\n":
            out[at] = 0x2A

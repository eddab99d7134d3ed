"""JSON as agents really write it: two objects on a line, scalars as lines, half a line, characters that are none."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator

import msgspec

from tachograph.readers._loose_json import paired
from tachograph.readers.reading import Parser
from tachograph.readers.values import Object
from tachograph.records import Fact, Unknown

_decode = msgspec.json.Decoder().decode
_STDLIB = json.JSONDecoder()
SAMPLE = 200  # characters of a line that nobody understands
_REMEMBERED = 65536  # lines, by which one that comes again is known
_BETWEEN = "\x00 \t\r\n\ufeff[],"  # what lies between the objects of a list, or of a file of them
_BEGINS = re.compile(r"[\x00 \t\r\n\ufeff\[\],]*\{")
# Names of fields that tell one line from another that says the same.
_UNIQUE = (b'"timestamp"', b'"time"', b'"message_id"', b'"uuid"', b'"toolCallId"')


def objects(line: bytes) -> tuple[list[Object], list[Unknown]]:
    """The JSON objects of one line, and an Unknown when it was anything but exactly one object. Blank: neither."""
    try:
        found = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _recovered(line)
    if isinstance(found, dict):
        return [found], []
    return [], [unknown("JSON but no object", line)]


def unknown(kind: str, line: bytes) -> Unknown:
    """A line that nobody understands, with its beginning."""
    return Unknown(kind, line[: 4 * SAMPLE].decode(errors="replace")[:SAMPLE])


def _recovered(line: bytes) -> tuple[list[Object], list[Unknown]]:
    """Complete objects that were glued together; bad UTF-8 and half characters inside strings are replaced."""
    text = line.decode("utf-8", "replace").strip("\x00 \t\r\n\ufeff")
    if not text:
        return [], []
    found: list[Object] = []
    position = 0
    while position < len(text):
        try:
            value, position = _STDLIB.raw_decode(text, position)
        except (ValueError, RecursionError):
            break
        if isinstance(value, dict):
            found.append(value)
        while position < len(text) and text[position].isspace():
            position += 1
    try:
        found = paired(found, text)
    except RecursionError:
        return [], [unknown("not JSON", line)]
    if len(found) == 1 and position == len(text):  # nothing but its encoding was wrong
        return found, []
    return found, [unknown("not JSON" if not found else "not one JSON object", line)]


def records(data: bytes) -> Iterator[Object | bytes]:
    """The JSON objects of a document, in a list or one after another, over however many lines each. Where none can be
    read any more, the bytes that are left."""
    text = data.decode("utf-8", "replace")
    position = 0
    while begin := _BEGINS.match(text, position):
        try:
            value, position = _STDLIB.raw_decode(text, begin.end() - 1)
            value = paired(value, text[begin.end() - 1 : position])
        except (ValueError, RecursionError):
            yield text[begin.end() - 1 :].encode()
            return
        yield value
    if rest := text[position:].strip(_BETWEEN):
        yield rest.encode()


class Once:
    """A parser that gets no line twice: a file that was merged or joined with itself tells what it told before. It is
    for formats whose lines have times or ids, since others may well say the same again."""

    def __init__(self, parser: Parser) -> None:
        self._parser = parser
        self._order: deque[int] = deque()
        self._seen: set[int] = set()

    def feed(self, data: bytes) -> Iterable[Fact]:
        """Facts of a line that is new."""
        return () if self._again(data) else self._parser.feed(data)

    def finish(self) -> Iterable[Fact]:
        """As the parser does."""
        return self._parser.finish()

    def _again(self, line: bytes) -> bool:
        if not any(field in line for field in _UNIQUE):
            return False
        digest = hash(line)
        if digest in self._seen:
            return True
        self._seen.add(digest)
        self._order.append(digest)
        if len(self._order) > _REMEMBERED:
            self._seen.discard(self._order.popleft())
        return False

"""Logs without any format: what a program printed, line by line, for the rules to look at.

Any text could be such a log, so this reader is asked last, and takes only what is called a log, or text, by its name:
the logs in the folder of a terminal-bench trial are. Times come from the prefix that GitHub's runners put before each
line.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping

from tachograph.readers import terminal_bench
from tachograph.readers.reading import Origin, Place, Shape
from tachograph.readers.times import iso
from tachograph.records import Fact, OutputPiece, SessionFacts
from tachograph.regexes import regex

name = "log"
shape = Shape.LINES

_STAMP = regex(rb"\xef?\xbb?\xbf?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z) ?")
_NOT_IN_TEXT = regex(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")  # control characters that no terminal is sent
_NAMED = regex(r"\.(?:log|txt|out|err)(?:\.\d+)?$", re.IGNORECASE)
_SAMPLE = 4096


def places(home: str, environment: Mapping[str, str]) -> list[Place]:
    """Nowhere: a log is read when it is named."""
    return []


def detect(head: bytes, path: str) -> bool:
    """Text, with escape sequences or without, in a file that is named as logs are; no document, nothing binary."""
    text = bool(head) and head.lstrip()[:1] != b"{" and not _NOT_IN_TEXT.search(head, 0, _SAMPLE)
    return text and _NAMED.search(path) is not None


def parse(origin: Origin) -> _Parser:
    return _Parser(origin)


class _Parser:
    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._id = ""
        self._at = 0  # ns, of the last line that said so
        self._first = self._last = 0
        self._said = (0, 0)

    def feed(self, data: bytes) -> Iterable[Fact]:
        """The line as it is, with its time when it has one."""
        found = _STAMP.match(data) if data[:1].isdigit() or data[:1] == b"\xef" else None
        if found is not None:
            self._at = iso(found[1].decode()) or self._at
            self._first = min(self._first or self._at, self._at)
            self._last = max(self._last, self._at)
        piece = OutputPiece("stdout", self._at, data + b"\n")
        return [piece] if self._id else [self._begin(data), piece]

    def finish(self) -> Iterable[Fact]:
        """The times seen; a log without any was last written when its file was."""
        if not self._id:
            return []
        times = (self._first, self._last or self._origin.modified_at)
        if times == self._said:
            return []
        self._said = times
        return [SessionFacts(self._id, started_at=times[0] or None, last_at=times[1] or None)]

    def _begin(self, data: bytes) -> SessionFacts:
        part = terminal_bench.part(self._origin.path)
        file = os.path.basename(self._origin.path)
        if part is not None:
            self._id = part.session
            return SessionFacts(part.session, agent=terminal_bench.name, parent_id=part.parent, title=part.title)
        digest = hashlib.sha256(self._origin.path.encode("utf-8", "surrogateescape") + b"\0" + data).hexdigest()[:6]
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", file)[:60]
        self._id = f"log-{stem}-{digest}" if stem else f"log-{digest}"
        return SessionFacts(self._id, title=file or None)

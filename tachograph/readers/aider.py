"""aider: `.aider.chat.history.md`, one Markdown file per project, appended to by every run.

`# aider chat started at …` begins a run, `#### ` is what the user typed, `> ` what aider said, all else the model's
words. aider ends its own messages with two spaces, and puts `> ` before their first line only: that is how a long
message is told from a reply. Only runs have a time, local and without zone; it is taken as UTC.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from tachograph.readers._aider_run import Run
from tachograph.readers.reading import Origin, Place, Shape
from tachograph.readers.times import iso
from tachograph.records import Fact
from tachograph.regexes import regex

name = "aider"
shape = Shape.LINES

_FILE = ".aider.chat.history.md"
_HEADER = "# aider chat started at "
_STAMP = regex(_HEADER + r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)")
_KNOWN = ("Applied edit to ", "Tokens: ", "Commit ")  # messages that may follow a reply, and be long


def places(home: str, environment: Mapping[str, str]) -> list[Place]:
    """In every project it works on: looked for in a home and two folders deep, now and then, since nobody wants to
    watch a whole home for it; and where the environment says."""
    named = environment.get("AIDER_CHAT_HISTORY_FILE", "")
    found = [Place(home, (_FILE, f"*/{_FILE}", f"*/*/{_FILE}"), watched=False)]
    if os.path.isabs(named):
        found.append(Place(os.path.dirname(named), (os.path.basename(named),), watched=False))
    return found


def detect(head: bytes, path: str) -> bool:
    """A header of a run with its time, at the start of a line."""
    start = 0 if head.startswith(_HEADER.encode()) else head.find(b"\n" + _HEADER.encode()) + 1
    line = head[start : start + 64].split(b"\n", 1)[0].decode("utf-8", "replace")
    return line.startswith(_HEADER) and iso(line[len(_HEADER) :].strip()) is not None


def parse(origin: Origin) -> _Parser:
    return _Parser(origin)


class _Parser:
    """Lines → what the user typed, replies, messages; one of them is open at a time, and a Run understands them."""

    def __init__(self, origin: Origin) -> None:
        folder, file = os.path.split(origin.path)
        self._folder = folder if file == _FILE else None
        self._written = origin.modified_at
        self._ids: Counter[str] = Counter()
        self._nameless: hashlib._Hash | None = hashlib.sha256(os.path.basename(folder).encode("utf-8", "replace"))
        self._run: Run | None = None
        self._block = ""  # typed, reply or message: what `_lines` are
        self._lines: list[str] = []
        self._ended = False  # the message ended with the last line, if the next one does not go on
        self._spaced = False  # aider's two spaces are there: no editor took them away
        self._blank = True  # the line before was blank
        self._held: str | None = None  # a line that may be half of what is typed, or of a header
        self._out: list[Fact] = []

    def feed(self, data: bytes) -> Iterable[Fact]:
        """Facts of one line."""
        text, held = data.decode("utf-8", "replace").removesuffix("\r"), self._held
        self._held = text if text and ("#### ".startswith(text) or _HEADER.startswith(text[: len(_HEADER)])) else None
        if held is not None:
            self._line(held)
        if self._held is None or _STAMP.fullmatch(text.rstrip()):
            self._held = None
            self._line(text)
        return self._taken()

    def finish(self) -> Iterable[Fact]:
        """What is open, as far as it goes. The last line may be half of one: what that says is not told yet where all
        of it can say something else."""
        if self._run is not None:
            if self._block == "message" and self._ended:
                self._close()
            elif self._block == "reply":
                self._tell(final=False, without_last=self._spaced and self._lines[-1].startswith(">"))
            elif self._block == "typed" and (self._ended or not self._spaced):
                self._tell(final=False)
            self._run.flush()
        return self._taken()

    def _taken(self) -> list[Fact]:
        out, self._out = self._out, []
        if self._run is not None and self._run.out:
            out += self._run.out
            self._run.out = []
        return out

    def _line(self, text: str) -> None:
        if text.startswith("#"):
            if (stamp := _STAMP.fullmatch(text.rstrip())) and (at := iso(stamp[1])) is not None:
                return self._header(at)
            if text.startswith("#### ") or (self._block == "typed" and text == "####"):
                self._append("typed", text[5:].rstrip())
                self._ended = text.endswith("  ")
                return None
        if self._block == "message":
            if not self._ends_message(text):
                self._lines.append(text.rstrip())
                self._ended = text.endswith("  ")
                return None
            self._close()
        if not text.strip():
            return self._gap()
        if text.startswith("> ") or text == ">":
            return self._said(text)
        return self._append("reply", text)

    def _header(self, at: int) -> None:
        self._close()
        stamp = datetime.fromtimestamp(at // 10**9, UTC).strftime("%Y%m%d-%H%M%S")
        self._ids[stamp] += 1
        again = f"-{self._ids[stamp]}" if self._ids[stamp] > 1 else ""
        self._begin(f"aider-{stamp}{again}", at)

    def _begin(self, session: str, at: int) -> None:
        if self._run is not None:
            self._run.close()
        self._out = self._taken()
        self._run, self._nameless, self._blank = Run(session, at, at or self._written, self._folder), None, True

    def _append(self, block: str, text: str) -> None:
        if self._nameless is not None:  # before the first header: a run whose beginning was cut off
            self._nameless.update(text.encode("utf-8", "replace"))
            if block == "reply":
                return  # a mode line of an editor, the end of an answer that was cut off
            self._begin(f"aider-undated-{self._nameless.hexdigest()[:8]}", 0)
        if self._block != block:
            self._close()
            self._block = block
        self._lines.append(text)
        self._blank = False

    def _gap(self) -> None:
        self._blank = True
        if self._block == "reply":
            self._lines.append("")
        else:
            self._close()
            if self._run is not None:
                self._run.gap()

    def _said(self, text: str) -> None:
        """A line with `> ` before it: aider's, or a quotation inside a reply."""
        body, ended = text[2:], text.endswith("  ")
        quoted = self._block == "reply" or (self._blank and self._run is not None and self._run.asked)
        if not ended and self._spaced and quoted and not body.startswith(_KNOWN):
            return self._append("reply", text)
        self._spaced |= ended
        if self._block != "message":
            self._close()
        self._append("message", body.rstrip())
        self._ended = ended or not self._spaced
        return None

    def _ends_message(self, text: str) -> bool:
        if text.startswith("> ") and (text.endswith("  ") or text[2:].startswith(_KNOWN)):
            return True
        return self._ended and (not text.strip() or text.startswith(">") or not self._spaced)

    def _close(self) -> None:
        if self._block:
            self._tell(final=True)
            self._block, self._lines = "", []

    def _may_be_half(self, line: str) -> bool:
        """Whether a line of a reply may be the beginning of one that is none."""
        return (
            "#### ".startswith(line) or _HEADER.startswith(line[: len(_HEADER)]) or (self._spaced and line[:1] == ">")
        )

    def _tell(self, final: bool, without_last: bool = False) -> None:
        text = "\n".join(self._lines[:-1] if without_last else self._lines).strip("\n")
        if self._run is not None and (text or final or self._block == "typed"):
            getattr(self._run, self._block)(text, final)

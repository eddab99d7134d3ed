"""Fenced code blocks in output: where one begins and ends, what language it names. No checking of the code itself."""

from __future__ import annotations

import hashlib

import msgspec

from tachograph.extract.syntax import parseable
from tachograph.regexes import regex

LINES_MAX = 1000
CHARACTERS_MAX = 65_536
_TILDES_MAX = 6  # more of them underline a heading

_OPENING = regex(
    r"(?P<indent>[ \t]*(?:(?:[-*+>⏺●•⎿│┃]|\d{1,3}[.)]) +)*[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)$"
)
_LANGUAGE = regex(r"\{?\.?([A-Za-z0-9_+#.-]{1,32})")


class Block(msgspec.Struct, frozen=True):
    """One code block. Lines are those of the fences; `digest` is the SHA-256 over the normalised content."""

    language: str | None
    content: str
    line_start: int
    line_end: int
    parseable: bool | None
    digest: str


class Fence:
    """An open fence and what was written behind it so far."""

    def __init__(self, mark: str, indent: int, language: str, line: int, lines: list[tuple[int, str]]) -> None:
        self.mark = mark
        self.indent = indent
        self.language = language
        self.line = line
        self.lines = lines
        self.size = sum(len(text) for _, text in lines)

    @classmethod
    def opening(cls, number: int, text: str) -> Fence | None:
        found = _OPENING.match(text)
        if found is None:
            return None
        info = found["info"].strip()
        language = _LANGUAGE.match(info)
        if (info and not language) or (not info and found["fence"][0] == "~" and len(found["fence"]) > _TILDES_MAX):
            return None
        return cls(found["fence"], len(found["indent"]), language[1].lower() if language else "", number, [])

    def closes(self, text: str) -> bool:
        bare = text.strip(" \t│┃>")
        return len(bare) >= len(self.mark) and not bare.strip(self.mark[0])

    def add(self, number: int, text: str) -> bool:
        """False when this has become too much to be a code block."""
        self.lines.append((number, text))
        self.size += len(text)
        return len(self.lines) <= LINES_MAX and self.size <= CHARACTERS_MAX

    def block(self, line_end: int) -> Block:
        texts = [text for _, text in self.lines]
        content = "\n".join([_outdent(text, self.indent) for text in texts] if self.indent else texts)
        language = self.language or None
        digest = hashlib.sha256(normalised(content).encode("utf-8", "replace")).hexdigest()
        return Block(language, content, self.line, line_end, parseable(language, content), digest)

    def state(self) -> list[object]:
        return [self.mark, self.indent, self.language, self.line, self.lines]

    @classmethod
    def restored(cls, state: list[object]) -> Fence:
        mark, indent, language, line, lines = state
        return cls(mark, indent, language, line, [(number, text) for number, text in lines])  # type: ignore[attr-defined, arg-type]


def normalised(content: str) -> str:
    """What makes two sightings the same block: no trailing blanks, no blank lines around, common indent removed."""
    lines = [line.rstrip() for line in content.expandtabs(4).split("\n")]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    indent = 1 << 30
    for line in lines:
        if line:
            if line[0] not in " \t":
                return "\n".join(lines)
            indent = min(indent, len(line) - len(line.lstrip()))
    return "\n".join([line[indent:] for line in lines])


def _outdent(text: str, indent: int) -> str:
    lead = len(text) - len(text.lstrip(" \t"))
    return text[min(indent, lead) :]

"""Sessions of the newer Kiro CLI, `~/.kiro/sessions/cli/<uuid>.jsonl`.

A line is `{version?, kind: Prompt|AssistantMessage|ToolResults|…, data{message_id, content[{kind, data}]}}`; content is
of kind text, toolUse or toolResult. There are no times, no model and no tokens in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from tachograph.readers._exits import exit_code_in
from tachograph.readers._turns import Turns
from tachograph.readers.json_lines import objects, unknown
from tachograph.readers.kiro import TOOLS, returned, tool_call
from tachograph.readers.reading import Origin, Place, Shape
from tachograph.readers.times import epoch, iso
from tachograph.readers.values import joined, table, tables, text
from tachograph.records import Fact, SessionFacts, Unknown

name = "kiro"
shape = Shape.LINES
_KINDS = {"Prompt", "AssistantMessage", "ToolResults", "Compaction", "Clear", "ResetTo"}


def places(home: str, environment: Mapping[str, str]) -> list[Place]:
    """One folder for all."""
    return [Place(os.path.join(home, ".kiro", "sessions"), ("cli/*.jsonl", "*.jsonl"))]


def detect(head: bytes, path: str) -> bool:
    """The first line has one of their kinds, and data with content."""
    found, strange = objects(head.split(b"\n", 1)[0])
    if strange or len(found) != 1 or text(found[0].get("kind")) not in _KINDS:
        return False
    return isinstance(table(found[0].get("data")).get("content"), list)


def parse(origin: Origin) -> LineParser:
    """A parser for one session."""
    return LineParser(origin)


class LineParser:
    """Facts of one session, line by line."""

    def __init__(self, origin: Origin) -> None:
        self._id = os.path.splitext(os.path.basename(origin.path))[0] or "unnamed"
        self._modified = origin.modified_at or None
        self._turns = Turns(TOOLS)
        self._begun = False

    def feed(self, data: bytes) -> Iterator[Fact]:
        found, strange = objects(data)
        if (found or strange) and not self._begun:
            self._begun = True
            yield SessionFacts(self._id, started_at=self._modified, last_at=self._modified)
        yield from strange
        for line in found:
            yield from self._line(line, data)

    def finish(self) -> Iterator[Fact]:
        yield from self._turns.finish()

    def _line(self, line: dict[str, Any], data: bytes) -> Iterator[Fact]:
        kind, body = text(line.get("kind")), table(line.get("data"))
        blocks, native = tables(body.get("content")), body.get("message_id")
        meta = table(body.get("meta"))
        at = iso(meta.get("timestamp")) or epoch(meta.get("timestamp"), 10**9) or 0
        words = joined([said for block in blocks if block.get("kind") == "text" and (said := text(block.get("data")))])
        if kind == "Prompt":
            yield self._turns.prompt(words, at, native)
        elif kind == "AssistantMessage":
            yield self._turns.reply(words, at, native)
            for block in blocks:
                if block.get("kind") == "toolUse":
                    use = table(block.get("data"))
                    yield from tool_call(self._turns, use.get("name"), use.get("input"), use.get("toolUseId"), at)
        elif kind == "ToolResults":
            for block in blocks:
                if block.get("kind") == "toolResult":
                    yield from self._result(table(block.get("data")), at)
        elif kind == "Compaction":
            yield self._turns.marker("compaction", "context compacted", at, native)
        elif kind not in _KINDS:
            yield Unknown(f"line of kind {str(line.get('kind'))[:40]}", unknown("", data).sample)

    def _result(self, result: dict[str, Any], at: int) -> Iterator[Fact]:
        blocks = [
            {"Text": block.get("data")} if block.get("kind") == "text" else {"Json": block.get("data")}
            for block in tables(result.get("content"))
        ]
        content, code = returned(blocks)
        failed = str(result.get("status")).lower() == "error"
        refused = failed and "cancelled by the user" in (content or "")[:200]
        status = "rejected" if refused else "error" if failed else "ok"
        code = exit_code_in(content) if code is None else code
        yield from self._turns.result(result.get("toolUseId"), content, status, at, exit_code=code)

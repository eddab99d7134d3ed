"""Cursor's transcripts, `~/.cursor/projects/<slug>/agent-transcripts/<id>.jsonl` or `<id>/<id>.jsonl`.

A line is `{role, message{content[{type: text|thinking|tool_use, …}]}}` or `{type: "turn_ended", status, error?}`. There
are no ids, no results of tools, no tokens and no model; a time stands at most in the text of a prompt. Below
`subagents/` lie the transcripts of agents that the session started.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from tachograph.readers._cursor_words import TOOLS, shown, told_time, typed, workspace
from tachograph.readers._turns import Turns, spoken
from tachograph.readers.json_lines import SAMPLE, objects, unknown
from tachograph.readers.reading import Origin, Place, Shape
from tachograph.readers.times import iso
from tachograph.readers.values import millis, table, tables, text
from tachograph.records import Fact, SessionFacts, Unknown

name = "cursor"
shape = Shape.LINES
_RESULTS = ("tool_result", "tool-result")
_SPOKEN = {"text", "thinking", "redacted_thinking", "image", "custom_block"}
_CALLS = ("tool_use", "tool_call", "tool-call")


def places(home: str, environment: Mapping[str, str]) -> list[Place]:
    """Transcripts of all projects, and of the agents they started."""
    return [Place(os.path.join(home, ".cursor", "projects"), ("*/agent-transcripts/**/*.jsonl",))]


def detect(head: bytes, path: str) -> bool:
    """A line that holds a role and a message without one, and nothing that other agents put there."""
    for line in head.split(b"\n", 4)[:4]:
        if not line.strip():
            continue
        found, strange = objects(line)
        if strange or len(found) != 1:
            return False
        if found[0].get("type") != "turn_ended":
            return _is_message(found[0])
        if "agent-transcripts" in path:
            return True
    return False


def _is_message(line: dict[str, Any]) -> bool:
    message = line.get("message")
    return (
        line.get("role") in ("user", "assistant")
        and isinstance(message, dict)
        and "content" in message
        and not {"type", "sessionId", "uuid"} & line.keys()
        and "role" not in message
    )


def parse(origin: Origin) -> TranscriptParser:
    """A parser for one transcript."""
    return TranscriptParser(origin)


def session_of(origin: Origin) -> SessionFacts:
    """What the place of a transcript says: its session, its project, the session that started it, its time."""
    path = origin.path.split("#")[0].replace("\\", "/")
    folder, file = os.path.split(path)
    session = os.path.splitext(file)[0] or "unnamed"
    parent = os.path.basename(os.path.dirname(folder)) if os.path.basename(folder) == "subagents" else None
    before, found, _ = path.partition("/agent-transcripts/")
    slug = os.path.basename(before) if found else None
    return SessionFacts(
        session,
        parent_id=parent if parent and parent != session else None,
        started_at=origin.modified_at or None,
        metadata={"project": slug} if slug else None,
    )


class TranscriptParser:
    """Facts of one transcript, line by line."""

    def __init__(self, origin: Origin) -> None:
        self._origin = session_of(origin)
        self._begun = False
        self._answers = False
        self._turns = Turns(TOOLS)
        self._folder: str | None = None
        self._first: int | None = None
        self._last: int | None = None
        self._told: tuple[int | None, int | None] = (None, None)

    def feed(self, data: bytes) -> Iterator[Fact]:
        found, strange = objects(data)
        if (found or strange) and not self._begun:
            self._begun = True
            yield self._origin
        yield from strange
        for line in found:
            yield from self._line(line, data)

    def finish(self) -> Iterator[Fact]:
        if self._answers:  # else nothing is known of any call, and another source may know
            yield from self._turns.finish()
        now = (self._first, self._last) if self._first is not None else (None, self._origin.started_at)
        if self._begun and now != self._told:
            self._told = now
            yield SessionFacts(self._origin.id, started_at=now[0], last_at=now[1])

    def _line(self, line: dict[str, Any], data: bytes) -> Iterator[Fact]:
        role = line.get("role")
        content = table(line.get("message")).get("content")
        at = self._time(line, content)
        if line.get("type") == "turn_ended":
            yield from self._ended(line, at)
        elif role == "user" and content is not None:
            yield from self._user(content, at)
        elif role == "assistant" and content is not None:
            yield from self._assistant(content, at)
        else:
            yield Unknown(f"line of type {str(line.get('type') or role)[:40]}", unknown("", data).sample)

    def _time(self, line: dict[str, Any], content: object) -> int:
        given = line.get("timestamp")
        at = iso(given) or millis(given)
        if at is None and line.get("role") == "user":
            at = told_time(spoken(content) or "")
        if at is not None:
            self._first = at if self._first is None else min(self._first, at)
            self._last = at if self._last is None else max(self._last, at)
        return at or 0

    def _ended(self, line: dict[str, Any], at: int) -> Iterator[Fact]:
        status, error = text(line.get("status")), text(line.get("error"))
        if status == "aborted":
            yield self._turns.marker("interruption", error or "interrupted by the user", at)
        elif status == "error":
            yield self._turns.marker("api_error", error or "the turn ended with an error", at)

    def _user(self, content: object, at: int) -> Iterator[Fact]:
        for block in tables(content):
            if block.get("type") in _RESULTS:
                native = block.get("tool_use_id") or block.get("toolCallId")
                status = "error" if block.get("is_error") is True else "ok"
                self._answers = True
                yield from self._turns.result(native, spoken(block.get("content")), status, at, tool=block.get("name"))
        words = spoken(content)
        if words is None:
            return
        if self._folder is None and (folder := workspace(words)) is not None:
            self._folder = folder
            yield SessionFacts(self._origin.id, project_dir=folder)
        if (prompt := typed(words)) is not None:
            yield self._turns.prompt(prompt, at)

    def _assistant(self, content: object, at: int) -> Iterator[Fact]:
        blocks = tables(content)
        for block in blocks:
            if block.get("type") == "thinking" and (thought := text(block.get("thinking"))):
                yield self._turns.thinking(thought, at)
        words = spoken(content, ("text", "custom_block"))
        yield self._turns.reply(shown(words) if words else None, at)
        for block in blocks:
            if block.get("type") in _CALLS:
                native = block.get("id") or block.get("toolCallId")
                yield from self._turns.call(block.get("name"), block.get("input"), native, at)
            elif text(block.get("type")) not in _SPOKEN:
                yield Unknown(f"block of type {str(block.get('type'))[:40]}", str(block)[:SAMPLE])

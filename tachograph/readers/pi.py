"""pi's sessions, `~/.pi/agent/sessions/--<folder>--/<time>_<uuid>.jsonl`, as its session-format.md (0.74) has them.

First a header `{type: "session", version, id, timestamp, cwd, parentSession?}`, then entries `{type, id, parentId,
timestamp, …}` that form a tree: to go back is to append to an earlier entry. Messages have tokens and cost in USD.
A forked session begins with the entries of the one it came from, older than its header, under their ids: they are its
history, too. Entries of the first versions have no ids; their times are told to the millisecond and do as well.
oh-my-pi, which grew from it, writes the same below `~/.omp`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from tachograph.readers._turns import Tools, Turns, spoken
from tachograph.readers.json_lines import SAMPLE, Once, objects, unknown
from tachograph.readers.reading import Origin, Place, Shape
from tachograph.readers.times import iso
from tachograph.readers.values import count, dollars, millis, table, tables, text, whole
from tachograph.records import Fact, SessionFacts, Step, Unknown, Usage
from tachograph.regexes import regex

name = "pi"
shape = Shape.LINES
TOOLS = Tools(
    commands=frozenset({"bash"}),
    files={"read": "read", "write": "write", "edit": "edit"},
    path=("path", "file_path"),
    new_text=("newText", "new_string"),
    old_text=("oldText", "old_string"),
)
_LINES = 20  # of the head are looked at
_SILENT = {"thinking_level_change", "custom", "custom_message", "label"}
_SILENT_ROLES = {"custom", "hookMessage", "branchSummary", "compactionSummary"}
_EXITED = regex(r"Command exited with code (-?\d{1,10})\s*$")


def places(home: str, environment: Mapping[str, str]) -> list[Place]:
    """PI_CODING_AGENT_SESSION_DIR, else `sessions` in PI_CODING_AGENT_DIR, else in `~/.pi/agent`; those of oh-my-pi."""
    agent = environment.get("PI_CODING_AGENT_DIR") or os.path.join(home, ".pi", "agent")
    root = environment.get("PI_CODING_AGENT_SESSION_DIR") or os.path.join(agent, "sessions")
    if root == "~" or root.startswith("~/"):
        root = home + root[1:]
    return [Place(one, ("**/*.jsonl",)) for one in (root, os.path.join(home, ".omp", "agent", "sessions"))]


def detect(head: bytes, path: str) -> bool:
    """The first line is its header; where that is lost, one of the next is an entry that no other agent writes."""
    lines = head.split(b"\n", _LINES)[:_LINES]
    found, strange = objects(lines[0])
    if not strange and len(found) == 1 and _is_header(found[0]):
        return True
    return any(_is_entry(one) for line in lines if b'"parentId"' in line for one in objects(line)[0])


def _is_header(line: dict[str, Any]) -> bool:
    return (
        line.get("type") == "session"
        and bool(text(line.get("id")))
        and isinstance(line.get("cwd"), str)
        and iso(line.get("timestamp")) is not None
        and "payload" not in line
    )


def _is_entry(line: dict[str, Any]) -> bool:
    """What a model of pi said, or what a tool answered it."""
    message = table(line.get("message"))
    named = message.keys() >= {"api", "provider", "usage"} or message.keys() >= {"toolCallId", "toolName", "isError"}
    return line.get("type") == "message" and "role" in message and named


def parse(origin: Origin) -> Once:
    """A parser for one session."""
    return Once(SessionParser(origin))


class SessionParser:
    """Facts of one session, line by line."""

    def __init__(self, origin: Origin) -> None:
        self._id = os.path.splitext(os.path.basename(origin.path))[0].rpartition("_")[2] or "unnamed"
        self._turns = Turns(TOOLS)
        self._begun = False
        self._born: int | None = None  # of a fork: what is older was copied
        self._copied = 0
        self._leaf: str | None = None
        self._model: str | None = None
        self._first: int | None = None
        self._last: int | None = None
        self._told: tuple[object, ...] = (None, None, 0)

    def feed(self, data: bytes) -> Iterator[Fact]:
        found, strange = objects(data)
        if (strange or (found and not _is_header(found[0]))) and not self._begun:
            self._begun = True  # its header is lost
            yield SessionFacts(self._id)
        yield from strange
        for line in found:
            if _is_header(line):
                yield from self._header(line)
            else:
                yield from self._entry(line, data)

    def finish(self) -> Iterator[Fact]:
        yield from self._turns.finish()
        now = (self._first, self._last, self._copied)
        if self._begun and now != self._told:
            self._told = now
            copied: dict[str, object] | None = {"copied_entries": self._copied} if self._copied else None
            yield SessionFacts(self._id, started_at=self._first, last_at=self._last, metadata=copied)

    def _header(self, line: dict[str, Any]) -> Iterator[Fact]:
        self._begun = True
        self._id = line["id"] or self._id
        parent = text(line.get("parentSession")) or text(line.get("branchedFrom"))
        at = iso(line["timestamp"])
        self._born = at if parent else None
        self._seen(at)
        yield SessionFacts(
            self._id,
            project_dir=text(line["cwd"]),
            parent_id=_session_of(parent) if parent else None,
            started_at=at,
        )

    def _seen(self, at: int | None) -> None:
        if at is not None:
            self._first = at if self._first is None else min(self._first, at)
            self._last = at if self._last is None else max(self._last, at)

    def _entry(self, line: dict[str, Any], data: bytes) -> Iterator[Fact]:
        kind, message = text(line.get("type")), table(line.get("message"))
        at = iso(line.get("timestamp")) or millis(message.get("timestamp"))
        self._copied += self._born is not None and at is not None and at < self._born
        self._seen(at)
        yield from self._branched(line, at or 0)
        native = text(line.get("id")) or text(line.get("timestamp"))
        if kind == "message":
            yield from self._message(message, native, at or 0)
        elif kind == "model_change":
            yield from self._switched(text(line.get("modelId")), native, at or 0)
        elif kind == "session_info":
            if title := text(line.get("name")):
                yield SessionFacts(self._id, title=title)
        elif kind == "compaction":
            before = whole(line.get("tokensBefore"))
            yield self._turns.marker("compaction", "context compacted", at or 0, native, tokens_before=before)
        elif kind == "branch_summary":
            yield self._turns.marker("branch_summary", text(line.get("summary")) or "left a branch", at or 0, native)
        elif kind not in _SILENT:
            yield Unknown(f"entry of type {str(line.get('type'))[:40]}", unknown("", data).sample)

    def _branched(self, line: dict[str, Any], at: int) -> Iterator[Fact]:
        native, parent = text(line.get("id")), text(line.get("parentId"))
        if self._leaf is not None and native is not None and parent is not None and parent != self._leaf:
            yield self._turns.marker("rewind", "went back to an earlier entry", at, native, to=parent)
        self._leaf = native or self._leaf

    def _switched(self, model: str | None, native: object, at: int) -> Iterator[Fact]:
        if model is None or model == self._model:
            return
        if self._model is not None:
            content = f"model switched from {self._model} to {model}"
            yield self._turns.marker("model_switch", content, at, native, **{"from": self._model, "to": model})
        self._model = model
        yield SessionFacts(self._id, model=model)

    def _message(self, message: dict[str, Any], native: object, at: int) -> Iterator[Fact]:
        role = text(message.get("role"))
        if role == "user":
            yield self._turns.prompt(spoken(message.get("content")), at, native)
        elif role == "assistant":
            yield from self._assistant(message, native, at)
        elif role == "toolResult":
            yield from self._result(message, at)
        elif role == "bashExecution":
            yield from self._ran(message, native, at)
        elif role not in _SILENT_ROLES:
            yield Unknown(f"message of role {str(message.get('role'))[:40]}", str(message)[:SAMPLE])

    def _assistant(self, message: dict[str, Any], native: object, at: int) -> Iterator[Fact]:
        model = text(message.get("model"))
        yield from self._switched(model, native, at)
        blocks = tables(message.get("content"))
        for block in blocks:
            if block.get("type") == "thinking" and (thought := text(block.get("thinking"))):
                yield self._turns.thinking(thought, at, native)
        reason = text(message.get("stopReason"))
        yield self._turns.reply(
            spoken(message.get("content")),
            at,
            native,
            model=model,
            provider=text(message.get("provider")),
            finish=reason,
        )
        for block in blocks:
            if block.get("type") == "toolCall":
                yield from self._turns.call(block.get("name"), block.get("arguments"), block.get("id"), at)
        if (usage := _usage(table(message.get("usage")), model)) is not None:
            yield Step(f"usage:{self._turns.names.name('usage', native)}", "usage", at, usage=usage)
        error = text(message.get("errorMessage"))
        if reason == "aborted":
            yield self._turns.marker("interruption", error or "interrupted by the user", at, native)
        elif reason == "error" or error:
            yield self._turns.marker("api_error", error or "the model's API failed", at, native)

    def _result(self, message: dict[str, Any], at: int) -> Iterator[Fact]:
        content, tool = spoken(message.get("content")), text(message.get("toolName"))
        failed, tail = message.get("isError") is True, (content or "")[-200:]
        code = _EXITED.search(tail) if failed else None
        status = "error" if failed else "ok"
        if failed and tail.rstrip().endswith(("Command aborted", "Operation aborted")):
            status = "interrupted"
        yield from self._turns.result(
            message.get("toolCallId"),
            content,
            status,
            at,
            exit_code=int(code[1]) if code else None if failed else 0,
            tool=tool,
            timed_out=True if failed and "Command timed out after" in tail else None,
        )

    def _ran(self, message: dict[str, Any], native: object, at: int) -> Iterator[Fact]:
        """A command that the user ran from pi, which is no call of a tool, and what it printed."""
        code, command = whole(message.get("exitCode")), text(message.get("command")) or ""
        stopped = True if message.get("cancelled") is True else None
        yield self._turns.marker("user_shell", command, at, native, exit_code=code, cancelled=stopped)
        if printed := text(message.get("output")):
            yield self._turns.marker("user_shell_output", printed, at, native)


def _session_of(path: str) -> str:
    """`…/<time>_<uuid>.jsonl` → uuid; what is no path is an id."""
    stem = path.replace("\\", "/").rpartition("/")[2].removesuffix(".jsonl")
    return stem.rpartition("_")[2] or stem


def _usage(given: dict[str, Any], model: str | None) -> Usage | None:
    """Input is without what came from and went to the cache; output holds reasoning."""
    read, write = count(given.get("cacheRead")), count(given.get("cacheWrite"))
    inside, outside = count(given.get("input")), count(given.get("output"))
    cost = dollars(table(given.get("cost")).get("total"))
    if not (read or write or inside or outside or cost):
        return None
    return Usage(model, inside + read + write, outside, read, write, cost_usd=cost)

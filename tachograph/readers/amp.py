"""Amp's threads, `~/.local/share/amp/threads/T-<uuid>.json`, one document each, as versions to spring 2026 had them.

`{v, id, created (ms), title, env{initial{trees[{uri, repository{ref}}], platform{clientVersion}}}, messages[{role,
messageId, content[{type: text|thinking|tool_use|tool_result|image}], meta{sentAt}, state{type}, usage}]}`. A result is
`tool_result{toolUseID, run{status, result|error}}` in the next message of role user. Agents that a thread started keep
their tokens to themselves.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from tachograph.readers._turns import Tools, Turns, spoken
from tachograph.readers.json_lines import SAMPLE, objects, unknown
from tachograph.readers.reading import HEAD_BYTES, Origin, Place, Shape
from tachograph.readers.times import iso
from tachograph.readers.values import count, millis, table, tables, text, whole
from tachograph.records import Fact, SessionFacts, Step, Unknown, Usage

name = "amp"
shape = Shape.DOCUMENT
TOOLS = Tools(
    commands=frozenset({"Bash", "shell_command"}),
    files={
        "Read": "read",
        "create_file": "write",
        "Write": "write",
        "edit_file": "edit",
        "Edit": "edit",
        "undo_edit": "edit",
        "delete_file": "delete",
    },
    patches=frozenset({"apply_patch"}),
    command=("cmd", "command"),
    path=("path", "file_path"),
    new_text=("new_str", "new_string"),
    old_text=("old_str", "old_string"),
    patch=("patchText", "patch", "input"),
)
_STATUS = {
    "done": "ok",
    "error": "error",
    "cancelled": "interrupted",
    "rejected-by-user": "rejected",
    "rejected": "rejected",
    "in-progress": "unknown",
    "queued": "unknown",
    "blocked-on-user": "unknown",
}
_BLOCKS = {
    "text",
    "thinking",
    "redacted_thinking",
    "tool_use",
    "tool_result",
    "image",
    "summary",
    "manual_bash_invocation",
}


def places(home: str, environment: Mapping[str, str]) -> list[Place]:
    """AMP_THREADS_DIR, else the data folder."""
    base = environment.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    return [Place(environment.get("AMP_THREADS_DIR") or os.path.join(base, "amp", "threads"), ("T-*.json",))]


def detect(head: bytes, path: str) -> bool:
    """A thread by its revision, its id and its messages."""
    if not head.lstrip().startswith(b"{") or b'"T-' not in head or b'"messages"' not in head:
        return False
    if len(head) < HEAD_BYTES:
        found = objects(head)[0]
        return len(found) == 1 and _is_thread(found[0])
    return b'"v"' in head and b'"created"' in head


def _is_thread(document: dict[str, Any]) -> bool:
    own = text(document.get("id")) or ""
    return own.startswith("T-") and "created" in document and isinstance(document.get("messages"), list)


def parse(origin: Origin) -> ThreadParser:
    """A parser for one thread."""
    return ThreadParser(origin)


class ThreadParser:
    """Facts of one thread, all told with it."""

    def __init__(self, origin: Origin) -> None:
        self._modified = origin.modified_at

    def feed(self, data: bytes) -> Iterator[Fact]:
        found, strange = objects(data)
        yield from strange
        for document in found:
            if _is_thread(document):
                yield from _Thread(document, self._modified).facts()
            else:
                yield Unknown("document without a thread", unknown("", data).sample)

    def finish(self) -> Iterator[Fact]:
        return iter(())


class _Thread:
    """One thread, message by message."""

    def __init__(self, document: dict[str, Any], modified: int) -> None:
        self._document = document
        self._id: str = document["id"]
        self._turns = Turns(TOOLS)
        self._model: str | None = None
        self._now = millis(document.get("created")) or 0  # what has no time of its own has the last one seen
        self._times = [at for at in (self._now,) if at]
        self._modified = modified

    def facts(self) -> Iterator[Fact]:
        yield self._session()
        for message in tables(self._document["messages"]):
            yield from self._message(message)
        yield from self._turns.finish()
        for trace in tables(table(self._document.get("meta")).get("traces")):
            self._times.extend(at for at in (iso(trace.get("startTime")), iso(trace.get("endTime"))) if at)
        times = self._times or ([self._modified] if self._modified else [])
        yield SessionFacts(
            self._id, model=self._model, started_at=min(times, default=None), last_at=max(times, default=None)
        )

    def _session(self) -> SessionFacts:
        initial = table(table(self._document.get("env")).get("initial"))
        tree: dict[str, Any] = next(iter(tables(initial.get("trees"))), {})
        uri = _folder_of(text(tree.get("uri")))
        ref = text(table(tree.get("repository")).get("ref"))
        mode = text(self._document.get("agentMode"))
        return SessionFacts(
            self._id,
            project_dir=uri,
            title=text(self._document.get("title")),
            branch=ref.removeprefix("refs/heads/") if ref else None,
            version=text(table(initial.get("platform")).get("clientVersion")),
            started_at=self._now or None,
            parent_id=text(self._document.get("mainThreadID")),
            metadata={"mode": mode} if mode else None,
        )

    def _message(self, message: dict[str, Any]) -> Iterator[Fact]:
        usage = table(message.get("usage"))
        at = millis(table(message.get("meta")).get("sentAt")) or iso(usage.get("timestamp"))
        if at is not None:
            self._now = at
            self._times.append(at)
        number = whole(message.get("messageId"))
        native = None if number is None else str(number)
        blocks = tables(message.get("content"))
        for block in blocks:
            if text(block.get("type")) not in _BLOCKS:
                yield Unknown(f"block of type {str(block.get('type'))[:40]}", str(block)[:SAMPLE])
        role = message.get("role")
        if role == "user":
            yield from self._user(message, blocks, native)
        elif role == "assistant":
            yield from self._assistant(message, blocks, native)
        elif role != "info":
            yield Unknown(f"message of role {str(role)[:40]}", str(message)[:SAMPLE])

    def _user(self, message: dict[str, Any], blocks: list[dict[str, Any]], native: str | None) -> Iterator[Fact]:
        for block in blocks:
            if block.get("type") == "tool_result":
                yield from self._result(block.get("toolUseID"), table(block.get("run")))
        if (words := spoken(message.get("content"))) is not None:
            yield self._turns.prompt(words, self._now, native)

    def _result(self, native: object, run: dict[str, Any]) -> Iterator[Fact]:
        result = run.get("result")
        status = _STATUS.get(text(run.get("status")) or "", "unknown")
        error = run.get("error")
        said = text(table(error).get("message")) or text(error) or text(run.get("reason"))
        code = whole(table(result).get("exitCode"))
        # One moment for call and result: nothing here says how long it took.
        yield from self._turns.result(native, _returned(result) or said, status, 0, exit_code=code)

    def _assistant(self, message: dict[str, Any], blocks: list[dict[str, Any]], native: str | None) -> Iterator[Fact]:
        usage, state = table(message.get("usage")), table(message.get("state"))
        model = text(usage.get("model"))
        if model is not None and model != self._model:
            if self._model is not None:
                content = f"model switched from {self._model} to {model}"
                switch = {"from": self._model, "to": model}
                yield self._turns.marker("model_switch", content, self._now, native, **switch)
            self._model = model
        for block in blocks:
            if block.get("type") == "thinking" and (thought := text(block.get("thinking"))):
                yield self._turns.thinking(thought, self._now, native)
        reason = text(state.get("stopReason"))
        yield self._turns.reply(spoken(message.get("content")), self._now, native, model=model, finish=reason)
        for block in blocks:
            if block.get("type") == "tool_use":
                yield from self._turns.call(block.get("name"), block.get("input"), block.get("id"), self._now)
        if (used := _usage(usage, model)) is not None:
            yield Step(f"usage:{self._turns.names.name('usage', native)}", "usage", self._now, usage=used)
        if state.get("type") == "cancelled":
            yield self._turns.marker("interruption", "interrupted by the user", self._now, native)
        elif state.get("type") == "error":
            said = text(table(state.get("error")).get("message")) or "the model's API failed"
            yield self._turns.marker("api_error", said, self._now, native)


def _folder_of(uri: str | None) -> str | None:
    """`file:///home/me/it%20all` → the folder; None for what is no such address."""
    if uri is None or not uri.startswith("file://"):
        return None
    try:
        return unquote(urlsplit(uri).path) or None
    except ValueError:
        return None


def _usage(given: dict[str, Any], model: str | None) -> Usage | None:
    """Input is without what came from and went to the cache."""
    read, write = count(given.get("cacheReadInputTokens")), count(given.get("cacheCreationInputTokens"))
    inside, outside = count(given.get("inputTokens")), count(given.get("outputTokens"))
    if not (read or write or inside or outside):
        return None
    return Usage(model, inside + read + write, outside, read, write)


def _returned(result: object) -> str | None:
    """A text; of an object its output, content or diff; else whatever it is as JSON."""
    if isinstance(result, str):
        return result
    for field in ("output", "content", "diff"):
        if words := spoken(table(result).get(field)):
            return words
    if (words := spoken(result)) is not None:
        return words
    return msgspec.json.encode(result).decode() if result is not None else None

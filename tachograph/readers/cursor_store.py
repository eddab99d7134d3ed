"""Cursor's command line keeps each session in a database of its own, `~/.cursor/chats/<workspace>/<id>/store.db`.

`blobs(id, data)` holds, beside a graph in protobuf that says nothing more, the messages as JSON in the order they came:
role system, user, assistant, tool; blocks text, reasoning, tool-call, tool-result. `meta` key "0" is JSON in hex, and
`meta.json` beside the database has title and times. Messages have no time of their own in most versions.

The session has a transcript too (cursor.py), where nothing has an id. So that one call is not told as two, calls are
numbered here as well; the id that the model gave is kept in the metadata.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from tachograph.readers._cursor_words import TOOLS, shown, typed, workspace
from tachograph.readers._exits import exit_code_in
from tachograph.readers._turns import Turns, spoken
from tachograph.readers.foreign import MAGIC, opened, queries
from tachograph.readers.json_lines import SAMPLE, objects, unknown
from tachograph.readers.reading import Origin, Place, Shape
from tachograph.readers.values import millis, table, tables, text
from tachograph.records import Fact, SessionFacts, Unknown

name = "cursor"
shape = Shape.DATABASE
_TABLES = ("blobs", "meta")
_LARGEST = 64 * 1024 * 1024  # bytes of one message; a larger one is told as unreadable
_KNOWN = {"text", "reasoning", "thinking", "redacted-reasoning", "image", "file", "tool-call"}
_sql = queries("cursor")


def places(home: str, environment: Mapping[str, str]) -> list[Place]:
    """One folder for each workspace, one in it for each session."""
    base = environment.get("CURSOR_CONFIG_DIR") or os.path.join(home, ".cursor")
    return [Place(os.path.join(base, "chats"), ("*/*/store.db",))]


def detect(head: bytes, path: str) -> bool:
    """A SQLite file with those two tables, and a session in it."""
    if not head.startswith(MAGIC):
        return False
    try:
        with opened(path, _TABLES) as database:
            database.execute(_sql["shape"]).fetchall()
            return bool(_meta(database.execute(_sql["meta"]).fetchone()))
    except OSError:
        return False


def sessions(path: str) -> dict[str, str]:
    """The one session, with how many blobs it has, their length and what is said of it."""
    with opened(path, _TABLES) as database:
        meta = database.execute(_sql["meta"]).fetchone()
        found = database.execute(_sql["mark"]).fetchone()
    beside = _beside(path)
    mark = " ".join(map(str, found or ()))
    about = _meta(meta)
    return {_id(about, path): f"{mark} {about.get('latestRootBlobId')} {about.get('name')} {beside.get('updatedAtMs')}"}


def document(path: str, session_id: str) -> bytes:
    """`{"meta": …, "meta.json": …, "messages": […]}`, the JSON blobs as they are written."""
    with opened(path, _TABLES) as database:
        meta = _meta(database.execute(_sql["meta"]).fetchone())
        if _id(meta, path) != session_id:
            raise KeyError(session_id)
        messages = [_message(data) for (data,) in database.execute(_sql["messages"], (_LARGEST,))]
    return msgspec.json.encode({"id": session_id, "meta": meta, "meta.json": _beside(path), "messages": messages})


def _id(meta: dict[str, Any], path: str) -> str:
    return text(meta.get("agentId")) or os.path.basename(os.path.dirname(os.path.abspath(path)))


def _message(data: object) -> object:
    if not isinstance(data, bytes):
        return {"role": "too large"}
    found = objects(data)[0]
    return found[0] if len(found) == 1 else {"role": "not JSON"}


def _meta(row: tuple[Any, ...] | None) -> dict[str, Any]:
    """JSON, plain or in hex."""
    value = row[0] if row is not None else None
    if not isinstance(value, bytes):
        return {}
    if not value.lstrip().startswith(b"{"):
        try:
            value = bytes.fromhex(value.decode("ascii"))
        except ValueError:
            return {}
    found = objects(value)[0]
    return found[0] if found else {}


def _beside(path: str) -> dict[str, Any]:
    """`meta.json` of the folder, when there is one."""
    file = os.path.join(os.path.dirname(path), "meta.json")
    try:
        if os.path.islink(file) or os.path.getsize(file) > 1024 * 1024:
            return {}
        with open(file, "rb") as opened_file:
            found = objects(opened_file.read())[0]
    except OSError:
        return {}
    return found[0] if found else {}


def parse(origin: Origin) -> StoreParser:
    """A parser for one session."""
    return StoreParser(origin)


class StoreParser:
    """Facts of one session, all told with it."""

    def __init__(self, origin: Origin) -> None:
        self._modified = origin.modified_at

    def feed(self, data: bytes) -> Iterator[Fact]:
        found, strange = objects(data)
        yield from strange
        for document in found:
            if text(document.get("id")) and isinstance(document.get("messages"), list):
                yield from _session(document, self._modified)
            else:
                yield Unknown("document without a session", unknown("", data).sample)

    def finish(self) -> Iterator[Fact]:
        return iter(())


def _session(document: dict[str, Any], modified: int) -> Iterator[Fact]:
    meta, beside, messages = table(document.get("meta")), table(document.get("meta.json")), tables(document["messages"])
    started = millis(beside.get("createdAtMs")) or millis(meta.get("createdAt")) or modified
    last = millis(beside.get("updatedAtMs")) or modified or started
    model = text(meta.get("lastUsedModel"))
    yield SessionFacts(
        document["id"],
        title=text(beside.get("title")) or text(meta.get("name")),
        project_dir=text(meta.get("workspacePath")),
        model=None if model == "default" else model,
        started_at=started or None,
        last_at=max(started or 0, last or 0) or None,
        metadata={"mode": meta["mode"]} if text(meta.get("mode")) else None,
    )
    yield from _Telling(document["id"], messages).facts(messages)


class _Telling:
    """The messages of one session, one after the other."""

    def __init__(self, session: str, messages: list[dict[str, Any]]) -> None:
        self._session = session
        self._turns = Turns(TOOLS, numbered=True)
        self._model: str | None = None
        self._folder: str | None = None
        # Where prompts are marked, what is not marked was put there by the program.
        self._marked = any(m.get("role") == "user" and text(_options(m).get("requestId")) for m in messages)

    def facts(self, messages: list[dict[str, Any]]) -> Iterator[Fact]:
        for message in messages:
            role, at = message.get("role"), millis(message.get("createdAt")) or 0
            if role == "user":
                yield from self._user(message, at)
            elif role == "assistant":
                yield from self._assistant(message, at)
            elif role == "tool":
                yield from self._results(message, at)
            elif role != "system":
                yield Unknown(f"message of role {str(role)[:40]}", str(message)[:SAMPLE])
        yield from self._turns.finish()

    def _user(self, message: dict[str, Any], at: int) -> Iterator[Fact]:
        words = spoken(message.get("content")) or ""
        if self._folder is None and (folder := workspace(words)) is not None:
            self._folder = folder
            yield SessionFacts(self._session, project_dir=folder)
        options = _options(message)
        if options.get("isSummary") is True:
            yield self._turns.marker("compaction", "context compacted", at)
        elif (not self._marked or text(options.get("requestId"))) and (prompt := typed(words)) is not None:
            yield self._turns.prompt(prompt, at)

    def _assistant(self, message: dict[str, Any], at: int) -> Iterator[Fact]:
        blocks = tables(message.get("content"))
        yield from self._switched(next((m for m in map(_model, (message, *blocks)) if m), None), at)
        for block in blocks:
            kind = text(block.get("type"))
            if kind in ("reasoning", "thinking"):
                if thought := text(block.get("text")) or text(block.get("thinking")):
                    yield self._turns.thinking(thought, at)
            elif kind not in _KNOWN:
                yield Unknown(f"block of type {str(kind)[:40]}", str(block)[:SAMPLE])
        words = spoken(message.get("content"))
        yield self._turns.reply(shown(words) if words else None, at, model=self._model)
        for block in blocks:
            if block.get("type") == "tool-call":
                yield from self._turns.call(block.get("toolName"), block.get("args"), block.get("toolCallId"), at)

    def _switched(self, model: str | None, at: int) -> Iterator[Fact]:
        if model is None or model == self._model:
            return
        if self._model is not None:
            content = f"model switched from {self._model} to {model}"
            yield self._turns.marker("model_switch", content, at, **{"from": self._model, "to": model})
        self._model = model
        yield SessionFacts(self._session, model=model)

    def _results(self, message: dict[str, Any], at: int) -> Iterator[Fact]:
        failed = table(_options(message).get("highLevelToolCallResult")).get("isError") is True
        for block in tables(message.get("content")):
            if block.get("type") != "tool-result":
                continue
            native = block.get("toolCallId") or message.get("id")
            content = _result(block)
            status = _status(content or "", failed or block.get("isError") is True)
            code, tool = exit_code_in(content), block.get("toolName")
            yield from self._turns.result(native, content, status, at, exit_code=code, tool=tool)


def _status(content: str, failed: bool) -> str:
    if content.startswith(("Rejected", "User rejected", "The user rejected")):
        return "rejected"
    return "error" if failed else "ok"


def _options(message: dict[str, Any]) -> dict[str, Any]:
    return table(table(message.get("providerOptions")).get("cursor"))


def _model(holder: dict[str, Any]) -> str | None:
    return text(_options(holder).get("modelName"))


def _result(block: dict[str, Any]) -> str | None:
    """A text, else blocks of text, else whatever it is as JSON."""
    result = block.get("result")
    if isinstance(result, str):
        return result
    if (words := spoken(block.get("experimental_content"))) is not None:
        return words
    if (words := spoken(result)) is not None:
        return words
    return msgspec.json.encode(result).decode() if result is not None else None

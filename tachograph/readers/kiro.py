"""A conversation of the Kiro CLI, and of Amazon Q that it grew from, as `/save` writes it.

`{conversation_id, history[{user{content, timestamp, env_context}, assistant, request_metadata}], model_info}`; older
ones have pairs [user, assistant] instead. `user.content` is one of Prompt, ToolUseResults, CancelledToolUses;
`assistant` is Response or ToolUse. There are no tokens, and in older ones no times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from tachograph.readers._turns import Tools, Turns
from tachograph.readers.json_lines import SAMPLE, objects, unknown
from tachograph.readers.reading import HEAD_BYTES, Origin, Place, Shape
from tachograph.readers.times import iso
from tachograph.readers.values import joined, millis, table, tables, text, whole
from tachograph.records import Fact, SessionFacts, Unknown

name = "kiro"
shape = Shape.DOCUMENT
ROW = "database row"  # a key that kiro_store.py adds: what the columns beside the conversation say
TOOLS = Tools(
    commands=frozenset({"execute_bash", "executeBash", "execute_cmd", "shell"}),
    files={},
    new_text=("new_str", "newStr"),
    old_text=("old_str", "oldStr"),
    content=("file_text", "content"),
)
_READS = {"fs_read", "fsRead", "read"}
_WRITES = {"fs_write", "fsWrite", "write"}


def places(home: str, environment: Mapping[str, str]) -> list[Place]:
    """None: saved conversations lie where their user put them."""
    return []


def detect(head: bytes, path: str) -> bool:
    """A conversation id, and a history whose first entry is one of theirs."""
    if not head.lstrip().startswith(b"{") or b'"conversation_id"' not in head or b'"history"' not in head:
        return False
    if len(head) < HEAD_BYTES:
        found = objects(head)[0]
        return len(found) == 1 and isinstance(found[0].get("history"), list) and "conversation_id" in found[0]
    return re.search(rb'"history"\s*:\s*\[\s*[\[{]', head) is not None and b'"env_context"' in head


def parse(origin: Origin) -> ConversationParser:
    """A parser for one conversation."""
    return ConversationParser(origin)


class ConversationParser:
    """Facts of one conversation, all told with it."""

    def __init__(self, origin: Origin) -> None:
        self._modified = origin.modified_at

    def feed(self, data: bytes) -> Iterator[Fact]:
        found, strange = objects(data)
        yield from strange
        for document in found:
            if isinstance(document.get("history"), list) and text(document.get("conversation_id")):
                yield from _Conversation(document, self._modified).facts()
            else:
                yield Unknown("document without a conversation", unknown("", data).sample)

    def finish(self) -> Iterator[Fact]:
        return iter(())


class _Conversation:
    """One conversation, entry by entry."""

    def __init__(self, document: dict[str, Any], modified: int) -> None:
        self._id: str = document["conversation_id"]
        self._document = document
        self._modified = modified
        self._turns = Turns(TOOLS)
        self._folder = text(table(document.get(ROW)).get("key"))
        self._model: str | None = None
        self._times: list[int] = []

    def facts(self) -> Iterator[Fact]:
        row = table(self._document.get(ROW))
        yield SessionFacts(self._id, project_dir=self._folder)
        for entry in self._document["history"]:
            if isinstance(entry, list):
                user, assistant, meta = [*entry, None, None, None][:3]
            elif isinstance(entry, dict):
                user, assistant, meta = (entry.get(part) for part in ("user", "assistant", "request_metadata"))
            else:
                yield Unknown("entry of a history", str(entry)[:SAMPLE])
                continue
            yield from self._entry(table(user), table(assistant), table(meta))
        yield from self._turns.finish()
        created, updated = millis(row.get("created_at")), millis(row.get("updated_at"))
        known = [at for at in (created, updated, *self._times) if at] or ([self._modified] if self._modified else [])
        info = table(self._document.get("model_info"))
        model = self._model or text(info.get("model_id")) or text(self._document.get("model"))
        yield SessionFacts(self._id, model=model, started_at=min(known, default=None), last_at=max(known, default=None))

    def _entry(self, user: dict[str, Any], assistant: dict[str, Any], meta: dict[str, Any]) -> Iterator[Fact]:
        begun, ended = millis(meta.get("request_start_timestamp_ms")), millis(meta.get("stream_end_timestamp_ms"))
        asked = iso(user.get("timestamp")) or begun
        self._times.extend(at for at in (asked, begun, ended) if at is not None)
        if self._folder is None:
            state = table(table(user.get("env_context")).get("env_state"))
            self._folder = text(state.get("current_working_directory"))
            if self._folder is not None:
                yield SessionFacts(self._id, project_dir=self._folder)
        yield from self._user(table(user.get("content")), asked or 0)
        yield from self._switched(text(meta.get("model_id")), begun or 0)
        yield from self._assistant(assistant, ended or begun or asked or 0)
        tags = meta.get("message_meta_tags")
        if isinstance(tags, list) and "Compact" in tags:
            yield self._turns.marker("compaction", "context compacted", ended or 0)

    def _user(self, content: dict[str, Any], at: int) -> Iterator[Fact]:
        for kind, body in content.items():
            cancelled = kind == "CancelledToolUses"
            if kind not in ("Prompt", "ToolUseResults", "CancelledToolUses"):
                yield Unknown(f"user content {str(kind)[:40]}", str(body)[:SAMPLE])
                continue
            for result in tables(table(body).get("tool_use_results")):
                yield from self._result(result, at, cancelled=cancelled)
            if (prompt := text(table(body).get("prompt"))) is not None:
                yield self._turns.prompt(prompt, at)

    def _result(self, result: dict[str, Any], at: int, *, cancelled: bool) -> Iterator[Fact]:
        content, code = returned(result.get("content"))
        failed = str(result.get("status")).lower() in ("error", "failed")
        status = "rejected" if cancelled else "error" if failed else "ok"
        yield from self._turns.result(result.get("tool_use_id"), content, status, at, exit_code=code)

    def _switched(self, model: str | None, at: int) -> Iterator[Fact]:
        if model is None or model == self._model:
            return
        if self._model is not None:
            content = f"model switched from {self._model} to {model}"
            yield self._turns.marker("model_switch", content, at, **{"from": self._model, "to": model})
        self._model = model

    def _assistant(self, assistant: dict[str, Any], at: int) -> Iterator[Fact]:
        for kind, body in assistant.items():
            if kind not in ("Response", "ToolUse"):
                yield Unknown(f"assistant content {str(kind)[:40]}", str(body)[:SAMPLE])
                continue
            said = table(body)
            yield self._turns.reply(text(said.get("content")), at, said.get("message_id"), model=self._model)
            for use in tables(said.get("tool_uses")):
                arguments = use.get("args") if "args" in use else use.get("input")
                yield from tool_call(self._turns, use.get("name"), arguments, use.get("id"), at)


def tool_call(turns: Turns, tool: object, arguments: object, native: object, at: int) -> Iterator[Fact]:
    """One call. A read may be of a folder, or of several files at once; a write says by `command` what it does."""
    given = table(arguments)
    files: list[tuple[str, str]] = []
    if text(tool) in _READS:
        for part in tables(given.get("operations")) or [given]:
            if part.get("mode") not in ("Directory", "Search") and (path := text(part.get("path"))):
                files.append(("read", path))
    elif text(tool) in _WRITES and (path := text(given.get("path"))):
        files.append(("write" if given.get("command") in ("create", None) else "edit", path))
    yield from turns.call(tool, arguments, native, at, files=files)


def returned(content: object) -> tuple[str | None, int | None]:
    """Blocks `{Text}` and `{Json}`; a command returns `{exit_status, stdout, stderr}`."""
    pieces: list[str] = []
    code: int | None = None
    for block in tables(content):
        value = block.get("Json", block.get("json"))
        if words := text(block.get("Text")) or text(block.get("text")):
            pieces.append(words)
        elif isinstance(value, dict) and "exit_status" in value:
            code = _status_of(value["exit_status"])
            streams = [said for field in ("stdout", "stderr") if (said := text(value.get(field)))]
            pieces.append("\n".join(streams))
        elif value is not None:
            pieces.append(msgspec.json.encode(value).decode())
    return joined([piece for piece in pieces if piece]), code


def _status_of(value: object) -> int | None:
    """`0`, `"0"`, `"exit status: 1"`."""
    if isinstance(value, str):
        found = re.search(r"(-?\d{1,10})\s*$", value)
        return int(found[1]) if found else None
    return whole(value)

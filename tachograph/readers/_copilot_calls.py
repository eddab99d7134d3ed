"""Tool calls of Copilot CLI: from `tool.execution_start` to `…_complete`, and to the end of shells that ran on."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

import msgspec

from tachograph.readers.patches import FileChange, file_changes
from tachograph.readers.values import Keys, Object, count, diff_lines, lasted, named, only, table, tables, text, whole
from tachograph.records import Step
from tachograph.regexes import regex

_SHELLS = frozenset({"bash", "powershell", "shell", "local_shell"})
_READERS = frozenset({"view", "read_file", "read"})
_WRITERS = frozenset({"create", "create_file", "write_file"})
_EDITORS = frozenset({"edit", "str_replace", "insert", "undo_edit", "insert_edit_into_file", "replace_string_in_file"})
_SEARCHERS = frozenset({"grep", "glob", "rg"})  # they name where to look, and touch no file
_BY_COMMAND = {"view": "read", "create": "write"}  # of str_replace_editor; its other commands edit
_TAIL = 400  # characters of a result in which the tool says how the shell ended
_EXITED = regex(r"<[^<>\n]*\b(?:completed|exited) with exit code (-?\d{1,11})>\s*$")
_GOES_ON = regex(r"<command [^<>]*\bshellId: ([^\s,>]+)[^<>]*>\s*$")
_REFUSED = frozenset({"rejected", "denied"})
_STOPPED = frozenset({"aborted", "cancelled", "interrupted"})
_STOPPED_WORDS = ("was interrupted", "was aborted", "was cancelled", "aborted by user", "cancelled by user")
_decode = msgspec.json.Decoder().decode


class _Call:
    __slots__ = ("at", "event_type", "files", "id", "key", "shell", "tool")

    def __init__(self, key: str, event_type: str, tool: str, at: int) -> None:
        self.key, self.id, self.event_type, self.tool, self.at = key, key.removeprefix("call:"), event_type, tool, at
        self.files: list[str] = []  # keys of what else it does to files
        self.shell = ""  # that it asks about


class Calls:
    """The tool calls of one session."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._open: dict[str, deque[_Call]] = {}  # by the agent's id, which may be masked or used again
        self._last: dict[str, _Call] = {}
        self._silent: dict[str, _Call] = {}  # by key: open, and nobody stopped it
        self._missed: set[str] = set()  # keys of those of which it was said that there is no answer yet
        self._asked: dict[str, Object] = {}  # what a message of the model asked for, until it starts
        self._shells: dict[str, _Call] = {}  # commands that go on, by the id of their shell
        self._refused: set[str] = set()

    def asked(self, data: Object) -> None:
        """A message of the model, or a user at the prompt, asks for calls. They begin later, or never."""
        for request in tables(data.get("toolRequests")):
            if (id_ := named(request.get("toolCallId"))) and id_ not in self._last:
                self._asked[id_] = {**request, "toolName": request.get("name")}

    def refused(self, id_: object) -> None:
        """The user, or a rule of the user, did not permit this call."""
        if found := named(id_):
            self._refused.add(found)

    def start(self, data: Object, at: int, about: Object) -> list[Step]:
        """A call begins. `about`: metadata that every step of its record carries."""
        id_ = _id(data)
        self._asked.pop(id_, None)
        name = text(data.get("toolName"))
        arguments = _arguments(data.get("arguments"))
        key = self._keys.key("call", [id_])
        event_type, fields, changes = _what(name, arguments)
        call = _Call(key, event_type, name or "", at)
        call.shell = str(table(arguments).get("shellId") or "")
        self._open.setdefault(id_, deque()).append(call)
        self._last[id_] = self._silent[key] = call
        server = text(data.get("mcpServerName"))
        metadata = only(input=arguments, model=text(data.get("model")), mcp_server=server) | about
        others = []
        if changes:
            metadata |= _lines(changes[0])
            others = [_of_patch(call, change, at) for change in changes[1:]]
            call.files = [step.key for step in others]
        return [Step(key, event_type, at, name, call.id, metadata=metadata or None, **fields), *others]

    def complete(self, data: Object, at: int, about: Object) -> list[Step]:
        """A call has its answer. One that never began was asked for before the file begins."""
        id_ = _id(data)
        steps: list[Step] = []
        waiting = self._open.get(id_)
        if waiting:
            call = waiting.popleft()
            if not waiting:
                del self._open[id_]
        elif id_ and id_ in self._last:
            call = self._last[id_]
        else:
            steps = self.start(self._asked.get(id_) or {"toolCallId": id_}, at, about)
            call = self._open.pop(id_).pop()
            call.at = 0  # nobody knows
        self._silent.pop(call.key, None)
        result = _result(data, call.event_type, refused=bool(id_) and id_ in self._refused)
        going = _GOES_ON.search(result.tail) if call.event_type == "command" and result.exit_code is None else None
        if going:
            self._shells[going[1]] = call
            result.metadata["background"] = True
        steps.append(
            Step(
                call.key, call.event_type, exit_code=result.exit_code, duration_ms=lasted(call.at, at),
                status=result.status, content=result.content, metadata=result.metadata or None,
            )
        )  # fmt: skip
        steps += [Step(key, "file_op", status=result.status) for key in call.files]
        return [*steps, *self._command_ended(call, result)]

    def shell_ended(self, kind: Object, at: int) -> list[Step]:
        """The agent was told that a command which went on has ended."""
        call = self._shells.pop(str(kind.get("shellId")), None)
        if call is None:
            return []
        return [Step(call.key, call.event_type, exit_code=whole(kind.get("exitCode")), duration_ms=lasted(call.at, at))]

    def interrupted(self) -> list[Step]:
        """The user, or a limit, stopped what was going on: of these calls no answer will come."""
        found, self._silent = self._silent, {}
        return [Step(call.key, call.event_type, status="interrupted") for call in found.values()]

    def unanswered(self) -> list[Step]:
        """Calls without an answer until now, each once. They may still be stopped."""
        found = [call for key, call in self._silent.items() if key not in self._missed]
        self._missed.update(call.key for call in found)
        return [Step(call.key, call.event_type, status="unknown") for call in found]

    def _command_ended(self, call: _Call, result: _Result) -> list[Step]:
        """A tool that reads from a shell, writes to it or stops it may say how its command ended."""
        verb = call.tool.partition("_")[0]
        if not call.shell or verb not in ("read", "write", "stop"):
            return []
        ended = _EXITED.search(result.tail)
        if ended is None and (verb != "stop" or result.status != "ok"):
            return []
        command = self._shells.pop(call.shell, None)
        if command is None:
            return []
        if ended is None:
            return [Step(command.key, command.event_type, status="interrupted")]
        return [Step(command.key, command.event_type, exit_code=int(ended[1]))]


class _Result(NamedTuple):
    status: str
    content: str | None
    exit_code: int | None
    metadata: Object
    tail: str


def _result(data: Object, event_type: str, *, refused: bool) -> _Result:
    found, error = table(data.get("result")), data.get("error")
    content = text(found.get("content")) or text(data.get("result"))
    details = text(found.get("detailedContent"))
    contents = tables(found.get("contents"))
    if content is None:
        content = "\n".join(words for part in contents if (words := text(part.get("text")))) or None
    if data.get("success") is True or (data.get("success") is None and error is None):
        status, code = "ok", None
        content = content or details
    else:
        said, code = text(table(error).get("message")) or text(error), text(table(error).get("code"))
        content = said or content or details
        status = "rejected" if refused or code in _REFUSED else "error"
        if code in _STOPPED or (code is None and any(words in (said or "")[:_TAIL] for words in _STOPPED_WORDS)):
            status = "interrupted"
    tail = (content or "")[-_TAIL:]
    exited = _exit_code(data, contents, tail) if event_type == "command" else None
    metadata = only(error_code=code, images=_pictures(found)) | _changed(data, event_type, details)
    return _Result(status, content, exited, metadata, tail)


def _exit_code(data: Object, contents: list[Object], tail: str) -> int | None:
    """Newer versions say it in a field; the others in the last line of the output."""
    said = whole(table(data.get("shellExecution")).get("exitCode"))
    if said is not None:
        return said
    for part in contents:
        if part.get("type") in ("shell_exit", "terminal") and (said := whole(part.get("exitCode"))) is not None:
            return said
    ended = _EXITED.search(tail)
    return int(ended[1]) if ended else whole(_metrics(data).get("exit_code"))


def _changed(data: Object, event_type: str, details: str | None) -> Object:
    """Lines that a file operation added and removed: counted by the tool, else by its diff."""
    if event_type != "file_op":
        return {}
    metrics = _metrics(data)
    if "linesAdded" in metrics or "linesRemoved" in metrics:
        return {"lines_added": count(metrics.get("linesAdded")), "lines_removed": count(metrics.get("linesRemoved"))}
    if details and details.lstrip("\n").startswith("diff --git") and ("\n+" in details or "\n-" in details):
        added, removed = diff_lines(details)
        return {"lines_added": added, "lines_removed": removed} if added or removed else {}
    return {}


def _metrics(data: Object) -> Object:
    return table(table(data.get("toolTelemetry")).get("metrics"))


def _pictures(result: Object) -> list[Object]:
    """Pictures and other binary results: what they are and how big, not their bytes."""
    return [
        only(type=text(part.get("type")), mime_type=text(part.get("mimeType")), bytes=_size(part))
        for part in tables(result.get("binaryResultsForLlm"))
    ]


def _size(part: Object) -> int | None:
    data = text(part.get("data"))
    return len(data) * 3 // 4 if data else count(part.get("byteLength")) or None


def _what(name: str | None, arguments: object) -> tuple[str, dict[str, Any], list[FileChange]]:
    """Event type of a call, the fields that go with it, and the files of a patch."""
    given = table(arguments)
    path = text(given.get("path")) or text(given.get("filePath"))
    if name in _SHELLS:
        return "command", {"command": text(given.get("command"))}, []
    if name == "apply_patch":
        patch = next((found for key in ("input", "patch") if (found := text(given.get(key)))), text(arguments) or "")
        changes = file_changes(patch)
        if changes:
            return "file_op", {"file_path": changes[0].path, "operation": changes[0].operation}, changes
    operation = _operation(name, given)
    if operation and (path or arguments is None):  # telemetry may not say to which file
        fields: dict[str, Any] = {"file_path": path, "operation": operation}
        return "file_op", fields, []
    return "tool_call", {"file_path": path} if name in _SEARCHERS and path else {}, []


def _operation(name: str | None, given: Object) -> str | None:
    if name == "str_replace_editor":
        return _BY_COMMAND.get(str(given.get("command")), "edit")
    if name in _READERS:
        return "read"
    if name in _WRITERS:
        return "write"
    return "edit" if name in _EDITORS else None


def _of_patch(call: _Call, change: FileChange, at: int) -> Step:
    """One more file of a patch."""
    return Step(
        f"{call.key}:{change.path}", "file_op", at, call.tool, call.id, change.path, change.operation,
        metadata=_lines(change),
    )  # fmt: skip


def _lines(change: FileChange) -> Object:
    return only(lines_added=change.added, lines_removed=change.removed, moved_to=change.moved_to)


def _arguments(given: object) -> object:
    """Arguments as an object, also where they are written as the text of one."""
    if isinstance(given, str) and given.startswith("{"):
        try:
            found = _decode(given)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return given
        return found if isinstance(found, dict) else given
    return given


def _id(data: Object) -> str:
    return named(data.get("toolCallId")) or ""

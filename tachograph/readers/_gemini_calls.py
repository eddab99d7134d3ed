"""Tool calls of Gemini CLI: one record `{id, name, args, status, result, resultDisplay, …}` that holds the answer, too.

Source of the format and of the sentences: google-gemini/gemini-cli, packages/core/src/{scheduler,core,tools}.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from tachograph.readers.values import Object, count, diff_lines, only, table, tables, text, whole
from tachograph.records import Step
from tachograph.regexes import regex

_SHELL = "run_shell_command"
_OPERATIONS = {"read_file": "read", "write_file": "write", "replace": "edit", "edit": "edit", "smart_edit": "edit"}
_PATHS = ("file_path", "absolute_path", "path")  # newest first
_BEGINNING, _TAIL = 300, 600  # characters of a result that say how it went
_REFUSED = ("User denied", "User did not allow", "denied by policy")
_CUT_SHORT = ("Command was cancelled", "Command was automatically cancelled")
_BACKGROUND = ("Command moved to background", "Command is running in background")
_CANCELLED = "[Operation Cancelled]"
_FOOTER = regex(r"(Process Group PGID|Background PIDs|Signal|Exit Code): (.*)")
_PUT_AROUND = "</untrusted_context>"


class Result(NamedTuple):
    """What a tool returned."""

    content: str | None
    failed: bool  # it is an error's text
    pictures: list[Object]
    exit_code: int | None = None  # when it is said beside the text


def call(key: str, given: Object, at: int, about: Object) -> Step:
    """The step of one record. Its time is that of its message: the record's own is when all calls of it were done."""
    name, arguments = text(given.get("name")), table(given.get("args"))
    result = result_of(_own(given.get("result"), given.get("id")), given.get("resultDisplay"))
    status = _status(given, result)
    metadata = only(input=given.get("args"), subagent=text(given.get("agentId")), images=result.pictures) | about
    kind, operation = "tool_call", _OPERATIONS.get(name or "")
    command = path = exited = None
    if name == _SHELL:
        kind, command = "command", text(arguments.get("command"))
        status, exited, going_on = _shell(result, status)
        metadata |= {"background": True} if going_on else {}
    elif operation and (path := next((found for field in _PATHS if (found := text(arguments.get(field)))), None)):
        kind = "file_op"
        metadata |= _lines(table(given.get("resultDisplay"))) if operation != "read" and status == "ok" else {}
    return Step(
        key, kind, at, name, key.removeprefix("call:"), path, operation if path else None, command, exited,
        status=status, content=result.content, metadata=metadata or None,
    )  # fmt: skip


def result_of(given: object, shown: object = None) -> Result:
    """The text of what a tool returned: the parts for the model, else what the user was shown."""
    said: list[str] = []
    pictures: list[Object] = []
    failed, exited = False, None
    for part in [given] if isinstance(given, dict) else given if isinstance(given, list) else []:
        answer = table(part).get("functionResponse")
        if isinstance(answer, dict):
            response = answer.get("response")
            words, wrong = _answer(response)
            failed = failed or wrong
            exited = whole(table(response).get("exitCode"))
            parts = tables(answer.get("parts"))
        else:
            words, parts = text(part) or text(table(part).get("text")), tables([part])
        if words:
            said.append(words)
        for data in (table(found) for each in parts if (found := each.get("inlineData") or each.get("fileData"))):
            pictures.append(picture(data))
            said.append("[image]")
    content = "\n".join(said) or text(given) or text(shown)
    return Result(content, failed, pictures, exited)


def _own(given: object, id_: object) -> object:
    """The answer to one call: a copy of the history puts those of all calls of its turn into each of them."""
    if not isinstance(given, list) or len(given) < 2:
        return given
    own = [part for part in tables(given) if table(part.get("functionResponse")).get("id") == id_ is not None]
    return own or given


def _shell(result: Result, status: str | None) -> tuple[str | None, int | None, bool]:
    """Status and exit code of a command, and whether it goes on."""
    content = result.content or ""
    start = content[:_BEGINNING]
    if status == "ok" and start.startswith(_CUT_SHORT):
        return "interrupted", None, False
    if start.startswith(_BACKGROUND):
        return status, None, True
    exited = result.exit_code if result.exit_code is not None else _exit_code(content, answered=status == "ok")
    return status, exited, False


def picture(data: Object) -> Object:
    """What a picture or another file inside a message is, without its bytes."""
    inside = data.get("data")
    size = len(inside) * 3 // 4 if isinstance(inside, str) else None
    return only(mime_type=text(data.get("mimeType")), bytes=size, uri=text(data.get("fileUri")))


def _answer(response: object) -> tuple[str | None, bool]:
    given = table(response)
    if "output" in given and (given["output"] or not text(given.get("error"))):
        return _words(given["output"]), False
    if "error" in given:
        return _words(given["error"]), True
    return (_words(given) if given else text(response)), False


def _words(value: object) -> str | None:
    if isinstance(value, str) or value is None:
        return value or None
    try:
        return msgspec.json.encode(value).decode()
    except (RecursionError, UnicodeError, OverflowError):
        return None


def _status(given: Object, result: Result) -> str | None:
    said, status = (result.content or "")[:_BEGINNING], given.get("status")
    if status is None and result.content is not None:
        status = status_of(result)
    if status == "success":
        return "ok"
    if status not in ("error", "cancelled"):
        return None
    refused = any(words in said for words in _REFUSED)
    if status == "error":
        return "rejected" if refused else "error"
    # Cancelled while it still showed the change it asked to make: the user did not want it.
    asking = "fileDiff" in table(given.get("resultDisplay"))
    return "rejected" if refused or asking else "interrupted"


def status_of(result: Result | None) -> str | None:
    """The status that a history without one would have written, by what the tool returned; None: no answer."""
    if result is None:
        return None
    if not result.failed:
        return "success"
    return "cancelled" if (result.content or "").startswith(_CANCELLED) else "error"


def _exit_code(content: str, *, answered: bool) -> int | None:
    """Old versions end the output with `Exit Code: N` and more; new ones leave it out when it is 0."""
    tail = content[-_TAIL:].rstrip().removesuffix(_PUT_AROUND).rstrip()
    if "\n" not in tail:
        tail = tail.replace("\\n", "\n")  # escaped once too often by whoever exported it
    for line in reversed(tail.split("\n")):
        found = _FOOTER.fullmatch(line)
        if found is None:
            break
        if found[1] == "Exit Code":
            return int(found[2]) if re.fullmatch(r"-?\d{1,11}", found[2]) else None
        if found[1] == "Signal" and found[2] not in ("(none)", "0"):
            return None
    begins = content[:_BEGINNING].removeprefix("<untrusted_context>").lstrip()
    return 0 if answered and begins.startswith("Output: ") else None


def _lines(shown: Object) -> Object:
    """Lines that a change of a file added and removed."""
    counted = table(shown.get("diffStat"))
    if counted:
        added = count(counted.get("model_added_lines")) + count(counted.get("user_added_lines"))
        removed = count(counted.get("model_removed_lines")) + count(counted.get("user_removed_lines"))
        return {"lines_added": added, "lines_removed": removed}
    diff = text(shown.get("fileDiff"))
    if diff is None:
        return {}
    added, removed = diff_lines(diff)
    return {"lines_added": added, "lines_removed": removed}

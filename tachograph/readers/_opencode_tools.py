"""A tool part of an OpenCode message → steps. Call and result are one record, rewritten while the tool runs.

`{type: "tool", tool, callID, state{status: pending|running|completed|error, input, output|error, title, metadata,
time}}` as OpenCode 1.18 writes it, and as exports of 1.2 have it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from tachograph.readers._turns import patched
from tachograph.readers.patches import FileChange, file_changes
from tachograph.readers.values import lasted, millis, table, tables, text, whole
from tachograph.records import Step

_SHELLS = {"bash", "shell"}  # of OpenCode 1 and 2
_FILE_TOOLS = {"read": "read", "write": "write", "edit": "edit", "multiedit": "edit", "lsp": "read"}
_PATCH_TOOLS = {"apply_patch", "patch"}
_REJECTIONS = (
    "The user rejected permission",
    "The user dismissed this question",
    "The user has specified a rule which prevents you",
)
_ABORTED = "User aborted the command"
_TIMED_OUT = "exceeding timeout"
_TAIL = 400  # characters at the end of an output that hold what OpenCode adds to it


def tool_steps(part: dict[str, Any], call_id: str, at: int) -> Iterator[Step]:
    """The call, under `call_id`; further file operations when it is a patch over several files. `at` is the time of
    its message, for parts that do not say when they began."""
    state = table(part.get("state"))
    told = table(state.get("metadata"))
    arguments = table(state.get("input"))
    time = table(state.get("time"))
    start, end = millis(time.get("start")), millis(time.get("end"))
    tool = text(part.get("tool")) or "unknown"
    step = Step(
        f"call:{call_id}",
        "tool_call",
        at=start or at,
        tool_name=tool,
        tool_call_id=call_id,
        duration_ms=lasted(start, end),
        status=_status(tool, state, told),
        content=_output(state, told),
        metadata=_metadata(state, told),
    )
    if tool in _SHELLS:
        yield _command(step, arguments, state, told)
    elif tool in _PATCH_TOOLS:
        yield from _patch(step, arguments, told)
    else:
        yield _file_step(step, arguments, told)


def _status(tool: str, state: dict[str, Any], told: dict[str, Any]) -> str:
    given = state.get("status")
    if given == "error":
        error = text(state.get("error")) or ""
        named, _, rest = error.partition(": ")
        if named.endswith("Error"):  # versions to 1.2 wrote the name of the class before it
            error = rest
        if error.startswith(_REJECTIONS):
            return "rejected"
        return "interrupted" if told.get("interrupted") is True or error == "Tool execution aborted" else "error"
    if given in ("completed", "success"):
        if tool == "invalid":  # a call of a tool that does not exist: this stand-in for it always completes
            return "error"
        return "interrupted" if told.get("exit") is None and _ABORTED in _tail(state) else "ok"
    return "unknown"


def _tail(state: dict[str, Any]) -> str:
    return (text(state.get("output")) or "")[-_TAIL:]


def _output(state: dict[str, Any], told: dict[str, Any]) -> str | None:
    return text(state.get("output")) or text(state.get("error")) or text(told.get("output"))


def _metadata(state: dict[str, Any], told: dict[str, Any]) -> dict[str, object] | None:
    found: dict[str, object] = {}
    if state.get("input"):
        found["input"] = state["input"]
    if child := text(told.get("sessionId")) or text(told.get("sessionID")):
        found["subagent"] = child
    if told.get("truncated") is True:
        found["truncated"] = True
        if path := text(told.get("outputPath")):
            found["output_path"] = path
    if images := [kind for item in tables(state.get("attachments")) if (kind := text(item.get("mime")))]:
        found["attachments"] = images
    return found or None


def _command(step: Step, arguments: dict[str, Any], state: dict[str, Any], told: dict[str, Any]) -> Step:
    timed_out = told.get("timeout") is True or (told.get("exit") is None and _TIMED_OUT in _tail(state))
    return replace(
        step,
        event_type="command",
        command=text(arguments.get("command")),
        exit_code=whole(told.get("exit")),
        metadata={**(step.metadata or {}), "timed_out": True} if timed_out else step.metadata,
    )


def _file_step(step: Step, arguments: dict[str, Any], told: dict[str, Any]) -> Step:
    operation = _FILE_TOOLS.get(step.tool_name or "")
    path = text(arguments.get("filePath")) or (text(arguments.get("path")) if operation else None)
    if path is None:
        return step
    if operation is None:
        return replace(step, file_path=path)
    added, removed = _lines(operation, arguments, told)
    return replace(
        step, event_type="file_op", operation=operation, file_path=path, metadata=_counted(step, added, removed)
    )


def _lines(operation: str, arguments: dict[str, Any], told: dict[str, Any]) -> tuple[int | None, int | None]:
    """Added and removed, as OpenCode counted them, else as its diff shows them; a new file is all added."""
    counted = table(told.get("filediff")) or next(iter(tables(told.get("files"))), {})
    if counted.keys() >= {"additions", "deletions"}:
        return whole(counted.get("additions")), whole(counted.get("deletions"))
    if diff := text(told.get("diff")):
        lines = diff.split("\n")
        signs = [line[0] for line in lines if line.startswith(("+", "-")) and not line.startswith(("+++", "---"))]
        return signs.count("+"), signs.count("-")
    content = arguments.get("content")
    if operation == "write" and told.get("exists") is False and isinstance(content, str):
        return len(content.splitlines()), 0
    return None, None


def _counted(step: Step, added: int | None, removed: int | None) -> dict[str, object] | None:
    if added is None and removed is None:
        return step.metadata
    return {**(step.metadata or {}), "lines_added": added or 0, "lines_removed": removed or 0}


def _patch(step: Step, arguments: dict[str, Any], told: dict[str, Any]) -> Iterator[Step]:
    changes = file_changes(text(arguments.get("patchText")) or "")
    files = tables(told.get("files"))
    if len(files) == len(changes):  # it counted, also the lines of a deleted file
        changes = [_as_told(change, said) for change, said in zip(changes, files, strict=True)]
    if changes:
        yield from patched(step, changes)
    else:
        yield step


def _as_told(change: FileChange, said: dict[str, Any]) -> FileChange:
    added, removed = whole(said.get("additions")), whole(said.get("deletions"))
    return change._replace(
        added=change.added if added is None else added, removed=change.removed if removed is None else removed
    )

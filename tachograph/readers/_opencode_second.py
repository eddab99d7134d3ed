"""Messages of OpenCode 2 → those of OpenCode 1, which the rest of the reader understands.

`{id, type: user|assistant|shell|compaction|…, seq, time{created, completed}, …}`: what a message of the user or the
model holds lies in it, no longer in parts beside it. A tool is called `name`, what it says is a list of contents, and
what it counted is `metadata` (`structured` in betas). Source: packages/schema/src/session-message.ts of
anomalyco/opencode.
"""

from __future__ import annotations

from typing import Any

from tachograph.readers.values import joined, table, tables, text

Message = tuple[dict[str, Any], list[dict[str, Any]]]
_SILENT = {"system", "synthetic", "skill", "idle", "agent-switched", "model-switched", "location-switched"}
_MEASURED = ("finish", "cost", "tokens")


def is_second(message: dict[str, Any]) -> bool:
    """Whether a message of a document is one of OpenCode 2."""
    return "info" not in message and isinstance(message.get("type"), str)


def message_of(given: dict[str, Any]) -> Message | None:
    """`(info, parts)` as OpenCode 1 writes them, with a role `shell` for what the user gave to the shell; None for what
    tells of settings, or is told to the model alone."""
    kind = given["type"]
    own: dict[str, Any] = {"id": given.get("id"), "time": table(given.get("time"))}
    if kind == "user":
        words: list[dict[str, Any]] = [{"type": "text", "text": given.get("text")}]
        return {**own, "role": "user"}, words + [_file(file) for file in tables(given.get("files"))]
    if kind == "assistant":
        return _answered(own, given), [*_contents(given), *_retried(given)]
    if kind == "shell":
        return {**own, "role": "shell"}, [_shell(given)]
    if kind == "compaction":
        return {**_answered(own, given), "summary": True}, [{"type": "text", "text": given.get("summary")}]
    return None if kind in _SILENT else ({**own, "role": kind}, [])


def _answered(own: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    model = table(given.get("model"))
    info = {field: given[field] for field in _MEASURED if field in given}
    info |= {**own, "role": "assistant", "modelID": model.get("id"), "providerID": model.get("providerID")}
    info["mode"] = given.get("agent")
    if given.get("error") is not None:
        info["error"] = error_of(given["error"])
    return info


def _contents(given: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for number, part in enumerate(tables(given.get("content"))):
        if part.get("type") == "tool":
            found.append(tool_of(part))
        elif part.get("type") == "reasoning":
            time = _lasted(table(part.get("time")))
            found.append({"id": f"{given.get('id')}/{number}", **part, "time": time})
        else:
            found.append(part)
    return found


def tool_of(part: dict[str, Any]) -> dict[str, Any]:
    """A call of a tool, as OpenCode 1 writes it."""
    state = table(part.get("state"))
    said = [words for item in tables(state.get("content")) if (words := text(item.get("text")))]
    told: dict[str, Any] = {
        "status": state.get("status"),
        "input": state.get("input"),
        "output": joined(said),
        "metadata": {**table(state.get("structured")), **table(state.get("metadata"))},
        "time": _lasted(table(part.get("time"))),
    }
    if state.get("error") is not None:
        told["error"] = error_of(state["error"])["message"]
    return {"type": "tool", "tool": part.get("name"), "callID": part.get("id"), "state": told}


def _shell(given: dict[str, Any]) -> dict[str, Any]:
    """A command that the user gave to the shell."""
    output = given.get("output")
    state = {
        "status": "completed",
        "input": {"command": given.get("command")},
        "output": output if isinstance(output, str) else table(output).get("output"),
        "metadata": {"exit": given.get("exit")},
        "time": _lasted(table(given.get("time"))),
    }
    call = given.get("callID") or given.get("shellID") or given.get("id")
    return {"type": "tool", "tool": "shell", "callID": call, "state": state}


def _retried(given: dict[str, Any]) -> list[dict[str, Any]]:
    retry = table(given.get("retry"))
    if not retry:
        return []
    part = {"type": "retry", "id": f"{given.get('id')}/retry", "attempt": retry.get("attempt")}
    return [{**part, "error": error_of(retry.get("error")), "time": {"created": retry.get("at")}}]


def error_of(given: object) -> dict[str, Any]:
    """What went wrong, in its words."""
    error = table(given)
    kind = text(error.get("type")) or "error"
    return {"name": "AbortError" if "abort" in kind else kind, "message": text(error.get("message")) or text(given)}


def _lasted(time: dict[str, Any]) -> dict[str, Any]:
    return {"start": time.get("ran") or time.get("created"), "end": time.get("completed")}


def _file(file: dict[str, Any]) -> dict[str, Any]:
    return {"type": "file", "filename": file.get("name"), "mime": file.get("mime"), "url": file.get("uri")}

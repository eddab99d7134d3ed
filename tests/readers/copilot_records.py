"""Records of Copilot CLI as it writes them, for tests to put a session together from."""

from __future__ import annotations

import json
from typing import Any

from tachograph.readers import copilot
from tests.readers.told import HISTORIES, Session, Told, read

FOLDER = HISTORIES / "copilot"
PLACE = "/home/user/.copilot/session-state"
KILLED = "10fb4666-56f0-4352-90fc-715caf95b418.jsonl"
ENDED = "2426852d-6cf5-4e90-be9f-e45fc6c7d5e4/events.jsonl"
SESSION = "11111111-2222-4333-8444-555555555555"
Record = dict[str, Any]


def recorded(name: str) -> Told:
    return read(copilot, (FOLDER / name).read_bytes(), f"{PLACE}/{name}")


def lines(*records: Record) -> list[bytes]:
    """A session that begins, then these records, one second after the other."""
    numbered = [begun(), *records]
    return [
        json.dumps({"id": f"e{i}", "timestamp": f"2026-01-01T00:00:{i:02}.000Z", "parentId": None, **record}).encode()
        for i, record in enumerate(numbered)
    ]


def written(*records: Record) -> Session:
    told = read(copilot, b"\n".join(lines(*records)), f"{PLACE}/{SESSION}/events.jsonl")
    assert told.unknown == []
    return told.only


def of(type_: str, /, **data: Any) -> Record:
    return {"type": type_, "data": data}


def begun(**more: Any) -> Record:
    context = {"cwd": "/thing", "gitRoot": "/thing", "branch": "main", "repository": "someone/thing"}
    return of("session.start", sessionId=SESSION, copilotVersion="1.0.80", producer="x", context=context, **more)


def says(content: str = "", id: str = "m1", model: str = "opus", **more: Any) -> Record:
    return of("assistant.message", messageId=id, model=model, content=content, **more)


def starts(id: str, tool: str, /, **arguments: Any) -> Record:
    return of("tool.execution_start", toolCallId=id, toolName=tool, arguments=arguments)


def ends(id: str, content: str = "", **more: Any) -> Record:
    return of("tool.execution_complete", toolCallId=id, **{"success": True, "result": {"content": content}, **more})


def fails(id: str, message: str, **error: Any) -> Record:
    return of("tool.execution_complete", toolCallId=id, success=False, error={"message": message, **error})


def shutdown(state: str = "routine", **models: dict[str, int]) -> Record:
    """What each model used: `opus={"inputTokens": 1, …}`."""
    return of(
        "session.shutdown", shutdownType=state, modelMetrics={name: {"usage": used} for name, used in models.items()}
    )


def used(session: Session) -> dict[str | None, list[int]]:
    """By model: input, output, cache read, cache write, reasoning."""
    sums: dict[str | None, list[int]] = {}
    for usage in session.column("usage", "usage"):
        parts = (
            usage.input_tokens,  # type: ignore[attr-defined]
            usage.output_tokens,  # type: ignore[attr-defined]
            usage.cache_read_tokens,  # type: ignore[attr-defined]
            usage.cache_write_tokens,  # type: ignore[attr-defined]
            usage.reasoning_tokens,  # type: ignore[attr-defined]
        )
        before = sums.get(usage.model, [0] * 5)  # type: ignore[attr-defined]
        sums[usage.model] = [a + b for a, b in zip(before, parts, strict=True)]  # type: ignore[attr-defined]
    return {model: parts for model, parts in sums.items() if any(parts)}


def partial(session: Session) -> bool:
    return any(usage.partial for usage in session.column("usage", "usage"))  # type: ignore[attr-defined]


def calls(session: Session) -> dict[str, dict[str, Any]]:
    """Tool calls by their id."""
    kinds = ("command", "file_op", "tool_call")
    found: Any = [step for step in session.steps.values() if step["event_type"] in kinds]
    return {step["tool_call_id"]: step for step in found if step["key"] == f"call:{step['tool_call_id']}"}


def notes(session: Session) -> list[tuple[Any, Any, Any]]:
    """Kind, words and status of every marker."""
    return [(step["metadata"].get("kind"), step["content"], step.get("status")) for step in session.all("marker")]  # type: ignore[attr-defined]

"""Records of Claude Code as it writes them, for tests to put a session together from."""

from __future__ import annotations

import json
from typing import Any

from tachograph.readers import claude
from tests.readers.told import HISTORIES, Session, Told, read

FOLDER = HISTORIES / "claude"
PLACE = "/home/user/.claude/projects/-home-user-thing"
SESSION = "11111111-2222-4333-8444-555555555555"


def recorded(name: str) -> Told:
    return read(claude, (FOLDER / name).read_bytes(), f"{PLACE}/{name}")


def written(*records: dict[str, Any], path: str = f"{PLACE}/{SESSION}.jsonl") -> Told:
    """Records as the agent writes them, one second after the other."""
    return read(claude, b"".join(json.dumps(record).encode() + b"\n" for record in numbered(records)), path)


def numbered(records: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    return [
        {"sessionId": SESSION, "uuid": f"u{i}", "timestamp": f"2026-01-01T00:00:{i:02}.000Z", "cwd": "/thing", **record}
        for i, record in enumerate(records)
    ]


def user(content: Any, **more: Any) -> dict[str, Any]:
    return {"type": "user", "message": {"role": "user", "content": content}, **more}


def says(*blocks: dict[str, Any], id: str = "msg_1", model: str = "opus", **more: Any) -> dict[str, Any]:
    message = {"id": id, "role": "assistant", "model": model, "content": list(blocks), "stop_reason": "end_turn"}
    return {"type": "assistant", "message": {**message, **more.pop("message", {})}, **more}


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": said}


def call(tool: str, id: str = "t1", **given: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": id, "name": tool, "input": given}


def answer(content: Any, id: str = "t1", error: bool | None = None, **more: Any) -> dict[str, Any]:
    block = {"type": "tool_result", "tool_use_id": id, "content": content, "is_error": error}
    return user([block], **more)


def calls(session: Session) -> list[dict[str, Any]]:
    return [step for step in session.steps.values() if step["event_type"] in ("command", "file_op", "tool_call")]


def notes(session: Session) -> dict[str, str]:
    return {step["metadata"]["kind"]: step["content"] for step in session.all("marker")}  # type: ignore[index,misc]

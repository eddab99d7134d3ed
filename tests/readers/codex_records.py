"""Lines of rollouts as Codex writes them, for what no recording shows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from tachograph.readers import codex
from tachograph.records import Usage
from tests.readers.told import HISTORIES, Session, Told, read

FOLDER = HISTORIES / "codex"
START = 1_795_000_000_000  # ms


def recorded(beginning: str) -> Told:
    (path,) = FOLDER.glob(f"{beginning}*")
    return told_of(path)


def told_of(path: Path) -> Told:
    data = path.read_bytes()
    assert codex.detect(data[:65536], str(path))
    return read(codex, data, f"/home/u/.codex/sessions/2026/{path.name}")


def uuid7(at: int) -> str:
    """An id made `at` ms after START."""
    digits = f"{START + at:012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-000000000000"


def line(kind: str, payload: dict[str, object], at: int = 0) -> bytes:
    """A line written `at` ms after START."""
    seconds, ms = divmod(START + at, 1000)
    when = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"
    return json.dumps({"timestamp": when, "type": kind, "payload": payload}).encode()


def meta(native: str, at: int = 0, **more: object) -> bytes:
    return line("session_meta", {"id": native, "cwd": "/home/u/p", "cli_version": "0.145.0", **more}, at)


def event(kind: str, at: int = 0, **more: object) -> bytes:
    return line("event_msg", {"type": kind, **more}, at)


def item(kind: str, at: int = 0, **more: object) -> bytes:
    return line("response_item", {"type": kind, **more}, at)


def message(role: str, text: str, at: int = 0) -> bytes:
    part = "output_text" if role == "assistant" else "input_text"
    return item("message", at, role=role, content=[{"type": part, "text": text}])


def call(native: str, name: str, arguments: object, at: int = 0) -> bytes:
    return item("function_call", at, name=name, call_id=native, arguments=json.dumps(arguments))


def output(native: str, text: object, at: int = 0) -> bytes:
    return item("function_call_output", at, call_id=native, output=text)


def tokens(total: int, at: int = 0) -> bytes:
    usage = {"input_tokens": total - 10, "cached_input_tokens": 5, "output_tokens": 10, "total_tokens": total}
    return event("token_count", at, info={"total_token_usage": usage, "last_token_usage": usage})


def session(*lines: bytes) -> Session:
    """What a rollout of these lines tells; it must understand each of them."""
    told = read(codex, b"\n".join([*lines, b""]), "/home/u/.codex/sessions/rollout-x.jsonl")
    assert told.unknown == []
    return told.only


def one(found: Session, key: str) -> dict[str, object]:
    return found.steps[key]


def commands(found: Session) -> list[tuple[object, ...]]:
    wanted = ("command", "exit_code", "duration_ms", "status")
    return [tuple(step.get(name) for name in wanted) for step in found.all("command")]


def usages(found: Session) -> list[Usage]:
    return [step["usage"] for step in found.all("usage") if isinstance(step["usage"], Usage)]

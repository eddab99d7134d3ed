"""A made-up transcript of Claude Code with as many events as asked for, in turns of forty: the same every time. One
command in twenty fails; the first one does after five turns."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

TURN = 40  # events
_BEGIN = datetime(2026, 3, 1, 8, tzinfo=UTC)
_COMMANDS = (
    "pytest -q tests/test_replay.py", "git status", "rg -n seek src", "ruff check src", "npm run build", "ls -la src",
)  # fmt: skip
_FILES = [f"src/{folder}/{name}.py" for folder in ("replay", "store", "serve") for name in ("seek", "batch", "rows")]
_SAYS = "I will look at how the batch is written and then change what is slow. "


def write(home: Path, name: str, events: int) -> Path:
    """The transcript as `name` below a home folder, where agents keep theirs. `name` is an UUID, the session's id."""
    path = home / ".claude" / "projects" / "-home-user-long" / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        for number, line in enumerate(_lines(random.Random(events), events)):
            line |= {
                "uuid": f"u{number}", "parentUuid": f"u{number - 1}" if number else None, "sessionId": name,
                "cwd": "/home/user/long", "version": "2.1.128", "isSidechain": False, "userType": "external",
            }  # fmt: skip
            file.write(json.dumps(line) + "\n")
    return path


def _lines(some: random.Random, events: int) -> Iterator[dict[str, Any]]:
    at = _BEGIN
    for number in range(events):
        at += timedelta(milliseconds=some.randrange(200, 3000))
        if number % TURN == 0:
            yield _line(at, "user", f"Please mend item {number}: the seek path skips an event. " * some.randint(1, 4))
        elif some.random() < 0.3:
            yield _said(at, number, {"type": "text", "text": f"{number}: {_SAYS * some.randint(1, 6)}"})
        else:
            yield from _called(at, number, some)


def _called(at: datetime, number: int, some: random.Random) -> Iterator[dict[str, Any]]:
    call, failed = f"toolu_{number}", number > 5 * TURN and some.random() < 0.05
    if some.random() < 0.5 or failed:
        use = {"name": "Bash", "input": {"command": some.choice(_COMMANDS)}}
        said = "\n".join(f"line {n} of what it said" for n in range(some.randint(1, 20)))
        result = f"Exit code 1\n{said}" if failed else said
    else:
        use, result = {"name": "Read", "input": {"file_path": some.choice(_FILES)}}, "import x\n" * some.randint(1, 20)
    yield _said(at, number, {"type": "tool_use", "id": call, **use})
    told = {"type": "tool_result", "tool_use_id": call, "content": result, "is_error": failed}
    yield _line(at + timedelta(milliseconds=some.randrange(10, 150)), "user", [told])


def _said(at: datetime, number: int, part: dict[str, Any]) -> dict[str, Any]:
    usage = {"input_tokens": 900, "output_tokens": 40}
    more = {"id": f"m{number}", "type": "message", "model": "claude-opus-4-7", "usage": usage}
    return _line(at, "assistant", [part], **more)


def _line(at: datetime, who: str, content: object, **more: object) -> dict[str, Any]:
    timestamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"type": who, "timestamp": timestamp, "message": {"role": who, "content": content, **more}}

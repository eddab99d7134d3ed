"""Sessions for the tests to look at, written as the wrapper writes them: as records in a journal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from tachograph import clock, ids, paths
from tachograph.journal import frame
from tachograph.journal.writer import Journal

HOUR = 3600 * clock.SECOND
COST = {"cpu_ms": 12.0, "wall_ms": 4000.0, "bytes": 300, "records": 9, "journal_bytes": 2048, "lost_bytes": 0}


class Recording(NamedTuple):
    """`pieces` are (stream, text): stream `O` is stdout, `E` stderr, `I` what was typed, `N` a note."""

    agent: str
    argv: Sequence[str]
    pieces: Sequence[tuple[str, str | bytes]]
    exit_code: int | None = 0
    age: int = HOUR  # how long ago it began, in ns
    title: str | None = None
    folder: str = "/srv/shop"
    signal: int | None = None


def write(recording: Recording) -> str:
    """Put it into the journal folder of TACHOGRAPH_HOME; returns the session id. A second passes between pieces."""
    journal, at = begin(recording)
    if recording.exit_code is not None:
        end(journal, recording, at)
    journal.close()
    return journal.session_id


def begin(recording: Recording) -> tuple[Journal, int]:
    """All but its end: a recording that runs, and the time of its last piece."""
    began = clock.now() - recording.age
    places = paths.places()
    paths.private_folder(places.data)
    names = (ids.session_id(recording.agent, began, attempt) for attempt in range(1, 100))
    journal = Journal.create(places.journal, names)
    journal.append(frame.HEADER, began, _json(_header(recording, journal.session_id, began)))
    journal.append(frame.STATE, began, _json({"state": "started"}))
    at = began
    for kind, text in recording.pieces:
        at += clock.SECOND
        body = _json({"text": text}) if kind == "N" else text.encode() if isinstance(text, str) else text
        journal.append(kind.encode(), at, body)
    return journal, at


def end(journal: Journal, recording: Recording, at: int) -> None:
    """How it ended."""
    state = "completed" if recording.exit_code == 0 else "failed"
    journal.append(frame.STATE, at, _json({"state": state, "exit_code": recording.exit_code}))
    facts = {"exit_code": recording.exit_code, "signal": recording.signal, "git": None, "git_start_dirty": None}
    journal.append(frame.END, at, _json({**facts, "cost": COST}))


def _header(recording: Recording, session_id: str, began: int) -> dict[str, Any]:
    return {
        "version": 1,
        "session_id": session_id,
        "agent": recording.agent,
        "argv": list(recording.argv),
        "cwd": recording.folder,
        "pid": 4242,
        "host": "workshop",
        "user": "kim",
        "started_at": began,
        "terminal": False,
        "columns": 80,
        "rows": 24,
        "term": "xterm-256color",
        "record_input": False,
        "parent_id": None,
        "workflow_id": None,
        "traceparent": None,
        "title": recording.title,
        "git": {"root": recording.folder, "branch": "main", "commit": "a" * 40},
        "environment": "local",
    }


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


GOOD = Recording(
    "builder",
    ["make", "all"],
    [
        ("O", "compiling one.c\n"),
        ("O", "compiling two.c\n"),
        ("O", "Use it so:\n\n```python\nprint('ready')\n```\n\n"),
        ("E", "warning: two.c is empty\n"),
        ("O", "built in 4.2 s\n"),
    ],
    age=3 * HOUR,
)
BAD = Recording(
    "tester",
    ["pytest", "-q", "tests/test_seek.py"],
    [
        ("O", "collecting ...\n"),
        (
            "O",
            "Traceback (most recent call last):\n"
            '  File "/srv/shop/seek.py", line 31, in seek\n'
            "    raise TypeError('undefined index 31')\n"
            "TypeError: undefined index 31\n"
            "after the trace\n",
        ),
        ("O", "error: database is locked (attempt 1)\n"),
        ("O", "error: database is locked (attempt 2)\n"),
        ("N", "this is where it went wrong"),
        ("O", "1 failed, 3 passed in 0.40s\n"),
    ],
    exit_code=1,
    age=2 * HOUR,
    title="fix the flaky seek test",
)

"""Journals as a recorder would have written them, for the tests of ingest."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tachograph import clock
from tachograph.journal import frame

STARTED = 1_790_000_000 * clock.SECOND


def frames(records: Iterable[tuple[bytes, bytes]], *, first: int = 1, at: int = STARTED) -> list[bytes]:
    """(kind, body) pairs, ten milliseconds apart."""
    return [
        frame.encode(kind, at + (number - 1) * 10_000_000, body, number)
        for number, (kind, body) in enumerate(records, first)
    ]


def header(session_id: str, agent: str = "codex", **more: object) -> tuple[bytes, bytes]:
    facts = {"version": 1, "session_id": session_id, "agent": agent, "argv": ["sh", "-c", "make test"], "cwd": "/p"}
    return frame.HEADER, json.dumps({**facts, "pid": 7, "started_at": STARTED, **more}).encode()


def state(name: str, **more: object) -> tuple[bytes, bytes]:
    return frame.STATE, json.dumps({"state": name, **more}).encode()


def end(exit_code: int = 0) -> list[tuple[bytes, bytes]]:
    return [
        state("completed" if exit_code == 0 else "failed", exit_code=exit_code),
        (frame.END, json.dumps({"exit_code": exit_code, "signal": None, "cost": {"cpu_ms": 1.5}}).encode()),
    ]


def session(session_id: str, *pieces: bytes, exit_code: int = 0, agent: str = "codex") -> list[tuple[bytes, bytes]]:
    """A whole recording whose program printed these pieces."""
    printed = [(frame.OUTPUT, piece) for piece in pieces]
    return [header(session_id, agent), state("started"), *printed, *end(exit_code)]


def write(folder: Path, session_id: str, records: Iterable[tuple[bytes, bytes]], tail: bytes = b"") -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{session_id}.journal"
    path.write_bytes(b"".join(frames(records)) + tail)
    return path

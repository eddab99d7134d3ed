"""How exactly a replay keeps its times: messages over HTTP against the times of the recording, at several speeds, one
and twenty at once, with fifty live clients beside them; and how long it takes to begin in the middle of a long session.

The yard-stick is a bare asyncio timer in a process of its own, asked for the same moments meanwhile: what is late there
is the machine's. Errors are in either direction, what all messages of a stream have in common left out.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import Row, spread
from tachograph.ingest.opening import open_store
from tachograph.records import Session, Step

BAR_MS = 20.0
_EVENTS = 400  # within _SECONDS of the session
_SECONDS = 20
_PLAYED = 8.0  # seconds of real time that each measurement takes
_LONG = 100_000
_AT = 1_795_252_442_000_000_000
_SERVER = """
import sys
from tachograph import keys, paths
from tachograph.serve.run import Background, keep_time
keep_time()  # as a process that only serves does
with Background(paths.places(), 0) as server:
    print(server.port, keys.opening(paths.places()), flush=True)
    sys.stdin.read()
"""
_TIMER = """
import asyncio, json, sys, time
async def main():
    begun, late = time.monotonic(), []
    for due in json.load(sys.stdin):
        await asyncio.sleep(max(0, begun + due - time.monotonic()))
        late.append((time.monotonic() - begun - due) * 1000)
    print(json.dumps(late))
asyncio.run(main())
"""


class Server(NamedTuple):
    port: int
    token: str


def rows(count: int) -> list[Row]:
    """Lines of the table, of `count` measurements each."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        _sessions(home)
        environment = {**os.environ, "TACHOGRAPH_HOME": str(home)}
        process = subprocess.Popen(
            [sys.executable, "-c", _SERVER], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout
            port, token = process.stdout.readline().split()
            server = Server(int(port), token)
            return [
                *(_timed(server, f"replay at {speed:g}×", count, speed, 1, 0) for speed in (1, 0.5, 2, 5)),
                _timed(server, "20 replays at once, 50 live clients", count, 1, 20, 50),
                _leap(server, count),
            ]
        finally:
            process.communicate("")


def _timed(server: Server, what: str, count: int, speed: float, streams: int, live: int) -> Row:
    """The error that 99 of 100 messages stay below."""
    ours, bare = [], []
    for _ in range(count):
        errors, timer = asyncio.run(_measured(server, speed, streams, live))
        ours.append(_p99(errors))
        bare.append(_p99(timer))
    return Row(
        what, f"p99 {spread(ours, '{:.1f}')} ms", "a bare timer", f"{spread(bare, '{:.1f}')} ms",
        ratio=spread([one / other for one, other in zip(ours, bare, strict=True)]), bar=f"{BAR_MS:.0f} ms",
        holds=sorted(ours)[len(ours) // 2] <= BAR_MS,
    )  # fmt: skip


async def _measured(server: Server, speed: float, streams: int, live: int) -> tuple[list[float], list[float]]:
    listening = [asyncio.ensure_future(_stream(server, "/api/live", None)) for _ in range(live)]
    path = f"/api/replay/session/timed?speed={speed:g}&to={_PLAYED * speed:g}"
    timer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _TIMER, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    due = [at / speed for at in _times() if at <= _PLAYED * speed]
    timing = asyncio.ensure_future(timer.communicate(json.dumps(due).encode()))
    found = await asyncio.gather(*(_stream(server, path, speed) for _ in range(streams)))
    late, _ = await timing
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    return [error for errors in found for error in errors], json.loads(late)


async def _stream(server: Server, path: str, speed: float | None) -> list[float]:
    """Read a stream to its end; how far each event was from its time, in ms, in either direction."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1 << 22)
    try:
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {server.token}\r\n\r\n"
        writer.write(head.encode())
        arrived: list[tuple[float, float]] = []
        while line := await reader.readline():
            if line.startswith(b"event: end"):
                break
            if line.startswith(b'data: {"type":"event"'):
                now = time.monotonic()
                at = datetime.fromisoformat(json.loads(line[6:])["at"]).timestamp()
                arrived.append((now, at))
    finally:
        writer.close()
    if speed is None or not arrived:
        return []
    offsets = [now - at / speed for now, at in arrived]
    usual = statistics.median(offsets)
    return [abs(offset - usual) * 1000 for offset in offsets]


def _leap(server: Server, count: int) -> Row:
    """Begin in the middle of a long session: from the request to the snapshot."""
    took = []
    for _ in range(count):
        begun = time.monotonic()
        asyncio.run(_first(server, f"/api/replay/session/long?from={_LONG // 20}&paused=true"))
        took.append((time.monotonic() - begun) * 1000)
    return Row(f"begin in the middle of {_LONG:,} events", f"{spread(took, '{:.0f}')} ms wall")


async def _first(server: Server, path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1 << 22)
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {server.token}\r\n\r\n".encode()
    )
    while not (await reader.readline()).startswith(b'data: {"type":"snapshot"'):
        pass
    writer.close()


def _p99(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]


def _times() -> list[float]:
    """Seconds since the beginning, whole milliseconds: messages tell no more."""
    random.seed(8151)
    return [0.0, *sorted(random.randrange(_SECONDS * 1000) / 1000 for _ in range(_EVENTS - 1))]


def _sessions(home: Path) -> None:
    with open_store(str(home / "tachograph.db")) as store:
        for name, times in (("timed", _times()), ("long", [number / 10 for number in range(_LONG)])):
            store.sessions.add(Session(name, "codex", started_at=_AT))
            for start in range(0, len(times), 5000):
                steps = [
                    Step(
                        f"call:{number}", "command", _AT + int(at * 1000) * 1_000_000, tool_call_id=f"c{number}",
                        command=f"pytest -k {number}", content="3 passed in 0.12s " * 8, status="ok",
                    )
                    for number, at in enumerate(times[start : start + 5000], start)
                ]  # fmt: skip
                store.steps.put(name, "codex", steps, source="transcript")

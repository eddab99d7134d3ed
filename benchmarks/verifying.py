"""How long `audit verify` takes: a million sealed audit entries, and sessions with a million events.

No peer to compare with; the bar is seconds of processor time. The yard-stick is SHA-256 over as many short messages,
which any chain must compute.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import tachograph.clock
from benchmarks import installing
from benchmarks.measure import Row, spread
from tachograph.ingest.opening import open_store
from tachograph.ingest.sealing import seal_quiet
from tachograph.records import AuditEntry, Event

ENTRIES = EVENTS = 1_000_000
_BATCH = 20_000
BAR = 10.0  # seconds of processor time


def rows(count: int, entries: int = ENTRIES, events: int = EVENTS) -> list[Row]:
    """Two lines of the table, of `count` verifications each."""
    return [
        _line(f"verify {entries:,} sealed entries", _entries(entries), count, entries),
        _line(f"verify sessions with {events:,} events", _events(events), count, events),
    ]


def _line(what: str, path: Path, count: int, size: int) -> Row:
    took, bare = [], []
    for _ in range(count):
        begun = time.process_time()
        with open_store(path) as store:
            report = store.ledger.verify()
        took.append(time.process_time() - begun)
        assert report.sound and report.waiting is None, report.problems[:3]
        begun = time.process_time()
        for number in range(size):
            hashlib.sha256(b"%0200d" % number).digest()
        bare.append(time.process_time() - begun)
    ratios = [one / other for one, other in zip(took, bare, strict=True)]
    return Row(
        what, f"{spread(took)} s CPU", against="bare SHA-256 of as many", ratio=spread(ratios), bar=f"{BAR:.0f} s",
        holds=sorted(took)[len(took) // 2] <= BAR,
    )  # fmt: skip


def _entries(count: int) -> Path:
    path = installing.WORK / f"verify-entries-{count}.db"
    if not path.with_suffix(".done").exists():
        _clear(path)
        with open_store(path) as store:
            for start in range(0, count, _BATCH):
                store.audit.add_many(
                    [
                        AuditEntry("codex", f"step {number}", "completed", duration_ms=number % 977, details="rendered")
                        for number in range(start, min(count, start + _BATCH))
                    ]
                )
        path.with_suffix(".done").touch()
    return path


def _events(count: int, sessions: int = 200) -> Path:
    path = installing.WORK / f"verify-events-{count}.db"
    if not path.with_suffix(".done").exists():
        _clear(path)
        at = tachograph.clock.now() - 3600 * tachograph.clock.SECOND
        with open_store(path) as store:
            for session in range(sessions):
                made = range(count // sessions)
                store.events.add_many(
                    [
                        Event(
                            f"codex-{session}", "command", tool_call_id=f"call-{number}", command=f"pytest -k {number}",
                            exit_code=0, duration_ms=number + 0.5, status="ok", content="3 passed in 0.12s " * 8, at=at,
                        )
                        for number in made
                    ]
                )  # fmt: skip
            seal_quiet(store)
        path.with_suffix(".done").touch()
    return path


def _clear(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    for leftover in path.parent.glob(f"{path.name}*"):
        leftover.unlink()

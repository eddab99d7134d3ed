"""The ledger against a bare write: one row into a plain table, as durable as ours, with the same SQLite.

What ours does besides: JSON checked and put into canonical form, two digests, a seal in the chain, words checked, and a
signed head after the commit. The targets in milliseconds are those that the tables were documented with; they say
little on a machine that is shared, the ratios do.
"""

from __future__ import annotations

import os
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw

from benchmarks import installing
from benchmarks.measure import Row, Sample, ratios, rounds, spread
from tachograph.formats import as_json
from tachograph.ingest.opening import open_store
from tachograph.store.dumping import TABLES

WRITES = 100  # a round
FILLED = 1000  # rows of each table before anything is asked
SCHEMA = """CREATE TABLE receipts (receipt_id TEXT PRIMARY KEY, execution_id TEXT NOT NULL UNIQUE,
    agent_id TEXT NOT NULL, agent_type TEXT NOT NULL, receipt_json TEXT NOT NULL, status TEXT NOT NULL,
    created_at DATETIME DEFAULT CURRENT_TIMESTAMP, updated_at DATETIME DEFAULT CURRENT_TIMESTAMP,
    duration_ms INTEGER)"""
RECEIPT = {"status": "success", "files_generated": 12, "rules_executed": 5, "inference_rules": 3}
TARGETS = {
    "make a database": 100, "save a receipt": 50, "save a memory": 50, "log an audit entry": 30,
    "query 100 receipts": 100, "back up 3,000 rows as JSON": 500, "analytics over 3,000 rows": 200,
}  # fmt: skip


def rows(count: int) -> list[Row]:
    """Writes against the bare write in the same round; the rest against their targets."""
    folder = installing.WORK / "ledger"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["TACHOGRAPH_HOME"] = str(folder)  # the key that signs heads is made there
    bare = apsw.Connection(str(folder / "bare.db"))
    for name, value in (("journal_mode", "wal"), ("synchronous", "full")):
        bare.pragma(name, value)
    bare.execute(SCHEMA)
    with open_store(str(folder / "tachograph.db")) as store:
        _fill(store)
        contenders = {"bare": _timed(_bare(bare))} | {name: _timed(call) for name, call in _writes(store).items()}
        found = rounds(count, contenders)
        asked = {name: _timed(call, 5) for name, call in _questions(store, folder).items()}
        asks = rounds(count, asked)
    lines = [_against(name, samples, found["bare"]) for name, samples in found.items() if name != "bare"]
    return lines + [_alone(name, samples) for name, samples in asks.items()]


def _timed(call: Callable[[], object], times: int = WRITES) -> Callable[[], Sample]:
    def run() -> Sample:
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(times):
            call()
        return Sample((time.process_time() - cpu) / times * 1e3, (time.perf_counter() - wall) / times * 1e3)

    return run


def _numbers() -> Callable[[], int]:
    last = [0]

    def following() -> int:
        last[0] += 1
        return last[0]

    return following


def _bare(connection: apsw.Connection) -> Callable[[], object]:
    number = _numbers()
    text = as_json.value(RECEIPT)
    sql = (
        "INSERT INTO receipts (receipt_id, execution_id, agent_id, agent_type, receipt_json, status, duration_ms)"
        " VALUES (?, ?, 'validator-1', 'validation', ?, 'success', 1234)"
    )

    def write() -> None:
        n = number()
        connection.execute(sql, (f"{n:064x}", f"exec-{n}", text))

    return write


def _writes(store: Any) -> dict[str, Callable[[], object]]:
    number = _numbers()
    return {
        "save a receipt": lambda: store.receipts.add(
            f"bench-{number()}", "validator-1", "validation", "success", duration_ms=1234, receipt=RECEIPT
        ),
        "save a memory": lambda: store.memory.set("agent-validator", RECEIPT | {"number": number()}),
        "log an audit entry": lambda: store.audit.add("validator-1", "validate_schema", "completed", duration_ms=1200),
    }


def _questions(store: Any, folder: Path) -> dict[str, Callable[[], object]]:
    number = _numbers()

    def made() -> None:
        open_store(str(folder / f"new-{number()}.db")).close()

    def backup() -> None:
        with store.snapshot():
            for table in TABLES:
                (folder / f"{table}.json").write_text("".join(as_json.array(store.dump(table))))

    return {
        "make a database": made,
        "query 100 receipts": lambda: store.receipts.list(agent="validator-%", limit=100),
        "back up 3,000 rows as JSON": backup,
        "analytics over 3,000 rows": lambda: store.analytics.report("%", "last-7-days"),
    }


def _fill(store: Any) -> None:
    with store.transaction():
        for number in range(FILLED):
            agent = f"validator-{number % 10}"
            store.receipts.add(f"exec-{number}", agent, "validation", "passed", duration_ms=number, receipt=RECEIPT)
            store.memory.set(f"agent-{number}", RECEIPT)
            store.audit.add(agent, "validate_schema", "completed", duration_ms=number)


def _against(name: str, ours: list[Sample], bare: list[Sample]) -> Row:
    cpu = ratios([s.cpu for s in ours], [s.cpu for s in bare])
    wall = ratios([s.wall for s in ours], [s.wall for s in bare])
    middle, theirs = (statistics.median(s.wall for s in side) for side in (ours, bare))
    return Row(
        *(name, f"{middle:.2f} ms", "a bare write", f"{theirs:.2f} ms", spread(cpu), spread(wall)),
        bar=f"≤ {TARGETS[name]} ms", holds=middle <= TARGETS[name],
    )  # fmt: skip


def _alone(name: str, ours: list[Sample]) -> Row:
    middle = statistics.median(s.wall for s in ours)
    return Row(name, f"{middle:.2f} ms", bar=f"≤ {TARGETS[name]} ms", holds=middle <= TARGETS[name])

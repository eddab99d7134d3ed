"""Inserting events: our public API on our schema against C, better-sqlite3 and node:sqlite on the seed's schema.

Every contender is a process of its own with a fresh database, the same events and the same durability (WAL, synchronous
FULL). The events are ready in memory when the clock starts. Ours also keeps the full-text index, roll-ups and session
totals, which the others do not have; theirs keep four indexes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import data, installing
from benchmarks.measure import Row, Sample, compare, rounds

SCHEMA = installing.HERE / "seed.sql"
STEPS = {
    "1x1000": "one at a time",
    "100x100": "100 at a time",
    "1000x20": "1,000 at a time",
    "10000x2": "10,000 at a time",
}
BARS = {"100x100": (1.0, 1.3), "1000x20": (1.0, 1.3)}  # ours, and our driver on the seed's schema, against C
Steps = dict[str, Sample]

versions: dict[str, str] = {}


def _once(name: str, command: list[str], environment: dict[str, str], file: Path, steps: list[str]) -> Steps:
    database = installing.WORK / f"insert-{name}.db"
    arguments = [*command, str(database), str(file), str(SCHEMA), *steps]
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, env={**os.environ, **environment})
        if done.returncode:
            raise SystemExit(f"{name} failed:\n{done.stderr}")
    finally:
        for leftover in installing.WORK.glob(f"{database.name}*"):
            leftover.unlink()
    answer = json.loads(done.stdout.splitlines()[-1])
    versions[name] = answer["version"]
    return {step: Sample(*both) for step, both in answer["steps"].items()}


def contenders(file: Path, steps: list[str]) -> dict[str, Callable[[], Steps]]:
    """Name → one run of it; only those that are to be had here."""
    python = [sys.executable, "-m", "benchmarks.peers.insert"]
    script = str(installing.HERE / "insert.js")
    c = installing.optional("C", installing.c_program)
    better = installing.optional("better-sqlite3", installing.better_sqlite3)
    node = installing.optional("node:sqlite", installing.node_with_sqlite)
    commands: dict[str, tuple[list[str], dict[str, str]]] = {
        "tachograph": ([*python, "tachograph"], {}),
        "apsw": ([*python, "apsw"], {}),
    }
    if c:
        commands["C"] = ([c], {})
    if better:
        commands["better-sqlite3"] = ([str(installing.node()), script, "better-sqlite3"], {"NODE_PATH": better})
    if node:
        commands["node:sqlite"] = ([node, "--no-warnings", script, "node:sqlite"], {})
    return {name: partial(_once, name, *command, file, steps) for name, command in commands.items()}


def rows(count: int, bulk: int) -> list[Row]:
    """`count` rounds of the four batch sizes, then `bulk` events at 10,000 a time in at most three rounds."""
    file = data.events(installing.WORK / f"events-{data.VERSION}-{bulk}.tsv", bulk)
    small = rounds(count, contenders(file, list(STEPS)))
    step = f"10000x{bulk // 10_000}"
    large = rounds(min(count, 3), contenders(file, [step]))
    found = []
    for name, label in STEPS.items():
        found += _step(small, name, f"insert, {label}", *BARS.get(name, (None, None)))
    return found + _step(large, step, f"insert, {bulk:,} events", None, None)


def _step(results: dict[str, list[Steps]], step: str, what: str, ours: float | None, driver: float | None) -> list[Row]:
    """Ours against each peer, then what our driver takes on the seed's schema."""
    samples = {name: [one[step] for one in runs] for name, runs in results.items()}
    found = [
        compare(what, samples["tachograph"], f"{name}, seed's schema", samples[name], bar=ours if name == "C" else None)
        for name in ("C", "better-sqlite3", "node:sqlite")
        if name in samples
    ]
    if "C" in samples and driver:
        found.append(
            compare(
                f"{what}, our driver on the seed's schema",
                samples["apsw"],
                "C, seed's schema",
                samples["C"],
                bar=driver,
            )
        )
    return found

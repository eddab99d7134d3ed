"""Two contenders in Python, steps and output as in insert.c.

usage: insert.py apsw|tachograph DATABASE EVENTS.tsv SCHEMA.sql STEP...
`apsw` is our driver on the seed's schema. `tachograph` is our public API on our own schema: names interned,
roll-ups, session totals and full-text index kept in the same transaction. The values are made before the clock starts;
names of agents, sessions, types and patterns are the same objects every time, as an extractor hands them in.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import data

SQL = (
    "INSERT INTO extraction_events (agent_name, session_id, timestamp, event_type, pattern, matched_value, "
    "original_line, line_number, metadata_json, code_block_language, risk_level, auto_confirmable)"
    " VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"
)


class Contender(NamedTuple):
    version: str
    ready: Callable[[list[list[str]]], list[Any]]  # rows of the file → what it inserts
    one: Callable[[Any], object]
    many: Callable[[list[Any]], object]


def with_apsw(database: str, schema: str) -> Contender:
    import apsw

    connection = apsw.Connection(database)
    connection.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;").fetchall()
    connection.execute(Path(schema).read_text()).fetchall()

    def ready(rows: list[list[str]]) -> list[Any]:
        return [(*r[:3], *r[4:8], int(r[8]), r[9], r[10] or None, r[11], int(r[12])) for r in rows]

    def many(events: list[Any]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(SQL, events)
        connection.execute("COMMIT")

    return Contender(f"SQLite {apsw.sqlite_lib_version()}", ready, lambda event: connection.execute(SQL, event), many)


def with_tachograph(database: str, schema: str) -> Contender:
    import tachograph
    from tachograph.ingest.opening import open_store  # public name: tachograph.open
    from tachograph.records import Extraction

    store = open_store(database)

    def ready(rows: list[list[str]]) -> list[Any]:
        return [
            Extraction(
                *map(sys.intern, (r[0], r[1], r[4], r[5])),
                *(r[6], r[7], int(r[8]), json.loads(r[9]), sys.intern(r[10]) or None, sys.intern(r[11]), r[12] == "1"),
                at=int(r[3]),
            )
            for r in rows
        ]

    return Contender(f"tachograph {tachograph.__version__}", ready, store.extractions.add, store.extractions.add_many)


def main(name: str, database: str, file: str, schema: str, *steps: str) -> None:
    sizes = [(int(size), int(times)) for size, times in (step.split("x") for step in steps)]
    contender = {"apsw": with_apsw, "tachograph": with_tachograph}[name](database, schema)
    events = contender.ready(data.read(Path(file), sum(size * times for size, times in sizes)))
    result = {}
    taken = 0
    for step, (size, times) in zip(steps, sizes, strict=True):
        batches = [events[taken + size * n : taken + size * (n + 1)] for n in range(times)]
        cpu, wall = time.process_time(), time.perf_counter()
        for batch in batches:
            if size == 1:
                contender.one(batch[0])
            else:
                contender.many(batch)
        spent = time.process_time() - cpu, time.perf_counter() - wall
        result[step] = [seconds * 1e6 / (size * times) for seconds in spent]
        taken += size * times
    print(json.dumps({"version": contender.version, "steps": result}))


if __name__ == "__main__":
    main(*sys.argv[1:])

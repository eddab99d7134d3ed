"""The seed's questions at a million events: through our public API, and as the seed asks them of its own schema.

Both stores hold the same events; ours also the output of tools, about as many bytes again, that searches go through.
Ours answers with records (metadata parsed); the seed's side fetches plain rows with the same driver, which costs it
nothing like what its full scans cost.
"""

from __future__ import annotations

import hashlib
import random
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import apsw

import tachograph.store
from benchmarks import data, installing
from benchmarks.measure import Row, Sample, ratios, rounds, spread
from benchmarks.peers import insert
from tachograph.ingest.opening import open_store
from tachograph.store.output import TOOL_STREAM, Chunk

COLUMNS = (
    "id, agent_name, session_id, timestamp, event_type, pattern, matched_value, original_line, line_number,"
    " metadata_json, code_block_language, risk_level, auto_confirmable"
)
NEWEST = f"SELECT {COLUMNS} FROM extraction_events WHERE agent_name = ?{{}} ORDER BY timestamp DESC LIMIT 1000"
BATCH = 10_000
Ask = Callable[[], object]


def _stores(count: int) -> tuple[Path, Path, Path]:
    """The events and two databases of them, made once and kept."""
    events = data.events(installing.WORK / f"events-{data.VERSION}-{count}.tsv", count)
    schema = hashlib.sha256((Path(tachograph.store.__file__).parent / "schema.sql").read_bytes()).hexdigest()[:8]
    ours, seeds = (installing.WORK / f"query-{data.VERSION}-{count}-{side}.db" for side in (f"ours-{schema}", "seed"))
    for path, build in ((ours, insert.with_tachograph), (seeds, insert.with_apsw)):
        if not path.with_suffix(".done").exists():
            for leftover in path.parent.glob(f"{path.name}*"):
                leftover.unlink()
            _fill(path, events, build)
            if path == ours:
                _print(path, count)
            path.with_suffix(".done").touch()
    return events, ours, seeds


def _print(path: Path, count: int) -> None:
    """What tools returned in each session: for every tenth event some 40 lines of other words in the same style."""
    chance = random.Random(8151)
    words = data.vocabulary(chance)
    pool = chance.choices(words, cum_weights=data.zipf(words), k=1 << 16)
    with open_store(path) as store:
        sessions = [(one.id, one.events, one.started_at) for one in store.sessions.list(limit=None)]
        for name, events, at in reversed(sessions):
            number = store.sessions.number(name)
            lines = []
            for _ in range(events * 4):
                begin = chance.getrandbits(16) & 65471
                lines.append(f"{chance.getrandbits(20)} {' '.join(pool[begin : begin + 6 + (begin & 7)])}")
            with store.transaction():
                for start in range(0, len(lines), 700):
                    part = "\n".join(lines[start : start + 700]) + "\n"
                    chunk = Chunk(
                        TOOL_STREAM, start // 700, start + 1, part.count("\n"), part.encode(), [(at, len(part))]
                    )
                    store.output.write(number, [chunk])
                    store.output.index(number, TOOL_STREAM, start + 1, start + chunk.lines, part[:-1])


def _fill(path: Path, events: Path, build: Callable[..., Any]) -> None:
    batch: list[list[str]] = []
    contender = build(str(path), str(installing.HERE / "seed.sql"))
    with events.open() as source:
        for line in source:
            batch.append(line[:-1].split("\t"))
            if len(batch) == BATCH:
                contender.many(contender.ready(batch))
                batch.clear()
    if batch:
        contender.many(contender.ready(batch))


def _middle(events: Path, count: int) -> tuple[list[str], list[str]]:
    """Two rows around the middle, 4,000 events apart: the ends of the timeline."""
    with events.open() as source:
        for number, line in enumerate(source):
            if number == count // 2:
                first = line[:-1].split("\t")
            if number == count // 2 + 4000:
                return first, line[:-1].split("\t")
    raise SystemExit("the query benchmark needs 10,000 events or more")


def questions(
    store: Any, seeds: apsw.Connection, first: list[str], last: list[str]
) -> dict[str, tuple[float, Ask, Ask]]:
    """What is asked → (most milliseconds allowed, ask ours, ask the seed's)."""

    def sql(text: str, *values: object) -> Ask:
        return lambda: seeds.execute(text, values).fetchall()

    agent, session = "basil", first[1]
    ask = store.extractions
    return {
        "latest 1,000 of an agent": (10, lambda: ask.list(agent=agent, limit=1000), sql(NEWEST.format(""), agent)),
        "latest 1,000 of an agent and type": (
            10,
            lambda: ask.list(agent=agent, type="error", limit=1000),
            sql(NEWEST.format(" AND event_type = ?"), agent, "error"),
        ),
        "latest 1,000 of an agent and pattern": (
            10,
            lambda: ask.list(agent=agent, pattern="python_traceback", limit=1000),
            sql(NEWEST.format(" AND pattern = ?"), agent, "python_traceback"),
        ),
        "latest 1,000 of a rare agent": (
            10,
            lambda: ask.list(agent="flint", limit=1000),
            sql(NEWEST.format(""), "flint"),
        ),
        "one whole session": (
            10,
            lambda: ask.list(session=session, limit=None),
            sql(f"SELECT {COLUMNS} FROM extraction_events WHERE session_id = ? ORDER BY timestamp", session),
        ),
        "timeline of an agent, about 1,000 events": (
            10,
            lambda: store.timeline(agent=agent, since=int(first[3]), until=int(last[3]), limit=None),
            sql(
                f"SELECT {COLUMNS} FROM extraction_events WHERE agent_name = ? AND timestamp BETWEEN ? AND ?"
                " ORDER BY timestamp",
                *(agent, first[2], last[2]),
            ),
        ),
        "statistics of an agent": (
            1,
            lambda: ask.stats(agent),
            sql("SELECT event_type, count(*) FROM extraction_events WHERE agent_name = ? GROUP BY event_type", agent),
        ),
        "statistics of a pattern": (
            1,
            lambda: ask.pattern_stats("python_traceback"),
            sql(
                "SELECT agent_name, event_type, count(*), min(timestamp), max(timestamp) FROM extraction_events"
                " WHERE pattern = ? GROUP BY agent_name, event_type",
                "python_traceback",
            ),
        ),
    }


def rows(count: int, events: int) -> list[Row]:
    file, ours, seeds = _stores(events)
    first, last = _middle(file, events)
    found = []
    with open_store(ours) as store:
        peer = apsw.Connection(str(seeds), flags=apsw.SQLITE_OPEN_READONLY)
        for what, (most, ask, ask_seed) in questions(store, peer, first, last).items():
            results = rounds(count, {"ours": partial(_timed, ask, 9), "seed": partial(_timed, ask_seed, 1)})
            found.append(_row(f"{what}, {events:,} events", most, results["ours"], results["seed"]))
        found.append(_search(store, events))
    return found


def _timed(ask: Ask, repeats: int) -> Sample:
    """Median milliseconds of one call on both clocks."""
    taken = []
    for _ in range(repeats):
        cpu, wall = time.process_time(), time.perf_counter()
        ask()
        taken.append(((time.process_time() - cpu) * 1e3, (time.perf_counter() - wall) * 1e3))
    return Sample(*(statistics.median(column) for column in zip(*taken, strict=True)))


def _row(what: str, most: float, ours: list[Sample], seed: list[Sample]) -> Row:
    cpu, wall = ([getattr(s, clock) for s in ours] for clock in ("cpu", "wall"))
    seed_cpu, seed_wall = ([getattr(s, clock) for s in seed] for clock in ("cpu", "wall"))
    return Row(
        *(what, f"{spread(wall)} ms", "seed's schema", f"{statistics.median(seed_wall):.1f} ms"),
        *(spread(ratios(cpu, seed_cpu), "{:.4f}"), spread(ratios(wall, seed_wall), "{:.4f}")),
        *(f"≤ {most:g} ms", statistics.median(wall) <= most),
    )


def _search(store: Any, events: int) -> Row:
    """200 searches: single words from common to rare, two words, a prefix, a phrase."""
    chance = random.Random(1)
    words = [word for hit in store.extractions.list(limit=400) for word in hit.original_line.split()[2:6]]
    queries = [chance.choice(words) for _ in range(80)] + [" ".join(chance.sample(words, 2)) for _ in range(60)]
    queries += [chance.choice(words)[:4] + "*" for _ in range(30)]
    queries += [f'"{" ".join(hit.original_line.split()[2:4])}"' for hit in store.extractions.list(limit=30)]
    taken = sorted(_timed(partial(store.search, query, limit=20), 1).wall for query in queries)
    p95 = taken[int(len(taken) * 0.95)]
    value = f"{p95:.1f} ms (median {statistics.median(taken):.1f}, worst {taken[-1]:.1f})"
    return Row(f"search, p95 of {len(queries)} queries, {events:,} events", value, bar="≤ 50 ms", holds=p95 <= 50)

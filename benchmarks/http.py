"""What HTTP costs on top of the store: the seed's questions at a million events, of a server and of `Store` itself.

Both give the same bytes: rows under the names of the views, as JSON. The server runs in a process of its own, one
connection asks it again and again, one question at a time; the bare call is made here.
"""

from __future__ import annotations

import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import queries
from benchmarks.measure import Row, Sample, ratios, rounds, spread
from tachograph.formats.rows import to_rows
from tachograph.ingest.opening import open_store

ASKED = 15  # times a round
SERVER = """
import sys
from tachograph import keys
from tachograph.paths import Places
from tachograph.serve.run import Background, keep_time

keep_time()  # as a process that only serves does
data, database = sys.argv[1:]
places = Places(data, data, database, data + "/journal")
with Background(places, 0, read_only=True) as server:
    print(server.port, keys.opening(places), flush=True)
    sys.stdin.read()
"""


@contextmanager
def _server(database: Path) -> Iterator[Callable[[str], bytes]]:
    """A function that asks it."""
    with (
        tempfile.TemporaryDirectory() as data,
        subprocess.Popen(
            [sys.executable, "-c", SERVER, data, str(database)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        port, token = process.stdout.readline().split()
        connection = http.client.HTTPConnection("127.0.0.1", int(port))
        headers = {"authorization": f"Bearer {token}"}

        def ask(path: str) -> bytes:
            connection.request("GET", path, headers=headers)
            reply = connection.getresponse()
            body = reply.read()
            assert reply.status == 200, body
            return body

        yield ask
        connection.close()
        process.communicate()


def questions(store: Any, first: list[str], last: list[str]) -> dict[str, tuple[str, Callable[[], object]]]:
    """What is asked → (its address, the bare call, its answer encoded, too)."""
    agent, session = "basil", first[1]
    listed = store.extractions.list

    def rows(**filters: Any) -> bytes:
        return msgspec.json.encode(list(to_rows(listed(**filters))))

    def timeline() -> bytes:
        found = store.timeline(agent=agent, since=int(first[3]), until=int(last[3]), limit=1000)
        return msgspec.json.encode(list(to_rows(found)))

    query = "/api/query"
    return {
        "latest 1,000 of an agent": (
            f"{query}/extractions?agent={agent}&limit=1000", partial(rows, agent=agent, limit=1001),
        ),
        "latest 1,000 of an agent and type": (
            f"{query}/extractions?agent={agent}&type=error&limit=1000",
            partial(rows, agent=agent, type="error", limit=1001),
        ),
        "latest 100 of an agent": (f"{query}/extractions?agent={agent}", partial(rows, agent=agent, limit=101)),
        "1,000 of one session": (
            f"{query}/extractions?session={session}&limit=1000", partial(rows, session=session, limit=1001),
        ),
        "timeline of an agent, about 1,000 events": (
            f"{query}/timeline?agent={agent}&from={first[3]}&to={last[3]}&limit=1000", timeline,
        ),
        "100 sessions": (
            f"{query}/sessions", lambda: msgspec.json.encode(list(to_rows(store.sessions.list(limit=101)))),
        ),
        "statistics of an agent": (
            f"{query}/stats/agent/{agent}", lambda: msgspec.json.encode(store.extractions.stats(agent)),
        ),
    }  # fmt: skip


def rows(count: int, events: int) -> list[Row]:
    file, ours, _ = queries._stores(events)
    first, last = queries._middle(file, events)
    found = []
    with open_store(ours, readonly=True) as store, _server(ours) as ask:
        for what, (path, bare) in questions(store, first, last).items():
            taken: list[float] = []
            results = rounds(count, {"http": partial(_asked, ask, path, taken), "bare": partial(_called, bare)})
            found.append(_row(f"{what} over HTTP, {events:,} events", results["http"], results["bare"], sorted(taken)))
    return found


def _asked(ask: Callable[[str], bytes], path: str, taken: list[float]) -> Sample:
    """Median milliseconds on the wall's clock; the processor is the server's and not measured here."""
    walls = [_wall(partial(ask, path)) for _ in range(ASKED)]
    taken += walls
    return Sample(0.0, statistics.median(walls))


def _called(bare: Callable[[], object]) -> Sample:
    return Sample(0.0, statistics.median(_wall(bare) for _ in range(ASKED)))


def _wall(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1e3


def _row(what: str, over: list[Sample], bare: list[Sample], taken: list[float]) -> Row:
    """The bar is on what HTTP adds: no more than the call itself, and a millisecond where that is next to nothing."""
    walls, calls = ([sample.wall for sample in samples] for samples in (over, bare))
    times = ratios(walls, calls)
    p99 = taken[min(len(taken) - 1, int(len(taken) * 0.99))]
    added = statistics.median(walls) - statistics.median(calls)
    return Row(
        *(what, f"{spread(walls)} ms, p99 {p99:.1f}", "bare store call", f"{statistics.median(calls):.2f} ms"),
        *("", spread(times)),
        *("≤ 2 ×, or ≤ 1 ms more", statistics.median(times) <= 2 or added <= 1),
    )


if __name__ == "__main__":
    from benchmarks.measure import table

    print(table(rows(int(os.environ.get("ROUNDS", "3")), int(os.environ.get("EVENTS", "1000000")))))

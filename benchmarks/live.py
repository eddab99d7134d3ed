"""The live view with a thousand clients that hear nothing and fifty that hear everything.

The server is a process of its own, the clients are sockets of this one. CPU is the server's own as the system counts
it; latency is from the moment an append returned to the moment a client has read the message, on one clock.
"""

from __future__ import annotations

import os
import re
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tachograph
from benchmarks.measure import Row, cpu, free_port
from tachograph import keys, paths

_SENT = re.compile(rb'"content":"sent (\d+)"')


class Clients:
    """Open streams, read as fast as they come."""

    def __init__(self, port: int, token: str) -> None:
        self._port, self._token = port, token
        self._selector = selectors.DefaultSelector()
        self.latencies: list[float] = []
        self.bytes = 0

    def add(self, count: int, query: str) -> None:
        for _ in range(count):
            found = socket.create_connection(("127.0.0.1", self._port), timeout=60)
            found.sendall(
                f"GET /api/live?{query} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
                f"Authorization: Bearer {self._token}\r\n\r\n".encode()
            )
            found.setblocking(False)
            self._selector.register(found, selectors.EVENT_READ)

    def read(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            for key, _ in self._selector.select(left):
                piece = key.fileobj.recv(1 << 18)  # type: ignore[union-attr]
                now = time.monotonic_ns()
                assert piece, "the server hung up"
                self.bytes += len(piece)
                self.latencies += [(now - int(sent)) / 1e6 for sent in _SENT.findall(piece)]

    def close(self) -> None:
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]


@contextmanager
def served() -> Iterator[tuple[int, int, str]]:
    """(pid, port, token) of a server over an empty store."""
    port = free_port()
    token = keys.opening(paths.places())
    with tachograph.open() as store:
        store.sessions.create("bench", "bench-1")
    command = [sys.executable, "-m", "tachograph", "serve", "--port", str(port), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(600):
                with socket.socket() as asking:
                    if asking.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield process.pid, port, token
        finally:
            process.kill()


_WRITER = """
import sys, time
import tachograph
from tachograph.records import Event

with tachograph.open() as store:
    for _ in range(int(sys.argv[1])):
        began = time.monotonic()
        store.events.add(Event("bench-1", "marker", content=f"sent {time.monotonic_ns()}"))
        time.sleep(max(0.0, float(sys.argv[2]) - (time.monotonic() - began)))
"""


def _memory(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / (1 << 20)


def measured(idle: int, active: int, seconds: float, every: float = 0.05) -> dict[str, float]:
    """CPU in percent of one core, latency in ms, memory in MB."""
    with served() as (pid, port, token):
        clients = Clients(port, token)
        try:
            found = {"memory before": _memory(pid)}
            clients.add(idle, "type=error&session=nobody-1")
            clients.read(5)
            before = cpu(pid)
            clients.read(seconds)
            found["cpu idle"] = 100 * (cpu(pid) - before) / seconds
            clients.add(active, "")
            clients.read(2)
            count = int(seconds / every)
            before, begun = cpu(pid), time.monotonic()
            with subprocess.Popen([sys.executable, "-c", _WRITER, str(count), str(every)]) as writer:
                while writer.poll() is None:
                    clients.read(0.2)
            assert writer.returncode == 0
            clients.read(1)
            found["cpu active"] = 100 * (cpu(pid) - before) / (time.monotonic() - begun)
            found["told"] = len(clients.latencies) / (count * active)
            ordered = sorted(clients.latencies)
            found["p50"] = statistics.median(ordered)
            found["p95"] = ordered[int(len(ordered) * 0.95)]
            found["p99"] = ordered[int(len(ordered) * 0.99)]
            found["memory after"] = _memory(pid)
            return found
        finally:
            clients.close()


def rows(large: bool) -> list[Row]:
    """The table's lines; in a scratch home."""
    idle, active, seconds = (1000, 50, 20.0) if large else (200, 20, 5.0)
    known = os.environ.get("TACHOGRAPH_HOME")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TACHOGRAPH_HOME"] = folder
        try:
            found = measured(idle, active, seconds)
        finally:
            os.environ.pop("TACHOGRAPH_HOME")
            if known is not None:
                os.environ["TACHOGRAPH_HOME"] = known
    who = f"{idle} clients that hear nothing"
    both = f"{who}, {active} that hear 20 events/s"
    return [
        Row(f"live: {who}, CPU of one core", f"{found['cpu idle']:.1f} %", bar="≤ 5 %", holds=found["cpu idle"] <= 5),
        Row(f"live: {both}, CPU of one core", f"{found['cpu active']:.1f} %"),
        Row(
            "live: append to client, p50 / p95 / p99",
            f"{found['p50']:.0f} / {found['p95']:.0f} / {found['p99']:.0f} ms",
            bar="p95 ≤ 250 ms",
            holds=found["p95"] <= 250 and found["told"] == 1,
        ),
        Row("live: memory for all of them", f"{found['memory after'] - found['memory before']:.0f} MB"),
    ]

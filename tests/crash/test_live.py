"""The server is killed while many read: all of them go on where they were, and the recorder knows nothing of it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest
from websockets.exceptions import WebSocketException

import tachograph
from tachograph import keys, paths
from tachograph.formats.rows import to_row
from tachograph.records import Event, Step
from tachograph.store import Store
from tests.serve.listening import EventSource, Json, Refused, Viewer, messages_of, web_socket

CLIENTS = int(os.environ.get("TACHOGRAPH_LIVE_CLIENTS", "20"))
KILLS = int(os.environ.get("TACHOGRAPH_LIVE_KILLS", "3"))
SEED = int(os.environ.get("TACHOGRAPH_SEED", random.SystemRandom().randrange(1 << 32)))
PATIENCE = 240.0
ERRORS = 400
PRINTER = f"""
import time
for number in range({ERRORS}):
    print("error: number", number, "broke", flush=True)
    time.sleep(0.02)
"""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Client(threading.Thread):
    """Reads until it is told of the last event; comes again whenever the line breaks."""

    def __init__(self, port: int, token: str, number: int) -> None:
        super().__init__(daemon=True)
        self._port, self._token = port, token
        self._as_browser = number % 2 == 0
        self.viewer = Viewer()
        self.lines = 0
        self.complete = False
        self.trouble: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.complete:
                with contextlib.suppress(OSError, WebSocketException, Refused, TimeoutError, EOFError):
                    for message in self._browser() if self._as_browser else self._line():
                        self.viewer.take(message)
                        if (message["event"] or {}).get("content") == "the last":
                            self.complete = True
                            break
                time.sleep(0.05)
        except BaseException as error:
            self.trouble = error

    def _browser(self) -> Iterator[Json]:
        source = EventSource(self._port, self._token, after=0, last_id=self.viewer.cursor)
        self.lines += 1
        with source:
            for _, message in source:
                yield message

    def _line(self) -> Iterator[Json]:
        with web_socket(self._port, self._token) as line:
            self.lines += 1
            line.send(json.dumps({"type": "subscribe", "after": self.viewer.cursor or 0}))
            yield from messages_of(line)


@pytest.mark.crash
def test_a_killed_server_costs_its_clients_nothing() -> None:
    chance, port = random.Random(SEED), free_port()
    with tachograph.open() as store:
        store.sessions.create("codex", "codex-1")
        token = keys.opening(paths.places())
        clients = [Client(port, token, number) for number in range(CLIENTS)]
        with _recorder() as recorder, _Server(port) as server:
            for client in clients:
                client.start()
            _wait(lambda: all(client.lines for client in clients))
            for _ in range(KILLS):
                _kill(store, server, clients, chance)
            assert recorder.wait(PATIENCE) == 0
            _wait(lambda: len(_errors(store)) == ERRORS)
            store.events.add(Event("codex-1", "marker", content="the last"))
            _wait(lambda: all(client.complete or client.trouble for client in clients))
        expected = {one.id: to_row(one) for one in store.events.list(after=0, limit=None)}
    print(f"seed {SEED}: {len(expected)} events, {sum(client.lines for client in clients)} lines of {CLIENTS} clients")
    for client in clients:
        assert client.trouble is None, f"seed {SEED}: {client.trouble!r}"
        assert client.lines > KILLS and not client.viewer.gaps
        assert client.viewer.events == expected, f"seed {SEED}"


class _Server:
    """One that can be killed and started again."""

    def __init__(self, port: int) -> None:
        self._port = port

    def __enter__(self) -> _Server:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tachograph", "serve", "--port", str(self._port), "--no-browser"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


@contextlib.contextmanager
def _recorder() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tachograph", "run", "--quiet", "--agent", "a", "--", sys.executable, "-c", PRINTER],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _kill(store: Store, server: _Server, clients: Sequence[Client], chance: random.Random) -> None:
    """While everybody reads; and what is written meanwhile."""
    _write(store, chance)
    told = [client.viewer.told for client in clients]
    _wait(lambda: all(client.viewer.told > before for client, before in zip(clients, told, strict=True)))
    _write(store, chance)
    server.__exit__()
    _write(store, chance)
    lines = [client.lines for client in clients]
    server.__enter__()
    _wait(lambda: all(client.lines > before for client, before in zip(clients, lines, strict=True)))


def _errors(store: Store) -> list[object]:
    return [one for one in store.extractions.list(type="error", limit=None) if one.session_id != "codex-1"]


def _write(store: Store, chance: random.Random) -> None:
    """Some events, and results of calls that were there before."""
    for _ in range(20):
        store.events.add_many([Event("codex-1", "marker", content="x" * chance.randrange(3000)) for _ in range(20)])
        call = chance.randrange(30)
        step = Step(f"call:{call}", "command", 1, command="make", tool_call_id=str(call), content=str(chance.random()))
        store.steps.put("codex-1", "codex", [step], source="transcript")


def _wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < deadline, f"seed {SEED}: nothing happens"
        time.sleep(0.05)

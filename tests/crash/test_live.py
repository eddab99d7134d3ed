"""The server is killed while many read, live and replays, over server-sent events and WebSockets: all of them go on
where they were, and the recorder knows nothing of it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection

import tachograph
from tachograph import keys, paths
from tachograph.formats.rows import to_row
from tachograph.records import Event, Session, Step
from tachograph.store import Store
from tests.serve.listening import EventSource, Json, Refused, Viewer, free_port, messages_of, web_socket

CLIENTS = int(os.environ.get("TACHOGRAPH_LIVE_CLIENTS", "50"))
KILLS = int(os.environ.get("TACHOGRAPH_LIVE_KILLS", "1"))
SEED = int(os.environ.get("TACHOGRAPH_SEED", random.SystemRandom().randrange(1 << 32)))
PATIENCE = 240.0
ERRORS = 150
LAST = "the last"
PAST, AT, STEPS, PAUSE = "codex-0", 1_795_252_442_000_000_000, 600, 200_000_000
PRINTER = f"""
import time
for number in range({ERRORS}):
    print("error: number", number, "broke", flush=True)
    time.sleep(0.02)
"""


class Client(threading.Thread):
    """Reads what happens until it is told of the last event; comes again whenever the line breaks."""

    def __init__(self, port: int, token: str, number: int) -> None:
        super().__init__(daemon=True)
        self._port, self._token = port, token
        self._as_browser = number % 4 < 2
        self.viewer = Viewer()
        self.lines = 0  # that told it something
        self.complete = False
        self.trouble: BaseException | None = None

    @property
    def told(self) -> int:
        return self.viewer.told

    def run(self) -> None:
        try:
            while not self.complete:
                with contextlib.suppress(OSError, WebSocketException, Refused, TimeoutError, EOFError):
                    for number, message in enumerate(self._browser() if self._as_browser else self._line()):
                        self.lines += number == 0
                        if self.take(message):
                            self.complete = True
                            break
                time.sleep(0.05)
        except BaseException as error:
            self.trouble = error

    def take(self, message: Json) -> bool:
        """Whether that was all."""
        self.viewer.take(message)
        return (message["event"] or {}).get("content") == LAST

    def _browser(self) -> Iterator[Json]:
        with EventSource(self._port, self._token, after=0, last_id=self.viewer.cursor) as source:
            for _, message in source:
                yield message

    def _line(self) -> Iterator[Json]:
        with web_socket(self._port, self._token) as line:
            line.send(json.dumps({"type": "subscribe", "after": self.viewer.cursor or 0}))
            yield from messages_of(line)


class Watcher(Client):
    """Watches a session that is over as it happened, and is told to hurry at the end."""

    def __init__(self, port: int, token: str, number: int) -> None:
        super().__init__(port, token, number)
        self.seen: list[str] = []
        self.cursor = ""
        self._line_open: ClientConnection | None = None

    @property
    def told(self) -> int:
        return len(self.seen)

    def take(self, message: Json) -> bool:
        if message["type"] == "snapshot":
            replay = message["event"]["replay"]
            assert replay["items"] == len(self.seen), f"it goes on at {replay['items']}, {len(self.seen)} were told"
        elif message["type"] == "event":
            self.seen.append(message["event"]["content"])
        self.cursor = message.get("cursor", self.cursor)
        return bool(message["type"] == "end")

    def hurry(self) -> None:
        """The rest a hundred times as fast."""
        if self._line_open is not None:
            self._line_open.send(json.dumps({"type": "speed", "speed": 100}))
            return
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        bearer = {"authorization": f"Bearer {self._token}", "content-type": "application/json"}
        body = json.dumps({"action": "speed", "speed": 100})
        connection.request("POST", f"/api/replay/{self.cursor.partition(':')[0]}", body, bearer)
        assert connection.getresponse().status == 200
        connection.close()

    def _browser(self) -> Iterator[Json]:
        with EventSource(self._port, self._token, f"/api/replay/session/{PAST}", last_id=self.cursor) as source:
            for _, message in source:
                yield message

    def _line(self) -> Iterator[Json]:
        with web_socket(self._port, self._token) as line:
            asked = {"type": "replay", "session": PAST, "after": self.cursor or None, "stay": False}
            line.send(json.dumps(asked))
            self._line_open = line
            yield from messages_of(line)


@pytest.mark.crash
def test_a_killed_server_costs_its_clients_nothing() -> None:
    chance, port = random.Random(SEED), free_port()
    with tachograph.open() as store:
        store.sessions.create("codex", "codex-1")
        past = _past(store)
        token = keys.opening(paths.places())
        watchers = [Watcher(port, token, number) for number in range(1, CLIENTS, 2)]
        readers = [Client(port, token, number) for number in range(0, CLIENTS, 2)]
        clients = [*readers, *watchers]
        with _recorder() as recorder, _Server(port) as server:
            for client in clients:
                client.start()
            _wait(lambda: all(client.told or client.trouble for client in clients))
            for _ in range(KILLS):
                _kill(store, server, clients, chance)
            for watcher in watchers:
                watcher.hurry()
            assert recorder.wait(PATIENCE) == 0
            _wait(lambda: len(_errors(store)) == ERRORS)
            store.events.add(Event("codex-1", "marker", content=LAST))
            _wait(lambda: all(client.complete or client.trouble for client in clients))
        expected = {one.id: to_row(one) for one in store.events.list(after=0, limit=None) if one.session_id != PAST}
    print(f"seed {SEED}: {len(expected)} events, {sum(client.lines for client in clients)} lines of {CLIENTS} clients")
    for client in clients:
        assert client.trouble is None, f"seed {SEED}: {client.trouble!r}"
        assert client.lines > KILLS
    for reader in readers:
        assert not reader.viewer.gaps
        live = {number: row for number, row in reader.viewer.events.items() if row["session_id"] != PAST}
        assert live == expected, f"seed {SEED}"
    for watcher in watchers:
        assert watcher.seen == past, f"seed {SEED}"


def _past(store: Store) -> list[str]:
    """A session of two minutes that is over; what its steps say."""
    store.sessions.add(Session(PAST, "codex", started_at=AT, ended_at=AT + STEPS * PAUSE, exit_code=0))
    said = [f"word {number}" for number in range(STEPS)]
    steps = [Step(f"reply:{number}", "reply", AT + number * PAUSE, content=word) for number, word in enumerate(said)]
    store.steps.put(PAST, "codex", steps, source="transcript")
    return said


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
    told = [client.told for client in clients]
    _wait(lambda: all(client.told > before or client.trouble for client, before in zip(clients, told, strict=True)))
    _write(store, chance)
    server.__exit__()
    _write(store, chance)
    lines = [client.lines for client in clients]
    server.__enter__()
    _wait(lambda: all(client.lines > before or client.trouble for client, before in zip(clients, lines, strict=True)))


def _errors(store: Store) -> list[object]:
    return [one for one in store.extractions.list(type="error", limit=None) if one.session_id != "codex-1"]


def _write(store: Store, chance: random.Random) -> None:
    """Some events, and results of calls that were there before."""
    for _ in range(5):
        store.events.add_many([Event("codex-1", "marker", content="x" * chance.randrange(3000)) for _ in range(20)])
        call = chance.randrange(30)
        step = Step(f"call:{call}", "command", 1, command="make", tool_call_id=str(call), content=str(chance.random()))
        store.steps.put("codex-1", "codex", [step], source="transcript")


def _wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < deadline, f"seed {SEED}: nothing happens"
        time.sleep(0.05)

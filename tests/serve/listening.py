"""Clients of the live view that share nothing with it: an EventSource as the HTML standard has it, a WebSocket."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from websockets.sync.client import ClientConnection, connect

Json = dict[str, Any]
LONG = 30.0


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Refused(Exception):
    """The server said something else than 200."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


class EventSource:
    """Events from a raw socket. `last_id` is what a browser would send when it comes again; `reopen` comes again."""

    def __init__(self, port: int, token: str, path: str = "/api/live", *, last_id: str = "", **query: object) -> None:
        self._port, self._token = port, token
        self._path = f"{path}?{urlencode(query)}" if query else path
        self.last_id = last_id
        self.retry = 0
        self._socket: socket.socket | None = None
        self.open()

    def open(self) -> None:
        """Raises OSError, Refused."""
        self.close()
        self._buffer = b""
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=LONG)
        again = f"Last-Event-ID: {self.last_id}\r\n" if self.last_id else ""
        self._socket.sendall(
            f"GET {self._path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nAccept: text/event-stream\r\n"
            f"Authorization: Bearer {self._token}\r\n{again}\r\n".encode()
        )
        head = self._until(b"\r\n\r\n").decode("latin-1")
        status = int(head.split()[1])
        self.headers = {k.lower(): v for k, v in re.findall(r"^([\w-]+): (.*?)\r?$", head, re.M)}
        if status != 200:
            raise Refused(status, self._take(int(self.headers["content-length"])))

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __enter__(self) -> EventSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[tuple[str, Json]]:
        """(type, data) of every event. Ends with the stream; OSError when it breaks."""
        name, data, last_id = "", [], self.last_id
        for line in self._text():
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if not line:
                self.last_id = last_id
                if data:
                    yield name or "message", json.loads("\n".join(data))
                name, data = "", []
            elif field == "event":
                name = value
            elif field == "data":
                data.append(value)
            elif field == "id" and "\0" not in value:
                last_id = value
            elif field == "retry" and value.isdecimal():
                self.retry = int(value)

    def _text(self) -> Iterator[str]:
        """Lines of the body, which comes in chunks."""
        rest = b""
        while size := int(self._until(b"\r\n"), 16):
            *lines, rest = (rest + self._take(size)).split(b"\n")
            self._until(b"\r\n")
            for line in lines:
                yield line.decode()

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            self._more()
        found, _, self._buffer = self._buffer.partition(mark)
        return found

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._more()
        found, self._buffer = self._buffer[:size], self._buffer[size:]
        return found

    def _more(self) -> None:
        assert self._socket is not None
        piece = self._socket.recv(1 << 16)
        if not piece:
            raise ConnectionResetError("the stream broke off")
        self._buffer += piece


def web_socket(port: int, token: str) -> ClientConnection:
    """A line as programs open one."""
    return connect(
        f"ws://127.0.0.1:{port}/api/ws", additional_headers={"Authorization": f"Bearer {token}"},
        open_timeout=LONG, close_timeout=1, max_size=None, compression=None,
    )  # fmt: skip


def messages_of(line: ClientConnection) -> Iterator[Json]:
    """What comes on a line."""
    while True:
        yield json.loads(line.recv(timeout=LONG))


class Viewer:
    """What somebody knows who was told it; complains about what is told twice."""

    def __init__(self) -> None:
        self.events: dict[int, Json] = {}
        self.sessions: dict[str, Json] = {}
        self.gaps: list[Json] = []
        self.cursor = ""
        self.told = 0
        self._seen: set[str] = set()

    def take(self, message: Json) -> None:
        self.cursor = message["cursor"]
        if message["type"] == "heartbeat":
            return
        assert self.cursor not in self._seen, f"{message} is told twice"
        self._seen.add(self.cursor)
        self.told += 1
        match message["type"]:
            case "gap":
                self.gaps.append(message)
            case "state" | "end":
                self.sessions[message["session_id"]] = message["event"]
            case _ if message["id"] is not None and message["event"] is None:
                self.events.pop(message["id"], None)
            case _ if message["id"] is not None:
                self.events[message["id"]] = message["event"]

    def listen(self, source: Iterator[tuple[str, Json]], until: Callable[[Json], bool]) -> Json:
        """Take what comes until something does that is waited for."""
        for name, message in source:
            assert name == message["type"]
            self.take(message)
            if until(message):
                return message
        raise AssertionError("the stream ended")

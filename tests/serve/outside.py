"""A `tachograph serve` as others meet it: a process of its own, spoken to in bytes; nothing is known but its port."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tachograph import keys
from tachograph.paths import Places
from tachograph.serve import entry


class Answer(NamedTuple):
    status: int  # 0: hung up without a word
    headers: dict[str, list[str]]  # names in lower case
    body: bytes
    raw: bytes

    def one(self, name: str) -> str:
        found = self.headers.get(name, [])
        return found[0] if len(found) == 1 else ""


class Outside:
    """The server, and everything that an attacker may try. Close it at the end."""

    def __init__(self, home: Path, *options: str) -> None:
        self.home = home
        self.said = tempfile.TemporaryFile()  # noqa: SIM115  # closed by close
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TACHOGRAPH_")},
            "TACHOGRAPH_HOME": str(home),
        }
        program = [sys.executable, "-m", "tachograph"]
        subprocess.run(
            [*program, "run", "--quiet", "--", "echo", "recorded"],
            env=self.environment, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        self.process = subprocess.Popen(
            [*program, "serve", "--port", "0", "--no-browser", *options], env=self.environment, stderr=subprocess.PIPE
        )
        self.port = self._begun()
        self.token = keys.opening(Places(str(home), str(home), str(home / "tachograph.db"), str(home / "journal")))
        self.host = f"127.0.0.1:{self.port}"
        self.origin = f"http://{self.host}"
        self.cookie = self.ask("GET", self.link(), token="").one("set-cookie").partition(";")[0]

    def _begun(self) -> int:
        assert self.process.stderr is not None
        port = 0
        for line in self.process.stderr:
            self.said.write(line)
            if found := re.search(rb"http://127\.0\.0\.1:(\d+)/", line):
                port = int(found[1])
            if b"Ctrl-C" in line:
                break
        assert port, "it did not begin"
        return port

    def link(self) -> str:
        """The path of a new link."""
        return f"/?token={entry.secret(self.token, self.port)}"

    def all_said(self) -> bytes:
        """Everything the server wrote to stderr, until now; it is ended for that."""
        assert self.process.stderr is not None
        self.process.terminate()
        self.said.write(self.process.stderr.read())
        self.process.wait(20)
        self.said.seek(0)
        return self.said.read()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()
        self.said.close()

    def connect(self, seconds: float = 20) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)

    def say(self, data: bytes) -> Answer:
        """Bytes to the server, the answer until it hangs up (or ends a stream's first piece)."""
        found = b""
        with self.connect() as connection, contextlib.suppress(ConnectionError, TimeoutError):
            connection.sendall(data)
            while piece := connection.recv(65536):
                found += piece
                if b"text/event-stream" in found and b"\r\n\r\n" in found:
                    break
        return read(found)

    def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None,
        token: str | None = None,
    ) -> Answer:  # fmt: skip
        """A request with our own Host and the right token, unless told otherwise; a header None is left out."""
        given: dict[str, str] = {"Host": self.host, "Connection": "close"}
        bearer = self.token if token is None else token
        if bearer:
            given["Authorization"] = f"Bearer {bearer}"
        if body is not None:
            given |= {"Content-Length": str(len(body)), "Content-Type": "application/json"}
        for name, value in (headers or {}).items():
            given = {known: old for known, old in given.items() if known.lower() != name.lower()}
            given[name] = value
        head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        return self.say(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + (body or b""))

    def browser(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """A request that a browser makes: with the cookie, without the token."""
        return self.ask(method, path, {"Cookie": self.cookie, **(headers or {})}, body, token="")

    def handshake(self, headers: dict[str, str] | None = None, *, path: str = "/api/ws", token: str = "") -> Answer:
        """A WebSocket wanted."""
        wanted = {
            "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", **(headers or {}),
        }  # fmt: skip
        given = {"Host": self.host, **({"Authorization": f"Bearer {token}"} if token else {}), **wanted}
        head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        with self.connect() as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1"))
            found = b""
            while b"\r\n\r\n" not in found and (piece := connection.recv(65536)):
                found += piece
        return read(found)


def read(raw: bytes) -> Answer:
    """The first answer in `raw`."""
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    headers: dict[str, list[str]] = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), []).append(value.strip())
    return Answer(int(words[1]) if len(words) > 1 and words[1].isdigit() else 0, headers, body, raw)

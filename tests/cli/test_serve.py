"""`tachograph serve`: a door over what is there, and clear words where it cannot open."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import Run

LINK = re.compile(r"http://(127\.0\.0\.1|\[::1\]):(\d+)/\?token=once-\S+")


@contextmanager
def serving(*args: str) -> Iterator[tuple[subprocess.Popen[str], list[str], int]]:
    """A running `tachograph serve`: (process, the lines it said by then, port)."""
    command = [sys.executable, "-m", "tachograph", "serve", "--port", "0", *args]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(line.rstrip())
            if "Ctrl-C" in line:
                break
        try:
            found = [match for line in lines if (match := LINK.search(line))]
            assert found, lines
            yield process, lines, int(found[0][2])
        finally:
            if process.poll() is None:
                process.kill()


def get(port: int, path: str, headers: dict[str, str] | None = None, method: str = "GET") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, b"{}" if method == "POST" else None, headers or {})
    reply = connection.getresponse()
    return reply.status, reply.headers["set-cookie"] or reply.read().decode()


@pytest.fixture
def recorded(tachograph: Run) -> None:
    assert tachograph("run", "--quiet", "--", "true").returncode == 0


@pytest.mark.usefixtures("recorded")
def test_the_link_that_is_printed_lets_a_browser_in(home: Path) -> None:
    with serving("--no-browser") as (process, lines, port):
        assert "tachograph.db" in lines[0]
        link = next(match for line in lines if (match := LINK.search(line)))[0]
        status, cookie = get(port, "/" + link.partition("/?")[2].join(["?", ""]))
        assert status == 303
        assert get(port, "/api/openapi.json", {"cookie": cookie.partition(";")[0]})[0] == 200
        assert get(port, "/api/openapi.json")[0] == 401
        assert (home / "token").read_text().strip() not in "\n".join(lines)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


@pytest.mark.usefixtures("recorded")
def test_a_new_link_to_a_server_that_runs(tachograph: Run) -> None:
    with serving("--no-browser") as (_, _, port):
        link = tachograph("serve", "--link", "--port", str(port)).stdout.strip()
        assert get(port, "/?" + link.partition("?")[2])[0] == 303
    assert tachograph("serve", "--link", "--port", "0").returncode == 2


@pytest.mark.usefixtures("recorded")
def test_only_to_be_read(home: Path) -> None:
    with serving("--no-browser", "--read-only") as (_, lines, port):
        assert "only to be read" in lines[0]
        token = {"authorization": f"Bearer {(home / 'token').read_text().strip()}"}
        assert get(port, "/api/openapi.json", token)[0] == 200
        for path in ("/api/ingest/hooks/pi", "/v1/logs", "/v1/traces", "/api/record/receipts"):
            status, said = get(port, path, {**token, "content-type": "application/json"}, "POST")
            assert status == 403
            assert "this server only reads" in said
        assert not list((home / "journal").glob("received-*"))


@pytest.mark.usefixtures("recorded")
def test_a_socket_that_is_a_file(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "run" / "door"
    with serving("--no-browser", "--socket", str(path)) as (process, _, _):
        found = path.lstat()
        assert stat.S_ISSOCK(found.st_mode)
        assert stat.S_IMODE(found.st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        token = (home / "token").read_text().strip()
        for host, bearer, status in (("localhost", token, 200), ("localhost", "", 401), ("evil.example", token, 403)):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(path))
                head = f"GET /api/openapi.json HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
                connection.sendall(f"{head}Authorization: Bearer {bearer}\r\n\r\n".encode())
                assert connection.makefile("rb").readline().split()[1] == str(status).encode()
        process.kill()
    assert path.exists()  # a killed server leaves it, and the next one replaces it
    with serving("--no-browser", "--socket", str(path)) as (process, _, _):
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert not path.exists()


def test_without_a_store(tachograph: Run, home: Path) -> None:
    done = tachograph("serve")
    assert done.returncode == 3
    assert "there is no database" in done.stderr
    assert "tachograph run" in done.stderr
    assert not home.exists()


def open_to_others(home: Path, _: Path) -> list[str]:
    (home / "token").write_text("x" * 40)
    (home / "token").chmod(0o644)
    return []


def taken(_: Path, tmp_path: Path) -> list[str]:
    global listener  # kept open for as long as the test asks
    listener = socket.create_server(("127.0.0.1", 0))
    return ["--port", str(listener.getsockname()[1])]


def folder_of_others(_: Path, tmp_path: Path) -> list[str]:
    tmp_path.chmod(0o755)
    return ["--socket", str(tmp_path / "door")]


def file_there(_: Path, tmp_path: Path) -> list[str]:
    tmp_path.chmod(0o700)
    (tmp_path / "door").write_text("mine")
    return ["--socket", str(tmp_path / "door")]


CANNOT: list[tuple[Callable[[Path, Path], list[str]], int, str]] = [
    (open_to_others, 4, "open to others"),
    (taken, 4, "is taken by another program"),
    (folder_of_others, 4, "chmod 700"),
    (file_there, 4, "is there and no socket"),
    (lambda *_: ["--host", "nonsense"], 2, "takes an IP address of this machine"),
    (lambda *_: ["--host", "203.0.113.7"], 2, "is no address of this machine"),
    (lambda *_: ["--name", "a b"], 2, "is no name of a host"),
    (lambda *_: ["--port", "70000"], 2, "--port"),
    (lambda *_: ["--socket", "/" + "x" * 200], 2, "too long for a socket"),
]


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(("prepare", "code", "said"), CANNOT)
def test_what_cannot_be_served_is_said(
    tachograph: Run, home: Path, tmp_path: Path, prepare: Callable[[Path, Path], list[str]], code: int, said: str
) -> None:
    done = tachograph("serve", "--no-browser", *(prepare(home, tmp_path) or ["--port", "0"]))
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("recorded")
def test_wider_only_when_asked_and_with_a_warning(home: Path) -> None:
    with serving("--no-browser", "--host", "0.0.0.0", "--name", "tacho.lan") as (_, lines, port):
        assert any("can be reached from other machines" in line for line in lines)
        token = {"authorization": f"Bearer {(home / 'token').read_text().strip()}"}
        assert get(port, "/api/openapi.json", {"host": f"tacho.lan:{port}", **token})[0] == 200
        assert get(port, "/api/openapi.json", {"host": f"tacho.lan:{port}"})[0] == 401
        assert get(port, "/healthz", {"host": f"evil.lan:{port}"})[0] == 403
        assert get(port, "/healthz", {"host": f"0.0.0.0:{port}"})[0] == 403


@pytest.mark.usefixtures("recorded")
def test_a_killed_server_is_nothing_to_a_recording(tachograph: Run) -> None:
    with serving("--no-browser") as (server, _, port):
        watched = [sys.executable, "-m", "tachograph", "run", "--", "sh", "-c", "echo one; read x; echo two; exit 7"]
        with subprocess.Popen(watched, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as recording:
            assert recording.stdout is not None
            assert recording.stdout.readline() == "one\n"
            assert get(port, "/healthz")[0] == 200
            os.kill(server.pid, signal.SIGKILL)
            server.wait()
            out, _ = recording.communicate("go\n", timeout=20)
        assert (out, recording.returncode) == ("two\n", 7)
    assert tachograph("tail", "last").stdout.splitlines()[-2:] == ["one", "two"]

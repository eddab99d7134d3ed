"""What lies between a socket and the guard: answers in one piece, several requests on a line, heads without a body."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tachograph.serve.run import Background


@pytest.fixture
def line(server: Background) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as found:
        yield found


def request(server: Background, path: str = "/healthz", method: str = "GET", *more: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", *more, "", ""]).encode()


def until(line: socket.socket, end: bytes) -> bytes:
    found = b""
    while not found.endswith(end):
        piece = line.recv(65536)
        assert piece, found
        found += piece
    return found


def test_head_and_body_come_together(server: Background, line: socket.socket) -> None:
    for _ in range(20):
        line.sendall(request(server))
        assert line.recv(65536).endswith(b'{"status":"ok"}')


def test_answers_come_in_the_order_of_the_requests(server: Background, line: socket.socket) -> None:
    line.sendall(request(server) + request(server, method="HEAD") + request(server))
    found = until(line, b'ok"}')
    while found.count(b"HTTP/1.1 200 OK") < 3:
        found += until(line, b'ok"}')
    heads = found.split(b"HTTP/1.1 200 OK")[1:]
    assert [head.endswith(b'{"status":"ok"}') for head in heads] == [True, False, True]


def test_a_head_whose_body_does_not_come_yet_is_sent_at_once(
    server: Background, line: socket.socket, token: str
) -> None:
    line.sendall(request(server, "/api/live", "GET", f"Authorization: Bearer {token}"))
    found = b""
    while b"\r\n\r\n" not in found:  # the first message may be there already
        found += line.recv(65536)
    assert b"text/event-stream" in found.partition(b"\r\n\r\n")[0]


def test_a_request_that_comes_byte_by_byte_is_a_request(server: Background, line: socket.socket) -> None:
    for byte in request(server):
        line.sendall(bytes([byte]))
    assert until(line, b'ok"}').startswith(b"HTTP/1.1 200 OK")

"""How a browser comes in: the link, the cookie, and what they are not good for."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tachograph import clock, keys
from tachograph.serve import entry
from tachograph.serve.run import Background
from tests.serve.conftest import Ask, Reply, kept

HOOK = "/api/ingest/hooks/pi"


def follow(ask: Ask, token: str, port: int, path: str = "/", headers: dict[str, str] | None = None) -> Reply:
    return ask("GET", f"{path}{'&' if '?' in path else '?'}token={entry.secret(token, port)}", None, headers, token="")


def cookie(reply: Reply) -> str:
    return reply.headers["set-cookie"].partition(";")[0]


def test_a_link_becomes_a_cookie_and_leaves_the_address(ask: Ask, server: Background, token: str) -> None:
    reply = follow(ask, token, server.port, "/api/docs?a=b&c=d%20e")
    assert (reply.status, reply.headers["location"], reply.body) == (303, "/api/docs?a=b&c=d+e", b"")
    name, _, rest = reply.headers["set-cookie"].partition("=")
    assert name == f"tachograph-{server.port}"
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(rest.split("; "))
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert token not in str(reply)
    assert ask("GET", "/api/openapi.json", headers={"cookie": cookie(reply)}, token="").status == 200


def test_a_link_works_once(ask: Ask, server: Background, token: str) -> None:
    path = f"/?token={entry.secret(token, server.port)}"
    assert [ask("GET", path, token="").status for _ in range(3)] == [303, 401, 401]
    assert server.guard.wrong_tokens == 2


def test_who_is_in_already_follows_an_old_link(ask: Ask, server: Background, token: str) -> None:
    path = f"/?token={entry.secret(token, server.port)}"
    given = cookie(ask("GET", path, token=""))
    again = ask("GET", path, headers={"cookie": given}, token="")
    assert (again.status, again.headers["location"]) == (303, "/")
    assert "set-cookie" not in again.headers


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "/%5Cevil.example", "///evil.example"])
def test_a_link_leads_nowhere_else(ask: Ask, server: Background, token: str, path: str) -> None:
    where = follow(ask, token, server.port, path).headers["location"]
    assert where.startswith("/evil.example")


def test_a_link_followed_from_another_page_goes_on_by_a_page_of_ours(
    ask: Ask, server: Background, token: str
) -> None:  # fmt: skip
    reply = follow(ask, token, server.port, headers={"sec-fetch-site": "cross-site"})
    assert (reply.status, reply.headers["refresh"]) == (200, "0; url=/")
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")


def test_links_that_are_none(ask: Ask, server: Background, token: str) -> None:
    other_port = entry.secret(token, server.port + 1)
    other_token = entry.secret(token + "x", server.port)
    right = entry.secret(token, server.port)
    changed = right[:-1] + ("0" if right[-1] != "0" else "1")
    for secret in (other_port, other_token, changed, "once-", "once-..", "once-é.é.é", right[:30]):
        reply = ask("GET", f"/?token={secret.replace('é', '%C3%A9')}", token="")
        assert (reply.status, reply.json["error"]["code"]) == (401, "link_used")
        assert "set-cookie" not in reply.headers
    assert ask("GET", f"/?token={token}", token="").json["error"]["code"] == "unauthorized"
    assert ask("HEAD", f"/?token={right}", token="").status == 401
    assert ask("GET", f"/?token={right}", token="").status == 303


def test_a_link_of_before_the_server_or_too_old(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = entry.secret(token, 1)
    known = entry.Entry(token)
    assert not known.uses(before, 1)
    fresh, made = entry.secret(token, 1), clock.now()
    monkeypatch.setattr(clock, "now", lambda: made + entry.LINK_LASTS + clock.SECOND)
    assert not known.uses(fresh, 1)


def test_a_cookie_ends_and_outlives_a_restart(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    value = entry.Entry(token).cookie(1).decode().partition("=")[2].partition(";")[0]
    assert entry.Entry(token).knows(value, 1)
    assert not entry.Entry(token).knows(value, 2)
    assert not entry.Entry(token).knows(value, None)
    assert not entry.Entry(token + "x").knows(value, 1)
    made = clock.now()
    monkeypatch.setattr(clock, "now", lambda: made + entry.COOKIE_LASTS + clock.SECOND)
    assert not entry.Entry(token).knows(value, 1)


def test_who_types_the_address_is_told_in_a_page(ask: Ask) -> None:
    reply = ask("GET", "/<b>", headers={"sec-fetch-mode": "navigate"}, token="")
    assert (reply.status, reply.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert b"tachograph serve --link" in reply.body
    assert b"<b>" not in reply.body
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")
    assert ask("GET", "/", headers={"sec-fetch-mode": "cors"}, token="").json["error"]["code"] == "unauthorized"


READING = [({}, 200), ({"sec-fetch-site": "none"}, 200), ({"sec-fetch-site": "same-origin"}, 200)] + [
    (headers, 403)
    for headers in (
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site"},
        {"origin": "http://localhost:1"},
        {"origin": "null"},
    )
]


@pytest.mark.parametrize(("headers", "status"), READING)
def test_reading_with_a_cookie(
    ask: Ask, server: Background, token: str, headers: dict[str, str], status: int
) -> None:  # fmt: skip
    given = {**headers, "cookie": f"other=1; {cookie(follow(ask, token, server.port))}"}
    assert ask("GET", "/api/openapi.json", headers=given, token="").status == status


WRITING = [
    ({}, 403),
    ({"sec-fetch-site": "none"}, 403),
    ({"sec-fetch-site": "same-site"}, 403),
    ({"origin": "http://127.0.0.1:1"}, 403),
    ({"origin": "null", "sec-fetch-site": "same-origin"}, 403),
    ({"origin": "http://127.0.0.1:{port}"}, 200),
    ({"origin": "http://localhost:{port}", "sec-fetch-site": "same-origin"}, 200),
    ({"sec-fetch-site": "same-origin"}, 200),
]


@pytest.mark.parametrize(("headers", "status"), WRITING)
def test_writing_with_a_cookie(
    ask: Ask, server: Background, token: str, home: Path, headers: dict[str, str], status: int
) -> None:
    given = {name: value.format(port=server.port) for name, value in headers.items()}
    reply = ask("POST", HOOK, b"{}", {**given, "cookie": cookie(follow(ask, token, server.port))}, token="")
    assert reply.status == status
    assert len(kept(home)) == (1 if status == 200 else 0)


def test_a_wrong_cookie_is_a_wrong_token(ask: Ask, server: Background) -> None:
    given = {"cookie": f"tachograph-{server.port}=0.0.0; tachograph-{server.port}="}
    assert ask("GET", "/api/openapi.json", headers=given, token="").status == 401
    assert server.guard.wrong_tokens == 1


def test_whose_connection_it_is() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as mine:
        local, remote = mine.getsockname(), listener.getsockname()
        assert entry.owner_in(Path("/proc/net/tcp").read_text(), local, remote) == os.geteuid()
        assert entry.of_this_user(local, remote)
    row = "0100007F:1F90 0100007F:1FD7"
    table = f"header\n 0: {row} 06 0:0 0:0 0 0 0 1 1\n 1: {row} 01 0:0 0:0 0 4711 0 1 1\n"
    one, other = ("127.0.0.1", 0x1F90), ("127.0.0.1", 0x1FD7)
    assert entry.owner_in(table, one, other) == 4711
    assert entry.owner_in(table, other, one) is None
    assert entry.owner_in(table, ("127.0.0.2", 0x1F90), other) is None
    assert entry.of_this_user(None, ("path", None))


def test_a_connection_in_the_other_table() -> None:
    with (
        socket.create_server(("::1", 0), family=socket.AF_INET6) as listener,
        socket.create_connection(listener.getsockname()[:2]) as mine,
    ):
        local, remote = mine.getsockname()[:2], listener.getsockname()[:2]
        assert entry.owner_in(Path("/proc/net/tcp6").read_text(), local, remote) == os.geteuid()


def test_nothing_leads_back_to_the_token(token: str) -> None:
    made = entry.link(token, "http://127.0.0.1:1") + entry.Entry(token).cookie(1).decode()
    assert token not in made
    assert keys.sending(token) not in made

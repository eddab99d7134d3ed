"""Who is let in, and who is not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tachograph import keys
from tachograph.serve.run import Background
from tests.serve.conftest import Ask, kept

HOOK = "/api/ingest/hooks/pi"
Raw = Callable[[bytes], bytes]


def test_health_needs_no_token_and_tells_nothing(ask: Ask) -> None:
    reply = ask("GET", "/healthz", token="")
    assert (reply.status, reply.json) == (200, {"status": "ok"})


@pytest.mark.parametrize("path", ["/", HOOK, "/v1/logs", "/api/openapi.json", "/nowhere", "/healthz/", "/healthz/../x"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_everything_else_needs_one(ask: Ask, home: Path, method: str, path: str) -> None:
    reply = ask(method, path, b"{}" if method == "POST" else None, token="")
    assert reply.status == 401
    assert reply.json["error"]["code"] == "unauthorized"
    assert reply.headers["www-authenticate"] == "Bearer"
    assert not kept(home)


@pytest.mark.parametrize(
    "header", ["Bearer wrong", "Basic {0}", "{0}", "Bearer", "Bearer {0}x", "Bearer  ", "bearer\t{0}", "Bearer {0} {0}"]
)
def test_wrong_tokens(ask: Ask, token: str, header: str) -> None:
    assert ask("POST", HOOK, b"{}", {"authorization": header.format(token)}).status == 401


def test_the_scheme_is_read_in_any_case(ask: Ask, token: str) -> None:
    assert ask("POST", HOOK, b"{}", {"authorization": f"bearer {token}"}).status == 200


def test_the_token_of_agents_only_sends(ask: Ask, token: str) -> None:
    sending = keys.sending(token)
    assert ask("POST", HOOK, b"{}", token=sending).status == 200
    assert ask("POST", "/v1/logs", b"{}", token=sending).status == 200
    reply = ask("GET", "/api/openapi.json", token=sending)
    assert (reply.status, reply.json["error"]["code"]) == (403, "refused")
    assert ask("GET", "/api/openapi.json", token=token).status == 200


def test_the_token_of_agents_in_the_path(ask: Ask, token: str, home: Path) -> None:
    sending = keys.sending(token)
    assert ask("POST", f"/i/{sending}/v1/traces", b'{"resourceSpans":[]}', token="").status == 200
    assert ask("POST", f"/i/{sending}{HOOK}", b"{}", token="").status == 200
    assert [record.kind for record in kept(home)] == [b"T", b"K"] or len(kept(home)) == 2
    assert ask("POST", "/i/wrong/v1/traces", b"{}", token="").status == 401
    assert ask("GET", f"/i/{sending}/api/openapi.json", token="").status == 403


def test_wrong_tokens_are_counted_and_slowed(ask: Ask, server: Background, token: str) -> None:
    for _ in range(3):
        ask("GET", "/api/openapi.json", token="wrong")
    assert ask("GET", "/healthz", token="wrong").status == 200
    assert ask("GET", "/api/openapi.json", token="").status == 401
    assert ask("GET", "/api/openapi.json").status == 200
    assert server.guard.wrong_tokens == 3


def test_many_wrong_tokens_at_once_keep_nobody_out(ask: Ask) -> None:
    threads = [threading.Thread(target=ask, args=("GET", "/"), kwargs={"token": "wrong"}) for _ in range(60)]
    for thread in threads:
        thread.start()
    assert ask("POST", HOOK, b"{}").status == 200
    for thread in threads:
        thread.join()


HOSTS = {
    "evil.example": 403,
    "evil.example:{port}": 403,
    "127.0.0.1": 403,
    "127.0.0.1:1": 403,
    "127.0.0.1:{port}.evil.example": 403,
    "127.0.0.1.evil.example:{port}": 403,
    "localhost:{port}": 200,
    "127.0.0.1:{port}": 200,
    "[::1]:{port}": 200,
    "LOCALHOST:{port}": 403,
    "0.0.0.0:{port}": 403,
    "": 403,
}


@pytest.mark.parametrize(("host", "status"), HOSTS.items())
def test_only_our_own_names_are_answered_to(ask: Ask, server: Background, host: str, status: int) -> None:
    name = host.format(port=server.port)
    assert ask("GET", "/healthz", headers={"host": name}).status == status
    assert ask("POST", HOOK, b"{}", {"host": name}).status == status


def test_two_host_headers_or_none(raw: Raw, server: Background) -> None:
    own = b"Host: 127.0.0.1:%d\r\n" % server.port
    for hosts in (own + b"Host: evil.example\r\n", own + own, b""):
        reply = raw(b"GET /healthz HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n")
        assert reply.split(b" ")[1] in (b"400", b"403")
    assert raw(b"GET /healthz HTTP/1.0\r\n\r\n").split(b" ")[1] == b"403"


FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1"},
    {"origin": "http://localhost:1"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "http://127.0.0.1:{port}", "sec-fetch-site": "cross-site"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("path", [HOOK, "/v1/logs"])
def test_web_pages_of_others_add_nothing(
    ask: Ask, server: Background, home: Path, path: str, headers: dict[str, str]
) -> None:
    filled = {name: value.format(port=server.port) for name, value in headers.items()}
    reply = ask("POST", path, b"{}", filled)
    assert (reply.status, reply.json["error"]["code"]) == (403, "refused")
    assert not kept(home)


def test_a_page_of_our_own_may(ask: Ask, server: Background) -> None:
    own = {"origin": f"http://127.0.0.1:{server.port}", "sec-fetch-site": "same-origin"}
    assert ask("POST", HOOK, b"{}", own).status == 200


def test_no_answer_is_for_other_sites_to_read(ask: Ask, server: Background) -> None:
    for reply in (
        ask("GET", "/healthz", headers={"origin": "https://evil.example"}),
        ask("OPTIONS", HOOK, headers={"origin": "https://evil.example", "access-control-request-method": "POST"}),
        ask("POST", HOOK, b"{}"),
    ):
        assert not [name for name in reply.headers if name.startswith("access-control")]
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in reply.headers["content-security-policy"]
        assert "server" not in reply.headers


def test_websockets_are_not_accepted(raw: Raw, server: Background) -> None:
    reply = raw(
        b"GET /api/ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n" % server.port
    )
    assert reply.split(b" ")[1] in (b"401", b"403")


def test_nobody_outside_this_machine_reaches_it(server: Background) -> None:
    listening = Path("/proc/net/tcp").read_text().splitlines()
    found = [line.split()[1] for line in listening if line.split()[1].endswith(f":{server.port:04X}")]
    assert found
    assert all(address.startswith("0100007F") for address in found)

"""Checks of the probe: what other users of the machine try, and programs that are broken or hostile."""

from __future__ import annotations

import os
import re
import socket
import stat
import threading
from collections.abc import Callable
from pathlib import Path

from tachograph import keys
from tachograph.serve import entry
from tachograph.serve.guard import SENDING
from tests.serve.outside import Outside, read
from tests.serve.probing import HOOK, SPEC, check, refused, routes

# Other users of this machine.


@check("token: needed on every route but one")
def _(door: Outside) -> None:
    found = routes()
    assert {("GET", "/healthz"), ("POST", "/v1/logs"), ("GET", "/api/docs"), ("GET", "/metrics")} <= set(found)
    more = [
        ("GET", one) for one in ("/graphql", "/mcp", "/metrics", "/api/live", "/i/x/api/docs", "/nowhere", "/Healthz")
    ]
    for method, path in found + more + [("POST", "/graphql"), ("POST", "/mcp"), ("WS", "/api/ws")]:
        if path == "/healthz":
            continue
        for verb in ("GET", "POST") if method == "*" else (method,):
            answer = door.handshake(path=path) if verb == "WS" else door.ask(verb, path, token="", body=b"")
            assert answer.status == 401, (verb, path, answer.raw[:200])
            assert answer.one("www-authenticate") == "Bearer"


@check("token: the one of agents opens nothing but what they send")
def _(door: Outside) -> None:
    sending = keys.sending(door.token)
    for method, path in routes():
        if path == "/healthz" or path.startswith(SENDING) or method == "WS":
            continue
        verb = "GET" if method == "*" else method
        refused(door.ask(verb, path, body=b"", token=sending), 403)
        refused(door.ask(verb, f"/i/{sending}{path}", body=b"", token=""), 403)


@check("token: not taken from where it may be logged or guessed")
def _(door: Outside) -> None:
    basic = {"Authorization": f"Basic {door.token}"}
    for query in ("token", "access_token", "key"):
        refused(door.ask("GET", f"{SPEC}?{query}={door.token}", token=""), 401)
    refused(door.ask("GET", f"/i/{door.token}{SPEC}", token=""), 401)
    refused(door.ask("GET", SPEC, basic, token=""), 401)
    refused(door.ask("GET", SPEC, {"X-Token": door.token, "Cookie": f"token={door.token}"}, token=""), 401)
    refused(door.ask("GET", SPEC, {"Cookie": f"tachograph-{door.port}={door.token}"}, token=""), 401)


@check("token: near misses")
def _(door: Outside) -> None:
    for wrong in (
        door.token[:-1],
        door.token + "x",
        door.token.upper(),
        f"{door.token} {door.token}",
        "\xff" * 40,
        "x" * 20000,
    ):
        refused(door.ask("GET", SPEC, token=wrong), 401)


@check("token: wrong ones are counted and keep nobody out")
def _(door: Outside) -> None:
    def count() -> int:
        found = re.search(rb"^tachograph_wrong_tokens_total (\d+)", door.ask("GET", "/metrics").body, re.MULTILINE)
        assert found
        return int(found[1])

    before = count()
    threads = [threading.Thread(target=door.ask, args=("GET", SPEC), kwargs={"token": "wrong"}) for _ in range(40)]
    for thread in threads:
        thread.start()
    assert door.ask("GET", SPEC).status == 200
    for thread in threads:
        thread.join()
    assert count() == before + 40


@check("files: nobody else can read the token, the store or the journals")
def _(door: Outside) -> None:
    for found in (door.home, *door.home.rglob("*")):
        assert not stat.S_IMODE(found.lstat().st_mode) & 0o077, found


@check("loopback: nothing listens elsewhere")
def _(door: Outside) -> None:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        lines = [line.split() for line in Path(table).read_text().splitlines()[1:]]
        listening = [line[1] for line in lines if line[3] == "0A" and line[1].endswith(f":{door.port:04X}")]
        assert all(address.startswith("0100007F") for address in listening)
        assert listening or table.endswith("6")


@check("socket: a file for its owner alone, with the same guard")
def _(door: Outside) -> None:
    path = door.home.parent / "run" / "door"
    assert stat.S_IMODE(path.lstat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for host, status in (("localhost", 401), ("evil.example", 403)):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            connection.sendall(f"GET {SPEC} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            assert read(connection.recv(65536)).status == status


# The link and the cookie.


@check("link: works once, also for twenty at once")
def _(door: Outside) -> None:
    path, found = door.link(), []
    threads = [
        threading.Thread(target=lambda: found.append(door.ask("GET", path, token="").status)) for _ in range(20)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [303] + [401] * 19


@check("link: strips itself from the address, tells no referrer and leads nowhere else")
def _(door: Outside) -> None:
    for where in ("/", "//evil.example/", "/\\evil.example", "/%0d%0aLocation:%20https://evil.example"):
        secret = entry.secret(door.token, door.port)
        answer = door.ask("GET", f"{where}?a=b&token={secret}", token="")
        assert answer.status == 303
        assert re.fullmatch(r"/(?!/)[^\\]*\?a=b", answer.one("location"))
        assert secret.encode() not in answer.raw
        assert answer.one("referrer-policy") == "no-referrer"


@check("link: not for another user, who may see it where a browser was started")
def _(door: Outside) -> None:
    path = door.link()
    if os.geteuid() == 0:  # nobody else can become another user; what it rests on is in test_entry
        child = os.fork()
        if child == 0:
            os.setuid(65534)
            os._exit(door.ask("GET", path, token="").status % 256)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 401 % 256
    assert door.ask("GET", path, token="").status == 303


@check("link: not for another port, not by HEAD or POST")
def _(door: Outside) -> None:
    refused(door.ask("GET", f"/?token={entry.secret(door.token, door.port + 1)}", token=""), 401)
    path = door.link()
    assert door.ask("HEAD", path, token="").status == 401
    refused(door.ask("POST", path, body=b"", token=""), 401)
    assert door.ask("GET", path, token="").status == 303


@check("cookie: its flags, its name, no other host")
def _(door: Outside) -> None:
    given = door.ask("GET", door.link(), token="").one("set-cookie")
    flags = given.split("; ")[1:]
    assert given.startswith(f"tachograph-{door.port}=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(flags)
    assert not [flag for flag in flags if flag.startswith("Domain")]
    assert door.token not in given


@check("cookie: changed ones, and those of another port or server")
def _(door: Outside) -> None:
    name, _, value = door.cookie.partition("=")
    other_port = entry.Entry(door.token).cookie(door.port + 1).decode().partition("=")[2].partition(";")[0]
    other_token = entry.Entry("x" * 40).cookie(door.port).decode().partition("=")[2].partition(";")[0]
    at, nonce, seal = value.split(".")
    later = f"{int(at, 16) + 1:x}.{nonce}.{seal}"
    for wrong in (value[:-1], value.upper(), later, other_port, other_token, "", "..", "é.é.é"):
        refused(door.ask("GET", SPEC, {"Cookie": f"{name}={wrong}"}, token=""), 401)
    assert door.browser("GET", SPEC).status == 200


# Broken and hostile programs.


@check("methods: nothing is echoed, nothing is tunnelled")
def _(door: Outside) -> None:
    for method in ("TRACE", "PUT", "DELETE", "PATCH", "PROPFIND", "CONNECT"):
        answer = door.ask(method, SPEC, {"X-Echo": "shout"})
        assert answer.status in (400, 405, 501)
        assert b"shout" not in answer.raw
    refused(door.ask("CONNECT", "evil.example:443"), 400)
    for path in (SPEC, "/", "/healthz", "/metrics", "/api/docs"):
        head, whole = door.ask("HEAD", path), door.ask("GET", path)
        assert (head.status, head.body) == (200, b"")
        assert {*head.headers} == {*whole.headers}
    assert door.ask("GET", SPEC, {"X-HTTP-Method-Override": "DELETE"}).status == 200


SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n"
SMUGGLING = {
    "length and pieces": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "pieces and length": b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 0\r\nContent-Length: 50\r\n\r\n",
    "a length below zero": b"Content-Length: -1\r\n\r\n",
    "a length with a sign": b"Content-Length: +5\r\n\r\n",
    "pieces spelt differently": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "pieces twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "a space before the colon": b"Content-Length : 0\r\n\r\n",
    "a folded line": b"X-One: a\r\n Content-Length: 50\r\n\r\n",
    "a size that is none": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "a zero byte": b"X-One: a\x00b\r\n\r\n",
}  # fmt: skip


def smuggling(head: bytes) -> Callable[[Outside], None]:
    def holds(door: Outside) -> None:
        host = door.host.encode()
        answer = door.say(
            b"POST " + HOOK.encode() + b" HTTP/1.1\r\nHost: " + host + b"\r\nAuthorization: Bearer "
            + door.token.encode() + b"\r\n" + head + SMUGGLED % host
        )  # fmt: skip
        assert answer.status in (0, 400), answer.raw[:200]
        assert b'{"status":"ok"}' not in answer.raw

    return holds


for title, head in SMUGGLING.items():
    check(f"smuggling: {title}")(smuggling(head))


@check("bodies: what is no JSON is the sender's mistake, on every route that takes one")
def _(door: Outside) -> None:
    broken = (b"[" * 100_000, b'{"action": "\xff"}', b'{"action": "\\ud800"}', b'{"action": NaN}', b"9" * 9000, b"\0")
    for method, path in [*routes(), ("POST", "/mcp"), ("POST", "/api/replay/any")]:
        for body in broken if method == "POST" else ():
            answer = door.ask("POST", path, body=body)
            least = 200 if path.startswith(SENDING) else 400  # what agents send is kept, looked at as little as can be
            assert least <= answer.status < 500, (path, body[:20], answer.raw[:300])


@check("sizes: head, address and body end somewhere")
def _(door: Outside) -> None:
    assert door.ask("GET", "/healthz", {"X-Large": "x" * (100 << 10)}).status in (400, 431)
    assert door.say(b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * 200_000).status in (0, 431)
    assert door.ask("GET", "/healthz?" + "x" * (20 << 10)).status == 414
    assert door.ask("POST", HOOK, {"Content-Length": str(1 << 40)}, b"x").status == 413
    assert door.ask("GET", "/healthz").status == 200


@check("time: a request that does not come is not waited for")
def _(door: Outside) -> None:
    """One that says nothing, one that stops in its head; both are hung up on, others are served meanwhile."""
    with door.connect(60) as silent, door.connect(60) as slow, door.connect(60) as blank:
        slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: ")
        blank.sendall(b"\r\n" * 20)
        assert door.ask("GET", "/healthz").status == 200
        assert silent.recv(1) == b""
        assert read(slow.recv(65536)).status == 408
        assert blank.recv(65536) == b""

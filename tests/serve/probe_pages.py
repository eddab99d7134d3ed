"""Checks of the probe: what pages of other sites try with a browser that has a cookie of ours."""

from __future__ import annotations

from collections.abc import Callable

from tachograph.serve import entry
from tachograph.serve.answering import HEADERS
from tests.serve.outside import Outside
from tests.serve.probing import HOOK, SPEC, check, received, refused, routes

FORM = "application/x-www-form-urlencoded"

# Names that lead here: DNS rebinding.

FOREIGN_HOSTS = {
    "another name": "evil.example",
    "another name with our port": "evil.example:{port}",
    "our address as a subdomain": "127.0.0.1.evil.example:{port}",
    "an address in a name": "127.0.0.1.nip.io:{port}",
    "a trailing dot": "127.0.0.1.:{port}",
    "a name with a trailing dot": "localhost.:{port}",
    "another port": "127.0.0.1:1",
    "no port": "127.0.0.1",
    "user and password": "127.0.0.1:{port}@evil.example",
    "user in front": "evil@127.0.0.1:{port}",
    "a decimal address": "2130706433:{port}",
    "a short address": "127.1:{port}",
    "an address in IPv6": "[::ffff:127.0.0.1]:{port}",
    "all addresses": "0.0.0.0:{port}",
    "nothing": "",
    "another spelling": "LOCALHOST:{port}",
    "two names in one": "127.0.0.1:{port}, evil.example",
    "a path": "127.0.0.1:{port}/",
}


def foreign_host(host: str) -> Callable[[Outside], None]:
    return lambda door: refused(door.ask("GET", SPEC, {"Host": host.format(port=door.port)}), 403, 400)


for title, host in FOREIGN_HOSTS.items():
    check(f"host: {title}")(foreign_host(host))


@check("host: none, or two")
def _(door: Outside) -> None:
    own = b"Host: " + door.host.encode() + b"\r\n"
    for hosts in (b"", own + own, own + b"Host: evil.example\r\n", b"Host: evil.example\r\n" + own):
        refused(door.say(b"GET /healthz HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n"))
    refused(door.say(b"GET /healthz HTTP/1.0\r\n\r\n"), 403)


@check("host: another one in the address or forwarded")
def _(door: Outside) -> None:
    refused(door.ask("GET", "http://evil.example/healthz"), 400)
    forwarded = {"X-Forwarded-Host": door.host, "Forwarded": f"host={door.host}", "Host": "evil.example"}
    refused(door.ask("GET", SPEC, forwarded), 403)


@check("host: asked before routing, for every route there is")
def _(door: Outside) -> None:
    foreign = {"Host": f"evil.example:{door.port}"}
    for method, path in [*routes(), ("GET", "/nowhere")]:
        answer = door.handshake(foreign, path=path, token=door.token) if method == "WS" else None
        refused(answer or door.ask("GET" if method == "*" else method, path, foreign, b""), 403)


# Requests that pages of others make: CSRF.

OTHERS: dict[str, dict[str, str]] = {
    "a form": {"Content-Type": FORM, "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "text": {"Content-Type": "text/plain", "Origin": "https://evil.example"},
    "a form with files": {"Content-Type": "multipart/form-data; boundary=x", "Origin": "http://evil.example"},
    "origin null": {"Origin": "null"},
    "no origin": {},
    "an empty origin": {"Origin": ""},
    "another port of this machine": {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-site"},
    "an origin that begins like ours": {"Origin": "http://127.0.0.1:{port}.evil.example"},
    "an origin that ends like ours": {"Origin": "http://evil.example#127.0.0.1:{port}"},
    "an origin with a user": {"Origin": "http://127.0.0.1:{port}@evil.example"},
    "our origin, but told to be of another site": {"Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "cross-site"},
    "typed by hand": {"Sec-Fetch-Site": "none"},
}


def csrf(headers: dict[str, str]) -> Callable[[Outside], None]:
    def holds(door: Outside) -> None:
        filled = {name: value.format(port=door.port) for name, value in headers.items()}
        before = received(door)
        for path in (HOOK, "/v1/logs", "/api/record/feedback", "/graphql", "/mcp", "/api/replay/1"):
            refused(door.browser("POST", path, filled, b"{}"), 403)
        assert received(door) == before

    return holds


for title, given in OTHERS.items():
    check(f"csrf: {title}")(csrf(given))


@check("csrf: our own page may")
def _(door: Outside) -> None:
    before = received(door)
    own = {"Origin": door.origin, "Sec-Fetch-Site": "same-origin"}
    assert door.browser("POST", HOOK, own, b"{}").status == 200
    assert received(door) > before


@check("csrf: a page of others cannot read, a cookie or not")
def _(door: Outside) -> None:
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://localhost:1"},
    ):
        refused(door.browser("GET", SPEC, headers), 403)
        refused(door.ask("GET", SPEC, headers, token=""), 401)


@check("csrf: a page of others cannot log in")
def _(door: Outside) -> None:
    for secret in ("once-1.2.3", entry.secret("another token of theirs", door.port), door.token):
        refused(door.ask("GET", f"/?token={secret}", {"Sec-Fetch-Site": "cross-site"}, token=""), 401)


@check("cors: nobody is invited, whoever asks")
def _(door: Outside) -> None:
    for origin in ("https://evil.example", "null", door.origin):
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x"}
        for method, path in (("OPTIONS", HOOK), ("GET", SPEC), ("GET", "/healthz"), ("OPTIONS", "/nowhere")):
            answer = door.ask(method, path, asked)
            assert not [name for name in answer.headers if name.startswith("access-control")]


# WebSockets of others.

SOCKETS: dict[str, tuple[dict[str, str], bool]] = {
    "without anything": ({}, False),
    "a cookie, no origin": ({}, True),
    "a cookie, another site": ({"Origin": "https://evil.example"}, True),
    "a cookie, origin null": ({"Origin": "null"}, True),
    "a cookie, another port": ({"Origin": "http://127.0.0.1:1"}, True),
    "our origin, no cookie": ({"Origin": "http://127.0.0.1:{port}"}, False),
    "a cookie, another host": ({"Origin": "http://127.0.0.1:{port}", "Host": "evil.example:{port}"}, True),
}  # fmt: skip


def websocket(headers: dict[str, str], known: bool) -> Callable[[Outside], None]:
    def holds(door: Outside) -> None:
        filled = {name: value.format(port=door.port) for name, value in headers.items()}
        for path in {"/api/ws", "/api/live", *(path for method, path in routes() if method == "WS")}:
            refused(door.handshake({**filled, **({"Cookie": door.cookie} if known else {})}, path=path), 401, 403)

    return holds


for title, (given, known) in SOCKETS.items():
    check(f"websocket: {title}")(websocket(given, known))


@check("websocket: the token does not help another site")
def _(door: Outside) -> None:
    refused(door.handshake({"Origin": "https://evil.example"}, token=door.token), 403)


# Files that are nobody's business.

WALKS = (
    "/pages/../../keys.py",
    "/pages/%2e%2e/%2e%2e/keys.py",
    "/pages/..%2f..%2fkeys.py",
    "/pages/%252e%252e%252fkeys.py",
    "/pages/..\\..\\keys.py",
    "/pages/..%5c..%5ckeys.py",
    "/pages/docs.js%00.html",
    "/pages//etc/passwd",
    "/pages/%2fetc%2fpasswd",
    "/pages/....//....//keys.py",
    "/../../../etc/passwd",
    "//etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/pages/..",
    "/pages/docs.js/../../pages.py",
    "/api/docs/../../keys.py",
    "/pages/%c0%ae%c0%ae/keys.py",
    "/token",
)


def walk(path: str) -> Callable[[Outside], None]:
    def holds(door: Outside) -> None:
        answer = door.ask("GET", path)
        refused(answer, 400, 404)
        assert b"root:" not in answer.raw
        assert b"import" not in answer.raw

    return holds


for walked in WALKS:
    check(f"traversal: {walked}")(walk(walked))


# What every answer says.


@check("headers: on every kind of answer")
def _(door: Outside) -> None:
    kinds = {
        "json": door.ask("GET", SPEC),
        "page": door.ask("GET", "/api/docs"),
        "script": door.ask("GET", "/pages/docs.js"),
        "health": door.ask("GET", "/healthz", token=""),
        "live": door.ask("GET", "/api/live"),
        "metrics": door.ask("GET", "/metrics"),
        "link": door.ask("GET", door.link(), token=""),
        "link from elsewhere": door.ask("GET", door.link(), {"Sec-Fetch-Site": "cross-site"}, token=""),
        "no token": door.ask("GET", "/", token=""),
        "wrong host": door.ask("GET", "/", {"Host": "x"}),
        "nowhere": door.ask("GET", "/x"),
        "wrong method": door.ask("DELETE", SPEC),
        "wrong body": door.ask("POST", "/v1/logs", {"Content-Type": "x"}, b""),
        "large body": door.ask("POST", HOOK, {"Content-Length": str(1 << 30)}, b"x"),
        "long address": door.ask("GET", "/?" + "x" * 20_000),
        "HEAD": door.ask("HEAD", SPEC),
        "OPTIONS": door.ask("OPTIONS", SPEC),
        "no HTTP": door.say(b"\x16\x03\x01\r\n\r\n"),
        "no handshake": door.handshake({"Sec-WebSocket-Version": "1"}),
        "handshake": door.handshake(),
    }
    for kind, answer in kinds.items():
        for name, value in HEADERS:
            given = answer.one(name.decode())
            if name == b"content-security-policy":
                assert given.startswith("default-src 'none'"), kind
                assert "frame-ancestors 'none'" in given, kind
                assert "unsafe" not in given, kind
            else:
                assert given == value.decode(), f"{kind}: {name.decode()}"
        assert "server" not in answer.headers, kind
        assert "x-powered-by" not in answer.headers, kind
        if answer.status >= 400 and answer.body:
            assert answer.one("content-type") == "application/json", kind
            assert b'{"error":{"code":' in answer.body, kind


@check("headers: no mistake tells where it was made")
def _(door: Outside) -> None:
    for answer in (
        door.ask("POST", "/v1/logs", None, b"{"), door.ask("POST", HOOK, {"Content-Encoding": "gzip"}, b"no gzip"),
        door.ask("GET", "/pages/%ff"), door.ask("GET", "/api/query/sessions?limit=x&limit=y&cursor=%00"),
    ):  # fmt: skip
        assert b"Traceback" not in answer.raw
        assert str(door.home).encode() not in answer.raw
        assert b"site-packages" not in answer.raw

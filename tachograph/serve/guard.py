"""Who may come in: right host, no foreign web page, right token. Asked before anything else looks at a request.

Tokens come as `Authorization: Bearer …`, or as the cookie that a browser got for a link (`entry.py`). Agents that can
set an address but no header put theirs in front of the path: `/i/TOKEN/v1/logs`. The token that agents have
(keys.sending) opens the routes in `SENDING` and nothing else.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

import msgspec

from tachograph import keys
from tachograph.serve.entry import Entry, cookie_name, of_this_user

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]

PATH_SECRET = "/i/"  # noqa: S105  # where one stands in a path, not one itself
SENDING = ("/api/ingest/", "/v1/")
OPEN = ("/healthz",)
ASKING = ("/api/replay/", "/graphql", "/mcp")  # POST there asks: it changes nothing that was recorded
HOSTS = ("127.0.0.1", "localhost", "[::1]")
HEAD_MAX = 64 << 10  # bytes of a request line and its headers
URL_MAX = 16 << 10
_SAFE = ("GET", "HEAD")
_OWN_SITE = ("same-origin", "none")
_SLOWER = 0.05  # seconds longer with every wrong token …
_SLOWEST = 1.0  # … up to this; senders wait a tenth: an agent with an old token must not notice
_WAITING = 32  # wrong tokens kept waiting at once; more are turned away without

HEADERS = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_log = logging.getLogger("tachograph.serve")


class Refusal(NamedTuple):
    """An answer instead of what was asked for."""

    status: int
    code: str
    message: str
    hint: str = ""

    def body(self) -> bytes:
        return msgspec.json.encode({"error": {"code": self.code, "message": self.message, "hint": self.hint}})


_FOREIGN = Refusal(403, "refused", "requests of other sites are not taken")
_UNSURE = Refusal(
    403, "refused", "with a cookie, nothing is changed without the header Origin",
    "programs send the header Authorization: Bearer TOKEN",
)  # fmt: skip
_NO_TOKEN = Refusal(
    401, "unauthorized", "a token is needed",
    "send the header Authorization: Bearer TOKEN; for a browser, tachograph serve --link prints a link",
)  # fmt: skip
_BAD_LINK = Refusal(
    401, "link_used", "this link was used already, or is too old", "tachograph serve --link prints a new one"
)
_READ_ONLY = Refusal(403, "read_only", "this server only reads", "start it without --read-only")


class Guard:
    """Stands before an ASGI application. `wrong_tokens` counts the requests that had a wrong token, link or cookie.

    `names`: what the server is called besides the names of the loopback, `name` or `name:port`, in lower case.
    """

    def __init__(
        self, inner: Application, token: str, *, names: Sequence[str] = (), read_only: bool = False
    ) -> None:  # fmt: skip
        self._inner = inner
        self._opening = token
        self._sending = keys.sending(token)
        self._entry = Entry(token)
        self._names = tuple(names)
        self._read_only = read_only
        self.wrong_tokens = 0
        self.at_end: list[Callable[[], None]] = []  # what ends streams that would go on for ever, called on the loop
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._inner(scope, receive, send)
            return
        names = _names(scope.get("server"), self._names)
        headers = scope["headers"]
        refusal = _size(scope, headers) or _host(scope, headers, names) or _site(scope, headers, names)
        if not refusal and (once := _once(scope)):
            await self._exchange(once, scope, headers, receive, send)
            return
        if not refusal:
            token, path = _token(scope, headers)
            if path != scope["path"]:
                scope = {**scope, "path": path, "raw_path": quote(path).encode()}
            refusal = self._judged(token, path, scope, headers, names) or self._writes(scope)
            if refusal and refusal.status == 401 and (token or _cookies(headers, _port(scope))):
                await self._slow_down(path)
        if refusal is None:
            await self._pass_on(scope, receive, send)
        else:
            await turn_away(scope, receive, send, refusal)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """To the application; what it lets fall is one error more, in the shape of all others."""
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                given = list(message.get("headers", ()))
                names = {name.lower() for name, _ in given}
                message = {**message, "headers": given + [header for header in HEADERS if header[0] not in names]}
            begun = begun or message["type"] != "websocket.close"
            await send(message)

        try:
            await self._inner(scope, receive, sending)
        except Exception as error:
            failed(scope, error)
            if begun or scope["type"] != "http":
                raise
            await answer(send, Refusal(500, "failed", "something went wrong in here", "tachograph doctor"))

    def _judged(self, token: str, path: str, scope: Scope, headers: Headers, names: _Names) -> Refusal | None:
        if path in OPEN:
            return None
        if not token and any(self._entry.knows(one, _port(scope)) for one in _cookies(headers, _port(scope))):
            return _not_own(scope, headers, names)
        right = keys.same(token, self._opening)
        if right or (path.startswith(SENDING) and keys.same(token, self._sending)):
            return None
        if token and keys.same(token, self._sending):
            return Refusal(403, "refused", "this token is for sending only", "use the one in the token file")
        return _NO_TOKEN

    def _writes(self, scope: Scope) -> Refusal | None:
        """Refused where only reading is allowed. A WebSocket asks."""
        if not self._read_only or scope["type"] != "http" or scope["method"] in (*_SAFE, "OPTIONS"):
            return None
        return None if scope["path"].startswith(ASKING) else _READ_ONLY

    async def _exchange(self, once: str, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        """A link is followed: a cookie for it, and on to the same address without the secret."""
        port = _port(scope)
        known = any(self._entry.knows(one, port) for one in _cookies(headers, port))
        fresh = port is not None and of_this_user(scope["client"], scope["server"]) and self._entry.uses(once, port)
        if not fresh and not known:
            await self._slow_down(scope["path"])
            await answer(send, _BAD_LINK)
            return
        where = _without_secret(scope)
        more = [(b"set-cookie", self._entry.cookie(port))] if fresh and port is not None else []
        # On a redirect that began elsewhere no browser sends a cookie for our own pages: there a page of ours goes on.
        site = next((value for name, value in headers if name == b"sec-fetch-site"), b"none")
        own = site.decode("latin-1") in _OWN_SITE
        status, onward = (303, (b"location", where)) if own else (200, (b"refresh", b"0; url=" + where))
        body = b"" if own else b'<!doctype html><title>Tachograph</title><a href="%s">Go on</a>' % where
        kind = (b"content-type", b"text/html; charset=utf-8")
        size = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": status, "headers": [kind, size, onward, *more, *HEADERS]})
        await send({"type": "http.response.body", "body": body})

    async def _slow_down(self, path: str) -> None:
        self.wrong_tokens += 1
        if self._waiting >= _WAITING:
            return
        seconds = min(self.wrong_tokens * _SLOWER, _SLOWEST / 10 if path.startswith(SENDING) else _SLOWEST)
        self._waiting += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self._waiting -= 1


def failed(scope: Scope, error: Exception) -> None:
    """Say in our own log what went wrong: the kind of error and where, no secret of a request."""
    _log.error("%s %s: %s", scope.get("method", "WS"), scope["path"], type(error).__name__)
    _log.debug("in detail", exc_info=error)


async def turn_away(scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
    """Say no, also to who wants a WebSocket: that is answered like any request."""
    if scope["type"] == "websocket":
        await receive()
        await answer(send, refusal, "websocket.http.response")
    else:
        await answer(send, refusal)


async def answer(send: Send, refusal: Refusal, kind: str = "http.response") -> None:
    """Say no."""
    body = refusal.body()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),  # what is left of the request is not read
        *HEADERS,
    ]
    if refusal.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": f"{kind}.start", "status": refusal.status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})


def _port(scope: Scope) -> int | None:
    """None on a socket that is a file."""
    found: int | None = (scope.get("server") or ("", None))[1]
    return found


class _Names(NamedTuple):
    """Every value that the header Host may have, and Origin: exact names, exact port."""

    hosts: frozenset[str]
    origins: frozenset[bytes]


@lru_cache(64)
def _names(server: tuple[str, int | None] | None, more: tuple[str, ...]) -> _Names:
    address, port = server or ("", None)
    hosts = [*HOSTS, *(name for name in more if ":" not in name)]
    try:
        # An address cannot be made to point elsewhere; with --host, it is one that this machine has.
        local = ipaddress.ip_address(address)
        hosts.append(f"[{local}]" if local.version == 6 else str(local))
    except ValueError:
        pass
    if port is None:
        found = frozenset(("localhost", *more))
    else:
        found = frozenset([f"{host}:{port}" for host in hosts] + list(more) + (hosts if port == 80 else []))
    return _Names(found, frozenset(f"{scheme}://{name}".encode() for scheme in ("http", "https") for name in found))


def _size(scope: Scope, headers: Headers) -> Refusal | None:
    address = len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b"")
    if address > URL_MAX:
        return Refusal(414, "too_large", f"an address holds at most {URL_MAX >> 10} kB")
    if address + sum(len(name) + len(value) for name, value in headers) > HEAD_MAX:
        return Refusal(431, "too_large", f"the head of a request holds at most {HEAD_MAX >> 10} kB")
    return None


def _host(scope: Scope, headers: Headers, names: _Names) -> Refusal | None:
    """A page elsewhere can have its own name point at this machine; the header still says which name it used."""
    given = [value.decode("latin-1") for name, value in headers if name == b"host"]
    if len(given) == 1 and given[0] in names.hosts:
        return None
    port = _port(scope)
    hint = f"ask for http://127.0.0.1:{port}" if port else "send the header Host: localhost"
    return Refusal(403, "refused", "this server does not answer to that name", hint)


def _foreign(headers: Headers, names: _Names) -> bool:
    """Does a header say that a page elsewhere asks?"""
    return any(
        (name == b"origin" and value not in names.origins)
        or (name == b"sec-fetch-site" and value.decode("latin-1") not in _OWN_SITE)
        for name, value in headers
    )


def _site(scope: Scope, headers: Headers, names: _Names) -> Refusal | None:
    """Web pages of others may not change anything, nor open sockets. Programs send neither of these headers."""
    if scope["type"] == "http" and scope["method"] in _SAFE:
        return None
    return _FOREIGN if _foreign(headers, names) else None


def _not_own(scope: Scope, headers: Headers, names: _Names) -> Refusal | None:
    """A cookie counts where the browser says that the page which asks is ours; to read, unless it says it is not."""
    if _foreign(headers, names):
        return _FOREIGN
    if scope["type"] == "http" and scope["method"] in _SAFE:
        return None
    sure = any(name == b"origin" or (name == b"sec-fetch-site" and value == b"same-origin") for name, value in headers)
    return None if sure else _UNSURE


def _once(scope: Scope) -> str:
    """The secret of a link; "" when none is in the address."""
    query = scope.get("query_string") or b""
    if scope["type"] != "http" or scope["method"] != "GET" or b"token=once-" not in query:
        return ""
    pairs: dict[str, str] = dict(parse_qsl(query.decode("latin-1")))
    return pairs.get("token", "")


def _without_secret(scope: Scope) -> bytes:
    """The address asked for, on this server whatever it is, without the secret."""
    left = [(name, value) for name, value in parse_qsl(scope["query_string"].decode("latin-1")) if name != "token"]
    path = "/" + quote(scope["path"].lstrip("/\\"))
    return f"{path}?{urlencode(left)}".encode() if left else path.encode()


def _cookies(headers: Headers, port: int | None) -> list[str]:
    """The values of our cookie; a browser that was given it twice sends both."""
    wanted = cookie_name(port)
    pairs = [
        one.strip().partition("=")
        for name, value in headers if name == b"cookie" for one in value.decode("latin-1").split(";")
    ]  # fmt: skip
    return [value for name, _, value in pairs if name == wanted][:4]


def _token(scope: Scope, headers: Headers) -> tuple[str, str]:
    """(the token, "" when there is none, and the path without it)."""
    path = scope["path"]
    if path.startswith(PATH_SECRET):
        token, slash, rest = path[len(PATH_SECRET) :].partition("/")
        return token, slash + rest
    for name, value in headers:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            return (token.strip() if scheme.lower() == "bearer" else ""), path
    return "", path

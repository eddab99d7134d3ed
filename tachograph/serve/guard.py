"""Who may come in: right host, no foreign web page, right token. Asked before anything else looks at a request.

Tokens come as `Authorization: Bearer …`. Agents that can set an address but no header put theirs in front of the path:
`/i/TOKEN/v1/logs`. The token that agents have (keys.sending) opens the routes in `SENDING` and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

import msgspec

from tachograph import keys

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

PATH_SECRET = "/i/"  # noqa: S105  # where one stands in a path, not one itself
SENDING = ("/api/ingest/", "/v1/")
OPEN = ("/healthz",)
HOSTS = ("127.0.0.1", "localhost", "[::1]")
_SAFE = ("GET", "HEAD")
_OWN_SITE = ("same-origin", "none")
_SLOWER = 0.05  # seconds longer with every wrong token …
_SLOWEST = 1.0  # … up to this; senders wait a tenth: an agent with an old token must not notice
_WAITING = 32  # wrong tokens kept waiting at once; more are turned away without

HEADERS = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


class Refusal(NamedTuple):
    """An answer instead of what was asked for."""

    status: int
    code: str
    message: str
    hint: str = ""

    def body(self) -> bytes:
        return msgspec.json.encode({"error": {"code": self.code, "message": self.message, "hint": self.hint}})


class Guard:
    """Stands before an ASGI application. `wrong_tokens` counts the requests that had one."""

    def __init__(self, inner: Application, token: str) -> None:
        self._inner = inner
        self._opening = token
        self._sending = keys.sending(token)
        self.wrong_tokens = 0
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._inner(scope, receive, send)
            return
        headers = scope["headers"]
        refusal = _host(scope, headers) or _site(scope, headers)
        if not refusal:
            token, path = _token(scope, headers)
            if path != scope["path"]:
                scope = {**scope, "path": path, "raw_path": path.encode()}
            refusal = self._judged(token, path)
            if refusal and refusal.status == 401 and token:
                await self._slow_down(path)
        if refusal is None:
            await self._inner(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: a plain 403
        else:
            await answer(send, refusal)

    def _judged(self, token: str, path: str) -> Refusal | None:
        if path in OPEN:
            return None
        right = keys.same(token, self._opening)
        if right or (path.startswith(SENDING) and keys.same(token, self._sending)):
            return None
        if token and keys.same(token, self._sending):
            return Refusal(403, "refused", "this token is for sending only", "use the one in the token file")
        return Refusal(401, "unauthorized", "a token is needed", "send the header Authorization: Bearer TOKEN")

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


async def answer(send: Send, refusal: Refusal) -> None:
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
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _host(scope: Scope, headers: list[tuple[bytes, bytes]]) -> Refusal | None:
    """A page elsewhere can have its own name point at this machine; the header still says which name it used."""
    given = [value.decode("latin-1") for name, value in headers if name == b"host"]
    port = (scope.get("server") or ("", 0))[1]
    if len(given) == 1 and given[0] in [f"{host}:{port}" for host in HOSTS]:
        return None
    return Refusal(403, "refused", "this server does not answer to that name", f"ask for http://127.0.0.1:{port}")


def _site(scope: Scope, headers: list[tuple[bytes, bytes]]) -> Refusal | None:
    """Web pages of others may not change anything, nor open sockets. Programs send neither of these headers."""
    if scope["type"] == "http" and scope["method"] in _SAFE:
        return None
    port = (scope.get("server") or ("", 0))[1]
    own = [f"http://{host}:{port}".encode() for host in HOSTS]
    for name, value in headers:
        foreign = (name == b"origin" and value not in own) or (
            name == b"sec-fetch-site" and value.decode("latin-1") not in _OWN_SITE
        )
        if foreign:
            return Refusal(403, "refused", "requests of other sites are not taken")
    return None


def _token(scope: Scope, headers: list[tuple[bytes, bytes]]) -> tuple[str, str]:
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


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = list(message.get("headers", ()))
            names = {name for name, _ in given}
            message = {**message, "headers": given + [header for header in HEADERS if header[0] not in names]}
        await send(message)

    return sending

"""Who may come in: right host, no foreign web page, right token. Asked before anything else looks at a request.

Tokens come as `Authorization: Bearer …`, or as the cookie that a browser got for a link (`entry.py`). Agents that can
set an address but no header put theirs in front of the path: `/i/TOKEN/v1/logs`. The token that agents have
(keys.sending) opens the routes in `SENDING` and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from tachograph import keys
from tachograph.serve.answering import HEADERS, Application, Receive, Refusal, Send, passed_on, turn_away
from tachograph.serve.asked import (
    OWN_SITE,
    SAFE,
    Headers,
    Names,
    Scope,
    cookies_in,
    in_names,
    is_foreign,
    link_in,
    names_of,
    port_of,
    sent,
    token_in,
    without_secret,
)
from tachograph.serve.entry import Entry, of_this_user

SENDING = ("/api/ingest/", "/v1/")
OPEN = ("/healthz",)
ASKING = ("/api/replay/", "/graphql", "/mcp")  # POST there asks: it changes nothing that was recorded
HEAD_MAX = 64 << 10  # bytes of a request line and its headers
URL_MAX = 16 << 10
_SLOWER = 0.05  # seconds longer with every wrong token …
_SLOWEST = 1.0  # … up to this; senders wait a tenth: an agent with an old token must not notice
_WAITING = 32  # wrong tokens kept waiting at once; more are turned away without

_FOREIGN = Refusal(403, "refused", "requests of other sites are not taken")
_UNSURE = Refusal(
    403, "refused", "with a cookie, nothing is changed without the header Origin",
    "programs send the header Authorization: Bearer TOKEN",
)  # fmt: skip
_NO_TOKEN = Refusal(
    401, "unauthorized", "a token is needed",
    "tachograph serve --link prints a link for a browser; programs send the header Authorization: Bearer TOKEN",
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
        scope = {**scope, "path": in_names(scope["path"], scope.get("raw_path") or b"")}
        names = names_of(scope.get("server"), self._names)
        headers = scope["headers"]
        refusal = _size(scope, headers) or _host(scope, headers, names) or _site(scope, headers, names)
        if not refusal and (once := link_in(scope)):
            await self._exchange(once, scope, headers, receive, send)
            return
        if not refusal:
            token, path = token_in(scope, headers)
            named = path != scope["path"]
            if named:
                scope = {**scope, "path": path, "raw_path": sent(path).encode()}
            refusal = self._judged(token, named, scope, headers, names) or self._writes(scope)
            if refusal and refusal.status == 401 and (token or cookies_in(headers, port_of(scope))):
                await self._slow_down(path)
        if refusal is None:
            await passed_on(self._inner, scope, receive, send)
        else:
            await turn_away(scope, receive, send, refusal)

    def _judged(self, token: str, named: bool, scope: Scope, headers: Headers, names: Names) -> Refusal | None:
        """`named`: the token stood in the address, where only that of agents may stand."""
        path = scope["path"]
        if path in OPEN:
            return None
        if not token and any(self._entry.knows(one, port_of(scope)) for one in cookies_in(headers, port_of(scope))):
            return _not_own(scope, headers, names)
        right = keys.same(token, self._opening) and not named
        if right or (path.startswith(SENDING) and keys.same(token, self._sending)):
            return None
        if token and keys.same(token, self._sending):
            return Refusal(403, "refused", "this token is for sending only", "use the one in the token file")
        return _NO_TOKEN

    def _writes(self, scope: Scope) -> Refusal | None:
        """Refused where only reading is allowed. A WebSocket asks."""
        if not self._read_only or scope["type"] != "http" or scope["method"] in (*SAFE, "OPTIONS"):
            return None
        return None if scope["path"].startswith(ASKING) else _READ_ONLY

    async def _exchange(self, once: str, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        """A link is followed: a cookie for it, and on to the same address without the secret."""
        port = port_of(scope)
        known = any(self._entry.knows(one, port) for one in cookies_in(headers, port))
        fresh = port is not None and of_this_user(scope["client"], scope["server"]) and self._entry.uses(once, port)
        if not fresh and not known:
            await self._slow_down(scope["path"])
            await turn_away(scope, receive, send, _BAD_LINK)
            return
        where = without_secret(scope)
        more = [(b"set-cookie", self._entry.cookie(port))] if fresh and port is not None else []
        # On a redirect that began elsewhere no browser sends a cookie for our own pages: there a page of ours goes on.
        site = next((value for name, value in headers if name == b"sec-fetch-site"), b"none")
        own = site.decode("latin-1") in OWN_SITE
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


def _size(scope: Scope, headers: Headers) -> Refusal | None:
    address = len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b"")
    if address > URL_MAX:
        return Refusal(414, "too_large", f"an address holds at most {URL_MAX >> 10} kB")
    if address + sum(len(name) + len(value) for name, value in headers) > HEAD_MAX:
        return Refusal(431, "too_large", f"the head of a request holds at most {HEAD_MAX >> 10} kB")
    return None


def _host(scope: Scope, headers: Headers, names: Names) -> Refusal | None:
    """A page elsewhere can have its own name point at this machine; the header still says which name it used."""
    given = [value.decode("latin-1") for name, value in headers if name == b"host"]
    if len(given) == 1 and given[0] in names.hosts:
        return None
    port = port_of(scope)
    hint = f"ask for http://127.0.0.1:{port}" if port else "send the header Host: localhost"
    return Refusal(403, "refused", "this server does not answer to that name", hint)


def _site(scope: Scope, headers: Headers, names: Names) -> Refusal | None:
    """Web pages of others may not change anything, nor open sockets. Programs send neither of these headers."""
    if scope["type"] == "http" and scope["method"] in SAFE:
        return None
    return _FOREIGN if is_foreign(headers, names) else None


def _not_own(scope: Scope, headers: Headers, names: Names) -> Refusal | None:
    """A cookie counts where the browser says that the page which asks is ours; to read, unless it says it is not."""
    if is_foreign(headers, names):
        return _FOREIGN
    if scope["type"] == "http" and scope["method"] in SAFE:
        return None
    sure = any(name == b"origin" or (name == b"sec-fetch-site" and value == b"same-origin") for name, value in headers)
    return None if sure else _UNSURE

"""What goes out: refusals and mistakes in one shape, and the headers that every answer has, whoever made it."""

from __future__ import annotations

import html
import logging
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

import msgspec

from tachograph.errors import TachographError
from tachograph.paths import Places
from tachograph.serve.asked import Scope, sent

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADERS = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_MARKUP = (b"text/html", b"image/svg+xml", b"application/xhtml+xml", b"text/xml", b"application/xml")
_PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
_log = logging.getLogger("tachograph.serve")


class Refusal(NamedTuple):
    """An answer instead of what was asked for."""

    status: int
    code: str
    message: str
    hint: str = ""

    def body(self) -> bytes:
        return msgspec.json.encode({"error": {"code": self.code, "message": self.message, "hint": self.hint}})

    def page(self) -> bytes:
        said, hint = html.escape(self.message), html.escape(self.hint)
        return f"{_PAGE}<title>Tachograph</title><h1>Tachograph</h1><p>{said}: {hint}</p></html>".encode()


async def passed_on(inner: Application, scope: Scope, receive: Receive, send: Send) -> None:
    """A request handed to the application; what it lets fall is one error more, in the shape of all others.

    HEAD is asked as GET: the application need not know it, and is told that the client has gone once the head is out.
    """
    only_head = scope["type"] == "http" and scope["method"] == "HEAD"
    begun = False

    async def sending(message: Message) -> None:
        nonlocal begun
        if only_head and begun:
            return
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            message = {**message, "headers": _completed(list(message.get("headers", ())))}
        begun = begun or message["type"] != "websocket.close"
        await send(message)
        if only_head:
            await send({"type": "http.response.body", "body": b""})

    async def receiving() -> Message:
        return {"type": "http.disconnect"} if only_head and begun else await receive()

    try:
        asked = {**scope, "method": "GET"} if only_head else scope
        await inner(asked, receiving if only_head else receive, sending)
    except Exception as error:
        if only_head and begun:
            return
        failed(scope, error)
        if begun or scope["type"] != "http":
            raise
        await answer(send, Refusal(500, "failed", "something went wrong in here", "tachograph doctor"))


def _completed(given: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """With the headers that every answer has. Markup that is no page of ours was recorded: it is a file to be saved."""
    names = {name.lower(): value for name, value in given}
    if b"content-security-policy" not in names and names.get(b"content-type", b"").startswith(_MARKUP):
        given = [*given, (b"content-security-policy", HEADERS[0][1] + b"; sandbox")]
        if b"content-disposition" not in names:
            given.append((b"content-disposition", b"attachment"))
        names[b"content-security-policy"] = b""
    return given + [header for header in HEADERS if header[0] not in names]


def without_paths(text: str, places: Places) -> str:
    """A message, with our own places called what they are instead of where they are."""
    named = {
        places.database: "the database",
        places.journal: "the journal folder",
        places.data: "the data folder",
        os.path.expanduser("~"): "~",
    }
    if places.config != places.data:
        named[places.config] = "the config folder"
    for path, name in named.items():
        if len(path) > 1:
            text = text.replace(path, name)
    return text


def failed(scope: Scope, error: BaseException) -> None:
    """Say in our own log what went wrong: the kind of error and where, no secret of a request."""
    inner = _innermost(error)
    said = f": {inner}" if isinstance(inner, TachographError) else ""
    _log.error("%s %s: %s%s", scope.get("method", "WS"), sent(scope["path"]), type(inner).__name__, said)
    _log.debug("in detail", exc_info=error)


def _innermost(error: BaseException) -> BaseException:
    """What it began with: frameworks wrap errors in their own, and in groups."""
    if isinstance(error, BaseExceptionGroup):
        return _innermost(error.exceptions[0])
    wrapped = error.__cause__ if not isinstance(error, TachographError) else None
    return _innermost(wrapped) if wrapped is not None else error


async def turn_away(scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
    """Say no, also to who wants a WebSocket: that is answered like any request."""
    if scope["type"] == "websocket":
        await receive()
        await answer(send, refusal, "websocket.http.response")
    else:
        await answer(send, refusal, page=(b"sec-fetch-mode", b"navigate") in scope["headers"])


async def answer(send: Send, refusal: Refusal, kind: str = "http.response", *, page: bool = False) -> None:
    """Say no; as a `page` to somebody who typed an address."""
    body = refusal.page() if page else refusal.body()
    headers = [
        (b"content-type", b"text/html; charset=utf-8" if page else b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),  # what is left of the request is not read
        *HEADERS,
    ]
    if refusal.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": f"{kind}.start", "status": refusal.status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})

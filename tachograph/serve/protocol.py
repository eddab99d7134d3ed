"""What uvicorn leaves open between a socket and the guard: how long a request may take to come, how large its head
may be, and what a request that is none is answered. All of it in the shape of every other error.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.datastructures import Headers
from websockets.http11 import Request as Handshake
from websockets.http11 import Response as Answer

from tachograph.serve.answering import HEADERS, Refusal
from tachograph.serve.guard import HEAD_MAX

HEAD_SECONDS = 10.0  # for a request line and its headers
BODY_SECONDS = 60.0  # for a body
_SLOW = Refusal(408, "too_slow", "the request did not come in time")
_LONG = Refusal(431, "too_large", f"the head of a request holds at most {HEAD_MAX >> 10} kB")
_BROKEN = Refusal(400, "bad_request", "that is no HTTP request as this server reads them")
_NO_HANDSHAKE = "that is no WebSocket handshake"


class Whole:
    """A transport that keeps the head of an answer until its body comes, in the same turn of the loop at the latest:
    one packet and one wake-up of the client, where uvicorn makes two.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head: bytes | None = None
        self._begun = False

    def write(self, data: bytes) -> None:
        """The first is the head."""
        if not self._begun:
            self._begun, self._head = True, data
            self._loop.call_soon(self._flush)
        elif self._head is None:
            self._transport.write(data)
        else:
            head, self._head = self._head, None
            self._transport.write(head + data)

    def _flush(self) -> None:
        if self._head is not None:
            head, self._head = self._head, None
            self._transport.write(head)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Requests(HttpToolsProtocol):
    """HTTP, bounded in time and size."""

    head_seconds = HEAD_SECONDS
    body_seconds = BODY_SECONDS
    _timer: asyncio.TimerHandle | None = None
    _begun = False  # a request is on its way
    _in_head = True
    _head = 0  # bytes of a head that is not complete
    _feeding = False  # the parser is at work: a wish to wait is carried out after it
    _wish: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its parent
        super().connection_made(transport)
        self._wait(self.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._feeding, self._wish = True, -1.0
        try:
            super().data_received(data)
        finally:
            self._feeding = False
            if self._wish != -1.0:
                self._wait(self._wish)
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return
        if not self._begun:
            if self._timer is None and not self._busy:  # bytes that begin nothing are not waited for either
                self._wait(self.head_seconds)
        elif self._in_head:
            self._head += len(data)
            if self._head > HEAD_MAX:
                self.refuse(_LONG)

    @property
    def _busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._begun, self._head = True, True, 0
        self._wait(self.head_seconds)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # what comes after a body in pieces is not part of the head
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._wait(self.body_seconds)
        if not self.url.startswith(b"/"):  # a whole address names a host of its own
            raise httptools.HttpParserInvalidURLError("an address on this server begins with /")
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not None and self.cycle is not before:  # a WebSocket has none
            self.cycle.transport = Whole(self.transport, self.loop)  # type: ignore[assignment]  # writes like one

    def on_message_complete(self) -> None:
        self._wait(None)
        self._in_head, self._begun, self._head = True, False, 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self.refuse(_BROKEN)

    def refuse(self, refusal: Refusal) -> None:
        """Answer and hang up; without a word where an answer is already on its way."""
        self._wait(None)
        if not self._busy:
            body = refusal.body()
            head = [
                f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}".encode(),
                b"content-type: application/json", b"content-length: %d" % len(body), b"connection: close",
                *(b"%s: %s" % header for header in HEADERS),
            ]  # fmt: skip
            self.transport.write(b"\r\n".join(head) + b"\r\n\r\n" + body)
        self.transport.close()

    def _wait(self, seconds: float | None) -> None:
        if self._feeding:  # most requests come whole: none of their three timers is needed
            self._wish = seconds
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(seconds, self._give_up) if seconds is not None else None

    def _give_up(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if self.pipeline or (self._busy and self._in_head):
            self._wait(self.head_seconds)  # it waits for us: the answer to what came before is not over
        elif self._begun:
            self.refuse(_SLOW)
        else:
            self.transport.close()


class Sockets(WebSocketsSansIOProtocol):
    """WebSockets; a handshake that is none is told so like everything else."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accept = self.conn.accept

        def accepting(request: Handshake) -> Answer:
            given = accept(request)
            if given.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
                return given
            body = Refusal(given.status_code, "bad_request", _NO_HANDSHAKE).body()
            headers = Headers([("content-type", "application/json"), ("content-length", str(len(body)))])
            headers.update({"connection": "close"} | {name.decode(): value.decode() for name, value in HEADERS})
            return Answer(given.status_code, given.reason_phrase, headers, body)

        self.conn.accept = accepting  # type: ignore[method-assign]  # what it says is decided in there

"""What every answer gets on its way out, whatever the application behind the guard says."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tachograph.serve import answering
from tachograph.serve.answering import Message, passed_on


def told(headers: list[tuple[bytes, bytes]], method: str = "GET", *, endless: bool = False) -> list[Message]:
    """What a client gets of an application that answers with these headers, and in pieces for ever if `endless`."""
    got: list[Message] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        assert scope["method"] == "GET"
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"piece", "more_body": endless})
        while endless and (await receive())["type"] != "http.disconnect":
            await send({"type": "http.response.body", "body": b"piece", "more_body": True})

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        got.append(message)

    asyncio.run(passed_on(inner, {"type": "http", "method": method, "path": "/"}, receive, send))
    return got


def headers_of(content_type: bytes, *more: tuple[bytes, bytes]) -> dict[bytes, bytes]:
    found = told([(b"content-type", content_type), *more])[0]["headers"]
    assert len(dict(found)) == len(found)
    return dict(found)


@pytest.mark.parametrize("kind", [b"text/html; charset=utf-8", b"image/svg+xml", b"application/xhtml+xml", b"text/xml"])
def test_recorded_markup_is_saved_and_not_shown(kind: bytes) -> None:
    headers = headers_of(kind)
    assert headers[b"content-security-policy"].endswith(b"; sandbox")
    assert headers[b"content-disposition"] == b"attachment"
    named = headers_of(kind, (b"content-disposition", b'attachment; filename="a.html"'))
    assert named[b"content-disposition"] == b'attachment; filename="a.html"'


def test_what_an_answer_says_itself_stays() -> None:
    own = headers_of(b"text/html", (b"Content-Security-Policy", b"default-src 'self'"))
    assert own[b"Content-Security-Policy"] == b"default-src 'self'"
    assert b"content-disposition" not in own


def test_all_others_get_every_header() -> None:
    assert set(answering.HEADERS) <= set(headers_of(b"application/json").items())


def test_only_a_head_is_asked_for() -> None:
    """An answer that never ends is ended, too."""
    for endless in (False, True):
        messages = told([(b"content-type", b"text/plain")], "HEAD", endless=endless)
        assert [message["type"] for message in messages] == ["http.response.start", "http.response.body"]
        assert messages[1]["body"] == b""

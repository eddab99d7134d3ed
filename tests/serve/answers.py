"""Answers held against what OpenAPI says of them, and lists walked page by page."""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from tests.serve.conftest import Ask, Reply

T = TypeVar("T")


def typed(reply: Reply, kind: type[T]) -> T:
    """The answer as its declared type; it has all of its fields and no other."""
    assert reply.status in (200, 201), reply.body
    found = msgspec.json.decode(reply.body, type=kind)
    assert msgspec.json.decode(msgspec.json.encode(found)) == reply.json
    return found


def refused(reply: Reply, status: int, *words: str) -> None:
    """An error in the one shape, that names what is wrong."""
    assert reply.status == status, reply.body
    error = reply.json["error"]
    assert set(error) == {"code", "message", "hint"}
    assert all(word in error["message"] + error["hint"] for word in words), error


def walked(ask: Ask, path: str, noun: str, limit: int, **filters: object) -> list[Any]:
    """Every row of a list, by its cursors."""
    found: list[Any] = []
    cursor: str | None = None
    page = 1
    while True:
        given = {**filters, "limit": limit, **({"cursor": cursor} if cursor else {})}
        reply = ask("GET", f"{path}?{urlencode(given)}")
        assert reply.status == 200, reply.body
        answer = reply.json
        assert answer["page"] == page
        assert len(answer[noun]) <= limit
        assert answer["truncated"] is (answer["next_cursor"] is not None)
        found += answer[noun]
        if answer["next_cursor"] is None:
            return found
        assert len(answer[noun]) == limit
        cursor, page = answer["next_cursor"], page + 1

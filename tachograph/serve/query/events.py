"""Events: lists over one session or all, and the timeline of all agents."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get

from tachograph.formats.rows import to_row
from tachograph.serve import paging
from tachograph.serve.bodies import Incoming
from tachograph.serve.query import parameters as p
from tachograph.serve.query.asking import answered, between, rows
from tachograph.serve.query.rows import EventRow
from tachograph.store import Store


class Events(msgspec.Struct):
    """`total` is null where only counting would tell it: with a time, a status, a tool."""

    events: list[EventRow]
    total: int | None
    page: int
    next_cursor: str | None
    truncated: bool


@get("/timeline")
async def timeline(
    request: Incoming,
    agent: p.Agent = None,
    type: p.Type = None,
    from_: p.From = None,
    to: p.To = None,
    limit: p.Limit = p.LIMIT,
    cursor: p.Cursor = None,
) -> Response[Events]:
    """What all sessions did between two times, oldest first."""
    asked: dict[str, Any] = {"agent": agent, "type": type}
    walk = paging.walk("timeline", {**asked, "from": from_, "to": to}, limit, cursor)
    chosen = {**asked, **between(from_, to, ("from", "to"))}

    def ask(store: Store) -> Events:
        found = store.events.list(**chosen, limit=walk.fetch, past=walk.past)
        shown, following = walk.cut(found, store.events.place)
        listed = rows(EventRow, map(to_row, shown))
        return Events(listed, store.events.total(**chosen), walk.page, following, following is not None)

    return await answered(request, ask)


HANDLERS = (timeline,)

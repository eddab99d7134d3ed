"""GET /api/live: what happens, as it happens, as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from litestar import Router, get
from litestar.background_tasks import BackgroundTask
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import Stream

from tachograph.errors import NotFound, UsageError
from tachograph.records import EVENT_TYPES
from tachograph.serve import sse, telling
from tachograph.serve.bodies import Incoming
from tachograph.serve.pulse import Listener, Pulse
from tachograph.serve.query.asking import STRICT
from tachograph.store import Store
from tachograph.store.arrivals import COLLISION, Filter, Position

NOW = "now"
_TYPES = frozenset({*EVENT_TYPES, COLLISION})
_AFTER = "Where to begin: `now`, an id of an event, `0` for the very beginning, or the `cursor` of a message."


async def place(pulse: Pulse, after: str) -> Position:
    """Where somebody begins who says so. Raises UsageError.

    Of an event alone nobody knows what changed before; such a place is as new as it can be.
    """

    def now(store: Store) -> Position:
        return store.arrivals.now()

    try:
        if "-" in after:
            return Position.read(after)
        event = None if after == NOW else Position.read(f"{after}-0-0").event
    except ValueError:
        raise UsageError(
            f"after: {after[:80]!r} is no place in the stream", "now, an id of an event, 0, or the cursor of a message"
        ) from None
    try:
        known = await pulse.reading.ask(now)
    except NotFound:  # nothing was ever recorded
        known = Position(0, 0)
    return known if event is None else known._replace(event=event)


def filtered(session: str | None, agent: str | None, type: str | None) -> Filter:
    """What somebody wants who says so; several types with commas between. Raises UsageError."""
    types = None if type is None else frozenset(word.strip() for word in type.split(","))
    for word in types or ():
        if word not in _TYPES and "." not in word:
            raise UsageError(f"type: {word[:80]!r} is no type of event", f"use some of {', '.join(sorted(_TYPES))}")
    return Filter(session or None, agent or None, types)


@get(
    "/api/live",
    opt={STRICT: True},
    media_type=sse.TYPE,
    responses={200: ResponseSpec(str, description="Messages as server-sent events.", media_type=sse.TYPE)},
    summary="What happens, as it happens",
)
async def live(
    request: Incoming,
    after: Annotated[str, QueryParameter(description=_AFTER)] = NOW,
    agent: Annotated[str | None, QueryParameter(description="A glob: sessions of these agents.")] = None,
    session: Annotated[str | None, QueryParameter(description="The id of one session.")] = None,
    type: Annotated[
        str | None,
        QueryParameter(description="Types of events, with commas between; `state` for what becomes of sessions."),
    ] = None,
    last_event_id: Annotated[
        str | None, HeaderParameter(name="Last-Event-ID", description="As `after`, and stronger: browsers send it.")
    ] = None,
) -> Stream:
    """New events, events that changed, what became of sessions, collisions. The stream does not end by itself."""
    pulse: Pulse = request.app.state.pulse
    wanted = filtered(session, agent, type)
    listener = pulse.listen(wanted, telling.SSE, await place(pulse, last_event_id or after))
    closing = BackgroundTask(listener.close)  # however the response ended
    return Stream(_sent(listener), media_type=sse.TYPE, headers=sse.HEADERS, background=closing)


async def _sent(listener: Listener) -> AsyncIterator[bytes]:
    yield sse.retry()
    async for chunks in listener.chunks():
        for chunk in chunks:
            assert isinstance(chunk, bytes)
            yield chunk


router = Router("/", route_handlers=[live], tags=["live"])

"""Replays over HTTP: a stream of messages, and what is asked of it while it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from litestar import Response, Router, get, post
from litestar.background_tasks import BackgroundTask
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, JSONBody, PathParameter, QueryParameter
from litestar.response import Stream

from tachograph import clock
from tachograph.errors import UsageError
from tachograph.replay.player import Options
from tachograph.replay.timing import FASTEST, SLOWEST
from tachograph.serve import sse
from tachograph.serve.bodies import Incoming
from tachograph.serve.replays import Replay, Replays, cursor_of

_SECONDS_MAX = 10**8
_TEXT_MAX = 1000
_Name = Annotated[str, PathParameter(max_length=_TEXT_MAX, description="As the messages of the replay tell it.")]


class ReplayState(msgspec.Struct):
    """How a replay plays. Times are ms since the session began; `items` of `total` have been told."""

    replay_id: str | None
    playing: str
    session_id: str
    at: str | None
    offset_ms: float
    from_ms: float
    to_ms: float
    items: int
    total: int
    turn: int
    turns: int
    speed: float
    idle_limit: float | None
    loop: bool
    output: bool


class Control(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What to do with a replay: pause, resume, stop; seek to one of to (seconds since the session began, `1:30`, or a
    date and time), by (seconds from here), fraction (0 to 1), turn, failure, marker, chapter (a turn or marker; each by
    number, `next` or `previous`), event (an id), items (so many); step with by 1 or -1; speed; loop."""

    action: str
    to: str | int | float | None = None
    by: int | float | None = None
    fraction: float | None = None
    turn: int | str | None = None
    failure: int | str | None = None
    marker: int | str | None = None
    chapter: int | str | None = None
    event: int | None = None
    items: int | None = None
    speed: float | None = None
    loop: bool | None = None


@get(
    "/session/{id:str}",
    responses={
        200: ResponseSpec(str, description="Messages as server-sent events, a snapshot first.", media_type=sse.TYPE),
        204: ResponseSpec(None, description="What Last-Event-ID names is over: no need to come again."),
    },
    summary="A stored session as it happened",
)
async def watch(
    request: Incoming,
    id: Annotated[
        str, PathParameter(max_length=_TEXT_MAX, description="A session: its id, its beginning, last, @agent.")
    ],
    speed: Annotated[float, QueryParameter(description="How many times as fast.", ge=SLOWEST, le=FASTEST)] = 1.0,
    begin: Annotated[
        str | None,
        QueryParameter(
            name="from", max_length=_TEXT_MAX, description="`90`, `1:30` since its beginning, or a date and time."
        ),
    ] = None,
    end: Annotated[
        str | None, QueryParameter(name="to", max_length=_TEXT_MAX, description="The same, where it ends.")
    ] = None,
    idle_limit: Annotated[
        float | None, QueryParameter(description="Seconds a silence lasts at most. Without: as long as it was.", ge=0)
    ] = None,
    loop: Annotated[bool, QueryParameter(description="At its end it begins again.")] = False,
    paused: Annotated[bool, QueryParameter(description="It begins with a pause.")] = False,
    output: Annotated[bool, QueryParameter(description="What programs printed is told, too.")] = False,
    stay: Annotated[bool, QueryParameter(description="At its end it waits for what is asked of it.")] = False,
    last_event_id: Annotated[
        str | None, HeaderParameter(name="Last-Event-ID", description="What was heard last, to go on after it.")
    ] = None,
) -> Response[Any]:
    """Its events, results of calls as they came, and on wish its output. Snapshots tell the `replay_id`."""
    replays: Replays = request.app.state.replays
    cursor = cursor_of(last_event_id)
    replay = replays.find(cursor.replay) if cursor else None
    heard = cursor.heard if cursor and replay else 0
    if replay is None:
        options = Options(
            speed, limit(idle_limit), begin, end, loop, paused, output, stay, cursor.items if cursor else 0
        )
        replay = await replays.begin(id, options)
    elif replay.over(heard):
        return Response(None, status_code=204)
    return _stream(replays, replay, heard)


def limit(seconds: float | None) -> int | None:
    """Seconds as ns; None for none, and for more than anybody waits."""
    if seconds is None or seconds > _SECONDS_MAX:
        return None
    return int(seconds * clock.SECOND)


def _stream(replays: Replays, replay: Replay, heard: int) -> Stream:
    listener = object()
    frames = replay.frames(listener, heard)

    async def sending() -> AsyncIterator[bytes]:
        replays.listened(replay.name)
        try:
            async for frame in frames:
                yield frame
        except Exception:  # the store is locked, say: the line breaks, and whoever listens comes again
            replays.left(replay, listener)
            raise

    async def gone() -> None:
        """However the response ended: what waited in the middle of a frame is told that nobody reads it."""
        await frames.aclose()  # type: ignore[attr-defined]  # an async generator
        replays.left(replay, listener)

    return Stream(sending(), media_type=sse.TYPE, headers=sse.HEADERS, background=BackgroundTask(gone))


@get("/{replay_id:str}", summary="How a replay plays")
async def state(request: Incoming, replay_id: _Name) -> ReplayState:
    """Raises NotFound when it is over and forgotten."""
    return _told(request, replay_id)


@post("/{replay_id:str}", status_code=200, summary="Pause, resume, seek, step, speed, loop, stop")
async def control(request: Incoming, replay_id: _Name, data: JSONBody[Control]) -> ReplayState:
    """What is asked shows in the stream: a seek answers there with a snapshot. The answer here is how it plays now."""
    replays: Replays = request.app.state.replays
    fields = msgspec.structs.asdict(data)
    action = fields.pop("action")
    if not action:
        raise UsageError("action is missing", "pause, resume, seek, step, speed, loop or stop")
    await replays.get(replay_id).player.control(action, **fields)
    return _told(request, replay_id)


def _told(request: Incoming, replay_id: str) -> ReplayState:
    replays: Replays = request.app.state.replays
    return ReplayState(**replays.get(replay_id).player.state())


router = Router("/api/replay", route_handlers=[watch, state, control], tags=["replay"])

"""Replays over HTTP: a stream of messages, and what is asked of it while it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

import msgspec
from litestar import Response, Router, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, JSONBody, PathParameter, QueryParameter
from litestar.response import Stream

from tachograph import clock
from tachograph.errors import UsageError
from tachograph.replay.player import Options
from tachograph.replay.timing import FASTEST, SLOWEST
from tachograph.replay.together import SESSIONS_MAX
from tachograph.serve import sse
from tachograph.serve.bodies import Incoming
from tachograph.serve.query.asking import STRICT
from tachograph.serve.replays import Replay, Replays, cursor_of

_SECONDS_MAX = 10**8
_TEXT_MAX = 1000
_Name = Annotated[str, PathParameter(max_length=_TEXT_MAX, description="As the messages of the replay tell it.")]


class ReplayState(msgspec.Struct):
    """How a replay plays. Times are ms since the session, or the first of several, began; `items` of `total` have been
    told. `session_id` is null when there are several."""

    replay_id: str | None
    playing: str
    session_id: str | None
    sessions: list[str]
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


Speed = Annotated[float, QueryParameter(description="How many times as fast.", ge=SLOWEST, le=FASTEST)]
Begin = Annotated[
    str | None,
    QueryParameter(
        name="from", max_length=_TEXT_MAX, description="`90`, `1:30` since its beginning, or a date and time."
    ),
]
End = Annotated[str | None, QueryParameter(name="to", max_length=_TEXT_MAX, description="The same, where it ends.")]
Idle = Annotated[
    float | None, QueryParameter(description="Seconds a silence lasts at most. Without: as long as it was.", ge=0)
]
Loop = Annotated[bool, QueryParameter(description="At its end it begins again.")]
Paused = Annotated[bool, QueryParameter(description="It begins with a pause.")]
Output = Annotated[bool, QueryParameter(description="What programs printed is told, too.")]
Stay = Annotated[bool, QueryParameter(description="At its end it waits for what is asked of it.")]
LastId = Annotated[
    str | None, HeaderParameter(name="Last-Event-ID", description="What was heard last, to go on after it.")
]


def played(
    speed: Speed = 1.0,
    begin: Begin = None,
    end: End = None,
    idle_limit: Idle = None,
    loop: Loop = False,
    paused: Paused = False,
    output: Output = False,
    stay: Stay = False,
) -> Options:
    """How to play, as every stream of a replay is asked for it."""
    return Options(speed, limit(idle_limit), begin, end, loop, paused, output, stay)


_HOW = {"options": Provide(played, sync_to_thread=False)}
STREAM = {
    200: ResponseSpec(str, description="Messages as server-sent events, a snapshot first.", media_type=sse.TYPE),
    204: ResponseSpec(None, description="What Last-Event-ID names is over: no need to come again."),
}


@get(
    "/session/{id:str}",
    responses=STREAM,
    dependencies=_HOW,
    opt={STRICT: True},
    summary="A stored session as it happened",
)
async def watch(
    request: Incoming,
    id: Annotated[
        str, PathParameter(max_length=_TEXT_MAX, description="A session: its id, its beginning, last, @agent.")
    ],
    options: NamedDependency[Options],
    last_event_id: LastId = None,
) -> Response[Any]:
    """Its events, results of calls as they came, and on wish its output. Snapshots tell the `replay_id`."""
    return await _watched(request, options, last_event_id, sessions=[id])


@get(
    "/sessions",
    responses=STREAM,
    dependencies=_HOW,
    opt={STRICT: True},
    summary="Several stored sessions side by side, as they happened",
)
async def watch_several(
    request: Incoming,
    session: Annotated[
        list[str], QueryParameter(min_items=1, max_items=SESSIONS_MAX, description="A session, as often as there are.")
    ],
    options: NamedDependency[Options],
    last_event_id: LastId = None,
) -> Response[Any]:
    """On one clock: every message says by its `session_id` whose it is. What tells of all together has none."""
    return await _watched(request, options, last_event_id, sessions=session)


@get(
    "/workflow/{id:str}",
    responses=STREAM,
    dependencies=_HOW,
    opt={STRICT: True},
    summary="All sessions of a workflow side by side, as they happened",
)
async def watch_workflow(
    request: Incoming,
    id: Annotated[
        str, PathParameter(max_length=_TEXT_MAX, description="A workflow: its id, or a unique beginning of it.")
    ],
    options: NamedDependency[Options],
    last_event_id: LastId = None,
) -> Response[Any]:
    """As `/api/replay/sessions` with every session that is in the workflow when the replay begins."""
    return await _watched(request, options, last_event_id, workflow=id)


async def _watched(
    request: Incoming, options: Options, last: str | None, *, sessions: Sequence[str] = (), workflow: str | None = None
) -> Response[Any]:
    """The stream: a new one, or after what was heard `last`."""
    replays: Replays = request.app.state.replays
    cursor = cursor_of(last)
    replay = replays.find(cursor.replay) if cursor else None
    heard = cursor.heard if cursor and replay else 0
    if replay is None:
        replay = await replays.begin(sessions, options._replace(items=cursor.items if cursor else 0), workflow=workflow)
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


router = Router("/api/replay", route_handlers=[watch, watch_several, watch_workflow, state, control], tags=["replay"])

"""The ASGI application: routes behind the guard, every error in one shape."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import cache
from typing import Any, Literal

import msgspec
from litestar import Litestar, MediaType, Response, get
from litestar.datastructures import State

from tachograph import keys
from tachograph.paths import Places
from tachograph.serve import (
    asked,
    bodies,
    described,
    exporting,
    exporting_audit,
    failing,
    graphql_http,
    ingest,
    live,
    mcp_http,
    metrics,
    pages,
    query,
    record,
    replaying,
    sampling,
    sockets,
    web,
)
from tachograph.serve.advice import Advisor
from tachograph.serve.guard import Guard
from tachograph.serve.pulse import Pulse
from tachograph.serve.query.asking import known_parameters
from tachograph.serve.reading import Reading
from tachograph.serve.remembered import Remembered
from tachograph.serve.replays import Replays
from tachograph.serve.sink import Sink
from tachograph.serve.verifying import Verifying

ROUTERS = (
    ingest.router,
    exporting.router,
    exporting_audit.router,
    live.router,
    sockets.router,
    metrics.router,
    pages.router,
    mcp_http.router,
    replaying.router,
    query.router,
    record.router,
    graphql_http.router,
    sampling.router,
    *web.HANDLERS,
)  # a line for every part of the API


def make_app(places: Places, sink: Sink, advisor: Advisor, reading: Reading, *, names: Sequence[str] = ()) -> Guard:
    """Everything the server answers; `names` as in `Guard`.

    The token is read, and made if needed, now: Refused or OSError when it cannot.
    """
    pulse = Pulse(places.database, reading)
    sampler = sampling.Sampler(places)
    inner = copy(_routes())
    inner.state = State(
        {
            "places": places,
            "sink": sink,
            "advisor": advisor,
            "reading": reading,
            "replays": Replays(reading),
            "pulse": pulse,
            "verifying": Verifying(reading),
            "remembered": Remembered(),
            "sampler": sampler,
        }
    )
    guard = Guard(inner, keys.opening(places), names=names, read_only=reading.read_only)  # type: ignore[arg-type]  # Litestar's own names for the types of ASGI
    inner.state.guard = guard
    guard.at_end += [pulse.close, sampler.close]
    return guard


@cache
def _routes() -> Litestar:
    """Who answers what. Litestar takes a fifth of a second to look at it all, so servers of one process share it, and
    each is a copy with a state of its own."""
    return Litestar(
        [health, openapi, *ROUTERS],
        exception_handlers={Exception: failing.answer},
        before_request=_looked_at,
        request_class=bodies.Checked,
        openapi_config=None,
        request_max_body_size=bodies.LIMIT,
        logging_config=None,
        debug=False,
    )


@cache
def description() -> dict[str, Any]:
    """The API as an OpenAPI document."""
    return described.document([health, *ROUTERS])


async def _looked_at(request: bodies.Incoming) -> Response[None] | None:
    """Before any handler. A coroutine that waits for nothing: Litestar runs plain functions, and guards, in threads.

    OPTIONS is answered here: Litestar's own answer forgets methods that another handler of the same path has.
    """
    request.scope["path_params"] = asked.named(request.path_params)
    if request.method != "OPTIONS":
        known_parameters(request)
        return None
    here = [route for route in request.app.routes if route.path_format == request.scope["path_template"]]
    allowed = sorted({method for route in here for method in getattr(route, "methods", ())})
    return Response(None, status_code=204, headers={"allow": ", ".join(allowed)})


class Health(msgspec.Struct):
    status: Literal["ok"] = "ok"


@get("/healthz", media_type=MediaType.JSON, sync_to_thread=False, tags=["server"])
def health() -> Health:
    """ok, and nothing more: no token is asked for."""
    return Health()


@get("/api/openapi.json", include_in_schema=False, sync_to_thread=True)  # the first time takes as long as a start
def openapi() -> Response[bytes]:
    return Response(msgspec.json.encode(description()), media_type="application/json")

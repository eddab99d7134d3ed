"""The ASGI application: routes behind the guard, every error in one shape."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Litestar, MediaType, Response, get
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

import tachograph
from tachograph import keys
from tachograph.errors import NotFound, Refused, StoreBusy, TachographError, UsageError, VerificationFailed
from tachograph.paths import Places
from tachograph.serve import bodies, ingest, metrics
from tachograph.serve.advice import Advisor
from tachograph.serve.guard import Guard
from tachograph.serve.reading import Reading
from tachograph.serve.sink import Sink

ROUTERS = (ingest.router, metrics.router)  # a line for every part of the API
_STATUSES: dict[type[TachographError], int] = {  # the nearest in a class's family counts
    UsageError: 400, NotFound: 404, Refused: 403, StoreBusy: 503, VerificationFailed: 409, TachographError: 500,
}  # fmt: skip
_CODES = {400: "bad_request", 404: "not_found", 405: "not_allowed", 413: "too_large"}


def make_app(places: Places, sink: Sink, advisor: Advisor, reading: Reading, *, names: Sequence[str] = ()) -> Guard:
    """Everything the server answers; `names` as in `Guard`.

    The token is read, and made if needed, now: Refused or OSError when it cannot.
    """
    inner = Litestar(
        [health, *ROUTERS],
        state=State({"places": places, "sink": sink, "advisor": advisor, "reading": reading}),
        exception_handlers={Exception: _failed},
        openapi_config=OpenAPIConfig(
            "Tachograph", tachograph.__version__, path="/api", render_plugins=[JsonRenderPlugin(path="/openapi.json")]
        ),
        request_max_body_size=bodies.LIMIT,
        logging_config=None,
        debug=False,
    )
    guard = Guard(inner, keys.opening(places), names=names, read_only=reading.read_only)  # type: ignore[arg-type]  # Litestar's own names for the types of ASGI
    inner.state.guard = guard
    return guard


@get("/healthz", media_type=MediaType.JSON, sync_to_thread=False, include_in_schema=False)
def health() -> bytes:
    """ok, and nothing more: no token is asked for."""
    return b'{"status":"ok"}'


def _failed(_: bodies.Incoming, error: Exception) -> Response[object]:
    """An error, as `{"error": {code, message, hint}}`; what went wrong inside stays inside."""
    if isinstance(error, bodies.NotTaken):
        status, code, message, hint = error.status_code, error.code, error.detail, error.hint
    elif isinstance(error, TachographError):
        status = next(_STATUSES[kind] for kind in type(error).__mro__ if kind in _STATUSES)
        code, message, hint = error.code, str(error), error.hint
    elif isinstance(error, HTTPException):
        status = error.status_code
        code, message, hint = _CODES.get(status, "failed"), error.detail, ""
    else:
        status, code, message, hint = 500, "failed", "something went wrong in here", "tachograph doctor"
    body = {"error": {"code": code, "message": message, "hint": hint}}
    headers = {"connection": "close"} if status == 413 else {}
    return Response(body, status_code=status, media_type=MediaType.JSON, headers=headers)

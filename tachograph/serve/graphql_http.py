"""/graphql: the questions of the query API as GraphQL, with the extra `graphql`. POST of JSON only, nothing changes."""

from __future__ import annotations

import asyncio
import importlib.util
from typing import Any

import msgspec
from litestar import Response, Router, post
from litestar.routes import HTTPRoute

from tachograph.serve import bodies
from tachograph.serve.bodies import Incoming, NotTaken

INSTALL = "pip install 'tachograph[graphql]'"
_RESPONSE = "application/graphql-response+json"


def installed() -> bool:
    return importlib.util.find_spec("graphql") is not None


@post("/graphql", status_code=200, include_in_schema=False)
async def endpoint(request: Incoming) -> Response[bytes]:
    """One query. Errors have GraphQL's shape; 400 when it could not be run and the client knows that there is more
    than 200."""
    if not installed():
        raise NotTaken(501, "not_installed", "this installation does not speak GraphQL", INSTALL)
    if bodies.encoding(request) != bodies.JSON:
        raise NotTaken(415, "content_type", "a query comes as JSON", "send application/json")
    body = await bodies.unpacked(request)
    schema = await _schema(request)  # the first time in a thread, with the package
    from tachograph.serve import graph_asking

    try:
        asked = msgspec.json.decode(body, type=graph_asking.Asked)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        wrong = {"errors": [{"message": f"this is no GraphQL request: {error}"}]}
        return _answer(request, msgspec.json.encode(wrong), 400)
    found, ran = await graph_asking.answer(schema, asked, request)
    modern = _RESPONSE in request.headers.get("accept", "")
    return _answer(request, found, 400 if modern and not ran else 200)


async def _schema(request: Incoming) -> Any:
    """Made when it is first asked for, in a thread."""
    state = request.app.state
    found = state.get("graphql_schema")
    if found is None:
        found = state["graphql_schema"] = await asyncio.to_thread(_made)
    return found


def _made() -> Any:
    """Importing the package takes as long as making the schema."""
    from tachograph.serve import graph_asking  # noqa: F401
    from tachograph.serve.graph_schema import make_schema
    from tachograph.serve.query import router as query

    return make_schema(
        [handler for route in query.routes if isinstance(route, HTTPRoute) for handler in route.route_handlers]
    )


def _answer(request: Incoming, body: bytes, status: int) -> Response[bytes]:
    kind = _RESPONSE if _RESPONSE in request.headers.get("accept", "") else "application/json"
    return Response(body, status_code=status, media_type=kind)


router = Router("/", route_handlers=[endpoint])

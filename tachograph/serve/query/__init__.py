"""Questions over HTTP: `GET /api/query/…`. A module for every part of the store; they share `asking`."""

from litestar import Router

from tachograph.serve.query import asking, events, findings, sessions

router = Router(
    "/api/query", route_handlers=[*findings.HANDLERS, *sessions.HANDLERS, *events.HANDLERS], **asking.MANNERS
)

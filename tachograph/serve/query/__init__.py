"""Questions over HTTP: `GET /api/query/…`. A module for every part of the store; they share `asking`."""

from litestar import Router

from tachograph.serve.query import about, agents, asking, counts, events, findings, ledger, recordings, sessions

_PARTS = (findings, sessions, recordings, events, counts, ledger, agents, about)
router = Router(
    "/api/query", route_handlers=[handler for part in _PARTS for handler in part.HANDLERS], **asking.MANNERS
)

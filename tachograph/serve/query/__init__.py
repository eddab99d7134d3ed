"""Questions over HTTP: `GET /api/query/…`. A module for every part of the store; they share `asking`."""

from litestar import Router

from tachograph.serve.query import (
    about,
    agents,
    asking,
    counts,
    events,
    findings,
    insights,
    keeping,
    ledger,
    proofs,
    recordings,
    search,
    sessions,
    together,
    watching,
)

_PARTS = (
    findings,
    sessions,
    recordings,
    watching,
    events,
    counts,
    search,
    insights,
    ledger,
    proofs,
    agents,
    together,
    about,
    keeping,
)
router = Router(
    "/api/query", route_handlers=[handler for part in _PARTS for handler in part.HANDLERS], **asking.MANNERS
)

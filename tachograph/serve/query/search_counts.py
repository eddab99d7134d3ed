"""What a search can be narrowed to: its hits by kind, agent and session, and code blocks with its words by language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec
from litestar import Response, get

from tachograph.serve.bodies import Incoming
from tachograph.serve.query import parameters as p
from tachograph.serve.query.asking import answered, between
from tachograph.serve.query.counts import Kind, Query
from tachograph.store import Hit, Store
from tachograph.store.filters import fits
from tachograph.store.search import PRINTED

_COUNTED = 2000  # hits, the newest
_BUDGET_MS = 400
_FOUND = ("error", "warning", "test_result")  # what rules found is searched only where it is asked for
_FOUND_COUNTED, _FOUND_MS = 500, 100


class SearchCounts(msgspec.Struct):
    """Each field leaves its own filter out: it says what another choice would lead to. `types` are those of events,
    and `output` for what was printed or returned; errors, warnings and test results are found
    in those. `truncated`: only the newest `counted` hits were counted.
    `languages` count code blocks that have the words; "" are those without a language."""

    counted: int
    truncated: bool
    types: dict[str, int]
    agents: dict[str, int]
    sessions: int
    languages: dict[str, int]


@get("/search/counts")
async def search_counts(
    request: Incoming,
    q: Query,
    session: p.Session = None,
    agent: p.Agent = None,
    type: Kind = None,
    since: p.Since = None,
    until: p.Until = None,
) -> Response[SearchCounts]:
    """Hits of a search, counted by what it can be narrowed with."""
    times = between(since, until)

    def ask(store: Store) -> SearchCounts:
        where: dict[str, Any] = {**times, "session": store.sessions.id_of(session)}
        found = store.search(q, **where, limit=_COUNTED, context=0, budget_ms=_BUDGET_MS)
        fitting = [hit for hit in found.hits if agent is None or fits(agent, hit.agent)]
        words = " ".join(f'"{term}"' for term in found.terms)
        return SearchCounts(
            len(found.hits),
            found.truncated,
            _counted(map(_type, fitting)) | _found(store, q, {**where, "agent": agent}),
            _counted(hit.agent for hit in found.hits if type is None or _type(hit) == type),
            len({hit.session_id for hit in fitting if type is None or _type(hit) == type}),
            store.code_blocks.languages(text=words, agent=agent, **where),
        )

    return await answered(request, ask)


def _found(store: Store, typed: str, where: dict[str, Any]) -> dict[str, int]:
    """How many of each kind that rules find, as far as they are counted."""
    limits: dict[str, Any] = {"limit": _FOUND_COUNTED, "context": 0, "budget_ms": _FOUND_MS}
    return {kind: len(hits) for kind in _FOUND if (hits := store.search(typed, type=kind, **where, **limits).hits)}


def _type(hit: Hit) -> str:
    return (hit.kind == "event" and hit.event_type) or PRINTED


def _counted(words: Iterable[str]) -> dict[str, int]:
    """The most first."""
    return dict(Counter(words).most_common())


HANDLERS = (search_counts,)

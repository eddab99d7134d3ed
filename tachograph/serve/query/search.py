"""Search: lines that hold all the words, and what they can be narrowed to.

Pages go on from the last hit, as of the time of the first page: what happens meanwhile is not among them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from tachograph import clock
from tachograph.errors import UsageError
from tachograph.recall import hits as hits_of
from tachograph.records import Session
from tachograph.serve.bodies import Incoming
from tachograph.serve.query import parameters as p
from tachograph.serve.query.asking import Paged, answered, as_of_first, between, question, rows
from tachograph.store import Store
from tachograph.store.filters import fits
from tachograph.store.paging import misplaced
from tachograph.store.search import PRINTED, Hit

Query = Annotated[
    str,
    QueryParameter(
        name="q", required=True, min_length=1, max_length=500,
        description='Words that stand in one line; "a phrase", begin*, -without, agent:, type:, pattern:, session:.',
    ),
]  # fmt: skip
Kind = Annotated[str | None, p.words("Only events of this type, or `output`: what was printed or returned.")]
Context = Annotated[int, QueryParameter(ge=0, le=50, description="Lines around each hit.")]
_DEPTH = 5000  # hits that pages of a search go through
_COUNTED = 2000  # hits, the newest
_BUDGET_MS = 400
_FOUND = ("error", "warning", "test_result")  # what rules found is searched only where it is asked for
_FOUND_COUNTED, _FOUND_MS = 500, 100


class LineRow(msgspec.Struct):
    line_number: int
    text: str


class HitRow(msgspec.Struct):
    """One line that matches; `marks` are where, in characters."""

    session_id: str
    agent_name: str
    timestamp: str
    kind: Literal["output", "event"]
    event_type: str | None
    event_id: int | None
    tool_name: str | None
    command: str | None
    file_path: str | None
    stream: str | None
    line_number: int | None
    text: str
    marks: list[tuple[int, int]]
    before: list[LineRow]
    after: list[LineRow]


class FoundSession(msgspec.Struct):
    """What a session with hits is called, and where and when it was."""

    id: str
    agent: str
    title: str | None
    command: str | None
    project_dir: str | None
    spawned_at: str


class Hits(Paged):
    """`sessions` are those of the hits. `truncated` without a `next_cursor`: the time for a search was over, or there
    are more hits than pages go through; other words or a shorter time find the rest."""

    hits: list[HitRow]
    sessions: list[FoundSession]
    took_ms: float
    terms: list[str]


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


@get("/search")
async def search(
    request: Incoming,
    q: Query,
    session: p.Session = None,
    agent: p.Agent = None,
    type: Kind = None,
    pattern: p.Pattern = None,
    context: Context = 2,
    since: p.Since = None,
    until: p.Until = None,
    limit: p.Limit = 50,
    cursor: p.Cursor = None,
) -> Response[Hits]:
    """Lines that hold all the words, newest first, in everything that was printed, said and returned."""
    asked: dict[str, Any] = {"session": session, "agent": agent, "type": type, "pattern": pattern}
    walk, chosen = question("search", asked, since, until, limit, cursor, q=q, context=context)
    given, last = _place(walk.past)

    def ask(store: Store) -> Hits:
        where = as_of_first(store, walk, chosen)
        results = store.search(q, **where, limit=given + walk.fetch, context=context)
        if not results.terms:
            raise UsageError("q: there is no word to search for", "write words that must stand in one line")
        every, calls = hits_of.with_calls(store, results.hits)
        begin = next((place for place, hit in enumerate(every, 1) if _name(hit) == last), 0 if last is None else given)
        part = every[begin : begin + walk.limit]
        deep = begin + len(part)
        more = results.truncated or len(every) > deep
        follows = bool(part) and more and deep < _DEPTH
        _, following = walk.cut(part, lambda hit: [deep, *_name(hit)], more=follows)
        found = rows(HitRow, (hits_of.row(hit, calls.get(hit.event_id or 0)) for hit in part))
        named_here = [_session(store.sessions.get(name)) for name in dict.fromkeys(hit.session_id for hit in part)]
        total = None if more else deep
        return Hits(
            found, named_here, round(results.took_ms, 3), results.terms,
            total=total, page=walk.page, next_cursor=following, truncated=more,
        )  # fmt: skip

    return await answered(request, ask)


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
        # A type by itself is asked for by itself, where no hit is another one's, too.
        listed = hits_of.once(store, found.hits) if type is None else [h for h in found.hits if _type(h) == type]
        fitting = [hit for hit in found.hits if agent is None or fits(agent, hit.agent)]
        words = " ".join(f'"{term}"' for term in found.terms)
        return SearchCounts(
            len(listed),
            found.truncated,
            _counted(map(_type, fitting)) | _found(store, q, {**where, "agent": agent}),
            _counted(hit.agent for hit in listed),
            len({hit.session_id for hit in listed if agent is None or fits(agent, hit.agent)}),
            store.code_blocks.languages(text=words, agent=agent, **where),
        )

    return await answered(request, ask)


def _session(one: Session) -> FoundSession:
    return FoundSession(one.id, one.agent, one.title, one.command, one.project_dir, clock.iso(one.started_at))


def _name(hit: Hit) -> tuple[str, int, str, int]:
    """What tells a hit from all others."""
    return (hit.session_id, hit.event_id or 0, hit.stream or "", hit.line_number or 0)


def _place(past: list[int | float | str] | None) -> tuple[int, tuple[object, ...] | None]:
    """How many hits were given, and which was the last. Raises UsageError."""
    if past is None:
        return 0, None
    if len(past) != 5 or not isinstance(past[0], int) or not 0 < past[0] < _DEPTH:
        raise misplaced()
    return past[0], tuple(past[1:])


def _found(store: Store, typed: str, where: dict[str, Any]) -> dict[str, int]:
    """How many of each kind that rules find, as far as they are counted."""
    limits: dict[str, Any] = {"limit": _FOUND_COUNTED, "context": 0, "budget_ms": _FOUND_MS}
    return {kind: len(hits) for kind in _FOUND if (hits := store.search(typed, type=kind, **where, **limits).hits)}


def _type(hit: Hit) -> str:
    return (hit.kind == "event" and hit.event_type) or PRINTED


def _counted(words: Iterable[str]) -> dict[str, int]:
    """The most first."""
    return dict(Counter(words).most_common())


HANDLERS = (search, search_counts)

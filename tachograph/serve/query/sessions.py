"""Sessions: the list, and everything that is known of one."""

from __future__ import annotations

import posixpath
from collections import Counter
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get

from tachograph.formats.rows import to_row
from tachograph.recall import sessions as recall
from tachograph.serve.bodies import Incoming
from tachograph.serve.query import parameters as p
from tachograph.serve.query.asking import Paged, answered, between, paged, question, rows
from tachograph.serve.query.rows import CodeBlockRow, EventRow, SessionRow, StateChangeRow
from tachograph.store import Store

_SOME = 1000  # failures, code blocks and notes that come with a session


class Sessions(Paged):
    """`shapes`, where they are asked for: by session, about how much happened in sixteen equal parts of its time."""

    sessions: list[SessionRow]
    shapes: dict[str, list[int]] | None = None


class Count(msgspec.Struct):
    value: str
    count: int


class SessionFacets(msgspec.Struct):
    """Sums over all sessions that fit: `failing` of them have steps that went wrong, `unpriced` no known cost. What has
    no project is counted under an empty name."""

    total: int
    failing: int
    events: int
    failures: int
    cost_usd: float | None
    unpriced: int
    agents: list[Count]
    statuses: list[Count]
    projects: list[Count]


Sort = Annotated[Literal["newest", "cost", "duration", "events", "failures"], p.one("What comes first.")]
Shaped = Annotated[bool, p.one("Whether shapes are wanted.")]
_PARTS = 16  # of a session's time, in its shape


class TurnRow(msgspec.Struct):
    """From what a user said to what came of it. `failed` of the tool calls ended with an error, `rejected` never ran;
    `unpriced` calls of a model have no known cost, of `partial` ones the agent wrote down less than it used."""

    turn: int
    timestamp: str
    ended_at: str
    prompt: str | None
    prompt_id: int | None
    events: int
    replies: int
    tool_calls: int
    failed: int
    rejected: int
    commands: int
    changes: int
    interrupted: bool
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost_usd: float | None
    unpriced: int
    partial: int
    rewound: bool


class HistoryRow(msgspec.Struct):
    """A file in which the agent keeps the session, and until when it will."""

    path: str
    bytes: int
    unknown_lines: int
    trouble: str | None
    keeps_until: str | None
    gone_at: str | None


class SessionFacts(SessionRow):
    """A session with who told it, its turns, and at most 1,000 failures, code blocks and notes; `counts` are events by
    type."""

    sources: list[str]
    histories: list[HistoryRow]
    turns: list[TurnRow]
    counts: dict[str, int]
    failures: list[EventRow]
    code_blocks: list[CodeBlockRow]
    states: list[StateChangeRow]
    notes: list[EventRow]


@get("/sessions")
async def sessions(
    request: Incoming,
    agent: p.Agent = None,
    days: p.Days = None,
    status: p.SessionStatus = None,
    project: p.Project = None,
    active: p.Active = None,
    parent: p.Parent = None,
    workflow: p.Workflow = None,
    text: p.Words = None,
    failing: p.Failing = None,
    since: p.Since = None,
    until: p.Until = None,
    sort: Sort = "newest",
    shapes: Shaped = False,
    limit: p.Limit = p.LIMIT,
    page: p.Page = None,
    cursor: p.Cursor = None,
) -> Response[Sessions]:
    """Sessions, newest first. `project` is the name or the path of a folder; `active`: those that have not ended."""
    asked: dict[str, Any] = {
        "agent": agent, "days": days, "status": status, "project": project, "active": active, "parent": parent,
        "workflow": workflow, "text": text, "failing": failing,
    }  # fmt: skip
    order = None if sort == "newest" else sort
    walk, chosen = question("sessions", asked, since, until, limit, cursor, page, sort=order)

    def ask(store: Store) -> Sessions:
        found = store.sessions.list(**chosen, sort=sort, skip=walk.skip, limit=walk.fetch, past=walk.past)
        shown, following = walk.cut(found, lambda one: store.sessions.place(one, sort))
        total = store.sessions.total(**chosen)
        drawn = {one.id: store.drawing.shape(one, _PARTS) for one in shown} if shapes else None
        found_rows = rows(SessionRow, map(to_row, shown))
        return paged(Sessions, found_rows, drawn, total=total, walk=walk, following=following)

    return await answered(request, ask)


@get("/sessions/facets")
async def facets(
    request: Incoming,
    agent: p.Agent = None,
    status: p.SessionStatus = None,
    project: p.Project = None,
    active: p.Active = None,
    text: p.Words = None,
    failing: p.Failing = None,
    since: p.Since = None,
    until: p.Until = None,
) -> Response[SessionFacets]:
    """What a list of sessions comes to, and how many there are of every agent, status and project. The counts of a
    field leave its own filter out: they say what another choice would lead to."""
    chosen: dict[str, Any] = {
        "agent": agent, "status": status, "project": project, "active": active, "text": text, "failing": failing,
        **between(since, until),
    }  # fmt: skip

    def ask(store: Store) -> SessionFacets:
        found = store.sessions.facets(**chosen)
        projects = Counter[str]()
        for folder, count in found.folders.items():
            projects[posixpath.basename(folder.rstrip("/"))] += count
        counted = (found.agents, found.statuses, dict(projects.most_common()))
        return SessionFacets(*found[:6], *([Count(value, n) for value, n in one.items()] for one in counted))

    return await answered(request, ask)


@get("/session/{session:str}")
async def session_facts(request: Incoming, session: p.SessionName) -> Response[SessionFacts]:
    """One session: how it went, who told it, its turns, what failed."""

    def ask(store: Store) -> Any:
        return recall.facts(store, store.sessions.resolve(session), _SOME)

    return await answered(request, ask)


HANDLERS = (sessions, facets, session_facts)

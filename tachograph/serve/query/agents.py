"""What agents remember, what they do together, and where they got in each other's way."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from tachograph.formats.rows import to_row
from tachograph.recall import meeting
from tachograph.serve import paging
from tachograph.serve.bodies import Incoming
from tachograph.serve.query import parameters as p
from tachograph.serve.query.asking import Paged, answered, listed, named, paged, question, row, rows
from tachograph.serve.query.rows import CollisionRow, MemoryRow, SessionRow, WorkflowRow
from tachograph.store import Store

WorkflowStatus = Annotated[
    Literal["running", "completed", "failed", "cancelled"] | None, p.one("Only workflows that are like that.")
]
OpenedBy = Annotated[
    Literal["user", "tachograph"] | None,
    p.one("user: those that somebody started; tachograph: that opened by themselves."),
]
CollisionType = Annotated[
    Literal["file_conflict", "memory_conflict", "semantic_overlap", "structural_overlap"] | None,
    p.one("Only of this kind."),
]
Severity = Annotated[Literal["info", "warning", "critical"] | None, p.one("Only those as bad as this.")]
Open = Annotated[bool | None, p.one("true: those without a resolution; false: those with one.")]
Version = Annotated[int | None, QueryParameter(ge=1, le=1 << 53, description="A version, by its number.")]
FromVersion = Annotated[int | None, QueryParameter(name="from", ge=1, le=1 << 53, description="The older version.")]
ToVersion = Annotated[int | None, QueryParameter(name="to", ge=1, le=1 << 53, description="The newer version.")]
WorkflowName = Annotated[str, p.name("Its id, or a unique beginning of it.")]


class Memories(Paged):
    memory: list[MemoryRow]


class MemoryVersions(Paged):
    """The newest first; one whose `memory_json` is null is a deletion."""

    versions: list[MemoryRow]


class Change(msgspec.Struct):
    """`path` is a JSON pointer, "" for the whole."""

    path: str
    change: Literal["added", "removed", "changed"]
    before: Any
    after: Any


class Changes(msgspec.Struct):
    """From one version to another."""

    changes: list[Change]


class Workflows(Paged):
    workflows: list[WorkflowRow]


class WorkflowFacts(WorkflowRow):
    """A workflow with its sessions, in the order they began (1,000 at most), and the ids of its collisions."""

    sessions: list[SessionRow]
    collisions: list[int]


class Collisions(Paged):
    collisions: list[CollisionRow]


class Edit(msgspec.Struct):
    """One of two that collided. Its lines begin with `-`, `+`, `@` (a gap), `$` (a command) or a space."""

    title: str
    facts: dict[str, str]
    lines: list[str]


class CollisionFacts(CollisionRow):
    """A collision with what both did, as far as it is known."""

    first: Edit
    second: Edit


@get("/memory")
async def memory(
    request: Incoming,
    agent: p.Agent = None,
    since: p.Since = None,
    until: p.Until = None,
    limit: p.Limit = p.LIMIT,
    cursor: p.Cursor = None,
) -> Response[Memories]:
    """What all agents remember, the newest first."""
    walk, chosen = question("memory", {"agent": agent}, since, until, limit, cursor)
    return await answered(request, lambda store: listed(Memories, store.memory, walk, chosen))


@get("/memory/{agent:str}")
async def memory_of(request: Incoming, agent: p.AgentName, version: Version = None) -> Response[MemoryRow]:
    """What an agent remembers, or did in one version."""
    return await answered(request, lambda store: row(MemoryRow, store.memory.get(agent, version)))


@get("/memory/{agent:str}/versions")
async def memory_versions(
    request: Incoming, agent: p.AgentName, limit: p.Limit = p.LIMIT, cursor: p.Cursor = None
) -> Response[MemoryVersions]:
    """Every version of what an agent remembers, the newest first."""
    walk = paging.walk("memory-versions", {"agent": agent}, limit, cursor)

    def ask(store: Store) -> MemoryVersions:
        found = store.memory.history(agent, limit=walk.fetch, past=walk.past)
        shown, following = walk.cut(found, lambda one: (one.version,))
        total = store.memory.versions(agent)
        shown_rows = rows(MemoryRow, map(to_row, shown))
        return paged(MemoryVersions, shown_rows, total=total, walk=walk, following=following)

    return await answered(request, ask)


@get("/memory/{agent:str}/diff")
async def memory_diff(
    request: Incoming, agent: p.AgentName, from_: FromVersion = None, to: ToVersion = None
) -> Response[Changes]:
    """What changed between two versions: the last two, `from` and the last, or `from` and `to`."""

    def ask(store: Store) -> Changes:
        return Changes(rows(Change, (one._asdict() for one in store.memory.diff(agent, from_, to))))

    return await answered(request, ask)


@get("/workflows")
async def workflows(
    request: Incoming,
    agent: p.Agent = None,
    status: WorkflowStatus = None,
    opened_by: OpenedBy = None,
    since: p.Since = None,
    until: p.Until = None,
    limit: p.Limit = p.LIMIT,
    cursor: p.Cursor = None,
) -> Response[Workflows]:
    """Workflows, newest first; those that run with the totals of now. `agent` has a session in it."""
    asked: dict[str, Any] = {"agent": agent, "status": status, "opened_by": opened_by}
    walk, chosen = question("workflows", asked, since, until, limit, cursor)
    return await answered(request, lambda store: listed(Workflows, store.workflows, walk, chosen))


@get("/workflows/{workflow:str}")
async def workflow_facts(request: Incoming, workflow: WorkflowName) -> Response[WorkflowFacts]:
    """One workflow: its totals, its sessions, where they collided."""

    def ask(store: Store) -> Any:
        found = store.workflows.get(workflow)
        members = store.sessions.list(workflow=found.session_id, limit=1000)
        collisions = store.collisions.list(workflow=found.session_id, limit=1000)
        return {
            **to_row(found),
            "sessions": [to_row(one) for one in reversed(members)],
            "collisions": [one.id for one in collisions],
        }

    return await answered(request, ask)


@get("/collisions")
async def collisions(
    request: Incoming,
    session: p.Session = None,
    workflow: p.Workflow = None,
    agent: p.Agent = None,
    type: CollisionType = None,
    severity: Severity = None,
    open: Open = None,
    since: p.Since = None,
    until: p.Until = None,
    limit: p.Limit = p.LIMIT,
    cursor: p.Cursor = None,
) -> Response[Collisions]:
    """Where agents got in each other's way, newest first. `session` and `agent`: one of the two."""
    asked: dict[str, Any] = {
        "session": session, "workflow": workflow, "agent": agent, "type": type, "severity": severity, "open": open,
    }  # fmt: skip
    walk, chosen = question("collisions", asked, since, until, limit, cursor)
    return await answered(request, lambda store: listed(Collisions, store.collisions, walk, named(store, walk, chosen)))


@get("/collisions/{collision:int}")
async def collision_facts(request: Incoming, collision: p.Number) -> Response[CollisionFacts]:
    """One collision, with both changes."""

    def ask(store: Store) -> Any:
        found = store.collisions.get(collision)
        both = meeting.of(store, found)
        sides = {"first": both.first._asdict(), "second": both.second._asdict()}
        return {**to_row(found), **sides}

    return await answered(request, ask)


HANDLERS = (
    memory, memory_of, memory_versions, memory_diff, workflows, workflow_facts, collisions, collision_facts,
)  # fmt: skip

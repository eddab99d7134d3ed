"""What many sessions come to: days and hours, agents side by side, folders, one kind of failure."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from tachograph import clock
from tachograph.analyse.folders import Node, Touched, tree
from tachograph.formats.rows import Row
from tachograph.recall import clusters, rhythm
from tachograph.recall import failures as faults
from tachograph.serve.bodies import Incoming
from tachograph.serve.query import parameters as p
from tachograph.serve.query.asking import answered, between, rows
from tachograph.serve.query.counts import Changed, FailureRow
from tachograph.store import Store
from tachograph.store.files import Used, whole

Zone = Annotated[str, p.words("Whose days and hours: Europe/Berlin, +05:30, UTC.")]
Folder = Annotated[str, p.words("A folder by its whole path; without it the one that all files have in common.")]
Depth = Annotated[int, QueryParameter(ge=1, le=4, description="How many levels below it.")]
Fingerprint = Annotated[str, p.name("The fingerprint of a failure.")]


class DayRow(msgspec.Struct):
    """What an agent did on one day. Sessions count where they began; calls that were refused do not, and
    `tool_errors` of them failed. `cost_usd` is null where none is known."""

    day: str
    agent: str
    sessions: int
    failed_sessions: int
    prompts: int
    tool_calls: int
    tool_errors: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cost_usd: float | None


class HourRow(msgspec.Struct):
    """What all of them did in one hour of the week; `weekday` 0 is Monday."""

    weekday: int
    hour: int
    prompts: int
    tool_calls: int
    tool_errors: int


class Rhythm(msgspec.Struct):
    """Days and hours in which nothing happened are left out."""

    days: list[DayRow]
    hours: list[HourRow]
    zone: str


class ComparedRow(msgspec.Struct):
    """Sessions of one agent that began in the time asked for, and what they came to. `succeeded` are completed ones;
    `duration_ms` and `calls_per_prompt` are medians. Tokens and cost are of calls of models in that time."""

    agent: str
    sessions: int
    succeeded: int
    failed: int
    interrupted: int
    projects: int
    prompts: int
    tool_calls: int
    tool_errors: int
    rejections: int
    commands: int
    errors: int
    duration_ms: float | None
    calls_per_prompt: float | None
    first: str
    last: str
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cost_usd: float | None


class Compared(msgspec.Struct):
    agents: list[ComparedRow]


class FolderRow(msgspec.Struct):
    """A folder with all that is below it, a file, or the `rest` of a folder; `parent` is the path of the row above."""

    path: str
    parent: str
    name: str
    kind: Literal["folder", "file", "rest"]
    files: int
    total_operations: int
    reads: int
    changes: int
    failed: int
    lines_added: int | None
    lines_removed: int | None
    sessions: int
    agents: list[str]
    last_modified: str


class Folders(msgspec.Struct):
    """The folder asked for, then what is in it, the busiest first. A path names one row; only the rest has none."""

    folders: list[FolderRow]


class CaseRow(msgspec.Struct):
    session_id: str
    agent_name: str
    timestamp: str
    event_id: int | None
    message: str


class EndedRow(msgspec.Struct):
    """A case that was looked into: the command that showed it, the files that were changed until it went well, and
    the run that did (`match` exact, or alike: other arguments). Null: it did not in that session."""

    session_id: str
    agent_name: str
    project_dir: str | None
    timestamp: str
    event_id: int | None
    pattern: str
    message: str
    command: str | None
    exit_code: int | None
    changed: list[str]
    fixed_by: Any


class AfterRow(msgspec.Struct):
    command: str
    cases: int


class FailureFacts(FailureRow):
    """One kind of failure, with its latest 200 cases. `looked_into` are the latest of different steps, `after` counts
    the commands that showed those. `since` and `until` are the ends of `trend`."""

    since: str
    until: str
    occurrences: list[CaseRow]
    looked_into: list[EndedRow]
    after: list[AfterRow]
    cut: bool


@get("/activity")
async def activity(
    request: Incoming, agent: p.Agent = None, zone: Zone = "UTC", since: p.Since = None, until: p.Until = None
) -> Response[Rhythm]:
    """When agents were at work, by day and agent and by hour of the week, and what it cost."""
    times = between(since, until)

    def ask(store: Store) -> Rhythm:
        found = rhythm.rhythm(store, zone=zone, agent=agent, **times)
        return Rhythm(rows(DayRow, found.days), rows(HourRow, found.hours), zone)

    return await answered(request, ask)


@get("/stats/agents")
async def compared(
    request: Incoming, agent: p.Agent = None, since: p.Since = None, until: p.Until = None
) -> Response[Compared]:
    """Agents side by side, those with the most sessions first."""
    asked: dict[str, Any] = {"agent": agent, **between(since, until)}

    def ask(store: Store) -> Compared:
        spent = {one.key: one for one in store.usage.by("agent", **asked)}
        listed = []
        for one in store.rhythm.compared(**asked):
            row = one._asdict()
            row["first"], row["last"] = clock.iso(row.pop("first_at")), clock.iso(row.pop("last_at"))
            sums = spent.get(one.agent)
            row |= {name: getattr(sums, name, 0) for name in rhythm.TOKENS}
            listed.append(row | {"cost_usd": sums.cost_usd if sums else None})
        return Compared(rows(ComparedRow, listed))

    return await answered(request, ask)


@get("/files/folders")
async def folders(
    request: Incoming,
    path: Folder = "",
    depth: Depth = 2,
    session: p.Session = None,
    agent: p.Agent = None,
    changed: Changed = False,
    since: p.Since = None,
    until: p.Until = None,
) -> Response[Folders]:
    """What was done to the files of a folder, folder by folder."""
    asked: dict[str, Any] = {"agent": agent, "changed": changed, "path": path or None, **between(since, until)}

    def ask(store: Store) -> Folders:
        used = store.files.used(**asked, session=store.sessions.id_of(session), limit=None)
        return Folders(rows(FolderRow, map(_folder_row, tree(map(_touched, used), path, depth))))

    return await answered(request, ask)


@get("/failures/{fingerprint:str}")
async def failure(
    request: Incoming,
    fingerprint: Fingerprint,
    agent: p.Agent = None,
    since: p.Since = None,
    until: p.Until = None,
) -> Response[FailureFacts]:
    """One kind of failure: its cases, the commands that showed it, what ended it."""
    times = between(since, until)

    def ask(store: Store) -> Any:
        found = clusters.cluster(store, fingerprint, agent=agent, **times)
        ends = _end(times["since"], found.group.first), _end(times["until"], clock.now())
        return {
            **faults.row(found.group),
            "trend": clusters.trend(found.group.times, *ends),
            "since": clock.iso(ends[0]),
            "until": clock.iso(ends[1]),
            "occurrences": found.cases,
            "looked_into": [{name: row[name] for name in EndedRow.__struct_fields__} for row in found.looked_into],
            "after": [{"command": command, "cases": cases} for command, cases in found.after],
            "cut": found.cut,
        }

    return await answered(request, ask)


def _end(asked: int | None, known: int) -> int:
    return known if asked is None else asked


def _touched(used: Used) -> Touched:
    return Touched(
        whole(used.project_dir, used.file_path),
        used.total_operations,
        used.reads,
        used.writes + used.edits + used.deletes,
        used.failed,
        used.lines_added,
        used.lines_removed,
        frozenset(used.session_ids),
        frozenset(used.agents),
        used.last_at,
    )


def _folder_row(node: Node) -> Row:
    one = node.touched
    return {
        "path": node.path,
        "parent": node.parent,
        "name": node.name,
        "kind": node.kind,
        "files": node.files,
        "total_operations": one.operations,
        "reads": one.reads,
        "changes": one.changes,
        "failed": one.failed,
        "lines_added": one.lines_added,
        "lines_removed": one.lines_removed,
        "sessions": len(one.sessions),
        "agents": sorted(one.agents),
        "last_modified": clock.iso(one.last_at),
    }


HANDLERS = (activity, compared, folders, failure)

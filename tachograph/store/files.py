"""Files that sessions touched: who read and changed them, when, by how many lines.

A file is known by its whole path, so that sessions begun in different folders of a project meet in it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from tachograph.regexes import regex
from tachograph.store import queries
from tachograph.store.filters import Where, fits, listed, most, numbers
from tachograph.store.turns import Turns
from tachograph.store.writer import Writer

_sql = queries.load("files")
_ACTIVITY = ("file_path", "total_operations", "reads", "writes", "edits", "last_modified")
_ABSOLUTE = regex(r"[/\\~]|[A-Za-z]:[/\\]")
_decode = msgspec.json.decode


class Used(NamedTuple):
    """What was done to one file. `file_path` is relative when one project has it; times in ns.

    `failed` of the operations did not happen; lines are those of changes that did, None when nobody said how many.
    """

    file_path: str
    project_dir: str | None
    total_operations: int
    reads: int
    writes: int
    edits: int
    deletes: int
    failed: int
    lines_added: int | None
    lines_removed: int | None
    session_ids: list[str]
    agents: list[str]
    last_at: int
    last_change: int | None


class Heat(NamedTuple):
    """What was done to one file in one turn (a number) or on one day (`2026-11-21`, UTC)."""

    file_path: str
    project_dir: str | None
    when: int | str
    total_operations: int
    reads: int
    writes: int
    edits: int
    deletes: int
    failed: int


class Files:
    """`store.files`"""

    def __init__(self, writer: Writer, turns: Turns) -> None:
        self._writer = writer
        self._connection = writer.connection
        self._turns = turns

    def activity(self, session_id: str) -> list[dict[str, object]]:
        """A session's rows of the view `file_activity`: `file_path, total_operations, reads, writes, edits,
        last_modified` (ISO)."""
        rows = self._connection.execute(_sql.of_session, (session_id,))
        return [dict(zip(_ACTIVITY, row, strict=True)) for row in rows]

    def used(
        self,
        *,
        session: str | None = None,
        agent: str | None = None,
        path: str | None = None,
        since: int | None = None,
        until: int | None = None,
        changed: bool = False,
        limit: int | None = 100,
    ) -> list[Used]:
        """The busiest first. `path` is a glob over relative and whole paths, or a file or folder by name; `changed`:
        without those that were only read. Times in ns."""
        operations, values = self._operations(session, agent, path, since, until)
        sql = _sql.used.format(operations=operations, changed=int(changed))
        rows = self._connection.execute(sql, (*values, most(limit))).fetchall()
        lines = self._lines(number for row in rows for number in _ids(row[-1]))
        return [_used(row, lines) for row in rows]

    def heat(
        self,
        by: str,
        *,
        session: str | None = None,
        agent: str | None = None,
        path: str | None = None,
        since: int | None = None,
        until: int | None = None,
    ) -> list[Heat]:
        """By `day`, or in one session by `turn`: only where something was done, file by file."""
        operations, values = self._operations(session, agent, path, since, until)
        if by == "turn" and session is not None:
            division = self._turns.division(session)
            rows = self._connection.execute(_sql.by_place.format(operations=operations), values)
            return _together((row[0], division.of(row[1], row[2]), *row[3:]) for row in rows)
        return _together(self._connection.execute(_sql.by_day.format(operations=operations), values))

    def _operations(
        self, session: str | None, agent: str | None, path: str | None, since: int | None, until: int | None
    ) -> tuple[str, list[object]]:
        self._connection.create_scalar_function("whole", lru_cache(maxsize=50_000)(whole), 2, deterministic=True)
        self._connection.create_scalar_function("anchored", _anchored, 1, deterministic=True)
        where = Where()
        if path is not None:
            self._connection.create_scalar_function("fits", fitting(path), 2, deterministic=True)
            where.add("fits(s.project_dir, t.file_path)")
        where.add("s.session_id = ?", session)
        where.between("e.at", since, until)
        kinds = self._writer.kinds
        steps = kinds.matching(agents=kinds.matching_agents(agent), event_type="file_op", pattern="")
        return _sql.operations.format(kinds=numbers(steps), where=where), where.values

    def _lines(self, events: Iterable[int]) -> dict[int, tuple[Any, Any]]:
        """Event → lines added and removed."""
        return {event: lines for event, *lines in self._connection.execute(_sql.lines, (listed(events),))}


def place_of_file(one: Used) -> tuple[int, int, str, str]:
    """What files are sorted by: the busiest first, then the latest. No two of one list have the same."""
    return (-one.total_operations, -one.last_at, whole(one.project_dir, one.file_path), one.session_ids[0])


def whole(project: str | None, path: str) -> str:
    """The whole path of a file; as it was given where nobody knows the project."""
    return posixpath.normpath(path if _anchored(path) or not project else f"{project}/{path}")


def _anchored(path: str) -> bool:
    return _ABSOLUTE.match(path) is not None


def fitting(wanted: str) -> Callable[[str | None, str], bool]:
    """Whether a file is one of those wanted."""
    glob = wanted.replace("%", "*")
    if any(sign in glob for sign in "*?["):
        return lambda project, path: fits(glob, path) or fits(glob, whole(project, path))
    inside = f"/{glob.strip('/')}/"
    if glob.startswith("/"):
        return lambda project, path: f"{whole(project, path)}/".startswith(inside)
    return lambda project, path: inside in f"/{whole(project, path)}/" and inside in f"/{path}/"


def _used(row: tuple[Any, ...], lines: dict[int, tuple[Any, Any]]) -> Used:
    path, total, reads, writes, edits, deletes, failed, sessions, agents, projects, last_at, last_change, ids = row
    shown, project = _shown(path, _decode(projects))
    known = [lines[number] for number in _ids(ids) if number in lines]
    added, removed = ([pair[side] for pair in known if isinstance(pair[side], int)] for side in (0, 1))
    return Used(
        shown, project, total, reads, writes, edits, deletes, failed, sum(added) if added else None,
        sum(removed) if removed else None, sorted(_decode(sessions)), sorted(_decode(agents)), last_at, last_change,
    )  # fmt: skip


def _together(rows: Iterable[tuple[Any, ...]]) -> list[Heat]:
    """Rows of one file and one time as one; a file is called the same in all of them."""
    counts: dict[tuple[str, int | str], list[int]] = {}
    projects: dict[str, set[str | None]] = {}
    for path, when, *some, its_projects in rows:
        known = counts.setdefault((path, when), [0] * len(some))
        counts[path, when] = [a + b for a, b in zip(known, some, strict=True)]
        projects.setdefault(path, set()).update(_decode(its_projects))
    return [Heat(*_shown(path, list(projects[path])), when, *found) for (path, when), found in counts.items()]


def _shown(path: str, projects: list[str | None]) -> tuple[str, str | None]:
    """A path as seen from its project, when it has one."""
    project = projects[0] if len(projects) == 1 else None
    if project and path.startswith(project.rstrip("/") + "/"):
        return path[len(project.rstrip("/")) + 1 :], project
    return path, project


def _ids(text: str | None) -> Iterable[int]:
    return map(int, text.split(",")) if text else ()

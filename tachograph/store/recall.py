"""What is asked of the past by place: which sessions were in a folder, when a command went well, who used a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tachograph.records import Session
from tachograph.store import queries
from tachograph.store.files import fitting
from tachograph.store.filters import Where
from tachograph.store.json_text import from_json
from tachograph.store.writer import Writer

_sql = queries.load("recall")


class Use(NamedTuple):
    """One thing a session did to a file. Times in ns; `last_at` is when the session did anything."""

    session_id: str
    agent: str
    project_dir: str | None
    session_status: str
    ended_at: int | None
    last_at: int
    event: int
    at: int
    file_path: str
    operation: str
    status: str | None


class Recall:
    """`store.recall`"""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._connection = writer.connection

    def in_folder(self, folder: str, *, agent: str | None = None, limit: int = 10) -> list[Session]:
        """Sessions begun in a folder or below it, the newest first, without those that another one started."""
        where = Where()
        where.any_of("a.name", self._writer.kinds.matching_agents(agent))
        return self._sessions(_sql.in_folder.format(where=where), (folder.rstrip("/"), *where.values, limit))

    def went_well(self, session: Session) -> tuple[Session, int] | None:
        """The next run of a wrapped session's command in its folder that ended with 0, and how many were between."""
        where = (session.command, session.project_dir, session.started_at)
        found = self._sessions(_sql.went_well, where)
        if not found:
            return None
        return found[0], int(self._connection.execute(_sql.runs_between, (*where, found[0].started_at)).get)

    def changed_between(self, folder: str, since: int, until: int, limit: int) -> Sequence[int]:
        """Events that changed files below a folder between two times, in order; several may be of one file."""
        rows = self._connection.execute(_sql.changed_between, (folder.rstrip("/"), since, until, limit))
        return list(dict.fromkeys(event for (event,) in rows))

    def uses(self, path: str, since: int) -> list[Use]:
        """What was done since a time to a file, or below a folder, the latest first. `path` as `store.files.used`
        takes it."""
        self._connection.create_scalar_function("fits", fitting(path), 2, deterministic=True)
        where = Where()
        where.add("fits(s.project_dir, t.file_path)")
        return [Use(*row) for row in self._connection.execute(_sql.used_since.format(where=where), (since,))]

    def step_of_call(self, session_id: str, call: str) -> int | None:
        """The event of a tool call, its command before others under the same id."""
        found = self._connection.execute(_sql.step_of_call, (session_id, call)).get
        return None if found is None else int(found)

    def _sessions(self, sql: str, values: Iterable[object]) -> list[Session]:
        rows = self._connection.execute(sql, tuple(values))
        return [Session(*(*row[:-1], from_json(row[-1]))) for row in rows]

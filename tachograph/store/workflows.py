"""Workflows: several sessions with one aim. Users start them; where agents work side by side, one opens by itself.

`workflow_sessions` has a row for each, with totals as of the last time somebody counted; what is running is counted
when it is asked for. Sessions name theirs in `workflow_id`, and those they started are in it, too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from typing import TypedDict, Unpack

import msgspec

from tachograph import clock, ids
from tachograph.errors import BadRecord, NotFound, UsageError
from tachograph.records import TOOLS, Workflow
from tachograph.store import paging, queries
from tachograph.store.filters import Where, check_names, listed, numbers, pattern
from tachograph.store.json_text import to_json
from tachograph.store.ledger import Ledger
from tachograph.store.paging import Place
from tachograph.store.writer import Writer

_sql = queries.load("workflows")
SLOT = 900 * clock.SECOND  # two sessions that did something in slots beside each other worked side by side
ALIVE = 600 * clock.SECOND  # a session that was silent for longer is not at work
USER, BY_ITSELF = "user", "tachograph"


class Filters(TypedDict, total=False):
    """What workflows are picked by. `agent` (a glob) has a session in it; times in ns."""

    status: str | None
    opened_by: str | None
    project_dir: str | None
    agent: str | None
    since: int | None
    until: int | None


class Workflows:
    """`store.workflows`"""

    def __init__(self, writer: Writer, ledger: Ledger) -> None:
        self._writer = writer
        self._connection = writer.connection
        self._ledger = ledger

    def start(
        self,
        title: str | None = None,
        session_id: str | None = None,
        agent_count: int = 0,
        project_dir: str | None = None,
        context: object = None,
        opened_by: str = USER,
        at: int | None = None,
    ) -> Workflow:
        """A new workflow, running. `session_id` is its own id; without one it gets `workflow-{YYYYMMDD-HHMMSS}`.

        `agent_count` is what is planned; it is counted as soon as sessions are in. Raises BadRecord: the id is taken.
        """
        at = at or clock.now()
        with self._writer.change():
            name = session_id or self._free_id(at)
            if self._is(name):
                raise BadRecord(f"a workflow {name!r} exists already", "choose another id, or go on with that one")
            row = msgspec.structs.asdict(
                Workflow(
                    name, clock.iso(at), "running", agent_count, context_json=to_json(context), title=title or None,
                    project_dir=project_dir, opened_by=opened_by,
                )
            )  # fmt: skip
            self._seal(self._connection.execute(_sql.add, row).get)
        return self.get(name)

    def end(self, workflow_id: str, status: str | None = None, at: int | None = None) -> Workflow:
        """Count it and close it: when its last session ended, now while one still runs. Without a status: failed when
        a session failed, cancelled when all were interrupted, else completed; what has ended already keeps its own, and
        its end. Raises NotFound, BadRecord."""
        with self._writer.change():
            counted = self._counted(self._known(workflow_id), at=at or clock.now(), status=status)
            self._change(counted)
        return counted

    def join(self, workflow_id: str, session_ids: Iterable[str]) -> Workflow:
        """Sessions enter a workflow, with the subagents they started; those that are in another stay there."""
        with self._writer.change():
            known = self._known(workflow_id)
            for session_id in session_ids:
                self.enter(known.session_id, self._writer.session(session_id, "unknown", clock.now()).number)
        return self.get(workflow_id)

    def get(self, workflow_id: str) -> Workflow:
        """By its id, or a unique beginning of it; while it runs, with the totals of now. NotFound, UsageError."""
        return self._now(self._known(workflow_id))

    def _known(self, workflow_id: str) -> Workflow:
        found = self._find(workflow_id)
        if not found:
            raise NotFound(f"there is no workflow {workflow_id!r}", "`tachograph workflow list` lists them")
        if len(found) > 1 and found[0].session_id != workflow_id:
            some = ", ".join(one.session_id for one in found[:5])
            raise UsageError(f"{workflow_id!r} fits several workflows: {some}", "write more of the id")
        return found[0]

    def list(
        self, *, limit: int | None = 100, past: Place | None = None, **chosen: Unpack[Filters]
    ) -> Sequence[Workflow]:
        """Newest first; those that run with the totals of now."""
        rows = paging.page(self._connection, _sql.listed, self._where(chosen), ("w.start_time", "w.id"), limit, past)
        return [self._now(Workflow(*row)) for row in rows]

    def total(self, **chosen: Unpack[Filters]) -> int | None:
        """How many `list` has; None when they are too many to count."""
        return paging.total(self._connection, _sql.total, self._where(chosen))

    def place(self, row: Workflow) -> Place:
        """Where it stands in `list`: by what is stored, the start of one that runs is counted anew."""
        start, number = self._connection.execute(_sql.place, (row.id,)).fetchone() or (row.start_time, row.id)
        return start, number

    def _where(self, chosen: Filters) -> Where:
        check_names(chosen, Filters)
        where = Where()
        if (glob := pattern(chosen.get("agent"))) is not None:
            where.any_of("w.session_id", [name for (name,) in self._connection.execute(_sql.with_agent, (glob,))])
        where.add("w.status = ?", chosen.get("status"))
        where.add("w.opened_by = ?", chosen.get("opened_by"))
        where.add("w.project_dir = ?", chosen.get("project_dir"))
        where.dated("w.start_time", chosen.get("since"), chosen.get("until"))
        return where

    def sessions(self, workflow_id: str) -> Sequence[str]:
        """Ids of its sessions, in the order they began."""
        return [name for _, name in self._connection.execute(_sql.members, (workflow_id,))]

    def totals(self, workflow_id: str) -> dict[str, int]:
        """agent_count, total_duration_ms, successful_operations, failed_operations, counted now."""
        found = self._counted(self._known(workflow_id), at=None)
        return {
            "agent_count": found.agent_count,
            "total_duration_ms": found.total_duration_ms or 0,
            "successful_operations": found.successful_operations or 0,
            "failed_operations": found.failed_operations or 0,
        }

    def settle(self) -> Sequence[str]:
        """Close those that opened by themselves and whose sessions have all ended; give a row to those that sessions
        name and nobody opened. Returns the ids of what was closed."""
        unknown = self._connection.execute(_sql.unknown).fetchall()
        over = [name for (name,) in self._connection.execute(_sql.over)]
        if unknown or over:
            with self._writer.change():
                for name, at, project_dir in unknown:
                    if not self._is(name):
                        self.start(session_id=name, project_dir=project_dir, at=at)
                for name in over:
                    self.end(name)
        return over

    # -- for ingest: row numbers of sessions, inside a transaction ------------------------------------------------

    def of(self, session: int) -> str | None:
        """The workflow of a session; one that only sessions know gets its row."""
        found = self._connection.execute(_sql.of_session, (session,)).fetchone()
        if found is None:
            return None
        name, opened, project_dir, at = found
        if not opened:
            self.start(session_id=name, project_dir=project_dir, at=at)
        return str(name)

    def of_name(self, session_id: str) -> str | None:
        """The same by the session's id; None, too, when there is no such session."""
        found = self._connection.execute(_sql.of_session_id, (session_id,)).get
        return None if found is None else str(found)

    def follow_parent(self, session: int) -> str | None:
        """A session belongs to the workflow of the one that started it. Returns that, when there is one."""
        found = self._connection.execute(_sql.of_parent, (session,)).get
        if found is not None:
            self.enter(str(found), session)
        return None if found is None else str(found)

    def enter(self, workflow_id: str, session: int) -> None:
        """A session and those it started, as far as they are in no other; what was closed by itself runs again."""
        self._connection.execute(_sql.enter, (workflow_id, session))
        found = self._find(workflow_id)
        if found and found[0].opened_by == BY_ITSELF and found[0].status != "running":
            self._change(msgspec.structs.replace(found[0], status="running", end_time=None))

    def present(self, root: str, session: int, slots: Iterable[int]) -> None:
        """A session did something in the repository `root` in these slots (time in ns // SLOT)."""
        self._connection.executemany(_sql.present, [(root, slot, session) for slot in slots])

    def company(self, root: str, session: int, slots: Iterable[int]) -> tuple[int, str | None, int] | None:
        """Another session that nobody started and that was there at the time, a slot before or after at most: row
        number, workflow, when the first of the two began (ns). One that is in a workflow comes first."""
        beside = {slot + shift for slot in slots for shift in (-1, 0, 1)}
        lately = clock.now() - ALIVE
        return self._connection.execute(_sql.company, (root, session, lately, listed(beside))).fetchone()  # type: ignore[no-any-return]

    # -- inside ----------------------------------------------------------------------------------------------------

    def _find(self, workflow_id: str) -> Sequence[Workflow]:
        return [Workflow(*row) for row in self._connection.execute(_sql.by_id, (workflow_id,))]

    def _is(self, workflow_id: str) -> bool:
        return any(one.session_id == workflow_id for one in self._find(workflow_id))

    def _now(self, known: Workflow) -> Workflow:
        return self._counted(known, at=None) if known.status == "running" else known

    def _counted(self, known: Workflow, *, at: int | None, status: str | None = None) -> Workflow:
        """With the totals of now; `at`: it ends, then at the latest."""
        count, first, last, open_, failed, interrupted = self._connection.execute(
            _sql.extent, (known.session_id,)
        ).fetchone()
        sql = _sql.operations.format(kinds=numbers(self._writer.kinds.of_steps(TOOLS)))
        well, wrong = self._connection.execute(sql, (known.session_id,)).fetchone()
        now = (_moment(known.end_time) if known.end_time else None) or at or clock.now()
        said = _moment(known.start_time)
        begun = first if count and known.opened_by == BY_ITSELF else min(said or now, first or now)
        until = max(last if count and not open_ else now, begun)
        counted = msgspec.structs.replace(
            known,
            agent_count=count or known.agent_count,
            total_duration_ms=(until - begun) // clock.MILLISECOND,
            successful_operations=well,
            failed_operations=wrong,
            start_time=clock.iso(begun) if begun != (said or now) else known.start_time,
        )
        if at is None:
            return counted
        judged = "failed" if failed else "cancelled" if count and interrupted == count else "completed"
        judged = known.status if known.end_time else judged
        return msgspec.structs.replace(counted, end_time=clock.iso(until), status=status or judged)

    def _change(self, workflow: Workflow) -> None:
        self._seal(self._connection.execute(_sql.change, msgspec.structs.asdict(workflow)).get)

    def _seal(self, row: int) -> None:
        self._ledger.seal("workflow_sessions", [row])

    def _free_id(self, at: int) -> str:
        attempt = 1
        while self._is(_name(at, attempt)):
            attempt += 1
        return _name(at, attempt)


def _name(at: int, attempt: int) -> str:
    return ids.session_id("workflow", at, attempt)


def _moment(text: str) -> int | None:
    """ns; other programs write times without a zone and mean UTC. None: it is no time."""
    with contextlib.suppress(ValueError):
        zoned = text if text.endswith("Z") or "+" in text else f"{text}Z"
        return clock.parse_time(zoned, 0)
    return None

"""Objectives that were missed, one row each; and the values of everything that an objective can be about."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypedDict, Unpack

import msgspec

from tachograph import clock
from tachograph.errors import NotFound
from tachograph.records import TOOLS, SloViolation
from tachograph.store import given, paging, queries
from tachograph.store.filters import Where, check_names, numbers, pattern
from tachograph.store.json_text import from_json
from tachograph.store.ledger import Ledger
from tachograph.store.paging import Place
from tachograph.store.stages import Stages
from tachograph.store.writer import Writer

_sql = queries.load("slo")
_SAME = ("metric", "target_value", "actual_value", "severity", "description", "event_id")
_OF_SESSIONS = {
    "session.duration_ms": "(s.ended_at - s.started_at) / 1e6",
    "session.cost_usd": "s.cost_usd",
    "errors.count": "s.errors",
}
_CALLS: Mapping[str, Collection[str]] = {"command.duration_ms": ("command",), "tool_call.duration_ms": TOOLS}

Measured = tuple[float, int, str, int | None]  # value, ns, session or execution, event


class Missed(NamedTuple):
    """How often an objective (or, in rows of others, a metric) was missed, and when last."""

    objective: str | None
    metric: str
    severity: str
    violations: int
    last: str


class Filters(TypedDict, total=False):
    """What violations are picked by. `agent`, `objective` and `metric` are globs; `session`: of its receipts; times in
    ns."""

    execution: str | None
    objective: str | None
    metric: str | None
    severity: str | None
    session: str | None
    agent: str | None
    since: int | None
    until: int | None


class Slo:
    """`store.slo`"""

    def __init__(self, writer: Writer, ledger: Ledger, stages: Stages) -> None:
        self._writer = writer
        self._connection = writer.connection
        self._ledger = ledger
        self._stages = stages

    def add(
        self,
        violation: SloViolation,
        *,
        agent_id: str = "pipeline",
        operation: str = "generation",
        session_id: str | None = None,
    ) -> SloViolation:
        """One violation, sealed. An execution misses an objective once: a second time changes the row, if at all.

        An execution without a receipt gets one with the status partial first, from the last words. Raises BadRecord:
        a word is missing, or one that the store does not know.
        """
        fields = msgspec.structs.asdict(violation)
        given.words(
            fields, ("execution_id", "metric", "severity"), "a violation says who missed what, and how bad that is"
        )
        given.numbers(fields, ("target_value", "actual_value"))
        fields["timestamp"] = given.moment(violation.timestamp)
        with self._writer.change():
            known = self.of(violation.execution_id, violation.objective)
            if known is not None and all(getattr(known, name) == fields[name] for name in _SAME):
                return known
            if known is None:
                self._stages.announce(violation.execution_id, agent_id, operation, session_id=session_id)
                row = self._connection.execute(_sql.add, fields).get
            else:
                row = known.id
                self._connection.execute(_sql.change, {**fields, "id": row})
            self._ledger.seal("slo_violations", [row])
        return self.get(row)

    def get(self, number: int) -> SloViolation:
        """Raises NotFound."""
        found = self._connection.execute(_sql.by_id, (number,)).fetchone()
        if found is None:
            raise NotFound(f"there is no violation {number}", "`tachograph slo list --violations` shows them")
        return SloViolation(*found)

    def of(self, execution_id: str, objective: str | None) -> SloViolation | None:
        """How an execution missed an objective; None when it did not, or the objective has no name."""
        found = self._connection.execute(_sql.of_objective, (execution_id, objective)).fetchone()
        return None if found is None else SloViolation(*found)

    def list(
        self, *, limit: int | None = 100, past: Place | None = None, **chosen: Unpack[Filters]
    ) -> Sequence[SloViolation]:
        """Newest first."""
        rows = paging.page(self._connection, _sql.listed, self._where(chosen), ("v.timestamp", "v.id"), limit, past)
        return [SloViolation(*row) for row in rows]

    def total(self, **chosen: Unpack[Filters]) -> int | None:
        """How many `list` has; None when they are too many to count."""
        return paging.total(self._connection, _sql.total, self._where(chosen))

    def place(self, row: SloViolation) -> Place:
        """Where it stands in `list`."""
        return row.timestamp, row.id

    def _where(self, chosen: Filters) -> Where:
        check_names(chosen, Filters)
        where = Where()
        where.add("v.execution_id = ?", chosen.get("execution"))
        where.add("v.objective GLOB ?", pattern(chosen.get("objective")))
        where.add("v.metric GLOB ?", pattern(chosen.get("metric")))
        where.add("v.severity = ?", chosen.get("severity"))
        where.add("r.session_id = ?", chosen.get("session"))
        where.add("r.agent_id GLOB ?", pattern(chosen.get("agent")))
        where.dated("v.timestamp", chosen.get("since"), chosen.get("until"))
        return where

    def stats(self) -> Sequence[Missed]:
        """Every objective that was ever missed."""
        return [Missed(*row) for row in self._connection.execute(_sql.counts)]

    def values(
        self,
        metric: str,
        *,
        agents: Sequence[str] = (),
        project: str | None = None,
        category: str | None = None,
        tool: str | None = None,
        stage: str | None = None,
        session: str | None = None,
        execution: str | None = None,
        since: int | None = None,
        until: int | None = None,
    ) -> Sequence[Measured]:
        """(value, ns, session or execution, event) of a metric of objectives but `tests.failed`, in no order.

        Globs, but for `session` and `execution`; every one of `agents` must fit; a project with everything below it.
        Times in ns: when a session ended, a call began, a stage was noted.
        """
        if metric == "stage.duration_ms":
            return self._of_stages(agents, project, stage, session, execution, since, until)
        where = _of_session(agents, project, session)
        if metric in _OF_SESSIONS:
            where.between("s.ended_at", since, until)
            sql = _sql.of_sessions.format(value=_OF_SESSIONS[metric], where=where)
        else:
            where.add("t.command_category GLOB ?", pattern(category))
            where.add("t.tool_name GLOB ?", pattern(tool))
            if metric == "tool_call.duration_ms":
                where.add("t.tool_call_id IS NOT NULL")
            where.between("e.at", since, until)
            sql = _sql.of_calls.format(kinds=numbers(self._writer.kinds.of_steps(_CALLS[metric])), where=where)
        return [tuple(row) for row in self._connection.execute(sql, where.values)]

    def tests(
        self,
        *,
        agents: Sequence[str] = (),
        project: str | None = None,
        session: str | None = None,
        since: int | None = None,
        until: int | None = None,
    ) -> Iterator[tuple[str, int, Any]]:
        """(session, when it ended in ns, metadata of a test result), those of a session in its order."""
        where = _of_session(agents, project, session)
        where.between("s.ended_at", since, until)
        sql = _sql.tests.format(kinds=numbers(self._writer.kinds.matching(event_type="test_result")), where=where)
        for name, ended_at, metadata in self._connection.execute(sql, where.values):
            yield name, ended_at, from_json(metadata) or {}

    def _of_stages(
        self,
        agents: Sequence[str],
        project: str | None,
        stage: str | None,
        session: str | None,
        execution: str | None,
        since: int | None,
        until: int | None,
    ) -> Sequence[Measured]:
        where = Where()
        for agent in agents:
            where.add("r.agent_id GLOB ?", pattern(agent))
        where.add("r.session_id = ?", session)
        where.add("p.execution_id = ?", execution)
        where.add("p.stage GLOB ?", self._stages.glob(stage))
        _below(where, project)
        where.between("at", since, until)
        first_day = "" if since is None else clock.iso(max(since, 0))[:10]
        sql = _sql.of_stages.format(where=where)
        return [tuple(row) for row in self._connection.execute(sql, (first_day, *where.values))]


def _of_session(agents: Sequence[str], project: str | None, session: str | None) -> Where:
    where = Where()
    for agent in agents:
        where.add("a.name GLOB ?", pattern(agent))
    where.add("s.session_id = ?", session)
    _below(where, project)
    return where


def _below(where: Where, project: str | None) -> None:
    if project is not None:
        folder = pattern(project.rstrip("/")) or "*"
        where.add("(s.project_dir GLOB ? OR s.project_dir GLOB ?)", folder, f"{folder}/*")

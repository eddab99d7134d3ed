"""Objectives as they are told: which there are, whether they are kept, how much is left of what may be missed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from tachograph import clock
from tachograph.analyse import objectives as analyse
from tachograph.analyse.objectives import Budget, Objective, Value, Verdict
from tachograph.formats.rows import Row
from tachograph.ingest.objectives import values_of
from tachograph.store import Store
from tachograph.store.filters import check_times
from tachograph.store.slo import Missed

LISTED = (
    *("name", "metric", "target", "percentile", "severity", "window", "scope", "description", "configured"),
    *("violations", "last_violation"),
)
CHECKED = (
    *("name", "metric", "target_value", "actual_value", "percentile", "severity", "met", "values", "missed"),
    *("allowed", "execution_id", "event_id", "since", "until", "description"),
)
REPORTED = (
    *("name", "metric", "target", "percentile", "severity", "met", "actual_value", "values", "allowed", "used"),
    *("left", "burn", "per_day", "since", "until", "days"),
)


class Known(NamedTuple):
    """An objective that is configured, or one that was missed once and is not any more; or both."""

    objective: Objective | None
    missed: Missed | None

    @property
    def name(self) -> str:
        return self.objective.name if self.objective else (self.missed and self.missed.objective) or ""


class Checked(NamedTuple):
    """A verdict, and over which time (ns; None: one session)."""

    verdict: Verdict
    since: int | None
    until: int


class Reported(NamedTuple):
    checked: Checked
    budget: Budget


def scope_of(objective: Objective) -> dict[str, str]:
    return {name: value for name, value in msgspec.structs.asdict(objective.scope).items() if value is not None}


def _time(at: int | None) -> str | None:
    return None if at is None else clock.iso(at)


def listed_row(one: Known) -> Row:
    """Under LISTED."""
    found: Row = msgspec.structs.asdict(one.objective) if one.objective else {"name": one.name or None}
    if one.objective:
        found["scope"] = scope_of(one.objective) or None
    elif one.missed:
        found |= {"metric": one.missed.metric, "severity": one.missed.severity}
    count, last = (one.missed.violations, one.missed.last) if one.missed else (0, None)
    found |= {"configured": one.objective is not None, "violations": count, "last_violation": last}
    return {name: found.get(name) for name in LISTED}


def checked_row(one: Checked) -> Row:
    """Under CHECKED, times ISO."""
    verdict, objective = one.verdict, one.verdict.objective
    return {
        "name": objective.name,
        "metric": objective.metric,
        "target_value": objective.target,
        "actual_value": verdict.actual,
        "percentile": objective.percentile,
        "severity": objective.severity,
        "met": verdict.met,
        "values": verdict.values,
        "missed": verdict.missed,
        "allowed": verdict.allowed,
        "execution_id": verdict.worst.subject if verdict.worst else None,
        "event_id": verdict.worst.event_id if verdict.worst else None,
        "since": _time(one.since),
        "until": _time(one.until),
        "description": verdict.description,
    }


def reported_row(one: Reported) -> Row:
    """Under REPORTED, times ISO."""
    verdict, budget = one.checked.verdict, one.budget
    objective = verdict.objective
    return {
        "name": objective.name,
        "metric": objective.metric,
        "target": objective.target,
        "percentile": objective.percentile,
        "severity": objective.severity,
        "met": verdict.met,
        "actual_value": verdict.actual,
        "values": verdict.values,
        "allowed": budget.allowed,
        "used": budget.used,
        "left": budget.left,
        "burn": None if budget.burn is None else round(budget.burn, 6),
        "per_day": round(budget.per_day, 6),
        "since": _time(one.checked.since),
        "until": _time(one.checked.until),
        "days": [day._asdict() for day in budget.days],
    }


def known(missed: Iterable[Missed], objectives: Sequence[Objective]) -> list[Known]:
    """Those configured, in their order, then those of which only violations are left."""
    every = list(missed)
    by_name = {one.objective: one for one in every if one.objective}
    found = [Known(objective, by_name.pop(objective.name, None)) for objective in objectives]
    return [*found, *(Known(None, one) for one in every if one.objective in by_name or not one.objective)]


def judged(
    store: Store,
    objectives: Sequence[Objective],
    now: int,
    *,
    since: int | None = None,
    until: int | None = None,
    agent: str | None = None,
    session: str | None = None,
    execution: str | None = None,
) -> list[tuple[Checked, list[Value]]]:
    """Verdicts over the time that is asked for (ns), else over that of each objective; of one session or execution,
    all of it. Raises UsageError."""
    check_times(since, until)
    whole = session is not None or execution is not None
    if execution is not None:
        objectives = [one for one in objectives if one.metric == "stage.duration_ms"]
    found = []
    for objective in objectives:
        begin = since if since is not None or whole else (until or now) - objective.window_ns
        values = values_of(
            store, objective, agent=agent, session=session, execution=execution, since=begin, until=until
        )
        found.append((Checked(analyse.judge(objective, values), begin, until or now), values))
    return found


def reported(checked: Checked, values: Sequence[Value]) -> Reported:
    """A verdict with its budget, day by day."""
    begin = checked.since if checked.since is not None else min((v.at for v in values), default=checked.until)
    return Reported(checked, analyse.budget(checked.verdict.objective, values, begin, checked.until))

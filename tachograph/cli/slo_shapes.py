"""How `tachograph slo` lists objectives, verdicts, budgets and violations: as data and as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from tachograph import clock
from tachograph.analyse.objectives import Budget, Objective, Verdict
from tachograph.cli import draw
from tachograph.cli.app import App
from tachograph.cli.listing import Field, Shape
from tachograph.formats import human
from tachograph.formats.rows import Row, columns, to_row
from tachograph.formats.table import Cell
from tachograph.records import SloViolation
from tachograph.store.slo import Missed

_SPARK = "▁▂▃▄▅▆▇█"
_SPARK_DAYS = 20
_LIST = (
    *("name", "metric", "target", "percentile", "severity", "window", "scope", "description", "configured"),
    *("violations", "last_violation"),
)
_CHECK = (
    *("name", "metric", "target_value", "actual_value", "percentile", "severity", "met", "values", "missed"),
    *("allowed", "execution_id", "event_id", "since", "until", "description"),
)
_REPORT = (
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


def _amount(metric: str, value: float | None) -> str:
    """A value as people read it."""
    if value is None:
        return ""
    if metric.endswith("_ms"):
        return human.took(value * 1e6)
    return f"${human.dollars(value)}" if metric.endswith("_usd") else f"{value:g}"


def _percentile(objective: Objective) -> str:
    return "" if objective.percentile == 100 else f"p{objective.percentile:g}"


def _mark(met: bool, measured: bool, severity: str) -> Cell:
    if not measured:
        return Cell("·", "")
    if met:
        return Cell("✓ met", draw.GREEN)
    return Cell("✗ missed", draw.RED if severity == "critical" else draw.YELLOW)


def scope_of(objective: Objective) -> dict[str, str]:
    return {name: value for name, value in msgspec.structs.asdict(objective.scope).items() if value is not None}


def _time(at: int | None) -> str | None:
    return None if at is None else clock.iso(at)


def objectives_listed(app: App) -> Shape:
    def row(one: Known) -> Row:
        found: Row = msgspec.structs.asdict(one.objective) if one.objective else {"name": one.name or None}
        if one.objective:
            found["scope"] = scope_of(one.objective) or None
        elif one.missed:
            found |= {"metric": one.missed.metric, "severity": one.missed.severity}
        count, last = (one.missed.violations, one.missed.last) if one.missed else (0, None)
        found |= {"configured": one.objective is not None, "violations": count, "last_violation": last}
        return {name: found.get(name) for name in _LIST}

    def target(one: Known) -> str:
        return "not configured" if one.objective is None else f"≤ {_amount(one.objective.metric, one.objective.target)}"

    def scope(one: Known) -> str:
        return " ".join(f"{name}={value}" for name, value in scope_of(one.objective).items()) if one.objective else ""

    fields = [
        Field("name", "OBJECTIVE", lambda one: one.name, stretch=True, least=20),
        Field("metric", "METRIC"),
        Field("percentile", "OF", lambda one: _percentile(one.objective) if one.objective else ""),
        Field("target", "TARGET", target, right=True),
        Field("severity", "SEVERITY", spare=2),
        Field("window", "WINDOW", spare=3),
        Field("scope", "SCOPE", scope, stretch=True, spare=4),
        Field("violations", "MISSED", lambda one: one.missed.violations if one.missed else "", right=True),
        Field(
            "last_violation", "LAST", lambda one: draw.when_text(app, one.missed.last) if one.missed else "", spare=1
        ),
    ]
    return Shape("objective", _LIST, fields, row)


def violations(app: App) -> Shape:
    fields = [
        Field("timestamp", "WHEN", lambda one: draw.when_text(app, one.timestamp)),
        Field("objective", "OBJECTIVE", stretch=True),
        Field("severity", "SEVERITY", spare=1),
        Field("execution_id", "EXECUTION", stretch=True),
        Field("metric"),
        Field("target_value"),
        Field("actual_value"),
        Field("description", "WHAT", stretch=True, least=20),
    ]
    return Shape("violation", columns(SloViolation), fields, to_row)


def checks() -> Shape:
    def row(one: Checked) -> Row:
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

    return Shape("objective", _CHECK, _verdict_fields(lambda one: one.verdict), row)


def _verdict_fields(verdict_of: Callable[[Any], Verdict]) -> list[Field]:
    def objective(one: Any) -> Objective:
        return verdict_of(one).objective

    def met(one: Any) -> Cell:
        verdict = verdict_of(one)
        return _mark(verdict.met, verdict.actual is not None, verdict.objective.severity)

    return [
        Field("met", " ", met),
        Field("name", "OBJECTIVE", lambda one: objective(one).name, stretch=True, least=20),
        Field("severity", "SEVERITY", lambda one: objective(one).severity, spare=2),
        Field("metric", "METRIC", lambda one: objective(one).metric, spare=1),
        Field("percentile", "OF", lambda one: _percentile(objective(one))),
        Field("actual_value", "ACTUAL", lambda one: _amount(objective(one).metric, verdict_of(one).actual), right=True),
        Field("target_value", "TARGET", lambda one: f"≤ {_amount(objective(one).metric, objective(one).target)}"),
        Field("values", "VALUES", lambda one: verdict_of(one).values, right=True),
    ]


def reports() -> Shape:
    def row(one: Reported) -> Row:
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

    def burn(one: Reported) -> str:
        return "" if one.budget.burn is None else f"{one.budget.burn:.1f}×"

    fields = [
        *_verdict_fields(lambda one: one.checked.verdict)[:2],
        Field("values", "VALUES", lambda one: one.checked.verdict.values, right=True),
        Field("allowed", "ALLOWED", lambda one: one.budget.allowed, right=True),
        Field("used", "USED", lambda one: one.budget.used, right=True),
        Field("left", "LEFT", lambda one: one.budget.left, right=True),
        Field("burn", "BURN", burn, right=True),
        Field("per_day", "A DAY", lambda one: f"{one.budget.per_day:.1f}", right=True, spare=1),
        Field("", "BY DAY", lambda one: sparkline([day.missed for day in one.budget.days])),
    ]
    return Shape("objective", _REPORT, fields, row)


def sparkline(counts: Sequence[int]) -> str:
    """Counts as small bars, the last 20 of them; nothing is a dot."""
    shown = counts[-_SPARK_DAYS:]
    most = max(shown, default=0)
    return "".join(_SPARK[(count * (len(_SPARK) - 1) + most - 1) // most] if count else "·" for count in shown)

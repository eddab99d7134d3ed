"""Objectives: what `[[slo]]` in config.toml may say, and whether values keep it. Pure.

The percentile is that of the nearest rank: of n values in order, the one at place ⌈p/100 · n⌉, so it is a value that
was measured. It is at most the target exactly when at most n - ⌈p/100 · n⌉ values are beyond the target: that many
misses are the error budget.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import msgspec

from tachograph import clock
from tachograph.regexes import regex
from tachograph.tables import Refusal, Table, Wrong, tables

ARRAY = "slo"  # [[slo]] in config.toml
SEVERITIES = ("warning", "critical")

_OF_SESSIONS = ("agent", "project")
METRICS: dict[str, tuple[str, tuple[str, ...]]] = {  # metric → what one value is, what its scope may name
    "session.duration_ms": ("how long a session took", _OF_SESSIONS),
    "session.cost_usd": ("what a session cost, where that is known", _OF_SESSIONS),
    "command.duration_ms": ("how long a command took", (*_OF_SESSIONS, "category")),
    "tool_call.duration_ms": ("how long a tool call took", (*_OF_SESSIONS, "category", "tool")),
    "stage.duration_ms": ("how long a stage of a pipeline took", (*_OF_SESSIONS, "stage")),
    "tests.failed": ("failed tests when a session last ran any", _OF_SESSIONS),
    "errors.count": ("errors found in a session", _OF_SESSIONS),
}
_NAME = regex(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class Scope(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which values count; None: all. All but `project` are globs; a project counts with everything below it."""

    agent: str | None = None
    project: str | None = None  # of sessions.project_dir; a glob too
    category: str | None = None  # of commands: test, build, git …
    tool: str | None = None  # as the agent calls it
    stage: str | None = None


class Objective(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[slo]]`: of the values of `metric`, `percentile` in a hundred are at most `target`."""

    name: str
    metric: str
    target: float
    percentile: float = 100.0
    severity: str = "warning"
    window: str = "30d"  # how far back `slo check` looks
    scope: Scope = Scope()
    description: str = ""

    @property
    def window_ns(self) -> int:
        return clock.parse_duration(self.window)

    @property
    def named(self) -> str:
        """`p95 of stage.duration_ms`, or just the metric when no value may be beyond the target."""
        return self.metric if self.percentile == 100 else f"p{self.percentile:g} of {self.metric}"


class Value(NamedTuple):
    """One value: when it was measured (ns), in which session or execution, by which event if there is one."""

    value: float
    at: int
    subject: str
    event_id: int | None = None


class Verdict(NamedTuple):
    """What became of an objective. Of `values` values, `missed` are beyond the target, `allowed` may be.

    `actual` is the value at the percentile, `worst` where it came from; None when nothing was measured, which is met.
    """

    objective: Objective
    actual: float | None
    worst: Value | None
    values: int
    missed: int
    allowed: int

    @property
    def met(self) -> bool:
        return self.actual is None or self.actual <= self.objective.target

    @property
    def description(self) -> str:
        """One sentence, for people."""
        objective, count = self.objective, f"{self.missed} of {self.values} beyond it" if self.values > 1 else ""
        if self.actual is None:
            return f"{objective.named}: nothing was measured"
        text = f"{objective.named} is {self.actual:g}, target {objective.target:g}"
        return f"{text} ({count})" if count else text


class Day(NamedTuple):
    """One day (UTC, as `2026-11-21`): how many values, how many of them beyond the target."""

    day: str
    values: int
    missed: int


class Budget(NamedTuple):
    """How much of the misses that an objective allows is used up.

    `burn` is the share of misses over the share that is allowed: 1 uses the budget up exactly, more is too much;
    None where no miss is allowed at all (a percentile of 100), or nothing was measured. `per_day` are misses.
    """

    allowed: int
    used: int
    left: int
    burn: float | None
    per_day: float
    days: list[Day]


def load(text: str) -> tuple[list[Objective], list[Wrong]]:
    """The text of config.toml → the objectives that can be used, and what is wrong with the others, by line."""
    found: dict[str, Objective] = {}
    wrong: list[Wrong] = []
    for table in tables(text, ARRAY, wrong):
        try:
            objective = _objective(table)
        except Refusal as error:
            wrong.append(Wrong(table.line_of(error.key), str(table.values.get("name", "")), str(error)))
            continue
        if objective.name in found:
            wrong.append(Wrong(table.line, objective.name, "this name is given twice; the first one counts"))
        else:
            found[objective.name] = objective
    return list(found.values()), sorted(wrong)


def _objective(table: Table) -> Objective:
    known = Objective.__struct_fields__
    for key in table.values:
        if key not in known:
            raise Refusal(key, f"unknown field {key!r}; known are {', '.join(known)}")
    try:
        objective = msgspec.convert(table.values, Objective)
    except msgspec.ValidationError as error:
        place = re.search(r"at `\$\.(\w+)", str(error))
        raise Refusal(place[1] if place else "", str(error).replace("$.", "")) from None
    _check(objective)
    return objective


def _check(objective: Objective) -> None:
    """Raises Refusal when the objective makes no sense."""
    if not _NAME.fullmatch(objective.name):
        raise Refusal("name", "name is not made of letters, digits, _, - and .")
    if objective.metric not in METRICS:
        raise Refusal("metric", f"metric {objective.metric!r} is none of {', '.join(METRICS)}")
    if not (math.isfinite(objective.target) and objective.target >= 0):
        raise Refusal("target", f"target is {objective.target:g}, expected a number from 0 on")
    if not 0 < objective.percentile <= 100:
        raise Refusal("percentile", f"percentile is {objective.percentile:g}, expected a number above 0, up to 100")
    if objective.severity not in SEVERITIES:
        raise Refusal("severity", f"severity {objective.severity!r} is none of {', '.join(SEVERITIES)}")
    try:
        if objective.window_ns <= 0:
            raise ValueError
    except ValueError:
        raise Refusal("window", f"window is {objective.window!r}, expected a time such as 24h, 7d or 4w") from None
    allowed = METRICS[objective.metric][1]
    for name in msgspec.structs.asdict(objective.scope):
        if getattr(objective.scope, name) is not None and name not in allowed:
            raise Refusal("scope", f"scope.{name} says nothing about {objective.metric}; use {', '.join(allowed)}")


def place(percentile: float, count: int) -> int:
    """Which of `count` values in order is the percentile's, from 1. As it is written: 99.9 is 999 of 1000."""
    return math.ceil(Fraction(str(percentile)) * count / 100)


def judge(objective: Objective, values: Iterable[Value]) -> Verdict:
    """Whether the values keep the objective."""
    ordered = sorted(values)
    if not ordered:
        return Verdict(objective, None, None, 0, 0, 0)
    at = place(objective.percentile, len(ordered))
    worst = ordered[at - 1]
    missed = sum(value.value > objective.target for value in ordered)
    return Verdict(objective, worst.value, worst, len(ordered), missed, len(ordered) - at)


def budget(objective: Objective, values: Sequence[Value], since: int, until: int) -> Budget:
    """What was used of the budget from `since` to `until` (ns), day by day; days without values too."""
    verdict = judge(objective, values)
    days = _days(objective, values, since, until)
    may = 1 - objective.percentile / 100
    burn = verdict.missed / verdict.values / may if verdict.values and may else None
    span = max(until - since, 1) / clock.DAY
    return Budget(
        verdict.allowed, verdict.missed, verdict.allowed - verdict.missed, burn, verdict.missed / max(span, 1), days
    )


def _days(objective: Objective, values: Sequence[Value], since: int, until: int) -> list[Day]:
    counts = {number: [0, 0] for number in range(since // clock.DAY, until // clock.DAY + 1)}
    for value in values:
        count = counts.setdefault(value.at // clock.DAY, [0, 0])
        count[0] += 1
        count[1] += value.value > objective.target
    return [Day(clock.iso(number * clock.DAY)[:10], *counts[number]) for number in sorted(counts)]


def failed_tests(results: Iterable[tuple[str, Mapping[str, object]]]) -> dict[str, int]:
    """Test results as (session, metadata of the finding), in the order of each session → session, failed tests.

    What the last line with totals says; where a tool prints no totals, how many failures it named.
    """
    totals: dict[str, int] = {}
    named: dict[str, int] = {}
    for session, told in results:
        if any(isinstance(told.get(name), int) for name in ("passed", "failed", "errors", "total")):
            if told.get("what", "Tests") == "Tests":  # the same tool counts files and snapshots, too
                totals[session] = sum(_count(told.get(name)) for name in ("failed", "errors"))
        else:
            named[session] = named.get(session, 0) + (told.get("severity") == "error")
    return named | totals


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0

"""Objectives: what config.toml may say, and percentiles and budgets against a plain re-computation."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph import clock
from tachograph.analyse import objectives
from tachograph.analyse.objectives import Objective, Value
from tachograph.clock import DAY

GOOD = '[[slo]]\nname = "good"\nmetric = "session.cost_usd"\ntarget = 2.5\n'

percentiles = st.one_of(
    st.integers(1, 100).map(float), st.decimals(Decimal("0.1"), 100, places=2).map(float).filter(lambda p: p > 0)
)
measured = st.lists(st.integers(0, 20).map(float), max_size=60)


def values(numbers: list[float], at: int = 0) -> list[Value]:
    return [Value(number, at + place, f"s{place}") for place, number in enumerate(numbers)]


def objective(target: float = 10, percentile: float = 100, metric: str = "command.duration_ms") -> Objective:
    return Objective("o", metric, target, percentile)


def share_within(numbers: list[float], bound: float) -> Decimal:
    return Decimal(100) * sum(number <= bound for number in numbers) / len(numbers)


@given(measured, percentiles, st.integers(0, 20))
def test_the_percentile_is_the_least_value_that_enough_values_are_within(
    numbers: list[float], percentile: float, target: int
) -> None:
    verdict = objectives.judge(objective(target, percentile), values(numbers))
    wanted = Decimal(str(percentile))
    if not numbers:
        assert (verdict.actual, verdict.met, verdict.allowed) == (None, True, 0)
        return
    least = min(number for number in numbers if share_within(numbers, number) >= wanted)
    assert verdict.actual == least
    assert verdict.worst is not None and verdict.worst.value == least
    assert verdict.met == (share_within(numbers, target) >= wanted)


@given(measured, percentiles, st.integers(0, 20))
def test_the_budget_is_used_up_exactly_when_the_objective_is_missed(
    numbers: list[float], percentile: float, target: int
) -> None:
    verdict = objectives.judge(objective(target, percentile), values(numbers))
    budget = objectives.budget(objective(target, percentile), values(numbers), 0, 3 * DAY)
    assert budget.used == verdict.missed == sum(number > target for number in numbers)
    assert budget.left == budget.allowed - budget.used
    assert (budget.left >= 0) == verdict.met
    # one miss more than allowed is too many, and what is allowed is not
    if numbers:
        count = len(numbers)
        assert Decimal(100) * (count - budget.allowed) / count >= Decimal(str(percentile))
        assert Decimal(100) * (count - budget.allowed - 1) / count < Decimal(str(percentile))


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5 * DAY)), max_size=40))
def test_days_add_up_and_none_is_left_out(told: list[tuple[int, int]]) -> None:
    found = [Value(float(number), at, "s") for number, at in told]
    budget = objectives.budget(objective(10), found, 0, 5 * DAY)
    assert [day.day for day in budget.days] == [clock.iso(number * DAY)[:10] for number in range(6)]
    assert sum(day.values for day in budget.days) == len(found)
    assert sum(day.missed for day in budget.days) == budget.used
    assert budget.per_day == budget.used / 5
    for number, day in enumerate(budget.days):
        assert day.values == sum(at // DAY == number for _, at in told)


def test_the_burn_is_one_when_the_budget_lasts_exactly() -> None:
    found = values([1.0] * 95 + [99.0] * 5)
    assert objectives.budget(objective(10, 95), found, 0, DAY).burn == pytest.approx(1)
    assert objectives.budget(objective(10, 90), found, 0, DAY).burn == pytest.approx(0.5)
    assert objectives.budget(objective(10, 100), found, 0, DAY).burn is None
    assert objectives.budget(objective(10, 95), [], 0, DAY).burn is None


def test_a_percentile_counts_as_it_is_written() -> None:
    """99.9 % of 1000 is 999, whatever floating point makes of it."""
    assert [objectives.place(99.9, 1000), objectives.place(99.9, 1001), objectives.place(0.1, 1000)] == [999, 1000, 1]
    assert [objectives.place(50, 1), objectives.place(50, 2), objectives.place(50, 3)] == [1, 1, 2]


def test_an_objective_with_everything_said() -> None:
    text = (
        '[output]\nlimit = 5\n\n[[slo]]\nname = "tests-fast"\nmetric = "command.duration_ms"\ntarget = 60_000\n'
        'percentile = 95\nseverity = "critical"\nwindow = "7d"\ndescription = "the tests"\n'
        'scope = { agent = "c*", project = "/srv/shop", category = "test" }\n[search]\ncontext = 2\n' + GOOD
    )
    found, wrong = objectives.load(text)
    assert wrong == []
    assert [one.name for one in found] == ["tests-fast", "good"]
    first, second = found
    assert (first.target, first.percentile, first.severity, first.window_ns) == (60_000, 95, "critical", 7 * DAY)
    assert (first.scope.agent, first.scope.category, first.scope.stage) == ("c*", "test", None)
    assert first.named == "p95 of command.duration_ms"
    assert (second.percentile, second.severity, second.window) == (100, "warning", "30d")


@pytest.mark.parametrize(
    ("table", "line", "word"),
    [
        ('name = "a"\nmetric = "errors.count"', 1, "target"),
        ('name = "a"\ntarget = 1', 1, "metric"),
        ('metric = "errors.count"\ntarget = 1', 1, "name"),
        ('name = "a b"\nmetric = "errors.count"\ntarget = 1', 2, "name"),
        ('name = "a"\nmetric = "errors.total"\ntarget = 1', 3, "session.duration_ms"),
        ('name = "a"\nmetric = "errors.count"\ntarget = "1s"', 4, "Expected `float`"),
        ('name = "a"\nmetric = "errors.count"\ntarget = true', 4, "Expected `float`"),
        ('name = "a"\nmetric = "errors.count"\ntarget = -1', 4, "from 0 on"),
        ('name = "a"\nmetric = "errors.count"\ntarget = nan', 4, "from 0 on"),
        ('name = "a"\nmetric = "errors.count"\ntarget = 1\npercentile = 0', 5, "above 0"),
        ('name = "a"\nmetric = "errors.count"\ntarget = 1\npercentile = 100.5', 5, "up to 100"),
        ('name = "a"\nmetric = "errors.count"\ntarget = 1\nseverity = "info"', 5, "warning, critical"),
        ('name = "a"\nmetric = "errors.count"\ntarget = 1\nwindow = "soon"', 5, "7d"),
        ('name = "a"\nmetric = "errors.count"\ntarget = 1\nwindow = "0s"', 5, "7d"),
        ('name = "a"\nmetric = "errors.count"\ntarget = 1\nbudget = 3', 5, "unknown field 'budget'"),
        ('name = "a"\nmetric = "errors.count"\ntarget = 1\nscope = { stage = "x" }', 5, "scope.stage"),
        ('name = "a"\nmetric = "errors.count"\ntarget = 1\nscope = { host = "x" }', 5, "host"),
        ('name = "a"\nmetric = = "errors.count"', 3, "not valid TOML"),
        ('name = "a"\nmetric = "errors.count', 3, "not valid TOML"),
    ],
)
def test_a_bad_objective_is_refused_with_its_line_and_the_others_load(table: str, line: int, word: str) -> None:
    for before in ("", "[output]\nlimit = 5\n\n"):
        found, (wrong,) = objectives.load(f"{before}[[slo]]\n{table}\n\n{GOOD}")
        assert wrong.line == line + before.count("\n")
        assert word in wrong.reason
        assert [one.name for one in found] == ["good"]


def test_a_name_given_twice_and_a_file_that_has_no_tables() -> None:
    found, (wrong,) = objectives.load(GOOD + GOOD)
    assert (len(found), wrong.line, wrong.name) == (1, 5, "good")
    assert [objectives.load(text)[1][0].line for text in ("slo = 3\n", "[slo]\nname = 1\n", "[[slo]]\n{")] == [1, 1, 2]
    assert objectives.load("[output]\nlimit = 3\n") == ([], [])


def test_failed_tests_are_those_of_the_last_line_with_totals() -> None:
    red, green = {"failed": 2, "errors": 1, "severity": "error"}, {"passed": 9, "severity": "info"}
    named = {"test": "a", "severity": "error"}
    told = [
        *(("mended", one) for one in (named, red, green)),
        *(("broken", one) for one in (green, named, red)),
        *(("named", one) for one in (named, named, {"package": "x", "severity": "info"})),
        *(("files", one) for one in ({"what": "Tests", "failed": 4}, {"what": "Snapshots", "total": 0})),
    ]
    assert objectives.failed_tests(told) == {"mended": 0, "broken": 3, "named": 2, "files": 4}

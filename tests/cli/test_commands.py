"""`commands`: what ran, counted by command and by category, with percentiles that are right."""

from __future__ import annotations

from pathlib import Path
from statistics import median, quantiles

import pytest

import tachograph
from tachograph.analyse.commands import name
from tachograph.errors import UsageError
from tachograph.records import Event, Step
from tests.cli.conftest import Ask, Screen
from tests.cli.histories import CHILD, FIRST, SECOND

AT = 1_795_000_000_000_000_000


def test_commands_are_counted_once_wherever_they_were_copied_to(asked: Ask) -> None:
    rows = {row["command"]: row for row in asked("commands", "--json").json}
    assert set(rows) == {"pytest", "git status", "git diff", "git commit", "grep", "rm"}
    pytest_row = rows["pytest"]
    assert (pytest_row["runs"], pytest_row["failed"], pytest_row["command_category"]) == (3, 1, "test")
    assert (pytest_row["first_execution"], pytest_row["last_execution"]) == (
        "2026-11-10T09:00:03.000Z",
        "2026-11-11T09:00:03.000Z",
    )
    assert (pytest_row["median_ms"], pytest_row["p95_ms"], pytest_row["total_ms"]) == (1000, 1000, 3000)


def test_what_was_refused_never_ran_and_what_was_interrupted_did_not_fail(asked: Ask) -> None:
    rows = {row["command"]: row for row in asked("commands", "--json").json}
    assert [rows["rm"][column] for column in ("runs", "failed", "rejected", "median_ms")] == [0, 0, 1, None]
    assert [rows["git commit"][column] for column in ("runs", "failed", "interrupted")] == [1, 0, 1]


def test_one_session_counts_all_of_its_own(asked: Ask) -> None:
    assert {row["command"]: row["runs"] for row in asked("commands", SECOND, "--json").json} == {"pytest": 3}
    assert {row["command"]: row["runs"] for row in asked("commands", CHILD, "--json").json} == {"grep": 1}


def test_categories(asked: Ask) -> None:
    rows = {row["command_category"]: row for row in asked("commands", "--by", "category", "--json").json}
    assert {kind: row["runs"] for kind, row in rows.items()} == {"test": 3, "git": 3, "search": 1, "file": 0}
    assert list(rows)[:2] == ["git", "test"]
    assert "command" not in rows["git"]


def test_only_what_failed(asked: Ask) -> None:
    rows = asked("commands", "--failed", "--json").json
    assert [(row["command"], row["failed"]) for row in rows] == [("pytest", 1), ("git diff", 1)]
    nothing = asked("commands", CHILD, "--failed")
    assert nothing.code == 0 and "no command failed" in nothing.err


def test_filters(asked: Ask) -> None:
    codex = asked("commands", "--agent", "codex", "--json").json
    assert {row["command"] for row in codex} == {"git status", "git diff"}
    assert {row["command"] for row in asked("commands", "--since", "2026-11-11", "--json").json} == {
        *("pytest", "git status", "git diff")
    }
    assert len(asked("commands", "-n", "2", "--json").json) == 2
    assert asked("commands", "--since", "2026-11-20", "--json").json == []


def test_a_terminal_of_eighty_columns(screen: Screen, told: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACHOGRAPH_HOME", str(told))
    lines = screen("commands", env={"NO_COLOR": "1"}).splitlines()
    assert max(map(len, lines[:7])) <= 80
    assert next(line for line in lines if line.startswith("pytest")).split()[:4] == ["pytest", "test", "3", "1"]


def test_percentiles_lie_between_the_values_in_proportion(home: Path) -> None:
    took = [3.0, 1.0, 4.0, 1.5, 9.0, 2.6, 5.3, 58.0, 97.9]
    with tachograph.open(home / "other.db") as store:
        store.events.add_many(
            [
                *(Event("a-1", "command", command="make", duration_ms=ms, status="ok", at=AT) for ms in took),
                Event("a-1", "command", command="make", status="ok", at=AT),  # nobody measured this one
                Event("a-1", "command", command="make", duration_ms=1e9, status="rejected", at=AT),
                Event("a-1", "command", command="make", duration_ms=7.0, exit_code=2, status="ok", at=AT),
            ]
        )
        (ran,) = store.commands.by("command", called=name)
        with pytest.raises(UsageError):
            store.commands.by("agent", called=name)
    took.append(7.0)
    assert (ran.runs, ran.failed, ran.rejected) == (11, 1, 1)
    assert ran.median_ms == median(took)
    assert ran.p95_ms == pytest.approx(quantiles(took, n=100, method="inclusive")[94])
    assert ran.total_ms == pytest.approx(sum(took))


def test_what_rules_found_in_output_is_no_run(home: Path) -> None:
    from tachograph.records import Extraction

    with tachograph.open(home / "other.db") as store:
        store.steps.put(
            "a-1", "a", [Step("call:1", "command", AT, command="ls", tool_call_id="1")], source="transcript"
        )
        store.extractions.add(Extraction("a", "a-1", "command", "shell_prompt", matched_value="rm -rf /", at=AT))
        assert [(row.key, row.runs) for row in store.commands.by("command", called=name)] == [("ls", 1)]
        assert store.commands.stats("a-1")[0]["count"] == 1


def test_statistics_of_a_session_have_the_columns_of_the_view(asked: Ask) -> None:
    with tachograph.open() as store:
        rows = store.commands.stats(FIRST)
        view = store.sql("SELECT * FROM command_stats WHERE session_id = ? ORDER BY count DESC, 2", (FIRST,))
    assert [list(row.values()) for row in rows] == [list(row[1:]) for row in view.rows]
    assert list(rows[0]) == list(view.columns[1:])
    assert {row["command_category"]: row["count"] for row in rows} == {"test": 2, "git": 1, "file": 1}

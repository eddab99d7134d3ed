"""`slo`: objectives asked of recordings, with the exit codes that a CI goes by."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Ask, Screen
from tests.cli.histories import FIRST

SLO = '[[slo]]\nname = "{}"\nmetric = "{}"\ntarget = {}\n'


def configure(home: Path, *tables: str) -> None:
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text("[output]\ntimes = 'utc'\n\n" + "\n".join(tables))


@pytest.fixture
def five(call: Ask, home: Path) -> Path:
    """An execution with four quick stages and a slow one."""
    for number, took in enumerate((10, 20, 30, 40, 500), 1):
        assert call("stage", "add", "e1", str(number), "--duration", str(took), "--agent", "codegen").code == 0
    return home


def test_without_objectives_there_is_nothing_to_miss(call: Ask) -> None:
    for words in (("check",), ("list",), ("report",)):
        told = call("slo", *words)
        assert told.code == 0
        assert "no objective is configured" in told.err
    assert call("slo", "check", "--json").json == []


def test_kept_missed_and_not_understood_have_codes_of_their_own(call: Ask, five: Path) -> None:
    configure(five, SLO.format("most", "stage.duration_ms", 50) + "percentile = 80\n")
    told = call("slo", "check", "--json")
    assert told.code == 0
    (row,) = told.json
    assert (row["met"], row["actual_value"], row["values"], row["missed"], row["allowed"]) == (True, 40, 5, 1, 1)
    configure(five, SLO.format("all", "stage.duration_ms", 50))
    told = call("slo", "check", "--json")
    assert told.code == 6
    (row,) = told.json
    assert (row["met"], row["actual_value"], row["execution_id"]) == (False, 500, "e1")
    configure(five, SLO.format("all", "stage.duration_ms", 50), SLO.format("bad", "stage.speed", 50))
    told = call("slo", "check", "--json")
    assert told.code == 2
    assert [row["name"] for row in told.json] == ["all"]
    assert f"{five / 'config.toml'}:11: bad: metric 'stage.speed' is none of" in told.err
    (five / "config.toml").write_text("[[slo]\n")
    assert call("slo", "check").code == 2


def test_severity_window_and_scope_narrow_what_counts(call: Ask, five: Path) -> None:
    configure(
        five,
        SLO.format("slow", "stage.duration_ms", 50) + 'severity = "warning"\n',
        SLO.format("first", "stage.duration_ms", 50) + 'severity = "critical"\nscope = { stage = "*_normalize" }\n',
        SLO.format("others", "stage.duration_ms", 5) + 'severity = "critical"\nscope = { agent = "other" }\n',
    )
    assert call("slo", "check").code == 6
    assert call("slo", "check", "--severity", "critical").code == 0
    assert call("slo", "check", "--severity", "warning").code == 6
    assert call("slo", "check", "--agent", "other").code == 0
    assert call("slo", "check", "--until", "1h").code == 0
    assert call("slo", "check", "--execution", "e1").code == 6
    assert call("slo", "check", "--execution", "e2").code == 0
    values = {row["name"]: row["values"] for row in call("slo", "check", "--json").json}
    assert values == {"slow": 5, "first": 1, "others": 0}
    assert call("slo", "check", "--session", "nope").code == 3


def test_stages_that_end_leave_violations(call: Ask, home: Path) -> None:
    configure(home, SLO.format("fast", "stage.duration_ms", 100) + "percentile = 50\n")
    for took, count in ((300, 1), (50, 1), (400, 1), (900, 1)):
        call("stage", "add", "e1", "1", "--duration", str(took))
        assert len(call("slo", "list", "--violations", "--json").json) == count
    (row,) = call("slo", "list", "--violations", "--json").json
    assert (row["objective"], row["execution_id"], row["target_value"], row["actual_value"]) == ("fast", "e1", 100, 300)
    assert row["description"] == "p50 of stage.duration_ms is 300, target 100 (3 of 4 beyond it)"
    (listed,) = call("slo", "list", "--json").json
    assert (listed["name"], listed["violations"], listed["configured"]) == ("fast", 1, True)
    receipt = call("stage", "finish", "e1", "--json").json["receipt_json"]
    assert receipt["objectives"] == [
        {"objective": "fast", "metric": "stage.duration_ms", "target_value": 100, "actual_value": 300, "met": False}
    ]
    configure(home)
    (listed,) = call("slo", "list", "--json").json
    assert (listed["name"], listed["configured"], listed["target"]) == ("fast", False, None)
    assert call("slo", "list", "--violations", "--name", "f%", "--severity", "critical", "--json").json == []


def test_budgets_and_how_they_burn(call: Ask, five: Path, screen: Screen) -> None:
    configure(five, SLO.format("most", "stage.duration_ms", 25) + 'percentile = 80\nwindow = "3d"\n')
    told = call("slo", "report", "--json")
    assert told.code == 0
    (row,) = told.json
    assert (row["allowed"], row["used"], row["left"], row["met"]) == (1, 3, -2, False)
    assert row["burn"] == pytest.approx(3)
    assert row["per_day"] == pytest.approx(1)
    assert [(day["values"], day["missed"]) for day in row["days"]] == [(0, 0)] * 3 + [(5, 3)]
    drawn = screen("slo", "report")
    assert "✗ missed" in drawn
    assert "···█" in drawn


def test_histories_are_asked_too(asked: Ask, told: Path) -> None:
    (told / "config.toml").write_text(
        SLO.format("calls", "tool_call.duration_ms", 0)
        + SLO.format("tests", "tests.failed", 0)
        + SLO.format("cost", "session.cost_usd", 1)
        + SLO.format("none", "stage.duration_ms", 1)
    )
    rows = {row["name"]: row for row in asked("slo", "check", "--since", "2026-11-01", "--json").json}
    assert rows["none"]["actual_value"] is None and rows["none"]["met"]
    assert rows["tests"]["values"] > 0
    assert 0 < rows["cost"]["actual_value"] < 1
    one = {row["name"]: row for row in asked("slo", "check", "--session", FIRST, "--json").json}
    assert one["cost"]["values"] == 1
    assert one["calls"]["values"] < rows["calls"]["values"] or rows["calls"]["values"] == 0


def test_the_file_that_is_edited_shows_an_objective_that_works(
    call: Ask, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i '/slo..$/,$s/^# //' \"$1\"\n")
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))
    assert call("config", "edit").code == 0
    (row,) = call("slo", "list", "--json").json
    assert (row["name"], row["metric"], row["scope"]) == ("tests-fast", "command.duration_ms", {"category": "test"})
    editor.write_text("#!/bin/sh\nsed -i 's/command.duration_ms/command.length/' \"$1\"\n")
    told = call("config", "edit")
    assert told.code == 2
    assert "tests-fast: metric 'command.length' is none of" in told.err


def test_config_knows_objectives(call: Ask, home: Path) -> None:
    configure(home, SLO.format("good", "errors.count", 3), SLO.format("bad", "errors", 3))
    assert "slo" not in call("config", "list").err
    told = call("doctor")
    assert "config.toml:11: bad: metric 'errors' is none of" in told.out + told.err
    assert "unknown setting" not in told.out

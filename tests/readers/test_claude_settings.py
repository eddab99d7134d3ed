"""How long Claude Code keeps its transcripts, as its settings say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tachograph.readers import claude


def keeps(home: Path) -> float | None:
    return claude.places(str(home), {})[0].keeps_days


@pytest.mark.parametrize(
    ("settings", "days"),
    [
        ('{"cleanupPeriodDays": 90, "model": "opus"}', 90.0),
        ('{"cleanupPeriodDays": 0}', 0.0),
        ('{"cleanupPeriodDays": 1.5}', 1.5),
        ('{"cleanupPeriodDays": 1e300}', 36_500.0),
        ('{"cleanupPeriodDays": -1}', 30.0),
        ('{"cleanupPeriodDays": true}', 30.0),
        ('{"cleanupPeriodDays": "90"}', 30.0),
        ('{"model": "opus"}', 30.0),
        ("[90]", 30.0),
        ("{ broken", 30.0),
        ("[" * 100_000, 30.0),
        ("", 30.0),
    ],
)
def test_days_are_those_of_the_settings(tmp_path: Path, settings: str, days: float) -> None:
    (tmp_path / ".claude").mkdir()
    (tmp_path / ".claude" / "settings.json").write_text(settings)
    assert keeps(tmp_path) == days


def test_settings_that_change_are_read_again(tmp_path: Path) -> None:
    assert keeps(tmp_path) == 30.0
    (tmp_path / ".claude").mkdir()
    file = tmp_path / ".claude" / "settings.json"
    file.write_text('{"cleanupPeriodDays": 90}')
    assert keeps(tmp_path) == 90.0
    file.write_text('{"cleanupPeriodDays": 9}')
    assert keeps(tmp_path) == 9.0


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / ".claude").mkdir()
    os.mkfifo(tmp_path / ".claude" / "settings.json")
    assert keeps(tmp_path) == 30.0

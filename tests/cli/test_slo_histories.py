"""`slo check` over real histories of agents, against a plain computation over the public views."""

from __future__ import annotations

import json
import math
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tachograph.cli.main import main
from tests.cli.conftest import Ask
from tests.ingest.machine import LONG_AGO

HISTORIES = Path(__file__).resolve().parents[1] / "histories"
EVER = "2000-01-01"
QUERIES = {  # what the manual says of each metric, in SQL over what anybody may read
    "session.duration_ms": "SELECT duration_ms FROM sessions WHERE ended_at IS NOT NULL",
    "session.cost_usd": "SELECT cost_usd FROM sessions WHERE ended_at IS NOT NULL AND cost_usd IS NOT NULL",
    "errors.count": "SELECT errors FROM sessions WHERE ended_at IS NOT NULL",
    "command.duration_ms": "SELECT duration_ms FROM events WHERE event_type = 'command' AND pattern IS NULL"
    " AND duration_ms IS NOT NULL AND status IS NOT 'rejected' GROUP BY coalesce(tool_call_id, id), timestamp",
    "tool_call.duration_ms": "SELECT duration_ms FROM events WHERE tool_call_id IS NOT NULL AND pattern IS NULL"
    " AND event_type IN ('command', 'tool_call', 'file_op') AND duration_ms IS NOT NULL AND status IS NOT 'rejected'"
    " GROUP BY tool_call_id, timestamp",
}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the histories of all agents in it, which nobody has written to for long: all of them are over."""
    home = tmp_path_factory.mktemp("real") / "home"
    histories = shutil.copytree(HISTORIES, home.parent / "histories")
    for path in histories.rglob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TACHOGRAPH_HOME", str(home))
        assert main(["import", str(histories)]) == 0
    return home


@pytest.fixture
def about(real: Path, call: Ask, monkeypatch: pytest.MonkeyPatch) -> Ask:
    monkeypatch.setenv("TACHOGRAPH_HOME", str(real))
    return call


def checked(home: Path, about: Ask, *tables: str, options: tuple[str, ...] = ()) -> dict[str, Any]:
    (home / "config.toml").write_text("\n".join(tables))
    told = about("slo", "check", "--since", EVER, *options, "--json")
    assert told.code in (0, 6)
    rows = json.loads(told.out)
    assert told.code == (0 if all(row["met"] for row in rows) else 6)
    return {row["name"]: row for row in rows}


@pytest.mark.parametrize("metric", QUERIES)
@pytest.mark.parametrize("percentile", [50, 90, 99.9, 100])
def test_percentiles_of_real_sessions(real: Path, about: Ask, metric: str, percentile: float) -> None:
    found = about("db", "sql", QUERIES[metric], "--json").json
    numbers = sorted(float(next(iter(row.values()))) for row in found)
    assert len(numbers) > 10
    wanted = numbers[math.ceil(round(percentile * len(numbers) / 100, 9)) - 1]
    table = '[[slo]]\nname = "{}"\nmetric = "{}"\npercentile = {}\ntarget = {:.12f}\n'
    above, below = wanted + 0.001, max(0.0, wanted - 0.001)
    rows = checked(
        real, about, table.format("kept", metric, percentile, above), table.format("missed", metric, percentile, below)
    )
    assert {row["values"] for row in rows.values()} == {len(numbers)}
    assert [row["actual_value"] for row in rows.values()] == pytest.approx([wanted, wanted])
    assert rows["kept"]["met"]
    assert rows["missed"]["met"] == (wanted <= below)
    assert rows["kept"]["missed"] == sum(number > above for number in numbers) <= rows["kept"]["allowed"]


def test_scopes_of_real_sessions(real: Path, about: Ask) -> None:
    agents = [row["agent"] for row in about("db", "sql", "SELECT DISTINCT agent FROM sessions", "--json").json]
    assert len(agents) > 5
    table = '[[slo]]\nname = "{0}"\nmetric = "errors.count"\ntarget = 0\nscope = {{ agent = "{0}" }}\n'
    rows = checked(real, about, *(table.format(agent) for agent in agents))
    sessions = about("db", "sql", "SELECT agent, count(*) n, sum(errors) bad FROM sessions GROUP BY 1", "--json").json
    assert {name: row["values"] for name, row in rows.items()} == {one["agent"]: one["n"] for one in sessions}
    assert {name for name, row in rows.items() if not row["met"]} == {one["agent"] for one in sessions if one["bad"]}
    calls = QUERIES["command.duration_ms"].replace("SELECT duration_ms", "SELECT command_category c")
    found = about("db", "sql", f"SELECT c, count(*) n FROM ({calls}) GROUP BY 1", "--json").json
    table = '[[slo]]\nname = "{0}"\nmetric = "command.duration_ms"\ntarget = 1\nscope = {{ category = "{0}" }}\n'
    rows = checked(real, about, *(table.format(one["c"]) for one in found))
    assert {name: row["values"] for name, row in rows.items()} == {one["c"]: one["n"] for one in found}


def test_budgets_of_real_sessions(real: Path, about: Ask) -> None:
    (real / "config.toml").write_text(
        '[[slo]]\nname = "o"\nmetric = "session.duration_ms"\ntarget = 60000\npercentile = 75\n'
    )
    (row,) = about("slo", "report", "--since", EVER, "--json").json
    days = "SELECT substr(ended_at, 1, 10) day, count(*) n, sum(duration_ms > 60000) bad FROM sessions GROUP BY 1"
    found = about("db", "sql", days, "--json").json
    assert [day for day in row["days"] if day["values"]] == [
        {"day": one["day"], "values": one["n"], "missed": one["bad"]} for one in found
    ]
    total = sum(one["n"] for one in found)
    assert (row["allowed"], row["used"]) == (total - math.ceil(total * 0.75), sum(one["bad"] for one in found))
    assert row["left"] == row["allowed"] - row["used"]
    assert row["met"] == (row["left"] >= 0)

"""`tachograph sessions`, and with it the manners of every listing."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from tachograph.formats.rows import columns
from tachograph.records import Session
from tests.cli import recordings
from tests.cli.conftest import Ask, Recorded, Screen
from tests.conftest import Run

SGR = re.compile(r"\x1b\[[0-9;]*m")


def test_a_pipe_gets_tab_separated_rows_newest_first(tachograph: Run, recorded: Recorded) -> None:
    done = tachograph("sessions")
    assert done.returncode == 0
    head, *rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert head[:6] == ["id", "agent", "project_dir", "status", "spawned_at", "duration_ms"]
    assert [row[0] for row in rows] == [recorded.bad, recorded.good]
    assert rows[0][3] == "failed"
    assert done.stderr == ""


def test_a_terminal_gets_a_table_of_its_width(screen: Screen, recorded: Recorded) -> None:
    shown = screen("sessions")
    lines = SGR.sub("", shown).splitlines()
    assert lines[0].split() == ["ID", "AGENT", "PROJECT", "WHEN", "ERRORS", "ABOUT"]  # no room for EVENTS and TOOK
    assert lines[1].startswith(f"✗  {recorded.bad}   tester   shop     2h ago")  # the other id is longer
    assert lines[2].startswith(f"✓  {recorded.good}")
    assert all(len(line) <= 80 for line in lines)
    assert "\x1b[31m✗" in shown


@pytest.mark.parametrize(("args", "env"), [([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"}), (["--color", "never"], {})])
def test_colours_can_be_switched_off(screen: Screen, recorded: Recorded, args: list[str], env: dict[str, str]) -> None:
    assert "\x1b" not in screen("sessions", *args, env=env)


def test_json_has_the_columns_of_the_view(call: Ask, recorded: Recorded) -> None:
    rows = json.loads(call("sessions", "--json").out)
    assert [row["id"] for row in rows] == [recorded.bad, recorded.good]
    assert list(rows[0]) == list(columns(Session))
    assert rows[0]["exit_code"] == 1
    assert rows[0]["duration_ms"] == 6000.0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", rows[0]["spawned_at"])


def test_jsonl_and_csv_say_the_same_as_json(call: Ask, recorded: Recorded) -> None:
    rows = json.loads(call("sessions", "--json").out)
    assert [json.loads(line) for line in call("sessions", "--jsonl").out.splitlines()] == rows
    table = list(csv.DictReader(io.StringIO(call("sessions", "--csv").out)))
    assert [row["id"] for row in table] == [row["id"] for row in rows]
    assert list(table[0]) == list(rows[0])


def test_fields_picks_columns(call: Ask, recorded: Recorded) -> None:
    done = call("sessions", "--json", "--fields", "agent,exit_code")
    assert json.loads(done.out) == [{"agent": "tester", "exit_code": 1}, {"agent": "builder", "exit_code": 0}]
    assert call("sessions", "--fields", "agent").out == "agent\ntester\nbuilder\n"
    wrong = call("sessions", "--fields", "agnet")
    assert (wrong.code, wrong.out) == (2, "")
    assert "there is no column agnet" in wrong.err


@pytest.mark.parametrize(
    ("filters", "agents"),
    [
        (["--agent", "test*"], ["tester"]),
        (["--agent", "test%"], ["tester"]),
        (["--agent", "nobody"], []),
        (["--status", "completed"], ["builder"]),
        (["--failed"], ["tester"]),
        (["--active"], []),
        (["--project", "shop"], ["tester", "builder"]),
        (["--project", "/srv/*"], ["tester", "builder"]),
        (["--project", "other"], []),
        (["--since", "150m"], ["tester"]),
        (["--until", "150m"], ["builder"]),
        (["-n", "1"], ["tester"]),
        (["--limit", "0"], ["tester", "builder"]),
    ],
)
def test_filters(call: Ask, recorded: Recorded, filters: list[str], agents: list[str]) -> None:
    done = call("sessions", "--json", *filters)
    assert [row["agent"] for row in json.loads(done.out)] == agents


def test_says_when_there_are_more(call: Ask, recorded: Recorded) -> None:
    done = call("sessions", "-n", "1")
    assert len(done.out.splitlines()) == 2
    assert done.err == "the first 1 session; there are more: -n 0 shows all\n"
    assert call("sessions", "-n", "2").err == ""


def test_an_empty_list_says_what_to_do(call: Ask) -> None:
    done = call("sessions")
    assert (done.code, done.out.count("\n")) == (0, 1)
    assert "tachograph run -- COMMAND" in done.err
    assert call("sessions", "--json").out == "[]\n"


def test_a_running_session_is_there_while_it_runs(call: Ask, home: Path) -> None:
    recordings.write(recordings.GOOD._replace(exit_code=None))
    (row,) = json.loads(call("sessions", "--json").out)
    assert row["ended_at"] is not None  # its journal is held by nobody: the recorder was killed
    assert row["status"] == "interrupted"

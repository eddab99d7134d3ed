"""Sessions that end are asked what they missed: real runs, imported histories, once and not again."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import tachograph
from tachograph import clock
from tachograph.analyse import objectives as analyse
from tachograph.cli.main import main
from tachograph.ingest import objectives
from tachograph.ingest.sealing import seal_quiet
from tachograph.records import Session, SloViolation
from tests.cli import histories
from tests.cli.histories import FIRST
from tests.conftest import Run

SLO = '[[slo]]\nname = "{}"\nmetric = "{}"\ntarget = {}\n'
PRINTS = "import time; print('==== 2 failed, 3 passed in 0.4s ===='); print('error: no room'); time.sleep(0.1)"


def configure(home: Path, *tables: str) -> None:
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text("\n".join(tables))


def missed() -> list[tuple[str, str | None, float]]:
    with tachograph.open() as store:
        found = store.slo.list(limit=None)
        assert store.ledger.verify().problems == []
    return sorted((one.execution_id, one.objective, one.actual_value) for one in found)


def markers(session: str) -> list[str]:
    with tachograph.open() as store:
        told = [str(event.content) for event in store.events.list(session=session, type="marker")]
    return [text for text in told if text.startswith("objective ")]


def test_a_recorded_command_is_asked_when_it_has_ended(tachograph: Run, home: Path) -> None:
    configure(
        home,
        SLO.format("long", "session.duration_ms", 50) + 'severity = "critical"\n',
        SLO.format("green", "tests.failed", 1),
        SLO.format("clean", "errors.count", 0),
        SLO.format("commands", "command.duration_ms", 10),
        SLO.format("kept", "command.duration_ms", 600_000),
        SLO.format("elsewhere", "errors.count", 0) + 'scope = { agent = "other" }\n',
    )
    assert tachograph("run", "-q", "--agent", "tester", "--", sys.executable, "-c", PRINTS).returncode == 0
    (session,) = json.loads(tachograph("sessions", "--json").stdout)
    found = {name: value for execution, name, value in missed() if execution == session["id"]}
    assert set(found) == {"long", "green", "clean", "commands"}
    assert (found["green"], found["clean"], found["long"]) == (2, session["errors"], session["duration_ms"])
    told = markers(session["id"])
    assert len(told) == 4
    assert "objective green missed: tests.failed is 2, target 1" in told
    receipt = json.loads(tachograph("receipt", "show", session["id"], "--json").stdout)
    met = {one["objective"]: one["met"] for one in receipt["receipt_json"]["objectives"]}
    assert met == {"long": False, "green": False, "clean": False, "commands": False, "kept": True}
    assert (receipt["operation"], receipt["status"]) == ("session", "passed")
    assert tachograph("slo", "check", "--session", session["id"]).returncode == 6
    assert tachograph("slo", "check", "--session", session["id"], "--severity", "critical").returncode == 6
    assert tachograph("receipt", "verify", session["id"]).returncode == 0


def test_the_command_that_missed_is_named(tachograph: Run, home: Path) -> None:
    configure(home, SLO.format("commands", "command.duration_ms", 10))
    tachograph("run", "-q", "--", sys.executable, "-c", PRINTS)
    tachograph("sessions")
    import tachograph as public

    with public.open() as store:
        (violation,) = store.slo.list()
        assert violation.event_id is not None
        event = store.events.get(violation.event_id)
        assert (event.event_type, event.duration_ms) == ("command", violation.actual_value)


@pytest.fixture
def imported(home: Path, tmp_path: Path) -> Path:
    histories.write(tmp_path / "histories")
    return tmp_path / "histories"


def test_histories_are_asked_once_however_often_they_are_read(home: Path, imported: Path) -> None:
    days = (clock.now() - int(histories.BEGUN.timestamp()) * clock.SECOND) // clock.DAY + 5
    configure(home, SLO.format("cheap", "session.cost_usd", 0.001) + f'window = "{days}d"\n')
    assert main(["import", str(imported)]) == 0
    first = missed()
    assert first
    assert all(name == "cheap" and value > 0.001 for _, name, value in first)
    assert main(["import", str(imported)]) == 0
    assert main(["import", "--reparse"]) == 0
    with tachograph.open() as store:
        seal_quiet(store, quiet=0)
    assert missed() == first
    for execution, _, _ in first:
        assert len(markers(execution)) == 1
        with tachograph.open() as store:
            assert "objectives" in json.loads(store.receipts.get(execution).receipt_json or "")


def test_what_ended_before_the_window_began_is_not_asked(home: Path, imported: Path) -> None:
    configure(home, SLO.format("cheap", "session.cost_usd", 0.001) + 'window = "1h"\n')
    assert main(["import", str(imported)]) == 0
    assert missed() == []
    with tachograph.open() as store:
        objective = analyse.Objective("cheap", "session.cost_usd", 0.001)
        objectives.check_session(store, [objective], store.sessions.get(FIRST))
    assert [execution for execution, _, _ in missed()] == [FIRST]


def test_a_session_that_goes_on_changes_its_row(home: Path) -> None:
    configure(home, SLO.format("long", "session.duration_ms", 1000))
    now = clock.now()
    with tachograph.open() as store:
        session = Session("codex-1", "codex", started_at=now - 60 * clock.SECOND, status="completed")
        store.sessions.add(session)
        assert objectives.session_ended(store, "codex-1") == [], "it still runs"
        for seconds in (10, 10, 30):
            store.sessions.update("codex-1", ended_at=session.started_at + seconds * clock.SECOND)
            (verdict,) = objectives.session_ended(store, "codex-1")
            assert (verdict.met, verdict.actual) == (False, seconds * 1000)
        (violation,) = store.slo.list()
        assert violation.actual_value == 30_000
        assert len(store.events.list(session="codex-1")) == 1
        store.sessions.update("codex-1", ended_at=session.started_at + clock.SECOND // 2)
        assert objectives.session_ended(store, "codex-1")[0].met
        assert store.slo.list() == [violation], "what was missed once stays on record"
        assert (store.receipts.get("codex-1").operation, store.ledger.verify().problems) == ("session", [])


def test_objectives_are_read_again_when_the_file_changes(home: Path) -> None:
    with tachograph.open() as store:
        for number, (text, count) in enumerate((("", 0), (SLO.format("a", "errors.count", 0), 1), ("[[slo", 0)), 1):
            configure(home, text, "#" * number)
            name = f"codex-{number}"
            store.sessions.add(Session(name, "codex", started_at=clock.now() - 10, ended_at=clock.now(), errors=3))
            assert len(objectives.session_ended(store, name)) == count
        assert [one.execution_id for one in store.slo.list()] == ["codex-2"]


def test_rows_of_others_are_left_alone(home: Path) -> None:
    configure(home, SLO.format("a", "errors.count", 0))
    with tachograph.open() as store:
        now = clock.now()
        store.sessions.add(Session("codex-1", "codex", started_at=now - 10, ended_at=now, errors=3))
        store.slo.add(SloViolation("codex-1", "errors.count", 1.0, 2.0, "critical"))
        objectives.session_ended(store, "codex-1")
        assert {(one.objective, one.actual_value) for one in store.slo.list()} == {("a", 3.0), (None, 2.0)}

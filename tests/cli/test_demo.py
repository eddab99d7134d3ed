"""`tachograph demo`: sample data apart from what is recorded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tachograph import paths
from tachograph.ingest.opening import open_store
from tests.conftest import Run


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which it was asked for once, as a user does."""
    place = tmp_path_factory.mktemp("demo") / "home"
    command = [sys.executable, "-m", "tachograph", "demo", "--no-serve"]
    subprocess.run(command, env={**os.environ, "TACHOGRAPH_HOME": str(place)}, check=True, timeout=120)
    return place


@pytest.fixture
def demo(whole: Path, home: Path) -> Path:
    shutil.copytree(whole, home)
    return home / "demo" / paths.DATABASE


def test_the_sample_has_what_pages_are_about(demo: Path) -> None:
    with open_store(demo) as store:
        sessions = store.sessions.list(limit=None)
        assert len(sessions) == 24
        assert len({session.agent for session in sessions}) == 4
        assert {session.status for session in sessions} == {"running", "waiting", "completed", "failed", "interrupted"}
        assert [session.parent_id for session in sessions if session.parent_id] == ["demo-claude-09"]
        assert max(session.events for session in sessions) > 20_000
        assert all(session.title and session.cost_usd for session in sessions)
        assert store.collisions.list(type="file_conflict")
        assert {workflow.agent_count for workflow in store.workflows.list(opened_by="tachograph")} == {2}
        assert store.workflows.get("release-2.4").status == "completed"
        assert store.slo.list() and store.stages.list(status="failed")
        assert [memory.version for memory in store.memory.list()] == [2, 3]
        assert store.ledger.verify().sound


def test_its_terminal_and_its_steps_tell_the_same(demo: Path) -> None:
    with open_store(demo) as store:
        shown = "\n".join(line.text for line in store.output.lines("demo-claude-01"))
        told = [event for event in store.events.list(session="demo-claude-01", limit=None) if event.tool_name]
        counted = store.sessions.get("demo-claude-01").commands
    commands = [event.command for event in told if event.command]
    assert counted == len(commands)  # what the terminal showed of them is not one more of each
    assert commands and all(f"({command})" in shown for command in commands)


def test_it_touches_nothing_of_ones_own_and_goes_without_trace(demo: Path, home: Path, tachograph: Run) -> None:
    assert not (home / paths.DATABASE).exists()
    assert tachograph("demo", "--rm").returncode == 0
    assert not demo.parent.exists()

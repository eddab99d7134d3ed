"""The example pipelines run as they are printed, and fill all tables and views of the ledger."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tachograph

EXAMPLES = Path(__file__).resolve().parent.parent / "docs" / "examples"
TABLES = (
    *("receipts", "agent_memory", "audit_log", "workflow_sessions", "collision_detection", "pipeline_metrics"),
    "slo_violations",
)
VIEWS = ("recent_executions", "agent_performance_summary", "pipeline_stage_performance")
SCHEMA = "# a schema\nid   u64\nname String\nage\tu8\n" + "".join(f"field_{n} u{n % 8}\n" for n in range(20_000))
SLO = '[[slo]]\nname = "at-once"\nmetric = "stage.duration_ms"\ntarget = 0\n'


@pytest.fixture
def place(tmp_path: Path, home: Path) -> Path:
    """A folder with a schema in it, and an objective that nobody can keep."""
    home.mkdir()
    (home / "config.toml").write_text(SLO)
    program = tmp_path / "bin" / "tachograph"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tachograph "$@"\n')
    program.chmod(0o755)
    (tmp_path / "schema.txt").write_text(SCHEMA)
    return tmp_path


def run(place: Path, example: str, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    starts = {"pipeline.sh": "sh", "pipeline.py": sys.executable}
    path = f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [starts[example], EXAMPLES / example, *args],
        cwd=place, env={**os.environ, **env, "PATH": path}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def counts() -> dict[str, int]:
    with tachograph.open() as store:
        return {name: int(str(store.sql(f"SELECT count(*) FROM {name}").rows[0][0])) for name in (*TABLES, *VIEWS)}


@pytest.mark.parametrize("example", ["pipeline.sh", "pipeline.py"])
def test_five_stages_fill_all_tables_and_views(place: Path, example: str) -> None:
    done = run(place, example, "schema.txt", "out", "first")
    assert done.returncode == (6 if example == "pipeline.sh" else 0), done.stderr
    record = (place / "out" / "record.rs").read_text()
    assert record.startswith("pub struct Record {\n    pub age: u8,\n    pub field_0: u0,\n")
    found = counts()
    assert {name: found[name] for name in ("receipts", "pipeline_metrics", "audit_log", "agent_memory")} == {
        "receipts": 1, "pipeline_metrics": 5, "audit_log": 12 if example == "pipeline.py" else 11, "agent_memory": 1,
    }  # fmt: skip
    assert found["slo_violations"] == 1
    assert [found[name] for name in VIEWS] == [1, 1, 5]
    # a second run that believes to be alone: its memory is refused, and that is a collision
    again = run(place, "pipeline.sh", "schema.txt", "out", "second", SEEN_VERSION="0")
    assert "second: another run was quicker" in again.stderr
    assert all(counts().values()), counts()
    with tachograph.open() as store:
        first, second = store.receipts.get("first"), store.receipts.get("second")
        assert (first.status, second.status) == ("passed", "passed")
        assert first.manifest_hash == second.manifest_hash
        assert {one.status for one in store.workflows.list() if one.opened_by == "user"} == {"completed"}
        assert store.ledger.verify().problems == []


def test_the_script_fails_with_its_stage_and_leaves_a_receipt(place: Path) -> None:
    done = run(place, "pipeline.sh", "nowhere.txt", "out", "first")
    assert done.returncode != 0
    with tachograph.open() as store:
        receipt = store.receipts.get("first")
        assert receipt.status == "failed"
        assert str(receipt.error_message).startswith("nowhere.txt: No such file")
        (stage,) = store.stages.list()
        (workflow,) = store.workflows.list()
        assert workflow.status == "failed"
        assert (stage.status, stage.error_message) == ("failed", f"exit code {done.returncode}")
    assert counts()["agent_memory"] == 0

"""`tachograph.pipeline`: what it leaves behind, whatever becomes of the pipeline or of the store."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import tachograph
from tachograph import clock
from tachograph.errors import BadRecord, Refused
from tachograph.ingest.objectives import session_ended
from tachograph.records import Receipt, Session
from tachograph.store import Store
from tachograph.store.stages import STAGES

SLO = '[[slo]]\nname = "quick"\nmetric = "stage.duration_ms"\ntarget = {}\nseverity = "critical"\n'


def body(receipt: Receipt) -> dict[str, object]:
    found: dict[str, object] = json.loads(receipt.receipt_json or "")
    return found


def noted(store: Store, execution: str) -> list[tuple[str, str, str | None]]:
    """Audit entries of an execution, oldest first."""
    entries = sorted(store.audit.list(execution=execution, limit=None), key=lambda entry: entry.id)
    return [(entry.operation, entry.status, entry.error_message) for entry in entries]


def test_five_stages_fill_metrics_receipt_audit_log_and_views(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in.ttl").write_text("facts")
    with tachograph.pipeline("exec-1", agent="codegen", agent_type="generator", environment="ci") as p:
        p.manifest_hash = p.input("in.ttl")
        for number in range(1, 6):
            with p.stage(str(number), input_bytes=number) as s:
                s.output_bytes = number * 10
        assert s.name == STAGES[4]
        Path("out.rs").write_text("fn main() {}")
        Path("lib.rs").write_text("")
        p.file("out.rs")
        p.file(tmp_path / "lib.rs", modified=True)
        p.details["rules_executed"] = 5
    with tachograph.open() as store:
        receipt = store.receipts.get("exec-1")
        assert receipt == p.receipt
        told = body(receipt)
        assert (receipt.status, receipt.agent_type, receipt.environment) == ("passed", "generator", "ci")
        assert (receipt.files_generated, receipt.files_modified) == (1, 1)
        assert receipt.manifest_hash == hashlib.sha256(b"facts").hexdigest()
        assert told["files"] == {
            "out.rs": hashlib.sha256(b"fn main() {}").hexdigest(), "lib.rs": hashlib.sha256(b"").hexdigest(),
        }  # fmt: skip
        assert told["rules_executed"] == 5
        assert [stage["stage"] for stage in told["stages"]] == list(STAGES)  # type: ignore[attr-defined]
        found = [(one.stage, one.input_size_bytes, one.output_size_bytes, one.status) for one in store.stages.list()]
        assert found[::-1] == [(name, n, n * 10, "passed") for n, name in enumerate(STAGES, 1)]
        assert noted(store, "exec-1") == [
            ("generation", "started", None),
            *[(name, status, None) for name in STAGES for status in ("started", "completed")],
            ("generation", "completed", None),
        ]
        (execution,) = store.sql("SELECT execution_id, status, audit_entries FROM recent_executions").rows
        assert execution == ("exec-1", "passed", 12)
        assert len(store.sql("SELECT * FROM pipeline_stage_performance").rows) == 5
        assert store.sql("SELECT successful_executions FROM agent_performance_summary").rows == [(1,)]
        report = store.ledger.verify()
        assert (report.problems, report.unsealed) == ([], [])


def test_an_exception_fails_its_stage_and_the_receipt_and_goes_on() -> None:
    secret = "ghp_" + "a1B2" * 9
    with pytest.raises(ValueError, match="no token"), tachograph.pipeline("e1") as p:
        with p.stage("normalize"):
            pass
        with p.stage("extract"):
            raise ValueError(f"no token {secret}")
    with tachograph.open() as store:
        receipt = store.receipts.get("e1")
        assert receipt.status == "failed"
        assert str(receipt.error_message).startswith("ValueError: no token ")
        assert [(one.stage, one.status) for one in store.stages.list()] == [
            (STAGES[1], "failed"),
            (STAGES[0], "passed"),
        ]
        ended = {operation: status for operation, status, _ in noted(store, "e1")}
        assert ended == {"generation": "failed", STAGES[0]: "completed", STAGES[1]: "failed"}
        assert secret not in f"{receipt}{store.stages.list()}{store.audit.list()}"


def test_a_stage_that_passes_the_second_time_has_passed() -> None:
    with tachograph.pipeline("e1") as p:
        for attempt in (1, 2):
            try:
                with p.stage("emit"):
                    if attempt == 1:
                        raise OSError("no room")
            except OSError:
                continue
    assert p.receipt is not None and p.receipt.status == "passed"
    with tachograph.pipeline("e2") as p:
        try:
            with p.stage("emit"):
                raise OSError("no room")
        except OSError:
            pass
    assert p.receipt is not None
    assert (p.receipt.status, p.receipt.error_message) == ("failed", f"{STAGES[2]}: OSError: no room")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (KeyboardInterrupt(), "cancelled"),
        (SystemExit(0), "passed"),
        (SystemExit(3), "failed"),
        (SystemExit("no"), "failed"),
    ],
)
def test_how_a_program_leaves_is_how_the_pipeline_ends(error: BaseException, status: str) -> None:
    with pytest.raises(type(error)), tachograph.pipeline("e1"):
        raise error
    with tachograph.open() as store:
        assert store.receipts.get("e1").status == status


def test_a_killed_pipeline_leaves_what_was_done(home: Path) -> None:
    code = (
        "import os, signal, tachograph\n"
        "with tachograph.pipeline('e1', agent='codegen') as p:\n"
        "    with p.stage('1', input_bytes=3): pass\n"
        "    with p.stage('2'): pass\n"
        "    with p.stage('3'): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -9
    with tachograph.open() as store:
        receipt = store.receipts.get("e1")
        assert (receipt.status, receipt.agent_id) == ("partial", "codegen")
        stages = body(receipt)["stages"]
        assert [stage["stage"] for stage in stages] == list(STAGES[:2])  # type: ignore[attr-defined]
        assert [one.stage for one in store.stages.list()] == [STAGES[1], STAGES[0]]
        assert noted(store, "e1")[-1] == (STAGES[2], "started", None)
        assert store.ledger.verify().problems == []
    with tachograph.pipeline("e1", agent="codegen") as p, p.stage("3"):  # and it may be taken up again
        pass
    assert p.receipt is not None and p.receipt.status == "passed"
    assert [stage["stage"] for stage in body(p.receipt)["stages"]] == list(STAGES[:3])  # type: ignore[attr-defined]


def test_wrong_use_is_raised_at_once() -> None:
    with tachograph.pipeline("e1") as p:
        with pytest.raises(BadRecord, match="'m9' is no stage"):
            p.stage("m9")
        with p.stage("1") as s, pytest.raises(BadRecord, match="output_bytes is -1"):
            s.output_bytes = -1
        with pytest.raises(FileNotFoundError):
            p.file("nowhere")
        with pytest.raises(Refused):
            p.__enter__()
    with pytest.raises(Refused, match="not running"):
        p.stage("1")
    with pytest.raises(BadRecord, match="has a receipt already"), tachograph.pipeline("e1"):
        raise AssertionError("never entered")
    with pytest.raises(BadRecord), tachograph.pipeline("e2", operation="divination"):
        raise AssertionError("never entered")
    for words in ({"execution_id": ""}, {"agent": ""}):
        with pytest.raises(BadRecord):
            tachograph.pipeline(**words)
    with tachograph.open() as store:
        assert [receipt.execution_id for receipt in store.receipts.list()] == ["e1"]


def test_a_store_that_cannot_be_opened_costs_one_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home.mkdir()
    (home / "tachograph.db").write_bytes(b"this is no database, only a text that has been put in its place\n" * 99)
    done = []
    with tachograph.pipeline("e1") as p:
        for name in ("1", "2", "my own"):
            with p.stage(name):
                done.append(name)
    assert (done, p.receipt) == (["1", "2", "my own"], None)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "e1 is not recorded" in said
    with pytest.raises(ZeroDivisionError), tachograph.pipeline("e2") as p, p.stage("1"):
        raise ZeroDivisionError


def test_what_could_not_be_written_in_time_is_written_at_the_end(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tachograph.open().close()
    database = home / "tachograph.db"
    database.rename(home / "away")
    for tail in ("-wal", "-shm"):
        (home / f"tachograph.db{tail}").unlink(missing_ok=True)
    database.mkdir()
    with tachograph.pipeline("e1") as p:
        with p.stage("1"):
            pass
        database.rmdir()
        (home / "away").rename(database)
        with p.stage("2"):
            time.sleep(0.002)
    assert capsys.readouterr().err.count("\n") == 1
    with tachograph.open() as store:
        assert store.receipts.get("e1").status == "passed"
        times = [entry.timestamp for entry in sorted(store.audit.list(), key=lambda entry: entry.id)]
        assert len(times) == 6
        assert times == sorted(times) and times[0] < times[-1], "entries tell when things happened"


def test_missed_objectives_are_rows_and_events_of_the_session(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mkdir()
    (home / "config.toml").write_text(SLO.format(20) + 'scope = { stage = "*_emit" }\n')
    with tachograph.open() as store:
        store.sessions.add(Session("codex-1", "codex", started_at=1))
    monkeypatch.setenv("TACHOGRAPH_SESSION", "codex-1")
    monkeypatch.setenv("TACHOGRAPH_WORKFLOW", "release")
    with tachograph.pipeline("e1") as p:
        for name in ("extract", "emit"):
            with p.stage(name):
                time.sleep(0.03)
    with tachograph.open() as store:
        (violation,) = store.slo.list()
        assert (violation.execution_id, violation.objective, violation.severity) == ("e1", "quick", "critical")
        assert violation.actual_value == store.stages.list(stage="emit")[0].duration_ms
        (event,) = store.events.list(session="codex-1")
        assert (event.event_type, event.id) == ("marker", violation.event_id)
        assert str(event.content).startswith("objective quick missed: stage.duration_ms is ")
        receipt = store.receipts.get("e1")
        assert receipt.session_id == "codex-1"
        told = body(receipt)
        assert told["workflow_id"] == "release"
        assert [one["met"] for one in told["objectives"]] == [False]  # type: ignore[attr-defined]
        assert store.sql("SELECT slo_violations FROM recent_executions").rows == [(1,)]


def test_a_session_that_is_not_in_the_store_yet_is_not_made_up(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mkdir()
    (home / "config.toml").write_text(SLO.format(0))
    monkeypatch.setenv("TACHOGRAPH_SESSION", "codex-1")
    with tachograph.pipeline("e1") as p, p.stage("1"):
        time.sleep(0.002)
    with tachograph.open() as store:
        (violation,) = store.slo.list()
        assert (violation.event_id, store.sessions.ids()) == (None, [])
        # it comes with its journal, and ends
        now = clock.now()
        store.sessions.add(Session("codex-1", "codex", started_at=now - clock.SECOND, ended_at=now))
        for _ in range(2):
            session_ended(store, "codex-1")
            (event,) = store.events.list(session="codex-1")
        assert (event.event_type, event.id) == ("marker", store.slo.list()[0].event_id)
        assert clock.iso(event.at) == violation.timestamp
        assert store.ledger.verify().problems == []


def test_stages_of_several_threads() -> None:
    with tachograph.pipeline("e1") as p:

        def work() -> None:
            for _ in range(5):
                with p.stage("extract"):
                    pass

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with tachograph.open() as store:
        assert len(store.stages.list(limit=None)) == 20
        assert store.ledger.verify().problems == []


def test_an_execution_without_a_name_gets_one(tmp_path: Path) -> None:
    names = []
    for _ in range(2):
        with tachograph.pipeline(agent="codegen", database=tmp_path / "other.db") as p:
            names.append(p.execution_id)
    assert names[0] != names[1]
    assert all(name.startswith("codegen-") for name in names)
    with tachograph.open(tmp_path / "other.db") as store:
        assert {receipt.execution_id for receipt in store.receipts.list()} == set(names)
    assert not os.path.exists(os.path.join(os.environ["TACHOGRAPH_HOME"], "tachograph.db"))


def test_the_same_done_in_two_folders_is_told_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = []
    for name, text in (("one", "a"), ("two", "a"), ("three", "b")):
        folder = tmp_path / name
        folder.mkdir()
        monkeypatch.chdir(folder)
        with tachograph.pipeline(name) as p:
            Path("in").write_text(text)
            p.input("in")
            Path("out").write_text("made")
            p.file("out")
        assert p.receipt is not None
        hashes.append(p.receipt.determinism_hash)
    assert hashes[0] == hashes[1] != hashes[2]

"""Receipts, memory and audit log in everyday use: formats, defaults, backup, reports, cleaning up, beginning anew."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import pty
import re
import sqlite3
import stat
import sys
from pathlib import Path

import pytest

from tachograph import paths
from tachograph.ingest import resetting, spawn
from tests.cli import recordings
from tests.cli.conftest import Ask, Recorded
from tests.conftest import Run


@pytest.fixture
def worked(call: Ask) -> Ask:
    """A ledger with two receipts, two memories and three audit entries."""
    call("receipt", "add", "exec-1", "validator-1", "validation", '{"files": 12}', "--duration-ms", "1234")
    call("receipt", "add", "exec-2", "builder-1", "generation", "--status", "error")
    call("memory", "set", "validator-1", '{"active": true}', "--type", "validation")
    call("memory", "set", "builder-1", "{}")
    call("audit", "add", "validator-1", "validate_schema", "completed", "--duration-ms", "1200")
    call("audit", "add", "validator-1", "render_template", "failed", "--error", "Template not found: layout.tera")
    call("audit", "add", "builder-1", "build", "retry")
    return call


def test_a_backup_is_three_files_of_json(worked: Ask, tmp_path: Path) -> None:
    folder = tmp_path / "backups" / "2026-01-29"
    assert worked("backup", str(folder), "--json-dump").code == 0
    assert sorted(os.listdir(folder)) == ["agent_memory.json", "audit_log.json", "receipts.json"]
    receipts, memories, entries = (
        json.loads((folder / f"{name}.json").read_text()) for name in ("receipts", "agent_memory", "audit_log")
    )
    assert [(one["execution_id"], one["status"]) for one in receipts] == [("exec-1", "passed"), ("exec-2", "failed")]
    assert json.loads(receipts[0]["receipt_json"])["files"] == 12
    assert [(one["agent_id"], one["version"]) for one in memories] == [("validator-1", 1), ("builder-1", 1)]
    assert [one["operation"] for one in entries] == ["validate_schema", "render_template", "build"]
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())]
    assert modes == [0o700, 0o600, 0o600, 0o600]
    assert worked("audit", "list", "--operation", "backup", "--json").json[0]["agent_id"] == "tachograph"


def test_a_backup_is_not_written_over_unasked(worked: Ask, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert worked("backup", str(tmp_path), "--json-dump").code == 0
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755, "a folder that was there stays as it is"
    before = (tmp_path / "receipts.json").read_text()
    worked("receipt", "add", "exec-3", "a", "watch")
    refused = worked("backup", str(tmp_path), "--json-dump")
    assert (refused.code, (tmp_path / "receipts.json").read_text()) == (4, before)
    assert worked("backup", str(tmp_path), "--json-dump", "--force").code == 0
    assert len(json.loads((tmp_path / "receipts.json").read_text())) == 3


def test_the_backup_of_nothing_is_empty_lists(call: Ask, tmp_path: Path) -> None:
    assert call("backup", str(tmp_path / "b"), "--json-dump").code == 0
    assert {(tmp_path / "b" / name).read_text() for name in os.listdir(tmp_path / "b")} == {"[]\n"}


def test_reports(worked: Ask) -> None:
    report = worked("db", "analytics").json
    assert list(report) == ["period", "generated_at", "agent_metrics", "receipt_statistics"]
    assert report["period"] == "last-7-days"
    assert [one["agent_id"] for one in report["agent_metrics"]] == ["validator-1"], "what is retried is not over"
    some = worked("db", "analytics", "builder-*", "last-24-hours").json
    assert (some["agent_metrics"], some["receipt_statistics"]) == (
        [], [{"status": "failed", "count": 1, "avg_duration_ms": 0.0}],
    )  # fmt: skip
    assert worked("db", "analytics", "%", "last-year").code == 2


def test_totals(worked: Ask) -> None:
    stats = worked("db", "stats").json
    assert list(stats) == [
        "receipts_total", "receipts_success", "receipts_error", "agents_tracked", "audit_entries", "database_size_kb",
        "last_receipt",
    ]  # fmt: skip
    assert (stats["receipts_total"], stats["receipts_success"], stats["receipts_error"]) == (2, 1, 1)
    assert (stats["agents_tracked"], stats["audit_entries"]) == (2, 3) and stats["database_size_kb"] > 100


def test_ninety_days_are_kept_when_nothing_is_said(worked: Ask) -> None:
    answer = worked("clean")
    assert answer.code == 0 and "nothing" in answer.err
    assert worked("db", "stats").json["receipts_total"] == 2
    for time in ("-1d", "soon"):
        assert worked("clean", f"--keep={time}", "--yes").code == 2


def test_cleaning_up_removes_what_is_old(worked: Ask, home: Path) -> None:
    import apsw

    apsw.Connection(str(home / "tachograph.db")).execute(
        "INSERT INTO receipts (execution_id, agent_id, status, created_at) VALUES ('old', 'a', 'passed', '2001-01-01');"
        "INSERT INTO audit_log (timestamp, agent_id, operation, status) VALUES ('2001-01-01', 'a', 'b', 'skipped')"
    )
    told = worked("clean", "--dry-run")
    assert (told.code, told.out) == (0, "") and "1 receipt, 1 audit entry" in told.err
    asked = worked("clean")
    assert asked.code == 2 and "--yes" in asked.err
    assert worked("db", "stats").json["receipts_total"] == 3
    assert worked("clean", "--keep", "90", "--yes").code == 0, "days"
    stats = worked("db", "stats").json
    assert (stats["receipts_total"], stats["audit_entries"]) == (2, 4), "and what was done is an entry of its own"
    assert worked("audit", "verify").code == 0


def test_beginning_anew(worked: Ask, recorded: Recorded, home: Path) -> None:
    worked("sessions")
    before = worked("db", "stats").json["receipts_total"]
    refused = worked("reset")
    assert refused.code == 2 and "--yes" in refused.err
    assert worked("db", "stats").json["receipts_total"] == before >= 2
    key = (home / "signing.key").read_bytes()
    answer = worked("reset", "--yes")
    assert answer.code == 0 and f"2 sessions, {before} receipts" in answer.err
    stats = worked("db", "stats").json
    assert (stats["receipts_total"], stats["audit_entries"], stats["last_receipt"]) == (0, 1, None)
    assert worked("sessions", "--json").json == []
    assert worked("memory", "list", "--json").json == []
    assert worked("audit", "list", "--json").json[0]["operation"] == "reset"
    assert worked("audit", "verify").code == 0, "the signed heads say that it was reset"
    assert (home / "signing.key").read_bytes() == key
    assert stat.S_IMODE((home / "tachograph.db").stat().st_mode) == 0o600
    worked("receipt", "add", "exec-1", "a", "watch")
    assert worked("audit", "verify").code == 0


def test_a_reset_waits_for_nobody_and_deletes_nothing_that_is_open(worked: Ask, home: Path) -> None:
    import apsw

    other = apsw.Connection(str(home / "tachograph.db"))
    other.execute("SELECT count(*) FROM receipts").fetchall()
    refused = worked("reset", "--yes")
    assert (refused.code, refused.out) == (4, "")
    other.close()
    assert worked("db", "stats").json["receipts_total"] == 2
    assert worked("audit", "verify").code == 0, "nor do the heads say that anything was reset"


def test_a_recording_that_waits_in_its_journal_comes_into_the_new_database(call: Ask, recorded: Recorded) -> None:
    call("db", "migrate")
    answer = call("reset", "--yes")
    assert answer.code == 0 and "2 recordings will be imported" in answer.err
    assert {row["id"] for row in call("sessions", "--json").json} == {recorded.good, recorded.bad}


def test_a_recording_that_runs_goes_on_in_the_new_database_as_a_whole(call: Ask) -> None:
    journal, at = recordings.begin(recordings.GOOD._replace(pieces=[("O", "one\n")]))
    assert [row["status"] for row in call("sessions", "--json").json] == ["running"], "it is in the store already"
    answer = call("reset", "--yes")
    assert answer.code == 0 and "1 recording will be imported" in answer.err
    journal.append(b"O", at, b"two\n")
    recordings.end(journal, recordings.GOOD, at)
    journal.close()
    assert call("tail", journal.session_id).out == "one\ntwo\n"
    (row,) = call("sessions", "--json").json
    assert (row["status"], row["lines"]) == ("completed", 2)


@pytest.mark.parametrize("lock", ["importer.lock", "histories.lock"])
def test_nothing_is_deleted_while_somebody_imports(
    worked: Ask, lock: str, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setattr(resetting, "_WAIT", 0)
    (home / "journal").mkdir(exist_ok=True)
    held = spawn.take_lock(paths.places(), lock)
    assert held is not None
    refused = worked("reset", "--yes")
    assert refused.code == 4 and "nothing was changed" in refused.err
    os.close(held)
    assert worked("reset", "--yes").code == 0


def test_a_damaged_database_can_be_reset(worked: Ask, home: Path) -> None:
    (home / "tachograph.db").write_bytes(b"not a database at all" * 1000)
    for name in ("tachograph.db-wal", "tachograph.db-shm"):
        (home / name).unlink(missing_ok=True)
    assert worked("memory", "list").code == 5
    answer = worked("reset", "--yes")
    assert answer.code == 0 and "cannot be read" in answer.err
    assert worked("memory", "list", "--json").json == []


def test_a_file_of_somebody_else_is_not_reset(call: Ask, home: Path, tmp_path: Path) -> None:
    text, database = tmp_path / "thesis.txt", tmp_path / "photos.db"
    text.write_text("three years of work\n" * 100)
    with contextlib.closing(sqlite3.connect(database)) as theirs:
        theirs.execute("CREATE TABLE photos (name)")
    for path in (text, database):
        before = path.read_bytes()
        refused = call("--db", str(path), "reset", "--yes")
        assert refused.code == 4 and "nothing was changed" in refused.err
        assert path.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == [*(["home"] if home.exists() else []), "photos.db", "thesis.txt"]


def test_there_is_nothing_to_reset(call: Ask, home: Path) -> None:
    assert call("reset", "--yes").code == 3
    assert not home.exists()


def test_words_of_ones_own(call: Ask) -> None:
    assert call("receipt", "add", "exec-1", "a", "deploy").code == 2
    assert call("db", "vocabulary", "add", "operation", "deploy").code == 0
    assert call("receipt", "add", "exec-1", "a", "deploy").code == 0
    assert {"kind": "operation", "word": "deploy", "added": True} in call("db", "vocabulary", "list", "--json").json
    assert call("db", "vocabulary", "remove", "operation", "deploy").code == 4
    assert call("db", "vocabulary", "remove", "operation", "nope").code == 3
    assert call("db", "vocabulary", "list", "nope").code == 2


class TestOldNames:
    """Commands as a shell library for these tables had them."""

    def test_receipts(self, worked: Ask) -> None:
        answer = worked("db", "query-receipts", "validator-*", "json", "100")
        assert "now: tachograph receipt list" in answer.err
        assert [(row["execution_id"], row["status"]) for row in answer.json] == [("exec-1", "passed")]
        rows = list(csv.DictReader(io.StringIO(worked("db", "query-receipts", "%", "csv", "1").out)))
        assert [row["execution_id"] for row in rows] == ["exec-2"]
        assert len(worked("db", "query-receipts").json) == 2
        assert worked("db", "get-receipt", answer.json[0]["receipt_id"]).json["files"] == 12

    def test_a_hundred_receipts_unless_said_otherwise(self, call: Ask) -> None:
        import tachograph

        with tachograph.open() as store, store.transaction():
            for number in range(101):
                store.receipts.add(f"exec-{number}", "a", "watch", "passed")
        assert len(call("db", "query-receipts").json) == 100
        assert len(call("db", "query-receipts", "%", "json", "101").json) == 101

    def test_memory(self, worked: Ask) -> None:
        rows = worked("db", "query-memory", "%", "json").json
        assert {(row["agent_id"], row["agent_type"], row["version"]) for row in rows} == {
            ("validator-1", "validation", 1), ("builder-1", None, 1),
        }  # fmt: skip
        assert worked("db", "query-memory", "builder-%", "csv").out.count("\n") == 2
        assert worked("db", "get-memory", "validator-1").json["active"] is True
        assert worked("db", "get-memory", "nobody").code == 3

    def test_the_audit_trail(self, worked: Ask) -> None:
        rows = worked("db", "query-audit-trail", "validator-%", "7", "json").json
        assert [(row["operation"], row["status"]) for row in rows] == [
            ("render_template", "failed"), ("validate_schema", "completed"),
        ]  # fmt: skip
        assert len(worked("db", "query-audit-trail").json) == 3

    def test_exports_name_their_files_themselves(
        self, worked: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert worked("db", "export-audit-trail").code == 0
        (name,) = [name for name in os.listdir(tmp_path) if name.startswith("audit-")]
        assert re.fullmatch(r"audit-\d{8}-\d{6}\.json", name)
        assert len(json.loads((tmp_path / name).read_text())) == 3
        assert worked("db", "export-audit-trail", "csv", "./audit.csv").code == 0
        assert len(list(csv.DictReader((tmp_path / "audit.csv").open()))) == 4, "the export before is an entry, too"

    def test_backup_clean_and_reset(self, worked: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        for _ in range(2):
            assert worked("db", "backup", "./b").code == 0
        assert len(os.listdir(tmp_path / "b")) == 3
        assert worked("db", "cleanup", "30").code == 0
        assert worked("db", "reset").code == 2
        assert worked("db", "reset", "--force").code == 0
        assert worked("db", "stats").json["receipts_total"] == 0

    def test_words_that_are_wrong(self, worked: Ask) -> None:
        for words in (
            *(["query-receipts", "%", "xml"], ["query-receipts", "%", "json", "many"], ["get-receipt"]),
            *(["query-memory", "%", "json", "7"], ["cleanup", "soon"], ["export-audit-trail", "xml"]),
        ):
            answer = worked("db", *words)
            assert (answer.code, answer.out) == (2, ""), words

    def test_they_are_not_in_the_help(self, call: Ask) -> None:
        told = call("db", "help").out
        assert "vocabulary" in told and "query-receipts" not in told


@pytest.mark.parametrize(("answer", "left"), [("n", 2), ("y", 0)])
def test_asking_before_everything_is_deleted(worked: Ask, answer: str, left: int) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-m", "tachograph", "reset"])
    seen = b""
    while b"[y/N]" not in seen:
        seen += os.read(terminal, 4096)
    os.write(terminal, answer.encode() + b"\n")
    with contextlib.suppress(OSError):  # how a terminal says that its program has gone
        while piece := os.read(terminal, 4096):
            seen += piece
    assert os.waitpid(pid, 0)[1] == 0
    os.close(terminal)
    assert b"2 receipts" in seen
    assert worked("db", "stats").json["receipts_total"] == left


def test_two_words_of_a_status_are_one(tachograph: Run) -> None:
    for number, status in enumerate(["success", "passed", "error", "failed"]):
        tachograph("receipt", "add", f"e{number}", "a", "watch", "--status", status)
    listed = json.loads(tachograph("receipt", "list", "--status", "success", "--json").stdout)
    assert {row["status"] for row in listed} == {"passed"} and len(listed) == 2

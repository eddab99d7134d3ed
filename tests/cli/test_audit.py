"""`audit`: added from the shell, listed, exported, verified."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

import tachograph
from tachograph.clock import SECOND, iso, now
from tachograph.records import AuditEntry
from tests.cli.conftest import Ask
from tests.store.samples import raw

STATUSES = ("started", "completed", "failed", "retry", "skipped")


def added(call: Ask, *words: str) -> dict[str, object]:
    answer = call("audit", "add", *words, "--json")
    assert answer.code == 0, answer.err
    row: dict[str, object] = answer.json
    return row


def test_entries_with_the_documented_defaults(call: Ask) -> None:
    for status in STATUSES:
        row = added(call, "agent-1", "validate_schema", status)
        assert (row["status"], row["duration_ms"], row["details"], row["error_message"]) == (status, 0, None, None)
    full = added(
        call, "agent-1", "render", "failed", "--type", "rendering", "--duration-ms", "7", "--details", "d", "--error",
        "Template not found", "--context", '{"n": 1}', "--execution", "exec-1",
    )  # fmt: skip
    assert (full["operation_type"], full["context_json"], full["execution_id"]) == ("rendering", {"n": 1}, "exec-1")
    listed = call("audit", "list", "--json").json
    assert [row["status"] for row in listed] == ["failed", *reversed(STATUSES)]
    assert call("audit", "list", "--agent", "agent-%", "--status", "retry", "--json").json[0]["operation"] == (
        "validate_schema"
    )
    assert call("audit", "list", "--operation", "val*", "--execution", "exec-1", "--json").json == []


@pytest.mark.parametrize(
    "words", [(), ("a",), ("a", "b"), ("", "b", "started"), ("a", " ", "started"), ("a", "b", ""), ("a", "b", "green"),
              ("a", "b", "started", "--context", "{")]
)  # fmt: skip
def test_missing_and_wrong_words_are_refused(call: Ask, words: tuple[str, ...]) -> None:
    assert call("audit", "add", *words).code == 2
    call("audit", "add", "a", "b", "started")
    assert len(call("audit", "list", "--json").json) == 1


def test_seven_days_and_a_thousand_entries_unless_asked_otherwise(call: Ask, home: Path) -> None:
    day = 86400 * SECOND
    with tachograph.open() as store:
        store.audit.add_many([AuditEntry("a", "old", "completed", timestamp=iso(now() - 8 * day))])
        store.audit.add_many([AuditEntry("a", "new", "completed") for _ in range(1001)])
    shown = call("audit", "list", "--json")
    assert len(shown.json) == 1000 and "there are more" in shown.err
    assert {row["operation"] for row in shown.json} == {"new"}
    assert len(call("audit", "list", "-n", "0", "--days", "9", "--json").json) == 1002
    assert len(call("audit", "list", "--since", "9d", "-n", "0", "--csv").out.splitlines()) == 1003
    assert call("audit", "list", "--since", "9d", "--days", "1").code == 2


def test_export(call: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    added(call, "=cmd()", "first", "completed")
    added(call, "b", "second", "failed")
    assert call("audit", "export").code == 0
    (file,) = tmp_path.glob("audit-*.json")
    assert file.stat().st_mode & 0o777 == 0o600
    assert [row["operation"] for row in json.loads(file.read_text())] == ["first", "second"]
    assert call("audit", "export", "-o", str(file)).code == 4
    assert call("audit", "export", "--as", "csv", "-o", str(tmp_path / "a.csv")).code == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text())))
    assert [row["operation"] for row in rows] == ["first", "second", "export"]
    assert not rows[0]["agent_id"].startswith("="), "no spreadsheet runs it"
    assert len(json.loads(call("audit", "export", "-o", "-", "--agent", "b").out)) == 1
    entry = call("audit", "list", "--json").json[0]
    assert (entry["agent_id"], entry["operation_type"], entry["operation"]) == ("tachograph", "recorder", "export")


def test_verify_says_what_was_changed(call: Ask, home: Path) -> None:
    for number in range(3):
        added(call, "a", f"step-{number}", "completed")
    fine = call("audit", "verify")
    assert fine.code == 0 and "3 entries, 3 sealed rows" in fine.out and "as it was sealed" in fine.err
    raw(home / "tachograph.db").execute("UPDATE audit_log SET status = 'skipped' WHERE id = 2")
    bad = call("audit", "verify")
    assert bad.code == 5 and "entry 2: audit_log 2 is not what was sealed" in bad.out
    report = call("audit", "verify", "--json")
    assert report.code == 5 and not report.json["valid"]
    assert report.json["problems"] == [
        {"kind": "changed", "number": 2, "name": "audit_log", "row": 2, "text": "audit_log 2 is not what was sealed"}
    ]


def test_rows_that_nobody_sealed_are_listed(call: Ask, home: Path) -> None:
    added(call, "a", "b", "completed")
    raw(home / "tachograph.db").execute(
        "INSERT INTO audit_log (agent_id, operation, status) VALUES ('a', 'b', 'retry')"
    )
    listed = call("audit", "verify")
    assert listed.code == 0 and "1 row of audit_log without a seal: 2" in listed.out
    assert call("audit", "verify", "--strict").code == 5
    assert call("audit", "verify", "--strict", "--json").json["valid"] is False


def test_only_the_key_that_is_named_counts(call: Ask, home: Path, tmp_path: Path) -> None:
    added(call, "a", "b", "completed")
    key = call("config", "signing-key").out.strip()
    (tmp_path / "key").write_text(key)
    assert (
        call("audit", "verify", "--key", key).code == call("audit", "verify", "--key", str(tmp_path / "key")).code == 0
    )
    assert call("audit", "verify", "--key", "0" * 63 + "1").code == 5
    assert call("audit", "verify", "--key", "nonsense").code == 3
    (home / "signing.key").unlink()
    assert "signatures not checked" in call("audit", "verify").out


def test_an_older_copy_is_put_back_with_a_reason(call: Ask, home: Path) -> None:
    added(call, "a", "b", "completed")
    with tachograph.open() as store:
        store._connection.execute("VACUUM INTO ?", (str(home / "copy.db"),))
    added(call, "a", "lost", "completed")
    for name in ("tachograph.db", "tachograph.db-wal", "tachograph.db-shm"):
        (home / name).unlink(missing_ok=True)
    (home / "copy.db").rename(home / "tachograph.db")
    assert call("audit", "verify").code == 5
    assert call("audit", "restored", "--reason", " ").code == 2
    assert call("audit", "restored").code == 2
    assert call("audit", "restored", "--reason", "the disk had died").code == 0
    assert call("audit", "verify").code == 0 and "the disk had died" in call("audit", "verify").out
    assert call("audit", "list", "--json").json[0]["operation"] == "restore"


def test_settings_and_unmasked_files_are_noted(call: Ask) -> None:
    added(call, "a", "b", "completed")
    assert call("config", "set", "output.limit", "5").code == 0
    entry = call("audit", "list", "--json", "-n", "1").json[0]
    assert (entry["agent_id"], entry["operation"]) == ("tachograph", "config")
    assert "output.limit" in entry["details"]


def test_there_is_nothing_to_verify(call: Ask, home: Path) -> None:
    assert call("audit", "verify").code == 3
    assert not home.exists()

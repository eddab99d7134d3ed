"""`receipt`: added from the shell, shown, checked with and without a store, handed out."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Ask, Recorded

ADD = ("receipt", "add", "exec-1", "codegen", "generation")


def key_of(call: Ask) -> str:
    return call("config", "signing-key").out.strip()


def test_a_receipt_is_added_with_everything_it_can_say(call: Ask, tmp_path: Path) -> None:
    (tmp_path / "in").write_text("a")
    (tmp_path / "out").write_text("b")
    done = call(
        *ADD, '{"rules": 5}', "--status", "error", "--duration-ms", "12", "--agent-type", "generation",
        "--error", "full", "--manifest-hash", "m", "--ontology-hash", "o", "--files-generated", "2",
        "--files-modified", "1",
        "--environment", "staging", "--input", str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--json",
    )  # fmt: skip
    row = done.json
    assert done.code == 0 and (row["status"], row["duration_ms"], row["files_generated"]) == ("failed", 12, 2)
    assert row["receipt_json"]["rules"] == 5 and row["receipt_json"]["error_message"] == "full"
    assert row["receipt_json"]["inputs"] == [{"path": str(tmp_path / "in"), "sha256": hashlib.sha256(b"a").hexdigest()}]
    body = call("receipt", "show", "exec-1", "--body").out
    assert hashlib.sha256(body.encode()).hexdigest() == row["receipt_id"]
    assert call("receipt", "list", "--json").json == [row]
    assert call("receipt", "list", "--same", row["determinism_hash"][:8], "--json").json == [row]
    assert call("receipt", "list", "--status", "passed", "--json").json == []
    assert row["receipt_id"] in call("receipt", "show", row["receipt_id"][:10]).out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("receipt", "add", "exec-1", "codegen"), 2, "OPERATION"),
        ((*ADD, "{not json"), 2, "invalid JSON in receipt"),
        ((*ADD, "[1]"), 2, "not a JSON object"),
        (("receipt", "add", "exec-1", "codegen", "gardening"), 2, "receipts.operation: that is none of the words"),
        ((*ADD, "--status", "green"), 2, "receipts.status: that is none of the words"),
        ((*ADD, "--input", "/nowhere"), 3, "cannot read"),
        (("receipt", "show", "nothing"), 3, "there is no receipt"),
        (("receipt", "verify", "nothing"), 3, "there is no receipt"),
    ],
)
def test_what_is_wrong_is_said(call: Ask, words: tuple[str, ...], code: int, said: str) -> None:
    call("audit", "add", "somebody", "something", "started")  # so that there is a store
    answer = call(*words)
    assert (answer.code, answer.out) == (code, "") and said in answer.err
    assert call("receipt", "list", "--json").json == []


def test_an_execution_has_one_receipt(call: Ask) -> None:
    assert call(*ADD).code == 0
    again = call(*ADD)
    assert again.code == 2 and "has a receipt already" in again.err
    assert call(*ADD, "--replace", "--status", "failed").code == 0
    assert call("receipt", "verify", "exec-1").code == 0


def test_secrets_are_masked(call: Ask) -> None:
    token = "ghp_" + "aB3dE6gH9jK2mN5pQ8rS1tU4vW7xY0zA1bC2"
    call(*ADD, json.dumps({"log": token, "deep": [{"token": token}]}), "--error", f"with {token}")
    assert token not in call("receipt", "show", "exec-1", "--json").out


def test_a_file_alone_is_checked_where_there_is_no_store(
    call: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(*ADD, '{"inputs": [1], "n": 1.50}')
    row = call("receipt", "show", "exec-1", "--json").json
    monkeypatch.setenv("TACHOGRAPH_HOME", str(tmp_path / "elsewhere"))

    def checked(document: object) -> tuple[int, list[str]]:
        answer = call("receipt", "verify", "-", "--json", input=json.dumps(document))
        return answer.code, answer.json["problems"]

    assert checked(row) == checked(row["receipt_json"]) == (0, [])
    assert checked({**row, "receipt_json": json.dumps(row["receipt_json"])}) == (0, [])
    code, problems = checked({**row, "agent_id": "other"})
    assert code == 5 and "agent_id is 'other' beside the receipt" in problems[0]
    body = {**row["receipt_json"], "n": 1.75}
    code, problems = checked({**row, "receipt_json": body})
    assert code == 5 and problems[0].startswith(f"its id is {row['receipt_id']}, that of what it says is ")
    code, problems = checked({**row["receipt_json"], "inputs": [2]})
    assert code == 5 and problems[0].startswith("its determinism hash is ")
    assert not (tmp_path / "elsewhere").exists()


def test_a_document_without_a_receipt_is_refused(call: Ask) -> None:
    deep = "[" * 100_000
    for text, code in (("{}", 2), ("no", 2), ("[]", 2), (deep, 2), ('{"receipt_json": null, "execution_id": "e"}', 5)):
        assert call("receipt", "verify", "-", input=text).code == code


def test_an_envelope_travels(call: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out").write_text("b")
    call(*ADD, "--output", str(tmp_path / "out"))
    key, file = key_of(call), tmp_path / "e.json"
    assert call("receipt", "export", "exec-1", "--sign", "-o", str(file)).code == 0
    assert call("receipt", "export", "exec-1", "--sign", "-o", str(file)).code == 4
    envelope = json.loads(file.read_text())
    statement = json.loads(base64.b64decode(envelope["payload"]))
    assert (envelope["payloadType"], statement["_type"]) == (
        "application/vnd.in-toto+json", "https://in-toto.io/Statement/v1",
    )  # fmt: skip
    assert statement["subject"] == [
        {"name": str(tmp_path / "out"), "digest": {"sha256": hashlib.sha256(b"b").hexdigest()}}
    ]
    assert call("receipt", "verify", str(file), "--key", key).code == 0

    monkeypatch.setenv("TACHOGRAPH_HOME", str(tmp_path / "elsewhere"))
    there = call("receipt", "verify", str(file), "--key", key, "--json")
    assert there.code == 0 and there.json["checked"] == ["id", "subject", "determinism", "signature"]
    assert "was not checked" in call("receipt", "verify", str(file)).err
    other = key_of(call)
    assert call("receipt", "verify", str(file), "--key", other).code == 5

    statement["subject"][0]["digest"]["sha256"] = "0" * 64
    envelope["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()
    forged = call("receipt", "verify", "-", "--key", key, "--json", input=json.dumps(envelope))
    assert forged.code == 5
    assert [text.split(" is ")[0] for text in forged.json["problems"]] == [
        "no signature of the envelope", "its subjects are not the files of the receipt",
    ]  # fmt: skip


def test_a_session_is_exported_by_its_receipt(call: Ask, recorded: Recorded, tmp_path: Path) -> None:
    assert call("export", recorded.good, "--as", "in-toto", "--sign", "-o", str(tmp_path / "e.json")).code == 0
    checked = call("receipt", "verify", str(tmp_path / "e.json"), "--key", key_of(call), "--json")
    assert checked.code == 0 and checked.json["execution_id"] == recorded.good
    assert call("receipt", "verify", recorded.bad).code == call("receipt", "verify", "last").code == 0


def test_an_unsigned_envelope_and_a_key(call: Ask) -> None:
    call(*ADD)
    plain = call("receipt", "export", "exec-1").out
    assert json.loads(plain)["signatures"] == []
    assert call("receipt", "verify", "-", input=plain).code == 0
    assert call("receipt", "verify", "-", "--key", key_of(call), input=plain).code == 5
    row = call("receipt", "export", "exec-1", "--as", "json").out
    assert call("receipt", "verify", "-", "--key", key_of(call), input=row).code == 5


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("payloadType", "text/plain", "holds text/plain"),
        ("payload", "e30\n", "not a DSSE envelope"),
        ("payload", base64.b64encode(b"[" * 100_000).decode(), "holds no JSON"),
        ("signatures", [5], "not a DSSE envelope"),
    ],
)
def test_what_is_no_envelope_is_named(call: Ask, field: str, value: object, said: str) -> None:
    call(*ADD)
    envelope = json.loads(call("receipt", "export", "exec-1").out)
    answer = call("receipt", "verify", "-", input=json.dumps({**envelope, field: value}))
    assert (answer.code, said in answer.err) == (5, True), answer.err


def test_a_store_that_cannot_be_opened_is_none_to_ask(call: Ask, home: Path) -> None:
    call(*ADD)
    row = call("receipt", "show", "exec-1", "--json").out
    (home / "tachograph.db").write_bytes(b"no database of anybody" * 100)
    answer = call("receipt", "verify", "-", input=row)
    assert (answer.code, "could not be asked" in answer.out) == (0, True), answer.err


def test_the_ledger_is_asked_where_there_is_one(call: Ask, home: Path) -> None:
    from tests.store.samples import raw

    call(*ADD)
    row = call("receipt", "show", "exec-1", "--json").out
    assert "sealed as entry 1" in call("receipt", "verify", "-", input=row).out
    raw(home / "tachograph.db").execute("UPDATE receipts SET agent_id = 'somebody else'")
    changed = call("receipt", "verify", "exec-1")
    assert changed.code == 5
    assert "agent_id is 'somebody else' beside the receipt" in changed.out and "is not what was sealed" in changed.out
    raw(home / "tachograph.db").execute(
        "INSERT INTO receipts (execution_id, agent_id, operation, status, duration_ms) VALUES"
        " ('past', 'a', 'watch', 'success', 1)"
    )
    assert call("receipt", "verify", "past").code == 5
    assert {one["execution_id"]: one["status"] for one in call("receipt", "list", "--json").json}["past"] == "passed"

"""`stage`: what a shell script measures of its pipeline."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tachograph as public
from tests.cli.conftest import Ask
from tests.conftest import Run

PYTHON = sys.executable


def test_a_command_is_measured_and_its_code_is_ours(tachograph: Run, call: Ask, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_bytes(b"x" * 30)
    (tmp_path / "in" / "b").write_bytes(b"y" * 12)
    made = tmp_path / "made"
    code = f"import sys; open({os.fspath(made)!r}, 'w').write('z' * 7); print('said'); sys.exit(3)"
    told = tachograph("stage", "run", "e1", "m1", "--input", str(tmp_path / "in"), "--output", str(made), "--output",
                str(tmp_path / "nothing"), "--agent", "codegen", "--", PYTHON, "-c", code)  # fmt: skip
    assert (told.returncode, told.stdout) == (3, "said\n")
    assert "μ₁_normalize failed" in told.stderr
    (stage,) = call("stage", "list", "--json").json
    assert (stage["execution_id"], stage["stage"], stage["status"], stage["error_message"]) == (
        "e1", "μ₁_normalize", "failed", "exit code 3",
    )  # fmt: skip
    assert (stage["input_size_bytes"], stage["output_size_bytes"]) == (42, 7)
    assert stage["duration_ms"] > 0
    with public.open() as store:
        noted = [(one.agent_id, one.operation, one.status, one.execution_id) for one in store.audit.list()]
        assert noted == [
            ("codegen", "μ₁_normalize", "failed", "e1"),
            ("codegen", "μ₁_normalize", "started", "e1"),
        ]
        assert store.receipts.get("e1").status == "partial"


@pytest.mark.parametrize(
    ("command", "code"),
    [(("true",), 0), (("sh", "-c", "kill -9 $$"), 128 + signal.SIGKILL), (("nosuch-command",), 127), (("/",), 126)],
)
def test_exit_codes_are_those_of_a_shell(call: Ask, command: tuple[str, ...], code: int) -> None:
    told = call("stage", "run", "e1", "1", "-q", "--", *command)
    assert told.code == code
    assert (told.err == "") == (code not in (126, 127))
    (stage,) = call("stage", "list", "--json").json
    assert stage["status"] == ("failed" if code else "passed")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signals_go_to_the_command_and_the_stage_is_noted(call: Ask, tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C reaches both, as a terminal sends it."""
    ready = tmp_path / "ready"
    trap = f"trap 'exit 7' {number.name[3:]}; touch {ready}; while :; do sleep 0.05; done"
    child = subprocess.Popen(
        [PYTHON, "-m", "tachograph", "stage", "run", "e1", "1", "-q", "--", "sh", "-c", trap], start_new_session=True
    )
    deadline = time.monotonic() + 90
    while not ready.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    (os.killpg if number == signal.SIGINT else os.kill)(child.pid, number)
    assert child.wait(timeout=30) == 7
    (stage,) = call("stage", "list", "--json").json
    assert (stage["status"], stage["error_message"]) == ("failed", "exit code 7")


def test_stages_at_once_are_all_there(call: Ask) -> None:
    words = [PYTHON, "-m", "tachograph", "stage", "run", "e1", "extract", "-q", "--", "true"]
    running = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True) for _ in range(8)]
    assert [(child.communicate(timeout=60)[1], child.returncode) for child in running] == [("", 0)] * 8
    receipt = call("stage", "finish", "e1", "--json").json
    assert (receipt["status"], len(receipt["receipt_json"]["stages"])) == ("passed", 8)
    with public.open() as store:
        assert len(store.audit.list(execution="e1")) == 17
        assert store.ledger.verify().problems == []


def test_a_wrong_word_is_said_before_anything_runs(call: Ask, tmp_path: Path) -> None:
    for words in (("e1", "m9"), ("", "m1")):
        told = call("stage", "run", *words, "--", "touch", str(tmp_path / "ran"))
        assert told.code == 2
    assert not (tmp_path / "ran").exists()


def test_a_store_that_cannot_be_written_does_not_stop_the_command(tachograph: Run, home: Path) -> None:
    home.mkdir()
    (home / "tachograph.db").write_bytes(b"not a database at all, but long enough to look like something" * 20)
    told = tachograph("stage", "run", "e1", "m1", "--", PYTHON, "-c", "print('ran'); raise SystemExit(5)")
    assert (told.returncode, told.stdout) == (5, "ran\n")
    assert told.stderr.count("▲ this stage is not recorded") == 1


def test_a_pipeline_of_a_script_ends_in_a_receipt(call: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("out.txt").write_text("made")
    Path("manifest.toml").write_text("[a]")
    for number, took in enumerate(("10", "20ms", "0.03s"), 1):
        assert call("stage", "add", "e1", str(number), "--duration", took, "--agent", "codegen").code == 0
    assert call("stage", "add", "e1", "emit", "--duration", "5", "--error", "no room", "--input-bytes", "9").code == 0
    receipt = call("stage", "finish", "e1", "--file", "out.txt", "--manifest", "manifest.toml", "--environment", "ci",
                   "--json").json  # fmt: skip
    body = receipt["receipt_json"]
    digest = hashlib.sha256(b"made").hexdigest()
    assert (receipt["status"], receipt["duration_ms"], receipt["environment"]) == ("failed", 65, "ci")
    assert (receipt["error_message"], receipt["files_generated"]) == ("μ₃_emit: no room", 1)
    assert receipt["manifest_hash"] == hashlib.sha256(b"[a]").hexdigest()
    assert body["files"] == {"out.txt": digest}
    assert [(stage["stage"][:2], stage["status"]) for stage in body["stages"]] == [
        ("μ₁", "passed"), ("μ₂", "passed"), ("μ₃", "passed"), ("μ₃", "failed"),
    ]  # fmt: skip
    again = call("stage", "finish", "e1")
    assert again.code == 2
    assert "has a receipt already" in again.err
    gone = call("stage", "finish", "e4", "--file", "nowhere.txt", "--file", "out.txt", "--json")
    assert (gone.json["status"], gone.json["error_message"]) == ("failed", "nowhere.txt: No such file or directory")
    assert (gone.json["files_generated"], "▲ nowhere.txt" in gone.err) == (1, True)
    # tried again, and it passed
    for error in ("--error=first", "--error="):
        call("stage", "add", "e2", "emit", "--duration", "5", error)
    assert call("stage", "finish", "e2", "--json").json["status"] == "passed"
    assert call("stage", "finish", "e3", "--status", "cancelled", "--json").json["status"] == "cancelled"
    assert call("db", "sql", "SELECT count(*) n FROM recent_executions", "--json").json == [{"n": 4}]


def test_equal_pipelines_in_two_folders_have_one_determinism_hash(
    call: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes = []
    for name, content in (("one", "x"), ("two", "x"), ("three", "y")):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        Path("in.txt").write_text(content)
        Path("out.txt").write_text("z")
        call("stage", "add", name, "1", "--duration", str(len(name)))
        done = call("stage", "finish", name, "--input", "in.txt", "--file", "out.txt", "--json").json
        hashes.append(done["determinism_hash"])
    assert hashes[0] == hashes[1] != hashes[2]


def test_what_a_script_says_is_masked(call: Ask) -> None:
    secret = "ghp_" + "a1B2" * 9
    call("stage", "add", "e1", "1", "--duration", "1", "--error", f"login with {secret} failed")
    call("stage", "finish", "e1", "--error", f"{secret} again")
    assert secret not in call("stage", "list", "--json").out
    with public.open() as store:
        receipt = store.receipts.get("e1")
        assert secret not in f"{receipt}{store.audit.list()}"
        assert "login with" in str(store.stages.list()[0].error_message)


def test_a_number_is_milliseconds_and_nonsense_is_refused(call: Ask) -> None:
    told = call("stage", "add", "e1", "1", "--duration", "soon")
    assert told.code == 2
    assert "--duration soon is not a time" in told.err
    assert call("stage", "add", "e1", "1").code == 2
    assert call("stage", "list").out.count("\n") == 1

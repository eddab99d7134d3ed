"""doctor, config, completion and help: the program about itself."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import tachograph
from tachograph import paths
from tachograph.cli.tree import ENTRIES
from tests.cli import recordings
from tests.cli.conftest import Ask, Recorded


def test_a_sound_installation(call: Ask, recorded: Recorded) -> None:
    os.chmod(paths.places().data, 0o700)
    call("sessions")
    answer = call("doctor")
    assert (answer.code, answer.err) == (0, "✓ nothing to mend\n")
    assert {line[0] for line in answer.out.splitlines()} == {"✓"}
    checks = {check["name"]: check for check in call("doctor", "--json").json}
    assert {"version", "sqlite", "data", "database", "disk", "config", "rules", "journals", "store"} <= set(checks)
    assert "2 sessions" in checks["store"]["text"]


def test_a_ledger_that_cannot_be_signed_is_named(call: Ask, home: Path) -> None:
    assert call("audit", "add", "codex", "deploy", "completed").code == 0
    signed = [check for check in call("doctor", "--json").json if check["name"] == "signatures"]
    assert [(check["state"], "up to entry 1" in check["text"]) for check in signed] == [("ok", True)]
    key = (home / "signing.key").read_bytes()
    (home / "signing.key").write_bytes(b"")
    assert call("audit", "add", "codex", "deploy", "completed").code == 0, "nobody is stopped"
    answer = call("doctor")
    assert (answer.code, "is not a signing key" in answer.out) == (6, True)
    (home / "signing.key").write_bytes(key)
    answer = call("doctor")
    assert (answer.code, "entries 2 to 2 of the ledger were never signed" in answer.out) == (6, True)
    assert call("audit", "add", "codex", "deploy", "completed").code == 0
    assert call("doctor").code == 0 and call("audit", "verify").code == 0


def test_doctor_makes_nothing(call: Ask, home: Path) -> None:
    assert call("doctor").code == 0
    assert not home.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no such permissions there")
@pytest.mark.parametrize(("name", "mode"), [("", 0o755), ("journal", 0o750), ("tachograph.db", 0o644)])
def test_what_others_could_read_is_found(call: Ask, recorded: Recorded, home: Path, name: str, mode: int) -> None:
    call("sessions")
    os.chmod(home, 0o700)
    os.chmod(home / name, mode)
    answer = call("doctor")
    assert answer.code == 6
    assert "is open to others" in answer.out and f"→ chmod {0o600 if name.endswith('.db') else 0o700:o}" in answer.out


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("config.toml", "[output]\nlimit = 'many'\n", "output.limit is many"),
        ("config.toml", "[output]\nlimt = 3\n", "did you mean output.limit?"),
        ("config.toml", "[[[", "cannot be read"),
        ("rules.toml", "[[rule]]\nname = 'x'\n", "rules.toml:1: x"),
        ("rules.toml", "[[rule", "not valid TOML"),
        ("tachograph.db", "this is not a database at all, is it?" * 300, "not a Tachograph database"),
    ],
)
def test_broken_files_are_named(call: Ask, home: Path, file: str, text: str, told: str) -> None:
    home.mkdir(mode=0o700)
    (home / file).write_text(text)
    (home / file).chmod(0o600)
    answer = call("doctor")
    assert answer.code == 6
    assert told in answer.out
    assert "1 problem to mend" in answer.err


def test_a_journal_that_was_imported_does_not_wait(call: Ask, recorded: Recorded) -> None:
    def told() -> str:
        return next(check["text"] for check in call("doctor", "--json").json if check["name"] == "journals")

    assert "2 journals to import" in told()
    call("sessions")
    assert "0 journals to import" in told()
    recordings.write(recordings.GOOD._replace(age=1))
    assert "1 journal to import" in told()


def test_settings_come_from_the_environment_then_the_file_then_the_default(
    call: Ask, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def limit() -> tuple[str, str]:
        row = next(row for row in call("config", "list").rows if row["name"] == "output.limit")
        return row["value"], row["source"]

    assert limit() == ("50", "default")
    done = call("config", "set", "output.limit", "7")
    assert (done.code, done.out) == (0, "")
    assert limit() == ("7", str(home / "config.toml"))
    monkeypatch.setenv("TACHOGRAPH_OUTPUT_LIMIT", "9")
    assert limit() == ("9", "TACHOGRAPH_OUTPUT_LIMIT")
    assert "decides until it is unset" in call("config", "set", "output.limit", "8").err
    assert call("config", "get", "output.limit").out == "9\n"
    assert call("config", "get", "collisions.block").out == "false\n"
    assert call("config", "path").out == f"{home}/config.toml\n"


def test_settings_are_obeyed(call: Ask, recorded: Recorded) -> None:
    call("config", "set", "output.limit", "1")
    assert len(call("sessions").rows) == 1
    assert len(call("sessions", "-n", "0").rows) == 2
    call("config", "set", "sql.rows", "1")
    assert len(call("db", "sql", "SELECT id FROM events").rows) == 1


def test_comments_in_the_file_survive(call: Ask, home: Path) -> None:
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text("# mine\n[output]\nlimit = 3 # few\n")
    call("config", "set", "output.limit", "4")
    assert (home / "config.toml").read_text() == "# mine\n[output]\nlimit = 4 # few\n"


def test_edit_opens_the_editor_and_checks_what_it_wrote(
    call: Ask, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\necho '[output]\nlimit = -1' >\"$1\"\n")
    editor.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(editor))
    monkeypatch.delenv("VISUAL", raising=False)
    answer = call("config", "edit")
    assert answer.code == 2
    assert "output.limit is -1, expected a whole number" in answer.err
    monkeypatch.setenv("EDITOR", "no-such-editor-anywhere")
    assert "set EDITOR" in call("config", "edit").err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["config", "get", "output.limt"], 3, "did you mean output.limit?"),
        (["config", "set", "output.color", "pink"], 2, "one of auto, always, never"),
        (["config", "set", "sql.timeout", "0"], 2, "a time such as"),
        (["config", "set", "output.limit"], 2, "config set --help"),
        (["completion", "tcsh"], 2, "completion --help"),
        (["completion"], 2, "completion --help"),
    ],
)
def test_wrong_words(call: Ask, words: list[str], code: int, told: str) -> None:
    answer = call(*words)
    assert (answer.code, answer.out) == (code, "")
    assert told in answer.err


def test_a_broken_config_stops_only_what_needs_it(call: Ask, recorded: Recorded, home: Path) -> None:
    call("sessions")
    (home / "config.toml").write_text("[[[")
    answer = call("sessions")
    assert (answer.code, answer.out) == (2, "")
    assert "config.toml cannot be read" in answer.err and "tachograph config edit" in answer.err
    assert call("db", "path").code == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_sound(call: Ask, tmp_path: Path, shell: str) -> None:
    script = call("completion", shell).out
    assert "_TACHOGRAPH_COMPLETE" in script
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=script.encode(), check=False).returncode == 0


def test_completion_offers_commands_sessions_and_agents(ask: Ask, kept: Path) -> None:
    def offered(words: str, place: int) -> list[str]:
        variables = {"_TACHOGRAPH_COMPLETE": "zsh_complete", "COMP_WORDS": words, "COMP_CWORD": str(place)}
        done = subprocess.run(
            [sys.executable, "-m", "tachograph"], env={**os.environ, **variables}, capture_output=True, check=True
        )
        lines = done.stdout.decode().splitlines()
        return lines[1::3]

    assert offered("tachograph se", 1) == ["setup", "sessions", "search", "serve"]
    assert "last" in offered("tachograph show ", 2)
    assert [word.split("-")[0] for word in offered("tachograph tail bu", 2)] == ["builder"]
    assert offered("tachograph sessions --agent ", 3) == ["builder", "tester"]
    assert offered("tachograph config get out", 3) == ["output.color", "output.limit", "output.times"]


def test_completion_without_anything_recorded(call: Ask, home: Path) -> None:
    variables = {"_TACHOGRAPH_COMPLETE": "bash_complete", "COMP_WORDS": "tachograph show ", "COMP_CWORD": "2"}
    done = subprocess.run([sys.executable, "-m", "tachograph"], env={**os.environ, **variables}, capture_output=True)
    assert (done.stdout, done.stderr) == (b"plain,last\n", b"")
    assert not home.exists()


@pytest.mark.parametrize("name", ENTRIES)
def test_every_command_has_a_help_page(call: Ask, name: str) -> None:
    page = call("help", name).out
    assert page.startswith(f"Usage: tachograph {name}")
    assert call(name, "--help").out == page
    assert all(len(line) <= 80 for line in page.splitlines())


def test_the_first_words(call: Ask, home: Path) -> None:
    assert "tachograph run -- COMMAND" in call().out
    assert str(home) in call().out
    page = call("--help").out
    assert all(f"  {name} " in page for name in ENTRIES)
    assert call("help").out == page
    assert call("--version").out == f"tachograph {tachograph.__version__}\n"
    assert not home.exists()


def test_a_database_that_is_locked(call: Ask, recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    call("sessions")
    connection = sqlite3.connect(paths.places().database, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        assert len(call("sessions").rows) == 2  # readers do not wait
    finally:
        connection.close()

"""`setup` and what `doctor` says of it: shown, asked, written, proved, taken back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tachograph import keys, paths
from tachograph.capture.setup.agents import AGENTS
from tachograph.serve.run import Background
from tests.cli.conftest import Ask, Screen
from tests.journal.test_writer import files_end_at


@pytest.fixture(autouse=True)
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a user who has none of these agents."""
    place = tmp_path / "user"
    place.mkdir()
    monkeypatch.setenv("HOME", str(place))
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "GEMINI_CLI_HOME", "COPILOT_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    return place


def checks(call: Ask, name: str) -> list[tuple[str, str]]:
    return [(check["state"], check["text"]) for check in call("doctor", "--json").json if check["name"] == name]


@pytest.mark.parametrize("agent", AGENTS)
def test_it_is_shown_written_and_taken_back(call: Ask, user: Path, agent: str) -> None:
    shown = call("setup", agent, "--print")
    assert (shown.code, shown.err.count("✓")) == (0, 0)
    assert list(user.iterdir()) == []
    done = call("setup", agent, "--yes")
    assert done.out == shown.out
    assert f"✓ {agent} is set up" in done.err
    (line,) = [line for line in call("setup").out.splitlines() if line.startswith(agent)]
    assert "set up now, port 8151" in line
    again = call("setup", agent, "--yes")
    assert (again.out, again.err) == ("", f"✓ {agent} is set up already\n")
    back = call("setup", agent, "--undo", "--yes")
    assert f"✓ {agent} is as it was" in back.err
    assert list(user.iterdir()) == []
    assert call("setup", agent, "--undo").err == f"✓ {agent} is not set up\n"


def test_what_is_shown_is_what_is_written(call: Ask, user: Path, home: Path) -> None:
    path = user / ".claude" / "settings.json"
    path.parent.mkdir()
    path.write_text('{\n  // mine\n  "model": "x"\n}\n')
    before = path.read_text()
    diff = call("setup", "claude", "--yes").out
    subprocess.run(["patch", "-R", "-s", str(path)], input=diff, text=True, check=True)
    assert path.read_text() == before
    assert keys.sending(keys.opening(paths.places())) in diff
    assert keys.opening(paths.places()) not in diff


def test_nobody_to_ask(call: Ask, user: Path) -> None:
    answer = call("setup", "claude")
    assert answer.code == 2
    assert "--yes" in answer.err
    assert list(user.iterdir()) == []


@pytest.mark.parametrize(("typed", "written"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_a_person_is_asked(user: Path, home: Path, typed: str, written: bool) -> None:
    import pty

    pid, fd = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-m", "tachograph", "setup", "codex"])
    seen = b""
    while b"Write this?" not in seen:
        seen += os.read(fd, 65536)
    os.write(fd, typed.encode())
    while True:
        try:
            seen += os.read(fd, 65536)
        except OSError:
            break
    os.waitpid(pid, 0)
    os.close(fd)
    assert (user / ".codex" / "hooks.json").exists() == written
    assert ("nothing was written" in seen.decode()) != written


def test_undo_makes_nothing(call: Ask, home: Path) -> None:
    call("setup", "claude", "--undo")
    call("setup")
    assert not home.exists()


def test_broken_settings_are_refused(call: Ask, user: Path) -> None:
    path = user / ".claude" / "settings.json"
    path.parent.mkdir()
    path.write_text("{broken")
    answer = call("setup", "claude", "--yes")
    assert (answer.code, path.read_text()) == (4, "{broken")
    assert "is not JSON" in answer.err


def test_a_full_disk_leaves_the_settings_as_they_are(call: Ask, user: Path) -> None:
    path = user / ".claude" / "settings.json"
    path.parent.mkdir()
    path.write_text('{"a": 1}\n')
    with files_end_at(200):
        answer = call("setup", "claude", "--yes")
    assert answer.code in (1, 4)
    assert path.read_text() == '{"a": 1}\n'
    assert [entry.name for entry in path.parent.iterdir()] == ["settings.json"]


def test_the_port_is_kept(call: Ask) -> None:
    call("setup", "claude", "--yes", "--port", "9999")
    assert "set up already" in call("setup", "claude", "--yes").err


def test_doctor_tries_what_is_set_up(call: Ask, home: Path) -> None:
    """By the very command and address that the agent's settings have."""
    with Background(paths.places(), 0) as server:
        call("setup", "claude", "--yes", "--port", str(server.port))
        call("setup", "opencode", "--yes", "--port", str(server.port))
        for agent in ("claude", "opencode"):
            found = checks(call, agent)
            assert any("over HTTP arrived" in text for state, text in found if state == "ok"), found
            assert any("by its command arrived" in text for state, text in found if state == "ok"), found
            assert ("note", "nothing was heard of it since it was set up") in found
    found = checks(call, "claude")
    assert any("nobody listens" in text for state, text in found if state == "note"), found
    assert call("doctor").code == 0


def test_doctor_sees_real_messages(call: Ask, home: Path) -> None:
    call("setup", "codex", "--yes")
    command = json.loads((Path.home() / ".codex" / "hooks.json").read_text())["hooks"]["Stop"][0]["hooks"][0]["command"]
    message = {"session_id": "s", "cwd": "/p", "hook_event_name": "Stop", "turn_id": "t"}
    subprocess.run(["sh", "-c", command], input=json.dumps(message), text=True, check=True)
    found = checks(call, "codex")
    assert any(text.startswith("1 message, the last") for state, text in found if state == "ok"), found
    assert any("not trusted" in text for state, text in found if state == "note"), found
    assert call("sessions", "--json").json[0]["id"] == "s"


def test_doctor_sees_what_is_broken(call: Ask, user: Path, home: Path, tmp_path: Path) -> None:
    call("setup", "codex", "--yes")
    path = user / ".codex" / "hooks.json"
    whole = path.read_text()
    path.write_text(whole.replace("-I -S", "-I -S /nowhere/else.py #"))
    answer = call("doctor")
    assert answer.code == 6
    assert "did not arrive" in answer.out
    path.write_text("{}")
    assert ("bad", "its settings do not lead to us any more") in checks(call, "codex")


def test_doctor_sees_a_token_that_is_not_ours(call: Ask, home: Path) -> None:
    with Background(paths.places(), 0) as server:
        call("setup", "claude", "--yes", "--port", str(server.port))
        path = Path.home() / ".claude" / "settings.json"
        path.write_text(path.read_text().replace("Bearer tacho-send-", "Bearer tacho-send-x"))
        assert any("its token is not ours" in text for state, text in checks(call, "claude") if state == "bad")


def test_doctor_counts_lost_messages(call: Ask, home: Path) -> None:
    (home / "journal").mkdir(parents=True, mode=0o700)
    (home / "journal" / "lost-messages").write_bytes(b"xx")
    assert checks(call, "losses")[0][1].startswith("2 messages of hooks could not be kept")


def test_colours_on_a_terminal(screen: Screen) -> None:
    assert "\x1b[32m+" in screen("setup", "codex", "--print")

"""`tachograph up --tmux`: every agent in a real tmux becomes a session of its own, and nobody else does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.capture.recorded import Recorded
from tests.capture.tmux_server import Tmux, until

AGENT = """#!/bin/sh
echo hello from $0
read -p "Do you want to proceed? [y/N] " answer
echo you said $answer
"""


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    server = Tmux(tmp_path)
    for name in ("claude", "codex", "editor"):
        (tmp_path / name).write_text(AGENT)
        (tmp_path / name).chmod(0o755)
    yield server
    server.end()


@pytest.fixture
def up(tmux: Tmux, journals: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Started before there is any tmux."""
    (tmp_path / "user").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "tachograph", "up", "--tmux", "--no-browser", "--port", "0"],
        stderr=subprocess.PIPE, text=True,
        env={**os.environ, "TMUX": f"{tmux.socket},1,0", "HOME": str(tmp_path / "user")},
    )  # fmt: skip
    assert process.stderr is not None
    while "listening" not in process.stderr.readline():
        assert process.poll() is None
    yield process
    process.terminate()
    process.communicate(timeout=30)


def _of(recorded: Recorded, agent: str) -> Recorded:
    (path,) = [path for path in recorded.paths if path.name.startswith(f"{agent}-")]
    return recorded.of(path)


def test_agents_are_recorded_from_start_to_end(tmux: Tmux, up: subprocess.Popen[str], recorded: Recorded) -> None:
    pane = tmux.start()
    until(lambda: len(tmux.clients) == 1, "a client")
    tmux.type(pane, "./editor")
    tmux.shows(pane, "proceed?")
    tmux.type(pane, "n")
    tmux.type(pane, "./claude")
    until(lambda: [path for path in recorded.paths if path.name.startswith("claude-")], "the first agent")
    claude = _of(recorded, "claude")
    until(lambda: claude.states[-1:] == ["waiting"], "its question")
    assert claude.facts(b"S")[-1]["kind"] == "question"
    other = tmux.start("sh", session="other")
    tmux.type(other, "./codex")
    until(lambda: [path for path in recorded.paths if path.name.startswith("codex-")], "one in another session")
    tmux.type(pane, "y")
    until(lambda: claude.facts(b"X"), "the end of the first")
    assert b"you said y\r\n" in claude.bytes()
    assert claude.states[-1] == "completed"
    assert claude.end["outcome"] == "completed"
    assert (claude.header["agent"], claude.header["argv"]) == ("claude", ["/bin/sh", "./claude"])
    assert claude.header["cwd"] == str(tmux.folder)
    codex = _of(recorded, "codex")
    assert not codex.facts(b"X")
    up.send_signal(signal.SIGTERM)
    up.wait(30)
    assert codex.end["outcome"] == "interrupted"
    assert len(recorded.paths) == 2
    assert tmux("list-panes", "-a", "-F", "#{pane_width}x#{pane_height}").splitlines()[0] == "90x20"
    assert tmux.clients == []


def test_a_wrapped_agent_is_not_recorded_twice(tmux: Tmux, up: subprocess.Popen[str], recorded: Recorded) -> None:
    pane = tmux.start()
    until(lambda: len(tmux.clients) == 1, "a client")
    tmux.type(pane, f"{sys.executable} -m tachograph run --quiet -- ./claude")
    tmux.shows(pane, "proceed?")
    beside = tmux("split-window", "-t", pane, "-PF", "#{pane_id}", "./codex")
    until(lambda: len(recorded.paths) == 2, "the agent beside it")
    tmux.type(beside, "y")
    tmux.type(pane, "y")
    until(lambda: all(recorded.of(path).facts(b"X") for path in recorded.paths), "the end of both")
    assert sorted(path.name.split("-")[0] for path in recorded.paths) == ["claude", "codex"]
    assert "source" not in _of(recorded, "claude").header

"""Ctrl-Z, fg, bg and Ctrl-C, typed at an interactive shell that runs the wrapper."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.capture.conftest import wrapped
from tests.capture.recorded import Recorded
from tests.capture.terminal import Terminal

SHELLS = [shell for shell in ("bash", "dash", "zsh") if shutil.which(shell)]
START = {"bash": ["bash", "--norc", "--noprofile", "-i"], "dash": ["dash", "-i"], "zsh": ["zsh", "-f", "-i"]}


PROMPT = b"@> "


class Shell(Terminal):
    """An interactive shell that one can talk to line by line."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(START[name], env={"PS1": PROMPT.decode(), "ENV": ""}, cwd=folder, columns=400)

    def run(self, line: str) -> None:
        """Type a command at the prompt. It may go on after this returns."""
        self.until(lambda: self.shown.endswith(PROMPT), "the prompt")
        self.type(line.encode() + b"\r")

    def finish(self, line: str) -> bytes:
        """Type a command at the prompt and wait for its end; what it showed, with `code N.`"""
        seen = len(self.shown)
        self.run(f"{line}; echo 'co''de' $?.")
        self.until(lambda: re.search(rb"[\r\n]code \d+\.\r\n", self.shown[seen:]) is not None, "the end of the command")
        return self.shown[seen:]

    def code(self) -> int:
        """The exit code of the last command."""
        found = re.search(rb"[\r\n]code (\d+)\.\r\n", self.finish("(exit $?)"))
        assert found
        return int(found[1])


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path: Path, journals: Path) -> Iterator[Shell]:
    with Shell(request.param, tmp_path) as shell:
        yield shell


def command(*words: str) -> str:
    return shlex.join(wrapped(*words))


def test_ctrl_z_gives_the_prompt_back_and_fg_goes_on(shell: Shell, recorded: Recorded) -> None:
    shell.run(command("sh", "-c", "echo ready; read answer; echo got $answer; exit 7"))
    shell.see(b"ready\r\n")
    shell.type(b"\x1a")
    shell.until(lambda: recorded.states[-1:] == ["paused"], "the pause on record")
    assert b"code 0." in shell.finish("stty -a | grep -q ' icanon'")
    shell.run("fg")
    shell.until(lambda: recorded.states[-1:] == ["resumed"], "the resumption on record")
    shell.type(b"aye\r")
    shell.see(b"got aye")
    assert shell.code() == 7
    assert recorded.states == ["started", "running", "paused", "resumed", "failed"]


def test_a_full_screen_program_is_suspended_and_redrawn(shell: Shell, recorded: Recorded, tmp_path: Path) -> None:
    if not shutil.which("vim"):
        return
    (tmp_path / "text").write_text("some text\n")
    shell.run(command("vim", "-u", "NONE", "-i", "NONE", "-n", "text"))
    shell.see(b"some text")
    shell.settle()
    shell.type(b"\x1a")
    shell.until(lambda: recorded.states[-1:] == ["paused"], "the pause on record")
    assert b"hello" in shell.finish("echo hello")
    seen = len(shell.shown)
    shell.run("fg")
    shell.see(b"some text", seen)
    shell.settle()
    shell.type(b":q!\r")
    assert shell.code() == 0


def test_stopped_for_good_measure_from_outside(shell: Shell, recorded: Recorded) -> None:
    """kill -STOP of the command shows at the shell as it would without us; kill -CONT wakes both."""
    shell.run(command("sh", "-c", "echo $$; read answer; exit 3"))
    shell.until(lambda: recorded.states[-1:] == ["running"] and bool(recorded.bytes()), "the command")
    child = int(recorded.bytes())
    os.kill(child, signal.SIGSTOP)
    shell.until(lambda: recorded.states[-1:] == ["paused"], "the pause on record")
    assert b"hello" in shell.finish("echo hello")
    os.kill(child, signal.SIGCONT)
    shell.until(lambda: recorded.states[-1:] == ["resumed"], "the resumption on record")
    shell.run("fg")
    shell.settle()
    shell.type(b"\r")
    assert shell.code() == 3


def test_in_the_background_and_back(shell: Shell, recorded: Recorded) -> None:
    shell.run(command("sh", "-c", "read answer; echo got $answer; exit 4") + " &")
    shell.until(lambda: "running" in recorded.states, "the beginning on record")
    assert b"hello" in shell.finish("echo hello")
    shell.run("fg")
    shell.settle(0.6)
    shell.type(b"aye\r")
    shell.see(b"got aye")
    assert shell.code() == 4
    assert "paused" not in recorded.states


def test_ctrl_c_ends_the_command_and_not_the_shell(shell: Shell, recorded: Recorded) -> None:
    shell.run(command("sh", "-c", "echo ready; exec sleep 100"))
    shell.see(b"ready\r\n")
    shell.type(b"\x03")
    shell.until(lambda: recorded.states[-1:] == ["killed"], "the end on record")
    assert shell.code() == 130
    assert recorded.end["exit_code"] == 130


def test_a_program_that_handles_ctrl_c_gets_it_once(shell: Shell, recorded: Recorded) -> None:
    program = (
        "import os, signal, sys; signal.signal(signal.SIGINT, lambda *_: os.write(1, b'caught\\n'));"
        "print('ready', flush=True); input(); sys.exit(9)"
    )
    shell.run(command(sys.executable, "-c", program))
    shell.see(b"ready\r\n")
    shell.type(b"\x03")
    shell.see(b"caught")
    shell.settle()
    shell.type(b"\r")
    assert shell.code() == 9
    assert recorded.bytes().count(b"caught") == 1


def test_ctrl_c_reaches_the_whole_pipeline(shell: Shell, recorded: Recorded) -> None:
    """As without us: typed on the terminal, it ends every process of the job."""
    shell.run("sh -c 'trap \"echo up stream >&2; exit\" INT; while :; do sleep 0.1; done' | " + command("sleep", "100"))
    shell.until(lambda: bool(recorded.paths) and recorded.states[-1:] == ["running"], "the command")
    shell.settle()
    shell.type(b"\x03")
    shell.see(b"up stream")
    shell.until(lambda: recorded.states[-1:] == ["killed"], "the end on record")


def test_ctrl_c_with_pipes_reaches_the_command_once(shell: Shell, recorded: Recorded) -> None:
    words = wrapped(
        "sh", "-c", "trap 'echo caught' INT; echo ready; sleep 0.5; sleep 0.5; exit 6", options=("-q", "--pipe")
    )
    shell.run(shlex.join(words))
    shell.see(b"ready\r\n")
    shell.type(b"\x03")
    shell.see(b"caught")
    assert shell.code() == 6
    assert recorded.bytes().count(b"caught") == 1


def test_ctrl_z_with_pipes(shell: Shell, recorded: Recorded) -> None:
    shell.run(shlex.join(wrapped("sh", "-c", "echo ready; read answer; echo got $answer", options=("-q", "--pipe"))))
    shell.see(b"ready\r\n")
    shell.type(b"\x1a")
    shell.until(lambda: recorded.states[-1:] == ["paused"], "the pause on record")
    assert b"hello" in shell.finish("echo hello")
    shell.run("fg")
    shell.until(lambda: recorded.states[-1:] == ["resumed"], "the resumption on record")
    shell.type(b"aye\r")
    shell.see(b"got aye")
    assert recorded.states[:4] == ["started", "running", "paused", "resumed"]


TIDY = """
import os, signal
def tidy(*_):
    os.write(1, b"tidied\\n")
    os.kill(os.getpid(), signal.SIGSTOP)
signal.signal(signal.SIGTSTP, tidy)
print("ready", flush=True)
print("got", input(), flush=True)
"""


def test_a_command_behind_pipes_tidies_up_before_the_shell_is_back(shell: Shell, recorded: Recorded) -> None:
    shell.run(shlex.join(wrapped(sys.executable, "-c", TIDY, options=("-q", "--pipe"))))
    shell.see(b"ready\r\n")
    shell.type(b"\x1a")
    shell.see(b"tidied\r\n")
    assert b"hello" in shell.finish("echo hello")
    shell.run("fg")
    shell.until(lambda: recorded.states[-1:] == ["resumed"], "the resumption on record")
    shell.type(b"aye\r")
    shell.see(b"got aye")
    assert recorded.states[:4] == ["started", "running", "paused", "resumed"]

"""A tmux server of a test's own, with the person who uses it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

_DEADLINE = 90.0  # of a machine that does much else


def until(condition: Callable[[], object], what: str) -> None:
    """Wait until `condition()` is true; fail after the deadline."""
    deadline = time.monotonic() + _DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.01)


class Tmux:
    """`folder` holds its socket and what its panes write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = str(folder / "s")
        self.prompt = ""  # of its shells
        self.environment = {n: v for n, v in os.environ.items() if n not in ("TMUX", "TMUX_PANE")}

    def __call__(self, *words: str) -> str:
        run = subprocess.run(
            ["tmux", "-u", "-f", "/dev/null", "-S", self.socket, *words],
            capture_output=True, text=True, env=self.environment, cwd=self.folder, timeout=30,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        return run.stdout.rstrip("\n")

    def start(self, *command: str, session: str = "main", columns: int = 90, rows: int = 20) -> str:
        """A session with one pane, which runs `command`, or sh, which is waited for; the pane's id."""
        size = ("-x", str(columns), "-y", str(rows))
        pane = self("new-session", "-d", "-s", session, *size, "-PF", "#{pane_id}", *(command or ("sh",)))
        if not command:
            until(lambda: self.screen(pane).strip(), "the prompt")
            self.prompt = self.screen(pane).strip()
        return pane

    def type(self, pane: str, text: str) -> None:
        self("send-keys", "-t", pane, "-l", text)
        self("send-keys", "-t", pane, "Enter")

    def screen(self, pane: str) -> str:
        return self("capture-pane", "-p", "-t", pane)

    def shows(self, pane: str, text: str) -> None:
        until(lambda: text in self.screen(pane), f"{text!r} in pane {pane}")

    @property
    def pid(self) -> int:
        return int(self("display-message", "-p", "#{pid}"))

    @property
    def clients(self) -> list[str]:
        return self("list-clients", "-F", "#{client_flags}").splitlines()

    @property
    def variable(self) -> str:
        """What $TMUX is inside."""
        return f"{self.socket},{self.pid},0"

    def end(self) -> None:
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True, env=self.environment)

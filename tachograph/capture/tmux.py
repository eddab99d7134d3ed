"""Questions to a tmux server: which panes there are, and which one somebody means. control.py listens to them."""

from __future__ import annotations

import os
from typing import NamedTuple

from tachograph.errors import NotFound, TachographError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_BETWEEN = "|:|"  # no control character: newer versions escape those
FORMAT = (
    "#{session_id} #{window_id} #{pane_id} p#{pane_pid} #{pane_width} #{pane_height} #{pane_dead} s#{pane_dead_status}"
    " #{window_index} #{pane_index}" + _BETWEEN
    + _BETWEEN.join(["#{session_name}", "#{pane_current_command}", "#{pane_current_path}", "#{pane_start_command}"])
)  # fmt: skip


class Pane(NamedTuple):
    """One pane as tmux describes it."""

    session: str  # $1
    window: str  # @2
    id: str  # %5
    pid: int  # 0 of a dead pane, for tmux since 3.8
    columns: int
    rows: int
    dead: bool
    exit_code: int | None  # of a dead pane that was kept
    name: str  # session:window.pane, as people write it
    command: str  # the program in the foreground
    path: str
    start_command: str  # what the pane was made for; "" for a shell


def parse(lines: Iterable[str]) -> list[Pane]:
    """What FORMAT prints, line by line → panes, each once. A line that is none of those is passed over."""
    found: dict[str, Pane] = {}
    for line in lines:
        facts, *texts = line.split(_BETWEEN)
        words = facts.split(" ")
        if len(texts) < 4 or len(words) != 10 or not words[2].startswith("%"):
            continue
        session, command, path, start = texts[0], texts[1], texts[2], _BETWEEN.join(texts[3:])
        pid, code = words[3].removeprefix("p"), words[7].removeprefix("s")
        try:
            pane = Pane(
                words[0], words[1], words[2], int(pid or 0), int(words[4]), int(words[5]), words[6] == "1",
                int(code) if code else None, f"{session}:{words[8]}.{words[9]}", command, path, start,
            )  # fmt: skip
        except ValueError:
            continue
        found.setdefault(pane.id, pane)
    return list(found.values())


class Server:
    """A tmux server, asked with a process of `tmux` each time. `socket`: a name or a path; None: $TMUX or the default.

    Raises NotFound where there is no tmux or no server.
    """

    def __init__(self, socket: str | None = None) -> None:
        self._where = [] if socket is None else ["-S" if "/" in socket else "-L", socket]
        words = self._ask("display-message", "-p", "#{socket_path} #{pid}")[0].rpartition(" ")
        self.socket, self.pid = words[0], int(words[2])

    def panes(self) -> list[Pane]:
        """All panes of all sessions."""
        return parse(self._ask("list-panes", "-a", "-F", FORMAT))

    def find(self, target: str) -> Pane:
        """The pane that `target` names, in tmux's own words: %5, session:window.pane, a session, a window."""
        try:
            found = parse(self._ask("display-message", "-p", "-t", target, FORMAT))
        except NotFound:
            raise
        except TachographError:
            found = []
        if not found:
            there = ", ".join(f"{pane.id} ({pane.name}, {pane.command})" for pane in self.panes()[:8])
            raise NotFound(f'tmux has no pane "{target}"', f"there are {there}")
        return found[0]

    def _ask(self, *words: str) -> Sequence[str]:
        import subprocess

        try:
            done = subprocess.run(
                ["tmux", "-u", *self._where, *words],
                stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace", check=False,
            )  # fmt: skip
        except FileNotFoundError:
            raise NotFound("tmux is not installed", "there is no program tmux on the PATH") from None
        except OSError as error:
            raise TachographError(f"tmux could not be started: {error.strerror or error}") from None
        if done.returncode:
            said = done.stderr.strip() or f"exit code {done.returncode}"
            if said.startswith(("no server", "error connecting", "no current", "server exited", "lost server")):
                raise NotFound(f"no tmux server is running ({said})", "start one: tmux new-session")
            raise TachographError(f"tmux: {said}")
        return done.stdout.splitlines() or [""]


def environment() -> dict[str, str]:
    """Ours, without what makes tmux think that it is started inside of itself."""
    return {name: value for name, value in os.environ.items() if name not in ("TMUX", "TMUX_PANE")}

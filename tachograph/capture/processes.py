"""Who runs on a terminal, as /proc tells it: the foreground process of a pane, its words, folder, start, environment.

Where there is no /proc (not Linux) every question is answered with nothing.
"""

from __future__ import annotations

import os

from tachograph.clock import SECOND

_DEEP, _MANY = 5, 64  # how far below the foreground process is looked


def foreground(pid: int) -> int | None:
    """The leader of the group that has the terminal of process `pid`: what a person there sees running."""
    fields = _stat(pid)
    leader = int(fields[5]) if fields else 0
    return leader if leader > 0 else None


def family(pid: int) -> list[int]:
    """A process and those it started, nearest first."""
    found, layer = [pid], [pid]
    for _ in range(_DEEP):
        layer = [child for parent in layer for child in _children(parent)][: _MANY - len(found)]
        found += layer
    return found


def group(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[2]) if fields else None


def argv(pid: int) -> list[str]:
    """The words a process was started with; empty when it is gone."""
    words = _read(pid, "cmdline").rstrip(b"\0")
    return [word.decode("utf-8", "replace") for word in words.split(b"\0")] if words else []


def cwd(pid: int) -> str | None:
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return None


def variable(pid: int, name: str) -> str | None:
    """A variable of the environment a process was started with; None when we may not see it, too."""
    prefix = name.encode() + b"="
    found = next((entry for entry in _read(pid, "environ").split(b"\0") if entry.startswith(prefix)), None)
    return found[len(prefix) :].decode("utf-8", "replace") if found else None


def started_at(pid: int) -> int | None:
    """When a process began, in ns, to about a second."""
    fields = _stat(pid)
    if not fields:
        return None
    try:
        with open("/proc/stat", "rb") as file:
            boot = next(int(line.split()[1]) for line in file if line.startswith(b"btime "))
    except (OSError, StopIteration, ValueError):
        return None
    return boot * SECOND + int(fields[19]) * SECOND // os.sysconf("SC_CLK_TCK")


def watch(pid: int) -> int | None:
    """A descriptor that becomes readable when the process ends; None where the system has none."""
    try:
        return os.pidfd_open(pid)
    except (OSError, AttributeError):
        return None


def _stat(pid: int) -> list[bytes]:
    """From the third field (the state) on: the second may hold blanks."""
    return _read(pid, "stat").rpartition(b") ")[2].split()


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            found += map(int, _read(pid, f"task/{task}/children").split())
    except OSError:
        pass
    return found


def _read(pid: int, name: str) -> bytes:
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            return file.read()
    except OSError:
        return b""

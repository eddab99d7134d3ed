"""A terminal for a contender: start it there, read what it prints, say what it cost. Linux only (reads /proc)."""

from __future__ import annotations

import ctypes
import fcntl
import os
import pty
import select
import statistics
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

PATIENCE = 300.0  # seconds; whoever takes longer is stuck, and the run says so instead of waiting for ever
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER: what a contender leaves behind becomes our child, so that it can be counted


class Stuck(Exception):
    """A contender did not come to its end."""


class Cost(NamedTuple):
    """Seconds and bytes. `cpu` includes what the contender waited for; `after` belongs to what it left behind."""

    cpu: float
    wall: float
    memory: int
    after_cpu: float
    after_memory: int


def adopt_orphans() -> None:
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def start(command: Sequence[str], environment: Mapping[str, str] | None = None) -> tuple[subprocess.Popen[bytes], int]:
    """The process, with a terminal of its own, and our end of it."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, b"\x18\x00\x50\x00\x00\x00\x00\x00")

    def take_terminal() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        command,
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
        preexec_fn=take_terminal,
        env={**os.environ, **(environment or {})},
    )
    os.close(its)
    return process, ours


def in_terminal(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Cost:
    """Run it to its end, throwing away what it prints."""
    began = time.perf_counter()
    process, ours = start(command, environment)
    return _to_the_end(process, ours, began)


def in_pipe(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Cost:
    """The same with a pipe for stdout and nothing for stdin."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env={**os.environ, **(environment or {})}
    )
    assert process.stdout
    return _to_the_end(process, process.stdout.fileno(), began)


def _to_the_end(process: subprocess.Popen[bytes], output: int, began: float, *, alone: bool = True) -> Cost:
    """`alone`: nobody else runs, so whoever is left behind is its own."""
    memory, looked, usage = 0, 0.0, None
    open_ = True
    until = time.perf_counter() + PATIENCE
    while usage is None:
        if time.perf_counter() > until:
            process.kill()
            raise Stuck(f"{process.args!r} did not end within {PATIENCE:.0f} s")
        if open_ and select.select([output], [], [], 0.05)[0]:
            open_ = _read(output)
        if (now := time.perf_counter()) - looked > 0.02 or not open_:
            memory, looked = max(memory, peak_memory(process.pid)), now
            pid, _, found = os.wait4(process.pid, os.WNOHANG)
            usage = found if pid else None
            if not (open_ or pid):
                time.sleep(0.001)
    wall = time.perf_counter() - began
    process.returncode = 0
    if process.stdout is None:
        os.close(output)
    return Cost(usage.ru_utime + usage.ru_stime, wall, memory, *(_orphans() if alone else (0.0, 0)))


def _read(output: int) -> bool:
    try:
        return bool(os.read(output, 1 << 16))
    except OSError:  # a terminal whose last user left
        return False


def _orphans() -> tuple[float, int]:
    """Wait for what was left behind: its CPU seconds and its peak memory."""
    cpu, memory = 0.0, 0
    until = time.perf_counter() + PATIENCE
    while time.perf_counter() < until:
        try:
            pid, _, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return cpu, memory
        if pid:
            cpu += usage.ru_utime + usage.ru_stime
            memory = max(memory, usage.ru_maxrss * 1024)
        else:
            time.sleep(0.02)
    raise Stuck(f"what was left running did not end within {PATIENCE:.0f} s")


def peak_memory(pid: int) -> int:
    """VmHWM: unlike ru_maxrss it does not count what the parent had before the process became another program."""
    try:
        with open(f"/proc/{pid}/status") as status:
            return next((int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM")), 0)
    except (FileNotFoundError, ProcessLookupError):
        return 0


def echo_ms(
    contenders: Mapping[str, tuple[Sequence[str], Mapping[str, str]]], keys: int = 300
) -> dict[str, list[float]]:
    """Milliseconds from a keystroke to its echo under each contender, sorted. Every command ends in one that reads
    until end of file. One key to each in turn, so that the machine is as busy for all of them."""
    running = {name: start(*how) for name, how in contenders.items()}
    taken: dict[str, list[float]] = {name: [] for name in running}
    for _, ours in running.values():
        _settle(ours)
    for number in range(keys):
        for name, (_, ours) in running.items():
            began = time.perf_counter()
            os.write(ours, b"x")
            if not select.select([ours], [], [], 5)[0]:
                raise Stuck(f"{name}: a key has no echo")
            taken[name].append((time.perf_counter() - began) * 1e3)
            _settle(ours, 0.004)
            if number % 60 == 59:  # so that a line does not grow too long
                os.write(ours, b"\n")
                _settle(ours, 0.1)
    for number, (process, ours) in enumerate(running.values(), 1):
        os.write(ours, b"\n\x04")
        _to_the_end(process, ours, 0.0, alone=number == len(running))
    return {name: sorted(values) for name, values in taken.items()}


def _settle(ours: int, quiet: float = 0.5) -> None:
    """Read until nothing came for `quiet` seconds."""
    while select.select([ours], [], [], quiet)[0] and _read(ours):
        pass


def percentile(values: Sequence[float], share: float) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[int(share * 100) - 1]

"""What recording costs the command: ours against script(1), asciinema, a bare terminal and a bare pipe.

Everybody gets a real terminal, the same command, and a reader that throws the output away. CPU is that of the wrapper
and the command together. Our importer works beside the command and after it; its cost stands in rows of its own.
"""

from __future__ import annotations

import compileall
import os
import shlex
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import tachograph
from benchmarks import installing, terminal
from benchmarks.measure import Row, Sample, compare, rounds
from benchmarks.terminal import Cost

OUTPUTS = {
    "24 MB of short lines": (["seq", "1", "3000000"], 24),
    "50 MB of long lines": (["sh", "-c", f"yes {'0123456789' * 7} | head -c 50000000"], 50),
}
SCRATCH = Path(tempfile.gettempdir()) / f"tachograph-bench-{os.getpid()}"
HOME = {"TACHOGRAPH_HOME": str(SCRATCH / "home"), "HOME": str(SCRATCH), "TERM": "xterm", "SHELL": "/bin/sh"}
OURS = [sys.executable, "-m", "tachograph", "run", "--quiet"]


def _commands(command: Sequence[str]) -> dict[str, tuple[list[str], dict[str, str]]]:
    """Name → how to run `command` under it in a terminal, and its environment."""
    words = shlex.join(command)
    found: dict[str, tuple[list[str], dict[str, str]]] = {
        "tachograph": ([*OURS, "--", *command], HOME),
        "bare terminal": (list(command), HOME),
    }
    if script := installing.optional("script", installing.script):
        found["script"] = ([script, "-qec", words, str(SCRATCH / "typescript")], HOME)
    if asciinema := installing.optional("asciinema", installing.asciinema):
        cast = str(SCRATCH / "recording.cast")
        found["asciinema"] = (
            [sys.executable, "-m", "asciinema", "rec", "-q", "--overwrite", "-c", words, cast],
            {**HOME, "PYTHONPATH": asciinema},
        )
    return found


def _fresh(run: Callable[[], Cost]) -> Cost:
    """Outside any git repository: what we note of a repository at the start is a feature, not what recording costs."""
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(parents=True)
    before = os.getcwd()
    os.chdir(SCRATCH)
    try:
        return run()
    finally:
        os.chdir(before)


def _measure(count: int, runs: Mapping[str, Callable[[], Cost]]) -> dict[str, list[Cost]]:
    return rounds(count, {name: partial(_fresh, run) for name, run in runs.items()})


def rows(count: int) -> list[Row]:
    if sys.platform != "linux":
        installing.missing.append("wrapper: measured on Linux only")
        return []
    terminal.adopt_orphans()
    # As pip leaves it: in a checkout Python may not be allowed to keep what it compiles.
    compileall.compile_dir(str(Path(tachograph.__file__).parent), quiet=1)
    found: list[Row] = []
    for what, (command, megabytes) in OUTPUTS.items():
        _say(what)
        runs = {name: partial(terminal.in_terminal, *how) for name, how in _commands(command).items()}
        found += _throughput(what, megabytes, _measure(count, runs))
    for what, part in (("no terminal", partial(_pipe, count)), ("start", partial(_start, count)), ("keys", _latency)):
        _say(what)
        found += part()
    shutil.rmtree(SCRATCH, ignore_errors=True)
    return found


def _say(what: str) -> None:
    print(f"benchmarks: {what} (each recording is imported to its end)", file=sys.stderr, flush=True)


def _samples(costs: Sequence[Cost]) -> list[Sample]:
    return [Sample(cost.cpu, cost.wall, cost.memory) for cost in costs]


def _throughput(what: str, megabytes: int, costs: dict[str, list[Cost]]) -> list[Row]:
    ours = _samples(costs["tachograph"])
    bars = {"script": 1.0, "asciinema": 0.5}
    found = [
        compare(what, ours, name, _samples(costs[name]), form="{:.2f} s", bar=bars.get(name), by="wall")
        for name in ("script", "asciinema", "bare terminal")
        if name in costs
    ]
    if "script" in costs:
        found.append(compare(f"{what}, CPU", ours, "script", _samples(costs["script"]), form="{:.2f} s", bar=1.0))
    sizes = {name: max(cost.memory for cost in runs) / 1e6 for name, runs in costs.items() if name != "bare terminal"}
    others = ", ".join(f"{name} {size:.0f} MB" for name, size in sizes.items() if name != "tachograph")
    found.append(Row(f"{what}, memory of the wrapper", f"{sizes['tachograph']:.0f} MB", "", others))
    after = costs["tachograph"]
    speed = megabytes / statistics.median(cost.after_cpu for cost in after)
    peak = max(cost.after_memory for cost in after) / 1e6
    found.append(Row(f"{what}, importing beside it", f"{speed:.1f} MB per CPU s, {peak:.0f} MB memory"))
    return found


def _pipe(count: int) -> list[Row]:
    command, _ = OUTPUTS["24 MB of short lines"]
    runs: dict[str, Callable[[], Cost]] = {
        "tachograph": partial(terminal.in_pipe, [*OURS, "--pipe", "--", *command], HOME),
        "bare": partial(terminal.in_pipe, command, HOME),
    }
    costs = _measure(count, runs)
    return [
        compare(
            "24 MB of short lines, no terminal",
            *(_samples(costs["tachograph"]), "bare pipe", _samples(costs["bare"])),
            form="{:.2f} s",
        )
    ]


def _start(count: int) -> list[Row]:
    command = [shutil.which("true") or "/bin/true"]
    runs: dict[str, Callable[[], Cost]] = {
        name: partial(terminal.in_terminal, *how) for name, how in _commands(command).items() if name != "bare terminal"
    }
    runs["python -c pass"] = partial(terminal.in_terminal, [sys.executable, "-c", "pass"], HOME)
    costs = _measure(max(count, 5), runs)
    ours = _samples(costs.pop("tachograph"))
    bars = {"python -c pass": 3.0}
    return [
        compare("run true", _ms(ours), name, _ms(_samples(theirs)), form="{:.0f} ms", bar=bars.get(name))
        for name, theirs in costs.items()
    ]


def _ms(samples: Sequence[Sample]) -> list[Sample]:
    return [Sample(s.cpu * 1e3, s.wall * 1e3) for s in samples]


def _latency() -> list[Row]:
    shutil.rmtree(SCRATCH, ignore_errors=True)
    os.makedirs(SCRATCH)
    taken = terminal.echo_ms(_commands(["cat"]))
    p99 = {name: terminal.percentile(values, 0.99) for name, values in taken.items()}
    added = {name: value - p99["bare terminal"] for name, value in p99.items() if name != "bare terminal"}
    others = ", ".join(f"{name} {value:.2f} ms" for name, value in added.items() if name != "tachograph")
    ours = added["tachograph"]
    return [Row("keystroke to echo, added, p99 of 300", f"{ours:.2f} ms", "", others, bar="< 5 ms", holds=ours < 5)]

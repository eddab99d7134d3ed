"""Importing the histories of a home folder: ours against agentsview, on the same folder, in turn.

Both begin with an empty database and end when everything is in it; then both are started again, with nothing new. What
they do is not the same: we archive every byte, mask secrets, run the rules and index what tools have printed, too.
"""

from __future__ import annotations

import compileall
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import tachograph
from benchmarks import histories, installing
from benchmarks.measure import Row, Sample, compare, rounds

FASTER = 1 / 3  # the largest share of agentsview's time that we may take
STORE = 0.6  # of the size of what was imported


class Imported(NamedTuple):
    """The first import, the second one, and the bytes on disk after both."""

    first: Sample
    again: Sample
    size: int


def rows(count: int, folder: str | None) -> list[Row]:
    """For a home folder of the user's, or for two made-up ones."""
    if sys.platform == "win32":
        installing.missing.append("import: not measured on Windows")
        return []
    # As pip leaves it: in a checkout Python may not be allowed to keep what it compiles.
    compileall.compile_dir(str(Path(tachograph.__file__).parent), quiet=1)
    homes = (
        {folder: Path(folder)} if folder else {kind: histories.home(installing.WORK, kind) for kind in histories.KINDS}
    )
    agentsview = installing.optional("agentsview", installing.agentsview)
    found: list[Row] = []
    for what, home in homes.items():
        print(f"benchmarks: importing {what}", file=sys.stderr, flush=True)
        contenders = {"tachograph": partial(_ours, home)}
        if agentsview:
            contenders["agentsview"] = partial(_theirs, agentsview, home)
        found += _compared(what, home, rounds(count, contenders))
    return found


def _compared(what: str, home: Path, all_runs: Mapping[str, list[Imported]]) -> list[Row]:
    ours, theirs = all_runs["tachograph"], all_runs.get("agentsview", [])
    found = []
    if theirs:
        for name, bar, place in ((f"import of {what}", FASTER, 0), (f"{what}, nothing new", 1.0, 1)):
            sides = [[run[place] for run in runs] for runs in (ours, theirs)]
            found.append(compare(name, sides[0], "agentsview", sides[1], form="{:.2f} s", bar=round(bar, 2), by="wall"))  # type: ignore[arg-type]
    size = _size(home)
    speeds = [
        f"{size / 1e6 / statistics.median(run.first.wall for run in runs):.1f} MB/s" for runs in (ours, theirs) if runs
    ]
    found.append(Row(f"{what}, {size / 1e6:.0f} MB", *speeds[:1], *(["agentsview", speeds[1]] if theirs else [])))
    memory = [f"{max(run.first.memory for run in runs) / 1e6:.0f} MB" for runs in (ours, theirs) if runs]
    found.append(Row(f"{what}, largest process", *memory[:1], *(["agentsview", memory[1]] if theirs else [])))
    share = statistics.median(run.size for run in ours) / size
    found.append(Row(f"{what}, database", f"{share:.2f}", "source", "1", bar=f"≤ {STORE:g}", holds=share <= STORE))
    return found


def _ours(home: Path) -> Imported:
    with tempfile.TemporaryDirectory() as place:
        environment = {"HOME": str(home), "TACHOGRAPH_HOME": place}
        command = [sys.executable, "-m", "tachograph", "import"]
        return Imported(_run(command, environment), _run(command, environment), _size(Path(place)))


def _theirs(program: str, home: Path) -> Imported:
    with tempfile.TemporaryDirectory() as place:
        environment = {"HOME": str(home), "AGENTSVIEW_DATA_DIR": place, "AGENTSVIEW_NO_DAEMON": "1"}
        return Imported(_run([program, "sync"], environment), _run([program, "sync"], environment), _size(Path(place)))


def _run(command: list[str], environment: Mapping[str, str]) -> Sample:
    """Its time and that of the processes it starts and waits for."""
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{command[0]} failed: {said.read()[-500:].decode(errors='replace')}")
    return Sample(used.ru_utime + used.ru_stime, wall, used.ru_maxrss * 1024)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

"""From terminal bytes to findings: our extractor against the same rules tried one by one with Python's `re`.

The input is what real programs print here: listings in colour, source code, test runs that fail, a progress bar,
compiler diagnostics where there is a compiler. The peer strips escape sequences with one substitution and searches
every line with every rule, as the seed does; it knows no groups, code blocks or repeated lines, so it does less.
"""

from __future__ import annotations

import argparse
import inspect
import re
import shutil
import subprocess
import sys
import time
import typing
import unittest.mock
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import installing
from benchmarks.measure import Row, Sample, compare, rounds
from tachograph.extract import lines, rules
from tachograph.extract.extractor import Extractor

REPO = Path(__file__).resolve().parent.parent
CHUNK = 1 << 16  # what one read of an importer brings
BAR = 1 / 12  # 15 times Go's regexp one by one, which is slower than Python's `re` on such lines by a quarter
ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
SOURCES = (argparse, inspect, subprocess, typing, unittest.mock)
BAD_C = 'int main(void) { int unused; char *p = 1; undeclared(2); return "text"; }\n'


def _printed(command: Sequence[str], limit: int) -> bytes:
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=REPO) as process:
        assert process.stdout
        text = process.stdout.read(limit)
        process.kill()
    return text[: text.rfind(b"\n") + 1]


def sample() -> bytes:
    """About 2 MB, the same for all rounds of a run."""
    tests = _printed([sys.executable, "-u", "examples/journey.py"], 100_000)
    parts = [
        _printed(["cat", *[str(module.__file__) for module in SOURCES]], 700_000),
        _printed(["ls", "-lR", "--color=always", "/usr/share"], 700_000),
        tests * (300_000 // len(tests)),
        b"".join(b"\rdownloading %3d %%" % (n % 101) for n in range(4000)) + b"\n",
    ]
    if compiler := shutil.which("cc"):
        source = installing.WORK / "bad.c"
        source.write_text(BAD_C)
        diagnostics = _printed(
            [compiler, "-Wall", "-fdiagnostics-color=always", "-c", str(source), "-o", "/dev/null"], 50_000
        )
        parts.append(diagnostics * (300_000 // len(diagnostics)))
    return b"".join(parts)


def ours(raw: bytes) -> int:
    """The number of findings."""
    extractor = Extractor(rules.load()[0])
    found, number, start = 0, 1, 0
    while start < len(raw):
        end = raw.rfind(b"\n", start, start + CHUNK) + 1 or min(start + CHUNK, len(raw))
        found += len(extractor.feed(lines.split(raw[start:end], number)))
        number += raw.count(b"\n", start, end)
        start = end
    return found + len(extractor.finish())


def one_by_one(raw: bytes, patterns: Sequence[re.Pattern[str]]) -> int:
    found = 0
    for written in ESCAPES.sub("", raw.decode("utf-8", "replace")).split("\n"):
        line = written.rsplit("\r", 1)[-1]
        for pattern in patterns:
            match = pattern.search(line)
            if match:
                match.groupdict()
                found += 1
    return found


def rows(count: int) -> list[Row]:
    raw = sample()
    patterns = [re.compile(_translated(rule.pattern)) for rule in rules.load()[0]]
    contenders: dict[str, Callable[[], Sample]] = {
        "tachograph": lambda: _timed(lambda: ours(raw)),
        "re": lambda: _timed(lambda: one_by_one(raw, patterns)),
    }
    results = rounds(count, contenders)
    what = f"extraction, {len(patterns)} rules, {len(raw) / 1e6:.1f} MB of terminal output"
    row = compare(what, results["tachograph"], "re, one by one", results["re"], form="{:.2f} s", bar=round(BAR, 3))
    speed = len(raw) / 1e6 / sorted(s.cpu for s in results["tachograph"])[count // 2]
    return [row, Row("extraction, MB of terminal output per CPU second", f"{speed:.1f} MB/s")]


def _translated(pattern: str) -> str:
    """RE2's few own words in Python's."""
    return pattern.replace(r"\z", r"\Z").replace(r"\pL", r"[^\W\d_]").replace(r"\pN", r"\d")


def _timed(work: Callable[[], object]) -> Sample:
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return Sample(time.process_time() - cpu, time.perf_counter() - wall)

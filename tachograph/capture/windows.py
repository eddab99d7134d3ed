"""Recording a command on Windows: behind pipes, one thread for each of its streams.

The same face as record.py.
"""

from __future__ import annotations

import os
import signal
import threading

from tachograph.capture import facts, git
from tachograph.capture.plan import Ending

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from typing import IO

    from tachograph.capture.plan import Plan

_CHUNK = 1 << 16
_TICK = 5.0  # seconds
_LINGER = 0.5  # seconds for output of processes the command left behind


class Recording:
    """Made, it has decided how to run the command. Nothing runs yet."""

    terminal = False
    size = None
    unfinished = False

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lock = threading.Lock()  # a tape is for one thread at a time
        folder = facts.cwd()
        self.git = git.head(folder) if folder else None

    def run(self, started: Callable[[], None]) -> Ending:
        """Run the command to its end. `started` is called once it runs."""
        import subprocess

        tape = self._plan.tape
        tape.state("started")
        try:
            child = subprocess.Popen(
                list(self._plan.argv), env=dict(self._plan.environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        except OSError as error:
            missing = isinstance(error, FileNotFoundError)
            message = f"{self._plan.argv[0]}: {'command not found' if missing else error.strerror or error}"
            ending = Ending(127 if missing else 126, None, message)
        else:
            with self._lock:
                tape.state("running", pid=child.pid)
                started()
                self._plan.tick()
            ending = Ending(self._follow(child))
        with self._lock:
            tape.state(ending.state, exit_code=ending.exit_code)
        return ending

    def carry_on(self) -> None:
        """Never needed: nothing is left unfinished."""

    def git_after(self) -> tuple[dict[str, object] | None, bool | None]:
        """Branch and commit now; dirtiness is not known here."""
        folder = facts.cwd()
        found = git.head(folder) if folder else None
        return (None if found is None else {**found, "dirty": None}), None

    def _follow(self, child: subprocess.Popen[bytes]) -> int:
        import subprocess

        assert child.stdout and child.stderr
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command gets its own Ctrl-C, and decides
        tape = self._plan.tape
        streams = [
            threading.Thread(target=self._copy, args=(source, fd, record), daemon=True)
            for source, fd, record in ((child.stdout, 1, tape.output), (child.stderr, 2, tape.error))
        ]
        for stream in streams:
            stream.start()
        while True:
            try:
                code = child.wait(_TICK)
                break
            except subprocess.TimeoutExpired:
                with self._lock:
                    self._plan.tick()
        for stream in streams:
            stream.join(_LINGER)
        return code

    def _copy(self, source: IO[bytes], fd: int, record: Callable[[bytes], None]) -> None:
        while data := os.read(source.fileno(), _CHUNK):
            with self._lock:
                record(data)
            view = memoryview(data)
            try:
                while view:
                    view = view[os.write(fd, view) :]
            except OSError:
                break
        source.close()

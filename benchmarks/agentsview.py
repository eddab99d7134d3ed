"""The page of a session in agentsview, to be compared with ours: its server over the histories of a home folder."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measure import free_port

# When the page shows something of what was said: ms since it was asked for.
FOUND = "() => document.querySelector('.message-body .text-content')?.textContent.trim() && performance.now()"


@contextmanager
def served(program: str, home: Path) -> Iterator[str]:
    """Its address; what the folder holds is imported, nothing is looked for any more."""
    with tempfile.TemporaryDirectory() as place:
        environment = {"HOME": str(home), "AGENTSVIEW_DATA_DIR": place, "AGENTSVIEW_NO_DAEMON": "1"}
        quiet = {"env": {**os.environ, **environment}, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([program, "sync"], check=True, **quiet)  # type: ignore[call-overload]
        port = free_port()
        command = [program, "serve", "--port", str(port), "--no-browser", "--no-sync", "--no-update-check"]
        with subprocess.Popen(command, **quiet) as process:  # type: ignore[call-overload]
            try:
                _wait(port)
                yield f"http://127.0.0.1:{port}"
            finally:
                process.terminate()


def _wait(port: int) -> None:
    for _ in range(600):
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("agentsview does not listen")

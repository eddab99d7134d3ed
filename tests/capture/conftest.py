"""A wrapper to test: started as a user starts it, its recording read from the journal that it leaves."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.capture.recorded import Recorded


@pytest.fixture
def recorded(journals: Path) -> Recorded:
    """What the only recording so far holds; read anew whenever asked."""
    return Recorded(journals)


def wrapped(*command: str, options: tuple[str, ...] = ("--quiet",)) -> list[str]:
    """The words that record `command`."""
    return [sys.executable, "-m", "tachograph", "run", *options, "--", *command]


def scripted(*command: str) -> list[str]:
    """The words that show `command` under script(1), whose shell gives way to it: dash would add "Terminated"."""
    words = "exec " + " ".join("'" + word.replace("'", "'\\''") + "'" for word in command)
    return ["script", "-qec", words, "/dev/null"]


REFERENCES = ["bare", *(["script"] if shutil.which("script") and sys.platform == "linux" else [])]


def reference(kind: str, *command: str) -> list[str]:
    return scripted(*command) if kind == "script" else list(command)


def piped(argv: list[str], **more: object) -> subprocess.CompletedProcess[bytes]:
    """Run with stdin empty and both outputs caught."""
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=180, **more)  # type: ignore[call-overload,no-any-return]

"""What many tests need: a home of their own, and the `tachograph` command as a user starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

Run = Callable[..., subprocess.CompletedProcess[str]]

# How long an example takes says something about the machine, not about what is tested.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty TACHOGRAPH_HOME (not made yet); no test can see the recordings of whoever runs it."""
    place = tmp_path / "home"
    for name in [name for name in os.environ if name.startswith("TACHOGRAPH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TACHOGRAPH_HOME", str(place))
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "TRACEPARENT"):
        monkeypatch.delenv(name, raising=False)
    return place


@pytest.fixture
def tachograph(home: Path) -> Run:
    """`tachograph("show", "last", input=…, env={…}, cwd=…, timeout=…)` → the finished process, its output as text.

    stdin is empty unless `input` is given; `env` adds to the environment. Undecodable output becomes U+FFFD.
    """

    def run(
        *args: str | os.PathLike[str],
        input: str = "",  # the name subprocess gives it
        env: dict[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tachograph", *[os.fspath(arg) for arg in args]],
            input=input,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, **(env or {})},
            cwd=cwd,
            timeout=timeout,
        )

    return run

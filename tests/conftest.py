"""What many tests need: a home of their own, and the `tachograph` command as a user starts it."""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tachograph import clock, paths

Run = Callable[..., subprocess.CompletedProcess[str]]

# nohup(1) and a shell's `&` have all that they start ignore signals. What tests start gets them as from a terminal.
if sys.platform != "win32":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)

# How long an example takes says something about the machine, not about what is tested. What a change is checked with
# is the same every time; `make soak` looks further (`--hypothesis-profile searching`).
settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("searching", settings.get_profile("steady"), derandomize=False, print_blob=True)
settings.load_profile("steady")


# They take longest and begin first, or else one of them keeps a run waiting at its end: `make test` gives a file at a
# time to whoever is free, in this order.
LONGEST = (
    *("tests/e2e/test_access.py", "tests/serve/test_schema.py", "tests/crash/", "tests/e2e/", "tests/test_examples.py"),
    *("tests/store/test_faults.py", "tests/store/test_honest_ledgers.py", "tests/store/test_ledger_at_once.py"),
    *("tests/ingest/test_history_growing.py", "tests/extract/test_needles.py", "tests/capture/test_trouble.py"),
    *("tests/cli/test_serve.py", "tests/cli/test_hostile.py", "tests/serve/test_mcp.py", "tests/capture/"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        return next((number for number, name in enumerate(LONGEST) if item.nodeid.startswith(name)), len(LONGEST))

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """What thousands of tests are made of stays to the end: the collector need not go through it again and again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """What looks for leaks of its own as it goes, as DuckDB does, is to find none."""
    gc.unfreeze()


@pytest.fixture(autouse=True, scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For what several tests share, which is made before any of them has its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TACHOGRAPH_HOME", str(tmp_path_factory.mktemp("home")))
        yield


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
        timeout: float = 180,
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


@pytest.fixture
def journals(home: Path) -> Iterator[Path]:
    """The journal folder, with the importer kept away from it, so that recordings stay where they were written."""
    folder = home / "journal"
    folder.mkdir(parents=True, mode=0o700)
    fd = os.open(folder / "importer.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(fd, fcntl.LOCK_EX)
    yield folder
    os.close(fd)


def copied(made: Path, home: Path) -> Path:
    """What was recorded once for many tests, as the home of one of them."""
    shutil.copytree(made, home, dirs_exist_ok=True)  # a server may have begun there
    home.chmod(0o700)
    return home


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the sessions of `tachograph demo` in it, the long one not so long. To be copied, never to be changed:
    it is made once, by whichever process of a run needs it first."""
    from tachograph.extract.rules import load
    from tachograph.ingest import sample
    from tachograph.ingest.opening import open_store

    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    place = shared / "sample"
    with (shared / "sample.lock").open("w") as lock, pytest.MonkeyPatch.context() as patch:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            making = shared / "sample.making"
            making.mkdir(mode=0o700)
            patch.setenv("TACHOGRAPH_HOME", str(making))
            sample.configure(paths.places())
            with open_store() as store:
                store._connection.pragma("synchronous", 0)
                sample.fill(store, load()[0], paths.places(), clock.now(), long=1500)
            making.rename(place)
    return place

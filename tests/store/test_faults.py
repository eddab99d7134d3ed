"""Disks that fail and power that is cut: what was acknowledged is there afterwards, and the file is sound."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import apsw
import pytest

from tachograph.errors import StoreError, TachographError
from tachograph.store import Store, settling

from . import disk
from .samples import AT, event, extraction, fresh, opened, printed, session

pytestmark = pytest.mark.crash


@pytest.fixture(autouse=True)
def _small_and_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Index and totals are written within the few events of these stories; the real disk need not be waited for."""
    monkeypatch.setitem(settling.settle.__kwdefaults__, "after", 6)
    monkeypatch.setattr(os, "fsync", lambda _: None)


def found(folder: Path) -> Store:
    """The store as it is found afterwards, through the real disk."""
    store = opened(folder)
    store._connection.pragma("synchronous", 0)
    return store


def story(acknowledge: Callable[[str], None]) -> list[Callable[[Store], object]]:
    """What a session does to a store, step by step; each is acknowledged when it has returned."""

    def batch(number: int) -> Callable[[Store], object]:
        lines = [extraction(line_number=n, original_line=f"needle {number} {n} {'x' * 200}") for n in range(5)]
        return lambda store: (store.extractions.add_many(lines), acknowledge(f"batch {number}"))

    return [
        lambda store: (store.sessions.add(session("codex-1")), acknowledge("session")),
        *(batch(number) for number in range(4)),
        lambda store: (printed(store, "codex-1", (AT, b"line\n" * 200)), acknowledge("output")),
        lambda store: (store.events.add(event(content="note")), acknowledge("note")),
        lambda store: (store.sessions.complete("codex-1", 0), acknowledge("end")),
    ]


def holds(store: Store) -> set[str]:
    """Which steps of the story are in a store; every one as a whole or not at all."""
    there = {"session"} if store.sessions.exists("codex-1") else set()
    if not there:
        return there
    lines = [str(one.original_line).split()[1] for one in store.extractions.list(limit=None)]
    assert {lines.count(number) for number in set(lines)} <= {5}
    there |= {f"batch {number}" for number in lines}
    there |= {"output"} if store.output.lines("codex-1") else set()
    there |= {"note"} if store.events.list(type="marker") else set()
    there |= {"end"} if store.sessions.get("codex-1").ended_at else set()
    return there


def tell(folder: Path) -> tuple[set[str], list[Exception]]:
    """The story once through, however the disk behaves; a step that fails is tried again once."""
    acknowledged: set[str] = set()
    errors: list[Exception] = []
    for attempt in range(2):
        try:
            store = opened(folder)
            break
        except StoreError as error:
            errors.append(error)
            assert attempt == 0, "the second time the disk is well again"
    for step in story(acknowledged.add):
        try:
            step(store)
        except StoreError as error:
            errors.append(error)
            step(store)
    try:
        store.close()
    except StoreError as error:
        errors.append(error)
    return acknowledged, errors


BROKEN = apsw.IOError("the disk is broken")
FULL = apsw.FullError("no space left")
each_fault = pytest.mark.parametrize(
    ("what", "error"),
    [("write", BROKEN), ("write", FULL), ("sync", BROKEN), ("truncate", BROKEN), ("read", BROKEN), ("delete", BROKEN)],
    ids=lambda value: getattr(value, "args", [value])[0],
)


class Nth:
    """The disk fails the call of that number, and no other."""

    def __init__(self, what: str, error: Exception, number: int) -> None:
        self.what, self.error, self.number, self.calls = what, error, number, 0

    def __call__(self, happening: str) -> Exception | None:
        self.calls += happening == self.what
        return self.error if happening == self.what and self.calls == self.number else None


@each_fault
def test_a_call_that_fails_once_costs_nothing_that_was_acknowledged(
    tmp_path: Path, what: str, error: Exception
) -> None:
    """One call after the other: the first write fails, the third, and so on to the last. With a full disk it is the
    second, the fourth, so that both together are every write."""
    everything = {"session", "output", "note", "end", *(f"batch {n}" for n in range(4))}
    calls, failing = 2, 2 if error is FULL else 1
    while failing <= calls:
        folder = tmp_path / str(failing)
        folder.mkdir()
        fresh(folder).close()
        with disk.inserted() as bad:
            bad.fault = fault = Nth(what, error, failing)
            acknowledged, errors = tell(folder)
        calls = fault.calls
        assert errors or what in {"delete", "truncate", "read"}, "a write or a sync that failed is told"
        with found(folder) as store:
            assert holds(store) == acknowledged == everything
            assert store.check() == []
        shutil.rmtree(folder)
        failing += 2 if what == "write" else 1
    assert calls and failing > 1


@each_fault
def test_a_store_that_could_not_be_made_is_made_the_next_time(tmp_path: Path, what: str, error: Exception) -> None:
    """Every call but writes, of which there is one for each page: the first with an error, and every eleventh after."""
    calls, failing = 2, 2 if error is FULL else 1
    while failing <= calls:
        folder = tmp_path / str(failing)
        folder.mkdir()
        with disk.inserted() as bad:
            bad.fault = fault = Nth(what, error, failing)
            with contextlib.suppress(StoreError):
                opened(folder).close()
        calls = fault.calls
        with found(folder) as store:
            store.events.add(event())
            assert store.check() == []
        shutil.rmtree(folder)
        failing += 11 if what == "write" else 1


def test_a_disk_that_is_full_for_good_says_so_and_keeps_what_it_has(tmp_path: Path) -> None:
    with disk.inserted() as bad:
        store = opened(tmp_path)
        acknowledged: set[str] = set()
        steps = story(acknowledged.add)
        for step in steps[:3]:
            step(store)
        bad.fault = lambda what: apsw.FullError("no space left") if what == "write" else None
        for step in steps[3:]:
            with pytest.raises(StoreError, match="no space left") as caught:
                step(store)
            assert "free some space" in caught.value.hint
        assert holds(store) == acknowledged == {"session", "batch 0", "batch 1"}
        bad.fault = lambda _: None
        steps[3](store)
        store.close()
    with opened(tmp_path) as store:
        assert holds(store) == {"session", "batch 0", "batch 1", "batch 2"}
        assert store.check() == []


def test_power_is_cut_anywhere(tmp_path: Path) -> None:
    """synchronous = FULL: once a step has returned, no power cut takes it away."""
    random = Random(4711)
    with disk.inserted() as written:
        marks: list[tuple[int, str]] = []
        store = opened(tmp_path)
        store._connection.execute("PRAGMA wal_autocheckpoint = 20").fetchall()  # so that the log wraps, too
        created = len(written.log)
        for step in story(lambda name: marks.append((len(written.log), name))):
            step(store)
        log = list(written.log)
        store.close()
    assert len(log) > created + 50
    folder = tmp_path / "found"
    for _ in range(250):
        cut = random.randint(created, len(log))
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, data in disk.after_power_cut(renamed(log[:cut]), random).items():
            (folder / name).write_bytes(data)
        with found(folder) as again:
            acknowledged = {name for at, name in marks if at <= cut}
            assert acknowledged <= holds(again) <= acknowledged | {name for at, name in marks if at > cut}
            assert len(holds(again) - acknowledged) <= 1, "at most the step that was under way"
            assert again.check() == []


def renamed(log: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """A new file is made under another name and moved; the log only sees the names it was opened by."""
    scratch = next(str(act[1]) for act in log if ".new-" in str(act[1]) and not str(act[1]).endswith("-journal"))
    moved = [(act[0], "tachograph.db", *act[2:]) if act[1] == scratch else act for act in log]
    return [act for act in moved if not str(act[1]).startswith(scratch)]


LIMITED = """
import resource, signal, sys
import tachograph
from tachograph.errors import StoreError
from tachograph.records import Event
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with tachograph.open(sys.argv[1]) as store:
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
    kept, refused = 0, None
    while refused is None:
        try:
            store.events.add_many([Event("codex-1", "marker", content="x" * 1000) for _ in range(10)])
            kept += 10
        except StoreError as error:
            refused = error
    assert store.stats()["events"] == kept, store.stats()
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    store.events.add(Event("codex-1", "marker"))
    print(kept + 1, refused.hint)
"""


def test_a_file_that_may_not_grow_keeps_what_it_has_and_goes_on_afterwards(tmp_path: Path) -> None:
    """A real limit of the system: writes fail half-way."""
    assert hasattr(signal, "SIGXFSZ") and resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    run = subprocess.run(
        [sys.executable, "-c", LIMITED, tmp_path / "tachograph.db"], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    kept, hint = run.stdout.split(maxsplit=1)
    assert hint.strip()
    with opened(tmp_path) as store:
        assert store.stats()["events"] == int(kept) > 10
        assert store.check() == []


def test_flipped_bits_are_an_error_of_the_store_or_harmless(tmp_path: Path) -> None:
    """Never a crash, and no error that a caller does not expect."""
    with opened(tmp_path) as store:
        for step in story(lambda _: None):
            step(store)
    whole = (tmp_path / "tachograph.db").read_bytes()
    random = Random(42)
    noticed = 0
    for number in range(100):
        data = bytearray(whole)
        for _ in range(random.choice([1, 20, 400])):
            data[random.randrange(100, len(data))] ^= 1 << random.randrange(8)
        path = tmp_path / f"{number}.db"
        path.write_bytes(data)
        noticed += not reads_well(path)
    assert 10 < noticed < 100


def reads_well(path: Path) -> bool:
    """Whether a damaged file says nothing wrong of itself; every question is asked, whatever the others gave."""
    try:
        store = opened(path.parent, path.name)
    except StoreError:
        return False
    with store:
        well = store.check() == []
        for ask in (
            lambda: store.search("needle"),
            lambda: store.search("needle type:error"),
            lambda: store.output.lines("codex-1"),
            lambda: store.extractions.list(limit=None),
            lambda: store.events.list(limit=None),
            lambda: store.sessions.states("codex-1"),
            lambda: (store.stats(), store.stats_by("agent"), store.stats_by("type")),
            lambda: store.sql("SELECT * FROM events"),
            lambda: store.events.add(event()),
        ):
            try:
                ask()
            except TachographError:
                well = False
    return well

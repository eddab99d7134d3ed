"""Journals one after the other: nothing is lost where one ends, and ended ones are finished."""

from __future__ import annotations

import threading
from pathlib import Path

from tachograph.journal.reader import is_live, read
from tachograph.journal.rotating import Rotating
from tests.journal.test_writer import files_end_at

HOUR = 3600 * 10**9


def bodies(folder: Path) -> list[list[bytes]]:
    """Of each file, in the order of their names."""
    found = []
    for path in sorted(folder.glob("*.journal")):
        batch = read(str(path), 0, 0, 1 << 30, finished=True)
        assert not batch.damage
        found.append([record.body for record in batch.records])
    return found


def name(at: int) -> str:
    return f"received-{at:020d}"


def test_a_large_file_is_followed_by_another(tmp_path: Path) -> None:
    journals = Rotating(str(tmp_path), name, large=1000)
    for n in range(5):
        journals.append(b"K", n, b"%d" % n * 600)
    assert [len(file) for file in bodies(tmp_path)] == [2, 2, 1]
    assert [is_live(str(path)) for path in sorted(tmp_path.glob("*.journal"))] == [False, False, True]
    journals.close()
    assert not any(is_live(str(path)) for path in tmp_path.glob("*.journal"))


def test_an_old_file_is_followed_by_another(tmp_path: Path) -> None:
    journals = Rotating(str(tmp_path), name)
    for at in (0, HOUR - 1, HOUR, 3 * HOUR):
        journals.append(b"K", at, b"%d" % at)
    journals.close()
    assert [len(file) for file in bodies(tmp_path)] == [2, 1, 1]


def test_a_clock_that_was_set_back(tmp_path: Path) -> None:
    journals = Rotating(str(tmp_path), name)
    for at in (HOUR, 5):
        journals.append(b"K", at, b"x")
    journals.close()
    assert [len(file) for file in bodies(tmp_path)] == [1, 1]


def test_an_old_file_ends_without_another_record(tmp_path: Path) -> None:
    journals = Rotating(str(tmp_path), name)
    journals.append(b"K", 0, b"x")
    journals.turn(HOUR)
    assert not any(is_live(str(path)) for path in tmp_path.glob("*.journal"))
    journals.turn(2 * HOUR)
    assert len(bodies(tmp_path)) == 1


def test_a_name_that_is_taken(tmp_path: Path) -> None:
    for _ in range(2):
        journals = Rotating(str(tmp_path), name)
        journals.append(b"K", 0, b"x")
        journals.close()
    assert bodies(tmp_path) == [[b"x"], [b"x"]]


def test_a_full_disk_keeps_its_file_until_there_is_room(tmp_path: Path) -> None:
    journals = Rotating(str(tmp_path), name)
    journals.append(b"K", 0, b"first")
    with files_end_at(60):
        journals.append(b"K", 1, b"second")
        assert journals.trouble
        journals.turn(2 * HOUR)
    assert journals.flush()
    assert not journals.trouble
    journals.append(b"K", 2 * HOUR, b"third")
    journals.close()
    assert bodies(tmp_path) == [[b"first", b"second"], [b"third"]]
    assert journals.lost_records == 0


def test_what_did_not_fit_into_memory_is_counted_for_good(tmp_path: Path) -> None:
    journals = Rotating(str(tmp_path), name)
    with files_end_at(0):
        for n in range(3):
            journals.append(b"K", n, b"x" * 60_000)
        journals.close()
    assert journals.lost_records == 3


def test_no_threads_are_left_behind(tmp_path: Path) -> None:
    tasks = Path("/proc/self/task")
    before = len(list(tasks.iterdir())) if tasks.exists() else threading.active_count()
    journals = Rotating(str(tmp_path), name, large=0)
    for n in range(20):
        journals.append(b"K", n, b"x")
    journals.close()
    done = threading.Event()
    for _ in range(200):  # each helper ends within its second of rest
        if not tasks.exists() or len(list(tasks.iterdir())) <= before:
            break
        done.wait(0.05)
    else:
        raise AssertionError(f"{len(list(tasks.iterdir())) - before} threads are left")

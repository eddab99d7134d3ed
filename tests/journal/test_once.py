"""A journal of one record: whole or not there, private, and its loss counted."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tachograph.journal import once
from tachograph.journal.reader import is_live, read
from tests.journal.test_writer import files_end_at


def test_the_record_is_there_and_the_journal_finished(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    assert once.put(str(folder), "received-a", b"K", 42, b'{"x":1}')
    path = folder / "received-a.journal"
    batch = read(str(path), 0, 0, finished=True)
    assert [(r.kind, r.at, r.body, r.sequence) for r in batch.records] == [(b"K", 42, b'{"x":1}', 1)]
    assert batch.done
    assert not batch.damage
    assert not is_live(str(path))
    assert once.lost(str(folder)) == (0, 0)


def test_nobody_else_can_look_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        once.put(str(tmp_path / "journal"), "received-a", b"K", 0, b"{}")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "journal").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "journal" / "received-a.journal").stat().st_mode) == 0o600


def test_a_name_that_is_taken_is_left_alone(tmp_path: Path) -> None:
    assert once.put(str(tmp_path), "received-a", b"K", 0, b"first")
    assert not once.put(str(tmp_path), "received-a", b"K", 0, b"second")
    assert read(str(tmp_path / "received-a.journal"), 0, 0, finished=True).records[0].body == b"first"


def test_on_a_full_disk_nothing_half_is_left_and_the_loss_is_counted(tmp_path: Path) -> None:
    with files_end_at(50):
        for n in range(3):
            assert not once.put(str(tmp_path), f"received-{n}", b"K", 0, b"x" * 1000)
    assert [path.name for path in tmp_path.iterdir()] == [once.LOST]
    count, at = once.lost(str(tmp_path))
    assert count == 3
    assert at > 0
    assert once.put(str(tmp_path), "received-3", b"K", 0, b"x" * 1000)


def test_a_folder_that_cannot_be_used_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "journal").write_bytes(b"in the way")
    assert not once.put(str(tmp_path / "journal"), "received-a", b"K", 0, b"{}")


@pytest.mark.parametrize("body", [b"", b"x" * (16 << 20)])
def test_any_size_up_to_the_largest_record(tmp_path: Path, body: bytes) -> None:
    assert once.put(str(tmp_path), "received-a", b"K", 0, body)
    assert read(str(tmp_path / "received-a.journal"), 0, 0, finished=True).records[0].body == body

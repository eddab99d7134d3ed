"""Appending: in order, whole, private, and without ever troubling whoever appends."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from tachograph.journal import backlog, frame
from tachograph.journal.reader import Batch, is_live, read
from tachograph.journal.writer import Journal


def new(folder: Path, name: str = "s") -> Journal:
    return Journal.create(str(folder), (name if n == 1 else f"{name}-{n}" for n in count(1)))


def whole(journal: Journal) -> Batch:
    batch = read(journal.path, 0, 0, 64 << 20, finished=True)
    assert batch.done
    return batch


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """Files of this process end at a size, as on a full disk (Python ignores SIGXFSZ). Only inside: the test runner's
    own output may be a file, too."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_records_come_back_as_they_were_appended(tmp_path: Path) -> None:
    journal = new(tmp_path / "journal")
    bodies = [b"", b"x" * 70_000, bytes(range(256))]
    for at, body in enumerate(bodies):
        journal.append(frame.OUTPUT, at, body)
    journal.close()
    batch = whole(journal)
    assert [(r.kind, r.at, r.body, r.sequence) for r in batch.records] == [
        (b"O", at, body, at + 1) for at, body in enumerate(bodies)
    ]
    assert not batch.damage
    assert journal.records == 3
    assert journal.journal_bytes == os.path.getsize(journal.path)


def test_nobody_else_can_look_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        journal = new(tmp_path / "journal")
    finally:
        os.umask(before)
    assert os.stat(journal.path).st_mode & 0o777 == 0o600
    assert os.stat(journal.folder).st_mode & 0o777 == 0o700


def test_a_taken_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "s.journal").write_bytes(b"somebody else's")
    (tmp_path / "s-2.journal").symlink_to(tmp_path / "elsewhere")
    journal = new(tmp_path)
    journal.append(b"O", 0, b"mine")
    assert journal.session_id == "s-3"
    assert (tmp_path / "s.journal").read_bytes() == b"somebody else's"
    assert not (tmp_path / "elsewhere").exists()


def test_live_until_closed(tmp_path: Path) -> None:
    journal = new(tmp_path)
    assert is_live(journal.path)
    journal.append(b"O", 0, b"x")
    assert is_live(journal.path)
    journal.close()
    assert not is_live(journal.path)
    assert not is_live(str(tmp_path / "nothing.journal"))


@pytest.mark.crash
def test_a_killed_writer_loses_nothing_it_has_appended(tmp_path: Path) -> None:
    code = (
        "import os, sys; from tachograph.journal.writer import Journal\n"
        "j = Journal.create(sys.argv[1], ['k'])\n"
        "n = 0\n"
        "while True:\n"
        "    n += 1; j.append(b'O', n, b'%d' % n * 50); os.write(1, n.to_bytes(4, 'little'))\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert writer.stdout
    acknowledged = writer.stdout.read(4 * 500)
    writer.kill()
    acknowledged += writer.stdout.read()
    writer.wait()
    writer.stdout.close()
    last = int.from_bytes(acknowledged[-4:], "little")
    path = tmp_path / "k.journal"
    assert not is_live(str(path))
    batch = read(str(path), 0, 0, 1 << 30, finished=True)
    assert len(batch.records) >= last >= 500
    assert [r.at for r in batch.records] == list(range(1, len(batch.records) + 1))


def test_no_folder_waits_in_memory_until_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "journal").write_bytes(b"in the way")
    journal = new(tmp_path / "journal")
    assert journal.trouble
    assert journal.session_id.startswith("s-")
    journal.append(b"H", 0, b'{"argv":"' + b"x" * 200_000 + b'"}')
    journal.append(b"O", 1, b"early")
    (tmp_path / "journal").unlink()
    assert journal.flush()
    assert not journal.trouble
    journal.append(b"O", 2, b"late")
    journal.close()
    assert [r.at for r in whole(journal).records] == [0, 1, 2]
    assert journal.lost_bytes == 0


def test_appending_tries_again_by_itself(tmp_path: Path) -> None:
    (tmp_path / "journal").write_bytes(b"in the way")
    journal = new(tmp_path / "journal")
    journal.append(b"O", 0, b"early")
    (tmp_path / "journal").unlink()
    deadline = time.monotonic() + 90
    appended = 1
    while journal.trouble and time.monotonic() < deadline:
        journal.append(b"O", appended, b"x")
        appended += 1
        time.sleep(0.001)  # what waits in memory is bounded, and a quick machine would reach that first
    assert not journal.trouble
    assert journal.flush()
    assert [r.at for r in whole(journal).records] == list(range(appended))


def test_a_full_disk_leaves_whole_records_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    journal = new(tmp_path)
    with files_end_at(10_000):
        for at in range(30):
            journal.append(b"O", at, b"x" * 1000)
    assert journal.trouble
    assert os.path.getsize(journal.path) == journal.journal_bytes <= 10_000
    assert journal.flush()
    batch = whole(journal)
    assert [r.at for r in batch.records] == list(range(30))
    assert not batch.damage


def test_what_does_not_fit_in_memory_is_counted_where_it_is_missing(tmp_path: Path) -> None:
    journal = new(tmp_path)
    with files_end_at(100):
        journal.append(b"S", 0, b'{"state":"running"}')
        for at in range(1, 121):
            journal.append(b"O", at, b"x" * 100_000)
        journal.append(b"S", 121, b'{"state":"paused"}')
        journal.append(b"O", 122, b"short enough, but after a gap")
    assert journal.flush()
    journal.append(b"O", 123, b"back")
    journal.close()
    records = whole(journal).records
    gaps = [json.loads(r.body) for r in records if r.kind == b"G"]
    kept = [r.at for r in records if r.kind == b"O"]
    assert [r.sequence for r in records] == list(range(1, len(records) + 1))
    assert kept[-1] == 123
    assert kept[:-1] == list(range(1, len(kept)))
    assert sum(gap["records"] for gap in gaps) == 122 - (len(kept) - 1) - 1 == journal.lost_records
    assert sum(gap["bytes"] for gap in gaps) == journal.lost_bytes
    assert len(kept) * 100_000 <= backlog.STREAM_BYTES + 200_000
    assert all(gap["reason"] for gap in gaps)
    assert [r.kind for r in records if r.at >= 121] == [b"S", b"G", b"O"]


def test_a_disk_that_stays_full_is_counted_at_close(tmp_path: Path) -> None:
    journal = new(tmp_path)
    journal.append(b"S", 0, b"{}")
    with files_end_at(50):
        for at in range(5):
            journal.append(b"O", at, b"x" * 1000)
        journal.close()
    assert journal.lost_bytes == 5000
    assert journal.lost_records == 5
    assert not is_live(journal.path)


def test_many_small_records_in_memory_are_bounded(tmp_path: Path) -> None:
    (tmp_path / "journal").write_bytes(b"in the way")
    journal = new(tmp_path / "journal")
    for at in range(300_000):
        journal.append(b"O" if at % 2 else b"S", at, b"")
    journal.close()
    assert journal.lost_records == 300_000


def test_the_disk_is_asked_to_confirm(tmp_path: Path) -> None:
    journal = new(tmp_path)
    journal.keep_synced()
    journal.append(b"O", 0, b"x")
    assert journal.sync()
    assert not journal.sync_trouble
    journal.close()
    assert len(whole(journal).records) == 1


def test_ten_writers_share_a_folder(tmp_path: Path) -> None:
    code = (
        "import sys; from tachograph.journal.writer import Journal; from itertools import count\n"
        "j = Journal.create(sys.argv[1], (f's-{n}' for n in count(1)))\n"
        "for n in range(2000): j.append(b'O', n, b'line %d' % n)\n"
        "j.close(); print(j.session_id)\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(10)
    ]
    names = [writer.communicate(timeout=60)[0].strip() for writer in writers]
    assert len(set(names)) == 10
    for name in names:
        batch = read(str(tmp_path / f"{name}.journal"), 0, 0, 1 << 30, finished=True)
        assert [r.at for r in batch.records] == list(range(2000))

"""`tachograph backup` and `restore`: a copy is whole and sound whoever writes meanwhile; what it held comes back."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import tachograph
from tests.cli import histories, recordings
from tests.cli.conftest import Ask, Recorded
from tests.cli.histories import FIRST, SECRET
from tests.ingest.machine import differences, everything
from tests.recount import recount

WRITER = """
import sys, tachograph
from tachograph.records import Event
with tachograph.open(sys.argv[1]) as store:
    while True:
        first = store.events.add_many([Event("codex-1", "marker", content="x" * 500) for _ in range(20)])
        print(first + 19, flush=True)
"""


def copied(call: Ask, folder: Path) -> Path:
    """The database of a new copy."""
    done = call("backup", str(folder))
    assert done.code == 0 and "sound" in done.err, done.err
    return max(folder.iterdir(), key=lambda path: path.stat().st_ctime_ns) / "tachograph.db"


def test_copies_are_sound_while_somebody_writes(call: Ask, home: Path, tmp_path: Path) -> None:
    home.mkdir()
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(home / "tachograph.db")], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    try:
        for number in range(5):
            stored = int(writer.stdout.readline())
            with tachograph.open(copied(call, tmp_path / str(number))) as store:
                assert store.check() == [] and recount(store) == []
                assert stored <= store.arrivals.now().event
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()


def test_a_copy_is_a_store_like_any_other_with_what_was_masked(call: Ask, home: Path, tmp_path: Path) -> None:
    files = histories.write(tmp_path / "h")
    call("import", str(tmp_path / "h"))
    copy = copied(call, tmp_path / "b")
    assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in copy.parent.iterdir()} == dict.fromkeys(
        ("tachograph.db", "secrets.db", "heads.log"), 0o600
    )
    call("reset", "--yes")
    files[FIRST].rename(tmp_path / "original")
    assert call("--db", str(copy), "export", FIRST, "--as", "original", "-o", str(tmp_path / "given")).code == 0
    assert (tmp_path / "given").read_bytes() == (tmp_path / "original").read_bytes()
    assert SECRET.encode() in (tmp_path / "given").read_bytes()


def test_what_was_copied_comes_back_and_what_was_there_is_kept(
    recorded: Recorded, call: Ask, home: Path, tmp_path: Path
) -> None:
    histories.write(tmp_path / "h")
    call("import", str(tmp_path / "h"))
    copy = copied(call, tmp_path / "b")
    with tachograph.open() as store:
        before = everything(store)
    content = copy.read_bytes()
    assert call("clean", FIRST, recorded.good, "--yes").code == 0
    call("note", "afterwards", "--session", recorded.bad)
    with tachograph.open() as store:
        after = everything(store)
    done = call("restore", str(copy.parent), "--yes")
    assert done.code == 0, done.err
    with tachograph.open() as store:
        assert differences(everything(store), before) == []
        assert recount(store) == [] and store.check() == []
    (aside,) = home.glob("replaced-*")
    assert str(aside) in done.err
    with tachograph.open(aside / "tachograph.db") as store:
        assert differences(everything(store), after) == []
    verified = call("audit", "verify")
    assert verified.code == 0 and "put back" in verified.out + verified.err
    assert copy.read_bytes() == content, "the copy is as it was"
    assert {path.name for path in home.iterdir()} >= {"tachograph.db", "secrets.db", "heads.log"}
    assert not list(home.glob("restoring-*"))


def test_what_was_recorded_since_and_not_imported_yet_comes_in(recorded: Recorded, call: Ask, tmp_path: Path) -> None:
    copy = copied(call, tmp_path / "b")
    later = recordings.write(recordings.GOOD._replace(agent="later"))
    assert call("restore", str(copy), "--yes").code == 0
    assert {row["id"] for row in call("sessions", "--json").json} == {recorded.good, recorded.bad, later}


def test_a_copy_comes_back_where_nothing_is(recorded: Recorded, call: Ask, home: Path, tmp_path: Path) -> None:
    copy = copied(call, tmp_path / "b")
    for path in home.glob("*.*"):
        if path.suffix in (".db", ".log"):
            path.unlink()
    done = call("restore", str(copy.parent), "--yes")
    assert done.code == 0 and "what was there" not in done.err
    assert {row["id"] for row in call("sessions", "--json").json} == {recorded.good, recorded.bad}
    assert call("audit", "verify").code == 0


def test_a_copy_from_another_machine_comes_in_and_verifies(
    recorded: Recorded, call: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another key signs there, and heads of another store may lie there."""
    copy = copied(call, tmp_path / "b")
    monkeypatch.setenv("TACHOGRAPH_HOME", str(tmp_path / "new"))
    for _ in range(2):
        assert call("restore", str(copy.parent), "--yes").code == 0
        verified = call("audit", "verify")
        assert verified.code == 0, verified.out
        assert "put back" in verified.out + verified.err
        assert {row["id"] for row in call("sessions", "--json").json} >= {recorded.good, recorded.bad}
        monkeypatch.setenv("TACHOGRAPH_HOME", str(tmp_path / "used"))
        recordings.write(recordings.BAD)
        assert call("audit", "add", "codex", "look", "completed").code == 0


def test_a_damaged_copy_changes_nothing(recorded: Recorded, call: Ask, home: Path, tmp_path: Path) -> None:
    copy = copied(call, tmp_path / "b")
    size = copy.stat().st_size
    with copy.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * (size // 4))
    before = (home / "tachograph.db").read_bytes()
    refused = call("restore", str(copy.parent), "--yes")
    assert refused.code == 5 and str(copy) in refused.err and "take another copy" in refused.err
    assert (home / "tachograph.db").read_bytes() == before
    assert not list(home.glob("re*-*"))


def test_nothing_is_put_back_while_somebody_has_the_database_open(
    recorded: Recorded, call: Ask, home: Path, tmp_path: Path
) -> None:
    copy = copied(call, tmp_path / "b")
    with tachograph.open() as store:
        refused = call("restore", str(copy.parent), "--yes")
        assert refused.code == 4, refused.err
        assert store.sessions.exists(recorded.good)
    assert not list(home.glob("re*-*"))


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("restore", "nowhere", "--yes"), 3, "there is no copy at nowhere"),
        (("restore", ".", "--yes"), 3, "there is no copy at ."),
        (("restore", "text.db", "--yes"), 5, "text.db"),
    ],
)
def test_what_is_no_copy_is_refused(
    words: tuple[str, ...], code: int, text: str, recorded: Recorded, call: Ask, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("text.db").write_text("no database at all, by no means\n" * 100)
    refused = call(*words)
    assert refused.code == code and text in refused.err
    assert {row["id"] for row in call("sessions", "--json").json} == {recorded.good, recorded.bad}
    assert sorted(os.listdir()) == ["home", "text.db"]

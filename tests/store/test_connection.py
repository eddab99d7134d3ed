"""Opening: private, complete, and only what is ours."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tachograph.errors import NotFound, StoreDamaged, StoreError, StoreTooNew
from tachograph.ingest.opening import open_store
from tachograph.store import Store, migrations

from .samples import event, extraction, opened, raw


def modes(folder: Path) -> dict[str, str]:
    return {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in [folder, *folder.iterdir()]}


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077], ids=oct)
def test_only_the_owner_can_read_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with opened(tmp_path / "data") as store:
            store.events.add(event())
            found = modes(tmp_path / "data")
    finally:
        os.umask(before)
    assert found == {
        "data": "0o700", "tachograph.db": "0o600", "tachograph.db-wal": "0o600", "tachograph.db-shm": "0o600",
    }  # fmt: skip


def test_a_database_that_was_opened_up_is_closed_again(tmp_path: Path) -> None:
    opened(tmp_path).close()
    (tmp_path / "tachograph.db").chmod(0o644)
    with opened(tmp_path) as store:
        store.events.add(event())
        assert set(modes(tmp_path).values()) - {"0o700"} == {"0o600"}


def test_nothing_is_left_beside_the_database(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.events.add(event())
    assert [path.name for path in tmp_path.iterdir()] == ["tachograph.db"]


def test_the_pragmas_the_promises_rest_on(store: Store) -> None:
    info = store.info()
    wanted = {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "page_size": 4096, "mmap_size": 0,
        "secure_delete": 2, "trusted_schema": 0, "schema_version": 4,
    }  # fmt: skip
    assert {name: info[name] for name in wanted} == wanted
    assert info["path"] == store.path
    assert info["bytes"] == os.path.getsize(store.path)
    assert tuple(map(int, str(info["sqlite_version"]).split("."))) >= (3, 51, 3)


FOREIGN = b"a text of somebody's own, longer than the header of a database is, much longer than that" * 40


def contents(path: Path) -> tuple[object, ...]:
    return (path.read_bytes(), stat.S_IMODE(path.stat().st_mode), sorted(one.name for one in path.parent.iterdir()))


def test_a_text_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(FOREIGN)
    path.chmod(0o644)
    before = contents(path)
    with pytest.raises(StoreDamaged, match="not a Tachograph database") as caught:
        opened(tmp_path, "notes.txt")
    assert caught.value.hint
    assert contents(path) == before


@pytest.mark.parametrize("journal_mode", ["DELETE", "WAL"])
def test_a_database_of_another_program_is_left_alone(tmp_path: Path, journal_mode: str) -> None:
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.executescript(f"PRAGMA journal_mode = {journal_mode}; CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)")
    other.close()
    path.chmod(0o644)
    before = contents(path)
    for readonly in (False, True):
        with pytest.raises(StoreDamaged, match="another program"):
            open_store(path, readonly=readonly)
    assert contents(path) == before


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(StoreError, match="is not a file"):
        opened(tmp_path, "folder.db")


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    path = tmp_path / "tachograph.db"
    path.touch(0o644)
    with opened(tmp_path) as store:
        store.events.add(event())
        assert store.check() == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_cut_short_is_damaged(tmp_path: Path) -> None:
    opened(tmp_path).close()
    path = tmp_path / "tachograph.db"
    os.truncate(path, 8192 + 100)
    with pytest.raises(StoreDamaged):
        opened(tmp_path).check()
    os.truncate(path, 50)
    with pytest.raises(StoreDamaged):
        opened(tmp_path)


def test_a_later_version_is_refused(tmp_path: Path) -> None:
    opened(tmp_path).close()
    path = tmp_path / "tachograph.db"
    connection = raw(path)
    connection.pragma("user_version", 99)
    connection.close()
    before = contents(path)
    for readonly in (False, True):
        with pytest.raises(StoreTooNew, match="later version") as caught:
            open_store(path, readonly=readonly)
        assert "pip install --upgrade" in caught.value.hint
    assert contents(path) == before


def test_reading_makes_and_changes_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        open_store(tmp_path / "tachograph.db", readonly=True)
    assert "tachograph run" in caught.value.hint
    assert list(tmp_path.iterdir()) == []
    with opened(tmp_path) as store:
        number = store.extractions.add(extraction())
    with open_store(tmp_path / "tachograph.db", readonly=True) as reader:
        assert reader.extractions.get(number).pattern == "python_exception"
        assert reader.search("python_exception").hits == []
        assert reader.check() == []
        for change in (lambda: reader.events.add(event()), lambda: reader.sessions.create("codex"), reader.vacuum):
            with pytest.raises(StoreError):
                change()
    with opened(tmp_path) as store:
        assert store.stats()["events"] == 1


def test_an_earlier_version_must_be_upgraded_before_it_is_read(tmp_path: Path) -> None:
    opened(tmp_path).close()
    connection = raw(tmp_path / "tachograph.db")
    connection.pragma("user_version", 0)
    connection.close()
    with pytest.raises(StoreError, match="earlier version") as caught:
        open_store(tmp_path / "tachograph.db", readonly=True)
    assert "db migrate" in caught.value.hint


def test_a_log_without_its_database_is_not_mixed_into_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "tachograph.db"
    with opened(tmp_path) as store:
        store.events.add(event())
        log = Path(f"{path}-wal").read_bytes()
    assert log
    path.unlink()
    Path(f"{path}-wal").write_bytes(log)
    with pytest.raises(StoreDamaged, match="write-ahead log is still there") as caught:
        opened(tmp_path)
    assert f"{path}-wal" in caught.value.hint
    Path(f"{path}-wal").unlink()
    with opened(tmp_path) as store:
        assert store.stats()["events"] == 0


def test_a_link_to_a_database_is_followed(tmp_path: Path) -> None:
    opened(tmp_path, "real.db").close()
    (tmp_path / "link.db").symlink_to(tmp_path / "real.db")
    with opened(tmp_path, "link.db") as store:
        store.events.add(event())
    with opened(tmp_path, "real.db") as store:
        assert store.stats()["events"] == 1


@pytest.fixture
def plain_folder() -> Iterator[Path]:
    """A folder that a user without rights can use: pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="tachograph-"))
    yield folder
    for path in [folder, *folder.iterdir()]:
        path.chmod(0o700)
    shutil.rmtree(folder)


def without_rights(folder: Path, code: str) -> str:
    """What Python code prints that runs in `folder` as a user for whom file modes count: root reads everything."""
    user = 65534
    if os.geteuid() == 0:
        for path in [folder, *folder.iterdir()]:
            os.chown(path, user, user)
    header = (  # everything is imported first: the packages may be out of reach afterwards
        "import importlib, os, pkgutil\nimport tachograph.extract.lines, tachograph.extract.redact, tachograph.store\n"
        "for part in pkgutil.iter_modules(tachograph.store.__path__, 'tachograph.store.'):\n"
        "    importlib.import_module(part.name)\n"
        "from tachograph.errors import TachographError\nfrom tachograph.ingest.opening import open_store\n"
        f"from tachograph.records import Event\nif os.geteuid() == 0: os.setgid({user}); os.setuid({user})\n"
    )
    run = subprocess.run([sys.executable, "-c", header + code], cwd=folder, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_a_read_only_file_can_be_read_and_says_that_it_cannot_be_written(plain_folder: Path) -> None:
    with opened(plain_folder) as store:
        store.events.add(event())
    (plain_folder / "tachograph.db").chmod(0o400)
    said = without_rights(
        plain_folder,
        f"with open_store({str(plain_folder / 'tachograph.db')!r}) as store:\n"
        "    print(store.stats()['events'])\n"
        "    try: store.events.add(Event('codex-1', 'marker'))\n"
        "    except TachographError as error: print(type(error).__name__, error, '|', error.hint)\n",
    )
    assert said.startswith("1\nStoreError cannot open ")
    assert "check its owner" in said


def test_a_folder_nobody_may_write_to_is_named(plain_folder: Path) -> None:
    plain_folder.chmod(0o500)
    said = without_rights(
        plain_folder,
        f"try: open_store({str(plain_folder / 'tachograph.db')!r})\n"
        "except TachographError as error: print(type(error).__name__, error, '|', error.hint)\n",
    )
    assert said.startswith("StoreError cannot open ")
    assert "check its owner and folder" in said


def test_the_same_file_made_by_several_at_once_is_one_file(tmp_path: Path) -> None:
    code = (
        "import sys, tachograph\nfrom tachograph.records import Event\n"
        "with tachograph.open(sys.argv[1]) as store: store.events.add(Event('codex-1', 'marker'))\n"
    )
    path = tmp_path / "new" / "tachograph.db"
    writers = [subprocess.Popen([sys.executable, "-c", code, path]) for _ in range(6)]
    assert [writer.wait(60) for writer in writers] == [0] * 6
    with opened(path.parent) as store:
        assert store.stats()["events"] == 6
        assert store.check() == []
    assert [one.name for one in path.parent.iterdir()] == ["tachograph.db"]


def test_the_version_is_in_the_file(tmp_path: Path) -> None:
    opened(tmp_path).close()
    header = (tmp_path / "tachograph.db").read_bytes()[:100]
    assert int.from_bytes(header[68:72], "big") == migrations.APPLICATION_ID
    assert int.from_bytes(header[60:64], "big") == migrations.steps()[-1][0]


def test_rows_that_are_not_read_to_their_end_hold_nothing(tmp_path: Path) -> None:
    """Or else whoever read them would never see what others write from then on."""
    with opened(tmp_path) as writer, opened(tmp_path) as reader:
        writer.sessions.create("codex", "codex-1")
        writer.extractions.add_many([extraction() for _ in range(400)])

        def some() -> None:
            for _ in reader._connection.execute("SELECT id FROM _events"):
                assert reader.sessions.exists("codex-1")  # something else, before it is left
                return

        some()
        assert reader._connection.txn_state() == 0
        assert len(reader.extractions.list(type="error", limit=5)) == 5
        assert reader._connection.txn_state() == 0
        writer.sessions.create("codex", "codex-2")
        assert reader.sessions.exists("codex-2")
        assert reader.files.used() == []  # functions can be set: no statement is at work


def test_text_that_is_none_hides_no_other(store: Store) -> None:
    """Half a character, or another encoding: what a shell script writes that cuts a message by bytes."""
    with store.transaction():
        for number in range(4):
            store.audit.add("codex", "deploy", "failed", error_message=f"boom {number}")
    client = sqlite3.connect(store.path)
    client.execute("UPDATE audit_log SET error_message = CAST(x'626f6f6dc3' AS TEXT) WHERE id IN (2, 4)")
    client.execute("UPDATE audit_log SET agent_id = CAST(x'e9' AS TEXT) WHERE id = 3")
    client.commit()
    said = [("boom 0", "codex"), ("boom�", "codex"), ("boom 2", "�"), ("boom�", "codex")]
    entries = store.audit.list()
    assert [(one.error_message, one.agent_id) for one in reversed(entries)] == said
    assert [store.audit.get(one.id).error_message for one in entries if one.id] == [
        "boom�",
        "boom 2",
        "boom�",
        "boom 0",
    ]
    asked = "SELECT error_message FROM audit_log WHERE id <> ? AND agent_id <> ? ORDER BY id"
    rows = store._connection.execute(asked, (1, "x'\0y"))
    assert [text for (text,) in rows] == ["boom�", "boom 2", "boom�"]
    assert store._connection.execute(asked, (1, "")).get == "boom�"
    assert [one["agent_id"] for one in store.dump("audit_log")] == ["codex", "codex", "�", "codex"]
    changed = [problem.row for problem in store.ledger.verify().problems]
    assert changed == [2, 3, 4], "what is shown instead is not what was sealed, whatever it was"


def test_a_replacement_character_that_was_sealed_is_not_what_is_shown_instead(store: Store) -> None:
    store.audit.add("codex", "deploy", "failed", error_message="boom�")
    client = sqlite3.connect(store.path)
    client.execute("UPDATE audit_log SET error_message = CAST(x'626f6f6dff' AS TEXT)")
    client.commit()
    assert store.audit.list()[0].error_message == "boom�"
    assert [problem.kind for problem in store.ledger.verify().problems] == ["changed"]

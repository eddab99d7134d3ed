"""From any released schema to today's: both ways lead to the same tables, and no step is ever half done."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest

from tachograph.errors import StoreBusy
from tachograph.store import connection as gate
from tachograph.store import migrations

from .samples import event, opened, raw

MIGRATIONS = Path(migrations.__file__).parent
# A step as later versions may bring one: it makes something, fills it, and takes its time.
STEP = """
CREATE TABLE _later (a INTEGER) STRICT;
INSERT INTO _later WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT i FROM n;
CREATE INDEX _later_a ON _later (a);
ALTER TABLE _agents ADD COLUMN later TEXT;
"""


def schema(connection: apsw.Connection) -> list[tuple[object, ...]]:
    """Every object of a database as SQL, blanks and comments put aside: two files lay them out differently."""
    rows = connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"
    ).fetchall()
    return [(*row[:3], " ".join(line.split("--")[0].strip() for line in (row[3] or "").splitlines())) for row in rows]


def test_schema_sql_is_the_sum_of_the_migrations() -> None:
    summed, stepped = apsw.Connection(":memory:"), apsw.Connection(":memory:")
    migrations.create(summed)
    assert migrations.upgrade(stepped, "memory") == [name for _, name, _ in migrations.steps()]
    assert schema(summed) == schema(stepped)
    assert len(schema(summed)) > 30
    for connection in (summed, stepped):
        assert connection.pragma("user_version") == migrations.steps()[-1][0]
        noted = connection.execute("SELECT version, name FROM _versions ORDER BY version").fetchall()
        assert noted == [(version, name) for version, name, _ in migrations.steps()]


def test_sessions_from_before_the_ledger_wait_to_be_sealed() -> None:
    connection, (first, *later) = apsw.Connection(":memory:"), migrations.steps()
    connection.execute(first[2])
    connection.execute("INSERT INTO _agents (name) VALUES ('a')")
    connection.execute("INSERT INTO _sessions (session_id, agent, started_at) VALUES ('a-1', 1, 1)")
    for _, _, sql in later:
        connection.execute(sql)
    assert connection.execute("SELECT session, changes FROM _unsealed").fetchall() == [(1, 1)]


def test_a_step_that_a_store_may_have_taken_is_never_changed() -> None:
    """What it lacks is a step of its own, or else older stores would never get it."""
    taken = {version: hashlib.sha256(sql.encode()).hexdigest()[:16] for version, _, sql in migrations.steps()}
    assert taken == {1: "f672bcdfcaa0cdb5", 2: "c8f97b38190c9447", 3: "3039c83369ea646a", 4: "89bbeedc8d1b28ed"}


def test_steps_are_numbered_without_gaps() -> None:
    assert [version for version, _, _ in migrations.steps()] == list(range(1, len(migrations.steps()) + 1))


def test_what_is_up_to_date_is_left_alone(tmp_path: Path) -> None:
    opened(tmp_path).close()
    connection = raw(tmp_path / "tachograph.db")
    before = connection.pragma("data_version"), schema(connection)
    assert migrations.upgrade(connection, "x") == []
    assert (connection.pragma("data_version"), schema(connection)) == before


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of migrations with one step more."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    number = migrations.steps()[-1][0] + 1
    (folder / f"{number:04}_later.sql").write_text(STEP)
    monkeypatch.setattr(migrations, "_FOLDER", str(folder))
    return folder


def old(tmp_path: Path) -> Path:
    """A database of today with something in it."""
    path = tmp_path / "tachograph.db"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(migrations, "_FOLDER", str(MIGRATIONS))
        with opened(tmp_path) as store:
            store.events.add(event(content="before"))
    return path


def test_an_old_database_is_upgraded_when_it_is_opened(tmp_path: Path, later: Path) -> None:
    old(tmp_path)
    with opened(tmp_path) as store:
        assert store.info()["schema_version"] == migrations.steps()[-1][0]
        assert [one.content for one in store.timeline()] == ["before"]
        assert store.sql("SELECT description FROM schema_version").rows[-1] == ("later",)
        assert store.sql("SELECT count(*) FROM _later").rows == [(300_000,)]
        assert store.check() == []


def test_a_step_that_fails_leaves_the_old_schema(tmp_path: Path, later: Path) -> None:
    path = old(tmp_path)
    before = schema(raw(path))
    step = next(later.glob("*_later.sql"))
    step.write_text(STEP + "INSERT INTO nowhere VALUES (1);")
    with pytest.raises(apsw.SQLError, match="nowhere"):
        migrations.upgrade(raw(path), str(path))
    assert schema(raw(path)) == before
    step.write_text(STEP)
    opened(tmp_path).close()
    assert schema(raw(path)) != before


UPGRADE = """
import sys
from tachograph.store import migrations
migrations._FOLDER = sys.argv[2]
from tachograph.store import connection
print("upgrading", flush=True)
connection.open_database(sys.argv[1]).close()
"""


@pytest.mark.crash
def test_an_upgrade_killed_anywhere_leaves_the_old_schema_or_the_new(tmp_path: Path, later: Path) -> None:
    path = old(tmp_path)
    before, today = schema(raw(path)), raw(path).pragma("user_version")
    seen = set()
    for delay in (0.0, 0.01, 0.03, 0.06, 0.1, 0.15, 0.25, 30):
        copy = tmp_path / f"copy-{delay}.db"
        shutil.copy(path, copy)
        command = [sys.executable, "-c", UPGRADE, copy, later]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as upgrading:
            assert upgrading.stdout is not None
            upgrading.stdout.readline()
            try:
                upgrading.wait(delay)
            except subprocess.TimeoutExpired:
                upgrading.send_signal(signal.SIGKILL)
        found = raw(copy)
        version = found.pragma("user_version")
        assert (schema(found) == before) == (version == today)
        assert found.pragma("integrity_check") == "ok"
        rows = found.execute("SELECT count(*) FROM _later").get if version > today else 0
        assert rows == (300_000 if version > today else 0)
        seen.add(version)
        found.close()
        gate.open_database(str(copy)).close()
        assert raw(copy).pragma("user_version") == today + 1
    assert today + 1 in seen, "the last one was given all the time it needs"


def test_two_who_upgrade_at_once_take_the_step_once(tmp_path: Path, later: Path) -> None:
    path = old(tmp_path)
    upgrading = [subprocess.Popen([sys.executable, "-c", UPGRADE, path, later]) for _ in range(4)]
    assert [one.wait(60) for one in upgrading] == [0] * 4
    assert raw(path).execute("SELECT count(*) FROM _versions WHERE name = 'later'").get == 1


def test_a_locked_database_says_so(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        impatient = gate.open_database(store.path, busy_ms=50)
        with store.transaction():
            store.events.add(event())
            begun = time.monotonic()
            with pytest.raises(StoreBusy, match="locked by another process") as caught, gate.transaction(impatient):
                pass
            assert time.monotonic() - begun < 20
        assert "tachograph doctor" in caught.value.hint
        with gate.transaction(impatient):
            pass


def test_a_creation_killed_leaves_no_database(tmp_path: Path) -> None:
    """Leftovers of one who died while making it are in nobody's way."""
    scratch = tmp_path / f"tachograph.db.new-{os.getpid()}"
    scratch.write_bytes(b"half a database")
    Path(f"{scratch}-journal").write_bytes(b"half a journal")
    with opened(tmp_path) as store:
        store.events.add(event())
        assert store.check() == []
    assert not scratch.exists()

"""A secret that no rule knew goes from everything, and nothing else changes."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest

import tachograph
from tachograph.errors import Refused, StoreError
from tachograph.extract.sought import Sought, breaks
from tachograph.recall import proving
from tachograph.records import Masked
from tachograph.store import Store, text_columns
from tachograph.store.packing import unpack
from tests.conftest import copied

from . import disk
from .samples import AT, block, event, extraction, fresh, printed, raw

SECRET = 'Kuh-zwirn/7"é'
STARS = "*" * len(SECRET.encode())
CHILDREN = (
    ("collision_detection", "session_id", "workflow_sessions"),
    ("pipeline_metrics", "execution_id", "receipts"),
    ("slo_violations", "execution_id", "receipts"),
)


def everything(path: Path) -> Iterator[tuple[str, str, bytes]]:
    """Every text and blob of a database, whatever it is made of, unpacked where it is packed: table, column, bytes."""
    db = raw(path)
    tables = db.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'").fetchall()
    for (table,) in tables:
        names = [name for (name,) in db.execute("SELECT name FROM pragma_table_info(?)", (table,))]
        for row in db.execute(f"SELECT * FROM {table}"):
            for name, value in zip(names, row, strict=True):
                if isinstance(value, str):
                    yield table, name, value.encode()
                elif isinstance(value, bytes):
                    packed = value[:4] == b"\x28\xb5\x2f\xfd" and (table, name) != ("_blobs", "data")
                    yield table, name, unpack(value) if packed else value


def words(path: str) -> set[str]:
    """What the full-text index knows."""
    db = raw(path)
    db.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab (main, _search, row)")
    return {term for (term,) in db.execute("SELECT term FROM words")}


def _some(db: apsw.Connection, table: str) -> bool:
    return bool(db.execute(f"SELECT EXISTS (SELECT 1 FROM {table})").get)


def gone(store: Store, sought: Sought) -> None:
    """Nothing is left, by our own search and by looking at all there is."""
    found = store.redacting.find(sought)
    assert found.total == 0, found.places
    path = Path(store.path)
    assert [(table, name) for table, name, value in everything(path) if sought.hits(value)] == []
    for file in path.parent.rglob("*"):
        if file.is_file():
            assert not sought.hits(file.read_bytes()), file


def forget(store: Store, text: str) -> int:
    sought = Sought(text)
    found = store.redacting.find(sought, breaks=breaks)
    store.redacting.write_over(sought, found)
    store.vacuum()
    gone(store, sought)
    return found.total


def planted(path: Path) -> int:
    """The secret behind what every column of every table has that may hold words; where a table is empty, in a row."""
    with tachograph.open(path) as store:
        tables = [one for one in text_columns.all(store._connection) if not one.own]
    db = raw(path)
    db.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
    db.pragma("foreign_keys", 0)
    db.pragma("ignore_check_constraints", 1)
    count = 0
    parents = {parent for _, _, parent in CHILDREN}
    named = {one.table: dict(db.execute('SELECT "from", "table" FROM pragma_foreign_key_list(?)', (one.table,)))
             for one in tables}  # fmt: skip
    for one in tables:
        if not _some(db, one.table):
            fill(db, one.table)
        place = f"{column_of(one)} IS (SELECT min({column_of(one)}) FROM {one.table})"
        for column in one.columns:
            if (one.table, column) == ("_steps", "arguments") or named[one.table].get(column, "_") in parents:
                continue
            old = db.execute(f"SELECT {column} FROM {one.table} WHERE {place}").get
            json = column.endswith("_json") or column == "collision_history"
            value: Any = msgspec.json.encode({"password": SECRET}).decode() if json else f"{old or ''} {SECRET}"
            value = value.encode() if (one.table, column) == ("_quarantine", "data") else value
            db.execute(f"UPDATE {one.table} SET {column} = ? WHERE {place}", (value,))
            count += db.changes()
    for child, column, parent in CHILDREN:
        assert named[child][column] == parent
        db.execute(f"UPDATE {child} SET {column} = (SELECT {column} FROM {parent} ORDER BY rowid LIMIT 1)"
                   f" WHERE rowid = (SELECT min(rowid) FROM {child})")  # fmt: skip
    return count


KEYS = {
    **{"_aliases": "session", "_deleted_histories": "at", "_file_activity": "last_at"},
    **{"_presence": "slot", "_touches": "event"},
}


def column_of(table: text_columns.Texts) -> str:
    """What tells its rows apart."""
    return KEYS.get(table.table, "rowid")


def fill(db: apsw.Connection, table: str) -> None:
    declared = db.execute("SELECT name, type, pk FROM pragma_table_info(?)", (table,)).fetchall()
    values = {"INTEGER": 1, "REAL": 1.0, "BLOB": b"1", "ANY": "1"}
    names = ", ".join(name for name, _, _ in declared)
    given = [values.get(type, "{}" if name.endswith("_json") else "1") for name, type, _ in declared]
    db.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(given))})", given)


@pytest.fixture
def sample(sample_home: Path, home: Path) -> Path:
    return copied(sample_home, home) / "tachograph.db"


def test_it_goes_from_every_column_of_every_table(sample: Path) -> None:
    count = planted(sample)
    assert count > 100
    with tachograph.open(sample) as store:
        sought = Sought(SECRET)
        wrong = len(store.check())  # rows whose keys were changed in one place only
        found = store.redacting.find(sought, breaks=breaks)
        assert found.refusal == "" and found.total >= 100
        assert set(found.rows) == {one.table for one in text_columns.all(store._connection) if not one.own}
        store.redacting.write_over(sought, found)
        store.vacuum()
        gone(store, sought)
        assert len(store.check()) == wrong


def test_what_was_printed_is_gone_from_output_and_index_and_the_rest_is_found(store: Store) -> None:
    before = b"".join(b"line %05d of the build\n" % number for number in range(3000))
    coloured = f"\x1b[31mKuh-\x1b[0m{SECRET[4:]} was the password\n".encode()
    printed(store, "codex-1", (AT, before), (AT + 1, coloured[:9]), (AT + 2, coloured[9:] + before))
    times = [chunk.times for chunk in store.output.chunks("codex-1")]
    assert forget(store, SECRET) == 1
    (hit,) = store.search("password").hits
    assert hit.text == STARS + " was the password"
    whole = b"".join(chunk.data for chunk in store.output.chunks("codex-1"))
    assert whole == before + b"\x1b[31m****\x1b[0m" + STARS[4:].encode() + b" was the password\n" + before
    assert [chunk.times for chunk in store.output.chunks("codex-1")] == times
    assert (
        not {"kuh", "zwirn"} & words(store.path)
        and len(store.search("build", limit=9000, budget_ms=60_000).hits) == 6000
    )


@pytest.mark.parametrize("cut", range(1, len(SECRET.encode())))
def test_chunks_may_cut_it(store: Store, cut: int) -> None:
    data = b"x" * 100 + SECRET.encode() + b"y" * 100 + b"\n"
    printed(store, "codex-1", (AT, data), size=100 + cut)
    assert forget(store, SECRET) == 1
    whole = b"".join(chunk.data for chunk in store.output.chunks("codex-1"))
    assert whole == data.replace(SECRET.encode(), STARS.encode())


def test_a_call_keeps_its_arguments_and_the_index_knows_them_as_they_are(store: Store) -> None:
    long = f"{'x' * 95}{SECRET} and more " + "words of a file " * 40
    store.events.add_many(
        [
            event(event_type="command", tool_name="Bash", command=f"login {SECRET}", status="ok",
                  metadata={"input": {"command": f"login {SECRET}", "description": "log in"}}),
            event(event_type="file_op", tool_name="Write", operation="write", file_path=f"/tmp/{SECRET}",
                  metadata={"input": {"file_path": f"/tmp/{SECRET}", "content": long}}),
        ]
    )  # fmt: skip
    with store.transaction():
        store._writer.settle()
    assert "kuh" in words(store.path)
    forget(store, SECRET)
    command, written = store.events.list()
    assert command.metadata == {"input": {"command": f"login {STARS}", "description": "log in"}}
    assert written.metadata["input"]["content"] == long.replace(SECRET, STARS)
    assert written.file_path == f"/tmp/{STARS}" == store.files.activity("codex-1")[0]["file_path"]
    assert "kuh" not in words(store.path) and len(store.search("login").hits) == 1
    assert raw(store.path).execute("SELECT count(*) FROM _events WHERE instr(metadata_json, 'Kuh')").get == 0, (
        "cut texts"
    )


def test_blocks_of_code_that_become_one_are_one(store: Store) -> None:
    for content in (f'key = "{SECRET}"', f'key = "{STARS}"', "print(1)"):
        store.code_blocks.add(block(content))
    forget(store, SECRET)
    assert sorted(one.content for one in store.code_blocks.list()) == [f'key = "{STARS}"', "print(1)"]
    (found,) = [one for one in store.code_blocks.list() if "key" in one.content]
    assert len(store.code_blocks.sightings(found.digest or "")) == 2


def archived(store: Store, path: str, *pieces: bytes, masks: tuple[Masked, ...] = ()) -> int:
    """A history whose bytes are stored a piece at a time."""
    with store.transaction():
        history = store.histories.begin(path, "claude")
        store.histories.append(history.id, pieces[0], masks)
    for piece in pieces[1:]:
        with store.transaction():
            store.histories.append(history.id, piece)
    return history.id


LINE = b'{"n": %06d, "text": "%s"}\n'


def lines(count: int, text: str = "nothing special", first: int = 0) -> bytes:
    return b"".join(LINE % (number, text.encode()) for number in range(first, first + count))


def test_the_archive_gives_back_the_same_with_stars_and_files_still_grow(store: Store) -> None:
    shared = lines(9000)
    told = LINE % (1, SECRET.replace('"', '\\"').encode())
    one = archived(store, "/h/one.jsonl", shared + told + lines(4000, first=9000), lines(4000, first=20_000))
    two = archived(store, "/h/two.jsonl", shared)
    assert forget(store, SECRET) == 1
    kept = b"".join(store.histories.read(one))
    assert len(kept) == len(shared + told) + 8000 * len(LINE % (1, b"nothing special"))
    assert kept[len(shared) : len(shared + told)] == LINE % (1, (STARS + "*").encode())
    assert b"".join(store.histories.read(two)) == shared and store.check() == []
    with store.transaction():
        store.histories.append(one, lines(5000, first=40_000))
    assert b"".join(store.histories.read(one)) == kept + lines(5000, first=40_000)


def test_it_may_begin_in_a_mask_and_end_behind_it(store: Store) -> None:
    head, tail = SECRET.encode()[:6], SECRET.encode()[6:]
    mask = Masked(10, len(b"[redacted:x]"), b"other " + head)
    number = archived(store, "/h/one.jsonl", b"0123456789[redacted:x]" + tail + b" end\n", masks=(mask,))
    assert forget(store, SECRET) == 1
    assert b"".join(store.histories.read(number)) == b"0123456789other " + STARS.encode() + b" end\n"
    masked = b"".join(store.histories.read(number, masked=True))
    assert masked == b"0123456789[redacted:x]" + STARS[6:].encode() + b" end\n"


def test_it_goes_from_what_nobody_has_any_more_and_from_masks_that_never_came_to_be(store: Store) -> None:
    number = archived(store, "/h/one.jsonl", lines(6000, SECRET) + lines(6000, first=6000))
    archived(store, "/h/two.jsonl", lines(6000, SECRET) + lines(6000, first=6000))
    with store.transaction():
        store.histories.replace(number, b"something else\n")
        store.histories.vault.replace(number, 7, [Masked(0, 5, SECRET.encode())])
    assert store._connection.execute("DELETE FROM _history_parts WHERE number < 2").fetchall() == []
    assert store.redacting.find(Sought(SECRET)).nobodys
    forget(store, SECRET)
    assert store.check() == []


def test_equal_parts_stay_one(store: Store) -> None:
    with_it, without = (lines(3000) + LINE % (1, text.encode()) + lines(3000) for text in (SECRET[:9], STARS[:9]))
    one, two = archived(store, "/h/one.jsonl", with_it), archived(store, "/h/two.jsonl", without)
    forget(store, SECRET[:9])
    assert b"".join(store.histories.read(one)) == b"".join(store.histories.read(two)) == without
    db = raw(store.path)
    rows = db.execute("SELECT history, group_concat(blob) FROM _history_parts GROUP BY history").fetchall()
    assert rows[0][1] == rows[1][1]
    assert store.check() == []


def test_what_was_sealed_is_sealed_anew_and_what_others_changed_stays_an_alarm(store: Store) -> None:
    for name in ("exec-1", f"exec {SECRET}"):
        store.receipts.add(name, "codegen", "generation", "passed", receipt={"note": SECRET},
                           inputs={"argv": ["login", SECRET]}, outputs={"exit_code": 0})  # fmt: skip
        store.stages.add(name, "μ₁_normalize", 5, "passed")
    store.memory.set("codegen", {"password": SECRET})
    store.memory.set("codegen", {"password": SECRET, "more": 1})
    for details in ("honest", "changed"):
        store.audit.add("codegen", "deploy", "completed", details=f"{details} {SECRET}")
    raw(store.path).execute("UPDATE audit_log SET status = 'failed' WHERE details LIKE 'changed%'")
    assert [problem.name for problem in store.ledger.verify().problems] == ["audit_log"]
    forget(store, SECRET)
    report = store.ledger.verify()
    assert [(problem.name, problem.row) for problem in report.problems] == [("audit_log", 2)] and report.unsealed == []
    for receipt in store.receipts.list():
        assert proving.receipt(store, receipt)["problems"] == []
    assert {one.execution_id for one in store.receipts.list()} == {"exec-1", f"exec {STARS}"}
    assert [one.version for one in store.memory.history("codegen")] == [2, 1], "no version is made of it"
    assert store.check() == []


def test_a_receipt_that_was_put_aside_holds_too(store: Store) -> None:
    store.receipts.add("exec-1", "codegen", "generation", "passed", receipt={"note": SECRET})
    raw(store.path).execute("INSERT INTO receipts_archive SELECT * FROM receipts; DELETE FROM receipts")
    assert store.ledger.verify().sound
    forget(store, SECRET)
    assert store.ledger.verify().sound


@pytest.mark.parametrize("text", ["codex", "python_exception", "generation", "completed"])
def test_words_that_everything_is_sorted_by_stay(store: Store, text: str) -> None:
    store.extractions.add(extraction(original_line=f"{text} failed"))
    refused(store, text, "word that everything is sorted by")


def test_what_is_no_secret_stays(store: Store) -> None:
    store.extractions.add_many([extraction(original_line=f"{n}: the same words", at=AT + n) for n in range(1100)])
    refused(store, "the same", "1,100 events")


@pytest.mark.parametrize("text", ['password":"abc', "[null,"])
def test_what_would_leave_no_json_is_refused_and_nothing_is_changed(store: Store, text: str) -> None:
    archived(store, "/h/one.jsonl", b'{"password":"abcdef","more":[null,1]}\n')
    store.events.add(event(metadata={"input": "abcdef"}))
    refused(store, text, "no JSON in the archive")


def refused(store: Store, text: str, why: str) -> None:
    sought, before = Sought(text), list(everything(Path(store.path)))
    found = store.redacting.find(sought, breaks=breaks)
    assert why in found.refusal
    with pytest.raises(Refused):
        store.redacting.write_over(sought, found)
    assert list(everything(Path(store.path))) == before


def test_who_is_killed_has_a_sound_store_and_runs_it_again(sample: Path) -> None:
    """At the end of each of its transactions, and before the next."""
    planted(sample)
    sought = Sought(SECRET)
    with tachograph.open(sample) as store:
        wrong, last = len(store.check()), store.redacting.find(sought).total
    for transactions in range(1, 1000):
        if not killed(sample, sought, transactions):
            break
        with tachograph.open(sample) as store:
            left = store.redacting.find(sought).total
            assert left <= last and len(store.check()) <= wrong
            last = left
    assert transactions > 3
    with tachograph.open(sample) as store:
        store.vacuum()
        gone(store, sought)


@pytest.mark.parametrize("writes", [1, 4, 12, 40])
def test_on_a_full_disk_it_says_so_and_is_done_later(tmp_path: Path, writes: int) -> None:
    sought = Sought(SECRET)
    with disk.inserted() as bad, fresh(tmp_path) as store:
        printed(store, "codex-1", (AT, f"it is {SECRET}\n".encode() * 3000))
        store.events.add_many([event(content=f"{number} {SECRET}") for number in range(900)])
        store.audit.add("codegen", "deploy", "completed", details=SECRET)
        found, left = store.redacting.find(sought), [writes]

        def full(what: str) -> Exception | None:
            left[0] -= what == "write"
            return apsw.FullError("no space left") if what == "write" and left[0] < 0 else None

        bad.fault = full
        with pytest.raises(StoreError, match="no space left"):
            store.redacting.write_over(sought, found)
            store.vacuum()
        bad.fault = lambda _: None
        assert store.check() == [] and store.ledger.verify().problems == []
    with tachograph.open(tmp_path / "tachograph.db") as store:
        forget(store, SECRET)
        assert len(store.events.list(limit=None)) == 900 and store.check() == []


def killed(path: Path, sought: Sought, transactions: int) -> bool:
    """Whether another process, which is killed when so many transactions have begun to commit, was not done by then."""
    pid = os.fork()
    if pid == 0:
        left = [transactions]

        def hook() -> bool:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return False

        with tachograph.open(path) as store:
            store._connection.set_commit_hook(hook)
            store.redacting.write_over(sought, store.redacting.find(sought))
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL

"""Sessions that are deleted: what is left is what there would be without them; they come back only when asked to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tachograph.store import archive
from tests.cli import histories
from tests.cli.histories import CHILD, FIRST, OTHER, SECOND, SECRET
from tests.ingest.machine import Machine, differences, everything, machine
from tests.ingest.test_history_files import FIRST as LINES
from tests.ingest.test_history_files import NAME, SESSION, database, recordings
from tests.ingest.test_history_secrets import everywhere
from tests.recount import rows

# What stays whatever is deleted: names and kinds, places, what was noted of the deleting itself.
KEPT = {
    *("_agents", "_kinds", "_counters", "_versions", "_schema_metadata", "_deleted_histories", "_changes", "_ledger"),
    *("audit_log", "sqlite_sequence", "_search_data", "_search_idx", "_search_config", "workflow_sessions", "_sending"),
    *("_operations", "_receipt_statuses", "_audit_statuses", "_workflow_statuses", "_collision_types"),
    *("_collision_severities", "_stages", "_stage_statuses", "_slo_severities"),
}


def delete(one: Machine, *sessions: str) -> None:
    one.store.deleting.delete(one.store.deleting.plan(sessions))


def known(one: Machine) -> dict[str, list[Any]]:
    """Everything but the workflows, which depend on the order in which sessions come."""
    found = everything(one.store, order=False)
    for session in found["sessions"]:
        session["workflow_id"] = None
    return found


def project(one: Machine, *sessions: str) -> dict[str, Path]:
    """Files of these sessions below the user's home, imported."""
    files = histories.write(one.home)
    for session in set(files).difference(sessions):
        files.pop(session).unlink()
    one.look()
    return files


@pytest.mark.parametrize(
    ("gone", "left"),
    [((SECOND,), (FIRST, CHILD, OTHER)), ((FIRST,), (SECOND, OTHER)), ((CHILD, OTHER), (FIRST, SECOND))],
)
def test_what_is_left_is_what_there_would_be_without_it(gone: tuple[str, ...], left: tuple[str, ...]) -> None:
    """Tokens, too, that were counted where they were copied from."""
    with machine() as one, machine() as other:
        project(one, FIRST, CHILD, SECOND, OTHER)
        delete(one, *gone)
        project(other, *left)
        assert differences(known(one), known(other)) == []
        assert one.store.ledger.verify().sound


def test_of_all_recordings_nothing_is_left() -> None:
    with machine() as one:
        recordings(one)
        one.look()
        names = [session.id for session in one.store.sessions.list(limit=None)]
        assert len(names) > 40
        delete(one, *names)
        tables = [name for (name,) in rows(one.store, "SELECT name FROM sqlite_schema WHERE type = 'table'")]
        left = {table for table in tables if rows(one.store, f"SELECT 1 FROM {table} LIMIT 1")}
        histories_left = rows(one.store, "SELECT path FROM _histories WHERE session IS NOT NULL OR kept_bytes > 0")
        assert left - KEPT <= {"_histories"} | ({"_blobs", "_history_parts"} if histories_left else set())
        assert one.store.search("error").hits == []
        assert one.store.ledger.verify().sound


def test_neither_words_nor_secrets_are_on_the_disk() -> None:
    with machine() as one:
        project(one, FIRST, CHILD, SECOND, OTHER)
        one.store.vacuum()  # so that the vault is one file
        vault = one.folder / "secrets.db"
        assert b"document it" in everywhere(one.folder) and SECRET.encode() in vault.read_bytes()
        delete(one, FIRST)
        one.store.vacuum()
        assert b"document it" not in everywhere(one.folder), "only this session said that"
        assert SECRET.encode() in vault.read_bytes(), "the other one has it, too"
        delete(one, SECOND)
        one.store.vacuum()
        for path in one.folder.glob("*.db*"):  # with what SQLite keeps beside them
            assert SECRET.encode() not in path.read_bytes(), path
        assert b"TypeError" not in everywhere(one.folder)


def test_it_is_not_imported_again_before_somebody_names_it() -> None:
    with machine() as one:
        path = one.put(NAME, LINES)
        one.take(path)
        before = everything(one.store)
        delete(one, SESSION)
        for _ in range(2):
            assert one.look().parsed == 0
            assert one.store.sessions.list() == []
            one.restart()
        candidate = one.candidate(path)._replace(final=True)
        one.histories.allow([candidate])
        assert one.histories.changed([candidate]) == [candidate]
        one.histories.take(candidate)
        assert differences(everything(one.store), before) == []


def test_a_session_that_was_deleted_by_another_process_and_goes_on_stays_deleted() -> None:
    """`tachograph up` knows the file, and has a parser that has read it."""
    with machine() as one:
        path = one.put(NAME, LINES, at=None)
        one.take(path, final=False)
        other = Machine.__new__(Machine)
        other.folder = one.folder
        other.open()
        delete(other, SESSION)
        other.close()
        one.put(NAME, LINES + LINES.replace(b'"uuid": "u', b'"uuid": "w'), at=None)
        report = one.histories.take(one.candidate(path))
        assert (report.parsed, report.deleted, one.histories.complaints) == (0, 1, [])
        assert one.store.sessions.list() == []


def test_one_session_of_a_database_goes_and_comes_back() -> None:
    with machine() as one:
        path = database(one)
        one.look()
        before = known(one)
        name, *others = [session.id for session in one.store.sessions.list() if session.parent_id is None]
        assert others
        delete(one, name)
        one.restart()
        assert one.look().sessions == frozenset()
        assert not one.store.sessions.exists(name)
        candidate = one.candidate(path)._replace(final=True)
        one.histories.allow([candidate])
        for changed in one.histories.changed([candidate]):
            one.histories.take(changed)
        assert differences(known(one), before) == []


def test_sessions_that_one_file_tells_of_go_together() -> None:
    with machine() as one:
        one.put("aider/.aider.chat.history.md", (histories_of("aider") / "chat.history.md").read_bytes())
        one.look()
        name, *others = sorted(session.id for session in one.store.sessions.list())
        (told,) = one.store.deleting.plan([name]).others.values()
        assert told == others
        assert one.store.deleting.plan([name, *others]).others == {}


def histories_of(agent: str) -> Path:
    return Path(__file__).parents[1] / "histories" / agent


def test_what_lies_behind_deleted_parts_in_their_stream_is_stored_without_them() -> None:
    """Parts are read by way of those that were stored with them; a deleted one must not stay for that."""
    with machine() as one:
        db = one.store._connection
        contents = [b"%d secret " % number * 20_000 for number in range(6)]
        first, second = (one.store.histories.begin(name, "plain_log") for name in ("/one", "/two"))
        with one.store.transaction():
            blobs = archive.add(db, contents)
            for number, blob in enumerate(blobs):
                db.execute("INSERT INTO _history_parts VALUES (?, ?, ?)", (first.id, number, blob))
            for number, blob in enumerate((blobs[2], blobs[4])):
                db.execute("INSERT INTO _history_parts VALUES (?, ?, ?)", (second.id, number, blob))
        with one.store.transaction():
            one.store.histories.delete(first)
        assert [row for (row,) in rows(one.store, "SELECT id FROM _blobs ORDER BY id")] == [blobs[2], blobs[4]]
        assert b"".join(one.store.histories.read(second.id)) == contents[2] + contents[4]

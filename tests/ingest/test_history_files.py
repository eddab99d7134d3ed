"""What can happen to a history between two looks: nothing is lost, nothing is there twice, and what did not change is
not even opened."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest
import zstandard

from tachograph import clock
from tachograph.extract.rules import Rules
from tachograph.ingest import history_bytes, history_import
from tachograph.ingest.histories import Histories
from tests.ingest.machine import HISTORIES, LONG_AGO, Machine, differences, everything, machine, shipped
from tests.readers.claude_records import answer, call, numbered, says, text, user
from tests.recount import rows

NAME = "projects/-thing/11111111-2222-4333-8444-555555555555.jsonl"
SESSION = "11111111-2222-4333-8444-555555555555"
_watching: list[list[str]] = []


def _notice(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _watching:
        _watching[-1].append(os.fsdecode(arguments[0]) if not isinstance(arguments[0], int) else "")


sys.addaudithook(_notice)


@contextmanager
def opened_below(folder: Path) -> Iterator[list[str]]:
    """Files in a folder that were opened meanwhile; filled when it is left."""
    found: list[str] = []
    _watching.append([])
    try:
        yield found
    finally:
        found += [path for path in _watching.pop() if path.startswith(str(folder))]


def transcript(*records: dict[str, Any], session: str = SESSION) -> bytes:
    return b"".join(json.dumps({**one, "sessionId": session}).encode() + b"\n" for one in numbered(records))


FIRST = transcript(
    user("look at it"),
    says(text("I look."), call("Read", "r1", file_path="/thing/a.py")),
    answer("print(1)\nerror: no", "r1"),
)
SECOND = FIRST + transcript(
    user("mend it"),
    says(text("Mended:\n\n```python\nprint(2)\n```\n"), call("Bash", "b1", command="make test"), id="m2"),
    answer("error: still not", "b1", error=True),
).replace(b'"uuid": "u', b'"uuid": "v')


def recordings(one: Machine) -> None:
    for path in sorted(HISTORIES.rglob("*.*")):
        if path.parent.name != "hooks" and path.suffix not in (".sql", ".md"):
            one.put(str(path.relative_to(HISTORIES)), path.read_bytes())
    database(one)
    one.put("make.log", b"error: nothing to make")
    one.put("picture.png", b"\x89PNG\r\n\x1a\n\x00\x00")
    one.put("empty.jsonl", b"")
    one.put("odd # name.jsonl", FIRST)


def database(one: Machine) -> Path:
    path = one.home / "opencode.db"
    connection = apsw.Connection(str(path))
    connection.pragma("journal_mode", "wal")
    connection.execute((HISTORIES / "opencode" / "opencode.sql").read_text()).fetchall()
    connection.close()
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def prompts(one: Machine) -> list[tuple[str, str]]:
    return rows(
        one.store,
        "SELECT session_id, content FROM events WHERE event_type = 'prompt' ORDER BY session_id, seq",
    )


def generations(one: Machine) -> list[tuple[int, bytes]]:
    return [(found.generation, b"".join(one.store.histories.read(found.id))) for found in one.store.histories.all()]


def test_a_second_pass_reads_nothing_and_opens_nothing() -> None:
    with machine() as one:
        recordings(one)
        first = one.look()
        before = everything(one.store)
        assert first.parsed > 30
        assert first.failed == 0
        for _ in range(2):
            with opened_below(one.home) as opened:
                again = one.look()
            assert (again.parsed, again.bytes, again.failed) == (0, 0, 0)
            assert opened == []
            one.restart()  # another process knows as much
        one.put(NAME, FIRST)
        with opened_below(one.home) as opened:
            assert one.look().parsed == 1
        assert {os.path.basename(path) for path in opened} == {os.path.basename(NAME)}
        assert differences(before, {**everything(one.store), "archive": before["archive"]}, 1)


def test_a_database_of_many_sessions_is_one_file() -> None:
    with machine() as one:
        report = one.take(database(one))
        assert len(report.sessions) > 1
        assert (report.files, report.parsed) == (1, 1)


def test_rules_are_asked_for_when_a_file_is_read_and_once() -> None:
    asked = []

    def rules() -> Rules:
        asked.append(1)
        return shipped()

    with machine() as one:
        one.histories = Histories(one.store, rules)
        assert (one.look().parsed, asked) == (0, [])
        for session in ("a", "b"):
            one.put(f"{session}/{NAME}", FIRST.replace(SESSION.encode(), session.encode()))
        assert (one.look().parsed, asked) == (2, [1])
        one.histories = Histories(one.store, rules)
        assert (one.look().parsed, asked) == (0, [1])


def test_a_file_that_was_only_touched_is_not_read() -> None:
    with machine() as one:
        one.take(one.put(NAME, SECOND))
        before = everything(one.store)
        for restart in (False, True):
            one.put(NAME, SECOND, LONG_AGO + 5 + restart)
            if restart:
                one.restart()
            report = one.look()
            assert (report.parsed, report.bytes) == (0, 0)
        assert everything(one.store) == before
        assert len(one.store.histories.all()) == 1


@pytest.mark.parametrize("restart", [False, True], ids=["followed", "looked at again"])
@pytest.mark.parametrize("inode", ["rewritten in place", "replaced"])
def test_cut_short_and_written_anew(inode: str, restart: bool) -> None:
    other = transcript(user("another thing")).replace(b'"u0"', b'"w0"')
    with machine() as one:
        path = one.put(NAME, SECOND)
        one.take(path)
        if inode == "replaced":
            path.rename(path.with_suffix(".1"))
        path = one.put(NAME, other, LONG_AGO + 1)
        if restart:
            one.restart()
        one.take(path)
        more = other + other.replace(b"another", b"one more").replace(b'"w0"', b'"w1"')
        one.put(NAME, more, LONG_AGO + 1)
        one.take(path)
        assert [text for _, text in prompts(one)] == ["look at it", "mend it", "another thing", "one more thing"]
        assert [(number, len(data)) for number, data in generations(one)] == [(1, len(SECOND)), (2, len(more))]
        assert one.originals(SESSION) == [SECOND, more]


@pytest.mark.parametrize("what", ["its end", "its beginning"])
@pytest.mark.parametrize("inode", ["rewritten in place", "replaced"])
def test_other_content_of_the_same_size(inode: str, what: str) -> None:
    words = (b"still not", b"not still") if what == "its end" else (b"look at it", b"look at us")
    long = FIRST + transcript(*[user(f"again {number}") for number in range(60)]) + SECOND[len(FIRST) :]
    with machine() as one:
        path = one.put(NAME, long)
        one.take(path)
        if inode == "replaced":
            path.unlink()
        one.put(NAME, long.replace(*words), LONG_AGO + 1)
        one.take(path)
        one.put(NAME, long.replace(*words) + transcript(user("and on")), LONG_AGO + 1)
        one.take(path)
        assert [number for number, _ in generations(one)] == [1, 2]
        assert one.originals(SESSION) == [long, long.replace(*words) + transcript(user("and on"))]
        found = rows(one.store, "SELECT tool_call_id, content FROM events WHERE tool_call_id IS NOT NULL ORDER BY seq")
        assert found[-1] == ("b1", words[1].decode() if what == "its end" else "error: still not") or what == "its end"
        assert len(found) == 2


def test_deleted_and_back_again() -> None:
    with machine() as one:
        path = one.put(NAME, SECOND)
        other = one.put("projects/-thing/other # 1.jsonl", FIRST.replace(SESSION.encode(), b"other"))
        one.look()
        before = everything(one.store)
        path.unlink()
        one.look()
        present = [(found.path, found.gone_at is None) for found in one.store.histories.all()]
        assert present == [
            (str(path), False),
            (str(other), True),
        ]
        assert one.originals(SESSION) == [SECOND]
        at = one.store.histories.all()[0].gone_at
        one.look()
        assert one.store.histories.all()[0].gone_at == at, "noted once"
        one.put(NAME, SECOND)
        assert one.look().parsed == 0
        assert all(found.gone_at is None for found in one.store.histories.all())
        assert everything(one.store) == before


def test_renamed() -> None:
    with machine() as one:
        path = one.put(NAME, SECOND)
        one.look()
        before = everything(one.store)
        path.rename(path.with_name("renamed.jsonl"))
        one.look()
        after = everything(one.store)
        assert differences({**before, "archive": []}, {**after, "archive": []}) == []
        assert [(os.path.basename(h.path), h.gone_at is None) for h in one.store.histories.all()] == [
            (os.path.basename(NAME), False),
            ("renamed.jsonl", True),
        ]
        assert rows(one.store, "SELECT count(*) FROM _blobs") == [(1,)], "the same bytes are kept once"


def test_a_file_that_is_empty_at_first() -> None:
    with machine() as one:
        one.put(NAME, b"")
        assert one.look().unread == 1
        one.put(NAME, FIRST[:40])
        one.look()
        one.put(NAME, FIRST)
        assert one.look().parsed == 1
        assert generations(one) == [(1, FIRST)]
        assert one.originals(SESSION) == [FIRST]


def test_a_log_that_is_written_anew_is_there_once() -> None:
    cast = b'{"version": 2, "width": 80, "height": 24, "timestamp": 1780000000}\n'
    lines = [b'[%d.5, "o", "error: number %d\\r\\n"]\n' % (n, n) for n in range(1, 40)]
    with machine() as one:
        path = one.put("a.cast", cast + b"".join(lines))
        one.take(path)
        ids = rows(one.store, "SELECT id FROM extraction_events WHERE matched_value LIKE '%number 7'")
        one.put("a.cast", cast + b"".join(lines[:20]), LONG_AGO + 1)
        one.take(path)
        with machine() as fresh:
            fresh.take(fresh.put("a.cast", cast + b"".join(lines[:20]), LONG_AGO + 1))
            known = everything(fresh.store)
        assert differences({**known, "archive": []}, {**everything(one.store), "archive": []}) == []
        assert rows(one.store, "SELECT id FROM extraction_events WHERE matched_value LIKE '%number 7'") == ids
        assert [number for number, _ in generations(one)] == [1, 2]


def test_what_was_typed_into_a_terminal_is_no_output() -> None:
    with machine() as one:
        one.take(one.put("a.cast", (HISTORIES / "asciicast" / "markers-input.cast").read_bytes()))
        (session,) = one.store.sessions.list()
        assert session.output_bytes == len("start middle more end done") + len("\r\n") * 5 - len(" ") * 4
        assert one.store.output.streams(session.id).keys() == {"stdout", "input"}


ODD = {
    "no line end at the end": FIRST[:-1],
    "carriage returns": FIRST.replace(b"\n", b"\r\n"),
    "NULs": FIRST + b"\x00\x00\x00\n\x00",
    "no UTF-8": FIRST.replace(b"look at it", b"look \xff\xfe at \xc3(") + b"\xff\n\xc3",
    "a mark at the beginning": b"\xef\xbb\xbf" + FIRST,
    "empty lines": b"\n\n" + FIRST.replace(b"\n", b"\n\n\n") + b"\n\n",
    "two objects on a line": FIRST.replace(b"\n", b"", 1),
    "half an object at the end": FIRST + SECOND[len(FIRST) : len(FIRST) + 77],
    "no JSON": FIRST + b"nobody knows what this is\n[1, 2]\n17\nnull",
    "compressed": zstandard.compress(FIRST),
    "compressed in two frames": zstandard.compress(FIRST[:100]) + zstandard.compress(FIRST[100:]),
    "compressed and cut": zstandard.compress(FIRST) + zstandard.compress(SECOND)[:-60],
}


@pytest.mark.parametrize("grows", [False, True], ids=["at once", "grown"])
@pytest.mark.parametrize("data", ODD.values(), ids=ODD)
def test_the_bytes_come_back_as_they_were(data: bytes, grows: bool) -> None:
    with machine() as one:
        if grows and data[:4] != zstandard.compress(b"")[:4]:
            for end in range(60, len(data), 61):
                one.put(NAME, data[:end])
                one.restart()
                one.take(one.home / NAME)
        path = one.put(NAME, data)
        one.take(path)
        assert one.original(path) == data
        assert one.originals(SESSION) == [data]
        assert one.take(path).parsed == 0


def test_a_compressed_history_tells_what_it_told_before() -> None:
    with machine() as one, machine() as other:
        one.take(one.put(NAME, SECOND))
        other.take(other.put(NAME + ".zst", zstandard.compress(SECOND)))
        known, found = everything(one.store), everything(other.store)
        assert differences({**known, "archive": []}, {**found, "archive": []}) == []


def test_a_document_that_is_being_written_is_waited_for() -> None:
    data = (HISTORIES / "gemini" / "session-2026-02-03T04-09-29eb990e.json").read_bytes()
    with machine() as one:
        path = one.put("session-2026-02-03T04-09-29eb990e.json", data[: len(data) // 2], None)
        one.take(path, final=False)
        assert one.histories.unfinished(one.candidate(path))
        assert one.store.histories.all() == []
        one.put(path.name, data, None)
        one.take(path, final=False)
        assert not one.histories.unfinished(one.candidate(path))
        assert generations(one) == [(1, data)]


def test_a_session_runs_while_it_is_written_and_a_copy_of_an_old_one_does_not() -> None:
    state = "SELECT status, ended_at FROM sessions ORDER BY id"
    with machine() as one:
        one.put(NAME, FIRST, at=None)
        one.look()
        assert rows(one.store, state) == [("completed", "2026-01-01T00:00:02.000Z")], "its records are months old"
        stamp = clock.iso(clock.now())
        running = b"".join(
            json.dumps({**json.loads(line), "sessionId": "running", "timestamp": stamp}).encode() + b"\n"
            for line in FIRST.splitlines()
        )
        one.put("running.jsonl", running, at=None)
        one.look()
        assert rows(one.store, state)[-1] == ("running", None)


def test_a_session_in_several_files_ends_with_the_last_of_them_in_whatever_order_they_are_read() -> None:
    """A part of it was copied, and the whole goes on; newest first is not always last things first."""
    for names in ((NAME, "projects/-thing/part.jsonl"), ("projects/-thing/part.jsonl", NAME)):
        with machine() as one:
            later = transcript({**user("again"), "uuid": "later", "timestamp": "2026-01-01T01:00:00Z"})
            files = {NAME: SECOND + later, "projects/-thing/part.jsonl": FIRST}
            for name in names:
                one.take(one.put(name, files[name]))
            state = rows(one.store, "SELECT status, ended_at FROM sessions")
            assert state == [("completed", "2026-01-01T01:00:00.000Z")]


def test_a_session_runs_on_when_an_older_part_of_it_is_read() -> None:
    with machine() as one:
        stamp = clock.iso(clock.now())
        one.take(
            one.put(NAME, SECOND + transcript({**user("now"), "uuid": "n", "timestamp": stamp}), None), final=False
        )
        one.take(one.put("projects/-thing/part.jsonl", FIRST))
        session = one.store.sessions.get(SESSION)
        assert (session.status, session.ended_at) == ("running", None)


def test_a_large_file_that_has_to_wait_is_read_on_where_it_was_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written long ago is the backlog; whatever is written now goes before it."""
    monkeypatch.setattr(history_import, "BLOCK", 2000)
    monkeypatch.setattr(history_bytes, "BLOCK", 2000)
    long = FIRST + transcript(*[user(f"again {number}") for number in range(99)])
    long = FIRST + long[len(FIRST) :].replace(b'"uuid": "u', b'"uuid": "w')
    with machine() as one:
        path = one.put(NAME, long)
        candidate, positions = one.candidate(path)._replace(final=True), []
        while one.histories.changed([candidate]):
            steps = iter([False, True])
            one.histories.take(candidate, stop=lambda steps=steps: next(steps))  # type: ignore[misc]
            known = one.store.histories.get(str(path))
            assert known is not None
            positions.append(known.read_bytes)
            unfinished = known.read_bytes < len(long)
            assert one.histories.unfinished(candidate) == unfinished
            assert (candidate.name in one.histories._imports) == unfinished, "what it knows is not learned again"
            with opened_below(one.home) as opened:
                assert one.histories.changed([candidate]) == ([candidate] if unfinished else [])
            assert opened == []
        assert positions == sorted(set(positions)) and len(positions) > 5
        assert len(prompts(one)) == 100
        assert one.original(path) == long

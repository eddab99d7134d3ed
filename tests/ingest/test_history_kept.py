"""What lies in an agent's folder is kept word for word, whether or not a reader knows it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import apsw
import zstandard

from tachograph.clock import SECOND
from tachograph.ingest import importing
from tests.extract.secret_samples import TOKENS
from tests.ingest.machine import LONG_AGO, Machine, machine, shipped
from tests.ingest.test_history_files import FIRST, SESSION, generations
from tests.ingest.test_history_files import SECOND as LONGER
from tests.ingest.test_history_secrets import CHANCE, leaks
from tests.recount import rows

FOLDER = ".claude/projects/-thing"
TRANSCRIPT = f"{FOLDER}/{SESSION}.jsonl"
WORKFLOW = f"{FOLDER}/{SESSION}/subagents/workflows/wf_1/journal.jsonl"
JOURNAL = f"{FOLDER}/{SESSION}/subagents/workflows/wf_1/unheard-of.jsonl"
LINES = [b'{"step": %d, "what": "of a workflow"}\n' % number for number in range(5)]
DAY = 86_400 * SECOND


def kept(one: Machine) -> list[tuple[str, str, bytes]]:
    """Name, reader and bytes of what is kept, the current of every file."""
    found = sorted(one.store.histories.current().values(), key=lambda h: h.path)
    return [(os.path.basename(h.path), h.reader, b"".join(one.store.histories.read(h.id))) for h in found]


def test_what_no_reader_knows_is_kept_and_given_back_with_its_session() -> None:
    with machine() as one:
        one.put(TRANSCRIPT, FIRST)
        journal = one.put(JOURNAL, b"".join(LINES))
        empty = one.put(f"{FOLDER}/{SESSION}/subagents/none.jsonl", b"")
        report = one.agents()
        assert (report.parsed, report.unread) == (1, 2)
        for path in (journal, empty):
            path.unlink()
        one.restart()
        assert one.agents().parsed == 0
        assert one.originals(SESSION) == [FIRST, b"", b"".join(LINES)]
        (alone,) = importing.archived(one.store, str(journal))
        assert b"".join(alone.read()) == b"".join(LINES)
        assert importing.archived(one.store, "/nowhere") == []
        assert [trouble.reason for trouble in one.store.keeping.troubles()] == []


def test_long_outputs_beside_a_transcript_are_kept_and_never_read_as_what_they_look_like() -> None:
    """An agent that has read a transcript, a picture, and what another session's folder holds."""
    secret = TOKENS["github_classic"](CHANCE)
    results = {
        f"{FOLDER}/{SESSION}/tool-results/a.jsonl": LONGER.replace(
            SESSION.encode(), b"77777777-0000-0000-0000-000000000000"
        ),
        f"{FOLDER}/{SESSION}/tool-results/b.png": b"\x89PNG\r\n\x1a\n\x00\xff",
        f"{FOLDER}/{SESSION}/tool-results/deeper/c.txt": b"token " + secret.encode() + b" without an end of line",
    }
    with machine() as one:
        for name, data in results.items():
            one.put(name, data)
        one.agents()
        assert one.store.sessions.list() == []
        one.put(TRANSCRIPT, FIRST)
        one.put(f"{FOLDER}/{SESSION[:-1]}0/tool-results/d.txt", b"of another session")
        one.agents()
        assert [session.id for session in one.store.sessions.list()] == [SESSION]
        assert one.originals(SESSION) == [FIRST, *results.values()]
        assert leaks(one, secret) == []
        assert one.store.keeping.troubles() == []
        shutil.rmtree(one.home / FOLDER / SESSION)
        one.restart()
        assert one.agents().parsed == 0
        assert one.originals(SESSION) == [FIRST, *results.values()]
        for history in one.store.histories.all():
            importing._reparsed(one.store, shipped(), history)
        assert [session.id for session in one.store.sessions.list()] == [SESSION]


def test_the_journal_of_a_workflow_is_no_riddle_and_kept_wherever_it_lies() -> None:
    data = b'{"type": "started", "key": "v2:hash0", "agentId": "ag1"}\n'
    with machine() as one:
        one.put(TRANSCRIPT, FIRST)
        one.put(WORKFLOW, data)
        assert (one.agents().unread, one.originals(SESSION)) == (0, [FIRST, data])
        moved = one.put(f"backup/{SESSION}/subagents/workflows/wf_1/journal.jsonl", data)
        one.look()
        assert one.original(moved) == data
        assert [session.id for session in one.store.sessions.list()] == [SESSION]


def test_it_grows_is_written_anew_and_stays_one_file() -> None:
    with machine() as one:
        for end in (1, 2, 5):
            one.put(JOURNAL, b"".join(LINES[:end]), LONG_AGO + end)
            one.agents()
            assert generations(one) == [(1, b"".join(LINES[:end]))]
            one.restart()
        for again in (b"something else, and longer than before" * 9, b"short", b""):
            one.put(JOURNAL, again, LONG_AGO + 10)
            one.agents()
            assert generations(one) == [(1, again)]
        assert rows(one.store, "SELECT trouble FROM _histories") == [("no reader knows this file",)]


def test_what_turns_out_to_be_a_history_is_read() -> None:
    with machine() as one:
        for data in (FIRST[:40], FIRST, LONGER):
            one.put(TRANSCRIPT, data)
            one.agents()
            one.restart()
            assert generations(one) == [(1, data)]
        assert one.store.sessions.get(SESSION).prompts == 2


def test_a_reader_of_today_reads_what_was_only_kept(tmp_path: Path) -> None:
    with machine() as one:
        path = one.put(TRANSCRIPT, FIRST)
        candidate = one.candidate(path)._replace(modules=("claude",), final=True)
        one.histories._keep(candidate, None, lambda: False)  # as if nobody had known it then
        path.unlink()
        assert one.store.sessions.list() == []
        (history,) = one.store.histories.all()
        report = importing._reparsed(one.store, shipped(), history)
        assert report.sessions == {SESSION}
        assert kept(one) == [(f"{SESSION}.jsonl", "claude", FIRST)]
        assert one.originals(SESSION) == [FIRST]


def test_its_secrets_are_masked_and_come_back() -> None:
    secret = TOKENS["github_classic"](CHANCE)
    data = b"".join(LINES) + json.dumps({"token": secret}).encode() + b"\n"
    with machine() as one:
        one.put(JOURNAL, data)
        one.agents()
        assert leaks(one, secret) == []
        assert kept(one)[0][2] == data


def test_what_is_none_of_an_agents_is_only_noted() -> None:
    """Pictures in a folder that somebody names, and databases with all that is in them."""
    with machine() as one:
        picture = one.put("pictures/one.png", b"\x89PNG\r\n\x1a\n\x00")
        one.take(picture)
        database = one.home / ".local/share/opencode/opencode.db"
        database.parent.mkdir(parents=True)
        connection = apsw.Connection(str(database))
        connection.execute("CREATE TABLE credential (secret); INSERT INTO credential VALUES ('s')")
        connection.close()
        one.agents()
        assert sorted(name for name, _, data in kept(one)) == ["one.png", "opencode.db"]
        assert rows(one.store, "SELECT sum(kept_bytes) FROM _histories") == [(0,)]


def test_compressed_and_damaged_it_is_kept_all_the_same() -> None:
    data = zstandard.compress(LONGER * 20)[:-60]
    name = ".codex/sessions/2026/01/01/rollout-2026-01-01T00-00-00-0199aaaa-0000-7000-8000-000000000004.jsonl.zst"
    with machine() as one:
        one.put(name, data)
        assert one.agents().unread == 1
        assert generations(one) == [(1, data)]


def test_an_agent_that_keeps_its_histories_for_longer_from_now_on() -> None:
    with machine() as one:
        one.put(TRANSCRIPT, FIRST)
        for settings, days in (({}, 30), ({"cleanupPeriodDays": 90}, 90), ({"cleanupPeriodDays": 7}, 7)):
            one.put(".claude/settings.json", json.dumps(settings).encode())
            one.agents()
            assert one.store.keeping.of([SESSION])[SESSION].keeps_until == LONG_AGO * SECOND + days * DAY
            one.restart()
            assert one.agents().parsed == 0

"""Files made to hurt: the report names them, what is good in them is there, and the others are read as ever."""

from __future__ import annotations

import json
import os

import pytest
import zstandard

from tachograph.ingest import discover, packed
from tests.ingest.machine import Machine, machine
from tests.ingest.test_history_files import FIRST, NAME, SESSION, prompts, transcript
from tests.readers.claude_records import answer, call, says, user
from tests.recount import rows

AFTER = transcript(user("still here")).replace(b'"uuid": "u', b'"uuid": "after')
LINES = {
    "arrays, 100 000 deep": b'{"type":"user","message":{"content":' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    "objects, 100 000 deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "never closed": b"[{" * 500_000,
    "NULs": b"\0" * 3_000_000,
    "every byte": bytes(byte for byte in range(256) if byte != 10) * 400,
    "half characters": b'{"type":"user","uuid":"h","message":{"content":"\\ud800 and \\u0000"}}',
    "half characters in its type": b'{"type":"\\ud800","uuid":"h"}',
    "half characters in a model": (
        b'{"type":"assistant","uuid":"h","timestamp":"2026-01-01T00:00:00.500Z","message":{"id":"m0","role":"assistant",'
        b'"model":"\\ud800","content":[{"type":"text","text":"yes"}],"usage":{"input_tokens":1,"output_tokens":1}}}'
    ),
    "quotes and nothing else": b'{"type":"user","message":{"content":"' + b'\\"' * 1_000_000 + b'"}}',
    "a number without end": b'{"type":"user","message":{"content":' + b"9" * 1_000_000 + b"}}",
}
BOMB = ".codex/sessions/2026/01/01/rollout-2026-01-01T00-00-00-0199aaaa-0000-7000-8000-000000000001.jsonl.zst"
META = (
    b'{"timestamp":"2026-01-01T00:00:00.000Z","type":"session_meta","payload":{"id":"0199aaaa-0000-7000-8000-000000000001"'
    b',"timestamp":"2026-01-01T00:00:00.000Z","cwd":"/x","originator":"codex_cli_rs","cli_version":"0.50.0"}}\n'
)
SAID = b'{"timestamp":"2026-01-01T00:00:01.000Z","type":"event_msg","payload":{"type":"user_message","message":"hi"}}\n'


def troubles(one: Machine) -> list[str]:
    found = rows(one.store, "SELECT unknown_json FROM _histories WHERE unknown_json IS NOT NULL")
    return [text for (text,) in found]


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_line_costs_itself_and_comes_back_as_it_was(line: bytes) -> None:
    data = FIRST + line + b"\n" + AFTER
    with machine() as one:
        path = one.put(NAME, data)
        one.take(path)
        said = [text for _, text in prompts(one)]
        assert said[0] == "look at it"
        assert said[-1] == "still here"
        assert one.originals(SESSION) == [data]


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_it_may_be_the_first_line_of_its_file(line: bytes) -> None:
    data = line + b"\n" + FIRST + AFTER
    with machine() as one:
        one.put(f".claude/projects/-x/{SESSION}.jsonl", data)
        assert one.agents().parsed == 1
        assert [text for _, text in prompts(one)][-2:] == ["look at it", "still here"]
        assert one.originals(SESSION) == [data]


@pytest.mark.parametrize("filling", [SAID * 1000, b"\0" * 100_000], ids=["lines", "NULs"])
def test_a_compressed_file_that_holds_more_than_can_be(filling: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "_ALWAYS", 1 << 20)
    data = zstandard.compress(META + SAID + b"\n" + filling * (100 << 20 >> 17))
    with machine() as one:
        path = one.put(BOMB, data)
        one.take(path)
        assert "holds too much" in troubles(one)[0]
        assert one.original(path) == data
        (session,) = one.store.sessions.list()
        assert 1 <= session.prompts < 20_000


def test_names_that_are_no_text() -> None:
    names = [b"line\nbreak.jsonl", b"\xff\xfe.jsonl", b"\x1b[31mred.jsonl", "ünï.jsonl".encode()]
    with machine() as one:
        for number, name in enumerate(names):
            path = os.path.join(os.fsencode(one.home), b".claude/projects/-x", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(FIRST.replace(SESSION.encode(), b"s%d" % number))
        assert one.agents().parsed == len(names)
        assert [session.prompts for session in one.store.sessions.list()] == [1] * len(names)
        one.restart()
        assert one.agents().parsed == 0
        kept = {os.path.basename(h.path).encode() for h in one.store.histories.current().values()}
        assert kept == {b"line\nbreak.jsonl", b"\\xff\\xfe.jsonl", b"\x1b[31mred.jsonl", "ünï.jsonl".encode()}


def test_what_is_no_file_is_no_candidate() -> None:
    with machine() as one:
        path = one.put(f".claude/projects/-x/{SESSION}.jsonl", FIRST)
        os.mkfifo(path.with_name("pipe.jsonl"))
        os.symlink("/dev/zero", path.with_name("zero.jsonl"))
        os.symlink("/etc", path.with_name("etc"))
        os.symlink(path.parent, path.with_name("round"))
        os.symlink("/nowhere", path.with_name("dangling.jsonl"))
        found = discover.on_this_machine(str(one.home), {})
        assert [candidate.path for candidate in found] == [str(path)]
        assert [candidate.path for candidate in discover.below(str(one.home))] == [str(path)]


def test_a_result_of_very_many_errors_and_lines_is_kept_and_says_that_findings_are_left_out() -> None:
    many = transcript(says(call("Bash", command="make")), answer("error: no such thing\n" * 10_001 + "\n" * 300_000))
    with machine() as one:
        one.take(one.put(NAME, many))
        (event,) = rows(one.store, "SELECT metadata_json FROM events WHERE tool_name = 'Bash'")
        assert json.loads(event[0])["findings_cut"] is True
        assert rows(one.store, "SELECT count(*) FROM extraction_events") == [(10_000,)]
        assert rows(one.store, "SELECT lines FROM _tool_output") == [(310_001,)]

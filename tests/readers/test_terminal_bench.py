"""Folders of terminal-bench trials, and logs without any format."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.readers import Origin, plain_log, terminal_bench
from tachograph.records import Usage
from tests.readers.told import HISTORIES, Told, facts, mangled, read, sound

RESULTS = (HISTORIES / "terminal-bench" / "results.json").read_bytes()
TRIAL = "fix-permissions.1-of-1.2025-07-21__14-03-12"
CI = (
    b"\xef\xbb\xbf2026-07-30T10:39:20.7140484Z ##[group]Run tests\n"
    b"2026-07-30T10:39:21.0000000Z \x1b[36;1mpytest\x1b[0m\n"
    b"a line without a time\n"
    b"2026-07-30T10:41:00Z ##[error]Process completed with exit code 1.\r"
)


def test_results_of_a_trial() -> None:
    session = read(terminal_bench, RESULTS).sessions[TRIAL]
    assert {key: session.facts[key] for key in ("title", "status", "usage", "agent")} == {
        "title": "fix-permissions",
        "status": "failed",
        "usage": Usage(None, 12345, 678),
        "agent": "terminal-bench",
    }
    assert session.facts["started_at"] == 1753106593_100_000_000
    assert session.facts["last_at"] == 1753106998_000_000_000
    assert [(step["content"], step["status"]) for step in session.all("marker")] == [
        ("agent timeout", "error"),
        ("test_file_exists passed", "ok"),
        ("test_permissions failed", "error"),
    ]
    (prompt,) = session.all("prompt")
    assert str(prompt["content"]).startswith("A script called") and prompt["at"] == 1753106600_500_000_000


def test_results_of_a_run_list_its_trials() -> None:
    trial = json.loads(RESULTS)
    unnamed = {"id": "i", "task_id": "other", "is_resolved": True, "parser_results": None, "failure_mode": "unset"}
    run = json.dumps({"id": "run", "results": [trial, unnamed, "no trial"], "accuracy": 0.5}).encode()
    told = read(terminal_bench, run, "/runs/run/results.json")
    assert list(told.sessions) == [TRIAL, "other-i"]
    assert told.sessions["other-i"].facts["status"] == "completed"
    assert len(told.unknown) == 1


def test_a_trial_without_a_name_is_called_as_its_folder() -> None:
    trial = {**json.loads(RESULTS), "trial_name": None}
    told = read(terminal_bench, json.dumps(trial).encode(), "/runs/r/fix/fix.2-of-5.r/results.json")
    assert list(told.sessions) == ["fix.2-of-5.r"]


def test_parts_of_a_trial() -> None:
    assert terminal_bench.part("/r/a/a.1-of-1.r/sessions/agent.cast") == ("a.1-of-1.r", None, None)
    assert terminal_bench.part("/r/a/a.1-of-1.r/tests.log") == ("a.1-of-1.r.tests.log", "a.1-of-1.r", "tests.log")
    assert terminal_bench.part("/r/a/sessions/agent.cast") is None


def test_a_log_is_kept_byte_for_byte_with_the_times_of_its_lines() -> None:
    told = read(plain_log, CI, "/logs/ci.txt", 5)
    assert told.only.text() == CI + b"\n"
    assert [piece.at % (10**9 * 1000) for piece in told.only.output] == [
        *(960_714_048_000, 961_000_000_000, 961_000_000_000, 60_000_000_000),
    ]
    assert told.only.facts["last_at"] == told.only.output[-1].at
    assert told.only.facts["started_at"] == told.only.output[0].at


def test_a_log_without_times_was_last_written_with_its_file() -> None:
    told = read(plain_log, b"one\ntwo\n", "/logs/make.log", 7)
    assert told.only.facts == {"id": next(iter(told.sessions)), "title": "make.log", "last_at": 7}
    assert [piece.at for piece in told.only.output] == [0, 0]
    assert facts(plain_log, b"") == []


def test_the_log_of_a_trial_is_a_session_below_it() -> None:
    told = read(plain_log, b"PASSED a::b\n", f"/runs/{TRIAL}/sessions/tests.log")
    assert list(told.sessions) == [f"{TRIAL}.tests.log"] and told.only.facts["parent_id"] == TRIAL


@pytest.mark.parametrize("binary", [b"\x7fELF\x02\x01", b"SQLite format 3\x00", b"PK\x03\x04", b""])
def test_what_is_no_log(binary: bytes) -> None:
    assert not plain_log.detect(binary, "/a.log")
    assert plain_log.detect(CI, "/a.log") and plain_log.detect(CI, "/A.TXT.1")
    assert not plain_log.detect(CI, "/a.py") and not plain_log.detect(b'{"a": 1}', "/a.log")


def test_detects_results_only() -> None:
    assert terminal_bench.detect(RESULTS, "x")
    assert not terminal_bench.detect(b'{"results": []}', "results.json")


@settings(max_examples=80)
@given(st.data())
def test_mangled_results_never_raise(data: st.DataObject) -> None:
    Told(facts(terminal_bench, mangled(data.draw, RESULTS), "/r/results.json"))
    Told(facts(terminal_bench, data.draw(st.binary(max_size=50))))


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=60)), st.integers(0, 2**63 - 1))
def test_any_bytes_are_a_log(lines: list[bytes], modified_at: int) -> None:
    parser = plain_log.parse(Origin("", modified_at))
    Told(sound(fact for line in lines for fact in parser.feed(line)))

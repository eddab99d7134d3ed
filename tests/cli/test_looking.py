"""events, timeline, code, failures, search, diff and stats: what each of them finds."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli import recordings
from tests.cli.conftest import Ask
from tests.cli.recordings import HOUR


def test_events_of_a_session_are_in_its_order_and_of_all_newest_first(ask: Ask) -> None:
    one = ask("events", "last", "--json").json
    assert [row["seq"] for row in one] == sorted(row["seq"] for row in one)
    times = [row["timestamp"] for row in ask("events", "--json").json]
    assert times == sorted(times, reverse=True)
    assert ask("events", "last", "--json", "--reverse").json == one[::-1]
    assert ask("events", "--session", "last", "--json").json == one


@pytest.mark.parametrize(
    ("words", "patterns"),
    [
        (["--pattern", "python_traceback"], {"python_traceback"}),
        (["--risk", "high"], {"python_traceback", "error_prefix"}),
        (["--failed"], {"python_traceback", "error_prefix"}),
        (["--type", "test_result"], {"pytest_summary"}),
        (["--status", "error"], {None}),
    ],
)
def test_events_are_picked(ask: Ask, words: list[str], patterns: set[str | None]) -> None:
    everywhere = ask("events", "--agent", "tester", *words, "--json").json
    assert {row["pattern"] for row in everywhere} == patterns
    assert ask("events", "last", *words, "--json").json == everywhere[::-1]


def test_a_status_does_not_go_with_a_rule(ask: Ask) -> None:
    assert ask("events", "--pattern", "x", "--status", "ok").code == 2


def test_the_timeline_runs_forward_and_ends_with_the_latest(ask: Ask) -> None:
    rows = ask("timeline", "--json").json
    assert [row["timestamp"] for row in rows] == sorted(row["timestamp"] for row in rows)
    assert ask("timeline", "-n", "3", "--json").json == rows[-3:]
    assert {row["event_type"] for row in ask("timeline", "--type", "error", "--json").json} == {"error"}


def test_a_code_block_is_listed_once_and_printed_whole(call: Ask) -> None:
    for age in (1, 2):
        recordings.write(recordings.GOOD._replace(age=age * HOUR))
    (block,) = call("code", "--json").json
    assert (block["language"], block["content"], block["parseable"]) == ("python", "print('ready')", True)
    for name in (block["digest"], block["digest"][:6], str(block["id"])):
        assert call("code", "--digest", name).out == "print('ready')\n"
    assert call("code", "--digest", block["digest"], "--json").json == block
    assert call("code", "--language", "python").rows[0]["digest"] == block["digest"]


@pytest.mark.parametrize(("digest", "code"), [("ffff", 3), ("999", 3), ("", 2), ("'; --", 3)])
def test_a_code_block_that_is_not_there(ask: Ask, digest: str, code: int) -> None:
    answer = ask("code", "--digest", digest)
    assert (answer.code, answer.out) == (code, "")
    assert "tachograph code" in answer.err


def test_failures_that_differ_in_numbers_only_are_one(ask: Ask) -> None:
    rows = ask("failures", "--json").json
    locked = next(row for row in rows if "locked" in row["message"])
    assert (locked["cases"], locked["sessions"], locked["agents"]) == (2, 1, ["tester"])
    assert locked["signature"] == "error: database is locked (attempt …)"
    assert [row["cases"] for row in rows] == sorted((row["cases"] for row in rows), reverse=True)
    ended = next(row for row in rows if row["kind"] == "session")
    assert ended["message"] == "exit 1: fix the flaky seek test"
    assert all(row["kind"] == "error" for row in ask("failures", "last", "--json").json)


def test_exit_codes_keep_failed_commands_apart(call: Ask) -> None:
    for code in (1, 2):
        recordings.write(recordings.BAD._replace(pieces=[], exit_code=code, age=code * HOUR))
    rows = call("failures", "--json").json
    assert {row["message"] for row in rows} == {"exit 1: fix the flaky seek test", "exit 2: fix the flaky seek test"}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["database", "locked"], 2),
        (['"is locked"'], 2),
        (['"locked is"'], 0),
        (["lock*"], 2),
        (["--", "compiling", "-two"], 1),
        (["locked", "agent:tester"], 2),
        (["locked", "agent:builder"], 0),
        (["locked", "session:last"], 2),
        (["locked", "session:last~1"], 0),
        (["--type", "error", "undefined"], 1),
        (["LOCKED"], 2),
    ],
)
def test_search(ask: Ask, words: list[str], found: int) -> None:
    answer = ask("search", "--json", *words)
    assert len(answer.json) == found
    assert answer.code == 0


def test_a_hit_has_its_marks_and_the_lines_around(ask: Ask) -> None:
    hit = ask("search", "--json", "-C", "1", '"attempt 1"').json[0]
    (first, last) = hit["marks"][0]
    assert hit["text"][first:last].startswith("attempt")
    assert [line["text"] for line in hit["before"]] == ["after the trace"]
    assert [line["line_number"] for line in hit["after"]] == [hit["line_number"] + 1]
    drawn = ask("search", "-C", "1", '"attempt 1"')
    assert f"▸ {hit['line_number']} │ error: database is locked (attempt 1)" in drawn.out
    assert drawn.err.startswith("1 hit in 1 session (")


@pytest.mark.parametrize("words", [["*"], ['"'], ['""'], ["--", "-"], ["  "], ["()"]])
def test_a_search_without_a_word(ask: Ask, words: list[str]) -> None:
    answer = ask("search", *words)
    assert (answer.code, answer.out) == (2, "")
    assert "no word" in answer.err


@pytest.mark.parametrize("words", ["a AND", "NEAR(x)", "col:x", 'a"b', "'; DROP", "(((", "^x", "{a b}: c", "x\x00y"])
def test_whatever_is_typed_is_searched_for_and_never_syntax(ask: Ask, words: str) -> None:
    assert ask("search", "--", words).code in (0, 2)


def test_diff_tells_what_only_one_has(ask: Ask) -> None:
    answer = ask("diff", "last~1", "last")
    lines = answer.out.splitlines()
    assert any(line.split() == ["exit", "code", "0", "1", "≠"] for line in lines)
    assert any(line.startswith("Errors only in tester-") for line in lines)
    assert "+error: database is locked (attempt 1)" in lines
    assert "-built in 4.2 s" in lines
    assert not any(line.startswith("+error") for line in ask("diff", "last~1", "last", "--no-output").out.splitlines())


def test_diff_as_json(ask: Ask) -> None:
    facts = ask("diff", "last~1", "last", "--json").json
    assert (facts["a"]["agent"], facts["b"]["agent"]) == ("builder", "tester")
    assert facts["errors_only_in_a"] == []
    assert [event["pattern"] for event in facts["errors_only_in_b"]] == ["python_traceback", "error_prefix"]


def test_a_session_does_not_differ_from_itself(ask: Ask) -> None:
    assert ask("diff", "last", "last").out.endswith("the output is the same\n")


def test_totals(ask: Ask) -> None:
    facts = ask("stats", "--json").json
    assert (facts["sessions"], facts["agents"], facts["code_blocks"]) == (2, 2, 1)
    assert facts["events_by_type"]["error"] == 3
    assert sum(facts["events_by_type"].values()) == facts["events"]
    assert "error 3" in ask("stats").out


def test_one_agent_as_the_seed_tools_say_it(ask: Ask) -> None:
    facts = ask("stats", "--agent", "test*", "--json").json
    assert facts["agent_name"] == "tester"
    assert (facts["total_sessions"], facts["success_rate"]) == (1, 0.0)
    assert facts["extractions_by_type"]["error"] == 3
    assert ask("stats", "--agent", "builder", "--json").json["success_rate"] == 1.0


def test_one_rule(ask: Ask) -> None:
    facts = ask("stats", "--pattern", "python_traceback", "--json").json
    assert (facts["total"], facts["agents"], facts["event_types"]) == (1, {"tester": 1}, {"error": 1})
    assert facts["first"] == facts["last"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--agent", "nobody"], 3),
        (["--agent", "*"], 2),
        (["--pattern", "nothing"], 3),
        (["--by", "agent", "--pattern", "x"], 2),
        (["--csv"], 2),
        (["--since", "1d"], 2),
        (["--by", "moon"], 2),
    ],
)
def test_counts_that_cannot_be_had(ask: Ask, words: list[str], code: int) -> None:
    answer = ask("stats", *words)
    assert (answer.code, answer.out) == (code, "")
    assert "tachograph" in answer.err or "--" in answer.err


def test_counts_by_command_and_agent(ask: Ask) -> None:
    rows = {row["command"]: row for row in ask("stats", "--by", "command", "--json").json}
    assert (rows["pytest"]["runs"], rows["pytest"]["failed"], rows["make"]["failed"]) == (1, 1, 0)
    agents = {row["agent_name"]: row for row in ask("stats", "--by", "agent", "--json").json}
    assert (agents["tester"]["errors"], agents["builder"]["succeeded"]) == (3, 1)


def test_a_session_that_runs_is_seen_while_it_runs(call: Ask, home: Path) -> None:
    command = [sys.executable, "-m", "tachograph", "run", "-q", "--agent", "waiter", "--", "sh", "-c"]
    with subprocess.Popen(
        [*command, "echo one; echo two; exec cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + 90
        while "two" not in (tail := call("tail", "last")).out and time.monotonic() < deadline:
            time.sleep(0.05)
        assert tail.out == "one\ntwo\n"
        (row,) = call("sessions", "--active", "--json").json
        assert (row["agent"], row["status"], row["ended_at"]) == ("waiter", "running", None)
        assert call("note", "still", "here").code == 0
        assert "left out, still running" in call("extract").err
        process.communicate(timeout=20)
    page = call("show", row["id"], "--json").json
    assert (page["status"], [note["content"] for note in page["notes"]]) == ("completed", ["still here"])


def test_failures_like_one_and_what_fixed_them(asked: Ask) -> None:
    rows = asked("failures", "--like", "E  assert 1 == 2", "--json").json
    assert rows and all(row["fixed_by"]["command"].startswith("pytest -q tests") for row in rows)
    assert asked("failures", "--like", "E assert 1 == 2").rows[0]["changed"] == '["src/seek.py"]'
    assert asked("failures", "last", "--like", "x").code == 2

"""Tool calls in lists and in search: which call printed a line, and those of a tool, a category, a file."""

from __future__ import annotations

from pathlib import Path

import pytest

import tachograph
from tests.cli.conftest import Ask, Screen
from tests.cli.histories import CHILD, FIRST, SECOND


def test_a_hit_in_what_a_tool_returned_names_the_call(asked: Ask) -> None:
    hits = asked("search", "needle", "haystack", "--json").json
    assert {hit["session_id"] for hit in hits} == {FIRST, SECOND}
    for hit in hits:
        told = (hit["kind"], hit["stream"], hit["line_number"], hit["event_type"], hit["tool_name"], hit["command"])
        assert told == ("output", "tool", 601, "command", "Bash", "pytest -q tests")
        assert asked("show", "--event", str(hit["event_id"]), "--json").json["tool_call_id"] == "b2"


def test_hits_in_calls_themselves_name_them(asked: Ask) -> None:
    (hit,) = asked("search", "seek.md", "--json").json
    assert (hit["kind"], hit["tool_name"], hit["file_path"], hit["command"]) == ("event", "Write", "docs/seek.md", None)
    (hit,) = asked("search", "document it", "--json").json
    assert (hit["event_type"], hit["tool_name"]) == ("prompt", None)


def test_on_a_terminal_the_call_stands_above_its_lines(
    screen: Screen, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TACHOGRAPH_HOME", str(told))
    lines = screen("search", "needle", "session:aaaaaaaa", env={"NO_COLOR": "1"}).splitlines()
    assert lines[0] == "aaaaaaaa  claude"
    assert lines[1].startswith("   Bash  pytest -q tests  event ")
    assert [line.split("│")[1].split("  ")[0].strip() for line in lines[2:5]] == [
        "test 600 passed",
        "needle in the haystack",
        "601 passed in 9.1s",
    ]


def test_lines_around_a_hit_are_those_of_the_same_call(home: Path, call: Ask) -> None:
    from tachograph.ingest.own_rules import load_rules
    from tachograph.ingest.telling import Telling
    from tachograph.paths import places
    from tachograph.records import SessionFacts, Step

    at = 1_795_000_000_000_000_000
    outputs = ["\n".join(f"{name} {n}" for n in range(200)) for name in ("alpha", "beta", "gamma")]
    with tachograph.open() as store, store.transaction():
        telling = Telling(store, load_rules(places()), "a", source="transcript")
        steps = [
            Step(f"call:{n}", "command", at + n, tool_name=f"tool{n}", tool_call_id=str(n), command="x", content=text)
            for n, text in enumerate(outputs)
        ]
        telling.tell([SessionFacts("s", started_at=at), *steps], now=at)
    (first,) = call("search", "beta 0", "--json").json
    (last,) = call("search", "beta 199", "-C", "2", "--json").json
    assert (first["tool_name"], first["before"], len(first["after"])) == ("tool1", [], 1)
    assert (last["tool_name"], [line["text"] for line in last["before"]], last["after"]) == (
        "tool1",
        ["beta 197", "beta 198"],
        [],
    )


@pytest.mark.parametrize(
    ("words", "calls"),
    [
        ([FIRST, "--tool", "Bash"], ["b1", "b2", "b3", "b4"]),
        ([FIRST, "--tool", "B*", "--status", "error"], ["b1"]),
        ([FIRST, "--category", "test"], ["b1", "b2"]),
        ([FIRST, "--path", "*.md"], ["w1"]),
        ([FIRST, "--tool", "Ba%", "--category", "git", "-r"], ["b4"]),
        (["--path", "src/*", "--agent", "claude", "--since", "2026-11-11"], ["e9"]),
        (["--tool", "exec_command"], ["x2", "x1"]),
        ([CHILD, "--tool", "Write"], []),
        (["--tool", "exec_command", "-n", "1"], ["x2"]),
    ],
)
def test_calls_are_picked_by_tool_category_and_file(asked: Ask, words: list[str], calls: list[str]) -> None:
    assert [row["tool_call_id"] for row in asked("events", *words, "--json").json] == calls


def test_what_is_no_call_cannot_be_picked_so(asked: Ask) -> None:
    for flags in (["--type", "prompt"], ["--failed"], ["--pattern", "x"], ["--risk", "high"]):
        answer = asked("events", "--tool", "Bash", *flags)
        assert answer.code == 2 and "pick calls" in answer.err


def test_a_line_that_nobody_printed(asked: Ask) -> None:
    with tachograph.open() as store:
        assert store.calls.printed(FIRST, 100_000) is None
        assert store.calls.printed("nobody", 1) is None
        printed = store.calls.printed(FIRST, 601)
        assert printed is not None and (printed.first, printed.last) == (1, 602)

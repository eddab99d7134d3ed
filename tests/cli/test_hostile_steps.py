"""A history made to attack whoever asks about it: no answer touches the terminal or the spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

import tachograph
from tachograph.formats.as_csv import defuse
from tachograph.records import Session, Step, Usage
from tests.cli.conftest import Ask, Screen
from tests.hostile import PAYLOADS, controls

OURS = re.compile(r"\x1b\[(?:[0-9]{1,2}(?:;[0-9]{1,2})?)?m")  # colours we draw with ourselves
AT = 1_795_000_000_000_000_000
EVIL = "".join(PAYLOADS.values()).replace("\udc9b", "").replace("\x00", "")
LISTS = [
    ["sessions"],
    ["sessions", "--tree"],
    ["sessions", "--waiting"],
    ["files"],
    ["files", "parent", "--heat", "turn"],
    ["files", "--heat", "day"],
    ["commands"],
    ["commands", "--by", "category"],
    ["cost"],
    ["cost", "--by", "model"],
    ["cost", "--by", "project"],
    ["cost", "--by", "agent"],
    ["events", "parent"],
    ["events", "--tool", "*"],
    ["search", "needle"],
]
PAGES = [["show", "parent"], ["show", "parent", "--turn", "1"], ["show", "parent", "--full"], ["show", "--event", "3"]]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A parent that waits and its child, with every payload in every field that an agent may fill."""
    place = tmp_path_factory.mktemp("hostile")
    told: dict[str, object] = {"input": {EVIL: EVIL}, "lines_added": EVIL, "subagent": EVIL, "kind": EVIL, "=1+1": EVIL}
    with tachograph.open(place / "tachograph.db") as store:
        for name, parent in (("parent", None), ("child", "parent")):
            store.sessions.add(
                Session(name, f"agent{EVIL}", project_dir=f"/srv/{EVIL}", title=f"needle {EVIL}", model=EVIL,
                        branch=EVIL, parent_id=parent, status="waiting", started_at=AT, metadata={"sources": [EVIL]})
            )  # fmt: skip
            steps = [Step("prompt:1", "prompt", AT, content=f"needle {EVIL}")]
            steps += [
                Step(f"call:{number}", kind, AT + number, tool_name=f"tool {EVIL}", tool_call_id=f"{number}{EVIL}",
                     file_path=f"{number}{EVIL}", operation="edit", command=f"needle {text}", command_category=EVIL,
                     exit_code=number, duration_ms=1.0, status="error", content=f"{text} needle", metadata=told)
                for number, text in enumerate(PAYLOADS.values())
                if "\udc9b" not in text and "\x00" not in text
                for kind in (("command", "file_op", "tool_call")[number % 3],)
            ]  # fmt: skip
            steps += [Step(f"m:{kind}", kind, AT + 90, content=EVIL, metadata=told) for kind in ("marker", "thinking")]
            steps += [Step("reply:1", "reply", AT + 91, content=EVIL, metadata=told)]
            steps += [Step("state:1", "state", AT + 92, content="waiting", metadata={"message": EVIL})]
            steps += [Step("usage:1", "usage", AT + 93, usage=Usage(EVIL, 10, 10))]
            store.steps.put(name, "a", steps, source="transcript")
    return place


@pytest.fixture
def ask(hostile: Path, call: Ask, monkeypatch: pytest.MonkeyPatch) -> Ask:
    monkeypatch.setenv("TACHOGRAPH_HOME", str(hostile))
    return call


@pytest.mark.parametrize("words", LISTS + PAGES, ids=" ".join)
def test_a_pipe_gets_no_control_character(ask: Ask, words: list[str]) -> None:
    answer = ask(*words)
    assert (answer.code, controls(answer.out), controls(answer.err)) == (0, [], [])
    assert answer.out.count("\n") > 1 or words[-1] == "agent"


@pytest.mark.parametrize("words", LISTS + PAGES, ids=" ".join)
def test_a_terminal_gets_our_colours_and_nothing_else(
    screen: Screen, hostile: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setenv("TACHOGRAPH_HOME", str(hostile))
    assert controls(OURS.sub("", screen(*words))) == []


def test_data_gives_the_text_back_but_only_as_escapes(ask: Ask) -> None:
    for words in LISTS:
        answer = ask(*words, "--json")
        assert controls(answer.out) == [] and json.loads(answer.out), words
        table = ask(*words, "--csv").out
        assert controls(table.replace("\r\n", "\n")) == [], words
        for row in csv.reader(io.StringIO(table)):
            assert all(defuse(cell) == cell for cell in row), words
    for words in PAGES:
        answer = ask(*words, "--json")
        assert controls(answer.out) == [] and json.loads(answer.out), words


def test_a_replay_draws_with_our_own_sequences_only(
    ask: Ask, screen: Screen, hostile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TACHOGRAPH_HOME", str(hostile))
    for words in (["replay", "parent"], ["replay", "parent", "--jsonl"]):
        answer = ask(*words)
        assert (answer.code, controls(answer.out), controls(answer.err)) == (0, [], []), words
        assert answer.out.count("needle") > len(PAYLOADS) // 2
    shown = screen("replay", "parent", "--speed", "100")
    assert "needle" in shown
    assert controls(OURS.sub("", shown.replace("\r\x1b[K", ""))) == []

"""What a pane's output and screen say of the agent in it."""

from __future__ import annotations

import pytest

from tachograph.extract import rules
from tachograph.ingest.pane_state import IDLE, QUIET, Activity, Change, asks, prompts

RULES = rules.load("")[0]
DIALOG = [
    "Bash command",
    "  rm -r build",
    "",
    "Do you want to proceed?",
    "│ ❯ 1. Yes        │",
    "│   2. No         │",
    "",
]
BOX = ["● Done.", "", "╭───────╮", "│ >     │", "╰───────╯", "  ? for shortcuts"]
IDLE_CHANGE, ASKS, WORKS = Change("waiting", "idle"), Change("waiting", "question"), Change("running")


@pytest.mark.parametrize(
    ("screen", "cursor", "asked", "prompted"),
    [
        (["Continue? [y/N] ", "", ""], 0, True, False),
        (DIALOG, 6, True, False),
        (["Continue? [y/N] y", "Downloading"], 1, False, False),
        (["Do you want to proceed?", "yes", "compiling a.c"], 2, False, False),
        (BOX, 3, False, True),
        (BOX, 0, False, True),
        (["ann@host:~$ "], 0, False, True),
        (["  50%"], 0, False, False),
        ([], 0, False, False),
        (["", ""], 1, False, False),
    ],
)
def test_a_screen_asks_or_prompts(screen: list[str], cursor: int, asked: bool, prompted: bool) -> None:
    assert asks(screen, cursor, RULES) is asked
    assert prompts(screen, cursor) is prompted


def test_only_changes_are_told() -> None:
    pane = Activity(RULES, agent=True)
    assert pane.output(b"a", 0) == WORKS
    assert pane.output(b"b\n", 1) is None
    assert pane.due == 1 + QUIET
    assert pane.look(DIALOG, 6, pane.due) == ASKS
    assert pane.due is None
    assert pane.output(b"\x1b[A", 2 * QUIET) is None, "a key that is echoed is no work"
    assert pane.look(DIALOG, 6, 3 * QUIET) is None
    assert pane.output(b"y\r\n", 4 * QUIET) == WORKS
    assert pane.look(BOX, 3, 5 * QUIET) == IDLE_CHANGE
    assert pane.done() == Change("completed")
    assert pane.output(b"$ \n", 6 * QUIET) is None
    assert pane.done() is None


def test_long_silence_says_something_of_agents_only() -> None:
    for agent, told in ((True, IDLE_CHANGE), (False, None)):
        pane = Activity(RULES, agent=agent)
        pane.output(b"compiling\n", 0)
        assert pane.look(["compiling"], 0, QUIET) is None
        assert pane.due == (IDLE if agent else None)
        assert pane.look(["compiling"], 0, IDLE) == told

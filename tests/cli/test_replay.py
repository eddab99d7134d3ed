"""`tachograph replay`: steps without a terminal; steps, recorded screens and keys on one, which is left as it was."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

import tachograph
from tachograph import paths
from tachograph.ingest.catch_up import catch_up
from tests.capture.terminal import Terminal
from tests.cli import recordings
from tests.cli.conftest import Answer, Ask
from tests.cli.histories import FIRST
from tests.cli.recordings import Recording

SPEED = ("--speed", "100")


def replaying(*args: str, columns: int = 80, rows: int = 24) -> Terminal:
    argv = [sys.executable, "-m", "tachograph", "replay", *args]
    return Terminal(argv, columns=columns, rows=rows, env={"COLUMNS": str(columns)})


@pytest.fixture
def told_home(told: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACHOGRAPH_HOME", str(told))


def test_without_a_terminal_the_steps_are_there_at_once(asked: Ask) -> None:
    lines = asked("replay", FIRST).out.splitlines()
    assert lines[0] == "turn 1 · fix the seek test"
    assert "turn 2 · clean up and document it" in lines
    assert any("✗run" in line and "pytest -q tests" in line and "exit 1" in line for line in lines)
    assert any(line.split()[1:4] == ["edit", "src/seek.py", "+2"] for line in lines)
    assert any("⊘run" in line and "refused" in line for line in lines)
    assert not any("usage" in line for line in lines)
    assert all(len(line) <= 80 for line in lines)


def test_a_part_of_it(asked: Ask) -> None:
    second = asked("replay", FIRST, "--turn", "2").out.splitlines()
    assert second[0] == "turn 2 · clean up and document it"
    assert second == asked("replay", FIRST).out.splitlines()[-len(second) :]
    assert "src/seek.py" in asked("replay", FIRST, "--to", "3").out
    assert "pytest" not in asked("replay", FIRST, "--to", "3").out


def test_messages_a_line_each(asked: Ask) -> None:
    messages = [json.loads(line) for line in asked("replay", FIRST, "--jsonl", "--idle", "0.5").out.splitlines()]
    assert [messages[0]["type"], messages[-1]["type"]] == ["snapshot", "end"]
    assert {message["session_id"] for message in messages} == {FIRST}
    assert "gap" in {message["type"] for message in messages}


def test_several_are_played_side_by_side(asked: Ask) -> None:
    with tachograph.open() as store:
        other = next(one.id for one in store.sessions.list() if one.id != FIRST)
        made = store.workflows.start("a wave").session_id
        for name in (FIRST, other):
            store.sessions.update(name, workflow_id=made)
    both = asked("replay", FIRST, other).out.splitlines()
    assert both == asked("replay", "--workflow", made).out.splitlines()
    for name in (FIRST, other):
        alone = [line for line in asked("replay", name).out.splitlines() if not line.startswith("turn")]
        mine = [line for line in both if line.split()[1:2] == [name]]
        assert [line.split()[1] for line in alone] == [line.split()[2] for line in mine]
        assert any(line.startswith("turn") and f" · {name} · " in line for line in both)
    refused = asked("replay", FIRST, other, "--terminal")
    assert (refused.code, "one session at a time" in refused.err) == (2, True)
    assert asked("replay", FIRST, "--workflow", made).code == 2


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("--turn", "99"), 3, "no turn 99"),
        (("--from", "soon"), 2, "from: 'soon' is not a time"),
        (("--from", "1:00", "--to", "0:01"), 2, "nothing lies between"),
        (("--idle", "x"), 2, "--idle x is no time"),
        (("--idle", "-1"), 2, "is no time"),
        (("--terminal",), 2, "on a terminal only"),
        (("--events", "--jsonl"), 2, "exclude each other"),
        (("--speed", "0"), 2, "--speed"),
        (("--speed", "1000"), 2, "--speed"),
    ],
)
def test_what_will_not_do(asked: Ask, args: tuple[str, ...], code: int, words: str) -> None:
    answer: Answer = asked("replay", FIRST, *args)
    assert (answer.code, answer.out) == (code, "")
    assert words in answer.err


def test_the_terminal_of_a_session_that_printed_nothing(told_home: None) -> None:
    with replaying(FIRST, "--terminal") as terminal:
        terminal.see(b"has printed nothing")
        assert terminal.wait() == 3


def test_steps_on_a_terminal_with_keys(told_home: None) -> None:
    with replaying(FIRST, "--events", "--step") as terminal:
        before = terminal.modes()
        terminal.see("‖ 1×".encode())
        terminal.type(b".")
        terminal.see(b"fix the seek test")
        terminal.type(b"e")
        terminal.see("✗run".encode())
        terminal.type(b"e")
        terminal.see(b"there is no next failure")
        terminal.type(b"]")
        terminal.see(b"turn 2/2")
        terminal.see(b"clean up")
        terminal.type(b">")
        terminal.see("‖ 1.5×".encode())
        terminal.type(b"0")
        terminal.see(b"turn 1/2", after=len(terminal.shown))
        terminal.type(b" ")
        terminal.see("▶ 1.5×".encode())
        terminal.type(b"q")
        assert terminal.wait() == 0
        assert terminal.modes() == before


def test_it_ends_by_itself(told_home: None) -> None:
    with replaying(FIRST, "--speed", "100", "--idle", "0.1") as terminal:
        assert terminal.wait() == 0
    assert b"git commit" in terminal.shown


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_however_it_is_ended_the_terminal_is_as_it_was(told_home: None, number: int, code: int) -> None:
    with replaying(FIRST, "--events", "--step") as terminal:
        before = terminal.modes()
        terminal.see("‖ 1×".encode())
        assert terminal.modes() != before
        os.kill(terminal.pid, number)
        assert terminal.wait() == code
        assert terminal.modes() == before
    assert b"Traceback" not in terminal.shown


HOSTILE = Recording(
    "painter",
    ["paint"],
    [
        ("O", "\x1b[?1049h\x1b[2J\x1b[31mred\x1b[0m\n"),
        ("O", "\x1b]52;c;ZXZpbA==\x07\x1b]0;owned\x07\x1b[6n\x1b[c\x05\x1b[?1003h\x1bP$qm\x1b\\quiet\n"),
        ("O", "zwölf \x1b["),
        ("O", "1mbold\n"),
    ],
)


def test_a_recorded_screen_is_drawn_and_nothing_else_happens(home: Path) -> None:
    recordings.write(HOSTILE)
    with replaying("last", *SPEED) as terminal:
        before = terminal.modes()
        assert terminal.wait() == 0
        assert terminal.modes() == before
    shown = terminal.shown
    begin = shown.index(b"\x1b[?1049h")
    assert b"\x1b[2J\x1b[31mred\x1b[0m" in shown
    assert "zwölf \x1b[1mbold".encode() in shown
    assert b"quiet" in shown
    assert shown.index(b"\x1b[?1049l") > begin  # back from the other screen, which the recording had left shown
    for harm in (b"\x1b]", b"\x1b[6n", b"\x1b[c", b"\x05", b"1003", b"\x1bP"):
        assert harm not in shown[begin:]


def test_a_screen_that_is_too_small_is_warned_of(home: Path) -> None:
    name = recordings.write(recordings.GOOD)
    with tachograph.open() as store:
        assert catch_up(paths.places()).complete
        store.sessions.update(name, metadata={"terminal": {"columns": 80, "rows": 24}})
    with replaying("last", "--terminal", *SPEED, columns=60, rows=10) as terminal:
        terminal.see("80 × 24".encode())
        assert terminal.wait() == 0


def test_what_a_terminal_showed_is_written_byte_for_byte(home: Path) -> None:
    wrapped = [sys.executable, "-m", "tachograph", "run", "--quiet", "--", "sh", "-c"]
    with Terminal([*wrapped, r"printf 'one\ntwo\n'; stty -opost; printf 'down\nhere\r\n'"]) as terminal:
        assert terminal.wait() == 0
    recorded = terminal.shown
    assert b"one\r\ntwo\r\ndown\nhere\r\n" in recorded
    assert catch_up(paths.places(), wait_ms=90_000).complete
    with replaying("last", *SPEED) as terminal:
        before = terminal.modes()
        assert terminal.wait() == 0
        assert terminal.modes() == before
    assert recorded in terminal.shown


def test_a_leap_draws_the_screen_anew(home: Path) -> None:
    recordings.write(recordings.GOOD)
    with replaying("last", "--terminal", "--step") as terminal:
        terminal.see(b"q ends")
        terminal.type(b"9")
        terminal.see(b"compiling two.c")
        terminal.type(b"q")
        assert terminal.wait() == 0
    assert b"\x1b[2J\x1b[H" in terminal.shown
    assert b"built in" not in terminal.shown

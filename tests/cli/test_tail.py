"""`tachograph tail`: the last lines, and the next ones while a session runs."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tachograph.journal import frame
from tests.cli import recordings
from tests.cli.conftest import Recorded
from tests.cli.live import SECONDS, Live
from tests.conftest import Run


def wait_for_lines(tachograph: Run, *wanted: str) -> None:
    """Until the store has these lines: then a follower that starts now sees them as past."""
    deadline = time.monotonic() + SECONDS
    while tachograph("tail", "@echo", "-n", "0").returncode or tachograph("tail", "@echo").stdout.splitlines() != [
        *wanted
    ]:
        assert time.monotonic() < deadline, tachograph("tail", "@echo")


def test_the_last_lines(tachograph: Run, recorded: Recorded) -> None:
    done = tachograph("tail", recorded.bad, "-n", "2")
    assert done.stdout == "error: database is locked (attempt 2)\n1 failed, 3 passed in 0.40s\n"
    assert done.stderr == ""
    assert tachograph("tail", recorded.bad, "-n", "1", "--numbers").stdout == "     9 │ 1 failed, 3 passed in 0.40s\n"
    assert tachograph("tail", recorded.bad, "-n", "0").stdout == ""


def test_streams_are_merged_by_time(tachograph: Run, recorded: Recorded) -> None:
    lines = tachograph("tail", recorded.good, "-n", "3").stdout.splitlines()
    assert lines == ["", "warning: two.c is empty", "built in 4.2 s"]


def test_a_clock_that_was_set_back_changes_no_order(tachograph: Run, home: Path) -> None:
    pieces = [("O", "one\n"), ("E", "beside\n"), ("O", "two\n")]
    journal, at = recordings.begin(recordings.GOOD._replace(pieces=pieces))
    for back, text in enumerate((b"three\n", b"four\n"), 1):
        journal.append(frame.OUTPUT, at - back * recordings.HOUR, text)
    recordings.end(journal, recordings.GOOD, at)
    journal.close()
    assert tachograph("tail").stdout.split() == ["one", "beside", "two", "three", "four"]


def test_json_lines(tachograph: Run, recorded: Recorded) -> None:
    rows = [json.loads(line) for line in tachograph("tail", recorded.good, "-n", "2", "--jsonl").stdout.splitlines()]
    assert [(row["stream"], row["line_number"], row["text"]) for row in rows] == [
        ("stderr", 1, "warning: two.c is empty"),
        ("stdout", 9, "built in 4.2 s"),
    ]


def test_a_session_that_printed_nothing(tachograph: Run, home: Path) -> None:
    name = recordings.write(recordings.GOOD._replace(pieces=[]))
    done = tachograph("tail")
    assert (done.returncode, done.stdout) == (0, "")
    assert f"{name} has printed nothing" in done.stderr


def test_following_a_session_that_has_ended(tachograph: Run, recorded: Recorded) -> None:
    done = tachograph("tail", recorded.bad, "-f", "-n", "1")
    assert done.stdout == "1 failed, 3 passed in 0.40s\n"
    assert "has ended: failed" in done.stderr


def test_following_prints_what_comes_and_stops_at_the_end(tachograph: Run, live: Live) -> None:
    live.say("one\ntwo\n")
    wait_for_lines(tachograph, "one", "two")
    follower = live.start("tail", "@echo", "-f", "-n", "1")
    assert follower.stdout is not None
    assert follower.stdout.readline() == "two\n"
    live.say("three\n")
    assert follower.stdout.readline() == "three\n"
    live.say("Go on? [y/N]")  # a question has no line end, and has to be seen all the same
    assert follower.stdout.readline() == "Go on? [y/N]\n"
    live.end()
    rest, talk = follower.communicate(timeout=SECONDS)
    assert rest == ""
    assert follower.returncode == 0
    assert "failed after" in talk
    assert "exit 4" in talk


def test_following_loses_nothing_and_repeats_nothing(tachograph: Run, live: Live) -> None:
    live.say("first\n")
    wait_for_lines(tachograph, "first")
    follower = live.start("tail", "@echo", "-f", "-n", "1000")
    wanted = ["first", *(f"line {number}" for number in range(300))]
    for text in wanted[1:]:
        live.say(f"{text}\n")
    live.end()
    assert follower.communicate(timeout=SECONDS)[0].splitlines() == wanted


def test_interrupting_a_follower(tachograph: Run, live: Live) -> None:
    live.say("ready\n")
    wait_for_lines(tachograph, "ready")
    follower = live.start("tail", "@echo", "-f")
    assert follower.stdout is not None
    assert follower.stdout.readline() == "ready\n"
    follower.send_signal(2)
    _, talk = follower.communicate(timeout=SECONDS)
    assert follower.returncode == 130
    assert "Traceback" not in talk
    assert live.run.poll() is None  # it was only watched

"""`tachograph show`: a session on one page, its failures, its output."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli import recordings
from tests.cli.conftest import Ask, Recorded, Screen
from tests.conftest import Run

SGR = re.compile(r"\x1b\[[0-9;]*m")


def test_the_page(call: Ask, recorded: Recorded) -> None:
    done = call("show", "last")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "fix the flaky seek test".ljust(63) + "✗ failed · exit 1"
    assert lines[1] == f"{recorded.bad} · tester · shop (main)"
    assert re.fullmatch(r"\w{3} [\d-]{10} [\d:]{8} · took 6\.0s · 9 lines · 287 B · \d+ events", lines[2])
    assert "Failures  3" in lines
    assert "     ▸ 2 │ Traceback (most recent call last):" in lines
    assert "       1 │ collecting ..." in lines
    assert "       5 │ TypeError: undefined index 31" in lines
    assert "Notes    0:05  this is where it went wrong" in lines
    assert "States   started 0:00 · failed 0:06" in lines
    assert "Recorder processor 12ms · journal 2.0 kB" in lines
    assert all(len(line) <= 80 for line in lines)


def test_code_blocks_are_named_with_the_command_that_prints_them(call: Ask, recorded: Recorded) -> None:
    page = call("show", recorded.good).out
    (digest,) = re.findall(r"python, 1 line: tachograph code --digest (\w{12})", page)
    assert call("code", "--digest", digest).out == "print('ready')\n"


def test_on_a_terminal_it_says_what_to_do_next(screen: Screen, recorded: Recorded) -> None:
    last = SGR.sub("", screen("show")).splitlines()[-1]
    assert last.startswith(f"tachograph events {recorded.bad}")


def test_failed_shows_every_failure_with_the_lines_around(call: Ask, home: Path) -> None:
    lines = [("O", f"error: number {n} is odd\n") for n in range(1, 11)]
    recordings.write(recordings.GOOD._replace(pieces=lines))
    page = call("show").out
    assert page.count("✗     0:") == 3
    assert "… 7 more: tachograph show" in page
    everything = call("show", "--failed").out
    assert everything.count("✗     0:") == 10
    assert "error: number 10 is odd" in everything
    assert "│" not in call("show", "--failed", "-C", "0").out.replace("▸", "", 10).replace(" │ error", "")


def test_nothing_failed(call: Ask, recorded: Recorded) -> None:
    assert call("show", recorded.good, "--failed").out == f"nothing failed in {recorded.good}\n"


def test_exit_status(call: Ask, recorded: Recorded) -> None:
    assert call("show", recorded.bad, "--exit-status").code == 6
    assert call("show", recorded.good, "--exit-status").code == 0


def test_errors_in_the_output_count_even_when_the_command_ended_well(call: Ask, home: Path) -> None:
    recordings.write(recordings.GOOD._replace(pieces=[("O", "error: it did not work\n")]))
    assert call("show", "--exit-status").code == 6


def test_output_is_clean_text(call: Ask, home: Path) -> None:
    recordings.write(recordings.GOOD._replace(pieces=[("O", "\x1b[31mred\x1b[0m\n10%\r100%\nlast\n")]))
    assert call("show", "--output").out == "red\n100%\nlast\n"
    assert call("show", "--output", "--from", "2").out == "100%\nlast\n"
    assert call("show", "--output", "--from", "1", "--to", "2").out == "red\n100%\n"


def test_output_of_one_stream(call: Ask, recorded: Recorded) -> None:
    assert call("show", recorded.good, "--output", "--stream", "stderr").out == "warning: two.c is empty\n"
    assert call("show", recorded.good, "--output").out.startswith("compiling one.c\n")


def test_output_keeps_colours_on_a_terminal_when_asked(screen: Screen, home: Path) -> None:
    recordings.write(recordings.GOOD._replace(pieces=[("O", "\x1b[31mred\x1b]0;title\x07\x1b[0m\n")]))
    assert "\x1b" not in screen("show", "--output")
    assert "\x1b[31mred\x1b[0m" in screen("show", "--output", "--color", "always")
    assert "\x1b]" not in screen("show", "--output", "--color", "always")


def test_colours_of_a_recording_do_not_go_into_a_pipe(call: Ask, home: Path) -> None:
    recordings.write(recordings.GOOD._replace(pieces=[("O", "\x1b[31mred\x1b[0m\n")]))
    assert call("show", "--output", "--color", "always").out == "red\n"


def test_raw_is_byte_for_byte(tachograph: Run, home: Path) -> None:
    text = "\x1b[31mred\x1b[0m\r\n\x1b]0;title\x07end"
    recordings.write(recordings.GOOD._replace(pieces=[("O", text)]))
    assert tachograph("show", "--raw").stdout.encode() == text.replace("\r\n", "\n").encode()


def test_json_is_one_object(call: Ask, recorded: Recorded) -> None:
    facts = json.loads(call("show", "last", "--json").out)
    assert facts["id"] == recorded.bad
    assert facts["counts"]["error"] == 3
    assert [event["pattern"] for event in facts["failures"]] == ["python_traceback", "error_prefix", "error_prefix"]
    assert [note["content"] for note in facts["notes"]] == ["this is where it went wrong"]
    assert [change["state"] for change in facts["states"]] == ["started", "failed"]
    assert facts["code_blocks"] == []


@pytest.mark.parametrize(
    "args",
    [["--from", "2"], ["--output", "--from", "3", "--to", "2"], ["--stream", "stderr"], ["--output", "--to", "0"]],
)
def test_options_that_make_no_sense(call: Ask, recorded: Recorded, args: list[str]) -> None:
    done = call("show", *args)
    assert done.code == 2
    assert done.err.startswith("error: ")


def test_a_line_that_is_not_there(call: Ask, recorded: Recorded) -> None:
    done = call("show", "--output", "--from", "1000")
    assert done.code == 3
    assert "has no line 1000" in done.err


@pytest.mark.parametrize(
    ("words", "agent"), [("last", "tester"), ("last~1", "builder"), ("@builder", "builder"), ("buil", "builder")]
)
def test_ways_to_name_a_session(call: Ask, recorded: Recorded, words: str, agent: str) -> None:
    assert json.loads(call("show", words, "--json").out)["agent"] == agent


def test_an_unknown_session_gets_the_closest(call: Ask, recorded: Recorded) -> None:
    done = call("show", recorded.good.replace("builder", "bulider"))
    assert (done.code, done.out) == (3, "")
    assert recorded.good in done.err
    assert "Traceback" not in done.err


def test_a_beginning_that_fits_several(call: Ask, home: Path) -> None:
    names = {recordings.write(recordings.GOOD._replace(age=age * recordings.HOUR)) for age in (1, 2)}
    done = call("show", "builder-")
    assert done.code == 2
    assert all(name in done.err for name in names)

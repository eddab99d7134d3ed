"""Panes of a real tmux, recorded by `tachograph attach`: what is recorded, and that tmux does not notice."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tachograph
from tachograph.capture.control import OUTPUT, Parser, unescape
from tachograph.capture.tmux import parse
from tests.capture.recorded import Recorded
from tests.capture.tmux_server import Tmux, until
from tests.conftest import Run

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    server = Tmux(tmp_path)
    yield server
    server.end()


@pytest.fixture
def attach(tmux: Tmux) -> Iterator[Start]:
    """`attach(pane)` records it in the background; returns once it does."""
    started: list[subprocess.Popen[str]] = []

    def start(pane: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tachograph", "attach", f"tmux:{pane}", "--socket", tmux.socket],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        assert process.stderr is not None
        assert process.stderr.readline().startswith("● recording ")
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_octal_escapes_are_the_bytes_that_were_printed() -> None:
    assert unescape(rb"a\134\134b\015\012") == b"a\\\\b\r\n"
    assert unescape(b"\xc3\xa9\\033[1m \xff") == b"\xc3\xa9\x1b[1m \xff"
    assert unescape(b"") == b""


def test_answers_go_to_who_asked_and_notices_come_in_order_however_the_bytes_are_cut() -> None:
    told = (
        b"%begin 1 5 0\n%end 1 5 0\n%session-changed $0 main\n%output %1 a\\012\n%begin 1 6 1\n%output %9 no\n"
        b"%end 1 7 1\n%end 1 6 1\n%begin 1 8 1\nbad\n%error 1 8 1\n%output %1 \n%exit lost it\n"
    )
    for size in (1, 7, len(told)):
        answers: list[list[bytes] | None] = []
        parser = Parser()
        parser.expect(answers.append)
        parser.expect(answers.append)
        found = [notice for at in range(0, len(told), size) for notice in parser.feed(told[at : at + size])]
        assert found == [
            ("session-changed", "$0", b"main"), (OUTPUT, "%1", b"a\n"), (OUTPUT, "%1", b""), ("exit", "lost", b"it"),
        ]  # fmt: skip
        assert answers == [[b"%output %9 no", b"%end 1 7 1"], None]


def test_a_line_that_describes_no_pane_is_passed_over() -> None:
    good = "$0 @0 %0 p12 100 30 0 s 0 0|:|ma in|:|sh|:|/a|:|b|:|sh -c x"
    kept = "$0 @1 %1 p 100 30 1 s3 1 0|:|main|:|sh|:|/|:|"
    panes = parse([good, "b|:|junk", "$0 @0 %x p1 2 3|:||:||:|", kept, good])
    assert [(pane.id, pane.name, pane.path, pane.dead, pane.exit_code) for pane in panes] == [
        ("%0", "ma in:0.0", "/a", False, None), ("%1", "main:1.0", "/", True, 3),
    ]  # fmt: skip


def test_a_pane_is_recorded_from_its_screen_to_its_end(tmux: Tmux, attach: Start, recorded: Recorded) -> None:
    pane = tmux.start()
    tmux.type(pane, "printf 'be\\\\fore\\n'")
    prompt = tmux.prompt
    tmux.shows(pane, f"be\\fore\n{prompt}")
    process = attach("main:0.0")
    tmux.type(pane, r"printf '\033[1mb\134old\033[0m \303\251 \377\n'")
    until(lambda: b"\n\x1b[1mb\\old\x1b[0m \xc3\xa9 " in recorded.bytes(), "the new output")
    assert tmux("list-panes", "-F", "#{pane_width}x#{pane_height}") == "90x20"
    assert all("ignore-size" in client and "read-only" not in client for client in tmux.clients)
    tmux("split-window", "-t", pane, "cat")
    until(lambda: recorded.facts(b"R"), "the new size")
    tmux.type(pane, "exit")
    assert process.wait(30) == 0
    first = next(record for record in recorded.records() if record.kind == b"O")
    assert first.body.decode() == f"{prompt} printf 'be\\\\fore\\n'\r\nbe\\fore\r\n{prompt} "
    header = recorded.header
    assert (header["agent"], header["argv"], header["source"]) == ("sh", ["sh"], "tmux")
    assert (header["columns"], header["rows"], header["cwd"]) == (90, 20, str(tmux.folder))
    assert header["tmux"] == {"server": tmux.pid, "pane": pane, "name": "main:0.0", "lines_before": 3}
    assert recorded.facts(b"R")[0]["rows"] == 10
    assert recorded.states[0] == "started"
    assert recorded.states[-1] == "completed"
    assert (recorded.end["outcome"], recorded.end["exit_code"]) == ("completed", None)
    assert recorded.end["cost"]["lost_bytes"] == 0


def test_states_are_told_when_they_change(tmux: Tmux, attach: Start, recorded: Recorded) -> None:
    pane = tmux.start('sh -c \'read a; echo works; read -p "Continue? [y/N] " b; echo on; PS1="$ " exec sh\'')
    attach(pane)
    until(lambda: recorded.states == ["started"], "the beginning")
    tmux.type(pane, "go")
    until(lambda: recorded.states == ["started", "running", "waiting"], "the question")
    tmux.type(pane, "y")
    until(lambda: recorded.states == ["started", "running", "waiting", "running", "waiting"], "the prompt")
    told = [(state["state"], state.get("kind")) for state in recorded.facts(b"S")]
    assert told[1:] == [("running", None), ("waiting", "question"), ("running", None), ("waiting", "idle")]


def test_the_store_says_that_tmux_told(tmux: Tmux, tachograph: Run) -> None:
    pane = tmux.start("sh -c 'echo token=ghp_0123456789abcdefghijABCDEFGHIJ012345; read a'")
    process = subprocess.Popen(
        [sys.executable, "-m", "tachograph", "attach", f"tmux:{pane}", "--socket", tmux.socket],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    process.stderr.readline()
    tmux.type(pane, "end")
    process.communicate(timeout=30)
    shown = tachograph("show", "last", "--json")
    assert shown.returncode == 0, shown.stderr
    with _store() as store:
        (session,) = store.sessions.list()
        assert (session.status, session.exit_code, session.lost_bytes) == ("completed", None, 0)
        assert session.metadata is not None
        assert session.metadata["sources"] == ["tmux"]
        told = {event.event_type: event.source for event in store.events.list(session=session.id)}
        assert {"state": "tmux", "marker": "tmux", "command": "tmux"}.items() <= told.items()
        states = [change.state for change in store.sessions.states(session.id)]
        assert all(one != other for one, other in itertools.pairwise(states))
    printed = tachograph("tail", session.id)
    assert "token=" in printed.stdout
    assert "ghp_0123" not in printed.stdout


@pytest.mark.parametrize("killed", ["server", "recorder"])
def test_who_dies_leaves_an_interrupted_recording(killed: str, tmux: Tmux, attach: Start, tachograph: Run) -> None:
    pane = tmux.start()
    process = attach(pane)
    os.kill(tmux.pid if killed == "server" else process.pid, signal.SIGKILL)
    process.wait(30)
    if killed == "recorder":
        tmux.type(pane, "echo all is w''ell")
        tmux.shows(pane, "all is well")
        until(lambda: not tmux.clients, "the end of our client")
    assert tachograph("show", "last").returncode == 0
    with _store() as store:
        assert [session.status for session in store.sessions.list()] == ["interrupted"]


def test_ctrl_c_ends_the_recording_and_nothing_else(tmux: Tmux, attach: Start, recorded: Recorded) -> None:
    pane = tmux.start()
    process = attach(pane)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert (recorded.end["outcome"], recorded.end["reason"]) == ("interrupted", "stopped")
    assert tmux("list-panes", "-F", "#{pane_dead}") == "0"
    assert tmux.clients == []


def test_the_exit_code_of_a_pane_that_stays_is_known(tmux: Tmux, attach: Start, recorded: Recorded) -> None:
    pane = tmux.start("sh -c 'read a; exit 3'")
    tmux("set-option", "-g", "remain-on-exit", "on")
    process = attach(pane)
    tmux.type(pane, "go")
    assert process.wait(30) == 0
    told = str(tmux("display-message", "-p", "-t", pane, "#{pane_dead_status}")).strip()
    assert told in {"3", ""}, "tmux does not always learn it"
    assert recorded.end["exit_code"] == (3 if told else None)


def test_a_pane_that_is_moved_is_followed(tmux: Tmux, attach: Start, recorded: Recorded) -> None:
    tmux.start("cat", session="other")
    pane = tmux.start()
    attach(pane)
    tmux("join-pane", "-s", pane, "-t", "other:0")
    until(lambda: len(recorded.facts(b"N")) == 2, "the new place")
    tmux.type(pane, "echo still h''ere")
    until(lambda: b"still here" in recorded.bytes(), "output at the new place")


@pytest.mark.parametrize(
    ("target", "code", "said"),
    [
        ("tmux:%77", 3, 'tmux has no pane "%77"'),
        ("tmux:nobody:1.0", 3, 'tmux has no pane "nobody:1.0"'),
        ("main", 2, "names no pane"),
        ("tmux:", 2, "names no pane"),
    ],
)
def test_a_target_that_is_none_is_refused(target: str, code: int, said: str, tmux: Tmux, tachograph: Run) -> None:
    pane = tmux.start()
    run = tachograph("attach", target, "--socket", tmux.socket)
    assert run.returncode == code
    assert said in run.stderr
    if code == 3:
        assert f"there are {pane} (main:0.0, " in run.stderr


def test_no_tmux_and_no_server_are_said(tmux: Tmux, tachograph: Run) -> None:
    run = tachograph("attach", "tmux:main", "--socket", tmux.socket)
    assert (run.returncode, "no tmux server is running" in run.stderr) == (3, True)
    run = tachograph("attach", "tmux:main", env={"PATH": str(tmux.folder)})
    assert (run.returncode, "tmux is not installed" in run.stderr) == (3, True)


def test_nothing_is_recorded_twice(tmux: Tmux, attach: Start, recorded: Recorded, tachograph: Run) -> None:
    pane = tmux.start()
    attach(pane)
    again = tachograph("attach", f"tmux:{pane}", "--socket", tmux.socket)
    assert (again.returncode, f"recorded already, as {recorded.header['session_id']}" in again.stderr) == (4, True)
    wrapping = [sys.executable, "-m", "tachograph", "run", "--quiet", "--", "cat"]
    wrapped = tmux("split-window", "-t", pane, "-PF", "#{pane_id}", *wrapping)
    until(lambda: len(recorded.paths) == 2, "the wrapped run")
    refused = tachograph("attach", f"tmux:{wrapped}", "--socket", tmux.socket)
    assert (refused.returncode, "recorded already, as cat-" in refused.stderr) == (4, True)


def _store() -> tachograph.Store:
    return tachograph.open()

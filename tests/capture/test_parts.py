"""The small parts on their own: JSON text, looking up commands, the options of `run`, outlets."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.capture.command import CannotStart, find
from tachograph.capture.compact_json import dumps
from tachograph.capture.loop import Loop, SelectPoller
from tachograph.capture.outlet import Outlet
from tachograph.capture.pace import Pace
from tachograph.capture.tape import Tape
from tachograph.cli.run import parse
from tachograph.errors import UsageError
from tachograph.journal import frame
from tests.capture.recorded import Recorded
from tests.capture.terminal import Terminal

texts = st.text(st.characters(codec="utf-8"))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


@given(values)
def test_json_says_what_was_meant(value: object) -> None:
    assert json.loads(dumps(value)) == value


@given(st.binary())
def test_json_of_any_file_name_is_valid(raw: bytes) -> None:
    assert isinstance(json.loads(dumps(os.fsdecode(raw)).encode()), str)


def test_json_of_what_json_cannot_say() -> None:
    assert json.loads(dumps([float("nan"), float("inf"), "\ud800", "a\udcffb"])) == [None, None, "\ufffd", "a\ufffdb"]
    with pytest.raises(TypeError):
        dumps({1, 2})


def test_commands_are_found_as_a_shell_finds_them(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    (first / "tool").write_text("")  # not executable: the next one counts
    (second / "tool").write_text("")
    (second / "tool").chmod(0o755)
    path = {"PATH": f"{first}:{second}"}
    assert find(["tool", "x"], path).program == str(second / "tool")
    assert find([str(second / "tool")], {}).program == str(second / "tool")
    with pytest.raises(CannotStart, match="tool: Permission denied") as problem:
        find(["tool"], {"PATH": str(first)})
    assert problem.value.exit_code == 126
    with pytest.raises(CannotStart, match="tool: command not found") as problem:
        find(["tool"], {"PATH": str(tmp_path)})
    assert problem.value.exit_code == 127


def test_the_kinds_are_the_journal_s() -> None:
    said: list[bytes] = []
    tape = Tape(lambda kind, at, body: said.append(kind))
    for say in (tape.output, tape.error, tape.input):
        say(b"x")
    tape.header({})
    tape.resize(1, 2)
    tape.state("paused")
    tape.note("x")
    tape.end({})
    assert said == [
        frame.OUTPUT, frame.ERROR, frame.INPUT, frame.HEADER, frame.RESIZE, frame.STATE, frame.NOTE, frame.END
    ]  # fmt: skip


def test_a_keeper_that_fails_is_counted_and_not_felt() -> None:
    def fail(kind: bytes, at: int, body: bytes | memoryview) -> None:
        raise RuntimeError("no")

    tape = Tape(fail)
    tape.output(b"12345")
    tape.state("running")
    assert tape.bytes == 5
    assert tape.lost_bytes >= 5


def test_options() -> None:
    options = parse(
        ["--agent", "x", "--title=a b", "--pipe", "-q", "--db", "p", "--record-input", "cmd", "--pipe", "--"]
    )
    assert (options.agent, options.title, options.db) == ("x", "a b", "p")
    assert options.pipe and options.quiet and options.record_input
    assert options.command == ["cmd", "--pipe", "--"]
    assert parse(["--", "--odd"]).command == ["--odd"]
    assert parse(["--help"]).help


@pytest.mark.parametrize("words", [[], ["--"], ["--agent"], ["--no-such", "x"], ["-x", "true"], ["--pipe"]])
def test_wrong_options(words: list[str]) -> None:
    with pytest.raises(UsageError) as problem:
        parse(words)
    assert problem.value.hint


@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_an_outlet_never_waits(kind: str) -> None:
    if kind == "pipe":
        reader, writer = os.pipe()
    else:
        one, other = socket.socketpair()
        reader, writer = one.detach(), other.detach()
    outlet = Outlet(writer)
    data = bytes(range(256)) * 8192
    sent = 0
    while written := outlet.write(data[sent:]):
        sent += written
    assert 0 < sent < len(data)
    assert os.get_blocking(writer)  # nobody else's business
    assert not outlet.broken
    received = b""
    while len(received) < sent:
        received += os.read(reader, 1 << 20)
    assert received == data[:sent]
    os.close(reader)
    while not outlet.broken and outlet.write(b"x") >= 0:
        pass
    assert outlet.broken
    os.close(writer)


@pytest.mark.parametrize("kind", [select.poll, SelectPoller])
def test_what_a_loop_hears(kind: Callable[[], select.poll | SelectPoller], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tachograph.capture.loop.poller", kind)
    loop = Loop()
    reader, writer = os.pipe()
    heard: list[tuple[int, int]] = []
    for fd, events in ((reader, select.POLLIN), (writer, select.POLLOUT)):
        loop.watch(fd, events, lambda events, fd=fd: heard.append((fd, events)))  # type: ignore[misc]
    assert loop.turn(1000)
    assert heard == [(writer, select.POLLOUT)]
    loop.watch(writer, 0, lambda events: heard.append((writer, events)))
    assert not loop.turn(1)
    os.write(writer, b"x")
    heard.clear()
    assert loop.turn(1000)
    assert heard == [(reader, select.POLLIN)]
    loop.forget(reader)
    loop.forget(reader)
    assert not loop.turn(1)
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize("kind", [select.poll, SelectPoller])
def test_waiting_for_room_only(kind: Callable[[], select.poll | SelectPoller], monkeypatch: pytest.MonkeyPatch) -> None:
    """True for room alone: whatever else happens is for the loop. A source that is held back does not count."""
    monkeypatch.setattr("tachograph.capture.loop.poller", kind)
    loop = Loop()
    (source, filling), (other, ringing), (drain, outlet) = os.pipe(), os.pipe(), os.pipe()
    for fd in (source, other):
        loop.watch(fd, select.POLLIN, lambda events: None)
    os.write(filling, b"x")
    assert loop.room(outlet, source, 1000)
    os.set_blocking(outlet, False)
    with contextlib.suppress(BlockingIOError):
        while os.write(outlet, b"x" * 4096):
            pass
    assert not loop.room(outlet, source, 1)
    os.write(ringing, b"x")
    assert not loop.room(outlet, source, 60_000)
    os.read(drain, 1 << 16)
    assert not loop.room(outlet, source, 60_000)
    loop.forget(other)
    assert loop.room(outlet, source, 60_000)
    for fd in (source, filling, other, ringing, drain, outlet):
        os.close(fd)


def test_when_the_loop_looks_up() -> None:
    """Never without news, not at once, then again only after more news or while there is something left to do."""
    ticks: list[bool] = []
    left = [True, False]

    def tick() -> bool:
        ticks.append(left.pop(0))
        return ticks[-1]

    tape = Tape(lambda kind, at, body: None)
    pace = Pace(tape, tick)
    assert pace.timeout() is None
    assert pace.timeout(7) == 7
    tape.output(b"x")
    assert 0 < (pace.timeout() or 0) <= 100
    assert not ticks
    pace._due = 0
    assert 0 < (pace.timeout() or 0) <= 5000
    assert ticks == [True]
    pace._due = 0
    assert pace.timeout() is None
    assert ticks == [True, False]


def test_a_terminal_without_poll(monkeypatch: pytest.MonkeyPatch, recorded: Recorded) -> None:
    """The whole wrapper on a system whose poll knows no terminals."""
    program = (
        "import sys; from tachograph.capture import loop; loop.poller = loop.SelectPoller;"
        "from tachograph.cli.run import main; sys.exit(main(['-q', '--', 'sh', '-c', 'read a; echo got $a']))"
    )
    with Terminal([sys.executable, "-c", program]) as terminal:
        terminal.type(b"it\r")
        terminal.see(b"got it")
        assert terminal.wait() == 0
    assert recorded.bytes().endswith(b"got it\r\n")

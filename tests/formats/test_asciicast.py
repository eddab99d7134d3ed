"""asciicast: read by asciinema itself, and equal to what was recorded."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from asciinema.asciicast import open_from_url
from hypothesis import given, settings
from hypothesis import strategies as st

import tachograph
from tachograph.cli.main import main
from tachograph.records import Event, Session
from tests.formats.recorded import SESSIONS, exported
from tests.store.samples import AT, SECOND, opened, printed, scratch

CASTS = Path(__file__).parent.parent / "histories" / "asciicast"


def read(data: bytes) -> tuple[dict[str, Any], list[list[Any]]]:
    header, *events = [msgspec.json.decode(line) for line in data.splitlines()]
    return header, events


def test_asciinema_reads_version_2(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        for make in SESSIONS.values():
            data = exported(store, make(store), "cast-v2")
            (tmp_path / "one.cast").write_bytes(data)
            with open_from_url(str(tmp_path / "one.cast")) as cast:
                assert cast.version == 2
                events = [list(event) for event in cast.events()]
            assert events == read(data)[1]
            times = [event[0] for event in events]
            assert times == sorted(times)


def test_version_3_has_intervals_without_drift_and_the_exit_code(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.sessions.add(Session("long-1", "long", started_at=AT, ended_at=AT + 40 * SECOND, exit_code=7))
        step = 12_345_678  # ns: a third of a millisecond is left each time
        printed(store, "long-1", *[(AT + number * step, b"x\r\n") for number in range(1, 2000)])
        header, events = read(exported(store, "long-1", "cast"))
    assert header["version"] == 3 and header["timestamp"] == AT // SECOND
    assert abs(sum(event[0] for event in events[:-1]) - 1999 * step / 1e9) < 0.001
    assert events[-1][1:] == ["x", "7"] and abs(sum(event[0] for event in events) - 40) < 0.001


def test_what_capture_recorded(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        header, events = read(exported(store, SESSIONS["screen"](store), "cast"))
    assert header["term"] == {"cols": 90, "rows": 20, "type": "xterm-256color"}
    assert [(code, data) for _, code, data in events if code != "o"] == [
        ("m", "✗ error: bad"),
        ("r", "120x40"),
        ("i", "y\r"),
        ("m", "here"),
        ("x", "3"),
    ]


pieces = st.lists(st.tuples(st.integers(0, 10**9), st.binary(min_size=1, max_size=12)), min_size=1, max_size=20)


@settings(max_examples=50)
@given(st.text(min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_characters_are_never_cut(text: str, chance: random.Random) -> None:
    data, cut, position = text.encode(), [], 0
    while position < len(data):
        size = chance.randint(1, 3)
        cut.append((AT + position * SECOND, data[position : position + size]))
        position += size
    with scratch() as store:
        terminal = {"terminal": {"columns": 80, "rows": 24}}
        store.sessions.add(Session("cut-1", "cut", started_at=AT, metadata=terminal))
        printed(store, "cut-1", *cut, size=7)
        shown = "".join(event[2] for event in read(exported(store, "cut-1", "cast"))[1])
    assert shown == text


def test_a_pipe_gets_the_line_ends_of_a_terminal(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.sessions.add(Session("pipe-1", "pipe", started_at=AT))
        printed(store, "pipe-1", (AT, b"one\n"), (AT, b"10%\r"), (AT, b"\ntwo\n"))
        events = read(exported(store, "pipe-1", "cast"))[1]
    assert "".join(event[2] for event in events) == "one\r\n10%\r\ntwo\r\n"


def test_clocks_that_jump_back_do_not_turn_a_player_around(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.sessions.add(Session("jump-1", "jump", started_at=AT))
        printed(store, "jump-1", (AT + 5 * SECOND, b"a\r\n"), (AT + SECOND, b"b\r\n"), (AT + 6 * SECOND, b"c\r\n"))
        store.events.add(Event("jump-1", "marker", content="early", at=AT + 2 * SECOND))
        events = read(exported(store, "jump-1", "cast"))[1]
    assert [event[0] for event in events] == [2, 3, 0, 1]
    assert "".join(event[2] for event in events if event[1] == "o") == "a\r\nb\r\nc\r\n"


@pytest.mark.parametrize(("name", "version"), [("markers-input.cast", 2), ("resizing.cast", 3)])
def test_a_cast_that_was_imported_is_the_same_again(name: str, version: int) -> None:
    assert main(["import", str(CASTS / name)]) == 0
    with tachograph.open() as store:
        (session,) = store.sessions.list()
        header, events = read(exported(store, session.id, "cast" if version == 3 else "cast-v2"))
    before, told = read((CASTS / name).read_bytes())
    assert header["version"] == before["version"] == version
    assert text(events, "o") == text(told, "o")
    for code in "imr":
        assert [event[2] for event in events if event[1] == code] == [event[2] for event in told if event[1] == code]
    size = "width" if version == 2 else "term"
    assert header[size] == before[size] or header[size]["cols"] == before[size]["cols"]
    assert length(events, version) == pytest.approx(length(told, version), abs=0.01)


def length(events: list[list[Any]], version: int) -> float:
    """Seconds."""
    return float(events[-1][0] if version == 2 else sum(event[0] for event in events))


def text(events: list[list[Any]], code: str) -> str:
    return "".join(event[2] for event in events if event[1] == code)

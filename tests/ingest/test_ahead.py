"""Files that are read in other processes tell what they tell when they are read where they are stored."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tachograph.ingest import discover
from tachograph.ingest.ahead import Ahead, read_ahead
from tachograph.ingest.discover import Candidate
from tachograph.ingest.history_bytes import BLOCK
from tachograph.ingest.reading_ahead import Part, parts_of
from tests.extract import secret_samples
from tests.ingest.machine import LONG_AGO, Machine, differences, everything, machine, shipped
from tests.readers.claude_records import answer, call, says, text, user

LARGE = "projects/-thing/11111111-2222-4333-8444-555555555555.jsonl"
SMALL = "projects/-thing/99999999-2222-4333-8444-555555555555.jsonl"
PRINTED = (
    "src/part.py:7: error: a thing is not there\n" + "nothing to see in this line of a hundred characters\n" * 2000
)
SECRETS = [line for _, line, _ in secret_samples.secrets(7)][:40]


def history(name: str, turns: range) -> bytes:
    lines = []
    for number in turns:
        said = f"{SECRETS[number % 40]}\n```python\nx = {number}\n```" if number % 9 == 0 else f"reply {number}"
        turn = (
            user(f"prompt {number}"),
            says(text(said), id=f"m{number}"),
            says(call("Bash", f"c{number}", command=f"make {number}"), id=f"n{number}"),
            answer(f"run {number}\n{PRINTED}", f"c{number}"),
        )
        for place, record in enumerate(turn):
            at = f"2026-01-01T{number // 60:02}:{number % 60:02}:{place:02}.000Z"
            named = {"sessionId": Path(name).stem, "uuid": f"u{number}-{place}", "timestamp": at, "cwd": "/thing"}
            lines.append(json.dumps({**named, **record}))
    return "".join(line + "\n" for line in lines).encode()


DATA = {LARGE: history(LARGE, range(100)), SMALL: history(SMALL, range(3))}


def put(place: Machine) -> list[Candidate]:
    for name, data in DATA.items():
        place.put(name, data, LONG_AGO - len(name))
    return [one._replace(final=True) for one in discover.below(str(place.home))]


@pytest.fixture(scope="module")
def plain() -> Iterator[Machine]:
    """Where everything was read by the process that stores it."""
    with machine() as made:
        put(made)
        assert made.look().parsed == 2
        yield made


def read_elsewhere(candidate: Candidate) -> list[Part]:
    found = list(parts_of(candidate, shipped()))
    assert None not in found
    return [part for part in found if part is not None]


def ahead_of(parts: list[Part]) -> Ahead:
    """As it comes from another process, which is gone after the last of these parts."""
    rest = iter(parts[1:])
    return Ahead(parts[0], lambda: next(rest, None))


def large(candidates: list[Candidate]) -> Candidate:
    (found,) = (one for one in candidates if one.size > 2 * BLOCK)
    return found


@pytest.mark.parametrize("cores", [2, 4])
def test_other_processes_tell_the_same(plain: Machine, cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    with machine() as made:
        for candidate, ahead in read_ahead(put(made), lambda one: True):
            assert made.histories.take(candidate, ahead).parsed == 1
        assert differences(everything(plain.store), everything(made.store)) == []


def test_what_is_known_is_not_read_ahead() -> None:
    with machine() as made:
        assert [ahead for _, ahead in read_ahead(put(made), lambda one: False)] == [None, None]


@pytest.mark.parametrize("came", [1, 2])
def test_a_process_that_dies_in_a_file_costs_nothing(plain: Machine, came: int) -> None:
    with machine() as made:
        candidates = put(made)
        parts = read_elsewhere(large(candidates))
        assert len(parts) > 2
        report = made.histories.take(large(candidates), ahead_of(parts[:came]))
        assert (report.files, report.bytes) == (1, len(DATA[LARGE]))
        made.look()
        assert differences(everything(plain.store), everything(made.store)) == []


def test_an_importer_that_dies_in_a_file_goes_on_where_it_was(plain: Machine) -> None:
    with machine() as made:
        candidates = put(made)
        ahead = ahead_of(read_elsewhere(large(candidates)))
        made.histories.take(large(candidates), ahead, stop=lambda: True)
        assert made.histories.unfinished(large(candidates))
        made.restart()
        made.look()
        assert differences(everything(plain.store), everything(made.store)) == []


def test_a_file_that_is_left_and_taken_up_again(plain: Machine) -> None:
    with machine() as made:
        candidates = put(made)
        ahead = ahead_of(read_elsewhere(large(candidates)))
        while not ahead.complete:
            made.histories.take(large(candidates), ahead, stop=lambda: True)
        made.look()
        assert differences(everything(plain.store), everything(made.store)) == []


def test_a_file_that_grows_while_it_is_left_is_told_once() -> None:
    more = history(LARGE, range(100, 103))
    with machine() as expected:
        put(expected)
        expected.put(LARGE, DATA[LARGE] + more)
        expected.look()
        with machine() as made:
            candidate = large(put(made))
            ahead = ahead_of(read_elsewhere(candidate))
            made.histories.take(candidate, ahead, stop=lambda: True)
            path = made.put(LARGE, DATA[LARGE] + more)
            made.take(path)
            made.histories.take(candidate, ahead)
            made.look()
            assert differences(everything(expected.store), everything(made.store)) == []


def test_a_line_that_is_nobody_s_record_is_left_to_the_one_that_stores() -> None:
    giant = b'{"type":"user","message":{"content":"' + b"x" * (65 << 20) + b'"}}\n'
    with machine() as made:
        path = made.put(LARGE, DATA[LARGE] + giant + history(LARGE, range(100, 101)))
        candidate = made.candidate(path)._replace(final=True)
        found = list(parts_of(candidate, shipped()))
        assert found[0] is not None
        assert found[-1] is None
        rest = iter(found[1:])
        made.histories.take(candidate, Ahead(found[0], lambda: next(rest, None)))
        assert [one.prompts for one in made.store.sessions.list()] == [101]
        assert made.original(path) == path.read_bytes()

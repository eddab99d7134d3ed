"""Every format of a session: as it always was, whatever the session holds, and no secret in any."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest

from tachograph.errors import UsageError
from tachograph.formats.exports import FORMATS, SPECIAL, named
from tachograph.ingest import exporting
from tachograph.ingest.exporting import Part
from tachograph.records import Event, Session
from tachograph.store import Store
from tests.extract.secret_samples import TOKENS
from tests.formats.recorded import FORMS, GOLDEN, SESSIONS, exported, golden
from tests.hostile import controls
from tests.store.samples import AT, SECOND, opened, printed

BINARY = {"parquet"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return opened(tmp_path)


@pytest.mark.parametrize("name", SESSIONS)
def test_exports_are_what_they_always_were(store: Store, name: str) -> None:
    session = SESSIONS[name](store)
    for form in FORMS:
        assert exported(store, session, form) == golden(name, form).read_bytes(), form


def test_every_golden_file_is_compared() -> None:
    assert {golden(name, form) for name in SESSIONS for form in FORMS} == set(GOLDEN.iterdir())


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_has_a_control_character_or_a_secret_that_was_stored_by_another_door(store: Store, form: str) -> None:
    session = SESSIONS["steps"](store)
    secret = TOKENS["github_classic"](random.Random(2))
    printed(store, session, (AT, f"export TOKEN={secret}\r\n".encode()))
    store.events.add(
        Event(session, "command", "Bash", command=f"curl -H 'x: {secret}'", content=f"sent {secret}",
              metadata={"input": {"key": secret}}, at=AT + SECOND)
    )  # fmt: skip
    store.sessions.update(session, title=f"with {secret}")
    data = exported(store, session, form)
    assert data and secret.encode() not in data
    if form not in BINARY:
        assert controls(data.decode().replace("\r\n", "\n")) == []


def test_a_session_of_which_nothing_is_known_can_be_exported(store: Store) -> None:
    store.sessions.add(Session("empty-1", "empty", started_at=AT))
    for form in FORMATS:
        assert exported(store, "empty-1", form)


def test_a_part_of_a_session(store: Store) -> None:
    session = SESSIONS["steps"](store)

    def events(part: Part) -> list[dict[str, object]]:
        found: list[dict[str, object]] = msgspec.json.decode(
            b"".join(exporting.export(store, session, "json", part).pieces)
        )["events"]
        return found

    every = [event["seq"] for event in events(Part())]
    first, second = events(Part(turn=1)), events(Part(turn=2))
    assert [event["content"] for event in second if event["event_type"] == "prompt"] == ["and now remove it"]
    assert sorted(event["seq"] for event in first + second) == sorted(every)  # type: ignore[type-var]
    late = events(Part(since=AT + 3 * SECOND, until=AT + 4 * SECOND))
    assert late and {event["seq"] for event in late} < set(every)
    with pytest.raises(UsageError, match="no turn 3"):
        events(Part(turn=3))
    with pytest.raises(UsageError, match="as a whole"):
        exporting.export(store, session, "jsonl", Part(turn=1))


def test_what_was_printed_is_cut_at_the_times_asked_for(store: Store) -> None:
    session = SESSIONS["screen"](store)
    part = Part(since=AT + 1_000_500_000, until=AT + 2 * SECOND - 1)
    cast = b"".join(exporting.export(store, session, "cast", part).pieces).decode()
    assert "ValueError" in cast and "building" not in cast and "half" not in cast and '"x"' not in cast


def test_names_of_files_are_harmless() -> None:
    names = [exporting.file_name(one, ".har") for one in ("a/../b", "..", "", "-rf", 'x"\r\n;y', "ü" * 300)]
    assert names == ["a-..-b.har", "session.har", "session.har", "rf.har", "x-y.har", "session.har"]
    assert len(exporting.file_name("x" * 500, ".trace.json")) < 120


def test_an_unknown_format_names_those_there_are() -> None:
    with pytest.raises(UsageError) as error:
        named("pdf")
    assert all(name in error.value.hint for name in (*FORMATS, *SPECIAL))

"""A session exported as jsonl and imported elsewhere is the same session: exported again, the same bytes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tachograph
from tachograph import paths
from tachograph.cli.main import main
from tachograph.errors import BadRecord
from tachograph.ingest import exporting, restoring
from tachograph.ingest.catch_up import catch_up
from tachograph.records import CodeBlock, Event, Extraction, Session, Step, Usage
from tachograph.store import Store
from tests.cli import recordings
from tests.extract.secret_samples import TOKENS
from tests.hostile import BYTES, PAYLOADS
from tests.store.samples import AT, printed, scratch

HISTORIES = Path(__file__).parent.parent / "histories"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with every recorded history in it, a wrapped run, a note and what somebody said of a finding."""
    place = tmp_path_factory.mktemp("kept")
    shutil.copytree(HISTORIES, place / "histories")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TACHOGRAPH_HOME", str(place / "home"))
        patch.setenv("HOME", str(place / "nobody"))
        bad = recordings.write(recordings.BAD)
        assert main(["import", str(place / "histories")]) == 0
        assert catch_up(paths.places()).complete
        with tachograph.open() as store:
            found = store.extractions.list(session=bad)[0]
            store.feedback.add(found.id, "wrong", "it was not")
    return place / "home" / "tachograph.db"


def exported(store: Store, session: str) -> bytes:
    return b"".join(exporting.export(store, session, "jsonl").pieces)


def there_and_back(store: Store, session: str, folder: Path) -> tuple[bytes, bytes]:
    """The export of a session, and that of what an empty store made of it."""
    file = folder / "session.jsonl"
    file.write_bytes(exported(store, session))
    with scratch() as other:
        assert restoring.restore(other, str(file)) == session
        return file.read_bytes(), exported(other, session)


def test_every_recorded_session_comes_back_byte_for_byte(kept: Path, tmp_path: Path) -> None:
    with tachograph.open(kept) as store:
        sessions = store.sessions.list(limit=None)
        assert len(sessions) > 40 and len({session.agent for session in sessions}) > 10
        for session in sessions:
            before, after = there_and_back(store, session.id, tmp_path)
            assert after == before, session.id


_SAME = {  # what a view shows, but for the ids that belong to one store
    "events": "id",
    "sessions": "",
    "file_activity": "",
    "usage": "event_id",
    "code_blocks": "id",
    "code_sightings": "",
    "process_state_changes": "id",
    "process_sessions": "id",
    "extraction_events": "id",
}


def test_the_views_show_the_same(kept: Path, tmp_path: Path) -> None:
    with tachograph.open(kept) as store, tachograph.open(tmp_path / "other.db") as other:
        for session in store.sessions.list(limit=None):
            (tmp_path / "one.jsonl").write_bytes(exported(store, session.id))
            assert restoring.restore(other, str(tmp_path / "one.jsonl")) == session.id
        for view, own in _SAME.items():
            assert rows(other, view, own) == rows(store, view, own), view
        for words in ("seek", '"is locked"', "undefined"):
            hits = [sorted((hit.session_id, hit.text) for hit in one.search(words).hits) for one in (store, other)]
            assert hits[0] == hits[1]
        assert store.search('"is locked"').hits and other.check() == []


def rows(store: Store, view: str, own: str) -> list[str]:
    table = store.sql(f"SELECT * FROM {view}", timeout_ms=60_000, rows_max=1_000_000)
    kept = [index for index, name in enumerate(table.columns) if name != own]
    return sorted(repr([row[index] for index in kept]) for row in table.rows)


texts = st.text(max_size=40) | st.sampled_from([text for text in PAYLOADS.values() if "\udc9b" not in text])
words = st.none() | texts
values = texts | st.integers(-(2**53), 2**53) | st.booleans() | st.none()
metadata = st.none() | st.dictionaries(texts, values, max_size=3)
pieces = st.binary(min_size=1, max_size=60) | st.sampled_from(list(BYTES.values()))
times = st.integers(AT - 10**15, AT + 10**15)


@st.composite
def events(draw: st.DrawFn) -> Event:
    return Event(
        "odd-1", draw(st.sampled_from(["prompt", "reply", "tool_call", "command", "file_op", "marker", "acme.deploy"])),
        tool_name=draw(words), tool_call_id=draw(words), file_path=draw(words),
        operation=draw(st.sampled_from([None, "read", "edit"])), command=draw(words),
        exit_code=draw(st.none() | st.integers(-300, 300)), duration_ms=draw(st.none() | st.floats(0, 1e9)),
        status=draw(st.sampled_from([None, "ok", "error"])), content=draw(words), source="api",
        metadata=draw(metadata), at=draw(times),
    )  # fmt: skip


@settings(max_examples=40)
@given(
    st.lists(events(), max_size=6),
    st.dictionaries(st.integers(0, 3), st.lists(st.tuples(times, pieces), min_size=1, max_size=5)),
    words,
)
def test_whatever_a_session_holds_comes_back(
    told: list[Event], output: dict[int, list[tuple[int, bytes]]], title: str | None
) -> None:
    with scratch() as store, scratch() as other:
        store.sessions.add(Session("odd-1", "agent", title=title, started_at=AT, metadata={"columns": 80}))
        for event in told:
            store.events.add(event)
        store.extractions.add(Extraction("another", "odd-1", "error", "rule", "x", "x = y", 3, at=AT))
        usage = Usage("model", 10, 5, 3, 1, 2, 0.25, partial=True)
        store.steps.put("odd-1", "agent", [Step("call:1", "tool_call", AT, usage=usage)], source="transcript")
        store.code_blocks.add(CodeBlock("agent", "odd-1", "print(1)", "python", 1, 3, at=AT))
        for stream, parts in output.items():
            printed(store, "odd-1", *parts, stream=stream, size=50)
        folder = Path(store.path).parent
        before = folder / "before.jsonl"
        before.write_bytes(exported(store, "odd-1"))
        assert restoring.restore(other, str(before)) == "odd-1"
        assert exported(other, "odd-1") == before.read_bytes()


def lines_of(kept: Path) -> list[dict[str, Any]]:
    with tachograph.open(kept) as store:
        session = store.sessions.resolve("@tester").id
        return [msgspec.json.decode(line) for line in exported(store, session).splitlines()]


def restored(lines: list[dict[str, Any]], tmp_path: Path) -> str | None:
    (tmp_path / "changed.jsonl").write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    with tachograph.open(tmp_path / "other.db") as other:
        try:
            return restoring.restore(other, str(tmp_path / "changed.jsonl"))
        except BadRecord:
            assert other.sessions.ids() == [] and other.events.last_id() == 0
            raise


def test_a_file_that_was_cut_or_changed_is_refused_whole(kept: Path, tmp_path: Path) -> None:
    lines = lines_of(kept)
    event = next(index for index, line in enumerate(lines) if line["record"] == "event")
    output = next(index for index, line in enumerate(lines) if line["record"] == "output")

    def changed(index: int, **columns: object) -> list[dict[str, Any]]:
        return [{**line, **columns} if number == index else line for number, line in enumerate(lines)]

    wrong: list[tuple[list[dict[str, Any]], str]] = [
        (lines[:-1], "the end of the file is missing"),
        ([*lines[:5], *lines[6:]], "records"),
        (lines[1:], "line 1"),
        (changed(0, version=99), "newer"),
        (changed(event, seq="first"), "seq"),
        (changed(event, seq=0), "comes after"),
        (changed(event, timestamp="yesterday"), "is not a time"),
        (changed(event, event_type="nonsense"), "unknown"),
        (changed(event, keys=[["zz", "transcript"]]), "no key"),
        (changed(event, keys=[["00", "nobody"]]), "unknown"),
        (changed(output, pieces=[[0, 1]]), "pieces"),
        (changed(output, stream="nowhere"), "no stream"),
        (changed(1, status="asleep"), "unknown"),
        ([*lines[:2], lines[1], *lines[2:-1], {**lines[-1], "records": len(lines) - 1}], "second session"),
        ([lines[0], *lines[2:-1], {**lines[-1], "records": len(lines) - 3}], "does not begin with its session"),
    ]
    for given_lines, complaint in wrong:
        with pytest.raises(BadRecord, match=complaint):
            restored(given_lines, tmp_path)
    assert restored(lines, tmp_path) == lines[1]["id"]


def test_secrets_that_somebody_wrote_into_a_file_are_masked(kept: Path, tmp_path: Path) -> None:
    import random

    secret = TOKENS["github_classic"](random.Random(3))
    lines = lines_of(kept)
    for line in lines:
        if line["record"] == "output":
            line["text"] += f"token {secret}\n"
            line["pieces"].append([0, len(f"token {secret}\n")])
    event = next(line for line in lines if line["record"] == "event")
    event |= {"content": f"use {secret}", "metadata_json": {"input": {"key": secret}}}
    lines[1]["title"] = f"with {secret}"
    restored(lines, tmp_path)
    with tachograph.open(tmp_path / "other.db") as other:
        assert secret.encode() not in exported(other, lines[1]["id"])
        assert "[redacted:" in other.sessions.get(lines[1]["id"]).title  # type: ignore[operator]
    assert secret.encode() not in b"".join(path.read_bytes() for path in tmp_path.glob("other.db*"))

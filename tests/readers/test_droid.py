"""droid: its sessions, the settings beside them, and what it prints."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.readers import Origin, droid, droid_settings, droid_stream
from tachograph.records import Usage
from tests.readers.told import HISTORIES, Told, mangled, read, sound, watched

FOLDER = HISTORIES / "droid"
ID = "11111111-2222-4333-8444-555555555555"
SESSION = (FOLDER / "session.jsonl").read_bytes()
SETTINGS = (FOLDER / f"{ID}.settings.json").read_bytes()
PRINTED = (FOLDER / "printed.jsonl").read_bytes()


def test_a_session() -> None:
    session = read(droid, SESSION).only
    assert session.facts == {
        "id": ID,
        "project_dir": "/home/user/thing",
        "title": "Fixing things",
        "parent_id": "99999999-2222-4333-8444-555555555555",
        "started_at": 1776655546750 * 10**6,
        "last_at": 1776655558000 * 10**6,
    }
    assert session.column("prompt", "content") == ["fix the thing"]
    assert session.column("reply", "content") == ["I look.", "Done."]
    assert session.column("thinking", "content") == ["Look first.", "That is it."]
    assert session.column("marker", "content") == ["Error: Connection error."]
    assert not read(droid, SESSION).unknown


def test_calls_and_how_they_ended() -> None:
    session = read(droid, SESSION).only
    (command,) = session.all("command")
    assert (command["command"], command["exit_code"], command["status"], command["duration_ms"]) == (
        "make",
        2,
        "ok",
        2000.0,
    )
    assert [(s["key"], s["operation"], s["status"]) for s in session.all("file_op")] == [
        ("call:call_2", "edit", "rejected"),
        ("call:call_3", "write", "error"),
        ("call:call_4", "delete", "ok"),
        ("call:call_4:d.py", "write", "ok"),
    ]
    (task,) = session.all("tool_call")
    assert (task["tool_name"], task["status"]) == ("Task", "unknown")


def test_the_settings_have_the_tokens_of_the_session() -> None:
    path = f"/home/u/.factory/sessions/-home-u/{ID}.settings.json"
    assert droid_settings.detect(SETTINGS, path) and not droid_settings.detect(SETTINGS, "settings.json")
    assert read(droid_settings, SETTINGS, path).only.facts == {
        "id": ID,
        "model": "claude-opus-4-5-20251101",
        "usage": Usage("claude-opus-4-5-20251101", 1120, 50, 1000, 20, 30),
        "metadata": {"reasoningEffort": "high", "autonomyMode": "auto-high"},
    }
    assert [u.kind for u in read(droid_settings, b"{}", path).unknown] == ["document without settings of a session"]


def test_what_it_prints() -> None:
    session = read(droid_stream, PRINTED).only
    assert session.facts == {
        "printed": True,
        "id": "sid_stage0_drift",
        "model": "droid-model",
        "project_dir": "/tmp/drift",
        "usage": Usage("droid-model", 10, 5),
        "started_at": 1767812640310 * 10**6,
        "last_at": 1767812644100 * 10**6,
    }
    assert session.column("prompt", "content") == ["List files"]
    assert session.column("reply", "content") == ["Done"]
    (command,) = session.all("command")
    assert (command["tool_call_id"], command["command"], command["status"]) == ("call_1", "ls -la", "error")
    assert session.column("marker", "content") == ["Authentication failed. Set FACTORY_API_KEY."]


def test_the_last_text_is_not_told_twice_and_results_may_be_objects() -> None:
    common = b'"session_id":"s","timestamp":"2025-12-26T00:00:00.000Z"'
    lines = b"\n".join(
        b"{" + line + b"," + common + b"}"
        for line in (
            b'"type":"message","role":"assistant","text":"Done","id":"a"',
            b'"type":"tool_call","toolCallId":"c","toolName":"Shell","parameters":{"command":"x"}',
            b'"type":"tool_result","toolCallId":"c","value":{"stdout":"o","stderr":"e","exitCode":3}',
            b'"type":"message","role":"assistant","text":"Done","id":"b"',
            b'"type":"completion","finalText":"Done"',
        )
    )
    session = read(droid_stream, lines).only
    assert session.column("reply", "content") == ["Done", "Done"]
    (command,) = session.all("command")
    assert (command["exit_code"], command["content"], command["status"]) == (3, "oe", "ok")


def test_files_are_known_by_what_they_hold() -> None:
    assert droid.detect(SESSION, "x") and droid_stream.detect(PRINTED, "x")
    for other in (b"", SESSION.split(b"\n", 1)[1], b'{"type":"session_start","id":"1","data":{},"title":"x","cwd":""}'):
        assert not droid.detect(other, "droid.jsonl")
    assert not droid.detect(PRINTED, "x") and not droid_stream.detect(SESSION, "x")
    assert not droid_stream.detect(b'{"type":"system","subtype":"init","session_id":"x","cwd":"/"}', "x")


def test_a_session_that_grows_says_the_same() -> None:
    at_once = read(droid, SESSION).only
    growing = Told(watched(droid.parse(Origin("")), SESSION.splitlines())).only
    assert (growing.facts, growing.steps) == (at_once.facts, at_once.steps)


@settings(max_examples=100)
@given(st.data())
def test_nothing_breaks_the_readers(data: st.DataObject) -> None:
    for reader, lines in ((droid, SESSION), (droid_stream, PRINTED), (droid_settings, SETTINGS)):
        parser = reader.parse(Origin(f"/x/{ID}.settings.json"))
        for line in lines.splitlines():
            broken = mangled(data.draw, line)
            reader.detect(broken, "x.settings.json")
            sound(parser.feed(broken))
        sound(parser.finish())

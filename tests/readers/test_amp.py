"""Amp: one document for each thread."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.readers import Origin, amp
from tachograph.records import Usage
from tests.readers.told import HISTORIES, mangled, read, sound

ID = "T-0199aaaa-bbbb-7ccc-8ddd-eeeeffff0001"
THREAD = (HISTORIES / "amp" / f"{ID}.json").read_bytes()


def test_a_thread() -> None:
    session = read(amp, THREAD).only
    assert session.facts == {
        "id": ID,
        "project_dir": "/home/user/it all",
        "title": "Fix the off-by-one",
        "branch": "main",
        "version": "0.0.1768178000-gaaaaaa",
        "model": "gpt-5.4",
        "started_at": 1768178184664 * 10**6,
        "last_at": 1768178280 * 10**9,
        "metadata": {"mode": "smart"},
    }
    assert session.column("prompt", "content") == ["fix the loop bound"]
    assert session.column("reply", "content") == ["I test.", "So"]
    assert session.column("thinking", "content") == ["Off by one."]
    assert session.column("usage", "usage") == [Usage("claude-opus-4-5-20251101", 4312, 80, 3400, 900)]
    kinds = [s["metadata"]["kind"] for s in session.all("marker")]  # type: ignore[index]
    assert kinds == ["model_switch", "interruption"]


def test_calls_and_how_they_ended() -> None:
    session = read(amp, THREAD).only
    (command,) = session.all("command")
    assert (command["command"], command["exit_code"], command["content"], command["status"]) == (
        "cargo test",
        101,
        "1 failed\n",
        "ok",
    )
    assert [(s["operation"], s["status"], s.get("content")) for s in session.all("file_op")] == [
        ("edit", "rejected", "not this"),
        ("write", "error", "exists"),
        ("read", "unknown", None),
    ]
    (found,) = session.all("tool_call")
    assert found["content"] == '[{"path":"a.rs"}]'


def test_threads_are_known_by_what_they_hold() -> None:
    assert amp.detect(THREAD, "anything")
    for other in (b"", b"{}", b'{"id":"T-1","messages":1,"created":1}', b'{"id":"x","messages":[],"created":1}'):
        assert not amp.detect(other, f"{ID}.json")
    assert [u.kind for u in read(amp, b"{}").unknown] == ["document without a thread"]


def test_places_follow_the_environment() -> None:
    assert amp.places("/home/u", {})[0].root == "/home/u/.local/share/amp/threads"
    assert amp.places("/home/u", {"AMP_THREADS_DIR": "/t"})[0].root == "/t"


@settings(max_examples=200)
@given(st.data())
def test_nothing_breaks_the_reader(data: st.DataObject) -> None:
    broken = mangled(data.draw, THREAD)
    amp.detect(broken, "")
    sound(amp.parse(Origin("")).feed(broken))

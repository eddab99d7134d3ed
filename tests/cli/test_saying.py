"""note and feedback: what people add to a recording. Secrets in it are masked like those of programs."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Ask, Recorded

TOKEN = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hI6"


def test_a_note_is_kept_where_it_was_made(call: Ask, recorded: Recorded) -> None:
    done = call("note", "--session", recorded.good, "the", "build", "hangs")
    assert (done.code, done.out) == (0, "")
    assert recorded.good in done.err
    (note,) = call("events", recorded.good, "--type", "marker", "--json").json
    assert (note["content"], note["source"]) == ("the build hangs", "user")
    assert call("search", "hangs", "--json").json[0]["event_id"] == note["id"]


def test_a_note_can_be_about_a_moment_before(call: Ask, recorded: Recorded) -> None:
    call("note", "--session", "last", "--at", "2026-01-02T03:04:05Z", "then")
    notes = call("events", "last", "--type", "marker", "--json").json
    assert "2026-01-02T03:04:05.000Z" in [note["timestamp"] for note in notes]


def test_inside_a_recording_the_note_is_about_it(
    call: Ask, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TACHOGRAPH_SESSION", recorded.good)
    assert recorded.good in call("note", "inside").err


def test_secrets_in_notes_and_feedback_are_masked(call: Ask, recorded: Recorded) -> None:
    call("note", "--session", "last", f"it needs {TOKEN} to work")
    event = call("events", "last", "--failed", "--json").json[0]["id"]
    stored = call("feedback", str(event), "wrong", "--note", f"used {TOKEN}", "--json")
    assert TOKEN not in stored.out and "[redacted:" in stored.json["note"]
    everything = call("events", "--json", "-n", "0").out + call("db", "sql", "SELECT * FROM feedback").out
    assert TOKEN not in everything
    assert "it needs [redacted:" in everything
    assert call("search", TOKEN, "--json").json == []


def test_feedback_is_counted_on_the_session(call: Ask, recorded: Recorded) -> None:
    event = call("events", recorded.bad, "--failed", "--json").json[0]["id"]
    assert call("feedback", str(event), " correct ").err == f"✓ event {event} of {recorded.bad}: correct\n"
    counted = call("db", "sql", "SELECT session_id, total_feedback_outcomes FROM process_sessions", "--json").json
    assert {"session_id": recorded.bad, "total_feedback_outcomes": 1} in counted


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["note"], 2, "tachograph note --help"),
        (["note", "  "], 2, "a note needs words"),
        (["note", "x"], 3, "--session last"),
        (["note", "--session", "nobody", "x"], 3, "no session matches"),
        (["note", "--session", "last", "--at", "soon", "x"], 2, "is not a time"),
        (["feedback", "99999", "wrong"], 3, "there is no event 99999"),
        (["feedback", "one", "wrong"], 2, "is not a whole number"),
        (["feedback", "1", " "], 2, "an outcome is a word"),
        (["feedback", "1"], 2, "tachograph feedback --help"),
    ],
)
def test_what_cannot_be_said(call: Ask, recorded: Recorded, words: list[str], code: int, told: str) -> None:
    answer = call(*words)
    assert (answer.code, answer.out) == (code, "")
    assert told in answer.err
